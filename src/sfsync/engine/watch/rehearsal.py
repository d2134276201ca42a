"""The questions of a run, without the run: what answers a probe may refuse one that reads many rows."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from django.utils import timezone

from sfsync.conf import conf
from sfsync.engine.find.known_orders import Known
from sfsync.engine.outgoing.prepare import policy_of
from sfsync.models import Cursor, Order, Store
from sfsync.shops.base import OpenShop, ShopError

ORDERS = 1000
"""Those whose questions are tried, the newest."""


def rehearse_run(store: Store, shop: OpenShop, known: Collection[str] = ()) -> None:
    """The first page of every source of the shop, and every way of reading, once. Raises what the shop raises, but for
    a source whose `ShopError.code` is among the `known`; nothing is noticed or kept."""
    followed = dict(Cursor.objects.filter(store_id=store.pk).values_list("name", "position"))
    orders = Known(store, timezone.now(), timedelta(days=conf().sweep_days), policy_of(store).mapping)
    for source in shop.sources:
        try:
            next(iter(source.after(followed.get(source.name), orders)), None)
        except ShopError as error:
            if error.code not in known:
                raise
    keys = list(Order.objects.filter(store_id=store.pk).order_by("-pk").values_list("key", flat=True)[:ORDERS])
    if keys:
        shop.listed(keys[:1])
        shop.reader.look(keys)
        shop.reader.read(keys[:1])
