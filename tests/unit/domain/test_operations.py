"""What everybody may ask of an operation."""

from __future__ import annotations

import pytest

from sfsync.domain.operations import OperationKind
from sfsync.domain.operations.cancel import CANCEL
from sfsync.domain.operations.deliver import DELIVER
from sfsync.domain.operations.kind import Shown
from sfsync.domain.operations.refund import REFUND
from sfsync.domain.operations.ship import SHIP


@pytest.mark.parametrize(
    ("kind", "key", "seen", "done"),
    [
        pytest.param(SHIP, "A1", Shown(numbers=["B2", "A1"]), True, id="its parcel is listed"),
        pytest.param(SHIP, "A1", Shown("shipped", ["B2"]), False, id="shipped, with another number"),
        pytest.param(SHIP, "", Shown("shipped"), True, id="shipped without a number"),
        pytest.param(CANCEL, "", Shown("cancelled"), True, id="cancelled"),
        pytest.param(REFUND, "", Shown("cancelled"), False, id="cancelled, not refunded"),
        pytest.param(DELIVER, "", Shown("delivered"), False, id="no status tells of a delivery"),
        pytest.param(DELIVER, "", Shown(), False, id="an order without a status"),
    ],
)
def test_what_the_marketplace_shows_is_done(kind: OperationKind, key: str, seen: Shown, done: bool) -> None:
    """R18."""
    assert kind.done(seen, key) is done
