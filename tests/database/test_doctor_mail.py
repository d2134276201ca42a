"""The doctor tries the mail server as a mail would use it: what was refused stays a trouble until it is accepted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from pytest_django import Settings

from sfsync.engine.kit.connections import Live
from sfsync.engine.watch.doctor import examine
from sfsync.engine.watch.finding import Verdict
from sfsync.models import Store
from tests.database.test_digest_smtp import Inbox, free_port, use_server

pytestmark = pytest.mark.django_db


class Strict(Inbox):
    """Refuses a sender, too, and keeps whom it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.refuses_sender = False

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.refuses_sender:
            return "553 Sender not owned by user"
        envelope.mail_from = address
        return "250 OK"


@pytest.fixture
def server(settings: Settings) -> Iterator[Strict]:
    strict = Strict()
    controller = Controller(strict, hostname="127.0.0.1", port=free_port())
    controller.start()
    use_server(settings, controller.port)
    yield strict
    controller.stop()


def said_of_mail() -> tuple[Verdict, str]:
    [found] = [each for each in examine(Live(), tries=0) if each.about == "mail"]
    return found.verdict, found.text


@pytest.fixture
def unmailed() -> Store:
    recipients = ["one@example.com", "two@example.com"]
    store = Store.objects.create(name="main", feed_store_id=10, recipients=recipients)
    store.state.mail_trouble = "refused"
    store.state.save()
    return store


def test_a_refused_sender_is_not_called_well(server: Strict, unmailed: Store) -> None:
    """R20: pretended to be cured, it stays; cured, it goes."""
    server.refuses_sender = True
    verdict, sentence = said_of_mail()
    assert (verdict, "Sender not owned by user" in sentence) == (Verdict.WARNING, True)
    server.refuses_sender = False
    assert said_of_mail()[0] is Verdict.OK


def test_a_refused_recipient_is_not_called_well(server: Strict, unmailed: Store) -> None:
    """R20."""
    server.unknown.add("two@example.com")
    verdict, sentence = said_of_mail()
    assert (verdict, "two@example.com" in sentence) == (Verdict.WARNING, True)
    server.unknown.clear()
    assert said_of_mail()[0] is Verdict.OK


def test_trying_the_mail_server_sends_nothing(server: Strict, unmailed: Store) -> None:
    """R20."""
    assert said_of_mail()[0] is Verdict.OK
    assert server.envelopes == []
