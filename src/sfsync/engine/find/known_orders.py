"""The orders that are known already, for the sources of a shop to compare with (`shops.base.KnownOrders`)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q, QuerySet

from sfsync.db.among import among
from sfsync.db.prepared import Prepared
from sfsync.domain.identity import Claim
from sfsync.domain.orders import Seen
from sfsync.domain.value import value
from sfsync.models import Order, Store, Task
from sfsync.shops.base import PAGE, Group
from sfsync.shops.keys import OrderKey, StatusKey


@value
class LastSeen:
    """What was last seen of a shop order of ours, and its marketplace order. `numbers`: as they are kept, `tracking`
    the one to be told. `doubted_at`: see `Order`."""

    pk: int
    order_id: int
    status: StatusKey
    numbers: str
    version: int
    look_again: bool
    at: datetime | None = None
    tracking: str = ""
    doubted_at: datetime | None = None

    def differs(self, now: Seen) -> bool:
        """It is to be written down."""
        return self.look_again or (self.status, self.numbers, self.version) != (now.status, now.written, now.version)


_LAST_SEEN = (
    *("key", "pk", "marketplace_order", "seen_status", "seen_numbers", "seen_version"),
    *("look_again", "seen_at", "seen_tracking", "doubted_at"),
)


@dataclass(slots=True)
class Known:
    """Those of one store. The orders that were handed out last are kept, with what was last seen of them: what is
    noticed next is most likely one of them."""

    store: Store
    now: datetime
    horizon: timedelta
    meanings: Mapping[StatusKey, str]
    _last: dict[OrderKey, LastSeen] = field(default_factory=dict)

    @property
    def since(self) -> datetime:
        return self.now - self.horizon

    def known(self, keys: Collection[OrderKey]) -> AbstractSet[OrderKey]:
        return self.last_seen(keys).keys()

    def groups(self, size: int) -> Sequence[Group]:
        return [Group(*row) for row in _GROUPS.rows(self.store.pk, self.since, size)]

    def open_in(self, groups: Collection[int], size: int) -> Mapping[OrderKey, StatusKey]:
        """The range lets the database use its index."""
        within = (min(groups) * size, (max(groups) + 1) * size - 1)
        rows = self._open().annotate(group=F("ordinal") / size).filter(ordinal__range=within, group__in=groups)
        return self._handed_out(rows)

    def open(self) -> Iterator[Mapping[OrderKey, StatusKey]]:
        last = 0
        while page := self._handed_out(self._open().filter(pk__gt=last).order_by("pk")[:PAGE]):
            last = max(each.pk for each in self._last.values())
            yield page

    def numbers(self, keys: Collection[OrderKey]) -> Mapping[OrderKey, str]:
        return {key: each.numbers for key, each in self.last_seen(keys).items()}

    def claims(self, keys: Collection[OrderKey]) -> Mapping[OrderKey, Claim]:
        return claims_of(self.store, keys)

    def last_seen(self, keys: Iterable[OrderKey]) -> dict[OrderKey, LastSeen]:
        """Those of them that are ours."""
        wanted = [*keys]
        missing = [key for key in wanted if key not in self._last]
        if len(missing) == len(wanted):
            self._last = {}
        if missing:
            rows = Order.objects.filter(store_id=self.store.pk, key__in=among(missing))
            self._last |= {key: LastSeen(*row) for key, *row in rows.values_list(*_LAST_SEEN)}
        return {key: self._last[key] for key in wanted if key in self._last}

    def forget(self) -> None:
        """They are not as they were."""
        self._last = {}

    def _handed_out(self, rows: QuerySet[Order]) -> Mapping[OrderKey, StatusKey]:
        self._last = {key: LastSeen(*row) for key, *row in rows.values_list(*_LAST_SEEN)}
        return {key: each.status for key, each in self._last.items()}

    def _open(self) -> QuerySet[Order]:
        return _open_since(self.store.pk, self.since)


def claims_of(store: Store, keys: Iterable[OrderKey]) -> dict[OrderKey, Claim]:
    """Of those that are the store's: which marketplace order each hangs on."""
    names = ("marketplace_order__feed_id", "marketplace_order__reference", "marketplace_order__channel")
    rows = Order.objects.filter(store=store, key__in=among(keys)).values_list("key", *names)
    return {key: Claim(*rest) for key, *rest in rows}


def _open_since(store_id: int, since: datetime) -> QuerySet[Order]:
    """Those that a change may still come for, and those whose update failed and waits for just such a change (R4)."""
    orders = Order.objects.filter(store_id=store_id)
    parked = Task.objects.filter(store_id=store_id).parked()
    return orders.open_since(since) | orders.filter(marketplace_order__in=parked.values("order"))


def _counted(store_id: int, since: datetime, size: int) -> QuerySet[Order, Any]:
    numbered = _open_since(store_id, since).annotate(group=F("ordinal") / size).values("group").order_by("group")
    unsure = Q(seen_status="") | Q(look_again=True)
    counted = numbered.annotate(orders=Count("pk"), unsure=Count("pk", filter=unsure))
    return counted.values_list("group", "orders", "unsure")


_GROUPS = Prepared(_counted, int, datetime, int)
