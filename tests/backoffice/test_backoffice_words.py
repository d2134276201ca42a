"""Sentences of the engine on the pages: what a program said in English stands apart from the sentence around it."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils.translation import override

from sfsync import texts
from sfsync.backoffice.kit.live_shop import found
from sfsync.backoffice.kit.live_shop import said as said_of
from sfsync.backoffice.kit.reader_texts import TECHNICAL, Said, advice, told
from sfsync.engine.watch.finding import Finding, Verdict
from sfsync.models import Store
from sfsync.sentences import TROUBLES
from sfsync.shops.base import ShopError
from sfsync.shops.prestashop.problems import PROBLEMS, Misconfigured, Unavailable

DETAIL = "GET https://api.example/v1/me took longer than 30 s."
PARAMS: dict[str, Any] = {
    "orders": 3,
    "operation": "ship",
    "batch": "b-1",
    "recipients": "a@example.com",
    "message": DETAIL,
    "source": "book",
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
    assert said == Said(
        "No answer from Shopping Feed for the shipment. We will check whether it arrived.",
        said.advice,
        DETAIL,
        of_host=True,
    )


def test_a_marketplaces_own_reason_is_part_of_the_sentence() -> None:
    with override("en"):
        said = told("failed-ticket-failed", PARAMS | {"message": "Unknown carrier"})
    assert said.text == "The marketplace rejected the shipment: “Unknown carrier”"
    assert said.detail == ""


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("code", sorted({*TROUBLES} - {"secret-unreadable"}))
def test_a_trouble_that_the_doctor_found_keeps_its_detail_apart(code: str, language: str) -> None:
    with override(language):
        said = found(Finding("shop", Verdict.WRONG, code, {"message": DETAIL}, "main"))
        assert (said.text, said.detail) == (texts.trouble(code), DETAIL)
        assert said.advice


def test_a_finding_is_said_in_the_language_of_whoever_reads_it() -> None:
    """Though it was made while another one was active: the report is English on a French page too."""
    with override("fr"):
        finding = Finding("recipients", Verdict.WARNING, "no-recipients", {}, "main")
        assert finding.text == "Personne ne reçoit les alertes sur les commandes en échec."
    with override("en"):
        assert finding.as_dict() == {
            "subject": "main: recipients",
            "verdict": "warning",
            "text": "Nobody receives alerts about failing orders.",
            "advice": "Add recipients.",
        }


def test_a_cause_that_the_shop_names_goes_before_the_trouble() -> None:
    with override("en"):
        params = {"message": "Access denied for reader.", "cause": "password", "kind": "prestashop"}
        said = found(Finding("shop", Verdict.WRONG, "shop-misconfigured", params, "main"))
    assert said.text == "The shop's database refuses the account: wrong user name or password."
    assert said.detail == "Access denied for reader."


def test_what_is_well_needs_no_advice() -> None:
    with override("en"):
        facts = {
            "software": "PrestaShop",
            "version": "8.2.1",
            "shop": "RealShop",
            "known_by": {"orders of the module": 1},
            "count": 1,
        }
        said = found(Finding("shop", Verdict.OK, "shop-answers", facts, "main"))
        assert said == Said("The shop answers: PrestaShop 8.2.1, shop “RealShop”, 1 marketplace order.")
        accepted = {"store": 10, "name": "Store 10"}
        said = found(Finding("feed", Verdict.OK, "token-accepted", accepted, "main"))
        assert said == Said("Shopping Feed accepts the token: store 10 is “Store 10”.")


WELL = {"shipments-off", "shipments-on", "shipments-shown"}
"""What only says how things are: nothing is to be done."""


@pytest.mark.parametrize("cause", sorted(PROBLEMS))
def test_every_cause_that_a_shop_names_has_its_sentence(cause: str) -> None:
    kind = Unavailable if cause == "busy" else Misconfigured
    error: ShopError = kind("The account reader may not read ps_orders.", code=cause)
    with override("en"):
        said = said_of(Store(shop_kind="prestashop"), error)
    assert said.text.endswith(".")
    assert said.advice.endswith(".") is (cause not in WELL)
    assert said.detail == "The account reader may not read ps_orders."
    assert said.text == PROBLEMS[cause].sentence


@pytest.mark.parametrize("code", ["token-refused", "store-not-opened", "no-store", "no-shipped", "status-unknown"])
def test_advice_speaks_of_no_command_where_the_page_has_its_own(code: str) -> None:
    with override("en"):
        assert {"sfsync", "[stores."} & {word for word in ("sfsync", "[stores.") if word in texts.advice(code)}
        assert not any(word in advice(code) for word in ("`", "[stores.", "store_id"))
        assert advice(code)
