"""Which steps of the first day are open, and where a store that was left is taken up."""

from __future__ import annotations

from typing import Any

import pytest

from sfsync.engine.people.first_day import Step, account, needed, next_step, reached
from sfsync.models import Store
from sfsync.shops import kinds

TOKEN = {"token": "any"}
SHOP = TOKEN | {"shop_secrets": {"url": "mysql+pymysql://reader:pw@host/shop"}}
STATUSES = SHOP | {"statuses": {"shipped": ["4"]}}


@pytest.mark.parametrize(
    ("given", "open_until", "following"),
    [
        ({}, Step.FEED, Step.FEED),
        (TOKEN, Step.SHOP, Step.SHOP),
        (TOKEN | {"shop_settings": {"connection": "webservice"}}, Step.SHOP, Step.SHOP),
        (SHOP, Step.STATUSES, Step.STATUSES),
        (SHOP | {"statuses": {"shipped": []}}, Step.STATUSES, Step.STATUSES),
        (STATUSES, Step.CHECK, Step.MAILS),
        (STATUSES | {"recipients": ["me@example.com"]}, Step.CHECK, Step.CHECK),
    ],
)
def test_a_step_is_open_once_those_before_it_are_answered(
    given: dict[str, Any], open_until: Step, following: Step
) -> None:
    store = Store(name="main", feed_store_id=10, **given)
    assert (reached(store)[-1], next_step(store)) == (open_until, following)


@pytest.mark.parametrize(
    ("opened", "chosen", "taken"),
    [
        ({10: "A"}, 0, 10),
        ({10: "A"}, 99, 10),
        ({10: "A", 11: "B"}, 0, 0),
        ({10: "A", 11: "B"}, 11, 11),
        ({10: "A", 11: "B"}, 99, 0),
        ({}, 10, 0),
    ],
)
def test_nobody_chooses_among_several_stores_but_a_person(opened: dict[int, str], chosen: int, taken: int) -> None:
    assert account(opened, chosen) == taken


def test_only_what_nobody_else_can_know_is_needed_of_a_prestashop() -> None:
    assert needed(kinds.named("prestashop")) == {"connection", "url", "key"}
