"""What marketplaces are called where people read of them."""

from __future__ import annotations

import pytest

from sfsync import texts
from sfsync.domain.marketplaces import marketplace, meant, named
from shoppingfeed.channels import CHANNELS


@pytest.mark.parametrize(
    ("channel", "name"),
    [
        ("amazonfr", "Amazon.fr"),
        ("AMAZON_UK", "Amazon.co.uk"),
        ("Amazon", "Amazon"),
        ("CDiscount", "Cdiscount"),
        ("leroymerlin", "Leroy Merlin"),
        ("Monechelle", "ManoMano"),
        ("Veepeegroup", "Veepee Group"),
        ("manomanoes", "ManoMano (ES)"),
        ("zalandolingeriestory", "Zalando (lingeriestory)"),
        ("bolcom", "bol"),
        ("realfr", "real (FR)"),
        ("butagaz", "Butagaz"),
        ("a brand_of its own", "A brand of its own"),
        ("ACME", "ACME"),
        ("", ""),
    ],
)
def test_a_marketplace_is_called_as_it_calls_itself(channel: str, name: str) -> None:
    """One that is not known is shown as it is, with a capital."""
    assert marketplace(channel) == name
    assert marketplace(name) == name


def test_every_marketplace_of_the_apis_table_has_a_name() -> None:
    """R9: none of them goes by the fallback for the unknown."""
    technical = [f"{each.family}fr" for each in CHANNELS]
    assert [each for each in technical if marketplace(each) == each.capitalize()] == []


def test_two_that_are_called_the_same_can_be_told_apart() -> None:
    assert named(["priceminister", "Rakuten", "amazonfr"]) == {
        "priceminister": "Rakuten (priceminister)",
        "Rakuten": "Rakuten (Rakuten)",
        "amazonfr": "Amazon.fr",
    }


@pytest.mark.parametrize("given", ["amazonfr", "AMAZONFR", "Amazon.fr", "amazon.FR"])
def test_a_person_may_write_either_name(given: str) -> None:
    assert meant(given, ["amazonfr", "amazonde", "Fnac"]) == ["amazonfr"]


def test_sentences_say_the_name() -> None:
    said = texts.sentence("confirmed", {"operation": "ship", "channel": "amazonfr"})
    assert "Amazon.fr" in said
    assert "amazonfr" not in said
    assert texts.held_back("leroymerlin").startswith("Held back: Leroy Merlin")
