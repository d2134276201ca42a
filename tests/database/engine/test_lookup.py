"""The API is asked for an order by its reference: whatever it lists, the one that it is is found, or why not is said
(R13b)."""

from __future__ import annotations

from typing import Any

import pytest

from sfsync.testing import World
from shoppingfeed import Request, Response
from tests.database.engine.odd import Twist, page_of, relist


def listed(number: int, channel: str, reference: str = "REF-1") -> dict[str, Any]:
    there = {"channel": {"id": 1, "name": channel}}
    return {"id": number, "reference": reference, "status": "waiting_shipment", "channelId": 1, "_embedded": there}


def ask(world: World, channel: str, *orders: dict[str, Any]) -> tuple[int | None, str]:
    """The id that the order gets, and why it gets none."""

    def judge(request: Request) -> Response | None:
        return page_of(*orders) if "reference=REF-1" in request.url else None

    Twist(world, judge)
    order = world.ship(world.order(), "T-1")
    relist(world, order, id_internal_shoppingfeed="0", id_order_marketplace="REF-1", name_marketplace=channel)
    world.sync(wait=5)
    errors = [task.last_error for task in world.tasks(order)]
    return world.row(order).marketplace_order.feed_id, errors[0] if errors else ""


@pytest.mark.parametrize(
    ("channel", "there"),
    [
        ("amazonfr", ["amazonfr"]),
        ("amazonfr", ["amazonfr", "amazonfr"]),
        ("amazonfr", ["Amazon"]),
        ("Amazon", ["amazonfr"]),
        ("AMAZON.FR", ["amazonfr"]),
        ("CDiscount", ["cdiscount"]),
        ("La Redoute", ["laredoute"]),
        ("laredoutefr", ["La Redoute"]),
        ("", ["Fnac"]),
        ("amazonfr", [""]),
    ],
)
def test_one_order_alone_with_the_reference_is_it(world: World, channel: str, there: list[str]) -> None:
    """Listed once or twice, and whatever its marketplace is called on either side."""
    assert ask(world, channel, *[listed(77, each) for each in there]) == (77, "")


def test_the_very_channel_counts_before_its_family(world: World) -> None:
    assert ask(world, "amazonfr", listed(77, "amazonfr"), listed(78, "amazonde")) == (77, "")


@pytest.mark.parametrize(
    ("channel", "orders", "words"),
    [
        ("amazonfr", [listed(77, "amazonde"), listed(78, "amazonit")], ["2 orders", "amazonfr"]),
        ("amazonfr", [listed(77, "Cdiscount")], ["REF-1", "Cdiscount", "not on amazonfr"]),
        ("bol", [listed(77, "Bolcom Fashion")], ["Bolcom Fashion"]),
        ("amazonfr", [], ["no amazonfr order", "REF-1"]),
        ("amazonfr", [listed(77, "amazonfr", "REF-10")], ["no amazonfr order"]),
    ],
)
def test_where_it_cannot_be_known_the_reason_says_what_is_there(
    world: World, channel: str, orders: list[dict[str, Any]], words: list[str]
) -> None:
    found, reason = ask(world, channel, *orders)
    assert found is None
    assert [word for word in words if word not in reason] == []
