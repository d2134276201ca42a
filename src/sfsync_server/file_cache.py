"""Django's cache in files, in which several processes count without losing one, and that a full disk does not end."""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.filebased import FileBasedCache
from django.core.cache.backends.locmem import LocMemCache

logger = logging.getLogger("sfsync.cache")


class FileCache(FileBasedCache):
    """`add` and `incr` are one step each: of those who do it at the same moment, one after the other is served. What no
    file takes, this process remembers: nobody is kept out, and no guess is forgotten, because a disk is full."""

    def __init__(self, folder: str | Path, options: dict[str, Any]) -> None:
        super().__init__(str(folder), options)
        self._folder = Path(folder)
        self._spare = LocMemCache(str(folder), options)

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return super().get(key, self._spare.get(key, default, version), version)

    def has_key(self, key: Any, version: int | None = None) -> bool:
        return super().has_key(key, version) or self._spare.has_key(key, version)

    def set(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        try:
            super().set(key, value, timeout, version)
            self._spare.delete(key, version)
        except OSError as error:
            logger.warning("%s cannot be written (%s): what it is for is kept in memory.", self._folder, error.strerror)
            self.delete(key, version)
            self._spare.set(key, value, timeout, version)

    def touch(self, key: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return super().touch(key, timeout, version) or self._spare.touch(key, timeout, version)

    def delete(self, key: Any, version: int | None = None) -> bool:
        return any([super().delete(key, version), self._spare.delete(key, version)])

    def clear(self) -> None:
        super().clear()
        self._spare.clear()

    def add(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        with self._alone():
            return super().add(key, value, timeout, version)

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        with self._alone():
            return super().incr(key, delta, version)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """The lock is on the open file, and ends with the process."""
        lock = self._open_lock()
        try:
            if lock is not None:
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            if lock is not None:
                os.close(lock)

    def _open_lock(self) -> int | None:
        """None where there is no room for it: then nothing is shared that it would guard."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return os.open(self._folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
        except OSError:
            return None
