"""A mail server is spoken to in secret wherever it can, and no password leaves this machine in clear."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import SecretStr
from pytest_django import Settings

from sfsync.notify.smtp import NotSecretError, rehearse
from sfsync_server.derived import mail
from sfsync_server.environment import Environment
from tests.database.test_digest_smtp import Inbox, free_port

HERE, ELSEWHERE = "127.0.0.1", "0.0.0.0"
START = Callable[..., "Watching"]


class Watching(Inbox):
    """Keeps whether each conversation was encrypted, and the passwords that it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.port = 0
        self.encrypted: list[bool] = []
        self.passwords: list[bytes] = []

    async def handle_MAIL(self, _server: Any, session: Session, envelope: Any, sender: str, _options: Any) -> str:  # noqa: N802
        self.encrypted.append(session.ssl is not None)
        envelope.mail_from = sender
        return "250 OK"

    def authenticate(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        self.passwords.append(given.password)
        return AuthResult(success=True)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Of this machine, signed by itself."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(each)) for each in (HERE, ELSEWHERE)])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(1), now + timedelta(1))
    signed = made.add_extension(names, critical=True).sign(key, hashes.SHA256())
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path / "certificate.pem"
    path.write_bytes(secret + signed.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def start(certificate: Path) -> Iterator[START]:
    started: list[Controller] = []

    def serve(*, starttls: bool) -> Watching:
        watching = Watching()
        watching.port = free_port()
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
        options = {"tls_context": context} if starttls else {}
        accept = {"authenticator": watching.authenticate, "auth_require_tls": False}
        started.append(Controller(watching, hostname=HERE, port=watching.port, **options, **accept))
        started[-1].start()
        return watching

    yield serve
    for each in started:
        each.stop()


def speak(settings: Settings, server: Watching, host: str, account: str = "", security: Any = "auto") -> None:
    url = SecretStr(f"smtp://{account}{host}:{server.port}")
    for name, value in mail(Environment(smtp_url=url, smtp_security=security, timeout=5)).items():
        setattr(settings, name, value)
    rehearse("sfsync@example.com", ["merchant@example.com"])


ACCOUNT = "merchant:s3cret@"


@pytest.mark.parametrize(
    ("host", "starttls", "account", "security", "encrypted"),
    [
        (HERE, False, "", "auto", False),
        (HERE, False, ACCOUNT, "auto", False),
        (HERE, True, "", "auto", True),
        (HERE, True, ACCOUNT, "auto", True),
        (ELSEWHERE, False, "", "auto", False),
        (ELSEWHERE, True, "", "auto", True),
        (ELSEWHERE, True, ACCOUNT, "auto", True),
        (ELSEWHERE, True, ACCOUNT, "starttls", True),
        (ELSEWHERE, True, ACCOUNT, "none", False),
        (ELSEWHERE, False, ACCOUNT, "none", False),
    ],
)
def test_what_is_offered_is_taken_and_what_is_told_is_done(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    certificate: Path,
    start: START,
    host: str,
    starttls: bool,
    account: str,
    security: str,
    encrypted: bool,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    server = start(starttls=starttls)
    speak(settings, server, host, account, security)
    assert (server.encrypted, server.passwords) == ([encrypted], [b"s3cret"] if account else [])


def test_no_password_leaves_this_machine_in_clear(settings: Settings, start: START) -> None:
    server = start(starttls=False)
    with pytest.raises(NotSecretError, match="offers no STARTTLS, and a password is not sent in clear"):
        speak(settings, server, ELSEWHERE, ACCOUNT)
    assert server.passwords == []


def test_no_password_goes_to_a_server_that_cannot_prove_who_it_is(settings: Settings, start: START) -> None:
    """A mail without one does: encrypted for anybody is better than in clear."""
    server = start(starttls=True)
    with pytest.raises(ssl.SSLCertVerificationError):
        speak(settings, server, ELSEWHERE, ACCOUNT)
    assert server.passwords == []
    speak(settings, server, ELSEWHERE)
    assert server.encrypted == [True]


def test_a_server_that_was_to_offer_starttls_and_does_not_gets_nothing(settings: Settings, start: START) -> None:
    server = start(starttls=False)
    with pytest.raises(Exception, match="STARTTLS"):
        speak(settings, server, HERE, ACCOUNT, "starttls")
    assert (server.encrypted, server.passwords) == ([], [])
