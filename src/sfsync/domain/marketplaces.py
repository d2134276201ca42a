"""What a marketplace calls itself, where Shopping Feed has a technical name for it (`amazonfr`): kept as data in
`marketplaces.toml`. For people only: settings, files and whatever else machines read keep the technical name."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.resources import files

SHORT = 4
"""After a name as short as this (`but`, `real`) only a country may follow: it may begin anything."""
_COUNTRY = re.compile(r"(?:com)?(at|be|ch|cz|de|dk|es|fi|fr|gb|ie|it|lu|nl|no|pl|pt|se|sk|uk|us)")


@lru_cache(maxsize=1024)
def marketplace(channel: str) -> str:
    """`amazonfr` → "Amazon.fr", `zalandofr` → "Zalando (FR)", `zalandolingerie` → "Zalando (lingerie)". One that is not
    known is shown as it is, with a capital letter where it has none."""
    name, (names, sites) = _plain(channel), _known()
    for family in sorted((each for each in names if name.startswith(each)), key=len, reverse=True):
        rest = name[len(family) :]
        if not rest:
            return names[family]
        if site := sites.get(family, {}).get(rest):
            return site
        if country := _COUNTRY.fullmatch(rest):
            return f"{names[family]} ({country[1].upper()})"
        if len(family) > SHORT:
            return f"{names[family]} ({rest})"
    return _spelt(channel)


def listed(channel: str) -> bool:
    """Whether the list has this technical name, alone or with a country."""
    name, (names, _sites) = _plain(channel), _known()
    return any(name.startswith(each) and (_COUNTRY.fullmatch(name[len(each) :]) or name == each) for each in names)


def named(channels: Iterable[str]) -> dict[str, str]:
    """Technical names, and what people choose by: where two would be called the same, the technical ones beside it."""
    names = {each: marketplace(each) for each in channels}
    often = Counter(names.values())
    return {each: name if often[name] == 1 else f"{name} ({each})" for each, name in names.items()}


def meant(given: str, channels: Iterable[str]) -> list[str]:
    """The technical names that a person means who writes one of them, or what the marketplace calls itself."""
    wanted = given.casefold()
    return [each for each in channels if wanted in (each.casefold(), marketplace(each).casefold())]


def _spelt(channel: str) -> str:
    text = " ".join(channel.replace("_", " ").split())
    return text[:1].upper() + text[1:] if text.islower() else text


def _plain(channel: str) -> str:
    return re.sub(r"[\W_]", "", channel.casefold())


@lru_cache(maxsize=1)
def _known() -> tuple[Mapping[str, str], Mapping[str, Mapping[str, str]]]:
    """Names by what technical ones begin with, and by the country that follows."""
    text = (files("sfsync.domain") / "marketplaces.toml").read_text(encoding="utf-8")
    kept = tomllib.loads(text)
    return kept["names"], kept["sites"]
