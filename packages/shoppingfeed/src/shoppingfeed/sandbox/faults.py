"""Faults on demand: what goes wrong, for whom, when and how often."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from enum import Enum, StrEnum
from typing import Any

from shoppingfeed._errors import NoAnswerError, NotSentError
from shoppingfeed._transport import Response
from shoppingfeed.sandbox.answers import ProblemError


class Stage(Enum):
    """The moment at which a fault strikes."""

    BEFORE = "before anything was accepted"
    ITEM = "as one item of an operation is accepted"
    LIST = "as a list is written"
    AFTER = "after the request was performed"


class Kind(StrEnum):
    """What can go wrong; the manual page `docs/sandbox.md` tells each one's story."""

    UNREACHABLE = "unreachable"
    DROP = "drop"
    STATUS = "status"
    GARBAGE = "garbage"
    WRONG_TOKEN = "wrong-token"  # noqa: S105 - the name of a fault
    REFUSE_REQUEST = "refuse-request"
    SLOW = "slow"
    HANG = "hang"
    ACCEPT_THEN_500 = "accept-then-500"
    ACCEPT_THEN_DROP = "accept-then-drop"
    ACCEPT_THEN_GARBAGE = "accept-then-garbage"
    REFUSE = "refuse"
    CANCEL_TICKET = "cancel-ticket"
    IGNORE = "ignore"
    STUCK = "stuck"
    UNSEEN = "unseen"
    REFUSE_LATER = "refuse-later"
    PURGE = "purge"
    LATE = "late"
    NO_REFERENCE = "no-reference"
    NO_ID = "no-id"
    SHUFFLE = "shuffle"


_BEFORE = {Kind.UNREACHABLE, Kind.DROP, Kind.STATUS, Kind.GARBAGE, Kind.WRONG_TOKEN, Kind.REFUSE_REQUEST}
_AFTER = {Kind.HANG, Kind.ACCEPT_THEN_500, Kind.ACCEPT_THEN_DROP, Kind.ACCEPT_THEN_GARBAGE}

_SHAPES = {
    **dict.fromkeys(("kind", "method", "path", "operation", "message", "when"), str),
    **dict.fromkeys(("order_id", "after", "status"), int),
    "times": int | None,
    "seconds": int | float,
    "body": str | None,
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. Only what is given must match; the rest matches anything.

    `method` is the HTTP method, `path` a regular expression searched in the path and query, `operation` is `ship`,
    `cancel` ..., `order_id` an order that the request names. `times` is how often it strikes (None: for ever), `after`
    how many matching requests, or items, it lets pass first. A `refuse-request` strikes until it is removed.

    `seconds`: how long a `slow` answer takes, when a `late` ticket is listed, when a `purge`d one is forgotten, how
    long after its ticket a `refuse-later` comes, the `X-RateLimit-Wait` of a 429. `when` is `before` or `after`
    accepting, for `slow`. `status` is that of a `status` fault, `body` what it or a `garbage` says, `message` what a
    refusal says. ValueError when a value makes no sense.
    """

    kind: str
    method: str = ""
    path: str = ""
    operation: str = ""
    order_id: int = 0
    times: int | None = 1
    after: int = 0
    message: str = ""
    status: int = 500
    seconds: float = 0.0
    body: str | None = None
    when: str = "before"

    def __post_init__(self) -> None:
        for name, shape in _SHAPES.items():
            if not isinstance(getattr(self, name), shape) or isinstance(getattr(self, name), bool):
                raise ValueError(f"'{name}' has the wrong type: {getattr(self, name)!r}.")
        if self.kind not in set(Kind):
            raise ValueError(f"There is no fault '{self.kind}'. Choose one of: {', '.join(Kind)}.")
        if self.when not in {"before", "after"}:
            raise ValueError(f"'when' is 'before' or 'after', not '{self.when}'.")
        if self.times is not None and self.times < 1:
            raise ValueError("'times' is a whole number from 1, or none at all for ever.")
        if not 200 <= self.status <= 599:
            raise ValueError(f"'status' is an HTTP status from 200 to 599, not {self.status}.")
        try:
            re.compile(self.path)
        except re.error as error:
            raise ValueError(f"'path' is not a regular expression: {error}.") from None

    @property
    def stage(self) -> Stage:
        """When it strikes."""
        if self.kind == Kind.SLOW:
            return Stage.BEFORE if self.when == "before" else Stage.AFTER
        if self.kind in _BEFORE:
            return Stage.BEFORE
        if self.kind in _AFTER:
            return Stage.AFTER
        return Stage.LIST if self.kind == Kind.SHUFFLE else Stage.ITEM

    def matches(self, method: str, path: str, operation: str, order_ids: Collection[int]) -> bool:
        """Whether a request, or an item of one, is meant."""
        return (
            (not self.method or self.method.upper() == method)
            and (not self.operation or self.operation == operation)
            and (not self.order_id or self.order_id in order_ids)
            and (not self.path or re.search(self.path, path) is not None)
        )

    @classmethod
    def from_json(cls, document: Any) -> Fault:
        """A fault as the control endpoint takes it; `times` may be `"forever"`. ValueError says what is wrong."""
        if not isinstance(document, Mapping):
            raise ValueError('A fault is an object, such as {"kind": "drop"}.')
        unknown = set(document) - {field.name for field in fields(cls)}
        if unknown:
            raise ValueError(
                f"A fault has no '{sorted(unknown)[0]}'. It has: {', '.join(f.name for f in fields(cls))}."
            )
        values = {**document, "times": None} if document.get("times") == "forever" else dict(document)
        return cls(**{"kind": "", **values})


class Standing:
    """A fault that was asked for, and how often it matched and struck."""

    def __init__(self, number: int, fault: Fault) -> None:
        self.number = number
        self.fault = fault
        self.seen = 0
        self.struck = 0

    @property
    def over(self) -> bool:
        """Whether it has struck as often as it was asked to."""
        forever = self.fault.times is None or self.fault.kind == Kind.REFUSE_REQUEST
        return not forever and self.struck >= (self.fault.times or 0)

    def strikes(self) -> bool:
        """Count a match, and tell whether the fault strikes now."""
        self.seen += 1
        if self.seen <= self.fault.after or self.over:
            return False
        self.struck += 1
        return True

    def to_json(self) -> dict[str, Any]:
        """What the control endpoint shows."""
        return {"id": self.number, **asdict(self.fault), "seen": self.seen, "struck": self.struck, "over": self.over}


class Faults:
    """The faults asked for, in the order they were asked for."""

    def __init__(self) -> None:
        self._standing: dict[int, Standing] = {}
        self._next = 1

    def add(self, fault: Fault) -> Standing:
        """Ask for a fault."""
        standing = Standing(self._next, fault)
        self._standing[self._next] = standing
        self._next += 1
        return standing

    def remove(self, number: int) -> bool:
        """Take one back; False when there is none of that number."""
        return self._standing.pop(number, None) is not None

    def clear(self) -> None:
        """Take all back."""
        self._standing.clear()

    def all(self) -> list[Standing]:
        """Every fault asked for, those that are over included."""
        return list(self._standing.values())

    def waiting_for(self, stage: Stage) -> list[Standing]:
        """Those that may still strike at this stage."""
        return [one for one in self._standing.values() if one.fault.stage is stage and not one.over]

    def strike(
        self, stage: Stage, method: str, path: str, operation: str, order_ids: Collection[int]
    ) -> Iterator[Fault]:
        """The faults that strike now; one that is not asked for is not counted."""
        for standing in self.waiting_for(stage):
            if standing.fault.matches(method, path, operation, order_ids) and standing.strikes():
                yield standing.fault


def refusal(fault: Fault, *, accepting: bool) -> Response:
    """What a request gets that strikes a fault before anything is accepted. `accepting`: it posts an operation."""
    match fault.kind:
        case Kind.UNREACHABLE:
            raise NotSentError("The sandbox cannot be reached, as a fault asked.")
        case Kind.DROP:
            raise NoAnswerError("The sandbox dropped the connection before accepting anything, as a fault asked.")
        case Kind.GARBAGE:
            return _garbage(fault, 202 if accepting else 200)
        case Kind.WRONG_TOKEN:
            return ProblemError(401, fault.message or "The token is not valid.").response()
        case Kind.REFUSE_REQUEST:
            return ProblemError(422, fault.message or "The request could not be processed.").response()
    return _with_status(fault)


def spoiled(fault: Fault, response: Response) -> Response:
    """What becomes of the answer to a request that was performed."""
    if fault.kind == Kind.ACCEPT_THEN_DROP:
        raise NoAnswerError("The sandbox accepted the request and dropped the connection, as a fault asked.")
    return _garbage(fault, response.status) if fault.kind == Kind.ACCEPT_THEN_GARBAGE else _with_status(fault)


def _garbage(fault: Fault, status: int) -> Response:
    text = "<html>this is not the answer you hoped for" if fault.body is None else fault.body
    return Response(status, {"content-type": "text/html"}, text.encode("utf-8", "surrogateescape"))


def _with_status(fault: Fault) -> Response:
    if fault.body is not None:
        return _garbage(fault, fault.status)
    headers = {"x-ratelimit-wait": f"{fault.seconds or 1:g}"} if fault.status == 429 else {}
    return ProblemError(fault.status, fault.message or "A fault asked for this answer.", headers).response()
