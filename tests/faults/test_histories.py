"""Promise 1: no update is lost. Random histories (`tests.faults.history`): in the end every order is as the rules say
(`tests.faults.oracle`), nothing was sent twice, and nothing is left that the merchant was not told of.

`--histories N` sets how many, half of them on each database engine.
"""

from __future__ import annotations

import pytest

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
