"""The list of orders, one order, and what a person does about them."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.test import Client

from sfsync.models import LogEntry, MarketplaceOrder, Order, Task
from sfsync.testing import DELIVERED, SHIPPED, World
from shoppingfeed.sandbox import Fault
from tests.pages import markup as text

REFUSAL = "The tracking number is unknown to the carrier"
Committed = Callable[..., AbstractContextManager[Any]]


@pytest.fixture
def refused(shop: World) -> int:
    """An order whose ship the marketplace refused three times: it needs a person."""
    order = shop.ship(shop.order(), "TRK-1")
    shop.store.tries = 1
    shop.store.save()
    shop.sandbox.fault(Fault("refuse", order_id=shop.feed_id(order), message=REFUSAL))
    shop.sync(wait=10)
    return order


def numbers(page: str, world: World) -> list[int]:
    return [order for order in world.shop.order_ids() if f'/orders/{order}/"' in page]


def test_a_refused_order_says_so_everywhere(shop: World, merchant: Client, refused: int) -> None:
    """R16: failed, visible, with the API's message."""
    assert "1 order needs attention: 1 failed." in text(merchant.get("/stores/main/"))
    listed = text(merchant.get("/stores/main/orders/?state=failed"))
    assert numbers(listed, shop) == [refused]
    assert REFUSAL in listed
    story = text(merchant.get(f"/stores/main/orders/{refused}/"))
    assert REFUSAL in story
    assert "TRK-1" in story
    assert "Fix it in the shop" in story


def test_try_again_sends_it_again(
    shop: World, merchant: Client, refused: int, django_capture_on_commit_callbacks: Committed
) -> None:
    """R16: a person retries; the log says who."""
    with django_capture_on_commit_callbacks(execute=True):
        answer = merchant.post("/stores/main/orders/act/", {"act": "retry", "order": shop.row(refused).pk}, follow=True)
    assert "1 update is being retried." in text(answer)
    shop.sync(wait=10)
    assert shop.accepted(refused)[-1] == ("ship", "TRK-1")
    assert shop.row(refused).marketplace_order.confirmed_operation == "ship"
    assert LogEntry.objects.get(code="person-retry").params == {"who": "claire"}


def test_send_now_shows_first_what_would_be_sent(shop: World, merchant: Client, refused: int) -> None:
    """In words; as it goes out only for who unfolds it."""
    before = shop.accepted(refused)
    page = text(merchant.post("/stores/main/orders/act/", {"act": "send", "order": shop.row(refused).pk}))
    assert "This will be sent (1 order):" in page
    assert "sfsync will report the shipment." in page
    assert dict(re.findall(r"<dt>(.*?)</dt><dd[^>]*><bdi>(.*?)</bdi>", page))["Tracking number"] == "TRK-1"
    technical = page.split("Technical details")[1].split("</details>")[0]
    assert "&quot;trackingNumber&quot;: &quot;TRK-1&quot;" in technical
    assert shop.accepted(refused) == before
    assert Task.objects.get().parked


def test_send_now_sends_what_was_shown(
    shop: World, merchant: Client, refused: int, django_capture_on_commit_callbacks: Committed
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        merchant.post("/stores/main/orders/act/", {"act": "send", "order": shop.row(refused).pk, "sure": "1"})
    assert len(shop.accepted(refused)) == 2
    assert LogEntry.objects.get(process="person").code == "person-send"


def test_send_now_foretells_nothing_where_nothing_would_be_sent(shop: World, merchant: Client) -> None:
    """R4, R11: a missing tracking number is waited for, a confirmed order is not sent again."""
    waiting, done = shop.ship(shop.order()), shop.ship(shop.order(), "TRK-2")
    shop.sync(wait=10)
    rows = [shop.row(waiting).pk, shop.row(done).pk]
    page = text(merchant.post("/stores/main/orders/act/", {"act": "send", "order": rows}))
    assert "Nothing to send, as the shop stands now:" in page
    assert ">Review and send</button>" not in page
    assert "waiting for it until" in page
    assert "has already recorded the shipment" in page


def test_give_up_asks_first_and_then_drops_the_update(shop: World, merchant: Client, refused: int) -> None:
    given = {"act": "give-up", "order": shop.row(refused).pk}
    assert "These updates will not be sent" in text(merchant.post("/stores/main/orders/act/", given))
    assert Task.objects.count() == 1
    merchant.post("/stores/main/orders/act/", given | {"sure": "1"})
    assert Task.objects.living().count() == 0
    assert LogEntry.objects.get(code="person-give-up").params == {"who": "claire"}


def test_all_failed_orders_at_once(shop: World, merchant: Client) -> None:
    orders = [shop.ship(shop.order()) for _ in range(3)]
    shop.sync()
    shop.advance(minutes=10)
    shop.sync()
    assert Task.objects.parked().count() == 3
    merchant.post("/stores/main/orders/act/", {"act": "retry", "all": "failed"})
    assert Task.objects.parked().count() == 0
    assert len(orders) == 3


def test_an_action_on_another_stores_order_does_nothing(shop: World, merchant: Client) -> None:
    other = shop.add_store("other", shop_url=shop.shop.url)
    there = MarketplaceOrder.objects.create(store=other, created_at=shop.now())
    row = Order.objects.create(store=other, marketplace_order=there, key=1, created_at=shop.now())
    Task.objects.create(store=other, order=there, action="SET_ASIDE", failed_at=shop.now(), failure="ignored")
    answer = merchant.post("/stores/main/orders/act/", {"act": "retry", "order": row.pk}, follow=True)
    assert "Select at least one order." in text(answer)
    assert Task.objects.parked().count() == 1


def test_search_finds_an_order_by_every_number_it_has(shop: World, merchant: Client) -> None:
    order = shop.ship(shop.order(), "TRK-9")
    shop.sync(wait=10)
    row = shop.row(order)
    for name in (
        str(order),
        row.shop_reference,
        row.marketplace_order.reference,
        str(row.marketplace_order.feed_id),
        "TRK-9",
        f"#{order}",
    ):
        assert numbers(text(merchant.get("/stores/main/orders/", {"q": name})), shop) == [order], name
    nothing = text(merchant.get("/stores/main/orders/", {"q": "TRACK"}))
    assert "No matching orders." in nothing


def test_filters_narrow_the_list(shop: World, merchant: Client, refused: int) -> None:
    done, waiting = shop.ship(shop.order(), "TRK-3"), shop.ship(shop.order())
    shop.sync(wait=10)

    def shown(**query: str) -> list[int]:
        return numbers(text(merchant.get("/stores/main/orders/", query)), shop)

    assert shown(state="failed") == [refused]
    assert shown(state="confirmed") == [done]
    assert shown(state="waiting") == [waiting]
    assert shown(operation="ship") == [done]
    assert shown(state="failed", operation="ship") == [refused]
    assert set(shown(channel=shop.row(done).marketplace_order.channel)) >= {done}
    assert shown(since="2999-01-01") == []
    assert len(shown(sort="ordinal")) == 20
    assert len(shown(state="nonsense", since="nonsense", sort="nonsense", at="nonsense")) == 20


def test_the_shop_and_the_marketplace_stand_side_by_side(shop: World, merchant: Client) -> None:
    """R2: the difference is visible before the next run takes it away."""
    order = shop.ship(shop.order(), "TRK-OLD-1")
    shop.sync(wait=10)
    shop.shop.set_tracking(order, "TRK-NEW-1")
    shop.shop.set_status(order, DELIVERED)
    page = text(merchant.get(f"/stores/main/orders/{order}/"))
    assert "In PrestaShop" in page
    assert "Delivered" in page
    assert "TRK-NEW-1" in page
    assert "TRK-OLD-1" in page
    assert "differs" in page


def sides(page: str) -> dict[str, list[str]]:
    """The comparison: row → what the shop says, what the marketplace believes; one cell where they say the same."""
    rows = re.findall(r'<th scope="row">([^<]*)</th>(.*?)</tr>', page.split('class="sides"')[1], re.DOTALL)
    cells = {name: re.findall(r"<bdi>(.*?)</bdi>", row) for name, row in rows}
    return {name: each for name, each in cells.items() if each}


def test_each_side_has_its_own_reference_and_the_marketplace_its_name(shop: World, merchant: Client) -> None:
    order = shop.ship(shop.order(), "TRK-1")
    shop.sync(wait=10)
    row = shop.row(order)
    page = sides(text(merchant.get(f"/stores/main/orders/{order}/")))
    assert page["Shop reference"] == [row.shop_reference]
    assert page["Marketplace reference"] == [row.marketplace_order.reference]
    assert page["Marketplace"] == ["Amazon.fr"]
    assert page["Status"] == ["Shipped", "Shipped"]
    names = ["Status", "Tracking number", "Carrier", "Shop reference", "Marketplace reference", "Marketplace"]
    assert list(page) == names


def test_what_failed_and_what_to_do_are_two_paragraphs(shop: World, merchant: Client, refused: int) -> None:
    """R16."""
    page = text(merchant.get(f"/stores/main/orders/{refused}/"))
    assert f"Amazon.fr rejected the shipment: “{REFUSAL}”.</p><p" in page


def test_the_pages_stand_when_the_shop_is_down(shop: World, merchant: Client, refused: int) -> None:
    shop.store.shop_secrets = {"url": "mysql+pymysql://reader:pw@127.0.0.1:1/shop"}
    shop.store.save()
    assert "The shop does not answer." in text(merchant.get("/stores/main/orders/"))
    page = text(merchant.get(f"/stores/main/orders/{refused}/"))
    assert "In PrestaShop, last seen" in page
    assert f"#{SHIPPED}" in page
    asked = text(merchant.post("/stores/main/orders/act/", {"act": "send", "order": shop.row(refused).pk}))
    assert "preview unavailable: the shop is not responding" in asked


def test_what_a_marketplace_writes_is_text_and_nothing_else(shop: World, merchant: Client) -> None:
    order = shop.ship(shop.order(), "<b>T&1</b>")
    shop.sandbox.fault(Fault("refuse", order_id=shop.feed_id(order), message="<script>alert(1)</script>"))
    shop.sync(wait=10)
    for url in ("/stores/main/orders/", f"/stores/main/orders/{order}/", "/stores/main/log/", "/stores/main/"):
        page = text(merchant.get(url))
        assert "<script>alert" not in page
        assert "<b>T" not in page


def test_export_holds_all_chosen_orders_and_no_formula(shop: World, merchant: Client, refused: int) -> None:
    Order.objects.filter(key=refused).update(shop_reference="=1+1")
    answer: Any = merchant.get("/stores/main/orders/export/?state=retrying")
    answer = merchant.get("/stores/main/orders/export/")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert len(lines) == 21
    assert lines[0].startswith("Shop order,Shop reference,Marketplace")
    assert ",'=1+1," in "\n".join(lines)
    filtered: Any = merchant.get("/stores/main/orders/export/?q=nothing")
    assert len(b"".join(filtered.streaming_content).decode().splitlines()) == 1


def test_pages_follow_each_other_and_come_back(shop: World, merchant: Client) -> None:
    shop.sync()
    made = {"store": shop.store, "created_at": shop.now()}
    there = MarketplaceOrder.objects.bulk_create(MarketplaceOrder(**made) for _ in range(120))
    rows = [Order(marketplace_order=each, key=10_000 + n, **made) for n, each in enumerate(there)]
    Order.objects.bulk_create(rows)
    url, seen = "/stores/main/orders/", []
    pages = []
    while url:
        page = text(merchant.get(url))
        pages.append(url)
        seen += [int(part.split("/")[0]) for part in page.split("/stores/main/orders/")[1:] if part[0].isdigit()]
        url = f"/stores/main/orders/{link(page, 'next')}" if 'rel="next"' in page else ""
    assert len(seen) == len(set(seen)) == 140
    back = text(merchant.get(f"/stores/main/orders/{link(text(merchant.get(pages[1])), 'prev')}"))
    assert str(seen[0]) in back
    assert 'rel="prev"' not in back


def link(page: str, rel: str) -> str:
    return page.split(f'rel="{rel}" href="')[1].split('"', maxsplit=1)[0].replace("&amp;", "&")


@pytest.mark.parametrize(
    "url",
    [
        "/",
        "/stores/main/",
        "/stores/main/orders/",
        "/stores/main/orders/?state=failed&operation=ship",
        "/stores/main/orders/?q=TRK-1&state=confirmed",
        "/stores/main/log/",
        "/stores/main/log/?text=ship&since=2020-01-01&until=2999-01-01&level=40&order=1",
        "/stores/main/processes/",
        "/stores/main/marketplaces/",
        "/stores/main/settings/",
        "/stores/main/settings/sending/",
        "/stores/main/settings/mails/",
        "/stores/main/settings/connection/",
        "/stores/main/settings/history/",
        "/stores/main/diagnostics/",
        "/people/",
        "/people/new/",
        "/record/",
        "/account/second-factor/",
        "/account/second-factor/app/activate/",
        "/account/second-factor/keys/",
        "/account/second-factor/keys/add/",
        "/account/sessions/",
        "/account/password/",
        "ORDER",
    ],
)
def test_no_page_needs_more_than_twelve_statements(
    shop: World, administrator: Client, refused: int, url: str, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    for _ in range(5):
        shop.ship(shop.order(), "T1")
    shop.sync(wait=10)
    for number, name in enumerate(("second", "third"), start=11):
        shop.add_store(name, shop_url=shop.shop.url, feed_store_id=number)
    with django_assert_max_num_queries(12):
        text(administrator.get(url.replace("ORDER", f"/stores/main/orders/{refused}/")))
