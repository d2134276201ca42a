"""What is followed in a store: the sources of its shop, and those that every kind of shop has."""

from __future__ import annotations

from collections.abc import Callable

from sfsync.engine.find.feed_links import FeedLinks
from sfsync.engine.find.hints import Hints
from sfsync.engine.find.parts import Parts
from sfsync.engine.kit.lease import Clock
from sfsync.models import Store
from sfsync.shops.base import OpenShop, Source
from shoppingfeed import Store as Feed


def sources(store: Store, shop: OpenShop, feed: Feed, clock: Clock, say: Callable[..., None]) -> list[Source]:
    """The shop's own that take little time, what its bridge told and Shopping Feed knows, and those that take a share
    of it: a look at a hinted order is the sooner done, and a change that the history tells of is told once."""
    quick = [each for each in shop.sources if each.share >= 1]
    hints = [Hints(store, clock)] if store.state.heard_at else []
    ours: list[Source] = [*hints, FeedLinks(store, shop, feed, say), Parts(store)]
    return [*quick, *ours, *(each for each in shop.sources if each.share < 1)]
