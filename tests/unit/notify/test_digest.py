"""R20: what the digest mail says, to whom, and in which language."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone, translation
from pytest_django import Settings

from sfsync import texts
from sfsync.domain.errors import Failure
from sfsync.notify.digest import ROWS, compose
from tests.notices import NOON, a_store, about_order, about_store, html_of, page_of

GMAIL_CUTS_AT = 102_000
"""Bytes of HTML; what comes after is behind a link."""


def both(mail: EmailMultiAlternatives) -> list[str]:
    """What a person reads, in either form."""
    return [str(mail.body), page_of(mail).text]


def test_a_failing_order_is_named_on_both_sides_with_its_status_its_reason_and_what_to_do() -> None:
    """R20."""
    store = a_store()
    failed = about_order(
        store,
        "ticket-failed",
        {"message": "Carrier on strike"},
        key="77",
        shop_reference="XKBKNABJK",
        reference="403-1234567",
    )

    for shown in both(compose(store, [failed])):
        for wanted in (
            "XKBKNABJK",
            "77",
            "Amazon",
            "403-1234567",
            "rejected the shipment: “Carrier on strike”",
        ):
            assert wanted in shown
        assert texts.advice("ticket-failed") in shown
        assert "Action needed" in shown


def test_mail_goes_from_the_deployment_to_all_recipients_in_two_forms(settings: Settings) -> None:
    """R20: HTML and text."""
    settings.DEFAULT_FROM_EMAIL = "sfsync@example.com"
    store = a_store(recipients=["one@example.com", "two@example.com"])

    mail = compose(store, [about_order(store, "no-tracking")])

    assert mail.from_email == "sfsync@example.com"
    assert mail.to == ["one@example.com", "two@example.com"]
    assert mail.message().get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.message().walk()][1:] == ["text/plain", "text/html"]
    assert mail.message()["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize(
    ("language", "subject"),
    [
        ("en", "[sfsync] main: 2 orders need attention (1 to check, 1 without a tracking number)"),
        ("fr", "[sfsync] main\u00a0: 2 commandes à traiter (1 à vérifier, 1 sans numéro de suivi)"),
    ],
)
def test_subject_counts_the_orders_in_the_stores_language(language: str, subject: str) -> None:
    store = a_store(language=language)

    mail = compose(store, [about_order(store, "no-tracking"), about_order(store, "went-back")])

    assert mail.subject == subject


def test_an_order_with_two_notices_counts_once() -> None:
    store = a_store()
    failed = about_order(store, "ticket-failed")
    warned = about_order(store, "went-back")
    warned.order = failed.order

    assert compose(store, [failed, warned]).subject == "[sfsync] main: 1 order needs attention (1 rejected)"


@pytest.mark.parametrize("orders", [0, 3])
def test_trouble_of_the_whole_store_comes_first(orders: int) -> None:
    store = a_store()
    failing = [about_order(store, "no-tracking") for _ in range(orders)]

    mail = compose(store, [*failing, about_store(store, "token-refused", "401 Not Authorized.")])

    assert "synchronisation is blocked" in mail.subject
    assert ("3 orders" in mail.subject) == bool(orders)
    for shown in both(mail):
        trouble = shown.index("Shopping Feed refused the token.")
        assert "Since 21 November 2025, 12:00." in shown
        assert not orders or trouble < shown.lower().index("failed – action needed")


def test_a_trouble_is_told_in_a_sentence_and_what_was_seen_of_it_comes_last() -> None:
    """R20: the merchant reads what happened and what to do; the request is for whoever mends it."""
    store = a_store()
    request = "GET https://api.example.com/v1/me was answered 401: The token is not valid.. Check the token"

    for shown in both(compose(store, [about_store(store, "token-refused", request)])):
        sentence = shown.index("Shopping Feed refused the token.")
        advice = shown.index("Enter a valid token")
        detail = shown.index("Original message: GET https://api.example.com/v1/me was answered 401")
        assert sentence < advice < detail
        assert shown.count("GET https://") == 1
        assert "The token is not valid. Check the token." in shown


@pytest.mark.parametrize("message", ["", "401"])
def test_a_trouble_without_a_detail_announces_none(message: str) -> None:
    store = a_store()

    for shown in both(compose(store, [about_store(store, "token-refused", message)])):
        assert ("Original message" in shown) == bool(message)


def test_silence_is_told_with_since_when() -> None:
    """R20: a trouble that has no detail of its own keeps its whole sentence."""
    store = a_store()
    silent = about_store(store, "silent")
    silent.params = {"since": NOON.isoformat()}

    for shown in both(compose(store, [silent])):
        assert "No sync has finished since 21 November 2025, 12:00." in shown


@pytest.mark.parametrize(("code", "hint"), [("no-tracking", True), ("went-back", True), ("", False)])
def test_how_to_retry_an_order_is_said_where_there_is_an_order(code: str, hint: bool) -> None:
    store = a_store()
    notices = [about_order(store, code)] if code else [about_store(store, "token-refused", "401")]

    for shown in both(compose(store, notices)):
        assert ("sfsync retry ORDER" in shown) == hint


def test_warnings_are_a_group_of_their_own_after_the_failures() -> None:
    """R8, R9, R17: went back, unsupported, slow."""
    store = a_store()
    slow = about_order(store, "ticket-slow", {"sent_at": NOON.isoformat()})
    warnings = [about_order(store, "went-back"), about_order(store, "unsupported", {"operation": "refund"}), slow]

    for shown in both(compose(store, [*warnings, about_order(store, "no-tracking")])):
        failing, checking = (shown.lower().index(title) for title in ("failed – action needed", "please check"))
        assert failing < shown.index("Shipped without a tracking number") < checking
        assert checking < shown.index("that cannot be undone from here")
        assert checking < shown.index("does not accept the refund through Shopping Feed")
        assert checking < shown.index("since 21 November 2025, 12:00, for more than a day")


@pytest.mark.parametrize(
    ("language", "planned"),
    [("en", "Next attempt: 21 November 2025, 23:30"), ("fr", "Nouvelle tentative le 21 novembre 2025 à 23:30")],
)
def test_a_planned_retry_is_told_in_local_time(language: str, planned: str) -> None:
    """R16."""
    store = a_store(language=language)
    retried = about_order(store, "ticket-failed", {"parked": False, "retry_at": "2025-11-21T22:30:00+00:00"})

    with timezone.override("Europe/Paris"):
        shown = both(compose(store, [retried]))

    for text in shown:
        assert planned in text
        assert "Europe/Paris" in text


@pytest.mark.parametrize("broken", ["soon", "2025-11-21T22:30:00", "0001-01-01T00:00:00+00:00", "9" * 400])
def test_a_retry_time_from_another_version_is_shown_and_not_fatal(broken: str) -> None:
    store = a_store()

    with timezone.override("America/New_York"):
        mail = compose(store, [about_order(store, "ticket-failed", {"retry_at": broken})])

    assert broken[:100] in str(mail.body)


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("failure", list(Failure))
def test_every_failure_has_its_reason_and_its_advice(failure: Failure, language: str) -> None:
    """R4, R12, R13, R13b, R16, R18: the sentence of the failure, not one of the log with the same code."""
    store = a_store(language=language)
    with translation.override(language):
        params = {"operation": "ship", "message": "Why not"}
        reason, advice = texts.sentence(f"failed-{failure}", {"channel": "Amazon", **params}), texts.advice(failure)

    for shown in both(compose(store, [about_order(store, failure.value, params)])):
        assert reason in shown
        assert advice.replace("`", "") in shown.replace("`", "")


def test_a_refusal_without_a_reason_says_so() -> None:
    """R16: a failed ticket's result may be absent."""
    store = a_store()

    for shown in both(compose(store, [about_order(store, "ticket-failed")])):
        assert "rejected the shipment: no reason given" in shown


def test_a_code_from_another_version_is_shown_as_it_is() -> None:
    store = a_store()

    for shown in both(compose(store, [about_order(store, "brand-new")])):
        assert "brand-new" in shown


def test_equal_reasons_and_advice_are_said_once() -> None:
    store = a_store()

    mail = compose(store, [about_order(store, "no-tracking") for _ in range(10)])

    for shown in both(mail):
        assert shown.count("was not updated") == 1
        assert shown.count("Add the tracking number") == 1


@pytest.mark.parametrize("message", ["", "Refused {}"])
def test_a_bad_day_leaves_no_order_out_and_stays_below_what_mail_programs_cut(message: str) -> None:
    """R20: *every* failing order, 500 of them, for one reason or for 500."""
    store = a_store(language="fr")
    code = "ticket-failed" if message else "no-tracking"
    notices = [about_order(store, code, {"message": message.format(number)}) for number in range(500)]

    mail = compose(store, notices)

    for shown in both(mail):
        words = set(shown.replace(",", " ").replace("(", " ").replace(")", " ").split())
        assert {notice.order.shop_order.shop_reference for notice in notices if notice.order} <= words
        assert {notice.order.reference for notice in notices if notice.order} <= words
    assert page_of(mail).tags.count("td") < 4 * (ROWS + 20)
    assert len(html_of(mail).encode()) < GMAIL_CUTS_AT


def test_the_same_notices_are_the_same_mail() -> None:
    """R13 for mails: the server said yes, we died before noting it; the second copy has the first one's Message-ID."""
    store = a_store()
    notices = [about_order(store, "no-tracking"), about_order(store, "went-back")]

    assert compose(store, notices).message()["Message-ID"] == compose(store, notices).message()["Message-ID"]


def test_other_notices_are_another_mail_even_on_another_machine_with_the_same_numbers() -> None:
    """Two fresh deployments both call their first notice 1: a mail program must not drop one as a copy."""
    store, one = a_store(), about_order(a_store(), "no-tracking")
    two = about_order(store, "no-tracking")
    same_number = about_order(store, "no-tracking")
    same_number.pk, same_number.key, same_number.created_at = one.pk, one.key, NOON + timedelta(microseconds=1)

    ids = {compose(store, notices).message()["Message-ID"] for notices in ([one], [two], [one, two], [same_number])}

    assert len(ids) == 4


@pytest.mark.parametrize(
    ("sender", "domain"),
    [("sfsync@example.com", "example.com"), ("Ma boutique <a@élan.fr>", "xn--lan-9la.fr"), ("nobody", "localhost")],
)
def test_message_id_ends_in_the_senders_domain(settings: Settings, sender: str, domain: str) -> None:
    settings.DEFAULT_FROM_EMAIL = sender
    store = a_store()

    mail = compose(store, [about_order(store, "no-tracking")])

    assert mail.extra_headers["Message-ID"].endswith(f"@{domain}>")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_commands_are_set_apart_from_the_sentence(language: str) -> None:
    store = a_store(language=language)

    html = html_of(compose(store, [about_store(store, "token-refused")]))

    assert ">sfsync doctor</code>" in html
    assert "`" not in html


def test_composing_leaves_the_callers_language_alone() -> None:
    store = a_store(language="fr")
    with translation.override("en"):
        compose(store, [about_order(store, "no-tracking")])

        assert translation.get_language() == "en"


def test_no_secret_of_the_store_is_in_the_mail() -> None:
    store = a_store(token="very-secret-token", shop_secrets={"url": "mysql+pymysql://reader:shop-password@host/shop"})

    mail = compose(store, [about_order(store, "no-tracking"), about_store(store, "token-refused", "401")])

    source = mail.message().as_string() + html_of(mail) + str(mail.body)
    assert "very-secret-token" not in source
    assert "shop-password" not in source


@pytest.mark.parametrize("operation", ["refund", "ship", "deliver", "cancel"])
def test_no_status_breaks_inside_its_word(operation: str) -> None:
    """“Remboursé/e”: the cells of long references may break anywhere, this one never."""
    store = a_store(language="fr")
    mail = compose(store, [about_order(store, "ticket-failed", {"operation": operation, "message": "no"})])
    with translation.override("fr"):
        word = texts.label(operation)
    [cell] = re.findall(rf"<td[^>]*>{word}</td>", str(mail.alternatives[0][0]))
    assert "white-space:nowrap" in cell
    assert "word-break:normal" in cell


def test_what_others_sent_blocks_nothing() -> None:
    """A true subject: the sync went on."""
    mail = compose(a_store(), [about_store(a_store(), "database-behind")])
    assert mail.subject == "[sfsync] main: updates that sfsync did not know of"
