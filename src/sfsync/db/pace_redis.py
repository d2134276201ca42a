"""The places of a token's pace in Redis: each script is atomic, and judged by the server's clock."""

from __future__ import annotations

from sfsync.db.pace_places import PaceLost
from shoppingfeed import Place

SECONDS = 1.0
"""A Redis that has not answered for so long counts as gone."""
_TAKE = """
    local time = redis.call('TIME')
    local now = time[1] * 1000 + time[2] / 1000
    local places, limit, window = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])
    if redis.call('ZCARD', places) < limit then
        local up = tonumber(string.match(redis.call('INFO', 'server'), 'uptime_in_seconds:(%d+)')) * 1000
        local first = up <= window + 1000 and now + window or now
        for number = 0, limit - 1 do redis.call('ZADD', places, 'NX', first, number) end
    end
    local known, found = redis.call('ZRANGE', places, 0, -1, 'WITHSCORES'), 1
    while tonumber(known[found]) >= limit do found = found + 2 end
    local number, free_at = tonumber(known[found]), tonumber(known[found + 1])
    if free_at > now then return {-1, math.ceil(free_at - now)} end
    redis.call('ZADD', places, now + window, number)
    redis.call('PEXPIRE', places, 86400000)
    return {number, 0}
"""
"""A Redis that has just started forgot who sent a moment ago: its places are free after one window."""
_LATER = """
    local time = redis.call('TIME')
    local at = time[1] * 1000 + time[2] / 1000 + tonumber(ARGV[2])
    for _, number in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
        if ARGV[1] == '' or ARGV[1] == number then redis.call('ZADD', KEYS[1], 'XX', 'GT', at, number) end
    end
"""


class RedisPlaces:
    """A sorted set for each token: the places by the millisecond at which they are free."""

    def __init__(self, url: str) -> None:
        import redis

        self._lost = redis.RedisError
        self._redis = redis.Redis.from_url(url, socket_timeout=SECONDS, socket_connect_timeout=SECONDS)
        self._take = self._redis.register_script(_TAKE)
        self._later = self._redis.register_script(_LATER)

    def take(self, token: str, limit: int, window: float) -> Place | float:
        try:
            number, wait = self._take([f"sfsync:pace:{token}"], [limit, window * 1000])
        except self._lost as error:
            raise PaceLost(str(error)) from error
        return wait / 1000 if number < 0 else Place(number, window)

    def later(self, token: str, number: int | None, seconds: float) -> None:
        chosen = "" if number is None else number
        try:
            self._later([f"sfsync:pace:{token}"], [chosen, seconds * 1000])
        except self._lost as error:
            raise PaceLost(str(error)) from error

    def close(self) -> None:
        self._redis.close()
