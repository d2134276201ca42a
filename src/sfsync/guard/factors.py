"""Second factors as they are kept: their secrets encrypted like every other one, and encrypted again with a new key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator

from sfsync.db.secrets import Secret, decrypt, encrypt

NAMES = ("secret", "seed")
"""Of an authenticator app, of recovery codes. A passkey has none here: its secret never leaves the device."""


class Factors(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types that mypy finds
    def encrypt(self, text: str) -> str:
        return encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return decrypt(encrypted_text)


@dataclass(frozen=True, slots=True)
class FactorSecret:
    """One of them, for `sfsync.db.stored_secrets`."""

    factor: Authenticator
    name: str

    def __str__(self) -> str:
        return str(self.factor.user)

    @property
    def secret(self) -> Secret:
        return Secret(encrypted=self.factor.data[self.name])

    def encrypt_again(self) -> None:
        self.factor.data[self.name] = encrypt(self.secret.reveal())
        self.factor.save(update_fields=["data"])


def factor_secrets() -> Iterator[FactorSecret]:
    for factor in Authenticator.objects.select_for_update().order_by("pk"):
        yield from (FactorSecret(factor, name) for name in NAMES if name in factor.data)
