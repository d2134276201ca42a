"""What a run reads of Shopping Feed still has the shape that the client expects. Nothing here changes anything.

SHOPPING_FEED_TOKEN=… .venv/bin/pytest tests/live
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from shoppingfeed import Client, NotFoundError, Store

ONE_PAGE = 200


@pytest.fixture(scope="session")
def store(client: Client) -> Store:
    """The first store that the token opens."""
    return client.store(client.me().stores[0].id)


def test_the_api_answers_and_tells_its_time(client: Client) -> None:
    told = client.ping()
    assert told is not None
    assert abs(told - datetime.now(UTC)) < timedelta(minutes=5)


def test_the_token_opens_stores(client: Client) -> None:
    stores = client.me().stores
    assert stores
    assert all(info.id > 0 and info.name for info in stores)


def test_orders_of_the_last_days_say_who_they_are(store: Store) -> None:
    since = datetime.now(UTC) - timedelta(days=30)
    orders = list(islice(store.orders(since=since), ONE_PAGE))
    assert all(order.id > 0 and order.channel and order.reference and order.status for order in orders)
    assert all(order.created_at and order.created_at.tzinfo for order in orders)
    if orders:
        assert store.order(orders[0].id).reference == orders[0].reference


def test_tickets_are_listed_with_their_state_and_order(store: Store) -> None:
    listed = store.tickets(limit=ONE_PAGE)
    tickets = list(islice(listed.items, ONE_PAGE))
    assert listed.total >= len(tickets)
    assert all(ticket.state for ticket in tickets)


def test_a_batch_that_never_was_has_no_tickets(store: Store) -> None:
    assert store.tickets(batch_id="0" * 32).total == 0


def test_an_order_that_never_was_is_not_found(store: Store) -> None:
    with pytest.raises(NotFoundError):
        store.order(1)
