"""What the shop's statuses mean for a marketplace (rules.md, *Data*: status mapping)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from sfsync.domain.carriers import Book
from sfsync.domain.operations import meanings as known_meanings
from sfsync.domain.orders import Snapshot


class UnknownMeaning(ValueError):
    """A status is mapped to a word that means nothing."""

    def __init__(self, word: str, known: Collection[str]) -> None:
        super().__init__(f"“{word}” is not one of {', '.join(known)}.")
        self.word, self.known = word, known


class MappedTwice(ValueError):
    """A status is mapped to two words: it can only be sent as one of them."""

    def __init__(self, status: str, one: str, other: str) -> None:
        super().__init__(f"Status {status} is mapped to {one} and to {other}.")
        self.status, self.one, self.other = status, one, other


def status_mapping(meanings: Mapping[str, Collection[str]]) -> dict[str, str]:
    """Shop status → operation, from the settings' `{"shipped": ["4"], ...}`.

    Raises `UnknownMeaning` and `MappedTwice`.
    """
    words: dict[str, str] = {}
    known = known_meanings()
    for word, statuses in meanings.items():
        if word not in known:
            raise UnknownMeaning(word, tuple(known))
        for status in statuses:
            if (other := words.setdefault(status, word)) != word:
                raise MappedTwice(status, other, word)
    return {status: known[word].name for status, word in words.items()}


@dataclass(frozen=True, slots=True)
class Policy:
    """What a store's merchant chose (R4, R6). `ship_without_tracking` is a yes, a no, or the carriers it goes for.
    `carriers`: what is sent for a carrier (R26); `reasons`: shop status → the reason of its cancellation (R28);
    `knows_returns`: the shop says the number of an order's return label (R27)."""

    mapping: Mapping[str, str] = field(default_factory=dict)
    delay: timedelta = timedelta(minutes=5)
    latest_mapped: bool = False
    ship_without_tracking: bool | frozenset[str] = False
    carriers: Book = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    knows_returns: bool = False

    def wanted(self, order: Snapshot) -> str | None:
        """The operation that the order's status asks for (R6), None where it is not mapped."""
        if not self.latest_mapped:
            return self.mapping.get(order.status)
        meanings = (self.mapping.get(status) for status in reversed(order.statuses or (order.status,)))
        return next((meaning for meaning in meanings if meaning), None)

    def may_ship_untracked(self, order: Snapshot) -> bool:
        """R4: this order may leave without a tracking number."""
        if isinstance(self.ship_without_tracking, bool):
            return self.ship_without_tracking
        return not self.ship_without_tracking.isdisjoint({order.carrier_id, order.carrier_reference})
