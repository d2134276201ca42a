"""What goes out for a carrier, a return number and a cancellation: R26, R27, R28."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ValidationError

from sfsync.engine.watch.carriers_fared import fared, never_confirmed
from sfsync.engine.watch.doctor import examine_store
from sfsync.engine.watch.health import health_of
from sfsync.models import LogEntry, StoreState
from sfsync.testing import CANCELED, World
from shoppingfeed import Ship
from shoppingfeed.sandbox import Fault

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


def first_times(world: World) -> list[str]:
    entries = LogEntry.objects.filter(store=world.store, code="new-carrier").order_by("id")
    return [f"{each.params['channel']}: {each.params['carrier']}" for each in entries]


def test_a_carrier_that_is_new_to_a_marketplace_is_announced_once(make_world: MakeWorld) -> None:
    """R26: in the log, and in the next mail, unless it was confirmed by then; none is sent for it alone."""
    world = make_world(carriers={"*": {str(number): {"name": "Chosen"} for number in range(1, 20)}})
    world.sync()
    first, second = world.shop.add_orders(2, channel="Fnac", first_feed_id=2_000_000_000_000)
    world.sandbox.configure(ticket_seconds=3600)
    world.ship(first, "6A1")
    world.sync()
    assert first_times(world) == ["Fnac: Chosen"]
    assert mail.outbox == []
    world.sandbox.fault(Fault("ignore", order_id=world.feed_id(second), message="Odd"))
    world.ship(second, "6A2")
    world.sync()
    assert first_times(world) == ["Fnac: Chosen"]
    [told] = mail.outbox
    assert told.body.count("“Chosen”: Fnac") == 1
    assert "Settings › Carrier matching" in told.body
    world.advance(minutes=6)
    world.sandbox.fault(Fault("cancel-ticket", order_id=world.feed_id(second), message="Odd again"))
    world.sync(wait=10)
    assert "Carrier matching" not in "".join(each.body for each in mail.outbox[1:])


def test_a_carrier_that_the_marketplace_has_confirmed_is_no_news(make_world: MakeWorld) -> None:
    """R26."""
    world = make_world(carriers={"*": {str(number): {"name": "Chosen"} for number in range(1, 20)}})
    world.sync()
    first, second = world.shop.add_orders(2, channel="Fnac", first_feed_id=2_000_000_000_000)
    world.ship(first, "6A1")
    world.sync(wait=10)
    world.sandbox.fault(Fault("refuse", order_id=world.feed_id(second), message="Odd"))
    world.ship(second, "6A2")
    world.sync(wait=10)
    [told] = mail.outbox
    assert "Chosen" not in told.body


def test_a_carrier_that_was_refused_is_not_what_another_one_was_confirmed_with(make_world: MakeWorld) -> None:
    """R26: each sending is counted with what became of it."""
    world = make_world(carriers={"*": {"2": {"name": "Wrong"}}})
    [order] = world.shop.add_orders(1, channel="Fnac", first_feed_id=2_000_000_000_000)
    world.sandbox.fault(Fault("refuse", order_id=world.feed_id(order), message="Unknown carrier"))
    world.ship(order, "6A1")
    world.sync(wait=10)
    world.store.carriers = {"*": {"2": {"name": "Right"}}}
    world.store.save()
    world.advance(minutes=6)
    world.sync(wait=10)
    found = {each.name: (each.confirmed, each.failed) for each in fared(world.store, lambda name: name == "Fnac")}
    assert found == {"Wrong": (0, 1), "Right": (1, 0)}
    assert never_confirmed(world.store, [("fnac", "Wrong"), ("fnac", "Right")]) == [("fnac", "Wrong")]


def test_what_marketplaces_had_before_sfsync_came_is_not_announced(world: World) -> None:
    """R26: the orders that Shopping Feed shows as shipped name their carriers."""
    order, later = world.order(), world.order()
    world.list_there(order, later)
    feed = world.connections.client(world.store).store(world.store.feed_store_id)
    feed.send([Ship(world.feed_id(order), carrier="La Poste", tracking_number="X1")])
    world.advance(minutes=5)
    world.ship(later, "6A1")
    world.sync(wait=10)
    assert StoreState.objects.get().carriers[world.shop.order(order).channel]["La Poste"] is True


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
        ({"carriers": {"amazonn": {"4": "DPD"}}}, "the API knows none"),
        ({"ship_hours": {"amazn": 24}}, "comes from a marketplace “amazn”"),
        ({"carriers": {"amazon/fr": {"4": "DPD"}}}, "comes from a marketplace “amazon/fr”"),
        ({"carriers": {" ": {"4": "DPD"}}}, "a marketplace “ ”"),
        ({"carriers": {"amazon": {"four": "DPD"}}}, "four"),
        ({"carriers": {"amazon": {"4": {"link": "https://t.example"}}}}, "has no place for the number: {number}"),
        ({"ship_hours": {" ": 24}}, "a marketplace “ ”"),
        ({"ship_hours": {"amazon": 0}}, "a whole number for each"),
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


def test_the_doctor_names_carriers_that_the_shop_does_not_have(make_world: MakeWorld) -> None:
    """R26: a carrier that was deleted in the shop, or never was in it."""
    world = make_world(carriers={"amazon": {"2": "DPD", "987": "GLS"}})
    [health] = health_of([world.store], world.now())
    found = {each.code: each for each in examine_store(world.store, health, world.connections)}
    assert found["carrier-unknown"].params == {"unknown": "987"}
    assert "no carrier 987" in found["carrier-unknown"].text


def test_a_carrier_with_a_broken_name_ships_its_order_and_the_doctor_names_it(world: World) -> None:
    """R26: until the settings name something else for it."""
    carriers = world.shop.tables["carrier"]
    world.shop.execute(carriers.update().values(name="Exp\ufffddition rapide"))
    order = world.ship(world.order(), "6A1")
    world.sync(wait=10)
    assert (sent(world, order)["carrier"], sent(world, order)["trackingNumber"]) == ("Expdition rapide", "6A1")
    assert damaged(world) == [{"name": "Exp\ufffddition rapide", "sent": "Expdition rapide"}]
    world.store.carriers = {"*": {str(number): {"name": "Colissimo"} for number in range(1, 20)}}
    assert damaged(world) == []


def damaged(world: World) -> list[dict[str, Any]]:
    [health] = health_of([world.store], world.now())
    found = examine_store(world.store, health, world.connections)
    return [each.params for each in found if each.code == "carrier-damaged"]
