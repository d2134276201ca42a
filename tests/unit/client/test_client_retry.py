"""What follows from one attempt: the whole table."""

from __future__ import annotations

import pytest

from shoppingfeed import NoAnswerError, NotSentError, Response
from shoppingfeed._retry import Again, Verdict, asked_wait, judge

LIMITED = Response(429, {"x-ratelimit-wait": "1.5"})
NOT_SENT, NO_ANSWER = NotSentError("no route"), NoAnswerError("reset")


@pytest.mark.parametrize(
    ("outcome", "safe", "attempt", "waited", "expected"),
    [
        (Response(200, {}), True, 1, 0, Verdict.ANSWERED),
        (Response(202, {}), False, 1, 0, Verdict.ANSWERED),
        # refused is refused, for reads and operations alike
        (Response(400, {}), False, 1, 0, Verdict.REFUSED),
        (Response(401, {}), True, 1, 0, Verdict.REFUSED),
        (Response(404, {}), True, 1, 0, Verdict.REFUSED),
        (Response(413, {}), False, 1, 0, Verdict.REFUSED),
        (Response(422, {}), False, 3, 0, Verdict.REFUSED),
        (Response(499, {}), False, 1, 0, Verdict.REFUSED),
        # an operation that met a failing server may have been carried out
        (Response(500, {}), False, 1, 0, Verdict.AMBIGUOUS),
        (Response(503, {"retry-after": "1"}), False, 1, 0, Verdict.AMBIGUOUS),
        (Response(408, {}), False, 1, 0, Verdict.AMBIGUOUS),
        (Response(302, {}), False, 1, 0, Verdict.AMBIGUOUS),
        (Response(100, {}), False, 1, 0, Verdict.AMBIGUOUS),
        (Response(999, {}), False, 1, 0, Verdict.AMBIGUOUS),
        # a read did not change anything
        (Response(500, {}), True, 1, 0, Verdict.BROKEN),
        (Response(408, {}), True, 1, 0, Verdict.BROKEN),
        (Response(301, {}), True, 1, 0, Verdict.MISDIRECTED),
        (Response(999, {}), True, 1, 0, Verdict.MISDIRECTED),
        # the rate limit: any method, as long as patience lasts
        (LIMITED, False, 1, 0, Again(1.5, limited=True)),
        (LIMITED, True, 5, 58.4, Again(1.6, limited=True)),
        (LIMITED, True, 5, 58.5, Verdict.RATE_LIMITED),
        (LIMITED, False, 1, 58.4, Again(1.5, limited=True)),
        (LIMITED, False, 1, 58.6, Verdict.RATE_LIMITED),
        # the connection: reads once, operations never
        (NOT_SENT, True, 1, 0, Again(0.2, limited=False)),
        (NO_ANSWER, True, 1, 0, Again(0.2, limited=False)),
        (NOT_SENT, True, 2, 0, Verdict.FAILED),
        (NO_ANSWER, True, 2, 0, Verdict.FAILED),
        (NOT_SENT, False, 1, 0, Verdict.FAILED),
        (NO_ANSWER, False, 1, 0, Verdict.FAILED),
    ],
)
def test_what_follows(
    outcome: Response | NotSentError | NoAnswerError,
    safe: bool,
    attempt: int,
    waited: float,
    expected: Verdict | Again,
) -> None:
    """R13: an operation is never repeated on ambiguity."""
    assert judge(outcome, safe=safe, attempt=attempt, waited=waited, patience=60) == expected


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x-ratelimit-wait": "0.25"}, 0.25),
        ({"x-ratelimit-wait": "2"}, 2.0),
        ({"retry-after": "3"}, 3.0),
        ({"x-ratelimit-wait": "soon", "retry-after": "3"}, 3.0),
        ({}, 2.0),
        ({"x-ratelimit-wait": "nan"}, 2.0),
        ({"x-ratelimit-wait": "inf"}, 2.0),
        ({"x-ratelimit-wait": "-1"}, 2.0),
        ({"x-ratelimit-wait": "1e9"}, 300.0),
    ],
)
def test_how_long_the_api_asks_to_wait(headers: dict[str, str], seconds: float) -> None:
    assert asked_wait(Response(429, headers)) == seconds


def test_a_wait_of_nothing_does_not_become_a_storm() -> None:
    """Refused again and again with "wait 0", the client asks less and less often, and gives up."""
    attempts, waited = 0, 0.0
    while isinstance(
        verdict := judge(
            Response(429, {"x-ratelimit-wait": "0"}), safe=False, attempt=attempts + 1, waited=waited, patience=60
        ),
        Again,
    ):
        attempts, waited = attempts + 1, waited + verdict.seconds
    assert verdict is Verdict.RATE_LIMITED
    assert attempts < 40
