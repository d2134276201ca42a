"""The queries of a run, without the run: what answers a probe may refuse one that reads many rows."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from sfsync.conf import conf
from sfsync.engine.find.detect import HISTORY, LISTINGS
from sfsync.models import Cursor, Order, Store
from sfsync.shops.base import BLOCK, Shop

ORDERS = 1000
"""Those whose queries are tried, the newest."""


def rehearse_run(store: Store, shop: Shop) -> None:
    """Every look of a run, once, on a page of orders. Raises what the shop raises; nothing is noticed or kept."""
    since = timezone.now() - timedelta(days=conf().sweep_days)
    followed = Cursor.objects.filter(store_id=store.pk, name__in=(LISTINGS, HISTORY)).values_list("name", "position")
    reached = {name: place["at"] for name, place in followed if place}
    next(iter(shop.listings_after(reached.get(LISTINGS, 0), since=since)), None)
    next(iter(shop.history_after(reached.get(HISTORY) or shop.last_history_id())), None)
    newest = Order.objects.filter(store_id=store.pk).order_by("-pk").values_list("key", "ordinal")[:ORDERS]
    if newest:
        keys = [key for key, _ordinal in newest]
        shop.fingerprints({ordinal // BLOCK for _key, ordinal in newest})
        shop.listings_of(keys[:1])
        shop.look(keys)
        shop.read(keys[:1])
