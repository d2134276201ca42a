"""The settings by which modules of a PrestaShop send order updates, in its table `configuration`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import create_engine, func, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from sfsync.shops.prestashop.connection import parse, place_of, refuse_own_network
from sfsync.shops.prestashop.problems import Misconfigured, explain
from sfsync.shops.prestashop.senders import ENABLED, SENT
from sfsync.shops.prestashop.shop_database import ShopDatabase
from sfsync.shops.prestashop.tables import tables_under
from sfsync.shops.setting import message as _
from sfsync.shops.switches import Switch

OFF = {**dict.fromkeys(SENT, ""), ENABLED: "0"}
"""What each is set to where its module is to send nothing."""

_NO_ACCOUNT = (
    "Changing the shop's settings needs an account of its database that may UPDATE its table configuration. It is used"
    " once, and not kept."
)
_CHANGED = "{name} (row {key}) is not in this database, or was changed a moment ago: nothing was changed. Try again."


def switch_of(row: Any) -> Switch:
    """Of a row of `configuration`. One that belongs to no shop, and one of shop 0, are everybody's."""
    shop, group = row.id_shop or 0, row.id_shop_group or 0
    scope = _("shop %(number)s") if shop else _("group of shops %(number)s") if group else _("all shops")
    return Switch(str(row.id_configuration), row.name, row.value or "", OFF[row.name], scope, shop or group)


def switches_of(rows: Iterable[Any]) -> list[Switch]:
    return [switch_of(row) for row in rows if row.name in OFF]


class Account:
    """Writes with an account that was given for this once. `address` as a store's own: mysql+pymysql://…"""

    def __init__(self, address: str, prefix: str, timeout: float) -> None:
        self._url, self._prefix, self._timeout = parse(address), prefix, timeout

    def put(self, switch: Switch, value: str) -> None:
        """That very row, and only as it was found: a wrong database changes nothing."""
        settings = tables_under(self._prefix).configuration
        same = (settings.c.id_configuration == int(switch.key), settings.c.name == switch.name)
        as_found = func.coalesce(settings.c.value, "") == switch.value
        refuse_own_network(self._url)
        mysql = self._url.drivername != "sqlite"
        times = {"connect_timeout": min(self._timeout, 10.0), "read_timeout": self._timeout} if mysql else {}
        engine = create_engine(self._url, poolclass=NullPool, connect_args=times)
        try:
            with engine.begin() as connection:
                changed = connection.execute(update(settings).where(*same, as_found).values(value=value)).rowcount
        except (SQLAlchemyError, OSError) as error:
            raise explain(error, place_of(self._url, self._prefix)) from error
        if not changed:
            raise Misconfigured(_CHANGED.format(name=switch.name, key=switch.key), code="takeover-changed")


class DatabaseSwitches:
    """Implements `sfsync.shops.switches.Switches`. Without an `account` they can only be looked at."""

    def __init__(self, database: ShopDatabase, account: Account | None) -> None:
        self._database, self._account = database, account

    def found(self) -> list[Switch]:
        settings = self._database.tables.configuration
        rows = select(*settings.c).where(settings.c.name.in_(OFF)).order_by(settings.c.id_configuration)
        return switches_of(self._database.rows(rows))

    def put(self, switch: Switch, value: str) -> None:
        if self._account is None:
            raise Misconfigured(_NO_ACCOUNT, code="takeover-account")
        self._account.put(switch, value)

    def statement(self, switch: Switch, value: str) -> str:
        return statement(self._database.tables.prefix, switch, value)

    def close(self) -> None:
        self._database.close()


def statement(prefix: str, switch: Switch, value: str) -> str:
    row = f"`id_configuration` = {int(switch.key)} AND `name` = {_quoted(switch.name)}"
    return f"UPDATE `{prefix}configuration` SET `value` = {_quoted(value)} WHERE {row};"  # noqa: S608  # for a person


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
