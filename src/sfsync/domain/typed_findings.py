"""What a text that stands where a shop keeps a tracking number can turn out to be."""

from __future__ import annotations

from enum import StrEnum

from sfsync.domain.value import value


class Kind(StrEnum):
    """What can be done with it."""

    NUMBER = "number"
    NOTHING = "nothing"
    """As good as empty: a number is still to come."""
    SEVERAL = "several"
    LINK = "link"
    DAMAGED = "damaged"
    """There was a number, and it is no longer whole: only the merchant can mend it."""


class Finding(StrEnum):
    """What exactly it is; each one but NUMBER has a sentence for the merchant."""

    NUMBER = "number"
    EMPTY = "empty"
    PLACEHOLDER = "placeholder"
    """`0`, `-`, `N/A`, `en cours`."""
    WORDS = "words"
    """A remark, a name, a sentence."""
    DATE = "date"
    SEVERAL = "several"
    LINK = "link"
    SCIENTIFIC = "scientific"
    """`6,90E+12`: a spreadsheet rounded it."""
    AMOUNT = "amount"
    """`690123.0`, `690,123`: a spreadsheet took it for an amount, and may have dropped zeros or rounded it."""
    SPREADSHEET = "spreadsheet"
    """`#REF!`, `#####`, `=A2`: the cell's error, its width or its formula instead of its value."""
    CUT = "cut"
    """`6A123...`, `6A12****01`: part of it is missing."""
    UNREADABLE = "unreadable"
    """Signs that went through a wrong encoding."""

    @property
    def kind(self) -> Kind:
        return _KINDS[self]


_KINDS = {
    Finding.NUMBER: Kind.NUMBER,
    Finding.EMPTY: Kind.NOTHING,
    Finding.PLACEHOLDER: Kind.NOTHING,
    Finding.WORDS: Kind.NOTHING,
    Finding.DATE: Kind.NOTHING,
    Finding.SEVERAL: Kind.SEVERAL,
    Finding.LINK: Kind.LINK,
    Finding.SCIENTIFIC: Kind.DAMAGED,
    Finding.AMOUNT: Kind.DAMAGED,
    Finding.SPREADSHEET: Kind.DAMAGED,
    Finding.CUT: Kind.DAMAGED,
    Finding.UNREADABLE: Kind.DAMAGED,
}


@value
class Typed:
    """What a text turned out to be. `numbers` are keys, in order, each once; `link` is the address in the text."""

    finding: Finding
    numbers: tuple[str, ...] = ()
    link: str = ""

    @property
    def kind(self) -> Kind:
        return self.finding.kind

    @property
    def number(self) -> str:
        """The one number, which is what can be told; empty for all else."""
        return self.numbers[0] if self.finding is Finding.NUMBER else ""

    @property
    def spoilt(self) -> bool:
        """Somebody meant a number, and none can be told: only the merchant knows it."""
        return not self.numbers and self.kind in (Kind.DAMAGED, Kind.LINK)
