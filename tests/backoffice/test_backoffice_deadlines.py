"""What the pages say of deadlines: first on the overview, a list of their own, a countdown, the settings (R25)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.test import Client
from django.utils import timezone

from sfsync.models import DayFigure, MarketplaceOrder, SettingChange
from sfsync.testing import World
from tests.pages import markup, text

PAGE = "/stores/main/settings/deadlines/"
People = Callable[..., Client]


def due(shop: World, **left: float) -> int:
    """An order in preparation that is known, with a deadline so far from now."""
    order = shop.order()
    shop.sync()
    row = shop.row(order).marketplace_order
    MarketplaceOrder.objects.filter(pk=row.pk).update(ship_by=timezone.now() + timedelta(**left), ship_by_from="api")
    return order


def test_what_must_be_shipped_stands_first(shop: World, merchant: Client) -> None:
    """R25: the late ones before those at risk, before anything else."""
    late, soon, later = due(shop, hours=-2), due(shop, hours=5), due(shop, days=5)
    page = text(merchant.get("/stores/main/"))
    assert "1 order is late. 1 order must be shipped soon." in page
    first = page.index("Orders to ship first")
    assert first < page.index(f"Order {late}") < page.index(f"Order {soon}") < page.index("Orders needing attention")
    assert f"Order {later}" not in page
    assert page.index("Late") < page.index("Needs attention")


def test_the_lists_of_late_and_of_near_orders_are_sorted_by_deadline(shop: World, merchant: Client) -> None:
    """R25."""
    sooner, later = due(shop, hours=3), due(shop, hours=9)
    late = due(shop, hours=-3)
    page = text(merchant.get("/stores/main/orders/?due=at-risk"))
    assert page.index(f"/orders/{sooner}/") < page.index(f"/orders/{later}/")
    assert f"/orders/{late}/" not in page
    assert "To be shipped by" in page
    assert "hours late" in text(merchant.get("/stores/main/orders/?due=late"))
    assert "To be shipped by" not in text(merchant.get("/stores/main/orders/"))


def test_an_orders_page_counts_down(shop: World, merchant: Client) -> None:
    """R25: it asks again every minute, until the order is shipped."""
    order = due(shop, hours=3, minutes=30, seconds=30)
    page = markup(merchant.get(f"/stores/main/orders/{order}/"))
    assert "3\xa0hours, 30\xa0minutes left" in page
    assert 'hx-trigger="every 60s"' in page
    shop.ship(order, "T-1")
    shop.sync(wait=10)
    assert "minutes left" not in markup(merchant.get(f"/stores/main/orders/{order}/"))


def test_a_merchant_sets_hours_and_steps(shop: World, merchant: Client) -> None:
    """R25: and the record of changes has it."""
    channel = shop.row(due(shop, days=3)).marketplace_order.channel.lower()
    given = {"deadline_steps": "48, 6", f"hours-{channel}": "24", "hours-*": "72"}
    assert "Saved." in text(merchant.post(PAGE, given, follow=True))
    shop.store.refresh_from_db()
    assert shop.store.deadline_steps == [48, 6]
    assert shop.store.ship_hours == {channel: 24, "*": 72}
    assert {each.name for each in SettingChange.objects.all()} == {"deadline_steps", "ship_hours"}
    assert "No changes to save" in text(merchant.post(PAGE, given, follow=True))
    assert 'value="48, 6"' in markup(merchant.get(PAGE))


def test_hours_that_make_no_sense_are_refused_with_a_sentence(shop: World, merchant: Client) -> None:
    """R25."""
    assert "whole numbers separated by commas" in text(merchant.post(PAGE, {"deadline_steps": "a day"}))
    assert "from 1 to 168" in text(merchant.post(PAGE, {"deadline_steps": "999"}))
    merchant.post(PAGE, {"deadline_steps": "24", "hours-*": "0"})
    shop.store.refresh_from_db()
    assert (shop.store.deadline_steps, shop.store.ship_hours) == ([24, 4], {})


def test_the_share_that_was_sent_in_time_stands_by_marketplace(shop: World, merchant: Client) -> None:
    """R25: over thirty days; only all of them are 100%."""
    day = timezone.localdate()
    names = {"store": shop.store, "channel": "Amazon", "operation": "ship"}
    DayFigure.objects.create(**names, day=day, confirmed=900, in_time=898, too_late=1)
    DayFigure.objects.create(**names, day=day - timedelta(days=29), confirmed=101, in_time=101)
    DayFigure.objects.create(**names, day=day - timedelta(days=31), confirmed=50, too_late=50)
    page = text(merchant.get("/stores/main/marketplaces/"))
    assert "In time" in page
    assert '<td class="number">99%</td>' in page


def test_deadlines_speak_french(shop: World, sign_in: People) -> None:
    due(shop, hours=-2)
    client = sign_in("chloé", shop.store, language="fr")
    assert "1 commande en retard." in text(client.get("/stores/main/"))
    assert "Échéances" in text(client.get(PAGE))
