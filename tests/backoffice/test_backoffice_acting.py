"""What only a person can do, what an action does to several orders at once, and the order page that follows a run."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from sfsync.backoffice.kit.order_filter import channels_of
from sfsync.domain.decide import Because, Nothing
from sfsync.engine.outgoing.dispatch import _leave_to_people
from sfsync.engine.people import acts
from sfsync.engine.watch.story import story_of
from sfsync.models import Action, LogEntry, MarketplaceOrder, Notice, Order, Process, Task, Told
from sfsync.testing import DELIVERED, PROCESSING, REFUNDED, SHIPPED, World
from shoppingfeed.sandbox import Fault
from tests.pages import text

Committed = Callable[..., AbstractContextManager[Any]]
ACT = "/stores/main/orders/act/"
LEFT_TO_DO = "Amazon.fr does not accept refunds through Shopping Feed. Refund this order in its seller portal."


def listed(client: Client, **query: str) -> list[int]:
    page = text(client.get("/stores/main/orders/", query))
    return [int(number) for number in re.findall(r'/orders/(\d+)/"', page)]


@pytest.fixture
def by_hand(shop: World) -> int:
    """R9: an order of Amazon, which takes no refund from us, was shipped and then refunded in the shop."""
    order = shop.ship(shop.order(), "TRK-1")
    shop.sync(wait=10)
    MarketplaceOrder.objects.filter(shop_orders__key=order).update(channel="amazon")
    shop.shop.set_status(order, REFUNDED)
    shop.sync(wait=10)
    assert shop.accepted(order) == [("ship", "TRK-1")]
    return order


def test_what_a_marketplace_does_not_take_waits_for_a_person(shop: World, merchant: Client, by_hand: int) -> None:
    """R9: nothing is sent, and no page says that it is all done."""
    assert shop.row(by_hand).marketplace_order.by_hand == "refund"
    store = text(merchant.get("/stores/main/"))
    assert "1 order needs attention: 1 to refund on the marketplace." in store
    assert f"/orders/{by_hand}/" in store
    assert "All 1 updates" not in store
    page = text(merchant.get(f"/stores/main/orders/{by_hand}/"))
    assert '<span class="chip by-hand">To do on the marketplace</span>' in page
    assert LEFT_TO_DO in page
    assert "then click “Mark as done”" in page
    assert '">Confirmed</span>' not in page
    assert [each.sentence for each in story_of(shop.row(by_hand)).next] == [LEFT_TO_DO]


def test_all_stores_tell_of_it_too(shop: World, administrator: Client, by_hand: int) -> None:
    page = text(administrator.get("/"))
    assert "1 order needs attention: 1 to refund on the marketplace." in page
    assert "/stores/main/orders/?state=by-hand" in page


def test_it_is_found_by_its_state_and_exported_with_it(shop: World, merchant: Client, by_hand: int) -> None:
    assert listed(merchant, state="by-hand") == [by_hand]
    assert listed(merchant, state="by-hand", operation="refund") == [by_hand]
    assert listed(merchant, state="by-hand", operation="cancel") == []
    assert listed(merchant, state="confirmed") == []
    assert by_hand not in listed(merchant, state="quiet")
    export: Any = merchant.get("/stores/main/orders/export/?state=by-hand")
    lines = b"".join(export.streaming_content).decode().splitlines()
    assert len(lines) == 2
    assert "To do on the marketplace" in lines[1]


def test_done_by_hand_asks_first_and_then_knows_who_did_it(shop: World, merchant: Client, by_hand: int) -> None:
    """R9, R11: from then on the marketplace is taken to know it."""
    given = {"act": "by-hand", "order": shop.row(by_hand).pk}
    assert "Confirm only after you have done it" in text(merchant.post(ACT, given))
    assert shop.row(by_hand).marketplace_order.by_hand == "refund"
    answer = text(merchant.post(ACT, given | {"sure": "1"}, follow=True))
    assert "1 order marked as done." in answer
    assert LogEntry.objects.get(process="person").params == {"who": "claire", "operation": "refund"}
    row = shop.row(by_hand)
    there = row.marketplace_order
    assert (there.by_hand, there.confirmed_operation) == ("", "refund")
    assert shop.told(by_hand)[-1] == ("refund", "")
    page = text(merchant.get(f"/stores/main/orders/{by_hand}/"))
    assert "claire took care of the refund on the marketplace." in page
    assert listed(merchant, state="by-hand") == []


def test_what_was_done_by_hand_is_not_asked_for_again(shop: World, merchant: Client, by_hand: int) -> None:
    """R9: not by a later look at the same status, whatever made it."""
    merchant.post(ACT, {"act": "by-hand", "order": shop.row(by_hand).pk, "sure": "1"})
    shop.shop.set_tracking(by_hand, "TRK-2")
    shop.shop.set_status(by_hand, REFUNDED)
    shop.sync(wait=10)
    assert shop.row(by_hand).marketplace_order.by_hand == ""
    assert shop.notices(by_hand) == ["unsupported"]


def test_many_are_done_at_once_and_the_others_say_why_not(shop: World, merchant: Client, by_hand: int) -> None:
    other = shop.row(shop.order())
    chosen = [shop.row(by_hand).pk, other.pk]
    page = text(merchant.post(ACT, {"act": "by-hand", "order": chosen}))
    assert "1 selected order needs nothing on the marketplace:" in page
    assert f'name="order" value="{other.pk}"' not in page
    assert "1 order marked as done." in text(
        merchant.post(ACT, {"act": "by-hand", "order": chosen, "sure": "1"}, follow=True)
    )
    assert shop.row(other.key).marketplace_order.confirmed_operation == ""


def test_an_order_that_goes_on_needs_nobody(shop: World, by_hand: int) -> None:
    """R9: the refund was taken back, and the marketplace hears of what came instead."""
    shop.shop.set_status(by_hand, DELIVERED)
    shop.sync(wait=10)
    assert shop.row(by_hand).marketplace_order.by_hand == ""
    assert shop.accepted(by_hand)[-1][0] == "deliver"


def test_an_order_that_went_back_to_what_the_marketplace_knows_needs_nobody(shop: World, by_hand: int) -> None:
    """R9, R11."""
    shop.shop.set_status(by_hand, SHIPPED)
    shop.sync(wait=10)
    assert shop.row(by_hand).marketplace_order.by_hand == ""


def test_a_status_without_a_meaning_leaves_it_to_be_done(shop: World, by_hand: int) -> None:
    """R9: "archived" after "refunded" refunds nobody."""
    shop.store.statuses = {"shipped": [str(SHIPPED)], "refunded": [str(REFUNDED)]}
    shop.store.save()
    shop.shop.set_status(by_hand, DELIVERED)
    shop.sync(wait=10)
    assert shop.row(by_hand).marketplace_order.by_hand == "refund"


def test_giving_up_says_of_which_orders_there_is_nothing_to_give_up(shop: World, merchant: Client) -> None:
    """R16: a confirmed order is not pretended to be given up."""
    done, waiting = shop.ship(shop.order(), "TRK-1"), shop.ship(shop.order())
    shop.sync(wait=10)
    rows = [shop.row(done).pk, shop.row(waiting).pk]
    page = text(merchant.post(ACT, {"act": "give-up", "order": rows}))
    assert "1 selected order has no update to dismiss:" in page
    assert "Nothing has failed: Amazon.fr confirmed the shipment on" in page
    assert f'name="order" value="{rows[1]}"' in page
    assert f'name="order" value="{rows[0]}"' not in page


def test_giving_up_confirmed_orders_alone_is_not_offered(shop: World, merchant: Client) -> None:
    order = shop.ship(shop.order(), "TRK-1")
    shop.sync(wait=10)
    given = {"act": "give-up", "order": shop.row(order).pk}
    page = text(merchant.post(ACT, given))
    assert "None of the selected orders has an update to dismiss:" in page
    assert ">Dismiss these updates</button>" not in page
    assert "There was nothing to dismiss." in text(merchant.post(ACT, given | {"sure": "1"}, follow=True))


def test_send_now_is_logged_as_what_was_asked_for(shop: World, merchant: Client) -> None:
    """R21: not as another try; a waiting order too."""
    waiting, parked = shop.ship(shop.order(), "TRK-1"), shop.ship(shop.order(), "TRK-2")
    shop.sync(wait=10)
    later = shop.now() + timedelta(hours=1)
    for order in (waiting, parked):
        Task.objects.create(store=shop.store, order=shop.row(order).marketplace_order, update_at=later)
    failed = {"action": Action.ASIDE, "failure": "ignored", "failed_at": shop.now()}
    Task.objects.filter(order=shop.row(parked).marketplace_order).update(**failed)
    merchant.post(ACT, {"act": "send", "order": [shop.row(each).pk for each in (waiting, parked)], "sure": "1"})
    asked = LogEntry.objects.filter(process="person").values_list("code", "order__shop_orders__key")
    assert sorted(asked) == sorted([("person-send", str(waiting)), ("person-send", str(parked))])


def test_send_now_is_offered_only_where_something_would_be_sent(shop: World, merchant: Client) -> None:
    """R11."""
    order = shop.ship(shop.order(), "TRK-1")
    shop.sync(wait=10)
    page = text(merchant.get(f"/stores/main/orders/{order}/"))
    assert 'value="send"' not in page
    assert "Amazon.fr has already recorded the shipment: nothing to send." in page
    shop.shop.set_tracking(order, "TRK-2")
    assert 'value="send"' in text(merchant.get(f"/stores/main/orders/{order}/"))


def test_the_page_follows_its_order_until_it_is_at_rest(shop: World, merchant: Client) -> None:
    """R22: every two seconds while news is near, and no more when there is none to come."""
    order = shop.ship(shop.order(), "TRK-1")
    shop.sync()
    url = f"/stores/main/orders/{order}/"
    page = text(merchant.get(url))
    assert 'hx-trigger="every 2s"' in page
    assert ">Refresh</a>" in page
    seen = re.findall(r'hx-get="([^"]*)"', page)[0]
    same = merchant.get(seen, headers={"hx-request": "true"})
    assert (same.status_code, same.content) == (204, b"")
    shop.sync(wait=10)
    part = text(merchant.get(seen, headers={"hx-request": "true"}))
    assert "<html" not in part
    assert "hx-trigger" not in part
    assert 'hx-swap-oob="innerHTML">Confirmed.' in part
    assert "hx-trigger" not in text(merchant.get(url))


def test_the_page_looks_less_often_when_no_run_is_near(shop: World, merchant: Client) -> None:
    order = shop.ship(shop.order(), "TRK-1")
    shop.sync()
    url = f"/stores/main/orders/{order}/"
    Task.objects.update(sent_at=shop.now() - timedelta(hours=1))
    Process.objects.update(run_asked_at=shop.now() - timedelta(hours=1))
    assert 'hx-trigger="every 15s"' in text(merchant.get(url))
    Process.objects.update(run_asked_at=shop.now(), started_at=shop.now() - timedelta(minutes=5))
    assert 'hx-trigger="every 2s"' in text(merchant.get(url))
    aside = {"action": Action.ASIDE, "batch_id": "", "request_key": ""}
    Task.objects.update(**aside, failed_at=shop.now(), failure="ignored")
    assert "hx-trigger" not in text(merchant.get(url))


def test_a_run_that_a_person_started_reads_the_answer_too(
    shop: World, merchant: Client, django_capture_on_commit_callbacks: Committed
) -> None:
    """R19: try again, and see it confirmed."""
    order = shop.ship(shop.order(), "TRK-1")
    shop.store.tries = 1
    shop.store.save()
    shop.sandbox.fault(Fault("refuse", order_id=shop.feed_id(order), message="no"))
    shop.sync(wait=10)
    with django_capture_on_commit_callbacks(execute=True):
        merchant.post(ACT, {"act": "retry", "order": shop.row(order).pk})
    assert shop.row(order).marketplace_order.confirmed_operation == "ship"


def test_capitals_do_not_matter_to_a_search(shop: World, merchant: Client) -> None:
    order = shop.ship(shop.order(), "Trk-É9")
    shop.sync(wait=10)
    Order.objects.filter(key=order).update(shop_reference="XyZ")
    MarketplaceOrder.objects.filter(shop_orders__key=order).update(reference="Mkt-abC")
    for name in ("mkt-ABC", "xyz", "XYZ", "TRK-É9", "trk-É9"):
        assert listed(merchant, q=name) == [order], name
    assert listed(merchant, q="mkt") == []
    assert [each.key for each in Order.objects.named("MKT-abc")] == [str(order)]


def test_the_carrier_stands_beside_the_tracking_number(shop: World, merchant: Client) -> None:
    """And what was told of it to the marketplace."""
    order = shop.ship(shop.order(), "TRK-1")
    shop.sync(wait=10)
    carrier = shop.connections.shop(shop.store).reader.read([str(order)])[str(order)].parcels[0].carrier_name
    page = text(merchant.get(f"/stores/main/orders/{order}/"))
    found = re.findall(r'<th scope="row">Carrier</th>.*?<bdi>(.*?)</bdi>.*?<bdi>(.*?)</bdi>', page, re.DOTALL)
    assert found == [(carrier, carrier)]


def test_the_setting_behind_a_status_is_one_click_away(shop: World, merchant: Client) -> None:
    """R6."""
    order = shop.ship(shop.order(), "TRK-1")
    shop.sync(wait=10)
    page = text(merchant.get(f"/stores/main/orders/{order}/"))
    assert "“Shipped” is sent as “Shipped”." in page
    assert 'href="/stores/main/settings/">Edit status mapping</a>' in page
    shop.shop.set_status(order, PROCESSING)
    assert "is not mapped, so nothing is sent." in text(merchant.get(f"/stores/main/orders/{order}/"))


def test_marketplaces_are_chosen_by_name_whatever_their_capitals(shop: World) -> None:
    shop.sync()
    first, second, third, *_ = Order.objects.all()
    for order, channel in ((first, "zalando"), (second, "Amazon"), (third, "bol.com")):
        MarketplaceOrder.objects.filter(shop_orders=order).update(channel=channel)
    names = channels_of(shop.store)
    assert names == sorted(names, key=str.casefold)
    assert {"Amazon", "bol.com", "zalando"} <= set(names)
    assert Notice.objects.count() == 0


@pytest.mark.parametrize("status", [SHIPPED, DELIVERED])
def test_what_the_shop_wants_no_more_need_not_be_done_by_hand(shop: World, by_hand: int, status: int) -> None:
    """Without a number it waits (R4), with one it is confirmed already: either way nobody has to refund it."""
    shop.shop.set_tracking(by_hand, "")
    shop.shop.set_status(by_hand, status)
    shop.sync()
    assert shop.row(by_hand).marketplace_order.by_hand == ""


def test_work_by_hand_that_nobody_needs_is_given_up(shop: World, merchant: Client, by_hand: int) -> None:
    """Without the marketplace being taken to know of it: a later change is sent as ever."""
    row = shop.row(by_hand).pk
    assert "Dismiss…" in text(merchant.get(f"/stores/main/orders/{by_hand}/"))
    assert LEFT_TO_DO in text(merchant.post(ACT, {"act": "give-up", "order": row}))
    merchant.post(ACT, {"act": "give-up", "order": row, "sure": "1"})
    order = shop.row(by_hand).marketplace_order
    assert (order.by_hand, order.confirmed_operation) == ("", "ship")
    assert ("refund", "") not in shop.told(by_hand)
    shop.ship(by_hand, "TRK-2")
    shop.sync(wait=10)
    assert shop.accepted(by_hand) == [("ship", "TRK-1"), ("ship", "TRK-2")]


def test_what_was_done_by_hand_during_a_run_is_not_asked_for_again(shop: World, by_hand: int) -> None:
    """R9: the run had decided before the person said so."""
    there = shop.row(by_hand).marketplace_order
    MarketplaceOrder.objects.filter(pk=there.pk).update(by_hand="")
    Told.objects.create(order=there, operation="refund", how="by hand", at=shop.now())
    task = Task(order=shop.row(by_hand).marketplace_order)
    _leave_to_people([(task, Nothing(Because.UNSUPPORTED, "refund"))])
    assert shop.row(by_hand).marketplace_order.by_hand == ""


def test_an_order_that_failed_is_not_listed_as_work_by_hand(shop: World, merchant: Client, by_hand: int) -> None:
    """The first state that applies is the order's."""
    there, failed = shop.row(by_hand).marketplace_order, {"failure": "order-gone", "failed_at": shop.now()}
    Task.objects.create(store=shop.store, order=there, action=Action.ASIDE, **failed)
    assert listed(merchant, state="by-hand") == []
    assert listed(merchant, state="failed") == [by_hand]


def test_who_did_it_is_not_told_as_the_marketplaces_word(shop: World, by_hand: int) -> None:
    acts.done_by_hand(Order.objects.filter(key=by_hand), "jeanne")
    assert acts.why_not(shop.row(by_hand)).startswith("Nothing has failed: Amazon.fr confirmed the refund on")


def test_a_page_that_looks_again_after_the_session_ended_goes_to_the_sign_in_page(shop: World) -> None:
    """As a whole: what htmx asked for is a part of a page, and the sign-in page is none."""
    here = f"/stores/main/orders/{shop.order()}/"
    answer = Client().get(here, headers={"hx-request": "true", "hx-current-url": f"http://testserver{here}"})
    assert answer.status_code == 200
    assert answer["HX-Redirect"] == f"/sign-in/?next={here}"
    assert answer.content == b""


@pytest.mark.parametrize(
    "query",
    [
        "at=a_1_1",
        "sort=ordinal&at=a_2020-01-01_5",
        "sort=ordinal&at=a_99999999999999999999_5",
        "at=a_2020-01-01_5",
    ],
)
def test_a_senseless_mark_shows_the_first_page(shop: World, merchant: Client, query: str) -> None:
    shop.sync()
    assert listed(merchant) != []
    sort = {"sort": "ordinal"} if "sort" in query else {}
    page = text(merchant.get(f"/stores/main/orders/?{query}"))
    assert re.findall(r'/orders/(\d+)/"', page) == [str(each) for each in listed(merchant, **sort)]


def test_a_reference_that_begins_with_a_number_sign_is_found(shop: World, merchant: Client) -> None:
    shop.sync()
    order = shop.order()
    MarketplaceOrder.objects.filter(shop_orders__key=order).update(reference="#1234")
    assert listed(merchant, q="#1234") == [order]
    assert listed(merchant, q=f"#{order}") == [order]
    assert listed(merchant, q="#") == []


def test_many_orders_that_are_really_gone_are_dismissed_by_one_button(shop: World, merchant: Client) -> None:
    """A store that lost many at once asks; the page names them before, and the store goes on after."""
    shop.sync()
    orders = [shop.ship(shop.order()) for _ in range(20)]
    shop.sync()
    shop.advance(minutes=6)
    table = shop.shop.tables["orders"]
    shop.shop.execute(table.delete().where(table.c.id_order.in_(orders[:15])))
    assert not shop.sync().ok
    page = merchant.get("/stores/main/").content.decode()
    assert 'name="all" value="vanished"' in page
    asked = merchant.post("/stores/main/orders/act/", {"act": "give-up", "all": "vanished"}).content.decode()
    assert "Dismiss these updates?" in asked
    assert asked.count('name="order"') == 15
    merchant.post("/stores/main/orders/act/", {"act": "give-up", "all": "vanished", "sure": "1"})
    assert shop.sync().ok
    assert 'value="vanished"' not in merchant.get("/stores/main/").content.decode()
