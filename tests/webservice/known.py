"""What sfsync would know while a source is followed, kept in memory: `shops.base.KnownOrders`, and who keeps pages."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sfsync.domain.identity import Claim
from sfsync.domain.orders import Seen
from sfsync.shops.base import Group, OpenShop
from sfsync.shops.keys import OrderKey, StatusKey

MEANINGS = {"4": "ship", "5": "deliver", "6": "cancel", "7": "refund"}


@dataclass
class Known:
    """All its orders are open."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    meanings: Mapping[StatusKey, str] = field(default_factory=lambda: MEANINGS)
    seen: dict[OrderKey, Seen] = field(default_factory=dict)
    unsure: set[OrderKey] = field(default_factory=set)
    claimed: dict[OrderKey, Claim] = field(default_factory=dict)

    @property
    def since(self) -> datetime:
        return self.now - timedelta(days=90)

    def known(self, keys: Collection[OrderKey]) -> AbstractSet[OrderKey]:
        return self.seen.keys() & set(keys)

    def groups(self, size: int) -> list[Group]:
        orders = Counter(int(key) // size for key in self.seen)
        unsure = Counter(int(key) // size for key in self.seen if key in self.unsure or not self.seen[key].status)
        return [Group(number, orders[number], unsure[number]) for number in sorted(orders)]

    def open_in(self, groups: Collection[int], size: int) -> dict[OrderKey, StatusKey]:
        return {key: seen.status for key, seen in self.seen.items() if int(key) // size in groups}

    def open(self) -> Iterator[Mapping[OrderKey, StatusKey]]:
        yield {key: seen.status for key, seen in self.seen.items()}

    def numbers(self, keys: Collection[OrderKey]) -> dict[OrderKey, str]:
        return {key: self.seen[key].written for key in keys if key in self.seen}

    def claims(self, keys: Collection[OrderKey]) -> dict[OrderKey, Claim]:
        return {key: self.claimed[key] for key in keys if key in self.claimed}


@dataclass
class Follower:
    """Keeps what the first source of a shop notices, as the engine would."""

    shop: OpenShop
    orders: Known = field(default_factory=Known)
    cursor: Any = None
    restarts: int = 0

    def follow(self) -> dict[OrderKey, Seen]:
        """One pass. Returns the orders that are not as they were last seen."""
        before = dict(self.orders.seen)
        for noticed in self.shop.sources[0].after(self.cursor, self.orders):
            if noticed.restarted:
                self.restarts += 1
                self.cursor = None
                self.orders.unsure |= self.orders.seen.keys()
                return self.follow()
            for each in noticed.listings:
                self.orders.seen.setdefault(each.key, Seen(""))
                self.orders.claimed[each.key] = Claim(each.feed_id, each.reference, each.channel)
            touched = self.orders.known(noticed.touched)
            self.orders.seen |= self.shop.reader.look(touched) if touched else {}
            self.orders.unsure -= touched
            if noticed.cursor is not None:
                self.cursor = json.loads(json.dumps(noticed.cursor))
        self.orders.now += timedelta(seconds=30)
        return {key: seen for key, seen in self.orders.seen.items() if before.get(key) != seen}
