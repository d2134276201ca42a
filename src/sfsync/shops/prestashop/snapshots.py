"""Orders in full: five statements for up to a thousand of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select

from sfsync.domain.orders import Parcel, Snapshot
from sfsync.domain.tracking_numbers import recognise
from sfsync.shops.prestashop.connection import Reader
from sfsync.shops.prestashop.tables import Tables
from sfsync.shops.prestashop.tracking import clean_text, tracking_link


@dataclass(frozen=True, slots=True)
class Carrier:
    """`reference` is the id that a carrier keeps when it is edited, which makes a new row of it."""

    reference: int = 0
    name: str = ""
    url: str = ""


def snapshots(
    reader: Reader, tables: Tables, shop_id: int, order_ids: list[int], shop_name: Callable[[], str]
) -> Iterator[tuple[str, Snapshot]]:
    """The orders of this shop among these, by key. `shop_name` is asked when a carrier goes by it."""
    # The history first: PrestaShop writes an order's status before its history row, so this way round the history
    # never holds a status that the order read afterwards does not have yet.
    history, versions = _history(reader, tables, order_ids)
    orders = _orders(reader, tables, shop_id, order_ids)
    parcels = _parcels(reader, tables, order_ids)
    used = {row.id_carrier for row in orders} | {row.id_carrier for rows in parcels.values() for row in rows}
    carriers = _carriers(reader, tables, used, shop_name)
    flags = _flags(reader, tables, {row.current_state for row in orders})
    for row in orders:
        own = parcels[row.id_order]
        carrier_id = (own[0].id_carrier if own else 0) or row.id_carrier or 0
        carrier = carriers.get(carrier_id, Carrier(carrier_id))
        key, status = str(row.id_order), str(row.current_state or 0)
        shipped, paid = flags.get(row.current_state, (False, False))
        yield (
            key,
            Snapshot(
                key=key,
                status=status,
                statuses=ending_with(status, history[row.id_order]),
                parcels=tuple(_numbered(own, carriers, row.id_carrier or 0)),
                carrier_id=_key(carrier_id),
                carrier_reference=_key(carrier.reference),
                carrier_name=carrier.name,
                shipped_status=shipped,
                paid_status=paid,
                version=versions.get(row.id_order, 0),
            ),
        )


def _key(number: int) -> str:
    return str(number) if number else ""


def ending_with(status: str, history: list[str]) -> tuple[str, ...]:
    """The history, completed by the current status when its row is not there (yet, or ever)."""
    return (*history,) if history[-1:] == [status] else (*history, status)


def _numbered(rows: list[Row[Any]], carriers: dict[int, Carrier], orders_own: int) -> Iterator[Parcel]:
    """The parcels that have a tracking number, each number of a row. One without a carrier goes by the order's."""
    for row in rows:
        carrier_id = row.id_carrier or orders_own
        carrier = carriers.get(carrier_id, Carrier())
        for number in recognise(row.tracking_number).numbers:
            link = tracking_link(carrier.url, number)
            yield Parcel(number, _key(carrier_id), carrier.name, link, str(row.id_order_carrier))


def _history(reader: Reader, tables: Tables, order_ids: list[int]) -> tuple[dict[int, list[str]], dict[int, int]]:
    """Statuses by order, oldest first, and the newest row of each."""
    history = tables.order_history.c
    rows = reader.rows(
        select(history.id_order, history.id_order_state, history.id_order_history)
        .where(history.id_order.in_(order_ids))
        .order_by(history.id_order_history)
    )
    statuses: dict[int, list[str]] = defaultdict(list)
    for row in rows:
        statuses[row.id_order].append(str(row.id_order_state))
    return statuses, {row.id_order: row.id_order_history for row in rows}


def _orders(reader: Reader, tables: Tables, shop_id: int, order_ids: list[int]) -> Sequence[Row[Any]]:
    orders = tables.orders.c
    return reader.rows(
        select(orders.id_order, orders.current_state, orders.id_carrier).where(
            orders.id_order.in_(order_ids), tables.of_shop(shop_id)
        )
    )


def _parcels(reader: Reader, tables: Tables, order_ids: list[int]) -> dict[int, list[Row[Any]]]:
    """Rows of parcels by order, newest first, with and without a number."""
    parcels = tables.order_carrier.c
    rows = reader.rows(
        select(parcels.id_order_carrier, parcels.id_order, parcels.id_carrier, parcels.tracking_number)
        .where(parcels.id_order.in_(order_ids))
        .order_by(parcels.id_order_carrier.desc())
    )
    found: dict[int, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        found[row.id_order].append(row)
    return found


def _carriers(reader: Reader, tables: Tables, used: set[int], shop_name: Callable[[], str]) -> dict[int, Carrier]:
    """Carriers by id; deleted ones too, for old orders keep them. One named `0` goes by the shop's name."""
    carrier = tables.carrier.c
    rows = reader.rows(
        select(carrier.id_carrier, carrier.id_reference, carrier.name, carrier.url).where(
            carrier.id_carrier.in_(_sorted(used))
        )
    )
    carriers = {}
    for row in rows:
        name = clean_text(row.name)
        name = shop_name() if name == "0" else name
        carriers[row.id_carrier] = Carrier(row.id_reference or row.id_carrier, name, row.url or "")
    return carriers


def _flags(reader: Reader, tables: Tables, used: set[int]) -> dict[int, tuple[bool, bool]]:
    """Shipped and paid by status."""
    states = tables.order_state.c
    rows = reader.rows(
        select(states.id_order_state, states.shipped, states.paid).where(states.id_order_state.in_(_sorted(used)))
    )
    return {row.id_order_state: (bool(row.shipped), bool(row.paid)) for row in rows}


def _sorted(ids: set[int]) -> list[int]:
    return sorted(number for number in ids if number)
