"""The queries of a run, without the run: what answers a probe may refuse one that reads many rows."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from sfsync.conf import conf
from sfsync.models import Cursor, Order, Store
from sfsync.shops.base import BLOCK, Shop

ORDERS = 1000
"""Those whose queries are tried, the newest."""


def rehearse_run(store: Store, shop: Shop) -> None:
    """Every look of a run, once, on a page of orders. Raises what the shop raises; nothing is noticed or kept."""
    since = timezone.now() - timedelta(days=conf().sweep_days)
    next(iter(shop.listings_after(_reached(store, "table"), since=since)), None)
    next(iter(shop.history_after(_reached(store, "history") or shop.last_history_id())), None)
    newest = Order.objects.filter(store_id=store.pk).order_by("-pk").values_list("key", "ordinal")[:ORDERS]
    if newest:
        keys = [key for key, _ordinal in newest]
        shop.fingerprints({ordinal // BLOCK for _key, ordinal in newest})
        shop.listings_of(keys[:1])
        shop.look(keys)
        shop.read(keys[:1])


def _reached(store: Store, source: str) -> int:
    """The row up to which the source was followed."""
    position = Cursor.objects.filter(store_id=store.pk, name=source).values_list("position", flat=True).first()
    return position["at"] if position else 0
