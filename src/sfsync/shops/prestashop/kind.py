"""PrestaShop as a kind of shop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sfsync.shops.keys import Numbers
from sfsync.shops.kind import Around, ShopKind
from sfsync.shops.prestashop.problems import PROBLEMS
from sfsync.shops.prestashop.settings import IGNORE, SETTINGS, identity, order_page
from sfsync.shops.prestashop.webservice.problems import PROBLEMS as WEBSERVICE_PROBLEMS
from sfsync.shops.setting import message as _

if TYPE_CHECKING:
    from sfsync.shops.base import OpenShop
    from sfsync.shops.switches import Switches


LARGEST = 2**31 - 1
"""Of the numbers of statuses and carriers."""


def _open(values: Mapping[str, Any], around: Around) -> OpenShop:
    return (_open_webservice if values["connection"] == "webservice" else _open_database)(values, around)


def _open_webservice(values: Mapping[str, Any], around: Around) -> OpenShop:
    from sfsync.shops.prestashop.webservice.shop import WebServiceShop

    return WebServiceShop(
        values["url"] or "",
        values["key"] or "",
        shop_id=values["shop_id"],
        ceiling=values["questions_per_hour"],
        around=around,
        ignore_senders=values["old_module"] == IGNORE,
    )


def _open_database(values: Mapping[str, Any], around: Around) -> OpenShop:
    """The driver is loaded with the first shop: a command that reads none starts in half the time."""
    from sfsync.shops.prestashop.shop import PrestaShop

    return PrestaShop(
        values["url"] or "",
        prefix=values["prefix"],
        return_column=values["return_column"],
        shop_id=values["shop_id"],
        store_id=around.feed_store_id,
        timeout=around.timeout,
        ignore_senders=values["old_module"] == IGNORE,
        linked=around.linked,
    )


def _switches(values: Mapping[str, Any], around: Around, account: str) -> Switches:
    """By the web service where that is the store's connection and no account was given."""
    from sfsync.shops.prestashop.shop_database import ShopDatabase
    from sfsync.shops.prestashop.switches import Account, DatabaseSwitches
    from sfsync.shops.prestashop.webservice.client import WebService
    from sfsync.shops.prestashop.webservice.pace import Pace
    from sfsync.shops.prestashop.webservice.switches import WebServiceSwitches

    prefix, shop_id = values["prefix"], values["shop_id"]
    writer = Account(account, prefix, around.timeout) if account else None
    if values["connection"] == "webservice":
        pace = Pace(values["questions_per_hour"], around.memory() or {}, pause=around.pause)
        service = WebService(values["url"], values["key"], shop_id=shop_id, pace=pace, timeout=around.timeout)
        return WebServiceSwitches(service, prefix, writer)
    return DatabaseSwitches(ShopDatabase(values["url"], prefix=prefix, shop_id=shop_id, timeout=around.timeout), writer)


def _bridge(address: str, secret: str) -> bytes:
    from sfsync.shops.prestashop.bridge.pack import pack

    return pack(address, secret)


PRESTASHOP = ShopKind(
    name="prestashop",
    label="PrestaShop",
    settings=SETTINGS,
    open=_open,
    identity=identity,
    order_page=order_page,
    returns="return_column",
    problems=PROBLEMS | WEBSERVICE_PROBLEMS,
    orders=Numbers(),
    statuses=Numbers(LARGEST),
    carriers=Numbers(LARGEST),
    bridge=_bridge,
    switches=_switches,
    sources={
        "table": _("orders that the Shopping Feed module lists"),
        "old_module": _("orders of shoppingfluxexport"),
        "module": _("orders that a module of Shopping Feed imported"),
        "history": _("history of the statuses"),
        "shipments": _("shipments of PrestaShop 9.1"),
        "sweep": _("comparison of the open orders"),
    },
)
