"""Sentences of the engine on the pages: what a program said in English stands apart from the sentence around it."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils.translation import override

from sfsync import texts
from sfsync.backoffice.words import CAUSES, TECHNICAL, Said, of_page, of_shop, parted, told
from sfsync.engine.trouble import trouble_of
from sfsync.shops.base import ShopError
from sfsync.shops.prestashop.problems import Misconfigured, Unavailable

DETAIL = "GET https://api.example/v1/me took longer than 30 s."
PARAMS: dict[str, Any] = {
    "orders": 3,
    "operation": "ship",
    "batch": "b-1",
    "recipients": "a@example.com",
    "message": DETAIL,
}


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("code", sorted(TECHNICAL))
def test_no_sentence_holds_what_a_program_said(code: str, language: str) -> None:
    with override(language):
        said = told(code, PARAMS)
    assert said.detail == DETAIL
    assert "api.example" not in said.text
    assert said.text.endswith(".")
    assert not said.text.endswith(("..", " .", "( .", ": ."))
    assert "(" not in said.text.replace("(b-1)", "").replace("(expédiée)", "").replace("(shipped)", "")


def test_what_follows_the_detail_stays() -> None:
    with override("en"):
        said = told("no-answer", PARAMS)
    assert said == Said("Sent (shipped), but no answer came. The ticket list will be asked.", said.advice, DETAIL)


def test_a_marketplaces_own_reason_is_part_of_the_sentence() -> None:
    with override("en"):
        said = told("failed-ticket-failed", PARAMS | {"message": "Unknown carrier"})
    assert said.text == "The marketplace refused “shipped”: Unknown carrier"
    assert said.detail == ""


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("code", sorted(texts.TROUBLES))
def test_a_trouble_that_was_put_into_words_elsewhere_is_taken_apart_again(code: str, language: str) -> None:
    """As the doctor's findings are."""
    with override(language):
        sentence = texts.sentence(code, {"message": DETAIL})
        said = parted(sentence, [])
        assert "api.example" not in said.text
        assert (said.detail == DETAIL) is (DETAIL in sentence)
        assert parted("All is well.", [""]) == Said("All is well.")


@pytest.mark.parametrize("cause", sorted(CAUSES))
def test_every_cause_that_a_shop_names_has_its_sentence(cause: str) -> None:
    kind = Unavailable if cause == "busy" else Misconfigured
    error: ShopError = kind("The account reader may not read ps_orders.", code=cause)
    said = of_shop(error.code, trouble_of(error).detail)
    assert said is not None
    assert said.text.endswith(".")
    assert said.advice.endswith(".")
    assert said.detail == "The account reader may not read ps_orders."
    assert of_shop("", "anything") is None


def test_advice_speaks_of_no_command_where_the_page_has_its_own() -> None:
    with override("en"):
        assert "sfsync doctor" in texts.advice("token-refused")
        assert "sfsync doctor" not in of_page(texts.advice("token-refused"))
        assert of_page("Do it yourself.") == "Do it yourself."
