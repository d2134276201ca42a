"""Which marketplace order an order of the shop is, and what it means when the shop says something else (R39)."""

from __future__ import annotations

from enum import StrEnum

from sfsync.domain.value import value


@value
class Claim:
    """Which marketplace order it is, as the shop says; `feed_id` is None where the shop never learnt it."""

    feed_id: int | None
    reference: str
    channel: str

    @property
    def names(self) -> tuple[str, str]:
        """What stands for it while its id is unknown."""
        return (self.reference, self.channel.lower())

    @property
    def identity(self) -> tuple[str | int, ...]:
        """What the claims of one marketplace order have in common; empty for one that nothing could recognise."""
        if self.feed_id:
            return (self.feed_id,)
        return self.names if self.reference else ()

    def __str__(self) -> str:
        named = f"{self.channel} {self.reference}".strip()
        return f"{named} (#{self.feed_id})".strip() if self.feed_id else named or "?"


class Verdict(StrEnum):
    """What a claim is, measured by the marketplace order that the shop's order hangs on."""

    SAME = "same"
    RENAMED = "renamed"
    """The same one, for its id is; the shop has mended its reference or its marketplace."""
    LEARNT = "learnt"
    """The same one, whose id the shop did not know before."""
    CORRECTED = "corrected"
    """The same reference with another id, or the first reference at all: the shop was wrong, or knew too little."""
    ANOTHER = "another"
    """Another order: the shop was restored, and has given the number of one order to another."""


def judge(known: Claim, now: Claim) -> Verdict:
    """An id decides. Without one on both sides the names do, and a name that is missing contradicts none; a claim with
    neither says no more than that it is a marketplace's order."""
    if known == now or not now.identity:  # nearly always
        return Verdict.SAME
    alike = known.names == now.names
    if now.feed_id is not None and now.feed_id == known.feed_id:
        return Verdict.SAME if alike or not now.reference else Verdict.RENAMED
    if now.feed_id is None:
        return Verdict.SAME if alike or _same_reference(known, now) else _other(known)
    if known.feed_id is None:
        return Verdict.LEARNT if alike or not known.reference else Verdict.ANOTHER
    return Verdict.CORRECTED if alike else Verdict.ANOTHER


def _same_reference(known: Claim, now: Claim) -> bool:
    """A marketplace may be called otherwise there than in the shop: once the id is known, the reference is enough."""
    return bool(now.reference) and now.reference == known.reference and (known.feed_id is not None or not now.channel)


def _other(known: Claim) -> Verdict:
    return Verdict.CORRECTED if known.feed_id is None and not known.reference else Verdict.ANOTHER
