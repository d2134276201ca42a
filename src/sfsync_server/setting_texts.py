"""Where the settings are written: the environment, `.env`, and a file for each secret (`SFSYNC_X_FILE`)."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from sfsync_server.errors import SettingsError
from sfsync_server.given_files import read_given

DOTENV = Path(".env")


def check_texts(names: Iterable[str]) -> None:
    """Of the environment and of `.env`: a library would fail on them with its own words, or take them for others.
    Raises `SettingsError`."""
    for name in names:
        if any("\ud800" <= each <= "\udfff" for each in os.environ.get(f"SFSYNC_{name.upper()}", "")):
            raise SettingsError(f"SFSYNC_{name.upper()} is not UTF-8 text.")
    if DOTENV.is_file():
        read_text(DOTENV, str(DOTENV.absolute()))


def read_text(path: Path, named: str) -> str:
    """A file of UTF-8, with or without a byte order mark, and of a megabyte at most. Raises `SettingsError`, which
    begins with `named`."""
    try:
        return read_given(path).decode("utf-8-sig")
    except OSError as error:
        raise SettingsError(f"{named} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{named} is not UTF-8 text: save it with that encoding.") from None


def from_files(names: Iterable[str]) -> dict[str, str]:
    """The `SFSYNC_X_FILE` form of every setting. What names nothing, or a file with nothing in it, is a mistake
    (`SettingsError`): the setting's default, like a new key in home, would take its place without a word."""
    forms = {name: f"SFSYNC_{name.upper()}_FILE" for name in names}
    return {name: _from_file(form, os.environ[form]) for name, form in forms.items() if form in os.environ}


def _from_file(form: str, path: str) -> str:
    if not path.strip():
        raise SettingsError(f"{form} is empty, but takes the name of a file.")
    text = read_text(Path(path), f"{form} names {path}, which").strip()
    if not text:
        raise SettingsError(f"{form} names {path}, which is empty.")
    return text
