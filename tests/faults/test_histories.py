"""Promise 1: no update is lost. Random histories (`tests.faults.history`): in the end every order is as the rules say
(`tests.faults.oracle`), nothing was sent twice, and nothing is left that the merchant was not told of.

`--histories N` sets how many, half of them on each database engine.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import pytest
from sqlalchemy import update

from sfsync.shops.prestashop.sample import SampleShop
from sfsync.shops.prestashop.sample_webservice.serving import served
from sfsync.shops.prestashop.sample_webservice.standin import KEY, Standin
from tests.faults.history import History
from tests.faults.stage import Stage

PARTS = 6


@pytest.mark.parametrize("part", range(PARTS))
def test_every_history_ends_as_the_rules_say(stage: Stage, part: int, request: pytest.FixtureRequest) -> None:
    """R1 to R18."""
    for seed in range(part, request.config.getoption("--histories") // 2, PARTS):
        history = History(stage, seed)
        history.unfold()
        history.finish()
        assert list(history.complaints()) == [], f"seed {seed}"


LOOKS = 9
"""Until the web service has shown a change that no list of ids tells of: a number that was corrected by SQL."""


@pytest.mark.parametrize("seed", range(2))
def test_every_history_ends_the_same_through_the_web_service(sqlite_stage: Stage, seed: int) -> None:
    """R1 to R18, R24: Shopping Feed alone knows which order of the shop is which."""

    def connected(shop: SampleShop) -> dict[str, Any]:
        shop.execute(update(shop.tables["orders"]).values(module="sfpayment", payment="Zalando"))
        url = served_until_the_end.enter_context(served(Standin(shop)))
        settings = {"connection": "webservice", "questions_per_hour": 100_000}
        return {"shop_settings": settings, "shop_secrets": {"url": url, "key": KEY}}

    with ExitStack() as served_until_the_end:
        story = sqlite_stage.story(connected)
        for order in story.orders:
            names = {"channel": "Zalando", "store": story.store_id}
            sqlite_stage.sandbox.add_order(story.feed_id(order), store_reference=str(order), **names)
        history = History(sqlite_stage, seed, story)
        history.unfold()
        history.finish(LOOKS)
        assert list(history.complaints()) == [], f"seed {seed}"
