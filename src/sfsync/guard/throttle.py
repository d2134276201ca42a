"""Sign-in is slowed by name and by address, and nobody can lock out a name that is not theirs.

A name is locked at one address after some failures there. Guesses at one name from many addresses, and at many names
from one address, are slowed: after a number of failures a try has to wait, longer and longer. Every address waits for
itself, so a stranger's tries never take the owner's turn; an address from which the name has signed in before does not
wait at all. Of IPv6 a whole /64 counts as one address.
"""

from __future__ import annotations

import hashlib
import time

from django.core.cache import cache

from sfsync.backoffice.kit.tries import count, whose

FREE_TO_A_PAIR, FREE_TO_A_NAME, FREE_TO_AN_ADDRESS = 5, 10, 20
"""Failures that slow nothing: of a name at one address, of a name anywhere, of an address with any name."""
LONGEST = 900
"""Seconds: the longest pause, the lock of a name at one address, and how long a failure counts."""
KNOWN = 90 * 24 * 3600
"""Seconds for which an address stays known after a sign-in."""


def pause(failures: int, free: int) -> int:
    """Seconds before the next try is listened to: 0, then 2, 4, 8 … `LONGEST`."""
    over = min(failures - free, 10)
    return min(2 ** (over + 1), LONGEST) if over >= 0 else 0


def must_wait(name: str, address: str) -> bool:
    """Whether a try at `name` from `address` is not listened to now. Asking begins the pause."""
    name, address = name.lower(), whose(address)
    if _failures(name, address) >= FREE_TO_A_PAIR:
        return True
    return not cache.get(_key("known", name, address)) and _waits(_pauses(name, address))


def failed(name: str, address: str) -> None:
    name, address = name.lower(), whose(address)
    for key in (_key("failed", name, address), _key("failed", name, ""), _key("failed", "", address)):
        count(key, LONGEST)


def succeeded(name: str, address: str) -> None:
    name, address = name.lower(), whose(address)
    cache.set(_key("known", name, address), True, KNOWN)
    cache.delete(_key("failed", name, address))


def _pauses(name: str, address: str) -> dict[str, int]:
    """Where a try queues, and for how long. Of an address under suspicion all names queue together."""
    by_name = pause(_failures(name, ""), FREE_TO_A_NAME)
    by_address = pause(_failures("", address), FREE_TO_AN_ADDRESS)
    found = {_key("pause", name, address): by_name, _key("pause", "", address): by_address}
    return {key: seconds for key, seconds in found.items() if seconds}


def _failures(name: str, address: str) -> int:
    """They are forgotten a quarter of an hour after the last one."""
    return int(cache.get(_key("failed", name, address), 0))


def _key(kind: str, *parts: str) -> str:
    return f"sfsync:sign-in:{kind}:" + hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _waits(pauses: dict[str, int]) -> bool:
    """A pause begins with the first try and ends at its time, however many come before; then one try is heard."""
    now, ends = time.time(), cache.get_many(pauses)
    for key in pauses.keys() - ends.keys():
        cache.set(key, now + pauses[key], pauses[key] + LONGEST)
    if len(ends) < len(pauses) or any(end > now for end in ends.values()):
        return True
    cache.delete_many(pauses)
    return False
