"""Settings that are right one by one and wrong together are named by the doctor, and so is what it read them from."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sfsync_server.consistency import contradictions, places
from sfsync_server.environment import load

MAIL = {"smtp_url": "smtp://user:tell-nobody@mail.example.com", "mail_from": "shop@example.com"}
PAGES = {"url": "https://sync.example.com", "allowed_hosts": "sync.example.com"}


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("SFSYNC_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SFSYNC_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


def said(monkeypatch: pytest.MonkeyPatch, settings: dict[str, str]) -> list[str]:
    for name, value in settings.items():
        monkeypatch.setenv(f"SFSYNC_{name.upper()}", value)
    return list(contradictions(load()))


@pytest.mark.parametrize(
    "settings",
    [
        {},
        PAGES,
        PAGES | {"allowed_hosts": "localhost, .example.com"},
        PAGES | {"allowed_hosts": "*"},
        PAGES | {"url": "https://sync.example.com:8443/sync"},
        {"url": "http://localhost:8000", "https": "false"},
        {"url": "http://localhost:8000"},
        MAIL,
        {"smtp_url": "smtp://127.0.0.1"},
        MAIL | {"smtp_url": "smtp://mail.example.com", "smtp_security": "none"},
        {"broker_url": "redis://host", "database_url": "postgresql://u:p@h/n"},
        {"lease_seconds": "60", "timeout": "30"},
        {"proxies": "10.0.0.0/8"},
    ],
)
def test_what_agrees_is_not_doubted(monkeypatch: pytest.MonkeyPatch, settings: dict[str, str]) -> None:
    assert said(monkeypatch, settings) == []


@pytest.mark.parametrize(
    ("settings", "beginning"),
    [
        (
            PAGES | {"allowed_hosts": "localhost"},
            "SFSYNC_URL names sync.example.com, and SFSYNC_ALLOWED_HOSTS does not",
        ),
        (PAGES | {"url": "https://[::1]/"}, "SFSYNC_URL names ::1, and SFSYNC_ALLOWED_HOSTS does not"),
        (
            PAGES | {"url": "http://sync.example.com", "https": "true"},
            "SFSYNC_URL begins with http://, and SFSYNC_HTTPS",
        ),
        (PAGES | {"https": "false"}, "SFSYNC_URL begins with https://, and SFSYNC_HTTPS is false"),
        ({"proxies": "127.0.0.1, *"}, "SFSYNC_PROXIES believes everybody"),
        (MAIL | {"mail_from": "sfsync@localhost"}, "SFSYNC_MAIL_FROM is sfsync@localhost, which many"),
        (MAIL | {"mail_from": "Shop <a@localhost>"}, "SFSYNC_MAIL_FROM is Shop <a@localhost>, which many"),
        (MAIL | {"smtp_security": "none"}, "SFSYNC_SMTP_SECURITY is none: the password"),
        ({"broker_url": "redis://host"}, "SFSYNC_BROKER_URL is set, and the database is an SQLite file"),
        ({"lease_seconds": "59", "timeout": "30"}, "SFSYNC_LEASE_SECONDS is 59 and SFSYNC_TIMEOUT 30"),
    ],
)
def test_what_contradicts_itself_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], beginning: str
) -> None:
    [sentence] = said(monkeypatch, settings)
    assert sentence.startswith(beginning)
    assert "tell-nobody" not in sentence


@pytest.mark.parametrize(
    ("url", "database"),
    [
        ("", "{here}/sfsync.sqlite3"),
        ("sqlite:///data.sqlite3", "{here}/data.sqlite3"),
        ("sqlite:////srv/data.sqlite3", "/srv/data.sqlite3"),
        ("postgresql://u:tell-nobody@db1,db2:5433/name", "name at db1,db2:5433"),
        ("postgresql:///name", "name at this machine"),
    ],
)
def test_the_doctor_names_the_files_and_the_database(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str, database: str
) -> None:
    """A crontab that runs in another folder reads another .env, and maybe another database."""
    monkeypatch.setenv("SFSYNC_DATABASE_URL", url)
    there = f"; home {tmp_path}; database {database.format(here=tmp_path)}"
    assert places(load()) == f"read from the environment alone (no .env here){there}"
    (tmp_path / ".env").touch()
    assert places(load()) == f"read from the environment and {tmp_path}/.env{there}"
