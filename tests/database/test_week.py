"""A week's story ends with exactly the mails that a sensible person would have written."""

from __future__ import annotations

from pathlib import Path

import pytest

from sfsync.models import Notice, Task
from tests.week import GUIDE, guide, told

SUBJECTS = [
    "1 order needs attention (1 without a tracking number)",
    "1 order needs attention (1 rejected)",
    "1 order needs attention (1 cancelled by the marketplace)",
    "1 order needs attention (1 to ship soon)",
    "Cdiscount refuses every update",
    "Cdiscount accepts updates again",
    "1 order needs attention (1 rejected)",
]


def test_a_week_ends_with_the_mails_of_a_sensible_person(
    db: None, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """R16, R20, R25, R32, R33, R36: no more and no fewer, everything is told in the end, and the guide has them."""
    week, letters = told(tmp_path)
    world = week.world
    subjects = [each.english.subject for scene in letters.values() for each in scene]
    assert subjects == [f"[sfsync] main: {subject}" for subject in SUBJECTS]
    beliefs = [belief.status for order in week.made if (belief := world.belief(order))]
    assert sorted(beliefs) == ["cancelled", *["shipped"] * (len(week.made) - 1)]
    assert not Task.objects.exists()
    assert not world.findings()
    assert not Notice.objects.filter(mailed_at=None).exists()
    written = guide(len(week.made), letters)
    if request.config.getoption("--write-guides"):
        GUIDE.write_text(written, encoding="utf-8")
    assert GUIDE.read_text(encoding="utf-8") == written
