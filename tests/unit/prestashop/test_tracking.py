"""Tracking numbers and links, as they are told to the marketplace (R2, R4)."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.shops.prestashop.tracking import clean_text, tracking_link

NUMBERS = {
    "6A12345678901": "6A12345678901",
    "  6A12345678901\t": "6A12345678901",
    "1Z 999  AA1": "1Z 999  AA1",
    "6A1\r\n": "6A1",
    "6A1\n6A2": "6A1 6A2",
    "6A1\t6A2": "6A1 6A2",
    "\ufeff6A1\u200b": "6A1",
    "6A\x00\x1b1": "6A1",
    "\u00a06A1\u00a0": "6A1",
    "suivi été n°1": "suivi été n°1",
    "": "",
    "   ": "",
    "\x00\n\t": "",
}


@pytest.mark.parametrize(("typed", "number"), NUMBERS.items())
def test_a_number_is_what_was_typed_without_what_is_never_part_of_one(typed: str, number: str) -> None:
    assert clean_text(typed) == number


def test_no_number_is_an_empty_one() -> None:
    assert clean_text(None) == ""


@given(st.text())
def test_a_clean_text_has_no_control_character_and_stays_as_it_is(typed: str) -> None:
    number = clean_text(typed)
    assert not any(unicodedata.category(character) == "Cc" for character in number)
    assert number == number.strip() == clean_text(number)


@given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126)))
def test_a_plain_number_is_not_touched(typed: str) -> None:
    assert clean_text(typed) == typed


LINKS = {
    ("https://track.example/p?n=@", "6A1"): "https://track.example/p?n=6A1",
    ("http://track.example/@/fr/@", "6A1"): "http://track.example/6A1/fr/6A1",
    ("HTTPS://track.example/@", "6A1"): "HTTPS://track.example/6A1",
    ("  https://track.example/@ ", "6A1"): "https://track.example/6A1",
    ("https://track.example/p?n=@", "A B/1&x=<é>"): "https://track.example/p?n=A%20B%2F1%26x%3D%3C%C3%A9%3E",
    ("https://track.example/p?n=@", ""): "",
    ("", "6A1"): "",
    (None, "6A1"): "",
    ("javascript:alert('@')", "6A1"): "",
    ("java\nscript:alert('@')", "6A1"): "",
    ("data:text/html,@", "6A1"): "",
    ("track.example/@", "6A1"): "",
    ("https://", "6A1"): "",
    ("https://[nonsense/@", "6A1"): "",
    ("https://track.example/search", "6A1"): "https://track.example/search",
}


@pytest.mark.parametrize(("where", "link"), LINKS.items())
def test_the_link_is_the_carriers_page_for_the_number(where: tuple[str | None, str], link: str) -> None:
    url, number = where
    assert tracking_link(url, number) == link


@given(st.text(min_size=1))
def test_whatever_the_number_it_cannot_leave_its_place_in_the_link(typed: str) -> None:
    link = tracking_link("https://track.example/p?n=@&lang=fr", clean_text(typed) or "x")
    path, _, rest = link.partition("?n=")
    number, _, tail = rest.partition("&")
    assert (path, tail) == ("https://track.example/p", "lang=fr")
    assert all(character.isascii() and character.isprintable() and character != " " for character in number)
