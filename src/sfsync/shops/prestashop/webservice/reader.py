"""Orders, statuses and carriers of a PrestaShop, read through its web service."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sfsync.domain.identity import Claim
from sfsync.domain.orders import Item, Seen, Snapshot
from sfsync.domain.tracking_numbers import recognise
from sfsync.shops.base import Carrier, Note, Placed, ShopFacts, Status, Weight
from sfsync.shops.keys import OrderKey
from sfsync.shops.prestashop.about import SETTINGS, About, about_of, values_of
from sfsync.shops.prestashop.carriers import families
from sfsync.shops.prestashop.clock import to_utc
from sfsync.shops.prestashop.problems import Misconfigured
from sfsync.shops.prestashop.reader import color, missing
from sfsync.shops.prestashop.shop_database import batches
from sfsync.shops.prestashop.snapshots import Carrier as Named
from sfsync.shops.prestashop.snapshots import Names, Past, pasts, snapshot
from sfsync.shops.prestashop.sources.shipments import by_parcel, joined
from sfsync.shops.prestashop.tracking import clean_text
from sfsync.shops.prestashop.webservice import rows
from sfsync.shops.prestashop.webservice.address import Question, after, any_of
from sfsync.shops.prestashop.webservice.answers import Row, flag, number, text, texts
from sfsync.shops.prestashop.webservice.bridge import MODULES, Bridge
from sfsync.shops.prestashop.webservice.client import IDS, MORE_IDS, WebService
from sfsync.shops.prestashop.webservice.kept import Kept
from sfsync.shops.prestashop.webservice.rights import require

BATCH = 500
"""Orders of one question: their ids make an address of 5 kB."""
_STATE = ("id", "name", "color", "deleted", "shipped", "paid")
_FLAGS = ("id", "shipped", "paid")

T = TypeVar("T")


class WebServiceReader:
    """Implements `sfsync.shops.base.Reader`: three questions for 500 orders, and one more for each of the tables that
    the shop's bridge shows (the newer module's, and the shipments of 9.1)."""

    def __init__(self, service: WebService, bridge: Bridge, memory: Mapping[str, Any] | None = None) -> None:
        self._service, self._bridge = service, bridge
        self._carriers = Kept(self._read_carriers)
        self._flags = Kept(self._read_flags)
        self._flags.recall((memory or {}).get("flags"))
        bridge.recall((memory or {}).get("rights"))
        self._shops = Kept(self._read_shops)
        self._about = Kept(self._read_about)

    def look(self, keys: Collection[OrderKey]) -> dict[OrderKey, Seen]:
        found = (self._snapshots(some, Names({}, {}), {}) for some in batches(keys, BATCH))
        return {each.key: each.seen for orders in found for each in orders}

    def read(self, keys: Collection[OrderKey]) -> dict[OrderKey, Snapshot]:
        found = (self._snapshots(some, self._names(), self._bridge.claims(some)) for some in batches(keys, BATCH))
        return {each.key: each for orders in found for each in orders}

    def removed(self, versions: Collection[int]) -> set[int]:
        """One question, about ids alone. Those that lie far beyond the first one are for the next time."""
        rising = {"id": after(min(versions) - 1)}
        page = self._service.rows(Question("order_histories", rising, most=IDS + self._service.turn() % MORE_IDS))
        return missing(versions, {number(row, "id") for row in page})

    def placed(self, keys: Collection[OrderKey]) -> dict[OrderKey, Placed]:
        found = [
            each
            for some in batches(keys, BATCH)
            for each in self._rows(rows.Placed, "orders", {"id": any_of(some)}, most=BATCH)
        ]
        return {str(each.id_order): Placed(to_utc(each.date_add, self.about.zone), each.reference) for each in found}

    def contents(self, keys: Collection[OrderKey]) -> Mapping[OrderKey, Mapping[str, Sequence[Item]]]:
        """Three questions, and none where the bridge and the key do not show all that they are about."""
        if not self._bridge.shows_contents:
            return {}
        return by_parcel([each for some in batches(keys, BATCH) for each in self._contents(some)])

    def statuses(self, language: str) -> list[Status]:
        """`language` is a two letter code, or starts with one (`fr_FR`)."""
        named = self._languages(language[:2].lower())
        return [
            Status(
                status_id=str(number(row, "id")),
                name=_named(texts(row, "name"), named),
                color=color(text(row, "color")),
                deleted=flag(row, "deleted"),
                shipped=flag(row, "shipped"),
                paid=flag(row, "paid"),
            )
            for row in self._read_states()
        ]

    def carriers(self) -> list[Carrier]:
        return families(self._carriers.value, lambda: self.about.name)

    def probe(self) -> ShopFacts:
        """Reads the rights of the key, finds the shop, and counts its marketplace orders."""
        require(self._bridge.probe())
        self._find_shop()
        known_by = self._bridge.counted(len(self._service.ids("orders", {"module": any_of(MODULES)})))
        return ShopFacts("PrestaShop", self._service.version, self.about.name, known_by, tuple(self._notes()))

    def _notes(self) -> Iterator[Note]:
        if self._bridge.shows_shipments:
            yield Note(Weight.OK, "shipments-shown")
        elif self._bridge.hides_shipments:
            yield Note(Weight.WARNING, "webservice-shipments")

    def settings(self, names: Collection[str]) -> dict[str, str]:
        """Of the shop's configuration, as they hold for this shop; empty where there is none."""
        found = self._rows(rows.Setting, "configurations", {"name": any_of(names)}, most=500)
        return values_of(self._shops.value, found, self._service.shop_id, names)

    @property
    def about(self) -> About:
        return self._about.value

    def refresh(self) -> bool:
        """At most one question, so that what is kept is fresh when orders are read. Was there one? What was never read
        is left alone: a process that lives for one look would do nothing else."""
        kept: list[Kept[Any]] = [self._flags, self._carriers, *self._bridge.kept]
        old = [each for each in kept if each.old]
        for first in old[:1]:
            first.renew()
        return bool(old)

    def prepare(self) -> None:
        """Reads what a process that lives for one look would have to read before it sends."""
        for each in (self._flags, *self._bridge.kept):
            each.renew()

    def remember(self) -> dict[str, Any]:
        return {"flags": self._flags.remember(), "rights": self._bridge.remember()}

    def parcels(self, filters: Mapping[str, str]) -> list[rows.Parcel]:
        """Rising, with and without a number."""
        return self._rows(rows.Parcel, "order_carriers", filters, most=2000)

    def _snapshots(self, ids: list[int], names: Names, claims: Mapping[int, Claim]) -> list[Snapshot]:
        """The history first: PrestaShop writes an order's status before its history row."""
        history = pasts(self._rows(rows.Change, "order_histories", {"id_order": any_of(ids)}, most=5000))
        orders = self._rows(rows.Order, "orders", {"id": any_of(ids)}, most=BATCH)
        parcels = self._parcels_of(ids, orders)
        return [
            snapshot(
                parcels[each.id_order],
                history.get(each.id_order, Past()),
                names,
                claims.get(each.id_order) or _claim(each),
            )
            for each in orders
        ]

    def numbers(self, ids: list[int]) -> dict[int, str]:
        """By order, as `Seen.written` has them: one question, or two."""
        orders = [rows.Order(each, 0, 0, "") for each in ids]
        return {order: numbers_of(parcels) for order, parcels in self._parcels_of(ids, orders).items()}

    def _parcels_of(self, ids: list[int], orders: Sequence[rows.Order]) -> dict[int, list[Any]]:
        """Of each order, the newest first. An order that was placed while shipments were switched on has no carrier of
        its own: what is kept up to date of it are its shipments."""
        parcels = _by_order(self.parcels({"id_order": any_of(ids)}))
        shipments = _by_order(self.shipments({"id_order": any_of(ids)}) if self._bridge.shows_shipments else [])
        found: dict[int, list[Any]] = {}
        for each in orders:
            own, its = _joined(each, parcels[each.id_order]), shipments[each.id_order]
            found[each.id_order] = joined(own, its, switched_on=not each.id_carrier) if its else own
        return found

    def _contents(self, ids: list[int]) -> Iterator[rows.Content]:
        orders = {each.id_shipment: each.id_order for each in self.shipments({"id_order": any_of(ids)})}
        if not orders:
            return
        held = self._rows(rows.Held, "shipment_products", {"id_shipment": any_of(orders)}, most=2000)
        wanted = {each.id_order_detail for each in held}
        found = self._rows(rows.Article, "order_details", {"id": any_of(sorted(wanted))}, most=2000) if held else []
        articles = {each.id_order_detail: each[1:] for each in found}
        for each in held:
            if each.id_order_detail in articles:
                order, shipment = orders[each.id_shipment], each.id_shipment
                yield rows.Content(order, shipment, each.quantity, *articles[each.id_order_detail])

    def shipments(self, filters: Mapping[str, str]) -> list[rows.Shipment]:
        """Rising, with and without a number, where the bridge shows them."""
        return self._rows(rows.Shipment, "shipments", filters, most=2000)

    def _rows(self, kind: type[T], resource: str, filters: Mapping[str, str], most: int) -> list[T]:
        """Rising. A shop with a cache is asked with another limit each time."""
        most += 1 + self._service.turn() % 97  # a page as long as was asked for may not be the last
        question = Question(resource, filters, rows.fields(kind), most=most)
        return [rows.read(kind, row) for row in self._service.all_rows(question)]

    def _names(self) -> Names:
        carriers = {each.id_carrier: self._named(each) for each in self._carriers.value}
        return Names(carriers, {status: (shipped, paid) for status, shipped, paid in self._flags.known})

    def _named(self, row: rows.Carrier) -> Named:
        """One named `0` goes by the shop's name."""
        name = clean_text(row.name)
        return Named(row.id_reference or row.id_carrier, self.about.name if name == "0" else name, row.url)

    def _read_carriers(self) -> list[rows.Carrier]:
        return self._rows(rows.Carrier, "carriers", {"id": after(0)}, most=500)

    def _read_states(self) -> list[Row]:
        return self._service.all_rows(Question("order_states", {"id": after(0)}, _STATE))

    def _read_flags(self) -> list[list[Any]]:
        """Status, and whether it means shipped and paid: they hardly ever change, and a process remembers them for the
        next one."""
        found = self._service.all_rows(Question("order_states", {"id": after(0)}, _FLAGS))
        return [[number(row, "id"), flag(row, "shipped"), flag(row, "paid")] for row in found]

    def _read_about(self) -> About:
        settings = self._rows(rows.Setting, "configurations", {"name": any_of(SETTINGS)}, most=500)
        return about_of(self._shops.value, settings, self._service.shop_id)

    def _read_shops(self) -> list[rows.Shop]:
        return self._rows(rows.Shop, "shops", {"id": any_of([self._service.shop_id])}, most=1)

    def _languages(self, wanted: str) -> Sequence[int]:
        """Languages by preference: this one, the shop's default one, then any."""
        known = self._rows(rows.Language, "languages", {"id": after(0)}, most=200)
        default = self.about.language_id
        ordered = sorted(
            known, key=lambda each: (each.iso_code.lower() != wanted, each.id_lang != default, each.id_lang)
        )
        return [each.id_lang for each in ordered]

    def _find_shop(self) -> None:
        shops = self._rows(rows.Shop, "shops", {"id": after(0)}, most=500)
        known = {each.id_shop: each.name for each in shops if not each.deleted}
        if self._service.shop_id not in known:
            there = ", ".join(f"{shop} ({name})" for shop, name in known.items()) or "none"
            raise Misconfigured(
                f"There is no shop {self._service.shop_id} at {self._service.base}. There are: {there}.",
                code="webservice-shop",
            )


def numbers_of(parcels: Sequence[Any]) -> str:
    """As `Seen.written` has them."""
    found = [(str(each.id_order_carrier), one) for each in parcels for one in recognise(each.tracking_number).numbers]
    return Seen("", tuple(found)).written


def _by_order(some: Sequence[T]) -> dict[int, list[T]]:
    """Rows that rise, of each order the newest first."""
    found: dict[int, list[T]] = defaultdict(list)
    for each in reversed(some):
        found[each.id_order].append(each)  # type: ignore[attr-defined]
    return found


def _joined(order: rows.Order, parcels: Sequence[rows.Parcel]) -> list[rows.OrderParcel]:
    own = (order.id_order, order.current_state, order.id_carrier)
    found = [rows.OrderParcel(*own, each.id_order_carrier, each.id_carrier, each.tracking_number) for each in parcels]
    return found or [rows.OrderParcel(*own)]


def _claim(order: rows.Order) -> Claim | None:
    """That it is a marketplace's, and no more, where the bridge shows no row of it: which one was asked when it was
    listed."""
    return Claim(None, "", "") if order.module in MODULES else None


def _named(names: Mapping[int, str], languages: Sequence[int]) -> str:
    """A name that is in one language alone stands under 0."""
    found: Any = (clean_text(names.get(each)) for each in (0, *languages, *names))
    return next(filter(None, found), "")
