"""What sfsync's queues at Celery are called, and how a worker takes them by turns.

Loads no model: Celery reads this in processes that never load an app (`celery status`, a beat).
"""

from __future__ import annotations

from kombu.utils.scheduling import round_robin_cycle

from sfsync.conf import conf


def queue(name: str) -> str:
    """Queues of our own: what nobody takes from them may be thrown away."""
    return f"{conf().queues}.{name}"


DUE, *RUNS = (queue(name) for name in ("due", "realtime", "batch", "troubled"))
TROUBLED = RUNS[-1]


class TroubledLast(round_robin_cycle):
    """How a worker takes its queues by turns (`queue_order_strategy` of a Redis broker): a shop that does not answer
    holds it for seconds, which no store that is well should wait for."""

    def consume(self, n: int) -> list[str]:
        names: list[str] = super().consume(n)  # type: ignore[no-untyped-call]
        return sorted(names, key=lambda name: name == TROUBLED)
