"""What stands where a shop keeps a tracking number (R2, R4, R11): the corpus as a table, and any text at all."""

from __future__ import annotations

import re
import time
import tomllib
from pathlib import Path
from string import ascii_lowercase
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from sfsync.domain.tracking_numbers import recognise, same_number
from sfsync.domain.typed_findings import Finding, Kind
from sfsync.domain.typed_remarks import folded
from sfsync.domain.typed_words import reads_like_a_word, spelt

CORPUS: dict[str, Any] = tomllib.loads(
    (Path(__file__).parents[2] / "data" / "tracking_numbers.toml").read_text(encoding="utf-8")
)
NUMBERS = [(carrier["name"], number, number) for carrier in CORPUS["carriers"] for number in carrier["numbers"]]
TYPED = [
    (carrier["name"], typed, number)
    for carrier in CORPUS["carriers"]
    for typed, number in carrier.get("typed", {}).items()
]
SEVERAL = CORPUS["others"]["several"]
OTHERS = [
    (Finding(finding), text)
    for finding, entry in CORPUS["others"].items()
    if finding != "several"
    for text in entry["texts"]
]


def test_the_corpus_is_as_large_as_promised() -> None:
    assert len({number for _, number, _ in NUMBERS}) >= 150
    assert len(CORPUS["carriers"]) >= 25
    assert len(OTHERS) + len(SEVERAL) >= 150


def test_the_corpus_has_every_finding() -> None:
    assert {finding for finding, _ in OTHERS} | {Finding.NUMBER, Finding.SEVERAL} == set(Finding)


@pytest.mark.parametrize(("carrier", "typed", "number"), NUMBERS + TYPED)
def test_a_number_of_any_carrier_passes_with_its_key(carrier: str, typed: str, number: str) -> None:
    assert recognise(typed).number == number, carrier


@pytest.mark.parametrize(("text", "numbers"), SEVERAL.items())
def test_several_numbers_are_told_apart_and_none_is_the_one(text: str, numbers: list[str]) -> None:
    typed = recognise(text)
    assert (typed.finding, typed.numbers, typed.number) == (Finding.SEVERAL, tuple(numbers), "")


@pytest.mark.parametrize(("finding", "text"), OTHERS)
def test_what_is_no_number_says_what_it_is(finding: Finding, text: str) -> None:
    typed = recognise(text)
    assert (typed.finding, typed.numbers) == (finding, ())


def test_no_text_is_an_empty_one() -> None:
    assert recognise(None) == recognise("")


@pytest.mark.parametrize("told", ["6A1", " 6A 1", "6A1;6A2", "6A2, 6A1", "Colissimo 6A1"])
def test_what_was_told_as_it_was_typed_is_still_the_same_number(told: str) -> None:
    """Before there was a recogniser, texts went out as they stood."""
    assert same_number("6A1", told)
    assert not same_number("6A3", told)


def test_every_finding_has_a_kind() -> None:
    assert {finding.kind for finding in Finding} == set(Kind)


@given(st.from_regex(r"[A-Z]{1,2}[0-9]{3,5}|[A-Z]{2}[0-9]{9}[A-Z]{2}|[1-9][0-9]{9,14}", fullmatch=True))
def test_what_needs_no_closer_look_would_pass_it(plain: str) -> None:
    """With blank space around it is looked at closely."""
    assert recognise(plain).numbers == recognise(f" {plain} ").numbers


def test_of_eight_letters_drawn_by_chance_few_are_taken_for_a_word() -> None:
    """Such a Track ID of GLS waits for the merchant's word: three in a hundred of those that have no digit."""
    chance = dict.fromkeys(ascii_lowercase, 1 / 26)
    for _ in range(7):
        chance = {
            first: sum(chance[then] for then in chance if reads_like_a_word(first + then)) / 26 for first in chance
        }
    assert 0 < sum(chance.values()) < 0.035


LINKS = {
    "https://www.laposte.fr/outils/suivre-vos-envois?code=6A10548230917": "6A10548230917",
    "https://www.laposte.fr/suivi/6A10548230917": "6A10548230917",
    "www.ups.example/track?loc=fr_FR&tracknum=1Z999AA10123456784&requester=WT": "1Z999AA10123456784",
    "track.example/p/1z999aa10123456784": "1Z999AA10123456784",
    "https://gls-group.example/track?match=40218837156": "40218837156",
    "https://dpd.example/parcels/?parcelNumber=09980525104827&lang=fr": "09980525104827",
    "https://suivi.example/?numeroExpedition=20481736#colis": "20481736",
    "6A10548230917 https://suivi.example/p": "6A10548230917",
    "Suivi : https://suivi.example/p?code=6A10548230917": "6A10548230917",
    '<a href="https://suivi.example/p">6A10548230917</a>': "6A10548230917",
}


@pytest.mark.parametrize(("text", "number"), LINKS.items())
def test_the_number_in_or_beside_a_link_is_taken_where_it_is_beyond_doubt(text: str, number: str) -> None:
    assert recognise(text).number == number


@pytest.mark.parametrize("width", [64, 255])
def test_the_end_of_a_link_that_fills_its_column_may_be_missing(width: int) -> None:
    """PrestaShop's columns hold 64 and 255 characters, and MySQL may cut what is longer without a word."""
    number = "20481736"
    link = "https://suivi.example/".ljust(width - len("?code=" + number), "s") + "?code=" + number
    assert len(link) == width
    assert recognise(link).finding is Finding.LINK
    assert recognise(link[:30] + link[31:]).number == number


def test_the_link_is_kept_beside_what_was_found() -> None:
    assert recognise("6A1 https://suivi.example/p").link == "https://suivi.example/p"
    assert recognise("https://suivi.example/p").link == "https://suivi.example/p"


# Any text.

LETTERS_AND_DIGITS = st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", min_size=8)
ONE_WORD = LETTERS_AND_DIGITS.map(lambda text: text[:64]).filter(
    lambda text: any(sign in "0123456789" for sign in text)
)
FRAGMENTS = st.sampled_from(
    [
        *(number for _, number, _ in NUMBERS[::17]),
        *(text for _, text in OTHERS[::7]),
        *SEVERAL,
        *" ;,/|+&-_.:#=*?'\"()[]<>%@\n\t",
        *(
            "n°",
            "№",
            "suivi",
            "Tracking:",
            "et",
            "DE",
            "LA",
            "de",
            "12",
            "0",
            "1",
            "E",
            "e+",
            "https://a.fr/",
            "?code=",
            "\u200b",
        ),
        *(
            "é",
            "e\u0301",
            "\u0301",
            "ﬁ",
            "½",
            "٣",
            "Ａ",
            "(00)",
            "&amp;",
            "<br>",
            "www.",
            "ß",
            "İ",
            "a.fr",
            "\ud800",
            "^",
            "\u00a8",
        ),
    ]
)
PATCHWORK = st.lists(FRAGMENTS, max_size=8).map("".join)


@given(st.one_of(st.text(), st.text(alphabet=st.characters()), PATCHWORK))
@example("\ud800")
@example("&#0;6A1")
@example("https://[")
def test_no_text_is_too_strange_to_be_told_what_it_is(text: str) -> None:
    typed = recognise(text)
    assert (typed.finding is Finding.NUMBER) == (len(typed.numbers) == 1) == bool(typed.number)
    assert (typed.finding is Finding.SEVERAL) == (len(typed.numbers) > 1)


@given(st.one_of(st.text(), PATCHWORK))
@example("1.N°0")
@example("1. N°0")
@example(":N°0")
@example(".N°0")
@example("TEST1 23")
@example("R\u00b80")
@example("WWW.0 0.AA/00000")
def test_the_key_of_a_key_is_the_key(text: str) -> None:
    for number in recognise(text).numbers:
        assert number
        assert recognise(number).number == number


@given(ONE_WORD.filter(lambda text: text.strip("0") and not spelt(folded(text))))
@example("6e123456")
@example("TEST1234")
@example("12345678")
@example("00000001")
@example("1E234567")
def test_letters_and_digits_of_eight_to_sixty_four_signs_are_never_refused(text: str) -> None:
    """All noughts and the words that we know aside, and damaged forms have marks in them."""
    assert recognise(text).number.upper() == text.upper()


BEFORE = st.sampled_from(
    ["", " ", "\u200b", "\ufeff", "\u00a0", "\t", "\u200e", "#", "'", '"', "N° ", "Tracking: ", "Colissimo - ", '="']
)
AFTER = st.sampled_from(
    ["", " ", "\r\n", "\u200b", "\u00a0", "\u200f", ".", ";", ",", "\x00", " (colis 1/2)", " - GLS"]
)


@given(st.sampled_from([form for form in NUMBERS if not form[1].isalpha()]), BEFORE, AFTER)
def test_a_number_with_harmless_typing_around_it_has_the_same_key(
    form: tuple[str, str, str], before: str, after: str
) -> None:
    _, number, key = form
    after = '"' if before == '="' else after
    assert recognise(before + number + after).number == key


@given(
    st.sampled_from([number for _, number, _ in NUMBERS if number.isalnum() and not number.isalpha()]),
    st.integers(2, 5),
    st.data(),
)
def test_gaps_and_unseen_signs_inside_a_number_do_not_change_its_key(
    number: str, size: int, data: st.DataObject
) -> None:
    """Ten digits in pairs aside, which are a telephone number."""
    assume(size > 2 or not re.fullmatch(r"0[1-7]\d{8}", number))
    gap = data.draw(st.sampled_from([" ", "\u00a0", "\u202f", "\u200b", "\u00ad", "  "]))
    assert recognise(gap.join(number[at : at + size] for at in range(0, len(number), size))).number == number


@given(
    st.sampled_from(NUMBERS),
    st.sampled_from(NUMBERS),
    st.sampled_from([";", ",", "\n", "\t", "|", " + ", " et ", " & "]),
)
def test_two_numbers_are_never_one(one: tuple[str, str, str], other: tuple[str, str, str], between: str) -> None:
    expected = tuple(dict.fromkeys([one[2], other[2]]))
    assert recognise(one[1] + between + other[1]).numbers == expected


HOSTILE = ["a-", "a.", "1.", "(", "<a", "é" * 3, "12345678 ", '="', "&amp", "n°", "1,", "*", "a/", "6A1;", "www."]


@pytest.mark.parametrize("sign", HOSTILE)
def test_a_long_text_takes_no_longer_than_its_length(sign: str) -> None:
    """The widest column of a shop has 255 characters; a thousand times that is read in seconds, not in hours."""
    for text in (sign * 2000, "https://a.fr/?code=" + sign * 2000):
        started = time.process_time()
        recognise(text)
        assert time.process_time() - started < 5
