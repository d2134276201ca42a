"""A PrestaShop whose database can be reached: its reader, its sources, and whether it is well."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from sqlalchemy import Table

from sfsync.shops.base import Listing, Note, ShopFacts, Source
from sfsync.shops.keys import OrderKey
from sfsync.shops.prestashop.probe import check
from sfsync.shops.prestashop.problems import Misconfigured
from sfsync.shops.prestashop.reader import DatabaseReader
from sfsync.shops.prestashop.senders import Senders
from sfsync.shops.prestashop.shop_database import ShopDatabase
from sfsync.shops.prestashop.sources.history import History
from sfsync.shops.prestashop.sources.old_module import OldModule
from sfsync.shops.prestashop.sources.shipments import Shipments
from sfsync.shops.prestashop.sources.sweep import Sweep
from sfsync.shops.prestashop.sources.table import ModuleTable


class PrestaShop:
    """Implements `sfsync.shops.base.OpenShop`. `timeout` is in seconds, for being let in and for any single
    statement; `store_id` is the merchant's account at Shopping Feed; `ignore_senders`: it is no matter who else sends;
    `return_column`: where the numbers of return labels stand; `linked`: orders are known without the shop's modules.
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
        return_column: str = "",
        linked: Callable[[], bool] = lambda: False,
    ) -> None:
        self.database = ShopDatabase(url, prefix=prefix, shop_id=shop_id, timeout=timeout, return_column=return_column)
        self._store_id = store_id
        self.table = ModuleTable(self.database, store_id)
        self.old_module = OldModule(self.database, self.table)
        self.table.is_dispensable = lambda: self.old_module.present or linked()
        self.history = History(self.database)
        self.shipments = Shipments(self.database)
        self.sweep = Sweep(self.database)
        self.senders = Senders(self.database, ignored=ignore_senders)
        self.reader = DatabaseReader(self.database, self.table, self.shipments, self.probe)

    def __repr__(self) -> str:
        return f"PrestaShop({self.database!r})"

    @property
    def sources(self) -> Sequence[Source]:
        return (self.table, self.old_module, self.history, self.shipments, self.sweep)

    def listed(self, keys: Collection[OrderKey]) -> list[Listing]:
        """Few, of which none is in the newer module's table, may be the old one's: that is asked second."""
        listed = [] if self.table.is_missing else self.table.of(keys)
        rest = {*keys} - {each.key for each in listed}
        return [*listed, *(self.old_module.of(rest) if rest and self.old_module.present else [])]

    def in_the_way(self) -> Sequence[Note]:
        return self.senders.notes()

    def pulse(self) -> int:
        return self.history.last_id()

    def memory(self) -> None:
        return None

    def probe(self) -> ShopFacts:
        """Read every table that is needed, find the shop, and count its marketplace orders. The `code` of an error says
        which setting to look at."""
        missing = self._without_table()
        about, old = self.database.about, self.old_module.count()
        known_by = {self.table.name: None if missing else self.table.count(), self.old_module.name: old}
        unlisted = (missing.code, str(missing)) if missing and not old else None
        return ShopFacts("PrestaShop", about.version, about.name, known_by, tuple(self.shipments.notes()), unlisted)

    def _without_table(self) -> Misconfigured | None:
        """What is to be said where the newer module's table is not there; all that is needed else was read."""
        tables = self.database.tables
        try:
            self._check(lambda table: table is not tables.token or self._store_id is not None)
        except Misconfigured as error:
            if error.code != "module":
                raise
            missing = error
        else:
            return None
        self._check(lambda table: table not in (tables.listing, tables.token))
        self.table.is_missing = True
        return missing

    def _check(self, needed: Callable[[Table], bool]) -> None:
        check(
            self.database.connection, self.database.tables, filter(needed, self.database.tables), self.database.shop_id
        )

    def close(self) -> None:
        self.database.close()
        self.table.forget()
        self.old_module.forget()
        self.shipments.forget()
