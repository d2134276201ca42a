"""Everything that failed in an outage, on one page: what will be sent, and how far it has come."""

from __future__ import annotations

import pytest
from django.test import Client

from sfsync.testing import World
from shoppingfeed.sandbox import Fault
from tests.pages import text

ADDRESS = "/stores/main/orders/retry/"


@pytest.fixture
def failures(shop: World) -> list[int]:
    orders = [shop.order() for _ in range(3)]
    for number, order in enumerate(orders):
        message = "Odd" if number == 2 else "Service unavailable"
        shop.sandbox.fault(Fault("cancel-ticket", order_id=shop.feed_id(order), message=message))
        shop.ship(order, f"T-{number}")
    shop.sync(wait=5)
    return orders


def test_what_will_be_sent_is_shown_first(shop: World, merchant: Client, failures: list[int]) -> None:
    page = text(merchant.get(ADDRESS))
    assert "Retry 3 orders" in page
    assert all(f"T-{number}" in page for number in range(3))
    one = text(merchant.get(ADDRESS, {"reason": "Odd"}))
    assert "Retry 1 order" in one
    assert "T-2" in one
    assert "T-0" not in one
    assert all(len(shop.accepted(order)) == 1 for order in failures)


def test_what_the_shop_does_not_ask_for_any_more_is_named(shop: World, merchant: Client, failures: list[int]) -> None:
    shop.shop.set_status(failures[0], 3)
    shop.shop.set_tracking(failures[0], "")
    assert "What will not be sent, as the shop stands now" in text(merchant.get(ADDRESS))


def test_a_person_says_yes_and_sees_how_far_it_has_come(shop: World, merchant: Client, failures: list[int]) -> None:
    page = merchant.post(ADDRESS, {"reason": "Service unavailable"}, follow=True)
    assert "2 orders retried" in text(page)
    shop.advance(minutes=1)
    shop.sync(wait=10)
    again = text(merchant.get(page.redirect_chain[-1][0]))
    assert "Done: 2" in again
    assert [len(shop.accepted(order)) for order in failures] == [2, 2, 1]


def test_where_nothing_failed_there_is_nothing_to_do(shop: World, merchant: Client) -> None:
    assert "Nothing like that has failed." in text(merchant.get(ADDRESS))
    assert "There was nothing to retry." in text(merchant.post(ADDRESS, {}, follow=True))


def test_a_wrong_moment_is_said_beside_its_field(shop: World, merchant: Client, failures: list[int]) -> None:
    page = text(merchant.post(ADDRESS, {"since": "yesterday"}))
    assert "Enter a valid date/time." in page
    assert "Retry 3 orders" not in page
    assert "Nothing like that has failed." not in page
    assert all(len(shop.accepted(order)) == 1 for order in failures)
