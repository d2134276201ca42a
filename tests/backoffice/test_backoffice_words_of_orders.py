"""What the pages say of orders, forms and stores: the right words at the right moment, in one language."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import chain
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.utils import translation

from sfsync import texts
from sfsync.backoffice.kit.reader_texts import Said, advice, on_form
from sfsync.backoffice.screens.acting import Chosen, by_reason
from sfsync.engine.people import acts
from sfsync.engine.people.change_settings import in_words
from sfsync.engine.watch.story import story_of
from sfsync.models import LogEntry, MarketplaceOrder, Notice, Order, Store, Task
from sfsync.models.log import Level
from sfsync.templatetags.sfsync_backoffice import marked
from sfsync.testing import REFUNDED, SHIPPED, World
from shoppingfeed.sandbox import Fault
from tests.pages import text

ACT = "/stores/main/orders/act/"
CHIP = '<span class="chip given-up">Dismissed</span>'
MESSAGE = "connection reset by peer"


def unfolded(page: str) -> str:
    """What is read without opening anything."""
    return re.sub(r'<details class="technical">.*?</details>', "", page, flags=re.DOTALL)


def listed(client: Client, state: str) -> list[int]:
    page = text(client.get("/stores/main/orders/", {"state": state}))
    return [int(number) for number in re.findall(r'/orders/(\d+)/"', page)]


@pytest.fixture
def refused(shop: World) -> int:
    """R16: the marketplace refused its ship, and it waits for a person."""
    order = shop.ship(shop.order(), "TRK-1")
    shop.store.tries = 1
    shop.store.save()
    shop.sandbox.fault(Fault("refuse", order_id=shop.feed_id(order), message="no such parcel"))
    shop.sync(wait=10)
    return order


@pytest.fixture
def by_hand(shop: World) -> int:
    """R9: shipped, then refunded in the shop, on a marketplace that takes no refund from us."""
    order = shop.ship(shop.order(), "TRK-1")
    shop.sync(wait=10)
    MarketplaceOrder.objects.filter(shop_orders__key=order).update(channel="amazon")
    shop.shop.set_status(order, REFUNDED)
    shop.sync(wait=10)
    return order


def give_up(client: Client, world: World, order: int) -> str:
    world.advance(seconds=1)
    with time_machine.travel(world.now(), tick=False):
        given = {"act": "give-up", "order": world.row(order).pk, "sure": "1"}
        return text(client.post(ACT, given, follow=True))


# Given up


def test_a_given_up_order_says_so_and_is_found_again(shop: World, merchant: Client, refused: int) -> None:
    """R16: the marketplace was never told, so "nothing to report" would be a lie."""
    assert "1 update dismissed." in give_up(merchant, shop, refused)
    page = text(merchant.get(f"/stores/main/orders/{refused}/"))
    assert CHIP in page
    assert re.search(r"Dismissed on .*: the marketplace was not updated\.", page)
    assert listed(merchant, "given-up") == [refused]
    assert refused not in listed(merchant, "quiet")
    export: Any = merchant.get("/stores/main/orders/export/?state=given-up")
    lines = b"".join(export.streaming_content).decode().splitlines()
    assert [("Dismissed" in line, "the marketplace was not updated" in line) for line in lines[1:]] == [(True, True)]


def test_the_command_line_tells_of_it_too(shop: World, merchant: Client, refused: int) -> None:
    """R16: `sfsync why`, and giving up or trying again once more."""
    give_up(merchant, shop, refused)
    row = shop.row(refused)
    assert story_of(row).next[0].sentence.startswith("Dismissed on ")
    assert acts.why_not(row) == acts.given_up(row)


def test_once_given_up_nothing_else_is_said_of_what_comes(shop: World, merchant: Client) -> None:
    """R4, R16: neither that all is well, nor that something is waited for."""
    order = shop.ship(shop.order())
    shop.sync()
    give_up(merchant, shop, order)
    [coming] = story_of(shop.row(order)).next
    assert re.fullmatch(
        r"Dismissed on .*: the marketplace was not updated\. "
        r"We send an update again when the status or tracking number changes\.",
        coming.sentence,
    )
    page = text(merchant.get(f"/stores/main/orders/{order}/"))
    assert "Up to date" not in page
    assert page.count("waiting for it until") == 1, "the story tells that it was waited for"


def test_a_later_change_ends_it(shop: World, merchant: Client, refused: int) -> None:
    """R1: what the marketplace hears in the end counts, and is confirmed."""
    give_up(merchant, shop, refused)
    shop.advance(minutes=1)
    shop.shop.set_tracking(refused, "TRK-2")
    shop.sync(wait=10)
    assert shop.accepted(refused)[-1] == ("ship", "TRK-2")
    assert acts.given_up(shop.row(refused)) == ""
    assert listed(merchant, "given-up") == []
    assert listed(merchant, "confirmed") == [refused]


def test_while_something_is_on_its_way_that_counts(shop: World, merchant: Client, refused: int) -> None:
    give_up(merchant, shop, refused)
    Task.objects.create(store=shop.store, order=shop.row(refused).marketplace_order, update_at=shop.now())
    assert listed(merchant, "given-up") == []
    assert listed(merchant, "waiting") == [refused]


def test_work_by_hand_that_is_given_up_is_given_up(shop: World, merchant: Client, by_hand: int) -> None:
    """R9: the marketplace knows of the ship, and never hears of the refund."""
    assert "1 update dismissed." in give_up(merchant, shop, by_hand)
    assert shop.row(by_hand).marketplace_order.by_hand == ""
    assert CHIP in text(merchant.get(f"/stores/main/orders/{by_hand}/"))
    assert listed(merchant, "given-up") == [by_hand]
    assert listed(merchant, "confirmed") == []


def test_every_order_is_in_one_state(shop: World, merchant: Client, refused: int) -> None:
    """The filter and the chip agree on all of them."""
    done = shop.ship(shop.order(), "TRK-3")
    shop.sync(wait=10)
    give_up(merchant, shop, refused)
    found = {state: listed(merchant, state) for state in ("given-up", "confirmed", "quiet", "failed", "by-hand")}
    assert found["given-up"] == [refused]
    assert found["confirmed"] == [done]
    assert len(found["quiet"]) == 18
    assert sorted(chain(*found.values())) == sorted(shop.shop.order_ids())


# One language


@pytest.mark.parametrize("failure", ["no-answer", "no-feed-id", "unpreparable"])
def test_a_programs_english_is_folded_up_in_a_french_story(
    shop: World, sign_in: Callable[..., Client], refused: int, failure: str
) -> None:
    """R20, R21: in the story, in what happens next, and in the list."""
    row = shop.row(refused)
    params = {"operation": "ship", "message": MESSAGE}
    LogEntry.objects.create(
        store=shop.store, order=row.marketplace_order, level=Level.ERROR, code=f"failed-{failure}", params=params
    )
    Task.objects.filter(order=row.marketplace_order).update(failure=failure, last_error=MESSAGE)
    reader = sign_in("jeanne", shop.store, language="fr")
    page = text(reader.get(f"/stores/main/orders/{refused}/"))
    assert page.count(MESSAGE) == 2
    assert MESSAGE not in unfolded(page)
    assert MESSAGE not in text(reader.get("/stores/main/orders/"))


def test_what_is_tried_again_folds_it_up_too(shop: World, merchant: Client, refused: int) -> None:
    """R16."""
    Task.objects.update(failure="no-answer", last_error=MESSAGE, failed_at=None)
    page = text(merchant.get(f"/stores/main/orders/{refused}/"))
    assert "although it was sent several times. It is retried on" in page
    assert MESSAGE not in unfolded(page)
    assert MESSAGE in page


def test_what_the_marketplace_said_stays_open(shop: World, merchant: Client, refused: int) -> None:
    """R16: its message is the reason."""
    assert "Amazon.fr rejected the shipment: “no such parcel”" in unfolded(
        text(merchant.get(f"/stores/main/orders/{refused}/"))
    )


def test_a_list_of_meanings_is_joined_as_the_language_joins() -> None:
    recorded = {"shipped": [4], "delivered": [5]}
    with translation.override("en"):
        assert in_words(recorded) == "Shipped: 4; Delivered: 5"
    with translation.override("fr"):
        assert in_words(recorded) == "Expédiée\u00a0: 4\u00a0; Livrée\u00a0: 5"


# Words that fit the moment


def test_after_the_last_try_nobody_speaks_of_the_last_try(shop: World, merchant: Client, refused: int) -> None:
    """R16."""
    page = text(merchant.get(f"/stores/main/orders/{refused}/"))
    assert "Fix it in the shop" in page
    assert "last try" not in page


def test_a_mail_about_an_order_is_said_to_who_got_it(shop: World, merchant: Client, refused: int) -> None:
    """R20: the reader is the merchant."""
    Notice.objects.filter(order=shop.row(refused).marketplace_order).update(mailed_at=shop.now())
    page = text(merchant.get(f"/stores/main/orders/{refused}/"))
    assert "Email alert sent." in page
    assert "The merchant" not in page


def test_an_order_says_why_nothing_would_be_sent(shop: World, merchant: Client) -> None:
    """R11."""
    order = shop.ship(shop.order(), "TRK-1")
    shop.sync(wait=10)
    page = text(merchant.get(f"/stores/main/orders/{order}/"))
    assert "Amazon.fr has already recorded the shipment: nothing to send." in page
    assert page.lower().count("nothing to send") == 1


@pytest.mark.parametrize("code", ["token-refused", "store-not-opened", "shop-misconfigured"])
def test_above_the_form_the_advice_speaks_of_the_form(code: str) -> None:
    """A store that is only being added has no settings and no diagnostics yet."""
    said = on_form(code, Said("Refused.", advice(code)))
    assert "Settings" in advice(code)
    assert not re.search("settings|diagnostics", said.advice)
    assert on_form(code, Said("Refused.", "Something better.")).advice == "Something better."


def test_ids_of_batches_are_short_and_whole(shop: World, merchant: Client) -> None:
    """R14: for who looks, and for who copies."""
    batch = "0123456789abcdef" * 2
    assert marked(f"Sent (batch {batch}).") == f'Sent (batch <span class="id" title="{batch}">{batch}</span>).'
    assert marked("Sent (batch 12).") == "Sent (batch 12)."
    assert texts.sentence("mailed", {"recipients": "a@b.fr", "notices": 1}).endswith("(problems: 1).")


def test_what_is_not_sent_is_grouped_by_its_reason(shop: World, merchant: Client) -> None:
    """R11: twenty confirmed orders have one reason."""
    done = [shop.ship(shop.order(), f"TRK-{each}") for each in range(2)]
    shop.sync(wait=10)
    quiet = shop.row(shop.order())
    chosen = [shop.row(each).pk for each in done] + [quiet.pk]
    page = text(merchant.post(ACT, {"act": "send", "order": chosen}))
    assert page.count("Amazon.fr has already recorded the shipment: nothing to send.") == 1
    group = page.split("has already recorded the shipment")[1].split("</li>")[0]
    assert sorted(map(int, re.findall(r"/orders/(\d+)/", group))) == sorted(done)
    assert page.count("Its status is not mapped") == 1


def test_orders_keep_their_place_within_a_reason() -> None:
    first, second, third = (Order(key=each) for each in (1, 2, 3))
    idle = [Chosen(first, False, "known"), Chosen(second, False, "gone"), Chosen(third, False, "known")]
    assert [(said, [each.key for each in orders]) for said, orders in by_reason(idle)] == [
        ("known", [1, 3]),
        ("gone", [2]),
    ]


# Forms


SENDING = "/stores/main/settings/sending/"
WRONG = {
    "mode": "batch",
    "every_minutes": "0",
    "delay_minutes": "5",
    "tries": "0",
    "retry_minutes": "5",
    "reconcile_hour": "4",
}


def test_a_wrong_form_counts_its_mistakes_and_leads_to_the_first(shop: World, merchant: Client) -> None:
    page = text(merchant.post(SENDING, WRONG | {"without": "never", "do": "review"}))
    assert "Nothing saved yet: please correct 2 fields below." in page
    assert "<title>Error: Sending · Settings · main" in page
    focused = re.findall(r"<input[^>]*autofocus[^>]*>", page)
    assert [re.findall('name="([^"]*)"', each) for each in focused] == [["every_minutes"]]


def test_a_right_form_leaves_title_and_focus_alone(shop: World, merchant: Client) -> None:
    page = text(merchant.get(SENDING))
    assert "<title>Sending · Settings · main" in page
    assert "autofocus" not in page
    assert "please correct" not in page


def test_a_wrong_password_leaves_the_focus_on_the_name(administrator: Client) -> None:
    """Neither field is wrong by itself."""
    page = text(Client().post("/sign-in/", {"login": "claire", "password": "wrong"}))
    assert re.search(r"<title>Error:\s+Sign in", page)
    assert re.findall(r'<input[^>]*name="([^"]*)"[^>]*autofocus', page) == ["login"]


def test_adding_a_store_or_a_person_counts_mistakes_too(shop: World, administrator: Client) -> None:
    for url in ("/new-store/", "/people/new/"):
        page = text(administrator.post(url, {"name": "x"}))
        assert re.search(r"Nothing saved yet: please correct \d+ fields? below\.", page), url
        assert "<title>Error: " in page
        assert page.count("autofocus") == 1
    assert User.objects.count() == 1


# The overview


def tile(page: str) -> tuple[str, str]:
    """Where "Needs attention" leads to, and how many."""
    link, count = re.findall(r'<dt>Needs attention</dt><dd><a href="([^"]*)">(\d+)</a>', page)[0]
    return link, count


def test_the_tile_counts_what_the_list_shows(shop: World, merchant: Client, refused: int) -> None:
    """R9, R16: failed, and to be done by hand."""
    page = text(merchant.get("/stores/main/"))
    assert tile(page) == ("/stores/main/orders/?state=failed", "1")
    other = shop.row(shop.order())
    MarketplaceOrder.objects.filter(shop_orders=other).update(by_hand="cancel")
    page = text(merchant.get("/stores/main/"))
    assert tile(page) == ("/stores/main/#need-title", "2")
    assert page.count('<li><a class="row"') == 2
    assert "2 orders need attention: 1 failed, 1 to cancel on the marketplace." in page
    Task.objects.all().delete()
    assert tile(text(merchant.get("/stores/main/"))) == ("/stores/main/orders/?state=by-hand", "1")


def test_all_stores_lead_to_what_failed(shop: World, administrator: Client, refused: int) -> None:
    page = text(administrator.get("/"))
    assert '<a href="/stores/main/orders/?state=failed">View failed</a>' in page
    assert "state=by-hand" not in page


def test_a_shop_that_is_away_is_said_once_and_leads_to_its_connection(shop: World, merchant: Client) -> None:
    Store.objects.update(shop_secrets={"url": "mysql+pymysql://reader:pw@127.0.0.1:1/shop"})
    shop.sync(store=Store.objects.get())
    page = text(merchant.get("/stores/main/"))
    assert unfolded(page).count("The shop does not answer.") == 1
    assert re.search(r'class="button primary" href="/stores/main/settings/connection/">Check the connection', page)
    assert '<p class="fine">' not in page


def test_a_store_in_good_health_has_its_headline(shop: World, merchant: Client) -> None:
    shop.sync()
    page = text(merchant.get("/stores/main/"))
    assert '<p class="mood big' in page
    assert "Check the connection" not in page
    assert '<p class="fine">' in page


def test_a_number_beside_the_one_that_was_sent_is_shown_as_not_sent(shop: World, merchant: Client) -> None:
    """R29: a shipment carries one number; page, `why` and evidence name the others."""
    order = shop.order()
    shop.shop.add_parcel(order, "6A00000000001")
    shop.shop.add_parcel(order, "6A00000000002")
    shop.shop.set_status(order, SHIPPED)
    shop.sync(wait=10)
    page = text(merchant.get(f"/stores/main/orders/{order}/"))
    listed_there = re.findall(r'<li class="long">(.*?)</li>', page, flags=re.DOTALL)
    said = [re.sub(r"<[^>]*>", "", each).split() for each in listed_there]
    assert [" ".join(each) for each in said] == [
        "6A00000000002 (My carrier) · sent to the marketplace",
        "6A00000000001 (My carrier) · not sent: one number per shipment",
    ]
    row = Order.objects.get(key=str(order))
    assert [(each["tracking_number"], each["marketplace"]) for each in story_of(row).as_dict()["parcels"]] == [
        ("6A00000000002", "told"),
        ("6A00000000001", "not-told"),
    ]
    evidence = text(merchant.get(f"/stores/main/orders/{order}/evidence.html"))
    assert "not sent: one number per shipment" in evidence


def test_one_parcel_of_which_no_more_is_known_is_no_list(shop: World, merchant: Client) -> None:
    order = shop.ship(shop.order(), "TRK-1")
    shop.sync(wait=10)
    assert 'id="parcels"' not in text(merchant.get(f"/stores/main/orders/{order}/"))


def test_a_shipment_that_no_sync_has_seen_is_not_called_up_to_date(shop: World, merchant: Client) -> None:
    """The page has the shop's answer beside it; `why` asks for it."""
    order = shop.order()
    shop.sync()
    assert "No update needed" in text(merchant.get(f"/stores/main/orders/{order}/"))
    shop.ship(order, "T-1")
    page = text(merchant.get(f"/stores/main/orders/{order}/"))
    story = story_of(shop.row(order), shop.connections)
    for said in (page, " ".join(each.sentence for each in story.next)):
        assert "No sync has seen this yet; the next one decides." in said
        assert "Up to date" not in said
    assert "Waiting to be sent" in page
    assert "No update needed" not in page
