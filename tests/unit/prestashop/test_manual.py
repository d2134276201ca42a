"""docs/prestashop.md says what the code does: every right, every code, every option."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sfsync.shops.prestashop import problems
from sfsync.shops.prestashop.connection import _OPTIONS
from sfsync.shops.prestashop.problems import Misconfigured
from sfsync.shops.prestashop.shop import PrestaShop
from sfsync.shops.prestashop.tables import COLUMNS, WISHED

MANUAL = (Path(__file__).parents[3] / "docs" / "prestashop.md").read_text(encoding="utf-8")


def test_the_manual_grants_every_table_that_is_read_and_no_other() -> None:
    granted = re.findall(r"^GRANT SELECT (?:\([\w, ]+\) )?ON `shop`\.`ps_(\w+)` TO", MANUAL, re.MULTILINE)
    assert sorted(granted) == sorted(COLUMNS | WISHED)


def test_the_manual_explains_every_code() -> None:
    explained = set(re.findall(r"^\| `(\w+)` \|", MANUAL, re.MULTILINE))
    known = {code for _, code, _ in problems._BY_NUMBER.values()} | {"url", "shop", "module", "answer"}
    assert explained == known


@pytest.mark.parametrize("option", sorted(_OPTIONS))
def test_the_manual_names_every_option_that_the_address_may_carry(option: str) -> None:
    assert f"`{option}`" in MANUAL


def test_the_manuals_own_address_is_one() -> None:
    found = re.search(r'^url = "(.*?)"', MANUAL, re.MULTILINE)
    assert found is not None
    assert "a long password" not in repr(PrestaShop(found[1]))


def test_codes_are_told_without_a_connection() -> None:
    with pytest.raises(Misconfigured) as error:
        PrestaShop("oracle://scott:tiger@db/shop")
    assert (error.value.code, "tiger" in str(error.value)) == ("url", False)
