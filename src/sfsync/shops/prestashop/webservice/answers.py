"""What PrestaShop's JSON means: 8 writes numbers as texts, 9 as numbers; a list without rows is `[]`, no object."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from sfsync.shops.prestashop.problems import Misconfigured, Unavailable

Row = Mapping[str, Any]

LONGEST = 16 * 1024 * 1024
"""Bytes of an answer that is read: nothing that is asked for needs a tenth of it."""

LARGEST_NUMBER = 2**63 - 1
"""What a database can keep: no id of a shop comes near."""
_PHP_SAYS = re.compile(
    r"(?:\s*(?:<br\s*/?>\s*)?(?:<b>)?(?:PHP )?(?:Notice|Warning|Deprecated|Strict Standards)(?:</b>)?:[^\n{}\[\]]*\s+"
    r"on line\s+(?:<b>)?\d+(?:</b>)?\s*(?:<br\s*/?>)?)+\s*",
    re.IGNORECASE,
)
"""What a host that shows PHP's messages (`display_errors`) puts before an answer that is whole."""
_MESSAGES = 10_000
"""Characters of them that are passed over; a host that means ill could keep the search for them busy for ever."""

_SHAPE = (
    "The shop's web service answered {resource} with something else than was asked ({what}). It is asked again at the"
    " next try."
)
_XML = "The shop's web service answers in XML only: it is a PrestaShop before 1.6, which is read through its database."


def wrong(resource: str, what: str) -> Unavailable:
    return Unavailable(_SHAPE.format(resource=resource, what=what), code="webservice-answer")


def rows_of(body: bytes, resource: str) -> list[Row]:
    """Raises `ShopError` where it is no list of this resource."""
    document = _decoded(body, resource)
    if document == []:
        return []
    found = document.get(_plural(resource)) if isinstance(document, dict) else None
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise wrong(resource, "not a list of rows")
    return found


def _decoded(body: bytes, resource: str) -> Any:
    """1.6 writes some characters in a way that is no JSON: they are replaced, not refused."""
    if len(body) > LONGEST:
        raise wrong(resource, f"{len(body)} bytes")
    text = body.decode("utf-8-sig", "replace").strip()
    if text.startswith("<?xml") and "<prestashop" in text:
        raise Misconfigured(_XML, code="webservice-version")
    if said := _PHP_SAYS.match(text[:_MESSAGES]):
        text = text[said.end() :]
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        raise wrong(resource, "not JSON") from None


def _plural(resource: str) -> str:
    return "order_slips" if resource == "order_slip" else resource


def number(row: Row, name: str) -> int:
    """0 where the shop has none (empty, null). Raises `ShopUnavailable` where it is missing or no number."""
    value = _value(row, name)
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
        value = int(value)
    if type(value) is int and 0 <= value <= LARGEST_NUMBER:
        return value
    if value in ("", None, False):
        return 0
    raise wrong(name, "not a number")


def must_go_on(resource: str, before: Sequence[int], ids: Sequence[int]) -> None:
    """A host that shows the same page again and again would be asked for ever: ids rise from page to page. Raises
    `ShopUnavailable`."""
    if before and ids and ids[0] <= before[-1]:
        raise wrong(resource, "a page that was read before")


def flag(row: Row, name: str) -> bool:
    return bool(number(row, name))


def text(row: Row, name: str) -> str:
    """Empty for null."""
    value = _value(row, name)
    if isinstance(value, str):
        return sound(value)
    if value in (None, False):
        return ""
    if type(value) in (int, float):
        return str(value)
    raise wrong(name, "not a text")


def texts(row: Row, name: str) -> dict[int, str]:
    """A translated field by its language; a text that is in one language alone stands under 0."""
    value = _value(row, name)
    if not isinstance(value, list):
        return {0: text(row, name)}
    if not all(isinstance(each, dict) for each in value):
        raise wrong(name, "not a translated text")
    return {number(each, "id"): text(each, "value") for each in value}


def sound(value: str) -> str:
    """Half a character (PrestaShop 1.6 makes them) can be kept nowhere."""
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if _broken(value) else value


def _broken(value: str) -> bool:
    return not value.isascii() and any("\ud800" <= each <= "\udfff" for each in value)


def _value(row: Row, name: str) -> Any:
    if name not in row:
        raise wrong(name, "missing")
    return row[name]
