"""The doctor tries what a run does: a shop that answers the probe and refuses a run's query is not well."""

from __future__ import annotations

from typing import Any

import pytest

from sfsync.engine.watch.doctor import Verdict, try_shop
from sfsync.models import Store
from sfsync.shops.base import Shop, ShopMisconfigured
from sfsync.testing import World

LOOKS = ("listings_after", "last_history_id", "history_after", "fingerprints", "listings_of", "look", "read")


class Refusing:
    """A shop that answers everything but one question, as a server with a low `max_join_size` does."""

    def __init__(self, shop: Shop, question: str) -> None:
        self.shop, self.question = shop, question

    def __getattr__(self, name: str) -> Any:
        return self.refuse if name == self.question else getattr(self.shop, name)

    def refuse(self, *_args: Any, **_options: Any) -> Any:
        raise ShopMisconfigured("The server refuses a query that reads many rows.")


class Only:
    """Connections that open that shop."""

    def __init__(self, world: World, question: str) -> None:
        self.opened = Refusing(world.connections.shop(world.store), question)

    def shop(self, _store: Store) -> Any:
        return self.opened

    def client(self, _store: Store) -> Any:
        raise AssertionError("nobody asks Shopping Feed")

    def done(self, _store: Store) -> None:
        """Nothing was opened."""

    def close(self) -> None:
        """Nothing was opened."""


@pytest.fixture
def known(world: World) -> World:
    world.sync()
    return world


@pytest.mark.parametrize("question", LOOKS)
def test_a_shop_that_refuses_a_query_of_a_run_is_not_well(known: World, question: str) -> None:
    store = Store.objects.get()
    store.cursors.all().delete()
    found = try_shop(store, Only(known, question))
    assert (found.verdict, found.code) == (Verdict.WRONG, "shop-misconfigured")


def test_a_shop_that_answers_them_all_is_well(known: World) -> None:
    assert try_shop(known.store, Only(known, "")).verdict is Verdict.OK
