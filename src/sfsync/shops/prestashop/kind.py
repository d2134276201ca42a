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
        shop_id=values["shop_id"],
        store_id=around.feed_store_id,
        timeout=around.timeout,
        ignore_senders=values["old_module"] == IGNORE,
    )


PRESTASHOP = ShopKind(
    name="prestashop",
    label="PrestaShop",
    settings=SETTINGS,
    open=_open,
    identity=identity,
    order_page=order_page,
    problems=PROBLEMS | WEBSERVICE_PROBLEMS,
    orders=Numbers(),
    statuses=Numbers(LARGEST),
    carriers=Numbers(LARGEST),
    sources={
        "table": _("orders that the Shopping Feed module lists"),
        "old_module": _("orders of shoppingfluxexport"),
        "history": _("history of the statuses"),
        "shipments": _("shipments of PrestaShop 9.1"),
        "sweep": _("comparison of the open orders"),
    },
)
