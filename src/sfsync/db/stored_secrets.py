"""Every secret that the database holds, of whatever model, at once: for a change of the key that encrypts them.

An app that keeps secrets in another app's table has a function `held_secrets` in its config: it yields objects with a
`secret` and a method `encrypt_again`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.apps import apps
from django.db import models

from sfsync.db.secrets import Secret, SecretField, SecretsField, SecretUnreadable, opens


class StoredSecrets:
    """In a transaction, whose end frees the rows: nobody else writes them meanwhile."""

    def __init__(self) -> None:
        self._rows = [row for model in apps.get_models() if _fields(model) for row in _locked(model)]
        self._held = [held for config in apps.get_app_configs() for held in getattr(config, "held_secrets", tuple)()]
        self._sealed = [secret.sealed() for secret in self._secrets()]

    def check(self) -> None:
        """Raises `SecretUnreadable` where the keys that hold now do not decrypt one of them."""
        for secret in self._secrets():
            secret.reveal()

    def unreadable(self) -> list[Any]:
        """The rows, and what other apps hold, with a secret that the keys that hold now do not decrypt."""
        found = [row for row in self._rows if not _readable(_of_row(row))]
        return found + [held for held in self._held if not _readable([held.secret])]

    def need(self, key: str) -> bool:
        """Whether one of them, as it was found, can be decrypted with that key."""
        return any(opens(key, sealed) for sealed in self._sealed)

    def encrypt_again(self) -> int:
        """With the first of the keys that hold now. Returns how many there are."""
        self.check()
        for row in self._rows:
            row.save(update_fields=[field.name for field in _fields(type(row))])
        for held in self._held:
            held.encrypt_again()
        return len(self._sealed)

    def _secrets(self) -> Iterator[Secret]:
        for row in self._rows:
            yield from _of_row(row)
        yield from (held.secret for held in self._held)


def _of_row(row: models.Model) -> Iterator[Secret]:
    for field in _fields(type(row)):
        yield from filter(None, _held(getattr(row, field.attname)))


def _readable(secrets: Iterable[Secret]) -> bool:
    try:
        for secret in secrets:
            secret.reveal()
    except SecretUnreadable:
        return False
    return True


def _fields(model: type[models.Model]) -> list[Any]:
    return [field for field in model._meta.local_fields if isinstance(field, SecretField | SecretsField)]


def _locked(model: type[models.Model]) -> Iterable[models.Model]:
    return model._base_manager.select_for_update().order_by("pk")


def _held(value: Secret | dict[str, Secret]) -> Iterable[Secret]:
    return value.values() if isinstance(value, dict) else [value]
