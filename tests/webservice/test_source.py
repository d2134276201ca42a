"""What is noticed of a shop through its web service, and what it costs the shop while nothing happens."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, insert, update

from sfsync.domain.identity import Claim
from sfsync.domain.orders import Seen
from sfsync.shops.base import ShopMisconfigured, ShopUnavailable, Weight
from sfsync.shops.keys import OrderKey
from sfsync.shops.kind import Around
from sfsync.shops.prestashop.sample import SHIPPED, SampleShop
from sfsync.shops.prestashop.sample_shipments import ShipmentShop, upgrade
from sfsync.shops.prestashop.sample_webservice.standin import KEY, Standin
from sfsync.shops.prestashop.webservice.bitmap import Bitmap
from sfsync.shops.prestashop.webservice.listings import BATCH
from sfsync.shops.prestashop.webservice.place import Place
from sfsync.shops.prestashop.webservice.shop import WebServiceShop
from sfsync.shops.prestashop.webservice.source import OLDEST, WINDOW, moved, split
from shoppingfeed import Request
from tests.webservice.known import Follower


def opened(
    standin: Standin, *, ceiling: int = 100_000, ignore_senders: bool = False, memory: Any = None
) -> WebServiceShop:
    return WebServiceShop(
        "http://127.0.0.1/",
        KEY,
        shop_id=1,
        ceiling=ceiling,
        around=Around(10, 30.0, lambda: memory, lambda _seconds: None),
        ignore_senders=ignore_senders,
        transport=standin,
    )


@pytest.fixture
def ours(sample: SampleShop) -> list[int]:
    """The ten orders of the sample, imported by shoppingfluxexport."""
    orders = sample.tables["orders"]
    sample.execute(update(orders).values(module="sfpayment"))
    return sample.order_ids()


@pytest.fixture
def follower(standin: Standin, ours: list[int]) -> Follower:
    """It has followed the shop once, and knows all its orders."""
    made = Follower(opened(standin))
    assert made.follow().keys() == {str(each) for each in ours}
    made.shop.in_the_way()
    for _ in range(5):
        assert made.follow() == {}
    standin.counted()
    return made


def add_strangers(sample: SampleShop, n: int) -> list[int]:
    """Orders that come from no marketplace."""
    ids = sample.add_orders(n)
    orders = sample.tables["orders"]
    sample.execute(update(orders).where(orders.c.id_order.in_(ids)).values(module="ps_checkout"))
    return ids


def add_ours(sample: SampleShop, n: int) -> list[int]:
    ids = sample.add_orders(n)
    orders = sample.tables["orders"]
    sample.execute(update(orders).where(orders.c.id_order.in_(ids)).values(module="sfpayment"))
    return ids


def follow_often(follower: Follower, passes: int) -> list[dict[OrderKey, Seen]]:
    return [follower.follow() for _ in range(passes)]


def test_the_first_pass_sees_every_order_as_it_is(standin: Standin, ours: list[int], sample: SampleShop) -> None:
    sample.bulk_ship(ours[:3])
    add_strangers(sample, 5)
    follower = Follower(opened(standin))
    found = follower.follow()
    assert found == dict(follower.shop.reader.look([str(each) for each in ours]))


def test_an_idle_pass_asks_six_questions_at_most(follower: Follower, standin: Standin) -> None:
    """With the one that is asked before it: does anybody else send?"""
    for _ in range(20):
        before = standin.statements
        assert follower.shop.in_the_way() == []
        assert follower.follow() == {}
        assert standin.counted().total() <= 6
        assert standin.statements - before <= 6 * 30 + 20


def test_a_status_that_the_back_office_writes_is_found(follower: Follower, sample: SampleShop, ours: list[int]) -> None:
    sample.set_status(ours[0], SHIPPED)
    assert follower.follow()[str(ours[0])].status == "4"


def test_a_status_that_was_written_although_the_shop_answered_500_is_found(
    follower: Follower, standin: Standin, ours: list[int]
) -> None:
    """A warehouse tool writes through the web service, and a module on an old hook name makes an error of it. A shop
    with a cache shows what it wrote itself."""
    standin.behaviour.writable = standin.behaviour.cached = True
    follower.follow()
    document = f"<id_order>{ours[0]}</id_order><id_order_state>4</id_order_state>".encode()
    address = f"http://127.0.0.1/api/order_histories?id_shop=1&ws_key={KEY}"
    assert standin.send(Request("POST", address, {}, document)).status == 500
    assert follower.follow()[str(ours[0])].status == "4"


def test_a_first_number_is_found(follower: Follower, sample: SampleShop, ours: list[int]) -> None:
    sample.set_tracking(ours[0], "6A12345678901")
    assert follower.follow()[str(ours[0])].tracking_number == "6A12345678901"
    sample.add_parcel(ours[0], "6A12345678902")
    assert follower.follow()[str(ours[0])].tracking_number == "6A12345678902"


def test_a_number_that_is_corrected_or_taken_away_is_found_within_minutes(
    follower: Follower, sample: SampleShop, ours: list[int]
) -> None:
    """It stands in a row that had one before: no question about ids can tell."""
    sample.set_tracking(ours[0], "6A12345678901")
    follower.follow()
    for number in ("6A99999999999", ""):
        sample.set_tracking(ours[0], number)
        found = follow_often(follower, 6)
        assert [each[str(ours[0])].tracking_number for each in found if each] == [number]


@pytest.mark.parametrize("status", [4, 5, 6, 7])
def test_a_status_that_plain_sql_writes_is_found_at_once(
    status: int, follower: Follower, sample: SampleShop, ours: list[int]
) -> None:
    """R5: no row of the history tells of it."""
    sample.set_status(ours[0], status, history=False)
    assert follower.follow()[str(ours[0])].status == str(status)


def test_a_move_from_one_meaning_to_another_by_sql_is_found_when_its_turn_comes(
    follower: Follower, sample: SampleShop, ours: list[int]
) -> None:
    sample.set_status(ours[0], 4)
    follower.follow()
    sample.set_status(ours[0], 6, history=False)
    found = follow_often(follower, 8)
    assert [each[str(ours[0])].status for each in found if each] == ["6"]


def test_new_orders_are_listed_with_what_the_shop_knows_of_them(
    follower: Follower, sample: SampleShop, standin: Standin
) -> None:
    new = add_ours(sample, 3)
    add_strangers(sample, 2)
    assert follower.follow().keys() == {str(each) for each in new}
    listed = follower.shop.listed([str(each) for each in new])
    assert [(each.key, each.feed_id, each.channel) for each in listed] == [
        (str(each), None, "amazonfr") for each in new
    ]


def test_strangers_cost_nothing_once_they_were_met(follower: Follower, sample: SampleShop, standin: Standin) -> None:
    """Trap 5: their parcels are remembered too, else every pass reads them again."""
    sample.bulk_ship(add_strangers(sample, 700))
    follower.follow()
    standin.counted()
    assert follower.follow() == {}
    assert standin.counted().total() <= 6


def test_orders_of_another_shop_are_none_of_ours(follower: Follower, sample: SampleShop) -> None:
    """Histories and parcels are those of all shops."""
    others = sample.add_orders(3, shop_id=2)
    orders = sample.tables["orders"]
    sample.execute(update(orders).where(orders.c.id_order.in_(others)).values(module="sfpayment"))
    sample.bulk_ship(others)
    assert follower.follow() == {}


def test_a_row_that_is_committed_late_is_found(follower: Follower, sample: SampleShop, ours: list[int]) -> None:
    history = sample.tables["order_history"]
    sample.execute(
        insert(history).values(id_order_history=90_000, id_order=ours[0], id_order_state=3, id_employee=1, date_add="")
    )
    follower.follow()
    sample.set_status(ours[1], 3, history=False)
    sample.execute(
        insert(history).values(id_order_history=89_990, id_order=ours[1], id_order_state=3, id_employee=1, date_add="")
    )
    assert follower.follow()[str(ours[1])].status == "3"


@pytest.mark.parametrize("how", ["gone", "another"])
def test_a_shop_that_went_back_is_followed_from_its_beginning(
    how: str, follower: Follower, sample: SampleShop, ours: list[int]
) -> None:
    """Its row ids mean something else now."""
    history = sample.tables["order_history"]
    last = follower.cursor["last"][0]
    if how == "gone":
        sample.execute(delete(history).where(history.c.id_order_history == last))
    else:
        sample.execute(update(history).where(history.c.id_order_history == last).values(id_order_state=12))
    sample.set_status(ours[0], 3)
    passes = follow_often(follower, 10)
    assert [each[str(ours[0])].status for each in passes if each] == ["3"]
    assert follower.restarts == 1
    assert follower.follow() == {}


def test_orders_that_there_was_doubt_about_are_looked_at_again(
    follower: Follower, standin: Standin, ours: list[int]
) -> None:
    follower.orders.unsure = {str(ours[0])}
    follower.follow()
    assert follower.orders.unsure == set()


def test_an_order_that_a_look_does_not_settle_is_not_looked_at_in_every_pass(
    follower: Follower, standin: Standin, sample: SampleShop, ours: list[int]
) -> None:
    """PrestaShop's own cache shows old objects, while lists of ids are true."""
    standin.behaviour.cached = True
    follower.shop.reader.look([str(each) for each in ours])
    sample.set_status(ours[0], SHIPPED, history=False)
    follower.follow()
    standin.counted()
    asked = []
    for _ in range(10):
        follower.follow()
        asked.append(standin.counted().total())
    assert max(asked) <= 6


def test_nothing_is_asked_for_without_a_limit(follower: Follower, standin: Standin) -> None:
    follower.follow()
    assert standin.asked
    assert all("limit=" in each for each in standin.asked)


def test_a_process_that_lives_for_one_look_reads_what_is_to_be_sent_with_four_questions(
    standin: Standin, ours: list[int]
) -> None:
    """R6: the next one of a schedule knows what the shop's statuses mean from the one before, however old that is."""
    memory: Any = None
    for _ in range(3):
        shop = opened(standin, memory=memory)
        Follower(shop).follow()
        standin.counted()
        assert shop.reader.read([str(each) for each in ours])[str(ours[0])].paid_status
        assert standin.counted().total() == 4
        memory = json.loads(json.dumps(shop.memory()))
        memory["flags"][0] -= 3600


@pytest.mark.parametrize("kept", [None, [], "words", [None, []], {"at": 1}])
def test_what_was_remembered_in_another_shape_is_asked_for_anew(standin: Standin, ours: list[int], kept: Any) -> None:
    read = opened(standin, memory={"flags": kept}).reader.read([str(ours[0])])
    assert read[str(ours[0])].paid_status


def test_a_pass_leaves_questions_for_reading_what_is_to_be_sent(standin: Standin, ours: list[int]) -> None:
    shop = opened(standin, ceiling=40)
    follower = Follower(shop)
    with pytest.raises(ShopUnavailable) as error:
        follow_often(follower, 20)
    assert error.value.code == "webservice-ceiling"
    assert shop.reader.read([str(ours[0])])


@pytest.mark.parametrize(
    ("settings", "codes"),
    [
        ({}, []),
        ({"SHOPPING_FLUX_STATUS_SHIPPED": "checked"}, ["old-module-sends"]),
        ({"SHOPPING_FLUX_STATUS_SHIPPED": "", "SHOPPING_FLUX_STATUS_CANCELED": "on"}, ["old-module-sends"]),
        ({"SHOPPINGFEED_ORDER_SYNC_ENABLED": "1"}, ["newer-module-sends"]),
        ({"SHOPPINGFEED_ORDER_SYNC_ENABLED": "0"}, []),
    ],
)
def test_a_module_that_is_set_to_send_is_in_the_way(
    settings: dict[str, str], codes: list[str], standin: Standin, sample: SampleShop
) -> None:
    """R23. Whether it is active the web service does not show."""
    configuration = sample.tables["configuration"]
    for number, (name, value) in enumerate(settings.items(), 900):
        sample.execute(
            insert(configuration).values(id_configuration=number, name=name, value=value, date_add="", date_upd="")
        )
    assert [each.code for each in opened(standin).in_the_way()] == codes
    assert all(each.weight is Weight.BLOCKS for each in opened(standin).in_the_way())
    assert opened(standin, ignore_senders=True).in_the_way() == []


def test_a_shop_that_went_back_names_its_orders_again(
    follower: Follower, sample: SampleShop, standin: Standin, ours: list[int]
) -> None:
    """R39: the number of an order may be another's by now."""
    history = sample.tables["order_history"]
    sample.execute(delete(history).where(history.c.id_order_history == follower.cursor["last"][0]))
    listed = {each.key for page in follower.shop.sources[0].after(None, follower.orders) for each in page.listings}
    assert listed == {str(each) for each in ours}


def test_an_old_order_is_watched_by_its_id(standin: Standin, sample: SampleShop, ours: list[int]) -> None:
    """One forgotten order does not make every answer long, and is not forgotten."""
    new = add_ours(sample, 100)
    orders, parcels = sample.tables["orders"], sample.tables["order_carrier"]
    far = {each: each + WINDOW * 2 for each in new}
    for table in (orders, parcels, sample.tables["order_history"]):
        for each, there in far.items():
            sample.execute(update(table).where(table.c.id_order == each).values(id_order=there))
    follower = Follower(opened(standin))
    follow_often(follower, 6)
    sample.set_status(ours[0], SHIPPED, history=False)
    sample.set_tracking(ours[1], "6A12345678901")
    found = {key: seen for each in follow_often(follower, 16) for key, seen in each.items()}
    assert found[str(ours[0])].status == "4"
    assert found[str(ours[1])].tracking_number == "6A12345678901"
    standin.counted()
    follower.follow()
    assert standin.counted().total() <= 5


def test_a_source_is_followed_as_often_as_the_ceiling_allows(standin: Standin) -> None:
    assert opened(standin, ceiling=1200).sources[0].every == timedelta(seconds=24)


def test_a_pass_that_was_cut_short_is_taken_up_where_it_ended(standin: Standin, sample: SampleShop) -> None:
    """The shop dies in the middle of the first one: what was kept is kept, and nothing is missing in the end."""
    new = {str(each) for each in add_ours(sample, 1200)}
    follower = Follower(opened(standin))
    for last in (7, 11, 12, 13):
        standin.counted()

        def die(request: Any, last: int = last) -> None:
            if len(standin.asked) >= last:
                standin.fail(sent=True)
                standin.behaviour.before(request)

        standin.behaviour.before = die
        with pytest.raises(ShopUnavailable):
            follower.follow()
    standin.behaviour.before = lambda _request: None
    follower.follow()
    follower.follow()
    assert new <= {key for key, seen in follower.orders.seen.items() if seen.status == "2"}


def test_messages_name_the_marketplaces_order_where_the_key_may_read_them(
    standin: Standin, sample: SampleShop, ours: list[int]
) -> None:
    sample.add_message(ours[0], "Numéro de commande Amazon :402-1234567-1234567\nExpédition")
    sample.add_message(ours[0], "Autre : chose")
    sample.add_message(ours[1], "public: note", private=False)
    shop = opened(standin)
    listed = {each.key: each.reference for each in shop.listed([str(each) for each in ours[:2]])}
    assert listed == {str(ours[0]): "402-1234567-1234567", str(ours[1]): ""}
    standin.rights -= {"messages"}
    shop = opened(standin)
    standin.counted()
    for _ in range(2):
        assert {each.reference for each in shop.listed([str(ours[0])])} == {""}
    assert standin.counted()["messages"] == 1


def test_another_message_names_no_order_and_a_split_cart_shares_its_own(
    standin: Standin, sample: SampleShop, ours: list[int]
) -> None:
    """R24: as in the shop's database. The module writes into an order's messages what it did, too."""
    first, second, other = ours[:3]
    orders = sample.tables["orders"]
    sample.execute(update(orders).where(orders.c.id_order.in_([first, second])).values(reference="SPLITCART"))
    sample.add_message(other, "Statut mis à jour sur amazon : True")
    sample.add_message(second, "Numéro de commande Amazon :402-1")
    listed = {each.key: each.reference for each in opened(standin).listed([str(each) for each in ours[:3]])}
    assert listed == {str(first): "402-1", str(second): "402-1", str(other): ""}


def test_twins_are_listed_together_however_far_apart_they_are(standin: Standin, sample: SampleShop) -> None:
    """R38: the orders of a split cart lie in two batches of the first look, which may end between them. A stranger of
    the same reference is none of them."""
    new = add_ours(sample, BATCH + 20)
    first, last, stranger = new[0], new[-1], *add_strangers(sample, 1)
    orders = sample.tables["orders"]
    sample.execute(update(orders).where(orders.c.id_order.in_([first, last, stranger])).values(reference="SPLITCART"))
    sample.add_message(last, "Numéro de commande Amazon :402-1")
    source = opened(standin).sources[0]
    pages = [page for page in source.after(None, Follower(opened(standin)).orders) if page.listings]
    assert len(pages) == 2
    references = {each.key: each.reference for each in pages[0].listings}
    assert (references[str(first)], references[str(last)]) == ("402-1", "402-1")
    assert str(stranger) not in references


@given(st.sets(st.integers(0, 5000), max_size=20), st.integers(0, 5000))
def test_a_bitmap_keeps_what_was_met(ids: set[int], first: int) -> None:
    kept = Bitmap(first)
    kept.add(ids)
    again = Bitmap.read(kept.written())
    assert {each for each in range(5001) if each in again} == {each for each in ids if each >= first}
    later = again.begin_at(first + 100)
    assert {each for each in range(5001) if each in later and each >= first + 100} == {
        each for each in ids if each >= first + 100
    }


def test_a_bitmap_of_a_big_shop_is_small() -> None:
    kept = Bitmap(1_000_000)
    kept.add(range(1_000_000, 1_050_000))
    kept.add([2**60])
    assert len(str(kept.written())) < 10_000


@given(st.dictionaries(st.integers(1, 200), st.sampled_from(["2", "4"])), st.sets(st.integers(1, 200)))
def test_orders_are_moved_that_entered_or_left(known: dict[int, str], there: set[int]) -> None:
    found = moved(known, there, {"4"})
    assert found == {order for order in known if (order in there) != (known[order] == "4")}


def test_a_forgotten_order_does_not_make_the_window_long() -> None:
    near = dict.fromkeys(range(100_000, 100_100), "2")
    assert split(near, 100_200) == (near, {})
    recent, old = split({1: "2", **near}, 100_000 + WINDOW)
    assert len(old) == len(near) // OLDEST
    assert min(recent) > 100_000
    assert recent | old == {1: "2", **near}


def test_a_place_survives_json() -> None:
    place = Place(5, [5, 1, 2], [4, 5], 7, 3, Bitmap(1), 9, {"7": "4"}, 3, "2026-11-28T00:00:00+00:00")
    again = Place.read(place.written())
    assert again.written() == place.written()


def test_a_corrected_number_is_found_by_processes_that_live_for_one_look(
    standin: Standin, sample: SampleShop, ours: list[int]
) -> None:
    """R2, R5: from the crontab nothing is kept from one look to the next but the cursor."""
    sample.set_tracking(ours[0], "6A1")
    follower = Follower(opened(standin))
    follower.follow()
    sample.set_tracking(ours[0], "6A2")
    for _ in range(12):
        follower.shop = opened(standin)
        follower.follow()
    assert follower.orders.seen[str(ours[0])].tracking_number == "6A2"


# What the bridge adds: the shipments of 9.1, and the newer module's table.


@pytest.fixture
def apart(sample: SampleShop, ours: list[int]) -> ShipmentShop:
    """The same shop in 9.1; its orders were placed with shipments."""
    upgraded = upgrade(sample)
    upgraded.ship_apart(ours)
    return upgraded


@pytest.fixture
def bridged(apart: ShipmentShop) -> Standin:
    made = Standin(apart, version="9.1.4")
    made.rights |= {"shipments"}
    return made


def test_numbers_in_shipments_are_seen_where_the_bridge_shows_them(
    apart: ShipmentShop, bridged: Standin, ours: list[int]
) -> None:
    """R2: one that is entered, a second parcel's, and one that is corrected within minutes; six questions at most."""
    made = Follower(opened(bridged))
    made.shop.in_the_way()
    follow_often(made, 6)
    first = str(ours[0])
    apart.set_tracking(ours[0], "6A1")
    apart.set_tracking(ours[1], "6A2")
    found = {key: seen.tracking_number for seen_now in follow_often(made, 3) for key, seen in seen_now.items()}
    assert found == {first: "6A1", str(ours[1]): "6A2"}
    apart.add_shipment(ours[0], "6A3")
    assert {number for each in follow_often(made, 3) if first in each for _, number in each[first].numbers} == {
        "6A1",
        "6A3",
    }
    apart.edit_shipment(apart.shipments(ours[1])[0], tracking_number="6A4")
    later = follow_often(made, 20)
    assert [each[str(ours[1])].tracking_number for each in later if str(ours[1]) in each] == ["6A4"]
    bridged.counted()
    for _ in range(20):
        assert made.shop.in_the_way() == []
        assert made.follow() == {}
        assert bridged.counted().total() <= 6


def test_what_a_glance_and_a_reading_show_of_shipments_is_the_same(
    apart: ShipmentShop, bridged: Standin, ours: list[int]
) -> None:
    """R6: with the carrier of the shipment, in four questions."""
    apart.set_tracking(ours[0], "6A1", carrier_id=1)
    reader = opened(bridged).reader
    reader.read([])
    keys = [str(each) for each in ours]
    bridged.counted()
    read = reader.read(keys)
    assert bridged.counted().total() <= 4 + 3  # carriers, statuses and rights are asked for once
    assert reader.look(keys) == {key: each.seen for key, each in read.items()}
    assert [(each.tracking_number, each.carrier_id) for each in read[keys[0]].parcels] == [("6A1", "1")]


def test_shipments_that_nobody_shows_are_said_and_what_to_do(bridged: Standin) -> None:
    """R22: their source is in trouble, which status and page show; the others go on."""
    bridged.rights -= {"shipments"}
    shop = opened(bridged)
    shop.in_the_way()
    [_all, hidden] = shop.sources
    with pytest.raises(ShopMisconfigured, match="Install the bridge") as error:
        list(hidden.after(None, Follower(shop).orders))
    assert (error.value.code, hidden.needed) == ("webservice-shipments", False)
    bridged.rights |= {"shipments"}
    assert list(opened(bridged).sources[1].after(None, Follower(shop).orders)) == []


def test_a_row_of_the_modules_table_that_is_corrected_is_followed_within_minutes(
    standin: Standin, sample: SampleShop, ours: list[int]
) -> None:
    """R39: its id, its reference or its marketplace; six questions at most while nothing is, four to read an order."""
    standin.rights |= {"shoppingfeed_orders"}
    follower = Follower(opened(standin))
    follow_often(follower, 6)
    relist(sample, ours[0], id_internal_shoppingfeed="77")
    relist(sample, ours[1], id_order_marketplace="402-9", name_marketplace="Fnac")
    [read] = follower.shop.reader.read([str(ours[0])]).values()
    assert read.claim == Claim(77, sample.order(ours[0]).marketplace_reference, sample.order(ours[0]).channel)
    follow_often(follower, 10)
    claims = follower.orders.claimed
    assert claims[str(ours[0])].feed_id == 77
    assert (claims[str(ours[1])].reference, claims[str(ours[1])].channel) == ("402-9", "Fnac")
    standin.counted()
    for _ in range(20):
        follower.shop.in_the_way()
        assert follower.follow() == {}
        assert standin.counted().total() <= 6


def relist(sample: SampleShop, order: int, **changes: str) -> None:
    table = sample.tables["shoppingfeed_order"]
    sample.execute(update(table).where(table.c.id_order == order).values(changes))


def test_the_modules_table_says_which_order_it_is_where_the_bridge_shows_it(
    standin: Standin, sample: SampleShop, ours: list[int]
) -> None:
    """R24: with the id at Shopping Feed, which needs no request then; messages are asked for of the others."""
    standin.rights |= {"shoppingfeed_orders"}
    listing = sample.tables["shoppingfeed_order"]
    sample.execute(delete(listing).where(listing.c.id_order == ours[1]))
    sample.add_message(ours[1], "Numéro de commande Amazon :402-1")
    shop = opened(standin)
    listed = {each.key: (each.feed_id, each.reference) for each in shop.listed([str(each) for each in ours[:2]])}
    told = sample.order(ours[0])
    assert listed == {str(ours[0]): (told.feed_id, told.marketplace_reference), str(ours[1]): (None, "402-1")}
    assert shop.reader.probe().known_by == {"table": 9, "old_module": 1}
