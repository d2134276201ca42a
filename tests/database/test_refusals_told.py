"""A known answer is explained wherever it is told, an unknown one is told word for word: R35."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core import mail

from sfsync.backoffice.kit.order_state import reason_of
from sfsync.engine.watch.story import story_of
from sfsync.testing import World
from shoppingfeed.sandbox import Fault

MakeWorld = Callable[..., World]


def refused(world: World, message: str) -> int:
    order = world.ship(world.order(), "T-1")
    world.sandbox.fault(Fault("refuse", operation="ship", times=None, message=message))
    world.sync(wait=5)
    return order


def test_the_mail_says_the_cause_and_the_step(make_world: MakeWorld) -> None:
    """R35, R20."""
    refused(make_world(), "Unknown carrier")
    body = mail.outbox[0].body
    assert "“Unknown carrier”" in body
    assert "does not know the carrier by this name." in body
    assert "Match it on the page Carrier matching at Shopping Feed" in body


def test_it_speaks_french(make_world: MakeWorld) -> None:
    """R35."""
    refused(make_world(language="fr"), "Unknown carrier")
    assert "ne connaît pas le transporteur sous ce nom." in mail.outbox[0].body
    assert "Associez-le sur la page Carrier matching" in mail.outbox[0].body


def test_answers_that_ask_for_different_things_stand_apart(make_world: MakeWorld) -> None:
    """R35: each with its own step."""
    world = make_world()
    for number, message in enumerate(("Unknown carrier", "Missing tracking number")):
        order = world.ship(world.order(), f"T-{number}")
        world.sandbox.fault(Fault("refuse", order_id=world.feed_id(order), times=None, message=message))
    world.sync(wait=5)
    failed, _new_carriers = mail.outbox[0].body.split("NEW CARRIERS, NOT CONFIRMED YET")
    assert failed.count("What to do:") == 2


@pytest.mark.parametrize("tries", [1, 3], ids=["a person's turn", "tried again"])
def test_the_page_and_the_story_explain_it_too(make_world: MakeWorld, tries: int) -> None:
    """R35: while it is tried again too, for the next attempt would be refused as well."""
    world = make_world(tries=tries)
    order = refused(world, "Unknown carrier")
    [task] = world.tasks(order)
    said = reason_of(task, "Fnac")
    assert "does not know the carrier" in said.text
    assert said.advice.startswith("Match it")
    assert any("Match it" in each.sentence for each in story_of(world.row(order)).next)


def test_what_nobody_knows_is_told_word_for_word(make_world: MakeWorld) -> None:
    """R35."""
    world = make_world(tries=1)
    order = refused(world, "E-1021: zork")
    assert "“E-1021: zork”" in mail.outbox[0].body
    [task] = world.tasks(order)
    assert "E-1021: zork" in reason_of(task, "Fnac").text
