"""The rate limit: so many requests in so many seconds, for each token."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple


class RateLimit(NamedTuple):
    """`requests` allowed in any `seconds`; Shopping Feed allows 10 in 2."""

    requests: int
    seconds: float

    def __str__(self) -> str:
        return f"{self.requests}/{self.seconds:g}"


class Verdict(NamedTuple):
    """What the limit says of one request: `wait` is 0 when it may pass, else the seconds until one may."""

    wait: float
    headers: dict[str, str]


class RateLimiter:
    """A sliding window per token; a request that was refused does not lengthen the wait."""

    def __init__(self) -> None:
        self._passed: dict[str, deque[float]] = {}

    def judge(self, token: str, limit: RateLimit, now: float) -> Verdict:
        """Count one request of `token` at `now`, unless it is over the limit."""
        passed = self._passed.setdefault(token, deque())
        while passed and passed[0] <= now - limit.seconds:
            passed.popleft()
        wait = passed[0] + limit.seconds - now if len(passed) >= limit.requests else 0.0
        if not wait:
            passed.append(now)
        headers = {
            "x-ratelimit-limit": str(limit),
            "x-ratelimit-remaining": str(max(0, limit.requests - len(passed))),
        }
        if wait:
            headers["x-ratelimit-wait"] = f"{max(wait, 0.001):.3f}"
        return Verdict(wait, headers)

    def forget(self) -> None:
        """Start every window anew."""
        self._passed.clear()
