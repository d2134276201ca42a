"""The shop's own carriers, for shipping without a tracking number (R4)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert, update

from sfsync.domain.mapping import Policy
from sfsync.shops.base import Carrier
from sfsync.shops.prestashop.sample import SampleShop
from sfsync.shops.prestashop.shop import PrestaShop


def add(sample: SampleShop, carrier_id: int, name: str, **values: Any) -> None:
    table = sample.tables["carrier"]
    columns: dict[str, Any] = dict.fromkeys((column.name for column in table.columns), 0)
    own = {"id_carrier": carrier_id, "id_reference": carrier_id, "name": name, "url": "", "active": 1}
    sample.execute(insert(table).values(columns | own | values))


def edit(sample: SampleShop, carrier_id: int, **values: Any) -> None:
    table = sample.tables["carrier"]
    sample.execute(update(table).where(table.c.id_carrier == carrier_id).values(values))


def test_every_carrier_with_its_name_and_whether_it_is_offered(shop: PrestaShop, statements: list[str]) -> None:
    assert shop.reader.carriers() == [
        Carrier("1", "Click and collect", frozenset({"1"})),
        Carrier("2", "My carrier", frozenset({"2"})),
        Carrier("3", "My cheap carrier", frozenset({"3"}), active=False),
        Carrier("4", "My light carrier", frozenset({"4"}), active=False),
    ]
    assert len([each for each in statements if "carrier" in each]) == 1


def test_an_edited_carrier_is_one_carrier_under_its_first_id_and_its_newest_name(
    sample: SampleShop, shop: PrestaShop
) -> None:
    """PrestaShop keeps the old row as deleted, and writes a new one with the same reference."""
    edit(sample, 1, deleted=1)
    add(sample, 9, "Click & collect", id_reference=1)
    assert shop.reader.carriers()[0] == Carrier("1", "Click & collect", frozenset({"1", "9"}))


def test_a_deleted_carrier_is_still_listed_as_such(sample: SampleShop, shop: PrestaShop) -> None:
    edit(sample, 2, deleted=1)
    assert [each.carrier_id for each in shop.reader.carriers() if each.deleted] == ["2"]


def test_a_carrier_named_0_goes_by_the_shops_name_and_one_without_a_reference_by_its_id(
    sample: SampleShop, shop: PrestaShop
) -> None:
    add(sample, 12, "0", id_reference=0)
    assert shop.reader.carriers()[-1] == Carrier("12", "RealShop", frozenset({"12"}))


def test_a_chosen_carrier_stays_chosen_through_an_edit(sample: SampleShop, shop: PrestaShop) -> None:
    """R4: what the page offers is what the decision compares."""
    order = sample.order_ids()[0]
    key = str(order)
    sample.set_tracking(order, "", carrier_id=9)
    edit(sample, 1, deleted=1)
    add(sample, 9, "Click & collect", id_reference=1)
    chosen = frozenset({shop.reader.carriers()[0].carrier_id})
    assert Policy(ship_without_tracking=chosen).may_ship_untracked(shop.reader.read([key])[key])
    assert not Policy(ship_without_tracking=frozenset({"2"})).may_ship_untracked(shop.reader.read([key])[key])
