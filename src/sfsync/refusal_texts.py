"""A marketplace's answer explained (R35): its cause, and the next step of whoever reads, in the active language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import get_language

from sfsync import texts
from sfsync.domain.refusals import Refusal, known

ANSWERS = frozenset({"ticket-failed", "ticket-canceled", "ignored", "request-refused", "refused-there", "channel-held"})
"""The codes of failures, findings and events whose message a marketplace wrote, or Shopping Feed in its place."""


def refusal_of(code: str, params: Mapping[str, Any]) -> Refusal | None:
    """`code` and `params` (`message`, `channel`) of a notice or of a task's failure; None where nobody knows it."""
    if code not in ANSWERS:
        return None
    return known(str(params.get("message") or ""), str(params.get("channel") or ""))


def cause(refusal: Refusal | None) -> str:
    """Empty where it is not known: then the message says what there is to say."""
    return _said(refusal.cause) if refusal else ""


def advice(code: str, refusal: Refusal | None) -> str:
    """What to do: of a known answer its own step, else that of the code."""
    return _said(refusal.step) if refusal else texts.advice(code)


def _said(spoken: Mapping[str, str]) -> str:
    return spoken.get((get_language() or "en")[:2], spoken["en"])
