"""What everybody may ask of an operation."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sfsync.domain.orders import Snapshot


class UnknownOperationError(LookupError):
    """A row names an operation that nobody registered: another version of sfsync wrote it. Never a guess."""


def message(text: str) -> str:
    """Marks a message id. It is translated where it is shown, for the rules know no framework."""
    return text


def messages(one: str, many: str) -> tuple[str, str]:
    return one, many


def no_fields(order: Snapshot) -> Mapping[str, Any]:
    return {}


class TicketSays(Protocol):
    """What is read off a ticket to tell whose it is."""

    @property
    def operation(self) -> str | None: ...
    @property
    def tracking_number(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Shown:
    """What Shopping Feed shows of an order itself: its status, and the tracking numbers of its shipments."""

    status: str = ""
    numbers: Collection[str] = ()


ORDER = "order"
"""The lane of what changes the order: one of it at a time (R10)."""


@dataclass(frozen=True, slots=True)
class OperationKind:
    """`name` is ours, `verb` the API's. A higher `rank` is further in an order's life.

    `meaning`: the settings' word for the shop statuses that ask for it; empty where none does. `feature`: what a
    marketplace must offer for it (R9), empty where all do. `after`: what must be told before it (R13a). `calls_off`:
    the order comes to nothing, and nothing is told after it. `gives_reason`: it may carry one (R28). `ends_order`: no
    change is looked for after it. `numbered`: it is told once per tracking number, and waits for one (R2, R4).
    `meets_deadline`: it is what the order's deadline is for (R25). `goes_back`: a status that says otherwise takes it
    back (R8). `shows`: the status at Shopping Feed of an order it was done to, empty where none tells. `ticketed`: its
    type of ticket is documented. `at_once`: items of one request
    (R12). `fields`: what goes out with it, as the API's item takes it. `lane`: operations of one lane wait for one
    another (R10), those of two do not. `reopened_by_change`: once it has failed, a change of the order is a reason to
    try it again (R16).

    `too_late_in`: the statuses at Shopping Feed in which it can no longer be done (R34).

    `label` names the state that the order then has, as people choose it for a status. `noun` names the update with its
    article, for a sentence; `of_noun` the same after “of” (French contracts them: “du remboursement”), empty where the
    two words just stand side by side. `sent` says that it has left for Shopping Feed. `by_hand` and `to_do` (one, many)
    say what a person has to do where the marketplace does not take it. All are message ids.
    """

    name: str
    verb: str
    rank: int
    label: str
    noun: str
    of_noun: str = ""
    sent: str = ""
    meaning: str = ""
    feature: str = ""
    after: tuple[str, ...] = ()
    calls_off: bool = False
    gives_reason: bool = False
    ends_order: bool = False
    numbered: bool = False
    meets_deadline: bool = False
    goes_back: bool = True
    shows: str = ""
    too_late_in: tuple[str, ...] = ()
    ticketed: bool = True
    at_once: int = 100
    lane: str = ORDER
    reopened_by_change: bool = True
    fields: Callable[[Snapshot], Mapping[str, Any]] = no_fields
    by_hand: str = ""
    to_do: tuple[str, str] = ("", "")

    def key(self, order: Snapshot) -> str:
        """What tells two facts of this operation apart (R11): the tracking number, or nothing."""
        return order.tracking_number if self.numbered else ""

    @property
    def is_shown(self) -> bool:
        """The order's status at Shopping Feed says whether it was told; not with which number."""
        return bool(self.shows) and not self.numbered

    def recognises(self, ticket: TicketSays, payload: Mapping[str, Any]) -> bool:
        """This may be the ticket of what went out as `payload` (R13): of the same operation, or of an unknown one where
        its type of ticket is not documented, and of no other tracking number."""
        same = ticket.operation == self.verb or (ticket.operation is None and not self.ticketed)
        return same and ticket.tracking_number in ("", payload.get("trackingNumber", ""))

    def done(self, seen: Shown, key: str) -> bool:
        """The marketplace shows that it was told (R18)."""
        if self.numbered and key:
            return key in seen.numbers
        return bool(self.shows) and seen.status == self.shows
