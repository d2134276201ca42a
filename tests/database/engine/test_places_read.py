"""In each place where the shop is read, an answer that is old, older than what was seen, torn or missing: nothing false
is sent, and nothing is lost (R5, R6)."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from sfsync.models import LogEntry, Store
from sfsync.testing import CANCELED, DELIVERED, World
from tests.altered import Altered

pytestmark = pytest.mark.django_db

READER = ("look", "read")
SOURCES = ("table", "history", "sweep")
NUMBERS = count()


def copy_of(world: World) -> Any:
    """The shop as it stands now, and stays: a replica that lags."""
    file = Path(world.shop.url.removeprefix("sqlite:///"))
    copied = shutil.copy(file, file.with_name(f"copy-{next(NUMBERS)}.sqlite3"))
    store = Store(name="copy", feed_store_id=10, shop_secrets={"url": f"sqlite:///{copied}"}, statuses={})
    return world.connections.shop(store)


def torn(old: Any, now: Any) -> Any:
    """A proxy that spreads reads: every other order comes from the replica."""

    def mixed(keys: Collection[str]) -> Any:
        stale, fresh = old(sorted(keys)[::2]), now(sorted(keys)[1::2])
        return {**stale, **fresh} if isinstance(fresh, Mapping) else [*stale, *fresh]

    return mixed


def oddly(kind: str, now: Any, old: Any) -> Any:
    """A method of the shop's that answers so; nothing at all where it is missing."""
    return {"torn": torn(old, now), "missing": lambda keys: now([])}.get(kind, old)


def altered(now: Any, old: Any, place: str, kind: str) -> Any:
    """The shop as it answers, but for one place."""
    if place in READER:
        method = oddly(kind, getattr(now.reader, place), getattr(old.reader, place))
        return Altered(now, reader=Altered(now.reader, **{place: method}))
    if place == "listed":
        return Altered(now, listed=oddly(kind, now.listed, old.listed))
    silent = [Altered(each, after=lambda *_: iter(())) for each in old.sources]
    instead = {each.name: each for each in (silent if kind == "missing" else old.sources)}
    return Altered(now, sources=[instead[place] if each.name == place else each for each in now.sources])


class Spread:
    """Connections to a shop that answers oddly in one place, while `shop_there` is set."""

    def __init__(self, world: World) -> None:
        self.connections, self.shop_there = world.connections, None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connections, name)

    def shop(self, store: Store) -> Any:
        return self.shop_there or self.connections.shop(store)


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("read", "old"),
        *((place, kind) for place in (*READER, "listed") for kind in ("behind", "torn", "missing")),
        *((place, kind) for place in SOURCES for kind in ("behind", "missing")),
    ],
)
def test_whatever_one_place_says_the_marketplace_is_told_what_is_true(world: World, place: str, kind: str) -> None:
    told, called_off, late, corrected, idle = (world.order() for _ in range(5))
    world.sync()
    behind = copy_of(world)
    world.ship(told, "T-1000001")
    world.ship(corrected, "T-1000002")
    world.sync(wait=10)
    world.ship(called_off, "T-1000003")
    old = behind if kind == "behind" else copy_of(world)
    world.shop.set_status(called_off, CANCELED)
    world.shop.set_status(told, DELIVERED)
    world.shop.set_tracking(corrected, "T-1000004")
    world.ship(late, "T-1000005")
    spread: Any = Spread(world)
    spread.shop_there = altered(world.connections.shop(world.store), old, place, kind)
    world.connections = spread
    world.sync(wait=3)
    world.sync(wait=3)
    spread.shop_there = None
    for pause in ({"seconds": 10}, {"minutes": 2}, {"minutes": 2}, {"days": 1, "minutes": 5}):
        world.advance(**pause)
        world.sync(wait=10)
    assert {each: world.accepted(each) for each in (told, called_off, late, corrected, idle)} == {
        told: [("ship", "T-1000001"), ("deliver", "")],
        called_off: [("cancel", "")],
        late: [("ship", "T-1000005")],
        corrected: [("ship", "T-1000002"), ("ship", "T-1000004")],
        idle: [],
    }
    assert LogEntry.objects.filter(code="shop-restored").exists() is ((place, kind) == ("history", "behind"))
    assert [each for each in world.notices() if each != "silent"] == []
