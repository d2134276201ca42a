"""What the shop's statuses mean (rules.md, *Data*; R6), and who may leave without a tracking number (R4)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync.domain.mapping import MappedTwice, Policy, UnknownMeaning, status_mapping
from sfsync.domain.operations import all_kinds, meanings
from sfsync.domain.orders import Snapshot

SHIP, CANCEL, REFUND, DELIVER = OPERATIONS = "ship", "cancel", "refund", "deliver"


def test_every_operation_has_its_word() -> None:
    assert [kind.name for kind in meanings().values()] == [kind.name for kind in all_kinds()]


@pytest.mark.parametrize(
    ("meanings", "mapping"),
    [
        ({}, {}),
        ({"shipped": []}, {}),
        (
            {"shipped": ["4"], "canceled": ["6"], "refunded": ["7"], "delivered": ["5"]},
            {"4": SHIP, "6": CANCEL, "7": REFUND, "5": DELIVER},
        ),
        (
            {"shipped": ["4", "21", "22"], "canceled": ["6", "8"]},
            {"4": SHIP, "21": SHIP, "22": SHIP, "6": CANCEL, "8": CANCEL},
        ),
        ({"shipped": ["4", "4"]}, {"4": SHIP}),
    ],
)
def test_the_settings_words_become_operations(meanings: dict[str, list[str]], mapping: dict[str, str]) -> None:
    """Several statuses may mean one operation."""
    assert status_mapping(meanings) == mapping


@pytest.mark.parametrize(
    ("meanings", "sentence"),
    [
        ({"shipped": ["4", "5"], "delivered": ["5"]}, "Status 5 is mapped to shipped and to delivered."),
        ({"canceled": ["6"], "refunded": ["7", "6"]}, "Status 6 is mapped to canceled and to refunded."),
        ({"cancelled": ["6"]}, "“cancelled” is not one of shipped, canceled, refunded, delivered."),
        ({"": []}, "“” is not one of shipped, canceled, refunded, delivered."),
    ],
)
def test_a_contradiction_is_a_sentence_for_the_merchant(meanings: dict[str, list[str]], sentence: str) -> None:
    """One status means one operation at most."""
    with pytest.raises((MappedTwice, UnknownMeaning)) as error:
        status_mapping(meanings)
    assert str(error.value) == sentence


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(meanings())), st.sets(st.integers(1, 20).map(str))))
def test_a_mapping_is_taken_exactly_when_no_status_is_in_two_places(words: dict[str, set[str]]) -> None:
    every = [status for statuses in words.values() for status in statuses]
    if len(every) == len(set(every)):
        mapping = status_mapping(words)
        assert {word: {s for s in mapping if mapping[s] == meanings()[word].name} for word in words} == words
    else:
        with pytest.raises(MappedTwice):
            status_mapping(words)


mappings = st.dictionaries(st.integers(1, 8).map(str), st.sampled_from(OPERATIONS))
histories = st.lists(st.integers(1, 12).map(str), min_size=1, max_size=10)


@settings(deadline=None)
@given(mappings, histories)
def test_the_current_status_alone_counts(mapping: dict[str, str], history: list[str]) -> None:
    """R6: what came before changes nothing."""
    policy = Policy(mapping)
    order = Snapshot("1", history[-1], tuple(history))
    assert policy.wanted(order) == policy.wanted(Snapshot("1", history[-1])) == mapping.get(history[-1])


@settings(deadline=None)
@given(mappings, histories, st.lists(st.integers(9, 12).map(str), max_size=4))
def test_the_latest_mapped_status_counts(mapping: dict[str, str], history: list[str], unmapped: list[str]) -> None:
    """R6, `latest mapped status`: a mapped status counts until another mapped one comes (9 to 12 never are)."""
    policy = Policy(mapping, latest_mapped=True)
    before = policy.wanted(Snapshot("1", history[-1], tuple(history)))
    assert before == next((mapping[status] for status in history[::-1] if status in mapping), None)
    later = [*history, *unmapped]
    assert policy.wanted(Snapshot("1", later[-1], tuple(later))) == before
    for status, operation in mapping.items():
        assert policy.wanted(Snapshot("1", status, (*later, status))) is operation


def test_without_a_history_the_latest_mapped_status_is_the_current_one() -> None:
    assert Policy({"4": SHIP}, latest_mapped=True).wanted(Snapshot("1", "4")) is SHIP


@pytest.mark.parametrize(
    ("setting", "carrier_id", "carrier_reference", "allowed"),
    [
        (False, "12", "12", False),
        (True, "", "", True),
        (frozenset({"12"}), "12", "12", True),
        (frozenset({"12"}), "31", "12", True),
        (frozenset({"31"}), "31", "12", True),
        (frozenset({"12"}), "2", "2", False),
        (frozenset(), "12", "12", False),
    ],
)
def test_who_may_leave_without_a_tracking_number(
    setting: bool | frozenset[str], carrier_id: str, carrier_reference: str, allowed: bool
) -> None:
    """R4: all orders, none, or those of chosen carriers, by the id of today or the one that an edit keeps."""
    order = Snapshot("1", "4", carrier_id=carrier_id, carrier_reference=carrier_reference)
    assert Policy(ship_without_tracking=setting).may_ship_untracked(order) is allowed
