"""A PrestaShop whose database can be reached: its reader, its sources, and whether it is well."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sfsync.shops.base import Listing, Note, ShopFacts, Source
from sfsync.shops.keys import OrderKey
from sfsync.shops.prestashop.probe import check
from sfsync.shops.prestashop.reader import DatabaseReader
from sfsync.shops.prestashop.senders import Senders
from sfsync.shops.prestashop.shop_database import ShopDatabase
from sfsync.shops.prestashop.sources.history import History
from sfsync.shops.prestashop.sources.sweep import Sweep
from sfsync.shops.prestashop.sources.table import ModuleTable


class PrestaShop:
    """Implements `sfsync.shops.base.OpenShop`. `timeout` is in seconds, for connecting (at most 10) and for any single
    statement; `store_id` is the merchant's account at Shopping Feed; `ignore_senders`: it is no matter who else sends.
    Raises as `ShopDatabase` does.
    """

    def __init__(
        self,
        url: str,
        *,
        prefix: str = "ps_",
        shop_id: int = 1,
        store_id: int | None = None,
        timeout: float = 30.0,
        ignore_senders: bool = False,
    ) -> None:
        self.database = ShopDatabase(url, prefix=prefix, shop_id=shop_id, timeout=timeout)
        self._store_id = store_id
        self.table = ModuleTable(self.database, store_id)
        self.history = History(self.database)
        self.sweep = Sweep(self.database)
        self.senders = Senders(self.database, ignored=ignore_senders)
        self.reader = DatabaseReader(self.database, self.table.of_others, self.probe)

    def __repr__(self) -> str:
        return f"PrestaShop({self.database!r})"

    @property
    def sources(self) -> Sequence[Source]:
        return (self.table, self.history, self.sweep)

    def listed(self, keys: Collection[OrderKey]) -> list[Listing]:
        return self.table.of(keys)

    def in_the_way(self) -> Sequence[Note]:
        return self.senders.notes()

    def memory(self) -> None:
        return None

    def probe(self) -> ShopFacts:
        """Read every table that is needed, find the shop, and count its marketplace orders. The `code` of an error says
        which setting to look at."""
        database, tables = self.database, self.database.tables
        needed = [table for table in tables if table is not tables.token or self._store_id is not None]
        check(database.connection, tables, needed, database.shop_id)
        return ShopFacts("PrestaShop", database.about.version, database.about.name, {"table": self.table.count()})

    def close(self) -> None:
        self.database.close()
        self.table.forget()
