"""What marketplaces answer is recognised, or shown word for word: R35."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.domain.refusals import Refusal, dictionary, known, plain

CORPUS = tomllib.loads((Path(__file__).parents[2] / "data" / "refusals.toml").read_text("utf-8"))["refusal"]


def entry(message: str, channel: str) -> str:
    found = known(message, channel)
    return found.key if found else ""


def test_at_least_95_percent_of_what_was_seen_is_recognised_and_none_wrongly() -> None:
    """R35."""
    found = [(each["message"], each["entry"], entry(each["message"], each["channel"])) for each in CORPUS]
    assert [each for each in found if each[2] not in ("", each[1])] == []
    labelled = [each for each in found if each[1]]
    recognised = [each for each in labelled if each[2] == each[1]]
    assert len(recognised) >= 0.95 * len(labelled), [each for each in labelled if each[2] == ""]


def test_every_entry_was_seen_in_the_corpus() -> None:
    """R35: an entry that nothing is read as would prove nothing."""
    assert {each.key for each in dictionary()} - {each["entry"] for each in CORPUS} == set()


def test_the_dictionary_has_sixty_entries_with_names_of_their_own() -> None:
    """R35."""
    keys = [each.key for each in dictionary()]
    assert len(keys) == len(set(keys)) >= 60


@pytest.mark.parametrize("refusal", dictionary(), ids=lambda each: each.key)
def test_an_entry_says_the_cause_and_the_step_in_both_languages_and_where_it_was_seen(refusal: Refusal) -> None:
    """R35."""
    for text in (refusal.cause, refusal.step):
        assert set(text) == {"en", "fr"}
        assert all(each.endswith(".") for each in text.values())
    assert refusal.cause["en"] != refusal.cause["fr"]
    assert refusal.seen.startswith(("https://", "http://"))
    assert all(pattern.pattern == plain(pattern.pattern) for pattern in refusal.patterns), "read without accents"


@pytest.mark.parametrize(
    ("message", "channel", "expected"),
    [
        ("UNKNOWN CARRIER", "Fnac", "carrier-unknown"),
        ("  Numéro   de suivi\ninvalide ", "Fnac", "tracking-invalid"),
        ("Tracking address issue", "Fnac", ""),
        ("Method code is not supported in line number 1", "Amazon", ""),
        ("", "Amazon", ""),
    ],
)
def test_capitals_accents_and_spaces_do_not_matter_and_the_channel_does(
    message: str, channel: str, expected: str
) -> None:
    """R35."""
    assert entry(message, channel) == expected


@given(st.text(max_size=200), st.text(max_size=40))
def test_anything_may_be_said(message: str, channel: str) -> None:
    """R35: whatever it is, it is read, and read alike each time."""
    assert entry(message, channel) == entry(message, channel)
    assert plain(plain(message)) == plain(message)
