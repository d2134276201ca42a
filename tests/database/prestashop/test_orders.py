"""Orders at a glance and in full: statuses, parcels, carriers (R2, R4, R6, R8)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, insert, update

from sfsync.domain.orders import Parcel, Seen
from sfsync.shops.prestashop.rows import PAID
from sfsync.shops.prestashop.sample import SHIPPED, SampleShop, build
from sfsync.shops.prestashop.shop import PrestaShop
from tests.database.prestashop.conftest import Connect


def glance(seen: Seen) -> tuple[str, str]:
    return (seen.status, seen.tracking_number)


def edit_carrier(sample: SampleShop, carrier_id: int, **values: object) -> None:
    carrier = sample.tables["carrier"]
    sample.execute(update(carrier).where(carrier.c.id_carrier == carrier_id).values(values))


def test_an_untouched_order(shop: PrestaShop) -> None:
    order = shop.reader.read(["6"])["6"]
    assert glance(shop.reader.look(["6"])["6"]) == (str(PAID), "")
    assert (order.status, order.statuses, order.parcels, order.tracking_number) == (str(PAID), (str(PAID),), (), "")
    assert (order.carrier_id, order.carrier_reference, order.carrier_name) == ("2", "2", "My carrier")
    assert (order.shipped_status, order.paid_status) == (False, True)


def test_shipped_with_a_tracking_number_r2(sample: SampleShop, shop: PrestaShop) -> None:
    sample.set_tracking(6, " 6A 1\n")
    sample.set_status(6, SHIPPED)
    order = shop.reader.read(["6"])["6"]
    assert glance(shop.reader.look(["6"])["6"]) == (str(SHIPPED), "6A1")
    assert order.statuses == (str(PAID), str(SHIPPED))
    assert order.parcels == (
        Parcel("6A1", "2", "My carrier", "https://track.example/p?n=6A1", order.seen.numbers[0][0]),
    )
    assert order.shipped_status


def test_each_number_of_a_row_is_a_parcel_r2(sample: SampleShop, shop: PrestaShop) -> None:
    sample.set_tracking(6, "6A1;6A2")
    assert [parcel.tracking_number for parcel in shop.reader.read(["6"])["6"].parcels] == ["6A1", "6A2"]
    assert shop.reader.look(["6"])["6"].tracking_number == "6A1"


@pytest.mark.parametrize("typed", ["0", "N/A", "en cours", "6,90E+12", "#REF!", "https://track.example/p"])
def test_what_stands_in_a_numbers_place_is_none_r4(sample: SampleShop, shop: PrestaShop, typed: str) -> None:
    sample.set_tracking(6, typed)
    assert shop.reader.read(["6"])["6"].parcels == ()
    assert shop.reader.look(["6"])["6"].tracking_number == ""


def test_the_status_is_current_before_its_history_row_is_written_r6(sample: SampleShop, shop: PrestaShop) -> None:
    sample.set_status(6, 3)
    sample.set_status(6, SHIPPED, history=False)
    assert shop.reader.read(["6"])["6"].statuses == (str(PAID), "3", str(SHIPPED))
    assert glance(shop.reader.look(["6"])["6"]) == (str(SHIPPED), "")


def test_an_order_without_history_has_its_current_status(sample: SampleShop, shop: PrestaShop) -> None:
    sample.execute(delete(sample.tables["order_history"]))
    assert shop.reader.read(["6"])["6"].statuses == (str(PAID),)


def test_several_parcels_newest_first_without_the_unnumbered(sample: SampleShop, shop: PrestaShop) -> None:
    sample.set_tracking(6, "6A1")
    sample.add_parcel(6, None)
    sample.add_parcel(6, "6A2", carrier_id=1)
    sample.add_parcel(6, "en cours", carrier_id=3)
    order = shop.reader.read(["6"])["6"]
    assert [(parcel.tracking_number, parcel.carrier_id) for parcel in order.parcels] == [("6A2", "1"), ("6A1", "2")]
    assert order.parcels[0].tracking_link == ""
    assert order.tracking_number == shop.reader.look(["6"])["6"].tracking_number == "6A2"
    assert (order.carrier_id, order.carrier_name) == ("3", "My cheap carrier")


def test_an_order_without_parcel_rows_goes_by_its_own_carrier(sample: SampleShop, shop: PrestaShop) -> None:
    sample.execute(delete(sample.tables["order_carrier"]))
    order = shop.reader.read(["6"])["6"]
    assert (order.carrier_id, order.carrier_name, order.parcels) == ("2", "My carrier", ())
    assert glance(shop.reader.look(["6"])["6"]) == (str(PAID), "")


def test_a_carrier_named_zero_goes_by_the_shops_name(sample: SampleShop, shop: PrestaShop) -> None:
    edit_carrier(sample, 2, name="0")
    sample.set_tracking(6, "6A1")
    order = shop.reader.read(["6"])["6"]
    assert order.carrier_name == order.parcels[0].carrier_name == "RealShop"


def test_a_shop_without_a_name_goes_by_its_settings(sample: SampleShop, shop: PrestaShop) -> None:
    settings = sample.tables["configuration"]
    edit_carrier(sample, 2, name="0")
    sample.execute(update(sample.tables["shop"]).values(name=""))
    sample.execute(update(settings).where(settings.c.name == "PS_SHOP_NAME").values(value="By the sea"))
    assert shop.reader.read(["6"])["6"].carrier_name == "By the sea"


def test_a_deleted_carrier_still_has_its_name_and_link(sample: SampleShop, shop: PrestaShop) -> None:
    edit_carrier(sample, 2, deleted=1, active=0)
    sample.set_tracking(6, "6A1")
    order = shop.reader.read(["6"])["6"]
    assert order.carrier_name == "My carrier"
    assert order.parcels[0].tracking_link == "https://track.example/p?n=6A1"


def test_an_edited_carrier_is_a_new_row_with_the_same_reference_r4(sample: SampleShop, shop: PrestaShop) -> None:
    edit_carrier(sample, 3, id_reference=2, name="My carrier, dearer")
    sample.set_tracking(6, "6A1", carrier_id=3)
    order = shop.reader.read(["6"])["6"]
    assert (order.carrier_id, order.carrier_reference, order.carrier_name) == ("3", "2", "My carrier, dearer")


def test_a_carrier_that_is_gone_has_no_name(sample: SampleShop, shop: PrestaShop) -> None:
    sample.set_tracking(6, "6A1", carrier_id=77)
    order = shop.reader.read(["6"])["6"]
    assert (order.carrier_id, order.carrier_reference, order.carrier_name) == ("77", "77", "")
    assert order.parcels == (Parcel("6A1", "77", "", "", order.seen.numbers[0][0]),)


def test_a_dangerous_carrier_url_gives_no_link(sample: SampleShop, shop: PrestaShop) -> None:
    edit_carrier(sample, 2, url="javascript:alert('@')")
    sample.set_tracking(6, "6A1")
    assert shop.reader.read(["6"])["6"].parcels[0].tracking_link == ""


def test_a_status_that_is_gone_or_deleted_is_no_trouble_r8(sample: SampleShop, shop: PrestaShop) -> None:
    states = sample.tables["order_state"]
    sample.execute(update(states).where(states.c.id_order_state == SHIPPED).values(deleted=1))
    sample.set_status(6, SHIPPED)
    sample.set_status(7, 99)
    orders = shop.reader.read(["6", "7"])
    assert orders["6"].shipped_status
    assert (orders["7"].status, orders["7"].shipped_status, orders["7"].paid_status) == ("99", False, False)


def test_gone_orders_and_other_shops_orders_are_left_out(sample: SampleShop, shop: PrestaShop) -> None:
    theirs = sample.add_orders(1, shop_id=2, tracking="6A1", status=SHIPPED)
    asked = ["6", "6", *map(str, theirs), "999999"]
    assert list(shop.reader.look(asked)) == ["6"]
    assert list(shop.reader.read(asked)) == ["6"]
    assert shop.reader.look([]) == {}
    assert shop.reader.read([]) == {}


def test_a_thousand_orders_are_three_statements_and_five_thousand_glances_one(
    sample: SampleShop, shop: PrestaShop, statements: list[str]
) -> None:
    ids = sample.add_orders(5001)
    sample.bulk_ship(ids, "TRK")
    keys = [str(each) for each in ids]
    shop.reader.look(keys[:1])
    statements.clear()
    orders = shop.reader.read(keys[:1000])
    assert len(statements) == 3
    assert {order.statuses for order in orders.values()} == {(str(PAID), str(SHIPPED))}
    assert all(order.tracking_number == f"TRK{key}" for key, order in orders.items())
    statements.clear()
    seen = shop.reader.look(keys)
    assert len(statements) == 1
    assert {key: glance(each) for key, each in seen.items()} == {key: (str(SHIPPED), f"TRK{key}") for key in keys}
    statements.clear()
    assert len(shop.reader.read(keys)) == 5001
    assert len(statements) == 18


def test_orders_of_the_real_shop_are_read_as_they_stand(shop_url: str, connect: Connect) -> None:
    sample = build(shop_url, fresh=False)
    shop = connect(shop_url)
    keys = [str(each) for each in sample.order_ids()]
    orders = shop.reader.read(keys)
    assert sum(bool(order.tracking_number) for order in orders.values()) == 31
    assert all(order.statuses[-1] == order.status for order in orders.values())
    assert all(
        order.statuses == tuple(map(str, sample.order(int(order.key)).statuses)) for order in list(orders.values())[:40]
    )
    assert shop.reader.look(keys) == {key: order.seen for key, order in orders.items()}
    sample.close()


# What a glance shows and what a full reading shows must never differ: an order would be "changed" for ever.

NUMBERS = st.one_of(
    st.none(),
    st.sampled_from(["", " ", "\t\n", "0", "6A1", " 6A1 ", "6A1\n6A2", "\u200b", "\u00a0", "é" * 64]),
    st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12),
)


@pytest.fixture(scope="module")
def reused(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SampleShop, PrestaShop]]:
    url = f"sqlite:///{tmp_path_factory.mktemp('shop') / 'shop.sqlite3'}"
    sample, shop = build(url, limit=2), PrestaShop(url)
    yield sample, shop
    shop.close()
    sample.close()


@given(numbers=st.lists(NUMBERS, max_size=5))
def test_a_glance_and_a_reading_agree_on_every_number_r2(
    reused: tuple[SampleShop, PrestaShop], numbers: list[str | None]
) -> None:
    sample, shop = reused
    sample.execute(delete(sample.tables["order_carrier"]))
    for number in numbers:
        sample.add_parcel(6, number)
    order = shop.reader.read(["6"])["6"]
    assert shop.reader.look(["6"]) == {"6": order.seen}
    assert order.status == order.statuses[-1]
    assert all(parcel.tracking_number.strip() for parcel in order.parcels)


def test_both_agree_on_mariadb_too(mariadb_sample: SampleShop, connect: Connect) -> None:
    shop = connect(mariadb_sample.url)
    typed = [" 6A1 ", "6A1\n6A2", "\u200b", "été-6A1-📦-ß", "\t", "\\'; DROP TABLE ps_orders; --"]
    for order_id, number in zip(mariadb_sample.order_ids(), typed, strict=False):
        mariadb_sample.set_tracking(order_id, number)
    orders = shop.reader.read([str(each) for each in mariadb_sample.order_ids()])
    assert shop.reader.look(orders) == {key: order.seen for key, order in orders.items()}
    assert orders["9"].tracking_number == "été-6A1-📦-ß"


def test_a_parcel_without_carrier_goes_by_the_orders(sample: SampleShop, shop: PrestaShop) -> None:
    parcels = sample.tables["order_carrier"]
    sample.execute(delete(parcels))
    sample.execute(insert(parcels).values(id_order=6, id_carrier=0, tracking_number="6A1", date_add=sample.time()))
    order = shop.reader.read(["6"])["6"]
    assert (order.carrier_id, order.carrier_name) == ("2", "My carrier")
    assert order.parcels == (
        Parcel("6A1", "2", "My carrier", "https://track.example/p?n=6A1", order.seen.numbers[0][0]),
    )


@pytest.mark.parametrize("name", ["Colis\0simo", "Colissimo\x07", " Colis\u200bsimo \r\n"])
def test_a_carriers_name_and_link_have_no_control_characters_r2(
    sample: SampleShop, shop: PrestaShop, name: str
) -> None:
    """PostgreSQL refuses a NUL, and one such name would stop the whole store."""
    edit_carrier(sample, 2, name=name, url="https://track.example/\0p?n=@")
    sample.set_tracking(6, "6A1")
    [parcel] = shop.reader.read(["6"])["6"].parcels
    assert (parcel.carrier_name, parcel.tracking_link) == ("Colissimo", "https://track.example/p?n=6A1")
