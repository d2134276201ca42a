"""What orders, statuses and carriers are called: one canonical text each, in tables, files, addresses and forms."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.backoffice.kit.key_texts import PLAIN, TAKEN, decoded, encoded
from sfsync.shops.keys import LONGEST, Keys, Numbers, Texts, in_order
from sfsync.shops.setting import Mistake


@pytest.mark.parametrize(
    ("given_as", "key"),
    [(4, "4"), ("4", "4"), ("#301", "301"), (" 17 ", "17"), ("007", "7"), (2**63 - 1, str(2**63 - 1))],
)
def test_a_number_has_one_text_however_it_is_written(given_as: Any, key: str) -> None:
    assert Numbers().parse(given_as) == key


@pytest.mark.parametrize(
    "wrong", [True, False, 4.0, 3.5, 0, -1, "0", "-4", "+4", "4.0", "", "#", "٤", "4 5", None, 2**63]
)
def test_what_is_no_number_is_no_key(wrong: Any) -> None:
    """A yes and a fraction never are: they would become 1 and the whole number below."""
    with pytest.raises(Mistake):
        Numbers().parse(wrong)


def test_a_status_is_not_larger_than_the_shops_column() -> None:
    with pytest.raises(Mistake, match="“2147483648” is not one of the shop's numbers"):
        Numbers(2**31 - 1).parse(2**31)


@pytest.mark.parametrize(
    ("given_as", "key"), [("gid://shop/Order/1", "gid://shop/Order/1"), (4, "4"), (" a b ", "a b")]
)
def test_a_text_is_a_key_as_it_stands(given_as: Any, key: str) -> None:
    assert Texts().parse(given_as) == key


@pytest.mark.parametrize("wrong", [True, 4.0, "", "  ", "a\nb", "x" * (LONGEST + 1), None])
def test_what_cannot_be_kept_or_shown_is_no_key(wrong: Any) -> None:
    with pytest.raises(Mistake):
        Texts().parse(wrong)


@given(st.sampled_from([Numbers(), Texts()]), st.one_of(st.integers(1, 10**6), st.text(max_size=LONGEST)))
def test_a_canonical_text_stays_what_it_is(keys: Keys, given_as: object) -> None:
    try:
        key = keys.parse(given_as)
    except Mistake:
        return
    assert keys.parse(key) == keys.parse(keys.plain(key)) == key


def test_numbers_sort_as_numbers_and_stay_numbers_for_machines() -> None:
    assert in_order(Numbers(), {"10", "9", "100"}) == ["9", "10", "100"]
    assert in_order(Texts(), {"b", "a", "10"}) == ["10", "a", "b"]
    assert (Numbers().plain("17"), Texts().plain("17")) == (17, "17")


@pytest.mark.parametrize("key", ["17", "A-17", "gid_5"])
def test_a_plain_key_stands_in_an_address_as_it_is(key: str) -> None:
    assert encoded(key) == decoded(key) == key


@pytest.mark.parametrize("key", ["export", "act", "2026/17", "..", "~", "é", "a b", "-1"])
def test_any_other_key_is_spelt_so_that_no_address_breaks(key: str) -> None:
    text = encoded(key)
    assert text.startswith("~")
    assert text[1:] not in TAKEN
    assert PLAIN.fullmatch("a" + text[1:])
    assert decoded(text) == key


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=LONGEST))
def test_every_key_comes_back_from_its_address(key: str) -> None:
    assert decoded(encoded(key)) == key


@pytest.mark.parametrize("text", ["~MTc", "~A", "~__8", "export", "~~", "a b", "~ZXhwb3J0="])
def test_an_address_that_we_did_not_write_names_no_order(text: str) -> None:
    """One order has one address."""
    with pytest.raises(ValueError, match="no key is spelt"):
        decoded(text)
