"""What a shop says of itself: its name, its time zone, its version, the language that its merchant works in."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, NamedTuple

from sqlalchemy import select

from sfsync.shops.prestashop.clock import zone_named
from sfsync.shops.prestashop.connection import Database
from sfsync.shops.prestashop.tables import Tables
from sfsync.shops.prestashop.tracking import clean_text

SETTINGS = ("PS_TIMEZONE", "PS_SHOP_NAME", "PS_LANG_DEFAULT", "PS_VERSION_DB")


@dataclass(frozen=True, slots=True)
class About:
    name: str
    zone: tzinfo
    language_id: int
    version: str

    @property
    def numbers_in_orders(self) -> bool:
        """Up to 1.7 a tracking number may stand in `orders.shipping_number`, a column that is gone in 8."""
        return self.version.startswith("1.")


class Own(NamedTuple):
    """What the shop's own row says."""

    name: str
    id_shop_group: int


def read_about(database: Database, tables: Tables, shop_id: int) -> About:
    """One statement. A shop that is not there has a name all the same: `probe` is who complains."""
    shop, settings = tables.shop.c, tables.configuration.c
    own = [
        select(column).where(shop.id_shop == shop_id).scalar_subquery().label(f"own_{column.name}")
        for column in (shop.name, shop.id_shop_group)
    ]
    columns = (settings.name, settings.value, settings.id_shop, settings.id_shop_group)
    rows = database.rows(select(*columns, *own).where(settings.name.in_(SETTINGS)))
    shops = [Own(row.own_name, row.own_id_shop_group) for row in rows[:1] if row.own_id_shop_group is not None]
    return about_of(shops, rows, shop_id)


def about_of(shops: Sequence[Any], rows: Sequence[Any], shop_id: int) -> About:
    """`shops`: the row of this one, if it is there. `rows` of its configuration, and of everybody's."""
    values = values_of(shops, rows, shop_id, SETTINGS)
    own_name = clean_text(shops[0].name) if shops else ""
    return About(
        name=own_name or clean_text(values["PS_SHOP_NAME"]),
        zone=zone_named(values["PS_TIMEZONE"]),
        language_id=int(values["PS_LANG_DEFAULT"]) if values["PS_LANG_DEFAULT"].isdecimal() else 0,
        version=values["PS_VERSION_DB"],
    )


def values_of(shops: Sequence[Any], rows: Sequence[Any], shop_id: int, names: Collection[str]) -> dict[str, str]:
    group = shops[0].id_shop_group if shops else 0
    return {name: setting(rows, name, shop_id, group) for name in names}


def setting(rows: Sequence[Any], name: str, shop_id: int, group_id: int) -> str:
    """The value that holds for this shop: its own, else its group's, else everybody's, else empty."""
    found = {(row.id_shop or 0, row.id_shop_group or 0): row.value or "" for row in rows if row.name == name}
    places = ((shop_id, group_id), (shop_id, 0), (0, group_id), (0, 0))
    return next((found[place] for place in places if place in found), "")
