"""R39: what makes an order the same one, a correction, or another one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.domain.identity import Claim, Verdict, judge

AMAZON = Claim(7, "A-1", "amazon")
CASES = {
    "nothing changed": (AMAZON, AMAZON, Verdict.SAME),
    "the marketplace in capitals": (AMAZON, Claim(7, "A-1", "Amazon"), Verdict.SAME),
    "the id was forgotten": (AMAZON, Claim(None, "A-1", "amazon"), Verdict.SAME),
    "the id was forgotten, the marketplace is called otherwise": (AMAZON, Claim(None, "A-1", "ama"), Verdict.SAME),
    "another marketplace without an id": (Claim(None, "A-1", "a"), Claim(None, "A-1", "b"), Verdict.ANOTHER),
    "the marketplace was forgotten": (Claim(None, "A-1", "amazon"), Claim(None, "A-1", ""), Verdict.SAME),
    "all but the id was forgotten": (AMAZON, Claim(7, "", ""), Verdict.SAME),
    "all is forgotten": (AMAZON, Claim(None, "", ""), Verdict.SAME),
    "all but the marketplace is forgotten": (AMAZON, Claim(None, "", "amazonfr"), Verdict.SAME),
    "another reference, one id": (AMAZON, Claim(7, "A-2", "amazon"), Verdict.RENAMED),
    "another marketplace, one id": (AMAZON, Claim(7, "A-1", "ebay"), Verdict.RENAMED),
    "the id is learnt": (Claim(None, "A-1", "amazon"), AMAZON, Verdict.LEARNT),
    "everything is learnt": (Claim(None, "", ""), AMAZON, Verdict.LEARNT),
    "the reference is learnt": (Claim(None, "", ""), Claim(None, "A-1", "amazon"), Verdict.CORRECTED),
    "another id, one reference": (AMAZON, Claim(8, "A-1", "amazon"), Verdict.CORRECTED),
    "another id and reference": (AMAZON, Claim(8, "A-2", "amazon"), Verdict.ANOTHER),
    "another reference without an id": (Claim(None, "A-1", "amazon"), Claim(None, "A-2", "amazon"), Verdict.ANOTHER),
    "a learnt id of another reference": (Claim(None, "A-2", "amazon"), AMAZON, Verdict.ANOTHER),
    "an order that nobody knows the id of": (AMAZON, Claim(None, "A-2", "amazon"), Verdict.ANOTHER),
}

CLAIMS = st.builds(
    Claim, st.sampled_from((None, 1, 2)), st.sampled_from(("", "A-1", "A-2")), st.sampled_from(("", "amazon", "Amazon"))
)


@pytest.mark.parametrize("case", CASES)
def test_a_claim_is_judged(case: str) -> None:
    known, now, verdict = CASES[case]
    assert judge(known, now) is verdict


@given(CLAIMS)
def test_an_order_is_the_same_as_itself(claim: Claim) -> None:
    assert judge(claim, claim) is Verdict.SAME


@given(CLAIMS, CLAIMS)
def test_two_ids_are_never_one_order(known: Claim, now: Claim) -> None:
    if known.feed_id and now.feed_id and known.feed_id != now.feed_id:
        assert judge(known, now) in (Verdict.CORRECTED, Verdict.ANOTHER)


@given(CLAIMS)
def test_a_claim_names_the_order_only_where_it_can(claim: Claim) -> None:
    assert (str(claim) == "?") == (claim.feed_id is None and not claim.reference and not claim.channel)


def test_an_id_alone_names_the_order_whatever_its_reference() -> None:
    """R38: a split order, whose parts the shop names otherwise, is one."""
    assert Claim(7, "A-1", "amazon").identity == Claim(7, "A-1-2", "Amazon FR").identity == Claim(7, "", "").identity
    assert Claim(7, "A-1", "amazon").identity != Claim(8, "A-1", "amazon").identity
