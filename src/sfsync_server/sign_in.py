"""Sign-in is slowed by name and by address, and nobody can lock out a name that is not theirs.

django-axes counts the failures and locks a name at one address. Guesses at one name from many addresses, and at many
names from one address, are slowed here: after a number of failures a try has to wait, longer and longer. Every address
waits for itself, so a stranger's tries never take the owner's turn; an address from which the name has signed in before
does not wait at all.
"""

from __future__ import annotations

import hashlib
import time
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_client_ip_address, get_client_username
from axes.models import AccessAttempt, AccessLog
from django.core.cache import cache
from django.db.models import Sum
from django.http import HttpRequest

FREE_TO_A_NAME, FREE_TO_AN_ADDRESS = 10, 20
"""Failures of the last quarter of an hour that slow nothing."""
LONGEST = 900
"""Seconds, like the lock of a name at one address."""


def pause(failures: int, free: int) -> int:
    """Seconds before the next try is listened to: 0, then 2, 4, 8 … `LONGEST`."""
    over = min(failures - free, 10)
    return min(2 ** (over + 1), LONGEST) if over >= 0 else 0


class SlowedSignIn(AxesDatabaseHandler):  # type: ignore[misc]  # django-axes has no types
    """Answers for a try that it is locked while its pause lasts."""

    def is_locked(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> bool:
        if super().is_locked(request, credentials):
            return True
        name, address = get_client_username(request, credentials) or "", get_client_ip_address(request) or ""
        if AccessLog.objects.filter(username__iexact=name, ip_address=address).exists():
            return False
        return _waits(_pauses(name, address))


def _pauses(name: str, address: str) -> dict[str, int]:
    """Where a try queues, and for how long. Of an address under suspicion all names queue together."""
    by_name = pause(_failures(username__iexact=name), FREE_TO_A_NAME)
    by_address = pause(_failures(ip_address=address), FREE_TO_AN_ADDRESS)
    found = {_key(name.lower(), address): by_name, _key(address): by_address}
    return {key: seconds for key, seconds in found.items() if seconds}


def _failures(**where: str) -> int:
    """django-axes forgets them a quarter of an hour after the last one."""
    return (
        AccessAttempt.objects.filter(**where).aggregate(Sum("failures_since_start"))["failures_since_start__sum"] or 0
    )


def _key(*parts: str) -> str:
    return "sfsync:sign-in:" + hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _waits(pauses: dict[str, int]) -> bool:
    """A pause begins with the first try and ends at its time, however many come before; then one try is heard."""
    now, ends = time.time(), cache.get_many(pauses)
    for key in pauses.keys() - ends.keys():
        cache.set(key, now + pauses[key], pauses[key] + LONGEST)
    if len(ends) < len(pauses) or any(end > now for end in ends.values()):
        return True
    cache.delete_many(pauses)
    return False
