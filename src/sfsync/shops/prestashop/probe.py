"""Is this a PrestaShop that can be read? If not: one sentence on what is wrong and what to do about it.

Wrong host, password and database come out of the first query by themselves (`problems.explain`). What needs a second
look is here: a wrong prefix, missing rights, a schema that is not PrestaShop's, a shop that does not exist.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import Table, select

from sfsync.shops.base import ShopMisconfigured
from sfsync.shops.prestashop.connection import Database
from sfsync.shops.prestashop.problems import DENIED, NO_TABLE, Misconfigured, Place, error_number
from sfsync.shops.prestashop.tables import Tables

_MARKS = ("orders", "order_carrier", "order_history")


def check(database: Database, tables: Tables, needed: Iterable[Table], shop_id: int) -> None:
    """Raise what has to be mended first, if anything."""
    tried = {table.name: _try(database, table) for table in needed}
    errors = {name: error for name, error in tried.items() if error is not None}
    if len(errors) == len(tried):
        raise _nothing(database, tables.prefix, errors)
    if errors:
        _complain(database.place, tables, errors)
    _find_shop(database, tables, shop_id)


def prefixes(names: Collection[str]) -> list[str]:
    """The prefixes under which these tables look like a PrestaShop's."""
    candidates = {name.removesuffix("order_history") for name in names if name.endswith("order_history")}
    return sorted(prefix for prefix in candidates if all(prefix + mark in names for mark in _MARKS))


def _try(database: Database, table: Table) -> ShopMisconfigured | None:
    """None if the table can be read, the error if its rights or its columns are not as they should be.

    What concerns the whole database (no answer, wrong password) is raised.
    """
    try:
        database.rows(select(table).limit(1))
    except Misconfigured as error:
        if error.code not in {"right", "schema", "prefix", "module"}:
            raise
        return error
    return None


def _nothing(database: Database, prefix: str, errors: dict[str, ShopMisconfigured]) -> Misconfigured:
    place = database.place
    names = database.table_names()
    others = [found for found in prefixes(names) if found != prefix]
    if others:
        found = ", ".join(repr(other) for other in others)
        return Misconfigured(
            f"The database {place.database} has no PrestaShop tables with the prefix {prefix!r}, but with {found}.",
            code="prefix",
        )
    denied = [error for error in errors.values() if _number(error) in DENIED]
    if denied:
        return Misconfigured(
            f"The account {place.user} sees no PrestaShop tables with the prefix {prefix!r} in {place.database}:"
            f" check the prefix, and the rights. {denied[0]}",
            code="right",
        )
    return Misconfigured(
        f"The database {place.database} has no PrestaShop tables with the prefix {prefix!r} ({len(names)} tables seen):"
        " check the name of the database and the prefix (_DB_NAME_ and _DB_PREFIX_, or app/config/parameters.php).",
        code="prefix",
    )


def _complain(place: Place, tables: Tables, errors: dict[str, ShopMisconfigured]) -> None:
    """Raise what has to be mended first: rights, of all tables at once, then the schema, then the module."""
    denied = [error for error in errors.values() if _number(error) in DENIED]
    if denied:
        missing = " It may also mean that the table does not exist." if tables.listing.name in errors else ""
        raise Misconfigured(" ".join(map(str, denied)) + missing, code="right")
    for name, error in errors.items():
        if name not in {tables.listing.name, tables.token.name}:
            raise _schema(place, name, error)
    if tables.listing.name in errors:
        raise errors[tables.listing.name]
    if _number(errors[tables.token.name]) != NO_TABLE:
        raise errors[tables.token.name]


def _schema(place: Place, table: str, error: ShopMisconfigured) -> Misconfigured:
    if _number(error) == NO_TABLE:
        sentence = (
            f"The table {table} is missing in {place.database}: this is not the schema of a PrestaShop from 1.5 on."
        )
    else:
        sentence = f"{table}: {error}"
    return Misconfigured(sentence, code="schema")


def _find_shop(database: Database, tables: Tables, shop_id: int) -> None:
    shop = tables.shop.c
    rows = database.rows(select(shop.id_shop, shop.name, shop.deleted).order_by(shop.id_shop))
    known = {row.id_shop: row.name for row in rows if not row.deleted}
    if shop_id not in known:
        shops = ", ".join(f"{number} ({name})" for number, name in known.items()) or "none"
        raise Misconfigured(
            f"There is no shop {shop_id} in {database.place.database}. There are: {shops}.", code="shop"
        )


def _number(error: ShopMisconfigured) -> int:
    return 0 if error.__cause__ is None else error_number(error.__cause__)
