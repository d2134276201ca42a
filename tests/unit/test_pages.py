"""The manual names what is there: the rules with tests that exist, the stores' keys with their real defaults."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest
from django.db.models import Field

from sfsync.conf import Conf
from sfsync.models import Store
from sfsync_server import stores_file

ROOT = Path(__file__).resolve().parents[2]
RULES = [f"R{number}" for number in range(1, 25)] + ["R13a", "R13b"]


def rows(page: str) -> dict[str, list[str]]:
    """Cells of each table row, by the name in its first cell: a code span, or a rule in bold."""
    text = (ROOT / "docs" / page).read_text("utf-8")
    lines = re.findall(r"^\| (.*) \|$", text, re.MULTILINE)
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)] for line in lines]
    named = ((re.match(r"`([\w.]+)`|\*\*(R\d+[ab]?)\*\*", row[0]), row) for row in cells)
    return {match[1] or match[2]: row for match, row in named if match}


def test_every_rule_is_proved_by_tests_that_exist() -> None:
    """R1 to R24: a row each; the tests it names are there. What is not done yet says so."""
    page = rows("rules.md")
    assert set(page) == set(RULES)
    for rule, cells in page.items():
        proofs = re.findall(r"`([\w/]+\.py)::(\w+)`", cells[2])
        assert proofs or "Not yet" in cells[1], rule
        for file, test in proofs:
            assert f"def {test}(" in (ROOT / "tests" / file).read_text("utf-8"), f"{rule}: {file}::{test}"


def known_keys() -> dict[str, str]:
    """What `sfsync apply` reads, with the field that each key sets."""
    return stores_file._STORE | stores_file._SHOP | stores_file._SECRETS


def test_every_key_of_the_stores_file_is_explained() -> None:
    meanings = {"shipped", "delivered", "canceled", "refunded"}
    assert set(rows("stores.md")) == {*known_keys(), "token_env", "url_env", *meanings}


@pytest.mark.parametrize("key", sorted(known_keys()))
def test_a_key_of_the_stores_file_has_the_default_that_is_told(key: str) -> None:
    field = Store._meta.get_field(known_keys()[key])
    assert isinstance(field, Field)
    told = rows("stores.md")[key][1].strip("`").strip('"')
    if told == "must be given":
        assert not field.has_default() or not field.get_default()
    else:
        assert told == str(field.get_default()).replace("True", "true").replace("False", "false")


def test_every_name_of_the_django_setting_is_told_with_its_default() -> None:
    told = {name: cells[1] for name, cells in rows("django.md").items()}
    assert told == {
        field.name: f"{field.default:g}" if isinstance(field.default, float) else str(field.default)
        for field in fields(Conf)
    }
