"""What a run did, as its steps note it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

from sfsync.engine.kit.trouble import Stopped


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

    @property
    def concluded(self) -> int:
        """Operations whose answer is known."""
        return self.confirmed + self.failed


@dataclass(slots=True)
class Tally:
    """Steps add to it as they go: what a step did before it was stopped was done all the same."""

    counts: Counts = field(default_factory=Counts)
    troubles: list[Stopped] = field(default_factory=list)
    touched: bool = False
    """The queue is not as it was when the run began: tasks were saved, or came back from their ticket."""
    answers: dict[int, int] = field(default_factory=dict)
    """Requests by the HTTP status of their answer, 0 for none."""

    @property
    def quiet(self) -> bool:
        """The run changed nothing that is told to people: it found nothing, asked Shopping Feed nothing, and went
        well."""
        return self.counts.idle and not (self.touched or self.answers or self.troubles)
