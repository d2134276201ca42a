"""A PrestaShop database for tests and the demo: real tables, real rows, and verbs that write as PrestaShop does.

The rows come from a running PrestaShop 8.2.1 with the shoppingfeed module: 300 orders, 234 of them from marketplaces.
Column types and keys are the real ones (`rows/columns.csv`), defaults are left out: nothing here relies on them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Dialect,
    Engine,
    Executable,
    FromClause,
    MetaData,
    String,
    Table,
    cast,
    create_engine,
    delete,
    event,
    func,
    insert,
    inspect,
    literal,
    select,
    update,
)
from sqlalchemy.dialects import registry
from sqlalchemy.schema import CreateIndex, CreateTable, ExecutableDDLElement

from sfsync.shops.prestashop.claims import feed_id as parse_feed_id
from sfsync.shops.prestashop.clock import to_shop, zone_named
from sfsync.shops.prestashop.rows import PAID, Rows, declare, load

SHIPPED = 4
ZONE = zone_named("Europe/Paris")
CHUNK = 5000


def build(
    url: str, *, prefix: str = "ps_", limit: int | None = None, fresh: bool = True, now: datetime | None = None
) -> SampleShop:
    """Make the tables in an empty database, fill them, and return the shop.

    `limit` keeps that many marketplace orders and nothing else. `fresh` puts every order back to "payment accepted"
    (2), without tracking number, so that a story starts from zero; otherwise they stand as they were recorded. Dates
    are moved so that the newest is `now`. Raises ValueError when the tables are there already: this may be a real shop.
    """
    shop = SampleShop(url, prefix=prefix)
    if inspect(shop.engine).has_table(f"{prefix}orders"):
        shop.close()
        raise ValueError(f"The database has PrestaShop tables with the prefix {prefix!r} already; they are left alone.")
    rows = load(shop.tables, limit=limit, fresh=fresh, newest=shop.time(now))
    with shop.engine.begin() as connection:
        _create(connection, prefix)
        for name, table in shop.tables.items():
            _insert(connection, table, rows[name])
    return shop


@dataclass(frozen=True, slots=True)
class SampleOrder:
    """An order as the shop's own tables have it; the last three are of marketplace orders only."""

    order_id: int
    reference: str
    status: int
    statuses: tuple[int, ...]
    tracking_numbers: tuple[str, ...]
    carrier_id: int
    feed_id: int | None = None
    channel: str = ""
    marketplace_reference: str = ""


class SampleShop:
    """A shop made by `build`, with the rights to write. Each verb commits each of its statements, as PrestaShop does.

    `tables` holds all tables by their name without prefix, for what no verb does.
    """

    def __init__(self, url: str, *, prefix: str = "ps_") -> None:
        self.url = url
        self.prefix = prefix
        self.engine = _engine(url)
        self.metadata = MetaData()
        self.tables = declare(prefix, self.metadata)

    def order_ids(self) -> list[int]:
        """The marketplace orders, as they came."""
        listing = self.tables["shoppingfeed_order"].c
        return [row.id_order for row in self.rows(select(listing.id_order).order_by(listing.id_shoppingfeed_order))]

    def order(self, order_id: int) -> SampleOrder:
        """Raises LookupError when there is none."""
        orders, history, parcels = (self.tables[name].c for name in ("orders", "order_history", "order_carrier"))
        query = select(orders.reference, orders.current_state, orders.id_carrier).where(orders.id_order == order_id)
        found = self.rows(query)
        if not found:
            raise LookupError(f"The sample shop has no order {order_id}.")
        statuses = select(history.id_order_state).where(history.id_order == order_id).order_by(history.id_order_history)
        numbers = select(parcels.tracking_number).where(parcels.id_order == order_id).order_by(parcels.id_order_carrier)
        listing = self._listing(order_id)
        return SampleOrder(
            order_id=order_id,
            reference=found[0].reference,
            status=found[0].current_state,
            statuses=tuple(row[0] for row in self.rows(statuses)),
            tracking_numbers=tuple(row[0] or "" for row in self.rows(numbers)),
            carrier_id=found[0].id_carrier,
            feed_id=parse_feed_id(listing.id_internal_shoppingfeed) if listing else None,
            channel=listing.name_marketplace if listing else "",
            marketplace_reference=(listing.id_order_marketplace or "") if listing else "",
        )

    def feed_id(self, order_id: int) -> int | None:
        """The order's id at Shopping Feed."""
        return self.order(order_id).feed_id

    def set_status(self, order_id: int, status: int, *, history: bool = True) -> None:
        """As the back office does: the order first, then its history. Without `history`: as plain SQL does."""
        orders = self.tables["orders"]
        date = self.time()
        self.execute(update(orders).where(orders.c.id_order == order_id).values(current_state=status, date_upd=date))
        if history:
            self.execute(
                insert(self.tables["order_history"]).values(
                    id_employee=1, id_order=order_id, id_order_state=status, date_add=date
                )
            )

    def remove_last_change(self, order_id: int) -> None:
        """As an employee or a module does that cleans up: the newest row of the order's history."""
        history = self.tables["order_history"]
        newest = select(func.max(history.c.id_order_history)).where(history.c.id_order == order_id).scalar_subquery()
        self.execute(delete(history).where(history.c.id_order_history == newest))

    def set_tracking(self, order_id: int, number: str | None, *, carrier_id: int | None = None) -> None:
        """Of the order's newest parcel: one UPDATE and nothing else, so `orders.date_upd` does not move."""
        parcels = self.tables["order_carrier"]
        newest = select(func.max(parcels.c.id_order_carrier)).where(parcels.c.id_order == order_id)
        parcel_id = self.rows(newest)[0][0]
        changes: dict[str, Any] = {"tracking_number": number}
        if carrier_id is not None:
            changes["id_carrier"] = carrier_id
        self.execute(update(parcels).where(parcels.c.id_order_carrier == parcel_id).values(changes))

    def add_parcel(self, order_id: int, number: str | None = "", *, carrier_id: int = 2) -> None:
        self.execute(insert(self.tables["order_carrier"]).values(self._parcel(order_id, number, carrier_id)))

    def add_orders(
        self,
        n: int,
        *,
        channel: str = "Amazon",
        first_feed_id: int | None = 1_078_495_000_000,
        status: int = PAID,
        tracking: str = "",
        carrier_id: int = 2,
        shop_id: int = 1,
        token_id: int = 1,
        created_at: datetime | None = None,
    ) -> list[int]:
        """Bulk: marketplace orders, copies of the shop's first order. Returns their ids, which follow each other.

        The ids at Shopping Feed follow each other too, from `first_feed_id` on; None: the module never learnt them.
        """
        orders, parcels = self.tables["orders"], self.tables["order_carrier"]
        date = self.time(created_at)
        with self.engine.begin() as connection:
            model, last = connection.execute(select(func.min(orders.c.id_order), func.max(orders.c.id_order))).one()
            _multiply(connection, parcels, self._parcel(last + 1, tracking, carrier_id, date), n)
            new, dates = parcels.c.id_order, {"date_add": literal(date), "date_upd": literal(date)}
            order = {column.name: column for column in orders.columns} | {
                "id_order": new,
                "reference": literal("S", String) + cast(new, String(8)),
                "id_shop": literal(shop_id),
                "id_carrier": literal(carrier_id),
                "current_state": literal(status),
                **dates,
            }
            _copy(connection, orders, order, orders.join(parcels, orders.c.id_order == model), new > last)
            _copy(connection, self.tables["order_history"], self._change(new, 0, status, date), parcels, new > last)
            feed_id = literal(None) if first_feed_id is None else cast(new - (last + 1) + first_feed_id, String(50))
            listing = {
                "id_internal_shoppingfeed": feed_id,
                "id_order_marketplace": literal(f"{channel}-", String) + cast(new, String(20)),
                "name_marketplace": literal(channel),
                "id_order": new,
                "payment_method": literal(channel),
                "date_marketplace_creation": literal(date),
                "id_shoppingfeed_token": literal(token_id),
                **dates,
            }
            _copy(connection, self.tables["shoppingfeed_order"], listing, parcels, new > last)
        return list(range(last + 1, last + 1 + n))

    def bulk_ship(self, order_ids: Collection[int], tracking_prefix: str = "TRK", *, status: int = SHIPPED) -> None:
        """Bulk: every parcel of these orders gets the number prefix + order id, and the orders this status."""
        orders, parcels, history = (self.tables[name] for name in ("orders", "order_carrier", "order_history"))
        date = self.time()
        with self.engine.begin() as connection:
            for some in _chunks(sorted(order_ids)):
                number = literal(tracking_prefix, String) + cast(parcels.c.id_order, String(20))
                connection.execute(update(parcels).where(parcels.c.id_order.in_(some)).values(tracking_number=number))
                chosen = orders.c.id_order.in_(some)
                connection.execute(update(orders).where(chosen).values(current_state=status, date_upd=date))
                _copy(connection, history, self._change(orders.c.id_order, 1, status, date), orders, chosen)

    def set_setting(
        self, name: str, value: str | None, *, shop_id: int | None = None, group_id: int | None = None
    ) -> None:
        """As a module saves it: of one shop, of a group of shops, or of all."""
        settings = self.tables["configuration"]
        place = {"id_shop": shop_id, "id_shop_group": group_id}
        here = [settings.c[key] == number for key, number in place.items()]
        date = self.time()
        self.execute(delete(settings).where(settings.c.name == name, *here))
        self.execute(insert(settings).values(name=name, value=value, date_add=date, date_upd=date, **place))

    def install_old_module(self, *, shop_id: int = 1, hook: str = "postUpdateOrderStatus") -> None:
        """shoppingfluxexport as it stands in PrestaShop 8 after its installation: it sends what is shipped and
        cancelled. Up to 1.7.6 its `hook` is "actionOrderStatusPostUpdate"."""
        module, hooks = self.tables["module"], self.tables["hook"]
        self.execute(insert(module).values(id_module=34, name="shoppingfluxexport", active=1, version="4.6.2"))
        self.execute(insert(self.tables["module_shop"]).values(id_module=34, id_shop=shop_id, enable_device=7))
        for number, name in ((800, hook), (801, "backOfficeTop")):
            self.execute(insert(hooks).values(id_hook=number, name=name, title=name, active=1, position=1))
            row = {"id_module": 34, "id_shop": shop_id, "id_hook": number, "position": 1}
            self.execute(insert(self.tables["hook_module"]).values(row))
        for word, status in (("SHIPPED", SHIPPED), ("CANCELED", 6)):
            self.set_setting(f"SHOPPING_FLUX_STATUS_{word}", "checked")
            self.set_setting(f"SHOPPING_FLUX_{word}", str(status))

    def by_old_module(self, order_id: int, message: str | None = None) -> str:
        """This marketplace order came through shoppingfluxexport instead: the newer module's table does not know it.
        Returns its reference; `message` is another text than the module's own, an empty one: none was written."""
        told = self.order(order_id)
        orders, listing = self.tables["orders"], self.tables["shoppingfeed_order"]
        changes = {"module": "sfpayment", "payment": told.channel.lower()}
        self.execute(update(orders).where(orders.c.id_order == order_id).values(changes))
        self.execute(delete(listing).where(listing.c.id_order == order_id))
        text = f"Numéro de commande {told.channel} :{told.marketplace_reference}" if message is None else message
        if text:
            self.add_message(order_id, text)
        return told.marketplace_reference

    def add_message(self, order_id: int, text: str, *, private: bool = True) -> None:
        row = {"id_order": order_id, "id_customer": 0, "message": text, "private": int(private)}
        row["date_add"] = self.time()
        self.execute(insert(self.tables["message"]).values(row))

    def rows(self, statement: Executable) -> Sequence[Any]:
        with self.engine.connect() as connection:
            return connection.execute(statement).all()

    def execute(self, statement: Executable) -> None:
        """One statement, committed."""
        with self.engine.begin() as connection:
            connection.execute(statement)

    def time(self, moment: datetime | None = None) -> str:
        """Shop time, as it stands in the tables."""
        return to_shop(moment or datetime.now(UTC), ZONE)

    def close(self) -> None:
        self.engine.dispose()

    def _listing(self, order_id: int) -> Any:
        listing = self.tables["shoppingfeed_order"]
        rows = self.rows(select(listing).where(listing.c.id_order == order_id))
        return rows[0] if rows else None

    def _parcel(self, order_id: int, number: str | None, carrier_id: int, date: str | None = None) -> dict[str, Any]:
        return {
            "id_order": order_id,
            "id_carrier": carrier_id,
            "id_order_invoice": 0,
            "weight": 0,
            "shipping_cost_tax_excl": 7,
            "shipping_cost_tax_incl": 8.4,
            "tracking_number": number,
            "date_add": date or self.time(),
        }

    def _change(self, order_id: ColumnElement[Any], employee_id: int, status: int, date: str) -> dict[str, Any]:
        return {
            "id_employee": literal(employee_id),
            "id_order": order_id,
            "id_order_state": literal(status),
            "date_add": literal(date),
        }


def _create(connection: Connection, prefix: str) -> None:
    for statement in _spelt(prefix, connection.dialect.name):
        connection.exec_driver_sql(statement)


@cache
def _spelt(prefix: str, kind: str) -> list[str]:
    """What makes the tables in a kind of database, once for all shops of a process: it takes longer than to do it."""
    metadata, dialect = MetaData(), registry.load(kind)()
    declare(prefix, metadata)
    if kind != "sqlite":
        return [_with_keys(table, dialect) for table in metadata.sorted_tables]
    made: list[ExecutableDDLElement] = []
    for table in metadata.sorted_tables:
        made += [CreateTable(table), *map(CreateIndex, table.indexes)]
    return [str(each.compile(dialect=dialect)) for each in made]


def _with_keys(table: Table, dialect: Dialect) -> str:
    """CREATE TABLE with its keys in it: made one by one afterwards, they take MariaDB four times as long."""
    quote = dialect.identifier_preparer.quote
    keys = "".join(
        f", {'UNIQUE ' if index.unique else ''}KEY {quote(str(index.name))} ({quote(index.columns[0].name)})"
        for index in table.indexes
    )
    return str(CreateTable(table).compile(dialect=dialect)).rstrip().removesuffix(")") + keys + ")"


def _engine(url: str) -> Engine:
    scheme, _, rest = url.partition("://")
    engine = create_engine(url if scheme == "sqlite" else f"mysql+pymysql://{rest}")
    event.listen(engine, "connect", _be_quick if scheme == "sqlite" else _be_lenient)
    return engine


def _be_quick(connection: Any, _record: Any) -> None:
    """A sample need not survive a power cut."""
    connection.execute("PRAGMA synchronous = OFF")


def _be_lenient(connection: Any, _record: Any) -> None:
    """PrestaShop empties the mode of its sessions, which is how zero dates come into its tables."""
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION sql_mode = ''")


def _insert(connection: Connection, table: Table, rows: Rows) -> None:
    if rows:
        connection.execute(insert(table), rows)


def _copy(
    connection: Connection, target: Table, values: dict[str, Any], source: FromClause, where: ColumnElement[bool]
) -> None:
    """INSERT from SELECT: as many rows at once as `source` has `where`."""
    query = select(*values.values()).select_from(source).where(where)
    connection.execute(insert(target).from_select(list(values), query))


def _multiply(connection: Connection, parcels: Table, first: dict[str, Any], n: int) -> None:
    """`n` parcels of orders that follow each other: the database copies what there is, twice as much each time."""
    _insert(connection, parcels, [first] if n else [])
    order_id, made = parcels.c.id_order, 1
    while made < n:
        step = min(made, n - made)
        values: dict[str, Any] = {name: parcels.c[name] for name in first} | {"id_order": order_id + made}
        _copy(connection, parcels, values, parcels, order_id.between(first["id_order"], first["id_order"] + step - 1))
        made += step


def _chunks(ids: list[int]) -> Iterator[list[int]]:
    return (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK))
