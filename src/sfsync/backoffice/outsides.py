"""The shop and Shopping Feed as a page may ask them: at once or not at all, with a sentence where they are silent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

from django.core.cache import cache
from django.utils.translation import gettext as _

from sfsync.backoffice.words import advice, probed, sentence
from sfsync.conf import conf
from sfsync.domain.orders import Snapshot
from sfsync.engine.connections import SHOP_KINDS
from sfsync.engine.trouble import trouble_of
from sfsync.models import Store
from sfsync.models.secrets import SecretUnreadable
from sfsync.shops.base import Shop, ShopError, ShopMisconfigured, Status
from shoppingfeed import Client, ShoppingFeedError

PATIENCE = 5.0
"""Seconds that a page waits for somebody else's server."""
FRESH, SORRY = 300, 15
"""Seconds for which the shop's statuses are kept, and a failure to read them."""
OUTSIDE = (ShopError, ShoppingFeedError, SecretUnreadable)


class Quick:
    """`Connections` with a page's patience. Whoever makes one closes it."""

    def __init__(self) -> None:
        self._made: list[Shop | Client] = []

    def shop(self, store: Store) -> Shop:
        """Raises `ShopMisconfigured` where the settings alone are wrong."""
        kind = SHOP_KINDS.get(store.shop_kind)
        if kind is None:
            raise ShopMisconfigured(f"“{store.shop_kind}” is not a kind of shop.")
        shop = kind(
            store.shop_url.reveal(),
            prefix=store.shop_prefix,
            shop_id=store.shop_id,
            store_id=store.feed_store_id,
            timeout=min(PATIENCE, conf().timeout),
        )
        self._made.append(shop)
        return shop

    def client(self, store: Store) -> Client:
        client = Client(
            store.token.reveal(), base_url=store.api_url, timeout=min(PATIENCE, conf().timeout), concurrency=1
        )
        self._made.append(client)
        return client

    def done(self, store: Store) -> None:
        """A page is, when it closes them."""

    def close(self) -> None:
        while self._made:
            self._made.pop().close()


@contextmanager
def open_shop(store: Store) -> Iterator[Shop]:
    """Raises one of `OUTSIDE`."""
    with closing(Quick()) as outsides:
        yield outsides.shop(store)


@dataclass(frozen=True, slots=True)
class Statuses:
    """The shop's statuses, or `trouble`: why they cannot be read, as a sentence."""

    by_id: dict[int, Status] = field(default_factory=dict)
    trouble: str = ""

    def name(self, status: int | None) -> str:
        if status is None:
            return ""
        known = self.by_id.get(status)
        return known.name if known else f"#{status}"

    def color(self, status: int | None) -> str:
        known = self.by_id.get(status) if status is not None else None
        return known.color if known else ""


def statuses_of(store: Store, language: str) -> Statuses:
    """Kept for a few minutes; read again when the store's settings change."""
    key = f"sfsync:statuses:{store.pk}:{store.updated_at.timestamp()}:{language}"
    found: Statuses | None = cache.get(key)
    if found is None:
        found = _read_statuses(store, language)
        cache.set(key, found, SORRY if found.trouble else FRESH)
    return found


def _read_statuses(store: Store, language: str) -> Statuses:
    try:
        with open_shop(store) as shop:
            return Statuses({each.status_id: each for each in shop.statuses(language)})
    except OUTSIDE as error:
        return Statuses(trouble=said(error))


def said(error: Exception) -> str:
    """What stands in the way and what to do, in the reader's language."""
    trouble = trouble_of(error)
    return f"{sentence(trouble.code, {'message': trouble.detail})} {advice(trouble.code)}".strip()


@dataclass(frozen=True, slots=True)
class Glance:
    """An order as the shop shows it now. `trouble`: why it cannot be seen."""

    snapshot: Snapshot | None = None
    trouble: str = ""


def glance(store: Store, shop_order_id: int) -> Glance:
    if statuses_of(store, store.language).trouble:
        return Glance(trouble=_("The shop does not answer now: this is what was last seen of the order."))
    try:
        with open_shop(store) as shop:
            return Glance(shop.read([shop_order_id]).get(shop_order_id))
    except OUTSIDE as error:
        return Glance(trouble=said(error))


def tried(store: Store) -> tuple[list[str], list[str]]:
    """Try the connections of a store, as it is in memory. Returns what works, and what does not, as sentences."""
    good: list[str] = []
    bad: list[str] = []
    for check in (_try_shop, _try_feed):
        try:
            good.append(check(store))
        except OUTSIDE as error:
            bad.append(said(error))
    return good, bad


def _try_shop(store: Store) -> str:
    with open_shop(store) as shop:
        return _("The shop answers: %(found)s") % {"found": probed(shop.probe())}


def _try_feed(store: Store) -> str:
    with closing(Quick()) as outsides:
        stores = {each.id: each.name for each in outsides.client(store).me().stores}
    name = stores.get(store.feed_store_id)
    if name is None:
        opened = ", ".join(f"{key} ({value})" for key, value in stores.items()) or "-"
        raise ShoppingFeedError(
            _("The token does not open store %(store)s; it opens: %(opened)s.")
            % {"store": store.feed_store_id, "opened": opened}
        )
    return _("Shopping Feed accepts the token: store %(store)s is “%(name)s”.") % {
        "store": store.feed_store_id,
        "name": name,
    }
