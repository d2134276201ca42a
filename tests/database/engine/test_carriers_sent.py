"""What goes out for a carrier, a return number and a cancellation: R26, R27, R28."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from sfsync.testing import CANCELED, World

MakeWorld = Callable[..., World]


def sent(world: World, order: int) -> dict[str, Any]:
    [accepted] = world.sandbox.ledger.operations(world.feed_id(order))
    return dict(accepted.item)


def test_the_name_that_the_merchant_chose_is_sent(make_world: MakeWorld) -> None:
    """R26: for every carrier of the shop."""
    table = {str(number): {"name": "Chosen", "link": "https://t.example/{number}"} for number in range(1, 20)}
    world = make_world(carriers={"*": table})
    order = world.ship(world.order(), "6A1")
    world.sync(wait=10)
    item = sent(world, order)
    assert (item["carrier"], item["trackingLink"]) == ("Chosen", "https://t.example/6A1")


def test_a_return_number_is_sent(make_world: MakeWorld) -> None:
    """R27."""
    table = {str(number): {"return_number": "R{number}"} for number in range(1, 20)}
    world = make_world(carriers={"*": table})
    order = world.ship(world.order(), "6A1")
    world.sync(wait=10)
    assert sent(world, order)["returnInfo"]["trackingNumber"] == "R6A1"


def test_a_cancellation_carries_the_reason_of_its_status(make_world: MakeWorld) -> None:
    """R28."""
    world = make_world(reasons={str(CANCELED): "out of stock"})
    order = world.order()
    world.shop.set_status(order, CANCELED)
    world.sync(wait=10)
    assert sent(world, order)["reason"] == "out of stock"


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"carriers": {"nosuchplace": {"4": "DPD"}}}, "No order of this store comes from a marketplace “nosuchplace”"),
        ({"carriers": {"amazon": {"four": "DPD"}}}, "four"),
        ({"carriers": {"amazon": {"4": {"link": "https://t.example"}}}}, "has no place for the number: {number}"),
        ({"reasons": {"6": 7}}, "a text for each"),
        ({"reasons": {"six": "late"}}, "six"),
    ],
)
def test_a_mapping_that_names_what_is_not_there_is_refused(
    make_world: MakeWorld, settings: dict[str, Any], sentence: str
) -> None:
    """R26, R28."""
    with pytest.raises(ValidationError, match=sentence.replace("{", r"\{")):
        make_world(**settings)
