"""Every trouble of a store has what ends it, a sentence and an advice; nothing but the act that failed ends it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync import texts
from sfsync.domain.trouble import Act, Trouble
from sfsync.sentences import TROUBLES

OVER = {
    Trouble.SHOP_UNAVAILABLE: {Act.SHOP},
    Trouble.SHOP_MISCONFIGURED: {Act.SHOP},
    Trouble.SHOP_ANSWERS_OLD: {Act.RUN},
    Trouble.ORDERS_VANISHED: {Act.RUN},
    Trouble.ANOTHER_SENDER: {Act.RUN},
    Trouble.TOKEN_REFUSED: {Act.FEED},
    Trouble.STORE_UNKNOWN: {Act.FEED},
    Trouble.STORE_REFUSED: {Act.FEED},
    Trouble.RATE_LIMITED: {Act.FEED},
    Trouble.API_UNAVAILABLE: {Act.FEED},
    Trouble.SECRET_UNREADABLE: {Act.SHOP, Act.FEED},
    Trouble.SECRET_ELSEWHERE: {Act.FEED},
    Trouble.CLOCK_WRONG: {Act.RUN},
    Trouble.DATABASE_AWAY: {Act.DATABASE},
    Trouble.DISK_FULL: {Act.DATABASE},
    Trouble.MAIL_FAILED: {Act.MAIL},
    Trouble.RECIPIENT_REFUSED: {Act.MAIL},
    Trouble.LEASE_LOST: {Act.RUN},
    Trouble.CRASHED: {Act.RUN},
}
"""Each trouble, and the acts that show together that it is over."""


@pytest.mark.parametrize("trouble", Trouble)
def test_the_act_that_failed_ends_a_trouble_and_no_other_act_does(trouble: Trouble) -> None:
    assert trouble.over(OVER[trouble])
    assert not trouble.over(set(Act) - OVER[trouble])


@given(st.sampled_from(Trouble), st.sets(st.sampled_from(Act)))
def test_part_of_what_failed_ends_nothing(trouble: Trouble, well: set[Act]) -> None:
    assert trouble.over(well) is (OVER[trouble] <= well)


@pytest.mark.parametrize("trouble", Trouble)
def test_every_trouble_has_a_sentence_and_an_advice(trouble: Trouble) -> None:
    assert texts.sentence(trouble, {"message": "seen"})
    assert texts.advice(trouble)
    assert Trouble.named(trouble.value) is trouble


def test_what_stops_a_store_has_a_short_sentence_too() -> None:
    """A lost lease leaves the telling to the run that has it, and a mail that failed stops nothing."""
    assert set(TROUBLES) == set(Trouble) - {Trouble.LEASE_LOST, Trouble.MAIL_FAILED, Trouble.RECIPIENT_REFUSED}


@pytest.mark.parametrize("code", ["", "ok", "silent", "store-not-opened"])
def test_what_is_no_trouble_of_a_store_is_not_taken_for_one(code: str) -> None:
    assert Trouble.named(code) is None


def test_outages_are_one_kind_whatever_their_face() -> None:
    """R20: 503, then 429, then no answer, or an old one, is one outage, and one mail."""
    outages = {trouble for trouble in Trouble if trouble.kind == "outage"}
    shop = {Trouble.SHOP_UNAVAILABLE, Trouble.SHOP_ANSWERS_OLD}
    assert outages == shop | {Trouble.RATE_LIMITED, Trouble.API_UNAVAILABLE, Trouble.CLOCK_WRONG, Trouble.DATABASE_AWAY}
