"""A merchant's machine, and what it talks to: a Shopping Feed over HTTP and a mail server."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from shoppingfeed.sandbox import Sandbox, Server
from tests.e2e.machine import Machine


class Inbox:
    """Keeps every mail that arrives."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.url = ""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 Kept"


@pytest.fixture(scope="module")
def inbox() -> Iterator[Inbox]:
    kept = Inbox()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    server = Controller(kept, hostname="127.0.0.1", port=port)
    server.start()
    kept.url = f"smtp://127.0.0.1:{port}"
    yield kept
    server.stop()


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox()


@pytest.fixture
def feed(sandbox: Sandbox) -> Iterator[Server]:
    """The sandbox over HTTP."""
    with sandbox.serve() as server:
        yield server


@pytest.fixture(scope="session")
def migrated_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a deployment whose tables were made."""
    home = tmp_path_factory.mktemp("migrated")
    answer = Machine(home).sfsync("migrate")
    assert (answer.status, answer.out, answer.err) == (0, "The tables are up to date.\n", "")
    return home


@pytest.fixture
def machine(migrated_home: Path, tmp_path: Path) -> Machine:
    """A deployment with its tables and no store yet."""
    shutil.copytree(migrated_home, tmp_path / "home")
    return Machine(tmp_path / "home")
