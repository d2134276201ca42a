"""Every sentence by its code, in both languages (R20, R21)."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.utils import timezone, translation

from sfsync import texts
from sfsync.advice import ADVICE
from sfsync.domain.errors import Failure
from sfsync.domain.operations import all_kinds
from sfsync.sentences import SENTENCES, TROUBLES
from tests.unit.test_project import catalogues, translated

EVERY_TEXT = [
    *(text for each in (SENTENCES, TROUBLES, ADVICE) for text in each.values()),
    *(
        text
        for kind in all_kinds()
        for text in (kind.noun, kind.of_noun, kind.sent, kind.label, kind.by_hand, kind.to_do[0])
        if text
    ),
]
FRENCH = [(key, text) for path in catalogues("fr") for key, text in translated(path).items() if key]


def parameters(text: str) -> list[str]:
    return sorted(re.findall(r"%\((\w+)\)s", text))


@pytest.mark.parametrize("text", EVERY_TEXT)
def test_every_text_is_french_in_french_with_the_same_parameters(text: str) -> None:
    with translation.override("fr"):
        french = translation.gettext(text)

    says_something = re.search("[a-z]", re.sub(r"%\(\w+\)s", "", text))
    assert french != text or not says_something
    assert parameters(french) == parameters(text)
    assert re.findall("`[^`]+`", french) == re.findall("`[^`]+`", text)


def test_french_follows_french_typography() -> None:
    """No-break spaces before : ; ! ? and inside « », typographic apostrophes. `H:i` is a time in a table."""
    addresses = re.compile(r"\S+://\S*")
    faults = {
        text: fault
        for _, french in FRENCH
        for text in [addresses.sub("", french)]
        if (fault := re.findall(r"(?<!\u00a0)[:;!?»](?!\d|i$)|«(?!\u00a0)|[“”']", text))
    }
    assert faults == {}


def test_french_says_the_same_thing_with_the_same_word() -> None:
    rejected = re.compile(r"\b(?:store|tracking|batch|transporteuse|(?<!\()token)\b(?![-_.=\w])", re.I)
    assert [french for _, french in FRENCH if rejected.search(re.sub(r"\[.*?\]|%\(\w+\)s", "", french))] == []


@pytest.mark.parametrize("failure", list(Failure))
def test_every_failure_has_a_sentence_and_an_advice(failure: Failure) -> None:
    assert f"failed-{failure}" in SENTENCES
    assert texts.advice(failure)


def test_reason_of_a_failure_is_not_the_log_sentence_with_the_same_code() -> None:
    """R13: `no-answer` is a line of the log, and what parks an order after many silences."""
    params = {"operation": "ship", "message": "It timed out."}

    assert texts.sentence("no-answer", params).startswith("No answer from Shopping Feed for the shipment")
    assert texts.reason("no-answer", params).startswith("Shopping Feed never acknowledged the shipment")


@pytest.mark.parametrize(
    ("code", "start"), [("went-back", "The order has changed in the shop"), ("token-refused", "Shopping Feed")]
)
def test_reason_of_a_warning_and_of_a_trouble(code: str, start: str) -> None:
    assert texts.reason(code, {"operation": "ship", "message": ""}).startswith(start)


def test_an_operation_is_named_in_the_readers_language() -> None:
    params = {"operation": "refund", "batch": "b1"}
    with translation.override("fr"):
        assert texts.sentence("sent", params) == "Remboursement transmis à Shopping Feed."
    assert texts.update("accept") == "“accept”"


def test_times_are_told_in_the_readers_zone_and_language() -> None:
    """R4: until when the tracking number is waited for."""
    params = {"until": "2025-07-14T22:05:00+00:00"}
    with timezone.override("Europe/Paris"):
        assert texts.sentence("waiting", params).endswith("until 15 July 2025, 00:05.")
        with translation.override("fr"):
            assert texts.sentence("waiting", params).endswith("jusqu’au 15 juillet 2025 à 00:05.")


def test_a_missing_reason_is_said() -> None:
    assert texts.sentence("failed-ignored", {"operation": "ship", "message": ""}).endswith("no reason given")


@pytest.mark.parametrize(
    ("code", "message", "end"),
    [
        ("no-answer", "It timed out", "for the shipment: It timed out. We will check whether it arrived."),
        ("no-answer", "It timed out.", "for the shipment: It timed out. We will check whether it arrived."),
        ("failed-no-feed-id", "2 orders have it.", "was not found at Shopping Feed (2 orders have it)."),
        (
            "superseded",
            "Unknown carrier.",
            "(Unknown carrier), but the order has changed since, so the new status is sent instead.",
        ),
        ("token-refused", "401: not valid.. Check it", "refused the token. 401: not valid. Check it."),
        ("token-refused", "", "Shopping Feed refused the token."),
        ("failed-ignored", "Wait... what", "the shipment: “Wait... what”"),
    ],
)
def test_what_somebody_else_said_fits_into_the_sentence(code: str, message: str, end: str) -> None:
    """Neither two full stops nor none, wherever it stands."""
    assert texts.sentence(code, {"operation": "ship", "message": message}).endswith(end)


@pytest.mark.parametrize(
    ("sentences", "said"),
    [
        (("It is not valid.", "Check it."), "It is not valid. Check it."),
        (("It is not valid", "Check it"), "It is not valid. Check it."),
        (("It is not valid.. Really..", "Check it."), "It is not valid. Really. Check it."),
        (("Is it valid?", "", "Wait…", "Wait..."), "Is it valid? Wait… Wait..."),
        (("He said “no.”", "Run: GRANT SELECT;"), "He said “no.” Run: GRANT SELECT;"),
        ((), ""),
    ],
)
def test_sentences_one_after_the_other(sentences: tuple[str, ...], said: str) -> None:
    assert texts.joined(*sentences) == said


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"ticket": "17", "batch": "f20a", "feed_id": 7}, "ticket 17, batch f20a, Shopping Feed id 7"),
        ({"ticket": "", "batch": "f20a"}, "batch f20a"),
        ({"ticket": None, "batch": "", "feed_id": None}, ""),
        ({}, ""),
    ],
)
def test_numbers_for_the_support_leave_no_hole(params: dict[str, object], said: str) -> None:
    """Not “shipped (ticket )”."""
    assert texts.ids(params) == said


def test_the_commands_write_a_moment_alike_in_sentences_and_in_columns() -> None:
    """Local time with its date; outside, mails and pages keep their words."""
    at = datetime(2025, 7, 14, 22, 5, tzinfo=UTC)
    params = {"until": at.isoformat()}
    with timezone.override("Europe/Paris"):
        with texts.moments_as_stamps():
            assert texts.stamp(at) == "2025-07-15 00:05:00"
            assert texts.sentence("waiting", params).endswith(f"until {texts.stamp(at)}.")
        assert texts.sentence("waiting", params).endswith("until 15 July 2025, 00:05.")
    assert texts.stamp(None) == ""


@pytest.mark.parametrize(
    ("code", "params", "shown"),
    [
        ("from-tomorrow", {}, "from-tomorrow"),
        ("from-tomorrow", {"a": 1}, "from-tomorrow {'a': 1}"),
        ("retry-planned", {}, "Attempt %(attempt)s is planned for %(at)s. {}"),
    ],
)
def test_what_another_version_wrote_is_still_shown(code: str, params: dict[str, object], shown: str) -> None:
    assert texts.sentence(code, params) == shown


def test_no_advice_where_there_is_nothing_to_do() -> None:
    assert texts.advice("confirmed") == ""


@pytest.mark.parametrize(
    ("language", "count", "sentence"),
    [
        ("en", 1, "PrestaShop 8.2.1, shop “RealShop”, 1 marketplace order."),
        ("en", 2000, "PrestaShop 8.2.1, shop “RealShop”, 2,000 marketplace orders."),
        ("fr", 2000, "PrestaShop 8.2.1, boutique «\xa0RealShop\xa0», 2\u202f000 commandes de marketplaces."),
    ],
)
def test_what_a_shop_says_of_itself_is_rendered_in_one_place(language: str, count: int, sentence: str) -> None:
    known_by: dict[str, int | None] = {"table": count}
    facts = {"software": "PrestaShop", "version": "8.2.1", "shop": "RealShop", "known_by": known_by, "count": count}
    with translation.override(language):
        assert texts.sentence("shop-answers", facts) == sentence
        assert "8.2.1" not in texts.sentence("shop-answers", {**facts, "version": ""})


def test_changed_settings_are_called_as_on_the_pages() -> None:
    """What is no setting of ours (a switch of another module) stays as it is."""
    params = {"who": "marie", "names": "recipients, shop.url, SOME_SWITCH"}
    assert texts.sentence("person-settings", params).endswith(": Recipients; Address of the shop; SOME_SWITCH.")
    with translation.override("fr"):
        assert texts.sentence("person-settings", params).endswith(
            ": Destinataires\xa0; Adresse de la boutique\xa0; SOME_SWITCH."
        )
