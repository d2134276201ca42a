"""What a shop's orders, statuses and carriers are called: one canonical text each, whatever they are in the shop."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from sfsync.shops.setting import Mistake
from sfsync.shops.setting import message as _

OrderKey = str
StatusKey = str
"""Empty: never seen."""
CarrierKey = str
"""Empty: none."""

LONGEST = 64
"""Characters of a key, as our tables keep it."""


class Keys(Protocol):
    """How one kind of shop names one kind of thing."""

    def parse(self, given: object) -> str:
        """The canonical text of what a person or a file wrote. Raises `Mistake`."""

    def plain(self, key: str) -> int | str:
        """What a document for machines holds: a number where the shop has numbers."""

    def ordinal(self, key: str) -> int:
        """Its place among others, for sorting and for blocks of neighbours; 0 where keys have no order."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """Keys that are whole numbers from 1: 4, "4" and "#4" are one key. A yes and a fraction are none."""

    largest: int = 2**63 - 1

    def parse(self, given: object) -> str:
        text = str(given).strip().removeprefix("#") if type(given) in (int, str) else ""
        number = int(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST else 0
        if not 0 < number <= self.largest:
            raise Mistake(
                _("“%(given)s” is not one of the shop's numbers: enter a whole number of 1 or more."), given=given
            )
        return str(number)

    def plain(self, key: str) -> int | str:
        return int(key) if key.isdecimal() else key

    def ordinal(self, key: str) -> int:
        return int(key)


@dataclass(frozen=True, slots=True)
class Texts:
    """Keys that are any printable text; a number is its digits."""

    def parse(self, given: object) -> str:
        text = str(given).strip() if type(given) in (int, str) else ""
        if not (text.isprintable() and 0 < len(text) <= LONGEST):
            raise Mistake(_("“%(given)s” is not a text that the shop could have."), given=given)
        return text

    def plain(self, key: str) -> int | str:
        return key

    def ordinal(self, key: str) -> int:
        return 0


def in_order(keys: Keys, some: Iterable[str]) -> list[str]:
    """By their ordinals, and those without by their texts."""
    return sorted(some, key=lambda key: (keys.ordinal(key), key))
