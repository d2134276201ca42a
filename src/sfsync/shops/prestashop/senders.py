"""Who else tells Shopping Feed of the shop's orders: two senders of one order are a conflict (R23).

Looked at by name and state each time: a module that is installed anew has another number, and all its hooks again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Row, and_, or_, select

from sfsync.shops.base import Note, Weight
from sfsync.shops.prestashop.about import setting
from sfsync.shops.prestashop.problems import DENIED, NO_TABLE, Misconfigured, error_number
from sfsync.shops.prestashop.shop_database import ShopDatabase

OLD, NEWER = "shoppingfluxexport", "shoppingfeed"
HOOKS = ("postUpdateOrderStatus", "actionOrderStatusPostUpdate")
"""The old module asks for the first; up to PrestaShop 1.7.6 it is given the second instead."""
SENT = {"SHOPPING_FLUX_STATUS_SHIPPED": "shipped", "SHOPPING_FLUX_STATUS_CANCELED": "cancelled"}
"""What the old module sends where the setting is not empty."""
ENABLED = "SHOPPINGFEED_ORDER_SYNC_ENABLED"
RIGHTS = ("module", "module_shop", "hook", "hook_module")


class Senders:
    """`ignored`: the merchant knows, and wants updates to be sent all the same."""

    def __init__(self, database: ShopDatabase, *, ignored: bool) -> None:
        self._database, self._ignored = database, ignored

    def notes(self) -> list[Note]:
        """One statement."""
        if self._ignored:
            return []
        try:
            rows = self._database.rows(self._statement())
        except Misconfigured as error:
            return [self._unseen(error)]
        return [*_old(rows, self._database.shop_id), *_newer(rows, self._database.shop_id)]

    def _unseen(self, error: Misconfigured) -> Note:
        """Accounts that were made before sfsync looked may not see these tables: the store goes on."""
        number = error_number(error.__cause__) if error.__cause__ else 0
        if number not in {*DENIED, NO_TABLE}:
            raise error
        place = self._database.connection.place
        grants = (place.grant(self._database.tables.prefix + name) for name in RIGHTS)
        return Note(Weight.WARNING, "senders-unseen", " ".join(grants))

    def _statement(self) -> Any:
        """A row for each setting, module and hook. Without the setting nothing is sent, whatever else there is."""
        tables, shop_id = self._database.tables, self._database.shop_id
        set_to, module, of_shop = tables.configuration.c, tables.module.c, tables.module_shop.c
        hooked = (
            select(tables.hook_module.c.id_module, tables.hook.c.name.label("hook"))
            .join_from(tables.hook_module, tables.hook, tables.hook.c.id_hook == tables.hook_module.c.id_hook)
            .where(tables.hook_module.c.id_shop == shop_id, tables.hook.c.name.in_(HOOKS))
            .subquery("hooked")
        )
        its_own = or_(
            and_(module.name == OLD, set_to.name.in_(SENT)),
            and_(module.name == NEWER, set_to.name == ENABLED),
        )
        columns = (set_to.name, set_to.value, set_to.id_shop, set_to.id_shop_group)
        return (
            select(*columns, tables.shop.c.id_shop_group.label("own_group"), module.name.label("module"), hooked.c.hook)
            .join_from(tables.configuration, tables.module, its_own)
            .join(tables.module_shop, and_(of_shop.id_module == module.id_module, of_shop.id_shop == shop_id))
            .join(tables.shop, tables.shop.c.id_shop == of_shop.id_shop)
            .join(hooked, hooked.c.id_module == module.id_module, isouter=True)
            .where(set_to.name.in_((*SENT, ENABLED)), module.active == 1)
        )


def _old(rows: Sequence[Row[Any]], shop_id: int) -> Iterator[Note]:
    own = [row for row in rows if row.module == OLD]
    hooks = sorted({row.hook for row in own if row.hook})
    sent = [word for name, word in SENT.items() if _value(own, name, shop_id)]
    if hooks and sent:
        yield Note(Weight.BLOCKS, "old-module-sends", f"{OLD}: {', '.join(sent)} ({', '.join(hooks)})")


def _newer(rows: Sequence[Row[Any]], shop_id: int) -> Iterator[Note]:
    own = [row for row in rows if row.module == NEWER]
    if _value(own, ENABLED, shop_id) == "1":
        yield Note(Weight.BLOCKS, "newer-module-sends", f"{NEWER}: {ENABLED} = 1")


def _value(rows: Sequence[Row[Any]], name: str, shop_id: int) -> str:
    """As the shop goes by it: without a row of its own by its group's, or everybody's."""
    return setting(rows, name, shop_id, rows[0].own_group or 0) if rows else ""
