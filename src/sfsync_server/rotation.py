"""A new secret key in home. At any instant, whatever is killed, every key that a stored secret needs is in there."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sfsync_server.environment import Environment
from sfsync_server.errors import SettingsError
from sfsync_server.private_files import write_private
from sfsync_server.secret_keys import keys_put_aside, new_key, secret_key

LOCK = "rotate-key.lock"
"""Stays there: the lock is on the open file, and ends with the process."""


@contextmanager
def alone(environment: Environment) -> Iterator[None]:
    """No two processes change the keys in home at once. Raises `SettingsError` where another one is at it, or home
    cannot be written. A key that was given is not in home: it needs no lock."""
    if environment.secret_key.get_secret_value():
        yield
        return
    lock = _open_lock(environment)
    try:
        _take(lock)
        yield
    finally:
        os.close(lock)


def _open_lock(environment: Environment) -> int:
    secret_key(environment)  # makes home where it is not there yet
    try:
        return os.open(environment.home / LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise _unusable(environment, error) from None


def _take(lock: int) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise SettingsError("Another `sfsync rotate-key` is in progress. Nothing was changed.") from None


def renew_secret_key(environment: Environment, needed: Callable[[str], bool]) -> bool:
    """Put a new key in the place of the one in home. That one is kept as a former one, as are the older ones that are
    still `needed`. False where the key was given. Raises `SettingsError` where home cannot be written."""
    if environment.secret_key.get_secret_value():
        return False
    aside = [secret_key(environment), *filter(needed, keys_put_aside(environment))]
    try:
        write_private(environment.home / "former-secret-key", "\n".join(dict.fromkeys(aside)).encode())
        write_private(environment.home / "secret-key", new_key())
    except OSError as error:
        raise _unusable(environment, error) from None
    return True


def _unusable(environment: Environment, error: OSError) -> SettingsError:
    return SettingsError(f"SFSYNC_HOME ({environment.home}) cannot be used: {error.strerror}.")
