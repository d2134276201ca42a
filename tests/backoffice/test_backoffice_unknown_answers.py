"""The page that lists what marketplaces answered and nobody knows: R35."""

from __future__ import annotations

from django.test import Client

from sfsync.backoffice.screens.marketplaces import unknown_answers
from sfsync.testing import World
from shoppingfeed.sandbox import Fault
from tests.pages import text


def test_unknown_answers_are_listed_by_how_often_they_came(shop: World, merchant: Client) -> None:
    """R35."""
    for number, message in enumerate(("E-1021: zork", "E-1021: zork", "once", "Unknown carrier")):
        order = shop.ship(shop.order(), f"T-{number}")
        shop.sandbox.fault(Fault("refuse", order_id=shop.feed_id(order), message=message))
    shop.sync(wait=5)
    page = text(merchant.get("/stores/main/marketplaces/"))
    assert "Answers that sfsync does not know yet" in page
    assert page.index("E-1021: zork") < page.index("once")
    assert "Unknown carrier" not in page


def test_each_try_that_was_refused_counts(shop: World, merchant: Client) -> None:
    """R35: of which the merchant is told once."""
    order = shop.ship(shop.order(), "T-1")
    shop.sandbox.fault(Fault("refuse", order_id=shop.feed_id(order), message="E-1021: zork", times=9))
    shop.store.retry_minutes = 0
    shop.store.save()
    for _try in range(3):
        shop.sync(wait=5)
    tries = shop.sandbox.ledger.operations(shop.feed_id(order))
    [(_channel, message, count)] = unknown_answers(shop.store)
    assert (message, count) == ("E-1021: zork", len(tries))
    assert count > 1


def test_where_all_are_known_there_is_no_list(shop: World, merchant: Client) -> None:
    """R35."""
    assert "Answers that sfsync does not know yet" not in text(merchant.get("/stores/main/marketplaces/"))
