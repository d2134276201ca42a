"""Read the shop orders of marketplace orders, those that are the same one together (R38), and what the shop claims each
to be (R39)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sfsync.db.among import among
from sfsync.domain.groups import Group
from sfsync.domain.identity import Claim, Verdict, judge
from sfsync.domain.orders import Snapshot
from sfsync.domain.readings import Before
from sfsync.engine.find.marketplace_orders import claim, cleaned
from sfsync.models import Order
from sfsync.shops.base import Listing, OpenShop
from sfsync.shops.keys import OrderKey


@dataclass(frozen=True, slots=True)
class Reading:
    """`groups`: marketplace order → its shop orders. `other`: the shop claims these to be other orders than we know.
    `snapshots`: each of the shop's orders; `before`: marketplace order → what was known of its shop orders. `unlisted`:
    those that the shop has, and does not list as a marketplace's any more. `removed`: rows of their histories that were
    seen, and that the shop has no more."""

    groups: Mapping[int, Group]
    snapshots: Mapping[OrderKey, Snapshot]
    other: list[Listing]
    before: Mapping[int, Sequence[Before]]
    unlisted: Collection[OrderKey] = ()
    removed: Collection[int] = ()

    @property
    def pks(self) -> dict[OrderKey, int]:
        """Our row of each shop order."""
        return {each.key: each.pk for its in self.before.values() for each in its}


def read(shop: OpenShop, known: Mapping[int, Claim]) -> Reading:
    """`known`: the marketplace orders, and who each is. Raises `ShopError`.

    Who an order is, is asked together with what it says, or after it: an order that took another's number in between
    is not taken for it.
    """
    before = _shop_orders(known)
    rows = {each.key: each for its in before.values() for each in its}
    snapshots = {key: rows[key].read_as(each) for key, each in shop.reader.read(list(rows)).items()}
    claims = {key: each.claim for key, each in snapshots.items() if each.claim}
    if unclaimed := snapshots.keys() - claims.keys():
        claims |= _linked(shop, {rows[each].pk for each in unclaimed})
    listings = _listings(shop, snapshots.keys() - claims.keys())
    claims |= {key: claim(each) for key, each in listings.items()}
    other = {key for pk, its in before.items() for key in _other(known[pk], its, claims)}
    listings |= _listings(shop, other - listings.keys())
    groups = {pk: _group(its, snapshots, claims) for pk, its in before.items()}
    groups |= {pk: Group(claimed=False) for pk in known.keys() - groups.keys()}
    moved = [listings[key] for key in other if key in listings]
    lost = {rows[key].version for key, each in snapshots.items() if each.version < rows[key].version}
    removed = shop.reader.removed(lost) if lost else ()
    return Reading(groups, snapshots, moved, before, snapshots.keys() - claims.keys(), removed)


def _linked(shop: OpenShop, pks: Collection[int]) -> dict[OrderKey, Claim]:
    """Of these rows those that Shopping Feed knows and no list of the shop does. They are what they were, unless the
    shop was restored and has given their numbers to others: those were placed at another time."""
    there = ("marketplace_order__feed_id", "marketplace_order__reference", "marketplace_order__channel")
    rows = Order.objects.filter(pk__in=among(pks), linked=True).values_list("key", "created_at", *there)
    linked = {key: (at, Claim(*names)) for key, at, *names in rows}
    placed = shop.reader.placed(linked) if linked else {}
    return {key: claim for key, (at, claim) in linked.items() if key in placed and placed[key].at == at}


def _listings(shop: OpenShop, keys: Collection[OrderKey]) -> dict[OrderKey, Listing]:
    """Of several of one order the newest counts."""
    found = shop.listed(keys) if keys else []
    return {each.key: each for each in sorted(found, key=lambda each: each.row_id)}


def _other(known: Claim, its: Sequence[Before], claims: Mapping[OrderKey, Claim]) -> list[OrderKey]:
    """Those that claim to be another order than we know (R39)."""
    said = [(each.key, claims[each.key]) for each in its if each.key in claims]
    return [key for key, now in said if now != known and judge(known, cleaned(now)) is not Verdict.SAME]


def _group(its: Sequence[Before], snapshots: Mapping[OrderKey, Snapshot], claims: Mapping[OrderKey, Claim]) -> Group:
    there = [each for each in its if each.key in snapshots]
    living = tuple([snapshots[each.key] for each in there if each.key in claims])
    if len(living) == len(there):
        return Group(living)
    since = [each.doubted_at for each in there if each.key not in claims]
    return Group(living, unlisted=True, unlisted_at=max(filter(None, since)) if all(since) else None)


_COLUMNS = ("pk", "key", "seen_status", "seen_numbers", "seen_version", "doubted_at", "seen_tracking")


def _shop_orders(order_ids: Iterable[int]) -> dict[int, list[Before]]:
    """Marketplace order → its shop orders, the first one first."""
    rows = Order.objects.filter(marketplace_order__in=among(order_ids)).order_by("ordinal", "key")
    before: dict[int, list[Before]] = defaultdict(list)
    for pk, *row in rows.values_list("marketplace_order", *_COLUMNS):
        before[pk].append(Before(*row))
    return before
