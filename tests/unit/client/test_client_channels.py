"""R9: what is sent where. The table of the API page, and names as orders carry them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shoppingfeed.channels import CHANNELS, Feature, find, supports

TABLE = """
Mirakl-powered | yes | yes | yes | yes | yes
Amazon | - | - | - | yes | -
Backmarket | - | - | - | - | yes
Bol | - | - | yes | yes | yes
Cdiscount | yes | yes | - | yes | -
Colizey | - | - | yes | - | yes
eBay | yes | - | - | yes | -
Fnac | - | - | - | - | yes
Joom | - | - | - | yes | -
ManoMano | - | - | yes | - | -
Metromarket | - | - | yes | yes | yes
Miinto | - | - | yes | yes | yes
Miravia | yes | - | yes | - | -
Rakuten | - | - | - | yes | -
Real | yes | yes | yes | yes | yes
Refurbed | yes | yes | yes | yes | -
TikTokShop | yes | yes | yes | yes | -
Veepee / VeepeeGroup | yes | yes | - | - | yes
Walmart | - | - | - | yes | -
Wayfair | - | - | - | - | -
Zalando | yes | yes | - | yes | -
"""


def test_the_table_is_the_one_of_the_api() -> None:
    order = (Feature.REFUND, Feature.PARTIAL_REFUND, Feature.PARTIAL_SHIPMENT, Feature.CANCEL, Feature.DOCUMENTS)
    shown = [
        " | ".join([known.name, *("yes" if feature in known.features else "-" for feature in order)])
        for known in CHANNELS
    ]
    assert shown == TABLE.strip().splitlines()


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("Amazon", "Amazon"),
        ("amazonfr", "Amazon"),
        ("AMAZON.DE", "Amazon"),
        ("CDiscount", "Cdiscount"),
        ("zalandolingeriestory", "Zalando"),
        ("Veepeegroup", "Veepee / VeepeeGroup"),
        ("Veepee", "Veepee / VeepeeGroup"),
        ("TikTok Shop", "TikTokShop"),
        ("Back Market", "Backmarket"),
        ("eBay", "eBay"),
        ("ebayuk", "eBay"),
        ("bol.com", "Bol"),
        ("Real", "Real"),
        ("real.de", "Real"),
        ("mirakl-test", "Mirakl-powered"),
    ],
)
def test_names_are_matched_by_family(name: str, family: str) -> None:
    known = find(name)
    assert known is not None
    assert known.name == family


@pytest.mark.parametrize(
    "name", ["", "  ", "Boulanger", "realtek", "Bolia", "fnacdarty spectacles", "notamazon", "漢字"]
)
def test_a_name_of_no_family_is_unknown_and_tried(name: str) -> None:
    assert supports(name, Feature.REFUND) is None


def test_known_channels_are_answered_yes_or_no() -> None:
    assert supports("CDiscount", Feature.REFUND) is True
    assert supports("Amazon", Feature.REFUND) is False
    assert supports("wayfair", Feature.CANCEL) is False


def test_every_channel_of_the_sample_orders_is_answered() -> None:
    paths = (Path(__file__).parents[2] / "data" / "orders").glob("*.json")
    names = {json.loads(path.read_bytes())["_embedded"]["channel"]["name"] for path in paths}
    assert {name for name in names if find(name) is not None} >= {"Amazon", "CDiscount", "miravia"}
