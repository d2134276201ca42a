"""A PrestaShop to try sfsync with, beside the sandbox: its database, its web service, and a page to ship orders on."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sqlalchemy import select, update

from sfsync.shops.prestashop.clock import to_utc
from sfsync.shops.prestashop.rows import read_csv
from sfsync.shops.prestashop.sample import ZONE, SampleShop, build
from sfsync.shops.prestashop.sample_webservice.serving import served
from sfsync.shops.prestashop.sample_webservice.standin import Standin
from shoppingfeed import Request, Response

ORDERS = 10
_STYLE = "body{font:15px/1.5 system-ui;margin:2rem auto;max-width:60rem} td,th{text-align:left;padding:.3rem .8rem}"


@dataclass(frozen=True, slots=True)
class Beside:
    """`orders`: what the sandbox is to know of them, as `Sandbox.add_order` takes it."""

    url: str
    database: str
    key: str
    orders: list[dict[str, Any]]

    @property
    def greeting(self) -> list[str]:
        return [
            f"Sample PrestaShop: {self.url}",
            f"  database     {self.database}",
            f"  web service  {self.url}",
            f"  key          {self.key}",
            "Open the address in a browser to ship its orders.",
        ]


@contextlib.contextmanager
def beside(shop: SampleShop, port: int, *, linked: bool = True) -> Iterator[Beside]:
    """Serve this shop, and close it. `linked`: Shopping Feed knows its orders by their numbers in the shop. `OSError`:
    the port is taken."""
    standin = Standin(shop)
    standin.behaviour.writable = True
    with contextlib.closing(shop), served(standin, port=port, aside=_Page(shop).answer) as url:
        yield Beside(url, shop.url, standin.key, _known_at_shopping_feed(shop, linked=linked))


def its_shop(file: Path, *, old_module: bool = False) -> SampleShop:
    """The shop that `file` holds, or a new one with ten orders. With `old_module` they came through shoppingfluxexport,
    which is switched on. Raises `SQLAlchemyError` for a file that holds something else, or cannot be made."""
    url = f"sqlite:///{file.absolute()}"
    if file.exists():
        shop = SampleShop(url)
        shop.order_ids()
        return shop
    shop = build(url, limit=ORDERS)
    shop.execute(update(shop.tables["orders"]).values(module="sfpayment"))
    if old_module:
        shop.install_old_module()
        for order_id in shop.order_ids():
            shop.by_old_module(order_id)
    return shop


def _known_at_shopping_feed(shop: SampleShop, *, linked: bool) -> list[dict[str, Any]]:
    """`linked`: their numbers in the shop as well."""
    orders = shop.tables["orders"].c
    placed = {row.id_order: row.date_add for row in shop.rows(select(orders.id_order, orders.date_add))}
    return [
        {
            "order_id": int(row["id_internal_shoppingfeed"]),
            "reference": row["id_order_marketplace"],
            "channel": row["name_marketplace"],
            "created_at": to_utc(placed[int(row["id_order"])], ZONE).timestamp(),
            "store_reference": row["id_order"] if linked else "",
        }
        for row in read_csv("shoppingfeed_order")[:ORDERS]
    ]


class _Page:
    """What a merchant does in the shop's back office, in one table."""

    def __init__(self, shop: SampleShop) -> None:
        self._shop = shop
        names = shop.tables["order_state_lang"].c
        known = shop.rows(select(names.id_order_state, names.name).where(names.id_lang == 1))
        self._statuses = {row.id_order_state: row.name for row in known}

    def answer(self, request: Request) -> Response | None:
        """Of the page alone: the web service answers the rest."""
        path = urlsplit(request.url).path
        if request.method == "POST" and path.startswith("/orders/"):
            return self._changed(int(path.removeprefix("/orders/")), dict(parse_qsl(request.body.decode())))
        if path == "/":
            headers = {"content-type": "text/html; charset=utf-8", "content-security-policy": "frame-ancestors 'none'"}
            return Response(200, headers, self._drawn().encode())
        return None

    def _changed(self, order_id: int, form: dict[str, str]) -> Response:
        before = self._shop.order(order_id)
        number, status = form.get("tracking_number", ""), int(form.get("status", before.status))
        if number != before.tracking_numbers[-1]:
            self._shop.set_tracking(order_id, number)
        if status != before.status:
            self._shop.set_status(order_id, status)
        return Response(303, {"location": "/"}, b"")

    def _drawn(self) -> str:
        orders = self._shop.tables["orders"].c
        rows = "".join(self._row(row.id_order) for row in self._shop.rows(select(orders.id_order)))
        return (
            f"<!doctype html><title>Sample PrestaShop</title><style>{_STYLE}</style><h1>Sample PrestaShop</h1>"
            f"<table><tr><th>Order<th>Reference<th>Status and tracking number{rows}</table>"
        )

    def _row(self, order_id: int) -> str:
        order = self._shop.order(order_id)
        options = "".join(
            f'<option value="{status}"{" selected" if status == order.status else ""}>{escape(name)}</option>'
            for status, name in self._statuses.items()
        )
        return (
            f'<tr><td>{order_id}<td>{escape(order.reference)}<td><form method="post" action="/orders/{order_id}">'
            f'<select name="status">{options}</select> <input name="tracking_number" placeholder="tracking number"'
            f' value="{escape(order.tracking_numbers[-1])}"> <button>Save</button></form>'
        )
