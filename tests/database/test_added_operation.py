"""An operation that nobody in `src/sfsync` knows goes through engine, settings, pages and commands as the others do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from typer.testing import CliRunner

from sfsync.domain.operations import OperationKind, forget, register
from sfsync.engine.people.change_settings import change_settings
from sfsync.models import Store, Task
from sfsync.testing import PROCESSING, SHIPPED, STATUSES, World
from sfsync_server.cli import app
from sfsync_server.stores_file import apply
from shoppingfeed.sandbox import Fault

ACCEPT = OperationKind(
    name="accept",
    verb="accept",
    rank=5,
    label="Accepted by the merchant",
    noun="the acceptance",
    meaning="accepted",
    goes_back=False,
    lane="accepting",
    to_do=("%(count)s to accept on the marketplace", "%(count)s to accept on the marketplace"),
)
"""The API's own `accept`, which the sandbox carries out."""


@pytest.fixture(autouse=True)
def accept() -> Iterator[OperationKind]:
    register(ACCEPT)
    yield ACCEPT
    forget(ACCEPT.name)


@pytest.fixture
def shop(world: World) -> World:
    change_settings(world.store, {"statuses": STATUSES | {"accepted": [PROCESSING]}}, "claire")
    return world


@pytest.fixture
def merchant(shop: World) -> Client:
    user = User.objects.create_user("claire", password="correct-horse-battery")
    user.sfsync_stores.set([shop.store])  # type: ignore[attr-defined]
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


def said(*arguments: object) -> Any:
    result = CliRunner().invoke(app, [*map(str, arguments), "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


def page(merchant: Client, url: str) -> str:
    answer = merchant.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def test_it_is_sent_confirmed_and_told_once_and_what_comes_later_follows(shop: World) -> None:
    """R6, R11, R15."""
    order = shop.order()
    shop.shop.set_status(order, PROCESSING)
    shop.sync(wait=10)
    assert shop.accepted(order) == shop.told(order) == [("accept", "")]
    shop.shop.set_status(order, PROCESSING)
    shop.sync(wait=10)
    shop.ship(order, "TRK-1")
    shop.sync(wait=10)
    assert shop.accepted(order) == shop.told(order) == [("accept", ""), ("ship", "TRK-1")]
    assert not shop.notices(order)


def test_a_refused_one_is_tried_again_and_then_left_to_a_person(shop: World) -> None:
    """R16."""
    order = shop.order()
    shop.sandbox.fault(Fault("refuse", order_id=shop.feed_id(order), message="too late", times=None))
    shop.shop.set_status(order, PROCESSING)
    for _ in range(5):
        shop.sync(wait=10)
        shop.advance(hours=6)
    [task] = shop.tasks(order)
    assert (task.operation, task.failure, task.parked) == ("accept", "ticket-failed", True)
    assert shop.accepted(order) == [("accept", "")] * shop.store.tries
    assert shop.told(order) == []


def test_one_that_was_never_answered_is_asked_for_before_it_is_sent_again(shop: World) -> None:
    """R13."""
    order = shop.order()
    shop.sandbox.fault(Fault("accept-then-drop", operation="accept"))
    shop.shop.set_status(order, PROCESSING)
    for _ in range(4):
        shop.sync(wait=10)
        shop.advance(minutes=15)
    assert shop.accepted(order) == shop.told(order) == [("accept", "")]


def test_the_pages_show_it(shop: World, merchant: Client) -> None:
    order = shop.order()
    shop.shop.set_status(order, PROCESSING)
    shop.sync(wait=10)
    assert "confirmed the acceptance." in page(merchant, f"/stores/main/orders/{order}/")
    assert f"/orders/{order}/" in page(merchant, "/stores/main/orders/?operation=accept")
    assert "Accepted by the merchant" in page(merchant, "/stores/main/orders/")
    assert page(merchant, "/stores/main/settings/").count("Accepted by the merchant") > 1


def test_the_page_of_the_store_says_what_is_to_be_done_by_hand(shop: World, merchant: Client) -> None:
    """R9."""
    order = shop.order()
    shop.sync()
    there = shop.row(order).marketplace_order
    there.by_hand = "accept"
    there.save()
    assert "1 order needs attention: 1 to accept on the marketplace." in page(merchant, "/stores/main/")


def test_commands_print_it(shop: World) -> None:
    order = shop.order()
    shop.sandbox.configure(ticket_seconds=600)
    shop.shop.set_status(order, PROCESSING)
    shop.sync()
    [task] = said("tasks")
    assert (task["shop_order"], task["operation"], task["state"]) == (order, "accept", "in flight")
    [story] = said("why", order)
    assert "Shopping Feed has been processing the acceptance since" in story["next"][0]


def test_a_file_of_stores_takes_its_word(shop: World, tmp_path: Path) -> None:
    file = tmp_path / "stores.toml"
    lines = ['[stores.other]\ntoken = "a-token"\nstore_id = 11', f'shop.url = "{shop.shop.url}"']
    file.write_text("\n".join([*lines, f"statuses = {{ shipped = [{SHIPPED}], accepted = [{PROCESSING}] }}"]))
    apply(file, who="jane")
    assert Store.objects.get(name="other").statuses == {"shipped": [str(SHIPPED)], "accepted": [str(PROCESSING)]}


def test_a_word_taken_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="accept"):
        register(ACCEPT)


def test_a_row_of_an_operation_that_is_gone_is_set_aside_and_shown_never_guessed(shop: World) -> None:
    """Another version sent it; the other orders go on."""
    order, other = shop.order(), shop.order()
    shop.sandbox.configure(ticket_seconds=60)
    shop.shop.set_status(order, PROCESSING)
    shop.sync()
    Task.objects.update(operation="of-tomorrow")
    shop.advance(minutes=5)
    shop.ship(other, "TRK-1")
    shop.sync(wait=120)
    [task] = shop.tasks(order)
    assert (task.failure, task.parked, task.operation) == ("unknown-operation", True, "of-tomorrow")
    assert shop.notices(order) == ["unknown-operation"]
    assert shop.told(order) == []
    assert shop.told(other) == [("ship", "TRK-1")]
