"""Real rows of a PrestaShop 8.2.1, one CSV file a table, and the tables they came from (`columns.csv`); in `shipments`
what PrestaShop 9.1.4 has beside."""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

from sqlalchemy import Column, Index, Integer, MetaData, Table
from sqlalchemy.dialects import mysql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.types import UserDefinedType

ZERO_DATE = "0000-00-00 00:00:00"
PAID = 2

Rows = list[dict[str, Any]]


class _Type(UserDefinedType[Any]):
    """A column type as PrestaShop declares it."""

    cache_ok = True

    def __init__(self, declared: str) -> None:
        self.declared = declared

    def get_col_spec(self, **_: Any) -> str:
        return self.declared


@compiles(_Type, "sqlite")
def _in_sqlite(column_type: _Type, _compiler: Any, **_: Any) -> str:
    """SQLite takes nearly any name, and goes by the letters in it."""
    return column_type.declared.removesuffix(" unsigned")


def declare(prefix: str, metadata: MetaData, columns_of: str = "columns") -> dict[str, Table]:
    """The tables with their columns, keys and indexes, by name without prefix. `columns_of`: the file of them."""
    columns: dict[str, list[Column[Any]]] = {}
    indexes: list[tuple[str, str, bool]] = []
    for row in read_csv(columns_of):
        columns.setdefault(row["table"], []).append(_column(row))
        if row["key"] in {"MUL", "UNI"}:
            indexes.append((row["table"], row["column"], row["key"] == "UNI"))
    tables = {name: Table(prefix + name, metadata, *own) for name, own in columns.items()}
    for name, column, unique in indexes:
        Index(f"{prefix}{name}_{column}", tables[name].c[column], unique=unique)
    return tables


def _column(row: dict[str, Any]) -> Column[Any]:
    counted = row["extra"] == "auto_increment"
    unsigned = mysql.INTEGER(unsigned="unsigned" in row["type"])
    declared = Integer().with_variant(unsigned, "mysql", "mariadb") if counted else _Type(row["type"])
    return Column(
        row["column"],
        declared,
        nullable=row["nullable"] == "YES",
        primary_key=row["key"] == "PRI",
        autoincrement=counted,
    )


def load(tables: dict[str, Table], *, limit: int | None, fresh: bool, newest: str) -> dict[str, Rows]:
    """The rows by table, with their dates moved so that the latest one is `newest`; see `sample.build`."""
    rows = {name: read_csv(name) for name in tables}
    _keep_first(rows, limit)
    if fresh:
        _put_back(rows)
    _move_dates(rows, tables, newest)
    return rows


def read_csv(name: str) -> Rows:
    """Values are text, as the database takes it; None for NULL. Tables without a file are empty."""
    return [dict(row) for row in _kept(name)]


@cache
def _kept(name: str) -> Rows:
    """A process that makes many shops reads each file once."""
    file = files(__name__) / f"{name}.csv"
    if not file.is_file():
        return []
    with file.open(encoding="utf-8") as lines:
        return [{key: None if value == r"\N" else value for key, value in row.items()} for row in csv.DictReader(lines)]


def _keep_first(rows: dict[str, Rows], limit: int | None) -> None:
    if limit is None:
        return
    rows["shoppingfeed_order"] = rows["shoppingfeed_order"][:limit]
    kept = {row["id_order"] for row in rows["shoppingfeed_order"]}
    for name in ("orders", "order_carrier", "order_history"):
        rows[name] = [row for row in rows[name] if row["id_order"] in kept]


def _put_back(rows: dict[str, Rows]) -> None:
    """Every order to "payment accepted", with one row of history, and no tracking number."""
    first = {row["id_order"]: row for row in reversed(rows["order_history"])}
    rows["order_history"] = sorted(first.values(), key=lambda row: int(row["id_order_history"]))
    for row in rows["order_history"]:
        row["id_order_state"] = PAID
    for row in rows["orders"]:
        row["current_state"] = PAID
    for row in rows["order_carrier"]:
        row["tracking_number"] = ""


def _move_dates(rows: dict[str, Rows], tables: dict[str, Table], newest: str) -> None:
    """By the same time for all. Zero dates stay."""
    dated = [
        (row, column.name)
        for name, table in tables.items()
        for column in table.columns
        if isinstance(column.type, _Type) and column.type.declared == "datetime"
        for row in rows[name]
        if row[column.name] not in {None, ZERO_DATE}
    ]
    shift = datetime.fromisoformat(newest) - datetime.fromisoformat(max(row[column] for row, column in dated))
    for row, column in dated:
        row[column] = _moved(row[column], shift)


def _moved(date: str, shift: timedelta) -> str:
    return (datetime.fromisoformat(date) + shift).isoformat(sep=" ", timespec="seconds")
