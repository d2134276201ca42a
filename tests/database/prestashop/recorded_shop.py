"""Databases made of rows and columns that were recorded on running shops, a CSV file a table."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import text

from sfsync.shops.prestashop.sample import SampleShop

DATA = Path(__file__).parents[2] / "data"


def recorded(url: str, folder: str) -> SampleShop:
    """The shop of `tests/data/<folder>`, as it stood."""
    shop = SampleShop(url)
    columns: dict[str, dict[str, str]] = defaultdict(dict)
    for row in read(folder, "columns"):
        columns[row["table"]][row["column"]] = row["type"].removesuffix(" unsigned")
    for table, its in columns.items():
        create(shop, table, its)
        if (DATA / folder / f"{table}.csv").is_file():
            insert(shop, table, read(folder, table))
    return shop


def create(shop: SampleShop, table: str, columns: Mapping[str, str]) -> None:
    quote = shop.engine.dialect.identifier_preparer.quote
    declared = ", ".join(f"{quote(name)} {kind}" for name, kind in columns.items())
    shop.execute(text(f"CREATE TABLE ps_{table} ({declared})"))


def insert(shop: SampleShop, table: str, rows: list[dict[str, Any]]) -> None:
    quote = shop.engine.dialect.identifier_preparer.quote
    for row in rows:
        names = ", ".join(map(quote, row))
        values = ", ".join(f":{name}" for name in row)
        shop.execute(text(f"INSERT INTO ps_{table} ({names}) VALUES ({values})").bindparams(**row))


def read(folder: str, table: str) -> list[dict[str, Any]]:
    with (DATA / folder / f"{table}.csv").open(encoding="utf-8", newline="") as lines:
        return [{key: None if value == r"\N" else value for key, value in row.items()} for row in csv.DictReader(lines)]
