"""What becomes of a refused update before it is tried a second time, by what the marketplace shows meanwhile (R34)."""

from __future__ import annotations

from enum import Enum, auto

from sfsync.domain.operations import OperationKind
from sfsync.domain.tracking_numbers import same_number


class Standing(Enum):
    AGAIN = auto()
    """Nothing speaks against trying again."""
    SHOWN = auto()
    """The marketplace shows what we wanted: it is told."""
    ELSEWHERE = auto()
    """It shows what rules our update out."""


def standing(kind: OperationKind, key: str, status: str, number: str, *, told_before: bool) -> Standing:
    """`status` and `number`: those that Shopping Feed shows of the order. `told_before`: the operation was told with
    another key, so that the status alone proves nothing."""
    if kind.shows and status == kind.shows and _is_this(key, number, told_before):
        return Standing.SHOWN
    return Standing.ELSEWHERE if status in kind.too_late_in else Standing.AGAIN


def _is_this(key: str, number: str, told_before: bool) -> bool:
    """A number that it does not show is still to be told."""
    return same_number(key, number) if key else not told_before
