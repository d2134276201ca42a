"""The reader of the web service says of a shop what the database's reader says of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from sfsync.domain.identity import Claim
from sfsync.shops.base import ShopError, ShopMisconfigured, ShopUnavailable, Weight
from sfsync.shops.prestashop.sample import SHIPPED, SampleShop
from sfsync.shops.prestashop.sample_shipments import upgrade
from sfsync.shops.prestashop.sample_webservice.standin import Standin
from sfsync.shops.prestashop.shop import PrestaShop
from sfsync.shops.prestashop.webservice.bridge import Bridge
from sfsync.shops.prestashop.webservice.reader import WebServiceReader
from shoppingfeed import Response
from tests.webservice.conftest import Ask


def reader_of(ask: Ask) -> WebServiceReader:
    service = ask()
    return WebServiceReader(service, Bridge(service))


@pytest.fixture
def reader(either: Standin, ask: Ask) -> WebServiceReader:
    return reader_of(ask)


@pytest.fixture
def database(sample: SampleShop) -> Iterator[PrestaShop]:
    shop = PrestaShop(sample.url)
    yield shop
    shop.close()


def keys_of(sample: SampleShop) -> list[str]:
    return [str(each) for each in sample.order_ids()]


def lived(sample: SampleShop) -> None:
    """Some of everything: statuses, numbers in several rows, carriers that were edited, an order that is gone."""
    first, second, third, fourth, fifth, *_ = sample.order_ids()
    sample.set_tracking(first, "6A12345678901")
    sample.set_status(first, SHIPPED)
    sample.add_parcel(second, "6A1;6A2", carrier_id=1)
    sample.add_parcel(second, "")
    sample.set_status(second, 6, history=False)
    sample.add_parcel(third, None, carrier_id=0)
    sample.set_status(fourth, 3)
    sample.set_status(fourth, 2)
    carriers, orders = sample.tables["carrier"], sample.tables["orders"]
    row = sample.rows(carriers.select().where(carriers.c.id_carrier == 2))[0]._asdict()
    sample.execute(insert(carriers).values(row | {"id_carrier": 9, "id_reference": 2, "name": "0", "active": 0}))
    sample.execute(update(carriers).where(carriers.c.id_carrier == 2).values(deleted=1))
    sample.add_parcel(third, "NEW-CARRIER", carrier_id=9)
    sample.execute(delete(orders).where(orders.c.id_order == fifth))


def test_a_glance_shows_what_a_reading_shows(reader: WebServiceReader, sample: SampleShop) -> None:
    lived(sample)
    keys = keys_of(sample)
    seen = reader.look(keys)
    assert len(seen) == 9
    assert seen == {key: snapshot.seen for key, snapshot in reader.read(keys).items()}


def test_orders_are_read_as_from_the_database(
    reader: WebServiceReader, database: PrestaShop, sample: SampleShop
) -> None:
    lived(sample)
    keys = keys_of(sample)
    known = database.reader.read(keys)
    assert reader.read(keys) == {key: replace(each, claim=None) for key, each in known.items()}


def test_the_rows_of_histories_that_were_removed_are_those_of_the_database(
    reader: WebServiceReader, database: PrestaShop, sample: SampleShop
) -> None:
    """What lies beyond the newest row may be yet to come, where a copy answers that lags."""
    first, second, *_ = sample.order_ids()
    for order in (first, second):
        sample.set_status(order, SHIPPED)
    history = sample.tables["order_history"]
    *_, last, newest = [each[0] for each in sample.rows(select(history.c.id_order_history))]
    assert reader.removed({last, newest, newest + 1}) == database.reader.removed({last, newest, newest + 1}) == set()
    sample.execute(delete(history).where(history.c.id_order_history == last))
    assert reader.removed({last, newest + 1}) == database.reader.removed({last, newest + 1}) == {last}
    sample.execute(delete(history))
    assert reader.removed({last}) == database.reader.removed({last}) == set()


def test_an_order_says_that_it_is_a_marketplaces(reader: WebServiceReader, sample: SampleShop) -> None:
    first, *others = keys_of(sample)
    orders = sample.tables["orders"]
    sample.execute(update(orders).where(orders.c.id_order == int(first)).values(module="sfpayment"))
    claims = {key: each.claim for key, each in reader.read([first, *others]).items()}
    assert claims == {**dict.fromkeys(others), first: Claim(None, "", "")}


@pytest.mark.parametrize("language", ["en", "fr_FR", "de"])
def test_statuses_are_named_as_in_the_database(language: str, reader: WebServiceReader, database: PrestaShop) -> None:
    assert reader.statuses(language) == database.reader.statuses(language)


def test_carriers_are_those_of_the_database(reader: WebServiceReader, database: PrestaShop, sample: SampleShop) -> None:
    lived(sample)
    assert reader.carriers() == database.reader.carriers()


def test_a_shop_with_one_language_names_its_statuses_plainly(ask: Ask, standin: Standin) -> None:
    body = (
        b'{"order_states":[{"id":4,"name":"Shipped","color":"#01B887","deleted":"0","shipped":"1","paid":null}],'
        b'"languages":[{"id":1,"iso_code":"en"}]}'
    )
    reader = reader_of(ask)
    about = reader.about
    standin.behaviour.instead = lambda _request: Response(200, {}, body)
    assert [(each.name, each.shipped, each.paid) for each in reader.statuses("fr")] == [("Shipped", True, False)]
    assert about.name == "RealShop"


def test_orders_of_another_shop_are_invisible(reader: WebServiceReader, sample: SampleShop) -> None:
    order, orders = sample.order_ids()[0], sample.tables["orders"]
    sample.execute(update(orders).where(orders.c.id_order == order).values(id_shop=2))
    assert str(order) not in reader.look(keys_of(sample))


def test_five_hundred_orders_are_read_with_at_most_four_questions(
    ask: Ask, standin: Standin, sample: SampleShop
) -> None:
    keys = [str(each) for each in sample.add_orders(500)]
    reader = reader_of(ask)
    reader.prepare()
    standin.counted()
    assert len(reader.read(keys)) == 500
    assert standin.counted() == Counter(order_histories=1, orders=1, order_carriers=1, carriers=1)
    assert len(reader.read(keys)) == 500
    assert standin.counted().total() == 3


def test_more_orders_take_three_questions_for_each_five_hundred(ask: Ask, standin: Standin, sample: SampleShop) -> None:
    keys = [str(each) for each in sample.add_orders(1001)]
    assert len(reader_of(ask).look(keys)) == 1001
    assert standin.counted().total() == 9


def test_no_order_needs_no_question(ask: Ask, standin: Standin) -> None:
    reader = reader_of(ask)
    assert (reader.look([]), reader.read([]), standin.counted().total()) == ({}, {}, 0)


def test_a_shop_that_is_well_says_what_it_is(reader: WebServiceReader, either: Standin, sample: SampleShop) -> None:
    orders = sample.tables["orders"]
    sample.execute(update(orders).where(orders.c.id_order.in_(sample.order_ids()[:3])).values(module="sfpayment"))
    sample.execute(update(orders).where(orders.c.id_order.in_(sample.order_ids()[3:])).values(module="ps_wirepayment"))
    facts = reader.probe()
    assert (facts.software, facts.version, facts.shop) == ("PrestaShop", either.version, "RealShop")
    assert (facts.known_by, list(facts.notes)) == ({"module": 3}, [])


def test_what_9_1_keeps_in_shipments_is_told(ask: Ask, standin: Standin, sample: SampleShop) -> None:
    """The web service shows none of their numbers; with them an order has no carrier of its own."""
    standin.version = "9.1.4"
    orders = sample.tables["orders"]
    sample.execute(update(orders).values(module="sfpayment", id_carrier=0))
    notes = reader_of(ask).probe().notes
    assert [(each.weight, each.code) for each in notes] == [(Weight.WARNING, "webservice-shipments")]


def test_the_rights_that_are_missing_are_named_all_at_once(ask: Ask, standin: Standin) -> None:
    standin.rights -= {"order_histories", "carriers"}
    with pytest.raises(ShopMisconfigured, match=r"tick View \(GET\) for: order_histories, carriers\.") as error:
        reader_of(ask).probe()
    assert error.value.code == "webservice-rights"


def test_a_shop_that_is_deleted_is_none(ask: Ask, standin: Standin, sample: SampleShop) -> None:
    shops = sample.tables["shop"]
    sample.execute(update(shops).values(deleted=1))
    with pytest.raises(ShopMisconfigured, match="There is no shop 1") as error:
        reader_of(ask).probe()
    assert error.value.code == "webservice-shop"


def test_names_are_read_again_after_ten_minutes(ask: Ask, standin: Standin, sample: SampleShop) -> None:
    reader, carriers = reader_of(ask), sample.tables["carrier"]
    before = reader.carriers()
    sample.execute(update(carriers).values(name="Renamed"))
    assert reader.carriers() == before
    reader._carriers._at -= 601
    assert {each.name for each in reader.carriers()} == {"Renamed"}


@pytest.mark.parametrize("field", ["id", "current_state", "id_carrier"])
@pytest.mark.parametrize("value", ["x", -1, [], True, {"a": 1}])
def test_an_order_of_another_shape_is_a_trouble_and_no_order(
    field: str, value: Any, ask: Ask, standin: Standin, sample: SampleShop
) -> None:
    row = {"id": 1, "id_carrier": 2, "current_state": 3, "module": ""} | {field: value}
    body = json.dumps({"orders": [row], "order_carriers": [], "order_histories": []}).encode()
    standin.behaviour.instead = lambda _request: Response(200, {}, body)
    with pytest.raises(ShopUnavailable) as error:
        reader_of(ask).look(["1"])
    assert isinstance(error.value, ShopError)
    assert error.value.code == "webservice-answer"


@pytest.mark.parametrize("shown", [True, False], ids=["every right", "without order_details"])
def test_what_is_in_each_shipment_is_read_where_the_key_may(
    sample: SampleShop, standin: Standin, ask: Ask, shown: bool
) -> None:
    """Three questions; none where it would come to nothing."""
    shop = upgrade(sample)
    order = shop.order_ids()[0]
    shop.ship_apart([order])
    number = shop.shipments(order)[0]
    shop.put_into(number, "Mug", 2, reference="demo_11")
    shop.put_into(number, "Cushion")
    bridged = Standin(shop, version="9.1.4")
    bridged.rights |= {"shipments", "shipment_products"}
    bridged.rights -= set() if shown else {"order_details"}
    reader = reader_of(lambda **settings: ask(transport=bridged, **settings))
    reader.read([str(order)])
    bridged.counted()
    found = reader.contents([str(order)])
    its = {
        key: [(each.quantity, each.name, each.reference) for each in items]
        for key, items in found.get(str(order), {}).items()
    }
    assert its == ({f"s{number}": [(2, "Mug", "demo_11"), (1, "Cushion", "")]} if shown else {})
    assert bridged.counted().total() == (3 if shown else 0)
