"""The shop's own statuses, for the mapping."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, insert, update

from sfsync.shops.base import Status
from sfsync.shops.prestashop.sample import SampleShop
from sfsync.shops.prestashop.shop import PrestaShop


def rename(sample: SampleShop, status_id: int, language_id: int, name: str) -> None:
    names = sample.tables["order_state_lang"]
    chosen = (names.c.id_order_state == status_id) & (names.c.id_lang == language_id)
    sample.execute(update(names).where(chosen).values(name=name))


def test_every_status_with_its_name_color_and_flags(shop: PrestaShop) -> None:
    statuses = {status.status_id: status for status in shop.reader.statuses("en")}
    assert list(statuses) == [str(number) for number in range(1, 14)]
    assert statuses["4"] == Status("4", "Shipped", "#01B887", deleted=False, shipped=True, paid=True)
    assert statuses["2"] == Status("2", "Payment accepted", "#3498D8", deleted=False, shipped=False, paid=True)


@pytest.mark.parametrize(
    ("language", "name"),
    [("fr", "Expédié"), ("fr_FR", "Expédié"), ("FR", "Expédié"), ("en", "Shipped"), ("de", "Shipped")],
)
def test_names_are_in_the_merchants_language_else_in_the_shops(
    sample: SampleShop, shop: PrestaShop, language: str, name: str
) -> None:
    rename(sample, 4, 2, "Expédié")
    assert shop.reader.statuses(language)[3].name == name


def test_the_shops_default_language_is_its_own(sample: SampleShop, shop: PrestaShop) -> None:
    settings = sample.tables["configuration"]
    rename(sample, 4, 2, "Expédié")
    sample.execute(update(settings).where(settings.c.name == "PS_LANG_DEFAULT").values(value="2"))
    assert shop.reader.statuses("de")[3].name == "Expédié"


def test_a_name_missing_in_one_language_is_taken_from_another(sample: SampleShop, shop: PrestaShop) -> None:
    rename(sample, 4, 2, " ")
    rename(sample, 5, 1, "")
    rename(sample, 5, 2, "Livré")
    french = {status.status_id: status.name for status in shop.reader.statuses("fr")}
    assert (french["4"], french["5"]) == ("Shipped", "Livré")
    assert {status.status_id: status.name for status in shop.reader.statuses("de")}["5"] == "Livré"


def test_a_status_without_any_name_is_still_a_status(sample: SampleShop, shop: PrestaShop) -> None:
    sample.execute(delete(sample.tables["order_state_lang"]))
    sample.execute(delete(sample.tables["lang"]))
    assert {status.name for status in shop.reader.statuses("fr")} == {""}


def test_the_shops_own_deleted_status_is_listed_as_such(sample: SampleShop, shop: PrestaShop) -> None:
    states = sample.tables["order_state"]
    columns = dict.fromkeys((column.name for column in states.columns), 0)
    own = {**columns, "id_order_state": 20, "module_name": "locker", "color": "RoyalBlue", "deleted": 1, "shipped": 1}
    sample.execute(insert(states).values(own))
    assert shop.reader.statuses("fr")[-1] == Status("20", "", "", deleted=True, shipped=True, paid=False)


def test_names_of_statuses_and_of_the_shop_have_no_control_characters(sample: SampleShop, shop: PrestaShop) -> None:
    rename(sample, 4, 1, "Ship\0ped\x07")
    sample.execute(update(sample.tables["shop"]).values(name="Real\0Shop"))
    assert shop.reader.statuses("en")[3].name == "Shipped"
    assert shop.reader.probe().shop == "RealShop"
