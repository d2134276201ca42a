"""The settings of a shop by which another module of it sends order updates, and how they are switched (R23)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Switch:
    """One of them, as it stands in the shop now. `key` is its row there, `off` the value with which it sends nothing.
    `scope`: of which shops it holds, a message id that takes the `number` of the shop, or of the group."""

    key: str
    name: str
    value: str
    off: str
    scope: str
    number: int = 0

    @property
    def sends(self) -> bool:
        return self.value not in ("", self.off)


class Switches(Protocol):
    """Those of one shop. Every method may raise `ShopUnavailable` or `ShopMisconfigured`."""

    def found(self) -> Sequence[Switch]:
        """As they stand now, on or off."""

    def put(self, switch: Switch, value: str) -> None:
        """Give it this value, if it still has the one that was found. Raises `ShopMisconfigured` where it has not."""

    def statement(self, switch: Switch, value: str) -> str:
        """For who does it by hand: the same, as it would be typed in the shop's database."""

    def close(self) -> None: ...
