"""R20 over a real mail server: the digest arrives as it was written, or the sender knows that it did not."""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from time import monotonic

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from pydantic import SecretStr
from pytest_django import Settings

from sfsync.models import MarketplaceOrder, Notice, Order, Store
from sfsync.notify.digest import compose
from sfsync_server.derived import mail
from sfsync_server.environment import Environment
from tests.notices import Page

pytestmark = pytest.mark.django_db


class Inbox:
    """Keeps what arrives; refuses the recipients it was told to refuse."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.unknown: set[str] = set()

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.unknown:
            return "550 No such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.envelopes.append(envelope)
        return "250 Kept"

    def mails(self) -> list[EmailMessage]:
        return [message_from_bytes(content, policy=policy.default) for content in self.contents()]

    def contents(self) -> list[bytes]:
        return [envelope.content for envelope in self.envelopes if isinstance(envelope.content, bytes)]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def use_server(settings: Settings, port: int) -> None:
    """What a deployment with this `SFSYNC_SMTP_URL` would have."""
    environment = Environment(smtp_url=SecretStr(f"smtp://127.0.0.1:{port}"), mail_from="sfsync@example.com")
    for name, value in mail(environment).items():
        setattr(settings, name, value)
    settings.DEFAULT_FROM_EMAIL = environment.mail_from


@pytest.fixture
def inbox(settings: Settings) -> Iterator[Inbox]:
    kept = Inbox()
    server = Controller(kept, hostname="127.0.0.1", port=free_port())
    server.start()
    use_server(settings, server.port)
    yield kept
    server.stop()


@pytest.fixture
def store() -> Store:
    return Store.objects.create(
        name="main",
        feed_store_id=10,
        token="very-secret-token",
        shop_secrets={"url": "mysql+pymysql://reader:shop-password@host/shop"},
        recipients=["merchant@example.com", "second@example.com"],
    )


def saved_notices(store: Store) -> list[Notice]:
    """An order refused because of its tracking number and a store in trouble, as the engine writes and reads them."""
    made = datetime(2025, 11, 21, tzinfo=UTC)
    there = {"reference": "2511211530AB12", "channel": "Cdiscount"}
    order = MarketplaceOrder.objects.create(store=store, created_at=made, **there)
    here = {"key": "5", "shop_reference": "KHWLILZLL"}
    Order.objects.create(store=store, marketplace_order=order, created_at=made, **here)
    params = {"operation": "ship", "message": "Numéro refusé\u202e <b>", "parked": True, "retry_at": ""}
    Notice.objects.create(store=store, order=order, key="failed:5", code="ticket-failed", params=params)
    Notice.objects.create(store=store, key="trouble", code="shop-unavailable", params={"message": "Délai dépassé."})
    return list(Notice.objects.filter(store=store).prefetch_related("order__shop_orders"))


@pytest.mark.parametrize(
    ("language", "subject", "reason", "status"),
    [
        (
            "en",
            "[sfsync] main: synchronisation is blocked, and 1 order needs attention (1 rejected)",
            "Cdiscount rejected the shipment: “Numéro refusé� <b>”",
            "Shipped",
        ),
        (
            "fr",
            "[sfsync] main\u00a0: la synchronisation est bloquée et 1 commande à traiter (1 refus)",
            "Cdiscount a refusé l’expédition\u00a0: «\u00a0Numéro refusé� <b>\u00a0»",
            "Expédiée",
        ),
    ],
)
def test_a_digest_arrives_in_the_stores_language(
    inbox: Inbox, store: Store, language: str, subject: str, reason: str, status: str
) -> None:
    store.language = language

    assert compose(store, saved_notices(store)).send() == 1

    [arrived] = inbox.mails()
    assert arrived["Subject"].strip() == subject
    assert arrived.get_content_type() == "multipart/alternative"
    text, html = arrived.iter_parts()
    assert [text.get_content_type(), html.get_content_type()] == ["text/plain", "text/html"]
    assert text.get_content_charset() == html.get_content_charset() == "utf-8"
    page = Page(html.get_content())
    for shown in (text.get_content(), page.text):
        assert reason in shown
        assert "KHWLILZLL" in shown
        assert "Délai dépassé." in shown
    assert status in page.text
    assert f'lang="{language}"' in html.get_content()


def test_envelope_and_headers_are_what_a_mail_server_expects(inbox: Inbox, store: Store) -> None:
    compose(store, saved_notices(store)).send()

    [envelope], [arrived] = inbox.envelopes, inbox.mails()
    assert envelope.mail_from == "sfsync@example.com"
    assert envelope.rcpt_tos == ["merchant@example.com", "second@example.com"]
    assert arrived["Auto-Submitted"] == "auto-generated"
    assert arrived["Message-ID"].endswith("@example.com>")
    assert max(len(line) for content in inbox.contents() for line in content.splitlines()) <= 998


def test_a_mail_sent_twice_by_a_crash_has_one_message_id(inbox: Inbox, store: Store) -> None:
    """Killed between the server's yes and our note: the notices are read again, and the copy is recognisable."""
    compose(store, saved_notices(store)).send()
    compose(store, list(Notice.objects.prefetch_related("order__shop_orders"))).send()

    first, second = inbox.mails()
    assert first["Message-ID"] == second["Message-ID"]


def test_no_secret_leaves_with_the_mail(inbox: Inbox, store: Store) -> None:
    compose(store, saved_notices(store)).send()

    [arrived] = inbox.mails()
    whole = "".join(part.get_content() for part in arrived.iter_parts()) + str(arrived)
    assert "very-secret-token" not in whole
    assert "shop-password" not in whole


def test_a_server_that_is_down_is_known_at_once(settings: Settings, store: Store) -> None:
    use_server(settings, free_port())
    started = monotonic()

    with pytest.raises(OSError, match="refused"):
        compose(store, saved_notices(store)).send()

    assert monotonic() - started < 5


def test_a_server_that_never_answers_does_not_hold_the_run_for_ever(settings: Settings, store: Store) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        use_server(settings, silent.getsockname()[1])
        assert Environment().timeout == settings.EMAIL_TIMEOUT
        settings.EMAIL_TIMEOUT = 0.2
        started = monotonic()

        with pytest.raises((OSError, smtplib.SMTPException)):
            compose(store, saved_notices(store)).send()

    assert monotonic() - started < 5


def test_a_server_that_refuses_everybody_is_heard(inbox: Inbox, store: Store) -> None:
    inbox.unknown = set(store.recipients)

    with pytest.raises(smtplib.SMTPRecipientsRefused):
        compose(store, saved_notices(store)).send()

    assert inbox.envelopes == []
