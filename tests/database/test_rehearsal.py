"""A rehearsal with a test order: what is proved, and what is said when it fails (R37)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from typer.testing import CliRunner

from sfsync.db.secrets import Secret
from sfsync.engine.watch.finding import Finding
from sfsync.engine.watch.rehearse_feed import rehearse
from sfsync.testing import World
from sfsync_server.cli import app
from shoppingfeed.sandbox import Fault
from tests.pages import text


def told(world: World, **options: Any) -> list[Finding]:
    return list(
        rehearse(world.store, world.connections, pause=lambda seconds: world.advance(seconds=seconds), **options)
    )


def codes(world: World, **options: Any) -> list[str]:
    return [each.code for each in told(world, **options)]


def test_orders(world: World) -> list[int]:
    """Those that are at Shopping Feed."""
    return [each.id for each in world.sandbox.market.stores[10].shelf.all() if each.is_test]


test_orders.__test__ = False  # type: ignore[attr-defined]


@pytest.fixture
def listed(world: World) -> World:
    """A store with an order on a marketplace."""
    world.list_there(world.order())
    return world


WELL = ["rehearsal-made", "rehearsal-shipped", "rehearsal-confirmed", "rehearsal-removed"]


def test_it_ships_a_test_order_and_leaves_nothing_behind(listed: World) -> None:
    """R37."""
    assert codes(listed) == WELL
    assert test_orders(listed) == []


def test_it_waits_for_the_ticket(listed: World) -> None:
    listed.sandbox.configure(ticket_seconds=20)
    assert codes(listed) == WELL
    assert codes(listed, wait=5) == [*WELL[:2], "rehearsal-ticket-open", WELL[3]]


def test_the_next_sync_does_not_take_it_for_a_stranger(listed: World) -> None:
    """R13: nothing is asked for that a known ticket would not ask."""
    listed.sync()
    codes(listed)
    order = listed.ship(listed.order(), "T-1")
    listed.sync(wait=10)
    assert listed.told(order) == [("ship", "T-1")]
    assert "database-behind" not in listed.notices()


REFUSED = Fault("refuse", operation="ship", message="No rights")
NO_SHIP = Fault("status", status=422, path="/order/ship", message="Not allowed")
FAILURES: list[tuple[Fault, list[str]]] = [
    (Fault("wrong-token", times=None), ["rehearsal-not-made", "token-refused"]),
    (Fault("status", status=422, method="POST", path="/order$"), ["rehearsal-not-made", "rehearsal-answer"]),
    (NO_SHIP, [WELL[0], "rehearsal-not-shipped", "rehearsal-answer", WELL[3]]),
    (REFUSED, [*WELL[:2], "rehearsal-refused", WELL[3]]),
    (Fault("ignore", operation="ship", message="Unknown"), [WELL[0], "rehearsal-ignored", WELL[3]]),
    (
        Fault("status", status=503, path="/ticket", times=None),
        [*WELL[:2], "rehearsal-ticket-unread", "api-unavailable", WELL[3]],
    ),
    (Fault("status", status=500, method="DELETE", times=None), [*WELL[:3], "rehearsal-left", "api-unavailable"]),
]


@pytest.mark.parametrize(("fault", "expected"), FAILURES, ids=[each[1][-2] for each in FAILURES])
def test_a_failure_ends_with_a_sentence_and_what_to_do(listed: World, fault: Fault, expected: list[str]) -> None:
    """R37: and a test order that stays is named."""
    listed.sandbox.fault(fault)
    findings = told(listed)
    assert [each.code for each in findings] == expected
    assert any(each.advice for each in findings)
    for left in test_orders(listed):
        assert any(str(left) in each.text for each in findings if each.code == "rehearsal-left")


def test_an_order_whose_answer_was_lost_is_found_and_removed(listed: World) -> None:
    """R13, R37."""
    listed.sandbox.fault(Fault("accept-then-drop", method="POST", path="/order$"))
    assert codes(listed) == WELL
    assert test_orders(listed) == []


def test_an_order_that_may_be_there_is_mentioned(listed: World) -> None:
    """R37: it cannot even be looked for."""
    listed.sandbox.fault(Fault("accept-then-drop", method="POST", path="/order$"))
    listed.sandbox.fault(Fault("status", status=503, path="isTest", times=None))
    first, *_ = told(listed)
    assert first.code == "rehearsal-maybe-made"
    assert first.params["reference"] in first.text
    assert "30 days" in first.advice


def test_a_store_without_any_order_needs_a_channel(world: World) -> None:
    assert codes(world) == ["rehearsal-no-channel"]
    assert codes(world, channel_id=7) == WELL


def test_who_stops_it_still_removes_the_order(listed: World) -> None:
    """R37: Ctrl+C."""
    listed.sandbox.configure(ticket_seconds=600)

    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(rehearse(listed.store, listed.connections, pause=interrupted))
    assert test_orders(listed) == []


# --- the command and the page -----------------------------------------------------------------------------------------


@pytest.fixture
def served(listed: World) -> Any:
    with listed.sandbox.serve() as server:
        listed.store.api_url, listed.store.token = server.url, Secret("sandbox-token")
        listed.store.save()
        yield listed


def test_the_command_tells_each_step(served: World) -> None:
    result = CliRunner().invoke(app, ["rehearse", "main"])
    assert result.exit_code == 0, result.output
    assert result.output.count("[ok]") == 4
    machine = json.loads(CliRunner().invoke(app, ["rehearse", "main", "--json"]).output)
    assert [each["verdict"] for each in machine] == ["ok"] * 4


def test_the_command_fails_with_what_to_do(served: World) -> None:
    served.sandbox.fault(Fault("refuse", operation="ship", message="No rights"))
    result = CliRunner().invoke(app, ["rehearse", "main"])
    assert result.exit_code == 1
    assert "“No rights”" in result.output
    assert "Shopping Feed support" in result.output
    assert CliRunner().invoke(app, ["rehearse", "nowhere"]).exit_code == 2


def test_the_page_of_the_first_day_offers_it(served: World, person: Callable[..., Client]) -> None:
    """R37: until something was sent."""
    client = person("claire", served.store)
    assert 'href="/stores/main/rehearsal/"' in text(client.get("/stores/main/"))
    assert "It works: this store can send updates." in text(client.post("/stores/main/rehearsal/"))
    served.ship(served.order(), "T-1")
    served.sync(wait=10)
    assert 'href="/stores/main/rehearsal/"' not in text(client.get("/stores/main/"))
    assert 'href="/stores/main/rehearsal/"' in text(client.get("/stores/main/diagnostics/"))


def test_the_page_says_what_failed(served: World, person: Callable[..., Client]) -> None:
    served.sandbox.fault(Fault("wrong-token", times=None))
    page = text(person("claire", served.store).post("/stores/main/rehearsal/"))
    assert "The rehearsal did not finish." in page
    assert "Shopping Feed refused the token." in page


@pytest.fixture
def person(db: None) -> Callable[..., Client]:
    from django.contrib.auth.models import User

    def make(name: str, *stores: Any) -> Client:
        user = User.objects.create_user(name, password="correct-horse-battery")
        user.sfsync_stores.set(stores)
        client = Client()
        client.force_login(user)
        return client

    return make
