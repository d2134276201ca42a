"""What the rules say of an order's end, written from rules.md alone: nothing of the engine or its domain is imported.

For a store whose channel takes every operation, with the default settings, and numbers that are never taken away.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

PAID, PROCESSING, SHIPPED, DELIVERED, CANCELED, REFUNDED = 2, 3, 4, 5, 6, 7
TOO_LATE = "stands-elsewhere"
"""R34: it was refused once, and the order is shipped there by now: it waits for a person."""
MEANS = {SHIPPED: "ship", DELIVERED: "deliver", CANCELED: "cancel", REFUNDED: "refund"}


@dataclass
class Fate:
    """An order: all that the merchant did, what the marketplace accepted and carried out, and what the merchant heard.

    `left` are the failures of the tasks that are still there, `told` the codes of the notices. `quiet`: the last change
    left no row in the status history.
    """

    statuses: list[int] = field(default_factory=lambda: [PAID])
    numbers: list[str] = field(default_factory=list)
    accepted: list[tuple[str, str]] = field(default_factory=list)
    done: list[tuple[str, str]] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    quiet: bool = False

    @property
    def final(self) -> bool:
        """The marketplace knows its end: from then on only the history is followed (prestashop.md, *polling*)."""
        return not {"cancel", "refund", "deliver"}.isdisjoint(self.operations)

    @property
    def operations(self) -> list[str]:
        return [operation for operation, _ in self.done]

    @property
    def ships(self) -> list[str]:
        return [number for operation, number in self.done if operation == "ship"]


def complaints(fate: Fate) -> Iterator[str]:
    """Every way in which this is not as the rules say."""
    yield from _unjustified(fate)
    yield from _out_of_order(fate)
    if not (fate.final and fate.quiet):
        yield from _not_the_truth(fate)
    yield from _untold(fate)


def _unjustified(fate: Fate) -> Iterator[str]:
    """R6, R2: an operation is sent for a status that was current, a ship with a number that was there."""
    meant = {MEANS.get(status) for status in fate.statuses}
    for operation, number in fate.accepted:
        if operation == "ship" and number not in fate.numbers:
            yield f"shipped with {number!r}, which the order never had"
        if operation != "ship" and operation not in meant:
            yield f"{operation} was sent, and the order never stood there"


def _out_of_order(fate: Fate) -> Iterator[str]:
    """R10, R13a: numbers go out as they came, each once, and nothing is delivered before it is shipped."""
    places = [fate.numbers.index(number) for number in fate.ships if number in fate.numbers]
    if places != sorted(set(places)):
        yield f"ships went out as {fate.ships}"
    if "deliver" in fate.operations and "ship" not in fate.operations[: fate.operations.index("deliver")]:
        yield "delivered before it was shipped"


def _not_the_truth(fate: Fate) -> Iterator[str]:
    """R2, R4, R6, R8: what the marketplace must know in the end."""
    status, number = fate.statuses[-1], fate.numbers[-1] if fate.numbers else ""
    wanted = MEANS.get(status, "")
    ended = {"cancel", "refund"} & set(fate.operations)
    if wanted in ("cancel", "refund"):
        if wanted not in fate.operations and fate.left != [TOO_LATE]:
            yield f"the order ended as {wanted}, and the marketplace was not told"
    elif ended:
        if "went-back" not in fate.told:
            yield "the order went back after its end, and the merchant was not warned"
    elif number:
        if fate.ships[-1:] != [number]:
            yield f"the newest number is {number}, the marketplace knows {fate.ships}"
        if wanted == "deliver" and "deliver" not in fate.operations:
            yield "delivered, and the marketplace was not told"
    elif wanted and fate.left != ["no-tracking"]:
        yield f"without a number it must fail and stay visible, not {fate.left}"


def _untold(fate: Fate) -> Iterator[str]:
    """Every intent is confirmed, failed and told, or superseded: what is left has failed, and was told."""
    for failure in fate.left:
        if failure not in fate.told:
            yield f"left as {failure or 'unfinished'}, and the merchant was not told"
    too_late = fate.left == [TOO_LATE] and "ticket-failed" in fate.told and "ship" in fate.operations
    if fate.left and not too_late and (fate.numbers or fate.statuses[-1] not in (SHIPPED, DELIVERED)):
        yield f"nothing should be left, but {fate.left} is"
