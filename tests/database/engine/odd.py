"""A Shopping Feed that answers oddly now and then, and orders that the shop and the API tell differently."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sfsync.engine.kit.connections import Live
from sfsync.testing import World
from shoppingfeed import Request, Response

Judge = Callable[[Request], Response | None]
Edit = Callable[[Any], Any]


class Twist:
    """Stands before the world's sandbox: `judge` may answer a request itself, `edit` may change what an order
    operation is answered (its parsed body). `log` names the requests, `GET http://...`.
    """

    def __init__(self, world: World, judge: Judge | None = None, edit: Edit | None = None) -> None:
        self.inner = world.sandbox.transport()
        self.judge, self.edit = judge, edit
        self.log: list[str] = []
        world.connections = Live(self)

    def send(self, request: Request) -> Response:
        self.log.append(str(request))
        if self.judge and (answer := self.judge(request)):
            return answer
        response = self.inner.send(request)
        return edited(response, self.edit) if self.edit and request.method == "POST" else response

    def close(self) -> None: ...

    @property
    def posted(self) -> int:
        return sum(line.startswith("POST") for line in self.log)


def edited(response: Response, edit: Edit) -> Response:
    return Response(response.status, response.headers, json.dumps(edit(json.loads(response.body))).encode())


def problem(status: int) -> Response:
    """An error as the API tells it."""
    told = {"title": "No", "detail": "no such thing", "status": status}
    return Response(status, {}, json.dumps(told).encode())


def page_of(*orders: dict[str, Any]) -> Response:
    """The only page of a list of orders."""
    count = len(orders)
    page = {"page": 1, "pages": 1, "count": count, "total": count, "_embedded": {"order": orders}}
    return Response(200, {}, json.dumps(page).encode())


def know(world: World, order: int, **facts: Any) -> int:
    """Shopping Feed knows the order as the shop does, but for these facts. Returns its id there."""
    told = world.shop.order(order)
    feed_id = world.feed_id(order)
    world.sandbox.add_order(feed_id, reference=told.marketplace_reference, channel=told.channel, **facts)
    return feed_id


def relist(world: World, order: int, **columns: str) -> None:
    """What the shop's own list of marketplace orders says of one."""
    listing = world.shop.tables["shoppingfeed_order"]
    world.shop.execute(listing.update().where(listing.c.id_order == order).values(**columns))


def forget_feed_id(world: World, order: int) -> None:
    """The shop never learned the order's id at Shopping Feed."""
    relist(world, order, id_internal_shoppingfeed="0")


def sent(world: World, feed_id: int) -> list[tuple[str, str]]:
    """As `world.accepted`, by the id at Shopping Feed."""
    return [(each.operation, each.tracking_number) for each in world.sandbox.ledger.operations(feed_id)]
