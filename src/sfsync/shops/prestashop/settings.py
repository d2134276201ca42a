"""The settings of a PrestaShop (docs/stores.md), and what is wrong with a value that will never do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import SplitResult, urlsplit

from sfsync.domain.hosts import is_forbidden, is_loopback
from sfsync.shops.base import ShopMisconfigured
from sfsync.shops.prestashop.webservice.address import base_of
from sfsync.shops.setting import Mistake, Setting
from sfsync.shops.setting import message as _

_SCHEMES = {"mysql", "mysql+pymysql", "mariadb", "mariadb+pymysql", "sqlite"}
_NO_ADDRESS = _("That is not an address. In a password write @ as %40, # as %23 and / as %2F.")


def database_address(value: str) -> None:
    """Never shows the address, which holds a password."""
    if value.partition("?")[0].count("@") > 1:
        raise Mistake(_NO_ADDRESS)
    url = _split(value)
    if url.scheme not in _SCHEMES:
        raise Mistake(
            _("The shop's address starts with mysql+pymysql://, as in mysql+pymysql://reader:password@host:3306/shop.")
        )
    if url.scheme != "sqlite" and not url.hostname:
        raise Mistake(_("The shop's address names no host."))
    if is_forbidden(url.hostname or ""):
        raise Mistake(_("The shop is not at this address: it belongs to the machine's own network."))


def not_a_file(value: str) -> None:
    """A shop that is a file of the server is the business of who may read the server's files."""
    if "".join(value.split()).lower().startswith("sqlite:"):
        raise Mistake(
            _(
                "A file of the server can be given on its command line only. Here the address starts with mysql+pymysql://."
            )
        )


def web_address(value: str) -> None:
    """The key goes there: over plain http it could be read."""
    url = _split(value)
    if url.scheme not in {"http", "https"} or not url.hostname:
        raise Mistake(_("For its web service the shop's address starts with https://, as in https://shop.example/."))
    if set(value) & set("?#@ ") or not value.isprintable():
        raise Mistake(_("The shop's address has no user, no “?”, no “#” and no spaces."))
    if url.scheme == "http" and not is_loopback(url.hostname):
        raise Mistake(_("The shop's address starts with https://: over http the key could be read."))
    if is_forbidden(url.hostname):
        raise Mistake(_("The shop is not at this address: it belongs to the machine's own network."))


def shop_address(value: str, values: Mapping[str, Any]) -> None:
    (web_address if values["connection"] == "webservice" else database_address)(value)


def web_key(value: str) -> None:
    """Never shows it."""
    if not re.fullmatch(r"[!-~]{32}", value):
        raise Mistake(_("A key of the web service has exactly 32 characters: copy it again."))


def admin_address(value: str) -> None:
    """Where the merchant signs in, or nothing. It is only written down for people: nothing is asked there."""
    url = _split(value)
    named = url.scheme in {"http", "https"} and url.hostname
    if value and (not named or set(value) & set("?#@ ") or not value.isprintable()):
        raise Mistake(
            _("The address of the back office looks like https://shop.example/admin123, with no “?” and no “#”.")
        )


def order_page(values: Mapping[str, Any], order: str) -> str:
    """The old address of an order: every version since 1.5 answers it, the newer ones with their own page."""
    admin = str(values.get("admin_url") or "").removesuffix("index.php").rstrip("/")
    return f"{admin}/index.php?controller=AdminOrders&id_order={order}&vieworder" if admin else ""


def table_prefix(value: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9_]{0,32}", value):
        raise Mistake(_("A table prefix has letters, digits and underscores only, 32 at most."))


def column(value: str) -> None:
    if value and not re.fullmatch(r"(orders|order_carrier)\.[A-Za-z0-9_]{1,64}", value):
        raise Mistake(_("A column is written orders.COLUMN or order_carrier.COLUMN."))


def _split(value: str) -> SplitResult:
    try:
        url = urlsplit(value)
        _port = url.port
    except ValueError:
        raise Mistake(_NO_ADDRESS) from None
    return url


def identity(values: Mapping[str, Any]) -> str:
    """Where the shop is, and which one of those there. Another account, or another key, opens the same shop."""
    if values["connection"] == "webservice":
        return f"{_front_page(values['url'])} {values['shop_id']}"
    return f"{_place(values['url'])} {values['prefix']} {values['shop_id']}"


def _front_page(address: str) -> str:
    try:
        return base_of(address).lower()
    except ShopMisconfigured:
        return sha256(address.encode()).hexdigest()


def _place(address: str) -> str:
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        return sha256(address.encode()).hexdigest()
    server = url.query.get("unix_socket") or f"{url.host or ''}:{url.port or 3306}"
    return f"{server}/{url.database or ''}"


STAND_ASIDE, IGNORE = "stand-aside", "ignore"

SETTINGS = {
    "connection": Setting(
        label=_("How the shop is read"),
        help=_("Either way it is only read. The web service needs no access to the database."),
        default="database",
        choices={"database": _("its database"), "webservice": _("its web service")},
    ),
    "url": Setting(
        label=_("Address of the shop"),
        help=_(
            "Database: mysql+pymysql://reader:password@host:3306/shop, with an account that may only read. Web service:"
            " https://shop.example/, the front page of the shop."
        ),
        secret=True,
        typed=not_a_file,
        beside=shop_address,
    ),
    "key": Setting(
        label=_("Key of the shop's web service"),
        help=_("Advanced parameters › Webservice in PrestaShop: 32 characters."),
        secret=True,
        when=("connection", "webservice"),
        check=web_key,
        goes_to="url",
    ),
    "questions_per_hour": Setting(
        label=_("Questions per hour"),
        help=_("The shop is not asked more often than this. With 1,200 we check it every 24 seconds."),
        type=int,
        default=1200,
        when=("connection", "webservice"),
        least=60,
        most=100_000,
    ),
    "prefix": Setting(
        label=_("Prefix of the shop's tables"),
        help=_("ps_, unless it was changed when the shop was installed."),
        default="ps_",
        when=("connection", "database"),
        check=table_prefix,
    ),
    "return_column": Setting(
        label=_("Column of the return numbers"),
        help=_("For marketplaces that want one: orders.COLUMN or order_carrier.COLUMN, as your module fills it."),
        default="",
        when=("connection", "database"),
        check=column,
    ),
    "shop_id": Setting(
        label=_("Number of the shop in its database"),
        help=_("1, unless several shops share the database."),
        type=int,
        default=1,
        least=1,
        most=2**31 - 1,
    ),
    "admin_url": Setting(
        label=_("Address of the shop's back office"),
        help=_("As in your browser, up to the folder: https://shop.example/admin123. Orders are linked to it."),
        default="",
        check=admin_address,
    ),
    "old_module": Setting(
        label=_("While a module of the shop sends updates too"),
        help=_(
            "shoppingfluxexport, or the newer module's own synchronization: what both send reaches the marketplace"
            " twice."
        ),
        default=STAND_ASIDE,
        choices={
            STAND_ASIDE: _("sfsync stands aside: nothing is sent from here"),
            IGNORE: _("sfsync sends all the same"),
        },
    ),
}
