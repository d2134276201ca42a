"""A shop's keys in addresses and in names of form fields: plain ones as they are, others as `~` and base64url."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from contextlib import suppress

PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
TAKEN = {"act", "export"}
"""What stands after `orders/` and is no order."""


def encoded(key: str) -> str:
    if PLAIN.fullmatch(key) and key not in TAKEN:
        return key
    return "~" + urlsafe_b64encode(key.encode()).decode().rstrip("=")


def decoded(text: str) -> str:
    """Raises `ValueError` for what `encoded` would not have written."""
    with suppress(ValueError):
        key = _in_base64(text[1:]) if text.startswith("~") else text
        if encoded(key) == text:
            return key
    raise ValueError(f"no key is spelt {text}")


def _in_base64(text: str) -> str:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()


class OrderKeyConverter:
    """`<orderkey:key>` of an address."""

    regex = "[A-Za-z0-9_~-]+"
    to_python = staticmethod(decoded)
    to_url = staticmethod(encoded)
