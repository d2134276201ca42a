"""The timeline of a store: how much happened since an account looked last (api.md, *Orders*)."""

from __future__ import annotations


class Timeline:
    """A hint that something happened, never a proof that nothing did."""

    def __init__(self) -> None:
        self._events: list[float] = []
        self._seen: dict[str, int] = {}

    def note(self, at: float) -> None:
        """Something happened to an order, in seconds since 1970."""
        self._events.append(at)

    def look(self, account: str) -> tuple[int, float | None]:
        """How many events are new to this account, and when the last of all was; from now on they are known to it."""
        new = len(self._events) - self._seen.get(account, 0)
        self._seen[account] = len(self._events)
        return new, self._events[-1] if self._events else None
