"""Read the shop orders of marketplace orders, those that are the same one together (R38), and what the shop claims each
to be (R39)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sfsync.domain.groups import Group
from sfsync.domain.identity import Claim, Verdict, judge
from sfsync.domain.orders import Snapshot
from sfsync.domain.readings import Before
from sfsync.engine.find.marketplace_orders import claim
from sfsync.models import Order
from sfsync.shops.base import Listing, Shop
from sfsync.shops.keys import OrderKey


@dataclass(frozen=True, slots=True)
class Reading:
    """`groups`: marketplace order → its shop orders. `other`: the shop claims these to be other orders than we know.
    `snapshots`: each of the shop's orders; `before`: marketplace order → what was known of its shop orders."""

    groups: Mapping[int, Group]
    snapshots: Mapping[OrderKey, Snapshot]
    other: list[Listing]
    before: Mapping[int, Sequence[Before]]

    @property
    def pks(self) -> dict[OrderKey, int]:
        """Our row of each shop order."""
        return {each.key: each.pk for its in self.before.values() for each in its}


def read(shop: Shop, claims: Mapping[int, Claim]) -> Reading:
    """`claims`: the marketplace orders, and who each is. Raises `ShopError`.

    Who an order is, is asked after what it says: an order that took another's number in between is not taken for it.
    """
    before = _shop_orders(claims)
    keys = [each.key for its in before.values() for each in its]
    snapshots = shop.read(keys)
    listed = {each.key: each for each in sorted(shop.listings_of(keys), key=lambda each: each.row_id)}
    groups = {pk: Group(claimed=False) for pk in claims}
    other = []
    for pk, its in before.items():
        there = [each.key for each in its if each.key in snapshots]
        living = tuple(snapshots[each] for each in there if each in listed)
        groups[pk] = Group(living, unlisted=len(living) < len(there))
        claimed = (listed[each.key] for each in its if each.key in listed)
        other += [each for each in claimed if judge(claims[pk], claim(each)) is not Verdict.SAME]
    return Reading(groups, snapshots, other, before)


_COLUMNS = ("pk", "key", "seen_status", "seen_numbers", "seen_version", "gone_at")


def _shop_orders(order_ids: Iterable[int]) -> dict[int, list[Before]]:
    """Marketplace order → its shop orders, the first one first."""
    rows = Order.objects.filter(marketplace_order__in=list(order_ids)).order_by("ordinal", "key")
    before: dict[int, list[Before]] = defaultdict(list)
    for pk, *row in rows.values_list("marketplace_order", *_COLUMNS):
        before[pk].append(Before(*row))
    return before
