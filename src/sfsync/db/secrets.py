"""Secrets at rest: encrypted with keys derived from Django's `SECRET_KEY` and its fallbacks; never shown in a repr.

A project whose keys change while its processes run names a function in `SFSYNC_SECRET_KEYS`: it returns the keys that
hold now, the first of which encrypts.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models

from sfsync.domain.hosts import origin_text


class SecretUnreadable(Exception):
    """A secret was encrypted with a key that is no longer among `SECRET_KEY` and `SECRET_KEY_FALLBACKS`."""

    def __str__(self) -> str:
        return (
            "A stored secret cannot be decrypted: the secret key has changed. "
            "Put the former key back (SFSYNC_SECRET_KEY or SFSYNC_FORMER_SECRET_KEYS), or apply the settings again."
        )


class SecretElsewhere(SecretUnreadable):
    """A secret was given for another host than the one that it would go to."""

    def __init__(self, home: str, asked: str) -> None:
        super().__init__(home, asked)
        self.home, self.asked = home, asked

    def __str__(self) -> str:
        return f"The stored token was given for {self.home}, and does not go to {self.asked}: enter it again."


class Secret:
    """A text that shows only when asked to: `reveal()`. One that comes from the database is decrypted only then.

    `home`: the origin (`https://host:443`) that it was given for, encrypted with it; empty where it is for any.
    """

    __slots__ = ("_encrypted", "_home", "_text")

    def __init__(self, text: str = "", *, encrypted: str = "", home: str = "") -> None:
        self._text, self._encrypted, self._home = text, encrypted, home

    def reveal(self) -> str:
        """Raises `SecretUnreadable`."""
        if self._encrypted:
            home, marked, text = decrypt(self._encrypted).rpartition(_HOME)
            self._text, self._encrypted, self._home = text, "", home if marked else ""
        return self._text

    def reveal_for(self, url: str) -> str:
        """To a request that goes there. Raises `SecretElsewhere` where it was given for another origin, whoever changed
        the address, and how: by SQL, by a restored table."""
        text = self.reveal()
        if self._home and self._home != origin_text(url):
            raise SecretElsewhere(self._home, origin_text(url))
        return text

    def at_home(self, url: str) -> Secret:
        """Given for that origin, unless it was given for another before. Raises `SecretUnreadable`."""
        text = self.reveal()
        return self if self._home or not text else Secret(text, home=origin_text(url))

    def sealed(self) -> str:
        """As it is kept. One that was never revealed stays as it was, readable or not."""
        return self._encrypted or encrypt(f"{self._home}{_HOME}{self._text}" if self._home else self._text)

    @property
    def home(self) -> str:
        """Raises `SecretUnreadable`."""
        self.reveal()
        return self._home

    @property
    def hint(self) -> str:
        """The last characters, enough to tell two tokens apart."""
        text = self.reveal()
        return f"…{text[-4:]}" if len(text) >= 12 else "…"

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __bool__(self) -> bool:
        return bool(self._text or self._encrypted)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other.reveal() == self.reveal()

    def __hash__(self) -> int:
        return hash(self.reveal())


def _fernet() -> MultiFernet:
    return MultiFernet([_fernet_of(key) for key in _keys()])


def _fernet_of(key: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"sfsync:{key}".encode()).digest()))


def _keys() -> list[str]:
    now: Callable[[], list[str]] | None = getattr(settings, "SFSYNC_SECRET_KEYS", None)
    return now() if now else [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]


def encrypt(text: str) -> str:
    return _fernet().encrypt(text.encode()).decode()


def decrypt(encrypted: str) -> str:
    """Raises `SecretUnreadable`."""
    try:
        return _fernet().decrypt(encrypted.encode()).decode()
    except InvalidToken:
        raise SecretUnreadable from None


def opens(key: str, encrypted: str) -> bool:
    """Whether that key, whatever the others, decrypts it."""
    try:
        _fernet_of(key).decrypt(encrypted.encode())
    except InvalidToken:
        return False
    return True


def current_key() -> str:
    return _keys()[0]


def seal(key: str, text: str) -> str:
    """What nobody can make who lacks the key: it tells whether the text is the one that was sealed."""
    return hmac.new(hashlib.sha256(f"sfsync-seal:{key}".encode()).digest(), text.encode(), "sha256").hexdigest()


def sealed_by(text: str, found: str) -> str:
    """The one of the keys that hold now that made this seal of the text; empty where none did."""
    return next((key for key in _keys() if hmac.compare_digest(seal(key, text), found)), "")


_HOME = "\0"
"""Between a secret's origin and its text, neither of which holds it."""


class SecretField(models.TextField):  # type: ignore[type-arg]
    """A `Secret`, encrypted in the database. `goes_to`: the field with the address that it is for when it is saved."""

    def __init__(self, *args: Any, goes_to: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.goes_to = goes_to

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = super().pre_save(model_instance, add)
        return _secret(value or "").at_home(getattr(model_instance, self.goes_to)) if self.goes_to else value

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Secret:
        return Secret(encrypted=value or "")

    def deconstruct(self) -> Any:
        """Validators judge what people type: the database knows nothing of them."""
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("validators", None)
        return name, path, args, kwargs

    def run_validators(self, value: Any) -> None:
        """On the text. One whose key is lost cannot be judged: it is told where it is used."""
        try:
            text = value.reveal() if isinstance(value, Secret) else value
        except SecretUnreadable:
            return
        super().run_validators(text)

    def get_prep_value(self, value: Any) -> Any:
        if not value:
            return ""
        return encrypt(value) if isinstance(value, str) else Secret(value.reveal(), home=value.home).sealed()

    def to_python(self, value: Any) -> Any:
        return Secret(value) if isinstance(value, str) else value

    def value_to_string(self, obj: models.Model) -> str:
        return str(self.get_prep_value(self.value_from_object(obj)))


class SecretsField(models.JSONField):
    """`Secret`s by name, each encrypted by itself: one whose key is lost takes no other with it."""

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> dict[str, Secret]:
        sealed = super().from_db_value(value, expression, connection)
        return {name: Secret(encrypted=text) for name, text in (sealed or {}).items()}  # None: an outer join's

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        sealed = {name: _secret(each).sealed() for name, each in value.items()}
        return super().get_db_prep_value(sealed, connection, prepared)

    def validate(self, value: Any, model_instance: Any) -> None:
        """What it holds is judged by whoever knows what it is for."""

    def value_to_string(self, obj: models.Model) -> Any:
        return {name: _secret(each).sealed() for name, each in self.value_from_object(obj).items()}


def _secret(value: Secret | str) -> Secret:
    return value if isinstance(value, Secret) else Secret(value)
