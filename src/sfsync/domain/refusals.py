"""What marketplaces answer when they refuse an update, and what to do about it (R35): a dictionary, kept as data in
`refusals.toml`. What is not in it is never guessed at."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from typing import Any


class Where(StrEnum):
    """Where something can be done about it."""

    SHOP = "shop"
    """The order in the shop's back office."""
    FEED = "feed"
    """The order at Shopping Feed, or in the marketplace's seller portal."""
    MATCHING = "matching"
    """Shopping Feed's page *Carrier matching*."""
    CARRIERS = "carriers"
    """Our page of carriers."""
    CHANNEL = "channel"
    """The marketplace's connection at Shopping Feed."""
    RETRY = "retry"
    """Our retry."""
    WAIT = "wait"
    """Nowhere: it passes by itself."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One known answer. `channels`: families of marketplaces that give it, none where all may. `cause` and `step` by
    language. `seen`: the address where the answer, or the rule behind it, is described; `quoted`: in these words."""

    key: str
    channels: tuple[str, ...]
    patterns: tuple[re.Pattern[str], ...]
    act: Where
    cause: Mapping[str, str]
    step: Mapping[str, str]
    seen: str
    quoted: bool

    def answers(self, text: str, channel: str) -> bool:
        """`text` and `channel` as `plain` writes them."""
        if self.channels and not any(family in channel for family in self.channels):
            return False
        return any(pattern.search(text) for pattern in self.patterns)


def plain(text: str) -> str:
    """In small letters, without accents, typographic apostrophes and double spaces."""
    bare = "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
    return " ".join(bare.replace("’", "'").casefold().split())


@lru_cache(maxsize=1)
def dictionary() -> tuple[Refusal, ...]:
    """All that are known, what is special before what is general."""
    text = (files("sfsync.domain") / "refusals.toml").read_text(encoding="utf-8")
    return tuple(_refusal(entry) for entry in tomllib.loads(text)["refusal"])


def _refusal(entry: Mapping[str, Any]) -> Refusal:
    read: dict[str, Any] = {
        "channels": tuple(entry.get("channels", ())),
        "patterns": tuple(map(re.compile, entry["patterns"])),
        "act": Where(entry["act"]),
    }
    return Refusal(**{**entry, **read})


@lru_cache(maxsize=4096)
def known(message: str, channel: str) -> Refusal | None:
    """The entry that a marketplace's message is; None where there is none."""
    text, name = plain(message), plain(channel)
    return next((each for each in dictionary() if each.answers(text, name)), None) if text else None
