"""Names and links, from what people and modules type into a shop; numbers are for `domain.tracking_numbers`."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote, urlsplit


def clean_text(text: str | None) -> str:
    """A name, without the white space around it and without control characters: never part of one.

    A line break or a tab inside separates, so it becomes a space; all else stays as the shop has it.
    """
    if not text:
        return ""
    if not text.isprintable():
        text = "".join(_printable(character) for character in text)
    return text.strip()


def _printable(character: str) -> str:
    if character.isprintable():
        return character
    return " " if character.isspace() else ""


def tracking_link(url: str | None, number: str) -> str:
    """The carrier's page for this number: `@` in the url stands for it. Empty without a number or a web address.

    An address without `@` is kept as it is, as PrestaShop does: the carrier's page asks for the number.
    """
    return _web_address(url).replace("@", quote(number, safe="")) if number else ""


@lru_cache(maxsize=256)
def _web_address(url: str | None) -> str:
    """Empty where it is none. A shop has a handful of carriers, and a thousand numbers a page."""
    address = clean_text(url)
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return address if parts.scheme.lower() in {"http", "https"} and parts.netloc else ""
