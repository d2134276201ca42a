"""The keys of this deployment: the one that encrypts, and those that still decrypt."""

from __future__ import annotations

import secrets

from sfsync_server.environment import Environment
from sfsync_server.errors import SettingsError
from sfsync_server.private_files import write_private_once
from sfsync_server.setting_texts import read_text


def secret_key(environment: Environment) -> str:
    """The key of this deployment, made on first use. Raises `SettingsError` where home cannot be written."""
    given = environment.secret_key.get_secret_value()
    if given:
        return given
    path = environment.home / "secret-key"
    try:
        environment.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            write_private_once(path, new_key())
        key = read_text(path, str(path)).strip()
    except OSError as error:
        raise SettingsError(f"SFSYNC_HOME ({environment.home}) cannot be used: {error.strerror}.") from None
    if not key:
        raise SettingsError(f"{path} is empty: put the key back from a backup, or remove the file to get a new one.")
    return key


def new_key() -> bytes:
    return secrets.token_urlsafe(50).encode()


def former_secret_keys(environment: Environment) -> list[str]:
    """The keys that still decrypt: those that were given, then those that `sfsync rotate-key` put aside in home."""
    given = [key.strip() for key in environment.former_secret_keys.get_secret_value().split(",")]
    return [*filter(None, given), *keys_put_aside(environment)]


def keys_put_aside(environment: Environment) -> list[str]:
    """In home, one per line, the newest first."""
    path = environment.home / "former-secret-key"
    try:
        path.stat()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise SettingsError(f"SFSYNC_HOME ({environment.home}) cannot be used: {error.strerror}.") from None
    return [key.strip() for key in read_text(path, str(path)).splitlines() if key.strip()]


def secret_keys(environment: Environment) -> list[str]:
    """The keys that hold now: `sfsync rotate-key` may have changed those in home since a process began."""
    return [secret_key(environment), *former_secret_keys(environment)]
