"""What can be changed while the sandbox runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from shoppingfeed.sandbox.limits import RateLimit


@dataclass(frozen=True, slots=True)
class Settings:
    """See the options of `Sandbox` of the same names. ValueError says which value makes no sense."""

    ticket_seconds: float = 0.0
    rate_limit: RateLimit | None = None
    strict: bool = False
    late_cancel: bool = False

    def __post_init__(self) -> None:
        if not _is_number(self.ticket_seconds) or self.ticket_seconds < 0:
            raise ValueError(f"'ticket_seconds' is a number of seconds from 0, not {self.ticket_seconds!r}.")
        for name in ("strict", "late_cancel"):
            if not isinstance(getattr(self, name), bool):
                raise ValueError(f"'{name}' is true or false, not {getattr(self, name)!r}.")

    def changed(self, **changes: Any) -> Settings:
        """These settings with some others; `rate_limit` is a pair (requests, seconds) or None."""
        if unknown := set(changes) - set(asdict(self)):
            raise ValueError(f"There is no setting '{sorted(unknown)[0]}'. There are: {', '.join(asdict(self))}.")
        if "rate_limit" in changes:
            changes["rate_limit"] = rate_limit_of(changes["rate_limit"])
        return replace(self, **changes)


def rate_limit_of(pair: Any) -> RateLimit | None:
    """A pair (requests, seconds), such as (10, 2), or None for no limit."""
    if pair is None:
        return None
    if (
        not isinstance(pair, Sequence)
        or len(pair) != 2
        or not all(_is_number(part) and part > 0 for part in pair)
        or pair[0] != int(pair[0])
    ):
        raise ValueError(f"'rate_limit' is a pair of requests and seconds such as [10, 2], or null, not {pair!r}.")
    return RateLimit(int(pair[0]), float(pair[1]))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
