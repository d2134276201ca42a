"""Where an update stands: the answer that the command, the pages, the story and the figures share."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class TaskState(StrEnum):
    """The value is the word of `sfsync tasks --json`.

    `sent`: the marketplace may know of it, so it is never sent again before the ticket list was asked (R13). `failed`:
    an attempt has failed. `needs_person`: nothing happens by itself any more.
    """

    sent: bool
    failed: bool
    needs_person: bool

    WAITING = "waiting"
    """It is decided when it is due, or when what is in flight for its order is done."""
    HELD = "held"
    """Its marketplace refuses everything, so it goes out once one update is accepted (R36)."""
    RETRYING = "retrying", False, True
    """It failed, and is tried again by itself."""
    FAILED = "failed", False, True, True
    """It waits for a person, or for a change of the order (R16)."""
    ON_ITS_WAY = "on its way", True
    """A run is sending it at this moment."""
    UNANSWERED = "unanswered", True
    """It was sent, and no answer came: the ticket list is asked."""
    IN_FLIGHT = "in flight", True
    """Its ticket is followed."""
    GIVEN_UP = "given up"
    """A person decided that it need not be sent; a later change of the order counts again."""

    def __new__(cls, word: str, sent: bool = False, failed: bool = False, needs_person: bool = False) -> Self:
        state = str.__new__(cls, word)
        state._value_ = word
        state.sent, state.failed, state.needs_person = sent, failed, needs_person
        return state

    @property
    def waits(self) -> bool:
        """It is decided, or tried again, by itself."""
        return self in (TaskState.WAITING, TaskState.HELD, TaskState.RETRYING)
