"""What one run did, and what it left behind."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(slots=True)
class Counts:
    """Of this run: changes detected, tasks removed as needless, operations sent, confirmed and failed, requests made.

    At its end: tasks queued (due), waiting (for a date, or for their order's ticket), and in flight.
    """

    detected: int = 0
    queued: int = 0
    removed: int = 0
    sent: int = 0
    confirmed: int = 0
    failed: int = 0
    waiting: int = 0
    in_flight: int = 0
    requests: int = 0

    def as_dict(self) -> dict[str, int]:
        return asdict(self)

    @property
    def idle(self) -> bool:
        """Nothing happened that anybody would read about."""
        return not (self.detected or self.removed or self.sent or self.confirmed or self.failed)
