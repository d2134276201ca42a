"""The shop and Shopping Feed as a page may ask them: at once or not at all, with a sentence where they are silent."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from typing import TypeVar

from django.core.cache import cache
from django.utils.crypto import salted_hmac
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from sfsync.backoffice.kit.reader_texts import Said, of_problem, on_form, told
from sfsync.conf import conf
from sfsync.db.secrets import SecretUnreadable
from sfsync.domain.groups import Group
from sfsync.domain.orders import Item, Snapshot
from sfsync.domain.trouble import Trouble
from sfsync.engine.kit.connections import open_shop, refuse_own_network
from sfsync.engine.kit.trouble import stopped_by
from sfsync.engine.outgoing.reading import read
from sfsync.engine.watch.connection_tests import noted, try_feed, try_shop, try_token
from sfsync.engine.watch.finding import Finding, Verdict
from sfsync.models import Order, Store
from sfsync.shops import kinds
from sfsync.shops.base import Carrier, OpenShop, ShopError, Status
from sfsync.shops.keys import CarrierKey, StatusKey
from shoppingfeed import Client, ShoppingFeedError

PATIENCE = 5.0
"""Seconds that a page waits for somebody else's server."""
FRESH, SORRY = 300, 15
"""Seconds for which the shop's statuses and carriers are kept, and a failure to read them."""
REMEMBERED = 30 * 24 * 3600
"""Seconds for which their names are known after the shop has fallen silent."""
OUTSIDE = (ShopError, ShoppingFeedError, SecretUnreadable)


class Quick:
    """`Connections` with a page's patience. Whoever makes one closes it."""

    def __init__(self) -> None:
        self._made: list[OpenShop | Client] = []

    def shop(self, store: Store) -> OpenShop:
        """Raises `ShopMisconfigured` where the settings alone are wrong."""
        shop = open_shop(store, min(PATIENCE, conf().timeout))
        self._made.append(shop)
        return shop

    def client(self, store: Store) -> Client:
        timeout = min(PATIENCE, conf().timeout)
        refuse_own_network(store.api_url)
        client = Client(
            store.token.reveal_for(store.api_url),
            base_url=store.api_url,
            timeout=timeout,
            proxy=conf().proxy,
            concurrency=1,
            rate_patience=0,
        )
        self._made.append(client)
        return client

    def done(self, store: Store) -> None:
        """A page is, when it closes them."""

    def close(self) -> None:
        while self._made:
            self._made.pop().close()


@contextmanager
def opened(store: Store) -> Iterator[OpenShop]:
    """Raises one of `OUTSIDE`."""
    with closing(Quick()) as outsides:
        yield outsides.shop(store)


@dataclass(frozen=True, slots=True)
class Statuses:
    """The shop's statuses. `trouble`: why they cannot be read; they are then those known last, if any."""

    by_id: dict[StatusKey, Status] = field(default_factory=dict)
    trouble: Said | None = None

    def name(self, status: StatusKey) -> str:
        if not status:
            return ""
        known = self.by_id.get(status)
        return known.name if known else f"#{status}"

    def numbered(self, status: StatusKey) -> str:
        """Shipped (4)."""
        return _numbered(self.by_id[status].name, status) if status in self.by_id else f"#{status}"

    def color(self, status: StatusKey) -> str:
        known = self.by_id.get(status)
        return known.color if known else ""


@dataclass(frozen=True, slots=True)
class Carriers:
    """The shop's carriers. `trouble`: why they cannot be read; they are then those known last, if any."""

    found: list[Carrier] = field(default_factory=list)
    trouble: Said | None = None

    def numbered(self, number: CarrierKey) -> str:
        """Click and collect (1)."""
        names = (each.name for each in self.found if number == each.carrier_id or number in each.ids)
        name = next(names, "")
        return _numbered(name, number) if name else f"#{number}"


def _numbered(name: str, number: str) -> str:
    return _("%(name)s (%(number)s)") % {"name": name, "number": number}


Kept = TypeVar("Kept", Statuses, Carriers)


def statuses_of(store: Store, language: str) -> Statuses:
    """Kept for a few minutes; read again when the store's settings change."""
    return _kept(store, f"statuses:{language}", lambda: _read_statuses(store, language))


def _read_statuses(store: Store, language: str) -> Statuses:
    try:
        with opened(store) as shop:
            return Statuses({each.status_id: each for each in shop.reader.statuses(language)})
    except OUTSIDE as error:
        return Statuses(trouble=said(store, error))


def carriers_of(store: Store) -> Carriers:
    """Kept like the statuses."""
    return _kept(store, f"carriers:{get_language()}", lambda: _read_carriers(store))


def _read_carriers(store: Store) -> Carriers:
    try:
        with opened(store) as shop:
            return Carriers([*shop.reader.carriers()])
    except OUTSIDE as error:
        return Carriers(trouble=said(store, error))


def _kept(store: Store, what: str, read: Callable[[], Kept]) -> Kept:
    key = f"sfsync:{what}:{store.pk}:{store.updated_at.timestamp()}"
    found: Kept | None = cache.get(key)
    if found is None:
        found = _remembered(_last(store, what), read())
        cache.set(key, found, SORRY if found.trouble else FRESH)
    return found


def _remembered(key: str, found: Kept) -> Kept:
    if not found.trouble:
        cache.set(key, found, REMEMBERED)
        return found
    before: Kept | None = cache.get(key)
    return replace(before, trouble=found.trouble) if before else found


def _last(store: Store, what: str) -> str:
    """The names are those of this very shop."""
    return f"sfsync:last:{what}:{store.pk}:{salted_hmac('sfsync.shop', store.shop_identity or '').hexdigest()}"


def said(store: Store, error: Exception) -> Said:
    """What stands in the way and what to do, in the reader's language."""
    stopped = stopped_by(error)
    problem = kinds.problem(store.shop_kind, error.code) if isinstance(error, ShopError) else None
    return of_problem(problem, stopped.detail) if problem else told(stopped.trouble, {"message": stopped.detail})


@dataclass(frozen=True, slots=True)
class Glance:
    """An order as the shop shows it now, and with it those that are the same marketplace order. `contents`: what is in
    its parcels, where the shop knows that. `trouble`: why it cannot be seen."""

    snapshot: Snapshot | None = None
    contents: Mapping[str, Sequence[Item]] = field(default_factory=dict)
    group: Group = field(default_factory=Group)
    trouble: Said | None = None


def glance(store: Store, order: Order) -> Glance:
    if trouble := statuses_of(store, get_language() or "en").trouble:
        text = _("The shop is not responding: this is the last known state of the order.")
        return Glance(trouble=replace(trouble, text=text))
    try:
        with opened(store) as shop:
            reading = read(shop, {order.marketplace_order_id: order.marketplace_order.claim})
            contents = shop.reader.contents([order.key]).get(order.key, {})
            return Glance(reading.snapshots.get(order.key), contents, reading.groups[order.marketplace_order_id])
    except OUTSIDE as error:
        return Glance(trouble=said(store, error))


BOTH = ("shop", "feed")


@dataclass(frozen=True, slots=True)
class Tried:
    """What trying the connections of a store came to, a finding and what it says for each."""

    findings: list[Finding]

    @property
    def well(self) -> bool:
        return all(each.verdict is not Verdict.WRONG for each in self.findings)

    @property
    def refused(self) -> set[str]:
        """The secrets that will never do."""
        return {"token"} if any(each.code == Trouble.TOKEN_REFUSED for each in self.findings) else set()

    @property
    def lines(self) -> list[tuple[bool, Said]]:
        return [(each.verdict is Verdict.OK, on_form(each.code, found(each))) for each in self.findings]

    def __str__(self) -> str:
        return " ".join(said.text for _well, said in self.lines)


def tried(store: Store, wanted: Collection[str] = BOTH) -> Tried:
    """Try the connections of a store, as it is in memory."""
    checks = {"shop": try_shop, "feed": try_feed, "token": try_token}
    with closing(Quick()) as outsides:
        findings = [checks[each](store, outsides) for each in wanted]
        return Tried([*findings, *(note for each in findings for note in noted(store, each))])


def found(finding: Finding) -> Said:
    """What the doctor found, in the active language, for somebody who reads it on a page."""
    cause = finding.params.get("cause") or finding.params.get("note", "")
    if problem := kinds.problem(finding.params.get("kind", ""), cause):
        return of_problem(problem, finding.params["message"])
    if finding.code == "shop-answers":
        return Said(_("The shop answers: %(found)s") % {"found": finding.text})
    if finding.code == "token-accepted":
        return Said(_("Shopping Feed accepts the token: store %(store)s is “%(name)s”.") % finding.params)
    said = told(finding.code, finding.params)
    return replace(said, advice="") if finding.verdict is Verdict.OK else said
