"""What each marketplace supports beside ship, which works everywhere (API page, What each marketplace supports; R9)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache


class Feature(StrEnum):
    """What only some marketplaces can do."""

    REFUND = "refund"
    PARTIAL_REFUND = "partial refund"
    PARTIAL_SHIPMENT = "partial shipment"
    CANCEL = "cancel"
    DOCUMENTS = "documents"


@dataclass(frozen=True, slots=True)
class Channel:
    """A marketplace, or a family of them. `family` is what their names begin with, in lower case without spaces."""

    name: str
    family: str
    features: frozenset[Feature]


def _channel(name: str, family: str, features: Iterable[Feature] = ()) -> Channel:
    return Channel(name, family, frozenset(features))


_R, _PR, _PS, _C, _D = Feature

CHANNELS: tuple[Channel, ...] = (
    _channel("Mirakl-powered", "mirakl", Feature),
    _channel("Amazon", "amazon", [_C]),
    _channel("Backmarket", "backmarket", [_D]),
    _channel("Bol", "bol", [_PS, _C, _D]),
    _channel("Cdiscount", "cdiscount", [_R, _PR, _C]),
    _channel("Colizey", "colizey", [_PS, _D]),
    _channel("eBay", "ebay", [_R, _C]),
    _channel("Fnac", "fnac", [_D]),
    _channel("Joom", "joom", [_C]),
    _channel("ManoMano", "manomano", [_PS]),
    _channel("Metromarket", "metromarket", [_PS, _C, _D]),
    _channel("Miinto", "miinto", [_PS, _C, _D]),
    _channel("Miravia", "miravia", [_R, _PS]),
    _channel("Rakuten", "rakuten", [_C]),
    _channel("Real", "real", Feature),
    _channel("Refurbed", "refurbed", [_R, _PR, _PS, _C]),
    _channel("TikTokShop", "tiktokshop", [_R, _PR, _PS, _C]),
    _channel("Veepee / VeepeeGroup", "veepee", [_R, _PR, _D]),
    _channel("Walmart", "walmart", [_C]),
    _channel("Wayfair", "wayfair"),
    _channel("Zalando", "zalando", [_R, _PR, _C]),
)
"""The API page's table. Mirakl-powered marketplaces go by their own brands: those stay unknown, and are tried."""

_SHORT_NAME = 4
_COUNTRY = re.compile(r"(com)?(at|be|ch|de|es|eu|fr|gb|ie|it|lu|nl|pl|pt|se|uk|us)?")


def supports(channel: str, feature: Feature) -> bool | None:
    """Can this marketplace do it? None when the marketplace is unknown: try, and let the ticket tell."""
    known = find(channel)
    return None if known is None else feature in known.features


@lru_cache(maxsize=1024)
def find(channel: str) -> Channel | None:
    """The row of the table for a channel's name as orders carry it (`CDiscount`, `zalandolingeriestory`), if any."""
    name = re.sub(r"[\W_]", "", channel.casefold())
    return next((known for known in CHANNELS if _is_of(known.family, name)), None)


def _is_of(family: str, name: str) -> bool:
    """A name that begins with a family's; after a short one (`bol`, `real`) only a country or `com` may follow."""
    if not name.startswith(family):
        return False
    return len(family) > _SHORT_NAME or _COUNTRY.fullmatch(name, len(family)) is not None
