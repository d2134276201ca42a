"""Which ids were met before, a bit each: those of strangers are far more than ours, and every pass meets them all."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable
from zlib import compress, decompress

WIDEST = 32 * 1024 * 1024
"""Ids from the first to the last that are kept: 4 MB."""


class Bitmap:
    """Ids from `first` on. Those before it are no longer asked for."""

    def __init__(self, first: int, bits: bytes = b"") -> None:
        self.first = first
        self._bits = bytearray(bits)

    def __contains__(self, number: int) -> bool:
        place, bit = divmod(number - self.first, 8)
        return 0 <= place < len(self._bits) and bool(self._bits[place] >> bit & 1)

    def add(self, numbers: Iterable[int]) -> None:
        """One that is nowhere near the others is not kept."""
        for number in numbers:
            place, bit = divmod(number - self.first, 8)
            if 0 <= place < WIDEST // 8:
                self._bits.extend(bytes(max(place + 1 - len(self._bits), 0)))
                self._bits[place] |= 1 << bit

    def begin_at(self, first: int) -> Bitmap:
        """The same without what lies before; what lies before and was not kept is unknown."""
        start = (first - self.first) // 8
        bits = self._bits[start:] if start >= 0 else bytes(-start) + self._bits
        return Bitmap(self.first + start * 8, bytes(bits))

    def written(self) -> list[int | str]:
        """As JSON keeps it."""
        return [self.first, b64encode(compress(bytes(self._bits))).decode()]

    @classmethod
    def read(cls, written: list[int | str]) -> Bitmap:
        first, bits = written
        return cls(int(first), decompress(b64decode(str(bits))))
