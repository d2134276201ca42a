"""Tries of strangers at what only a key or a password opens: counted, and by whom."""

from __future__ import annotations

import ipaddress

from django.core.cache import cache


def count(key: str, seconds: int) -> int:
    """One more, and how many that makes; forgotten `seconds` after the last one.

    Of several at the same moment each counts, in any cache that adds one in a single step: Redis, Memcached, a
    process's memory, and the files of `sfsync serve`.
    """
    cache.add(key, 0, seconds)
    try:
        counted = cache.incr(key)
    except ValueError:  # it was forgotten in between
        cache.set(key, 1, seconds)
        return 1
    cache.touch(key, seconds)
    return counted


def whose(address: str) -> str:
    """Whom an address stands for: of IPv6 a whole /64, in which one connection takes a new one at will."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv4Address):
        return address
    return str(known.ipv4_mapped or ipaddress.ip_network((int(known) >> 64 << 64, 64)))
