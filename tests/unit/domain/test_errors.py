"""Every failure says what happened, what sfsync does next, and what the merchant can do (R16, R18, R20)."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from sfsync import texts
from sfsync.domain.decide import Because
from sfsync.domain.errors import Failure, NextStep
from sfsync.domain.operations import OperationKind, all_kinds

NEXT_STEPS = {
    Failure.NO_TRACKING: NextStep.FIX_SHOP,  # R4: a number that comes later revives it
    Failure.SPOILT_TRACKING: NextStep.FIX_SHOP,  # R4
    Failure.NO_FEED_ID: NextStep.GIVE_UP,  # R13b
    Failure.ORDER_GONE: NextStep.GIVE_UP,
    Failure.UNLISTED: NextStep.GIVE_UP,  # R39
    Failure.UNPREPARABLE: NextStep.FIX_SHOP,
    Failure.TICKET_FAILED: NextStep.RETRY,  # R16
    Failure.TICKET_CANCELED: NextStep.GIVE_UP,  # R18: refused, no retry
    Failure.TICKET_LOST: NextStep.RETRY,  # R18: queued again
    Failure.UNKNOWN_OPERATION: NextStep.GIVE_UP,
    Failure.IGNORED: NextStep.GIVE_UP,  # R12
    Failure.REQUEST_REFUSED: NextStep.GIVE_UP,
    Failure.CALLED_OFF_THERE: NextStep.GIVE_UP,  # R33
    Failure.STANDS_ELSEWHERE: NextStep.GIVE_UP,
    Failure.NO_ANSWER: NextStep.RETRY,  # R13
    Failure.MAYBE_TOLD: NextStep.GIVE_UP,
}
EVIDENCE = {"operation": "ship", "message": "Unknown carrier “100 % vert”"}
"""What the engine says of any failure."""


@pytest.mark.parametrize("failure", Failure)
def test_what_comes_next(failure: Failure) -> None:
    assert failure.next_step is NEXT_STEPS[failure]


@pytest.mark.parametrize("failure", Failure)
def test_a_failure_has_a_sentence_and_an_advice(failure: Failure) -> None:
    """R20: the reason, complete, and what to do."""
    with override("en"):
        sentence = texts.reason(failure, EVIDENCE)
        advice = texts.advice(failure)
    assert sentence.endswith(".") or EVIDENCE["message"] in sentence
    assert not {"%", "{"} & set(sentence.replace(EVIDENCE["message"], ""))
    assert not sentence.startswith(failure.value)
    assert advice.endswith(".")


@pytest.mark.parametrize("failure", Failure)
def test_the_log_says_it_in_the_same_words(failure: Failure) -> None:
    """R21: the engine logs a failure by the code `failed-…`."""
    with override("en"):
        assert texts.sentence(f"failed-{failure}", EVIDENCE) == texts.reason(failure, EVIDENCE)


@pytest.mark.parametrize("because", Because)
def test_a_reason_to_send_nothing_has_its_sentence(because: Because) -> None:
    """R6, R21: the log says why a task was removed."""
    with override("en"):
        sentence = texts.sentence(f"nothing-{because}", {"operation": "refund"})
    assert sentence.endswith(".")
    assert "%" not in sentence


@pytest.mark.parametrize("because", [Because.WENT_BACK, Because.UNSUPPORTED])
def test_what_the_merchant_is_told_once_has_an_advice(because: Because) -> None:
    """R8, R9."""
    with override("en"):
        assert texts.advice(because).endswith(".")
        assert "the refund" in texts.reason(because, {"operation": "refund"})


@pytest.mark.parametrize("kind", all_kinds(), ids=lambda kind: kind.name)
def test_an_operation_has_a_name(kind: OperationKind) -> None:
    with override("en"):
        assert texts.update(kind.name) not in {"", kind.name}
