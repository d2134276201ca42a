"""Both sides of the orders that the shop lists: which marketplace order each of them is (R39)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from sfsync.db.bulk import insert_rows
from sfsync.engine.kit.context import Run
from sfsync.models import MarketplaceOrder, Order
from sfsync.shops.base import Listing

Claim = tuple[int | None, str, str]
"""Which marketplace order it is, as the shop says: Shopping Feed id, reference, channel."""


def register(run: Run, listings: Iterable[Listing]) -> None:
    """Both sides of the orders that are new to us."""
    listed = {each.order_id: each for each in listings}
    known = Order.objects.filter(store=run.store, shop_order_id__in=listed).values_list("shop_order_id", flat=True)
    old = set(known)
    fresh = [each for order_id, each in listed.items() if order_id not in old]
    there = _marketplace_orders(run, fresh)
    rows = [
        (each.order_id, _clean(each.shop_reference, 64), each.created_at, there[_claim(each)].pop()) for each in fresh
    ]
    names = ("shop_order_id", "shop_reference", "created_at", "marketplace_order")
    same = {"store": run.store.pk, "date_add": run.clock(), "seen_tracking": "", "open": True}
    insert_rows(Order, names, rows, same=same)


_UNTOLD = dict.fromkeys(("fulfilled_by", "confirmed_operation", "confirmed_ticket", "by_hand"), "")


def _marketplace_orders(run: Run, listings: list[Listing]) -> dict[Claim, list[int]]:
    """New rows, their ids by what they were claimed as: those of one claim are alike, so any of them will do."""
    names = ("feed_id", "reference", "channel")
    rows = [(*_claim(each), each.created_at) for each in listings]
    same = {"store": run.store.pk, **_UNTOLD}
    ids: dict[Claim, list[int]] = defaultdict(list)
    for pk, *claim in insert_rows(MarketplaceOrder, (*names, "created_at"), rows, same=same, returning=("id", *names)):
        ids[tuple(claim)].append(pk)
    return ids


def _claim(listing: Listing) -> Claim:
    return (listing.feed_id, _clean(listing.reference, 255), _clean(listing.channel, 64))


def _clean(text: str, most: int) -> str:
    return text.replace("\x00", "")[:most]
