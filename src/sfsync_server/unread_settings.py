"""What somebody seems to have meant as a setting, and that nothing reads."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from difflib import get_close_matches

from dotenv.parser import parse_stream
from pydantic_settings import DotEnvSettingsSource

from sfsync_server.environment import Environment
from sfsync_server.setting_texts import DOTENV, read_text

CLOSE = 0.8
"""How alike a misspelt name and the right one are, from 0 to 1."""


def ignored() -> list[str]:
    """A sentence for each variable that somebody seems to have meant as a setting and that is none; never its value.

    Other names that begin with SFSYNC_ may well be somebody else's: of a compose file, of Kubernetes, of a `token_env`.
    """
    settings = [f"SFSYNC_{name.upper()}" for name in Environment.model_fields]
    files = [f"{name}_FILE" for name in settings]
    written = {name.upper() for name in DotEnvSettingsSource(Environment).env_vars}
    given = {name.upper() for name in os.environ} | written
    sentences = [*_unread_lines(), *(_unread(name) for name in sorted(written.intersection(files)))]
    for name in sorted(given.difference(settings, files)):
        if near := _nearest(name, settings + files):
            sentences.append(f"{name} is no setting of sfsync, and is ignored. Is {near} meant?")
    return sentences


def _unread_lines() -> Iterator[str]:
    text = read_text(DOTENV, str(DOTENV)) if DOTENV.is_file() else ""
    for line in parse_stream(io.StringIO(text)):
        if line.error:
            written = line.original.string
            blank = written[: len(written) - len(written.lstrip())].count("\n")
            yield f"Line {line.original.line + blank} of .env is not NAME=value, and is ignored."


def _unread(name: str) -> str:
    return f"{name} in .env is ignored: the _FILE form of a setting is read from the environment only."


def _nearest(name: str, known: list[str]) -> str:
    """The setting that is misspelt so, if any. SFSYNC_TEST_… is what sfsync's own tests are told."""
    if not name.startswith("SFSYNC_") or name.startswith("SFSYNC_TEST_"):
        return ""
    given, bare = name.removeprefix("SFSYNC_"), [each.removeprefix("SFSYNC_") for each in known]
    found = get_close_matches(given, bare, 1, CLOSE) or [each for each in bare if _shortens(given, each)]
    return f"SFSYNC_{found[0]}" if found else ""


def _shortens(given: str, name: str) -> bool:
    """OIDC_SECRET leaves a word of OIDC_CLIENT_SECRET out. A single word may be anything."""
    words = iter(name.split("_"))
    return "_" in given and all(each in words for each in given.split("_"))
