"""A world's store on the stand-in."""

from __future__ import annotations

from sfsync.models import Store
from sfsync.shops.prestashop.sample_webservice.standin import KEY
from sfsync.testing import World


def connect(world: World, url: str) -> None:
    """Its store reads the shop through the web service from now on."""
    settings = {"connection": "webservice", "questions_per_hour": 100_000}
    Store.objects.filter(pk=world.store.pk).update(shop_settings=settings, shop_secrets={"url": url, "key": KEY})
    world.store = Store.objects.get(pk=world.store.pk)
