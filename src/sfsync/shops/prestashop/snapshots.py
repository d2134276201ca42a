"""Orders in full: three statements for up to a thousand of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, null, select

from sfsync.domain.identity import Claim
from sfsync.domain.orders import Parcel, Snapshot
from sfsync.domain.tracking_numbers import recognise
from sfsync.domain.value import value
from sfsync.shops.prestashop.among import Among
from sfsync.shops.prestashop.claims import claim_of
from sfsync.shops.prestashop.shop_database import ShopDatabase
from sfsync.shops.prestashop.sources.shipments import Shipments
from sfsync.shops.prestashop.tracking import clean_text, tracking_link

CLAIM = (
    *("id_shoppingfeed_order", "id_internal_shoppingfeed", "id_order_marketplace"),
    *("name_marketplace", "id_shoppingfeed_token"),
)
"""What the module's table says of an order."""
OfOthers = Callable[[Iterable[int | None]], Collection[int]]


@value
class Carrier:
    """`reference` is the id that a carrier keeps when it is edited, which makes a new row of it."""

    reference: int = 0
    name: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Names:
    """Carriers by id, and which statuses mean shipped and paid."""

    carriers: Mapping[int, Carrier]
    flags: Mapping[int, tuple[bool, bool]]


@value
class Past:
    """An order's statuses, the oldest first, and the newest row of its history."""

    statuses: Sequence[str] = ()
    version: int = 0


_NO_PAST, _NO_CARRIER = Past(), Carrier()


def snapshots(
    database: ShopDatabase,
    order_ids: list[int],
    of_others: OfOthers,
    shipments: Shipments,
    *,
    listed: bool = True,
) -> Iterator[Snapshot]:
    """The orders of this shop among these. `of_others` says which of the module's tokens belong to another account at
    Shopping Feed; without `listed` the module has no table."""
    # The history first: PrestaShop writes an order's status before its history row, so this way round the history
    # never holds a status that the order read afterwards does not have yet.
    history = _history(database, order_ids)
    rows = _orders(database, order_ids, listed=listed)
    foreign = of_others({row.id_shoppingfeed_token for row in rows})
    its = shipments.of(order_ids)
    used = {row.id_carrier for row in rows} | {row.parcel_carrier for row in rows}
    carriers = _carriers(database, used | {each.id_carrier for some in its.values() for each in some})
    flags = {row.current_state: (bool(row.shipped), bool(row.paid)) for row in rows}
    names = Names(carriers, flags)
    for order_id, own in _by_order(rows).items():
        parcels = shipments.joined(own, its.get(order_id, ()))
        back = _return_number(own) if database.return_numbers else ""
        yield snapshot(parcels, history.get(order_id, _NO_PAST), names, _claim(own[0], foreign), back)


def snapshot(
    parcels: Sequence[Any], past: Past, names: Names, claim: Claim | None, return_number: str = ""
) -> Snapshot:
    """An order by its parcels, the newest first: rows that hold the order's own columns as well; one without a parcel
    where it has none."""
    row = parcels[0]
    orders_own = row.id_carrier or 0
    carrier_id = row.parcel_carrier or orders_own
    carrier = names.carriers.get(carrier_id) or Carrier(carrier_id)
    status = str(row.current_state or 0)
    shipped, paid = names.flags.get(row.current_state, (False, False))
    return Snapshot(
        key=str(row.id_order),
        status=status,
        statuses=ending_with(status, past.statuses),
        parcels=tuple(_numbered(parcels, names.carriers, orders_own)),
        carrier_id=_key(carrier_id),
        carrier_reference=_key(carrier.reference),
        carrier_name=carrier.name,
        shipped_status=shipped,
        paid_status=paid,
        version=past.version,
        claim=claim,
        spoilt=spoilt(parcels),
        return_number=return_number,
    )


def _return_number(parcels: Sequence[Row[Any]]) -> str:
    """Of the newest parcel that has one."""
    return next(filter(None, (clean_text(str(each.return_number or "")) for each in parcels)), "")


def _claim(row: Row[Any], foreign: Collection[int]) -> Claim | None:
    """What the module's table says of an order; another account's orders are none of ours."""
    if row.id_shoppingfeed_order is None or row.id_shoppingfeed_token in foreign:
        return None
    return claim_of(row)


def _key(number: int) -> str:
    return str(number) if number else ""


def ending_with(status: str, history: Sequence[str]) -> tuple[str, ...]:
    """The history, completed by the current status when its row is not there (yet, or ever)."""
    return (*history,) if history and history[-1] == status else (*history, status)


def _numbered(rows: Sequence[Any], carriers: Mapping[int, Carrier], orders_own: int) -> Iterator[Parcel]:
    """The parcels that have a tracking number, each number of a row. One without a carrier goes by the order's."""
    for row in rows:
        numbers = recognise(row.tracking_number).numbers
        if numbers:
            carrier_id = row.parcel_carrier or orders_own
            carrier = carriers.get(carrier_id, _NO_CARRIER)
            for number in numbers:
                link = tracking_link(carrier.url, number)
                yield Parcel(number, _key(carrier_id), carrier.name, link, str(row.id_order_carrier))


def spoilt(rows: Sequence[Any]) -> str:
    """What should be a number in the newest parcel that has none for that (`Snapshot.spoilt`)."""
    return next((clean_text(row.tracking_number) for row in rows if recognise(row.tracking_number).spoilt), "")


def _history(database: ShopDatabase, order_ids: list[int]) -> dict[int, Past]:
    history = database.tables.order_history.c
    rows = database.rows(
        select(history.id_order_history, history.id_order, history.id_order_state)
        .where(Among(history.id_order, order_ids))
        .order_by(history.id_order_history)
    )
    return pasts(rows)


def pasts(rows: Sequence[Any]) -> dict[int, Past]:
    """By order, from rows of the history (their ids, orders and statuses), the oldest first."""
    statuses: dict[int, list[str]] = defaultdict(list)
    versions: dict[int, int] = {}
    for row_id, order, status in rows:
        statuses[order].append(str(status))
        versions[order] = row_id
    return {order: Past(its, versions[order]) for order, its in statuses.items()}


def _orders(database: ShopDatabase, order_ids: list[int], *, listed: bool) -> Sequence[Row[Any]]:
    """A row per parcel, the newest first, or one without a parcel: what an order says, what its status means, its
    numbers, and which marketplace order it is, of one instant. An order that took another's number in between is not
    taken for it."""
    tables = database.tables
    orders, parcels, states, listing = tables.orders, tables.order_carrier, tables.order_state, tables.listing
    columns = (
        *(orders.c.id_order, orders.c.current_state, orders.c.id_carrier, states.c.shipped, states.c.paid),
        *(parcels.c.id_order_carrier, parcels.c.id_carrier.label("parcel_carrier"), database.number),
        *database.return_numbers,
    )
    rows = select(*columns).join_from(orders, parcels, parcels.c.id_order == orders.c.id_order, isouter=True)
    rows = rows.join(states, states.c.id_order_state == orders.c.current_state, isouter=True)
    claims = [listing.c[name] for name in CLAIM]
    if listed:
        rows = rows.add_columns(*claims).join(listing, listing.c.id_order == orders.c.id_order, isouter=True)
    else:
        rows = rows.add_columns(*(null().label(each.name) for each in claims))
    return database.rows(rows.where(Among(orders.c.id_order, order_ids), tables.of_shop(database.shop_id)))


def _by_order(rows: Sequence[Row[Any]]) -> dict[int, list[Row[Any]]]:
    """The rows of each order, the newest parcel first; of two listings of one order the newest counts."""
    found: dict[int, dict[int, Row[Any]]] = defaultdict(dict)
    for row in sorted(rows, key=lambda row: (-(row.id_order_carrier or 0), row.id_shoppingfeed_order or 0)):
        found[row.id_order][row.id_order_carrier] = row
    return {order_id: list(parcels.values()) for order_id, parcels in found.items()}


def _carriers(database: ShopDatabase, used: set[int]) -> dict[int, Carrier]:
    """Carriers by id; deleted ones too, for old orders keep them. One named `0` goes by the shop's name."""
    carrier = database.tables.carrier.c
    rows = database.rows(
        select(carrier.id_carrier, carrier.id_reference, carrier.name, carrier.url).where(
            carrier.id_carrier.in_(_sorted(used))
        )
    )
    carriers = {}
    for row in rows:
        name = clean_text(row.name)
        name = database.about.name if name == "0" else name
        carriers[row.id_carrier] = Carrier(row.id_reference or row.id_carrier, name, row.url or "")
    return carriers


def _sorted(ids: set[int]) -> list[int]:
    return sorted(number for number in ids if number)
