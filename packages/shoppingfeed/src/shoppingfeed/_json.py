"""Reading JSON that may be anything: every function here returns a value of its type, or says what it expected."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime

LARGEST_ID = 2**63 - 1
_FIRST_YEAR, _LAST_YEAR = 1970, 9998


class UnexpectedShapeError(ValueError):
    """The answer is not of the promised shape. The message completes the sentence "expected …"."""


def parse(body: bytes) -> object:
    """The JSON value of an answer's body; `UnexpectedShapeError` for anything that is not JSON in UTF-8."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UnexpectedShapeError("JSON") from error


def mapping(value: object) -> Mapping[str, object]:
    """The object, or an empty one when the value is anything else (PHP writes an empty object as `[]`)."""
    return value if isinstance(value, dict) else {}


def listed(value: object, expected: str) -> list[Mapping[str, object]]:
    """A list of objects, from what may also be one object, null, or a PHP array that lost its numbering."""
    if value is None:
        return []
    if isinstance(value, dict):
        if not value or "id" in value or "reference" in value:
            return [value] if value else []
        value = list(value.values())
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise UnexpectedShapeError(expected)
    return value


def text(value: object) -> str:
    """A string that can be stored and printed (no NUL, no lone surrogate); numbers as text, anything else empty."""
    if isinstance(value, bool):
        return ""
    if isinstance(value, int):
        return str(value) if abs(value) < 10**40 else ""
    if not isinstance(value, str):
        return ""
    if not value.isascii():
        value = value.encode("utf-8", "replace").decode()
    return value.replace("\0", "") if "\0" in value else value


def identifier(value: object) -> int | None:
    """A positive integer of at most 63 bits, also from its text ("1078495000000"); None for anything else."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 19:
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= LARGEST_ID:
        return value
    return None


def count(value: object) -> int | None:
    """A number of things, 0 included, also from its text; None for anything else."""
    return 0 if value in (0, "0") and not isinstance(value, bool) else identifier(value)


def flag(value: object) -> bool | None:
    """True or False, also from "true", "false", "1", "0", 1, 0; None for anything else."""
    if isinstance(value, bool):
        return value
    return {"true": True, "1": True, "false": False, "0": False}.get(text(value).lower())


def has_zone(value: object) -> bool:
    """Whether a date that `moment` reads says in which zone it is meant."""
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def moment(value: object) -> datetime | None:
    """An aware datetime from ISO 8601 (UTC when it names no zone); None for null, empty, zero or unreadable dates, and
    for those that stand for no date at all (0001-01-01, 9999-12-31), which not every zone has."""
    if not isinstance(value, str) or not value:
        return None
    try:
        read = datetime.fromisoformat(value)
    except ValueError:
        return None
    if not _FIRST_YEAR <= read.year <= _LAST_YEAR:
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)
