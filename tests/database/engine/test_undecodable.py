"""Bytes in the shop that are no text: the order that has them is named, and the others go out (R4, R5)."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from sfsync.testing import World

pytestmark = pytest.mark.django_db

COLUMNS = {
    "the number": "UPDATE ps_order_carrier SET tracking_number = CAST(x'3641FF31' AS TEXT) WHERE id_order = {order}",
    "the reference": "UPDATE ps_orders SET reference = CAST(x'41FF42' AS TEXT) WHERE id_order = {order}",
    "the carrier's name": "UPDATE ps_carrier SET name = CAST(x'41FF42' AS TEXT)",
    "a status's name": "UPDATE ps_order_state_lang SET name = CAST(x'41FF42' AS TEXT)",
}


@pytest.mark.parametrize("spoil", COLUMNS.values(), ids=COLUMNS)
def test_one_row_stops_no_other(world: World, spoil: str) -> None:
    good, bad = world.order(), world.order()
    world.ship(good, "T-1000001")
    world.ship(bad, "T-1000002")
    world.shop.execute(text(spoil.format(order=bad)))
    for _ in range(2):
        assert world.sync(wait=10).ok
        world.advance(minutes=5)
    assert world.accepted(good) == [("ship", "T-1000001")]
    named = "tracking_number" in spoil
    assert [each.failure for each in world.tasks(bad)] == (["spoilt-tracking"] if named else [])
    assert world.notices() == (["spoilt-tracking"] if named else [])
