"""docs/prestashop.md says what the web service needs, and what each of its codes means."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sfsync.shops.prestashop.webservice.problems import PROBLEMS
from sfsync.shops.prestashop.webservice.refusals import NEEDED

MANUAL = (Path(__file__).parents[2] / "docs" / "prestashop.md").read_text(encoding="utf-8")


def test_the_manual_explains_every_code() -> None:
    assert set(re.findall(r"^\| `(webservice-\w+)` \|", MANUAL, re.MULTILINE)) == PROBLEMS.keys()


@pytest.mark.parametrize("resource", [*NEEDED, "messages"])
def test_the_manual_names_every_resource_that_is_read(resource: str) -> None:
    assert f"`{resource}`" in MANUAL.partition("and nothing else:")[2].partition("```")[0]
