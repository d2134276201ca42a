"""Has a request arrived whole? Told from its bytes alone; what it means is the server's to read."""

from __future__ import annotations

import re

HEAD, BODY = 64 << 10, 3 << 20
"""Bytes of a request that are taken: no page of ours asks for so much, and Django would refuse it."""
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,15})[ \t]*\r\n", re.IGNORECASE)
_PIECEMEAL = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)
_ASKS_FIRST = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*\r\n", re.IGNORECASE)


class Refused(Exception):
    """The first line of the answer."""


def whole(received: bytes | bytearray) -> int | None:
    """Of how many bytes the request is; `None` until its head is there. Raises `Refused` for one that is too long, or
    that does not say how long it is."""
    end = received.find(b"\r\n\r\n", 0, HEAD)
    if end < 0:
        if len(received) >= HEAD:
            raise Refused("431 Request Header Fields Too Large")
        return None
    head = received[: end + 4]
    if _PIECEMEAL.search(head):
        raise Refused("411 Length Required")
    told = _LENGTH.search(head)
    length = int(told[1]) if told else 0
    if length > BODY:
        raise Refused("413 Content Too Large")
    return len(head) + length


def asks_first(received: bytes | bytearray) -> bool:
    """Its sender waits for a word before the body follows. To be asked once the head is there."""
    return bool(_ASKS_FIRST.search(received, 0, received.find(b"\r\n\r\n") + 2))
