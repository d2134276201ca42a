"""Read the shop orders of marketplace orders, those that are the same one together (R38), and what the shop claims each
to be (R39)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sfsync.domain.groups import Group
from sfsync.domain.identity import Claim, Verdict, judge
from sfsync.domain.orders import Snapshot
from sfsync.engine.find.marketplace_orders import claim
from sfsync.models import Order
from sfsync.shops.base import Listing, Shop
from sfsync.shops.keys import OrderKey


@dataclass(frozen=True, slots=True)
class Reading:
    """`groups`: marketplace order → its shop orders. `other`: the shop claims these to be other orders than we know.
    `snapshots`: each of the shop's orders; `pks`: our row of it."""

    groups: Mapping[int, Group]
    snapshots: Mapping[OrderKey, Snapshot]
    other: list[Listing]
    pks: Mapping[OrderKey, int]


def read(shop: Shop, claims: Mapping[int, Claim]) -> Reading:
    """`claims`: the marketplace orders, and who each is. Raises `ShopError`.

    Who an order is, is asked after what it says: an order that took another's number in between is not taken for it.
    """
    keys, pks = _shop_orders(claims)
    snapshots = shop.read(pks)
    listed = {each.key: each for each in sorted(shop.listings_of(pks), key=lambda each: each.row_id)}
    groups = {pk: Group(claimed=False) for pk in claims}
    other = []
    for pk, its in keys.items():
        there = [each for each in its if each in snapshots]
        living = tuple(snapshots[each] for each in there if each in listed)
        groups[pk] = Group(living, unlisted=len(living) < len(there))
        claimed = (listed[each] for each in its if each in listed)
        other += [each for each in claimed if judge(claims[pk], claim(each)) is not Verdict.SAME]
    return Reading(groups, snapshots, other, pks)


def _shop_orders(order_ids: Iterable[int]) -> tuple[dict[int, list[OrderKey]], dict[OrderKey, int]]:
    """Marketplace order → the keys of its shop orders, the first one first; and our rows of these."""
    rows = Order.objects.filter(marketplace_order__in=list(order_ids)).order_by("ordinal", "key")
    keys: dict[int, list[OrderKey]] = defaultdict(list)
    pks: dict[OrderKey, int] = {}
    for pk, key, row in rows.values_list("marketplace_order", "key", "pk"):
        keys[pk].append(key)
        pks[key] = row
    return keys, pks
