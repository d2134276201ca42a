from sfsync.testing import SHIPPED, World


def test_a_shipped_order_reaches_the_marketplace(world: World) -> None:
    """R1, R2, R14, R15."""
    order = world.ship(world.order(), "TRACK-1")
    result = world.sync(wait=10)
    assert result.troubles == []
    assert world.accepted(order) == [("ship", "TRACK-1")]
    assert world.belief(order).status == "shipped"
    assert world.tasks(order) == []
    assert world.row(order).ship_tracking == "TRACK-1"
    assert result.counts.as_dict() | {"requests": 0} == {
        "detected": 1, "queued": 0, "removed": 0, "sent": 1, "confirmed": 1, "failed": 0, "waiting": 0, "in_flight": 0, "requests": 0,
    }
