"""A carrier as each marketplace wants it (R26, R27): what goes out in place of the shop's name for it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from sfsync.domain.broken_text import mended

EVERYWHERE = "*"
"""In place of a family of marketplaces: where none is named."""
PLACE = "{number}"
"""Where the tracking number stands in a template."""
LONGEST = 200
"""Characters of each text that is sent."""
MOST_CARRIERS = 100
"""Of one marketplace that are remembered."""
SPLITTING = ("amazon",)
"""Families that take `CODE/METHOD` and split it at the slash (API page, *Operations on orders*)."""

RETURNING = ("zalando", "otto")
"""Families that want a return number (API page, the same)."""


class CarriersError(ValueError):
    """What is wrong with a mapping: `code` picks the sentence, `params` fill it in."""

    def __init__(self, code: str, **params: str) -> None:
        super().__init__(code)
        self.code, self.params = code, params


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What is sent for a carrier of the shop; what is empty is the shop's own. `code` and `method` go out as one,
    `CODE/METHOD`, where the marketplace splits it, else the code alone, where there is no `name`. `link` and
    `return_number` are templates with a place for the tracking number."""

    name: str = ""
    code: str = ""
    method: str = ""
    link: str = ""
    return_number: str = ""


_AS_IT_IS = Outgoing()
KEYS = tuple(each.name for each in fields(Outgoing))
Book = Mapping[str, Mapping[str, Outgoing]]
"""Family of marketplaces (or `EVERYWHERE`) → the shop's carrier → what is sent."""


def read_book(given: Any) -> Book:
    """From the settings: `{"amazon": {"4": "DPD", "7": {"code": "DPD", "method": "Predict"}}}`. Raises
    `CarriersError`."""
    if not isinstance(given, dict) or not all(isinstance(table, dict) for table in given.values()):
        raise CarriersError("shape")
    seen: set[str] = set()
    for family in given:
        if plain(family) in seen:
            raise CarriersError("twice", channel=family)
        seen.add(plain(family))
    return {
        plain(family): {carrier: _outgoing(carrier, each) for carrier, each in table.items()}
        for family, table in given.items()
    }


def _outgoing(carrier: str, given: Any) -> Outgoing:
    given = {"name": given} if isinstance(given, str) else given
    if not isinstance(given, dict) or not all(isinstance(each, str) for each in given.values()):
        raise CarriersError("entry", carrier=carrier)
    if unknown := sorted(given.keys() - KEYS):
        raise CarriersError("key", carrier=carrier, key=unknown[0], known=", ".join(KEYS))
    _check_texts(carrier, given)
    if "/" in given.get("code", "") + given.get("method", ""):
        raise CarriersError("slash", carrier=carrier)
    if given.get("method") and not given.get("code"):
        raise CarriersError("method", carrier=carrier)
    return Outgoing(**given)


def _check_texts(carrier: str, given: Mapping[str, str]) -> None:
    for key, text in given.items():
        if not text.isprintable() or len(text) > LONGEST:
            raise CarriersError("text", carrier=carrier, key=key, most=str(LONGEST))
    for key in ("link", "return_number"):
        if given.get(key) and PLACE not in given[key]:
            raise CarriersError("template", carrier=carrier, key=key, place=PLACE)
    if given.get("link") and not given["link"].startswith(("https://", "http://")):
        raise CarriersError("link", carrier=carrier)


Sent = Mapping[str, Mapping[str, bool]]
"""Marketplace, in whatever writing → the carriers that have gone out to it → whether people know."""


def first_sent(known: Sent, sent: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """R26: the pairs of marketplace and carrier that go out for the first time, each once; a marketplace that gets a
    carrier of its own for every order is left alone."""
    its = {plain(channel): carriers for channel, carriers in known.items()}
    new = dict.fromkeys(pair for pair in sent if pair[1] and pair[1] not in its.get(plain(pair[0]), {}))
    return [pair for pair in new if len(its.get(plain(pair[0]), {})) < MOST_CARRIERS]


@lru_cache(maxsize=1024)
def plain(channel: str) -> str:
    """A marketplace's name as its families are compared: small letters, no spaces."""
    return "".join(channel.casefold().split())


def wants_return(channel: str) -> bool:
    """R27: it asks for a return number with a shipment."""
    return plain(channel).startswith(RETURNING)


def splits(channel: str) -> bool:
    return plain(channel).startswith(SPLITTING)


def dressed(shipment: Mapping[str, Any], carriers: Collection[str], channel: str, book: Book) -> dict[str, Any]:
    """The fields of a shipment as the marketplace wants them. `carriers`: the keys that its carrier has in the shop.

    A number matters more than a name: one whose letters were broken goes out mended.
    """
    wanted, number = _wanted(carriers, channel, book), str(shipment.get("tracking_number") or "")
    dress = {**shipment, "carrier": mended(_carrier(wanted, str(shipment.get("carrier") or ""), channel))}
    back = dress.pop("return_number", "")
    if wanted.link and number:
        dress["tracking_link"] = wanted.link.replace(PLACE, quote(number, safe=""))
    if wanted.return_number and number and not back:
        dress["return_info"] = (dress["carrier"], wanted.return_number.replace(PLACE, number))
    elif back and wants_return(channel):
        dress["return_info"] = (dress["carrier"], back)
    return dress


def _wanted(carriers: Collection[str], channel: str, book: Book) -> Outgoing:
    """The longest family that the name begins with says it, else what holds everywhere."""
    if not book:
        return _AS_IT_IS
    name = plain(channel)
    families = sorted((each for each in book if each != EVERYWHERE and name.startswith(each)), key=len, reverse=True)
    for family in (*families, EVERYWHERE):
        if found := next((book[family][key] for key in carriers if key in book.get(family, {})), None):
            return found
    return _AS_IT_IS


def _carrier(wanted: Outgoing, shops: str, channel: str) -> str:
    """A slash that is none of ours never reaches a marketplace that splits at it."""
    if splits(channel):
        if wanted.code:
            return f"{wanted.code}/{wanted.method}" if wanted.method else wanted.code
        return (wanted.name or shops).replace("/", "-")
    return wanted.name or wanted.code or shops
