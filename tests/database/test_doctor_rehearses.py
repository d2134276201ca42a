"""The doctor tries what a run does: a shop that answers the probe and refuses a run's query is not well."""

from __future__ import annotations

from typing import Any

import pytest

from sfsync.engine.watch.connection_tests import try_shop
from sfsync.engine.watch.finding import Verdict
from sfsync.models import Store
from sfsync.shops.base import OpenShop, ShopMisconfigured
from sfsync.testing import World
from shoppingfeed import NotSentError
from tests.altered import Altered

READING = ("look", "read")
SOURCES = ("table", "history", "sweep")


def refuse(*_args: Any, **_options: Any) -> Any:
    """As a server with a low `max_join_size` does."""
    raise ShopMisconfigured("The server refuses a query that reads many rows.")


def refusing(shop: OpenShop, question: str) -> Any:
    """A shop that answers everything but one question."""
    if question in READING:
        return Altered(shop, reader=Altered(shop.reader, **{question: refuse}))
    if question in SOURCES:
        sources = [Altered(each, after=refuse) if each.name == question else each for each in shop.sources]
        return Altered(shop, sources=sources)
    return Altered(shop, **{question: refuse})


class Only:
    """Connections that open that shop."""

    def __init__(self, world: World, question: str) -> None:
        self.opened = refusing(world.connections.shop(world.store), question)

    def shop(self, _store: Store) -> Any:
        return self.opened

    def client(self, _store: Store) -> Any:
        raise NotSentError("Shopping Feed is away: that is another finding.")

    def done(self, _store: Store) -> None:
        """Nothing was opened."""

    def close(self) -> None:
        """Nothing was opened."""


@pytest.fixture
def known(world: World) -> World:
    world.sync()
    return world


@pytest.mark.parametrize("question", [*READING, *SOURCES, "listed"])
def test_a_shop_that_refuses_a_query_of_a_run_is_not_well(known: World, question: str) -> None:
    store = Store.objects.get()
    store.cursors.all().delete()
    found = try_shop(store, Only(known, question))
    assert (found.verdict, found.code) == (Verdict.WRONG, "shop-misconfigured")


def test_a_shop_that_answers_them_all_is_well(known: World) -> None:
    assert try_shop(known.store, Only(known, "")).verdict is Verdict.OK
