"""What one attempt came to, and what follows from it. Pure: no clock, no network.

Only two things are ever tried again: a request that was refused by the rate limit (whatever its method: it was not
carried out), and a read whose connection failed, once. An operation is never repeated here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

from shoppingfeed._errors import NoAnswerError, NotSentError
from shoppingfeed._transport import Response

UNSTATED_WAIT = 2.0
SHORTEST_WAIT = 0.1
LONGEST_WAIT = 300.0
RECONNECT_AFTER = 0.2


class Verdict(Enum):
    """How an exchange ended."""

    ANSWERED = "2xx: read the answer"
    REFUSED = "4xx: not carried out"
    RATE_LIMITED = "429 after all patience: not carried out"
    BROKEN = "5xx to a read"
    MISDIRECTED = "a read answered by a redirect or by no known status"
    FAILED = "no answer: raise what the transport raised"
    AMBIGUOUS = "an operation that may have been carried out"


@dataclass(frozen=True, slots=True)
class Again:
    """Try the same request again after so many seconds; `limited` when the whole client must hold its breath."""

    seconds: float
    limited: bool


def judge(
    outcome: Response | NotSentError | NoAnswerError, *, safe: bool, attempt: int, waited: float, patience: float
) -> Verdict | Again:
    """What follows from an attempt. `safe`: the request changes nothing. `waited`: seconds already spent on 429."""
    if isinstance(outcome, Response):
        return _judge_answer(outcome, safe=safe, attempt=attempt, waited=waited, patience=patience)
    return Again(RECONNECT_AFTER, limited=False) if safe and attempt == 1 else Verdict.FAILED


def _judge_answer(response: Response, *, safe: bool, attempt: int, waited: float, patience: float) -> Verdict | Again:
    status = response.status
    if status == 429:
        wait = max(asked_wait(response), min(SHORTEST_WAIT * 2 ** min(attempt - 1, 8), UNSTATED_WAIT))
        return Again(wait, limited=True) if waited + wait <= patience else Verdict.RATE_LIMITED
    if 200 <= status < 300:
        return Verdict.ANSWERED
    if 400 <= status < 500 and status != 408:
        return Verdict.REFUSED
    if not safe:
        return Verdict.AMBIGUOUS
    return Verdict.BROKEN if status == 408 or 500 <= status < 600 else Verdict.MISDIRECTED


def asked_wait(response: Response) -> float:
    """The seconds of `X-RateLimit-Wait` (or `Retry-After`), at most 300; 2 s when there is none to be read."""
    for name in ("x-ratelimit-wait", "retry-after"):
        try:
            seconds = float(response.headers.get(name, ""))
        except ValueError:
            continue
        if math.isfinite(seconds) and seconds >= 0:
            return min(seconds, LONGEST_WAIT)
    return UNSTATED_WAIT
