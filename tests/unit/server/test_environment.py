"""The deployment's settings: each one right, each one wrong, and never a secret in what is said about it."""

from __future__ import annotations

import os
import stat
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from sfsync_server.derived import mail
from sfsync_server.environment import Environment, load
from sfsync_server.errors import SettingsError
from sfsync_server.own_database import database
from sfsync_server.rotation import alone, renew_secret_key
from sfsync_server.secret_keys import former_secret_keys, secret_key
from sfsync_server.unread_settings import ignored

LONG = "0123456789-0123456789"


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing is set but a home, and there is no .env."""
    for name in [name for name in os.environ if name.startswith("SFSYNC_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SFSYNC_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


def test_nothing_has_to_be_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SFSYNC_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    environment = load()
    assert environment.home == tmp_path / ".sfsync"
    assert (environment.timeout, environment.lease_seconds, environment.paced) == (30, 180, True)


@pytest.mark.parametrize("empty", ["", "  "])
def test_an_empty_home_is_none_and_not_the_current_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, empty: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "account"))
    monkeypatch.setenv("SFSYNC_HOME", empty)
    assert load().home == tmp_path / "account" / ".sfsync"


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("home", "/var/lib/sfsync", Path("/var/lib/sfsync")),
        ("database_url", "postgresql://u:p@host/name", SecretStr("postgresql://u:p@host/name")),
        ("database_url", "sqlite:////var/lib/sfsync.sqlite3", SecretStr("sqlite:////var/lib/sfsync.sqlite3")),
        ("secret_key", LONG, SecretStr(LONG)),
        ("smtp_url", "smtps://user:pass@host", SecretStr("smtps://user:pass@host")),
        ("mail_from", "shop@example.com", "shop@example.com"),
        ("mail_from", "Our shop <shop@example.com>", "Our shop <shop@example.com>"),
        ("allowed_hosts", "a.example.com, .example.org,127.0.0.1,[::1]", "a.example.com, .example.org,127.0.0.1,[::1]"),
        ("plain_http_hosts", "sandbox", "sandbox"),
        ("timeout", "2.5", 2.5),
        ("lease_seconds", "60", 60),
        ("ticket_lag_seconds", "0", 0.0),
        ("poll_seconds", "0.5", 0.5),
        ("concurrency", "10", 10),
        ("paced", "no", False),
        ("silence_minutes", "120", 120),
        ("patience_hours", "48", 48),
        ("sweep_days", "30", 30),
        ("log_level", "INFO", "INFO"),
        ("https", "false", False),
        ("cron_key", LONG, SecretStr(LONG)),
        ("metrics_key", LONG, SecretStr(LONG)),
        ("broker_url", "redis://host/1", SecretStr("redis://host/1")),
        ("outgoing_proxy", "http://u:p@proxy:3128", SecretStr("http://u:p@proxy:3128")),
        ("outgoing_proxy", "https://proxy", SecretStr("https://proxy")),
        ("time_zone", "Europe/Paris", "Europe/Paris"),
        ("url", "https://sync.example.com", "https://sync.example.com"),
    ],
)
def test_a_setting_is_read_from_the_environment_or_from_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, text: str, value: Any
) -> None:
    """`SFSYNC_X`, and `SFSYNC_X_FILE`, which wins over a line of .env."""
    monkeypatch.setenv(f"SFSYNC_{name.upper()}", text)
    assert getattr(load(), name) == value
    monkeypatch.delenv(f"SFSYNC_{name.upper()}")
    (tmp_path / ".env").write_text(f"SFSYNC_{name.upper()}=something else\n")
    (tmp_path / "value").write_text(f"{text}\n")
    monkeypatch.setenv(f"SFSYNC_{name.upper()}_FILE", str(tmp_path / "value"))
    assert getattr(load(), name) == value


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        (
            "database_url",
            "mysql://u:tell-nobody@host/name",
            "SFSYNC_DATABASE_URL takes sqlite:///path or postgresql://",
        ),
        (
            "database_url",
            "postgresql://u:tell-nobody@host",
            "SFSYNC_DATABASE_URL takes sqlite:///path or postgresql://",
        ),
        ("database_url", "postgresql://u:tell-nobody/x@host/name", "SFSYNC_DATABASE_URL is not an address"),
        ("database_url", "sqlite://tell-nobody.sqlite3", "SFSYNC_DATABASE_URL takes sqlite:///path"),
        ("database_url", "sqlite:///:memory:", "SFSYNC_DATABASE_URL takes sqlite:///path"),
        (
            "allowed_hosts",
            "https://sync.example.com",
            "SFSYNC_ALLOWED_HOSTS is “https://sync.example.com”, but takes host names, separated by commas, without https://",
        ),
        (
            "allowed_hosts",
            "localhost,sync.example.com:8000",
            "SFSYNC_ALLOWED_HOSTS is “localhost,sync.example.com:8000”, but takes host names, separated by commas",
        ),
        (
            "plain_http_hosts",
            "http://sandbox",
            "SFSYNC_PLAIN_HTTP_HOSTS is “http://sandbox”, but takes host names, separated by commas, without https://",
        ),
        ("mail_from", "", "SFSYNC_MAIL_FROM is empty, but takes an address, like shop@example.com"),
        ("mail_from", "our shop", "SFSYNC_MAIL_FROM is “our shop”, but takes an address, like shop@example.com"),
        (
            "mail_from",
            "a@example.com\tb",
            "SFSYNC_MAIL_FROM is “a@example.com\tb”, but takes an address, like shop@example.com",
        ),
        ("smtp_url", "mail.example.com", "SFSYNC_SMTP_URL takes smtp://host:25"),
        ("smtp_url", "smtp://", "SFSYNC_SMTP_URL takes smtp://host:25"),
        ("smtp_url", "smtp://user:tell-nobody/x@host:587", "SFSYNC_SMTP_URL is not an address"),
        ("secret_key", "tell-nobody", "SFSYNC_SECRET_KEY takes at least 20 characters"),
        ("cron_key", "tell-nobody", "SFSYNC_CRON_KEY takes at least 20 characters"),
        ("metrics_key", "tell-nobody", "SFSYNC_METRICS_KEY takes at least 20 characters"),
        ("timeout", "0", "SFSYNC_TIMEOUT is “0”, but takes a number from 1 to 60."),
        ("timeout", "soon", "SFSYNC_TIMEOUT is “soon”, but takes a number from 1 to 60."),
        ("timeout", "", "SFSYNC_TIMEOUT is empty, but takes a number from 1 to 60."),
        ("lease_seconds", "1", "SFSYNC_LEASE_SECONDS is “1”, but takes a whole number from 5 to 3600."),
        ("lease_seconds", "7.5", "SFSYNC_LEASE_SECONDS is “7.5”, but takes a whole number from 5 to 3600."),
        ("ticket_lag_seconds", "-1", "SFSYNC_TICKET_LAG_SECONDS is “-1”, but takes a number from 0 to 3600."),
        ("poll_seconds", "0", "SFSYNC_POLL_SECONDS is “0”, but takes a number from 0.05 to 3600."),
        ("concurrency", "11", "SFSYNC_CONCURRENCY is “11”, but takes a whole number from 1 to 10."),
        ("paced", "perhaps", "SFSYNC_PACED is “perhaps”, but takes true or false."),
        ("silence_minutes", "0", "SFSYNC_SILENCE_MINUTES is “0”, but takes a whole number from 1 to 525600."),
        ("silence_minutes", "9" * 20, f"SFSYNC_SILENCE_MINUTES is “{'9' * 20}”, but takes a whole number from 1 to"),
        ("patience_hours", "0", "SFSYNC_PATIENCE_HOURS is “0”, but takes a whole number from 1 to 8760."),
        ("patience_hours", "99999999999", "SFSYNC_PATIENCE_HOURS is “99999999999”, but takes a whole number from 1"),
        ("outgoing_proxy", "user:tell-nobody@proxy:3128", "SFSYNC_OUTGOING_PROXY takes http://host:port, https://host"),
        ("outgoing_proxy", "proxy:3128", "SFSYNC_OUTGOING_PROXY takes http://host:port"),
        ("outgoing_proxy", "ftp://user:tell-nobody@proxy", "SFSYNC_OUTGOING_PROXY takes http://host:port"),
        ("outgoing_proxy", "http://user:tell-nobody@", "SFSYNC_OUTGOING_PROXY takes http://host:port"),
        ("outgoing_proxy", "http://user:tell nobody@proxy", "SFSYNC_OUTGOING_PROXY takes http://host:port"),
        ("outgoing_proxy", "http://proxy:0", "SFSYNC_OUTGOING_PROXY takes http://host:port"),
        ("outgoing_proxy", "http://proxy:99999", "SFSYNC_OUTGOING_PROXY is not an address"),
        ("outgoing_proxy", "http://user:tell-nobody/x@proxy", "SFSYNC_OUTGOING_PROXY is not an address"),
        ("outgoing_proxy", "http://[proxy", "SFSYNC_OUTGOING_PROXY is not an address"),
        ("timeout", "nan", "SFSYNC_TIMEOUT is “nan”, but takes a number from 1 to 60."),
        ("poll_seconds", "inf", "SFSYNC_POLL_SECONDS is “inf”, but takes a number from 0.05 to 3600."),
        ("sweep_days", "4000", "SFSYNC_SWEEP_DAYS is “4000”, but takes a whole number from 1 to 3650."),
        ("log_level", "LOUD", "SFSYNC_LOG_LEVEL is “LOUD”, but takes DEBUG, INFO, WARNING or ERROR."),
        ("log_level", "x" * 500, f"SFSYNC_LOG_LEVEL is “{'x' * 60}”, but takes DEBUG"),
        ("https", "maybe", "SFSYNC_HTTPS is “maybe”, but takes true or false."),
        ("time_zone", "Paris", "SFSYNC_TIME_ZONE is “Paris”, but takes a time zone, like Europe/Paris."),
        ("url", "sync.fr", "SFSYNC_URL is “sync.fr”, but takes the address of the back office, like https://sync."),
        ("url", "https://u:secret@sync.fr", "SFSYNC_URL takes the address of the back office"),
    ],
)
def test_a_wrong_setting_is_refused_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str, sentence: str
) -> None:
    """Its name, what was written, unless that may be a secret, and what it takes, on one line."""
    monkeypatch.setenv(f"SFSYNC_{name.upper()}", text)
    with pytest.raises(SettingsError) as refused:
        load()
    said = str(refused.value)
    assert said.startswith(sentence)
    assert "nobody" not in said
    assert "Input should" not in said
    assert said.count("\n") == 0


def test_every_wrong_setting_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SFSYNC_TIMEOUT", "0")
    monkeypatch.setenv("SFSYNC_TIME_ZONE", "Paris")
    with pytest.raises(SettingsError) as refused:
        load()
    assert [line.split()[0] for line in str(refused.value).splitlines()] == ["SFSYNC_TIMEOUT", "SFSYNC_TIME_ZONE"]


# --- what is no setting -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("SFSYNC_DATABSE_URL", "SFSYNC_DATABASE_URL"),
        ("SFSYNC_TIMEZONE", "SFSYNC_TIME_ZONE"),
        ("SFSYNC_SMTP_URI", "SFSYNC_SMTP_URL"),
        ("SFSYNC_SMTP_URL_FIEL", "SFSYNC_SMTP_URL_FILE"),
        ("sfsync_alowed_hosts", "SFSYNC_ALLOWED_HOSTS"),
        ("SFSYNC_OIDC_SECRET", "SFSYNC_OIDC_CLIENT_SECRET"),
        ("SFSYNC_OIDC_ID", "SFSYNC_OIDC_CLIENT_ID"),
        ("SFSYNC_OIDC_CLAIM", "SFSYNC_OIDC_GROUPS_CLAIM"),
        ("SFSYNC_PLAIN_HOSTS", "SFSYNC_PLAIN_HTTP_HOSTS"),
    ],
)
def test_a_misspelt_setting_is_told_with_the_right_name_and_without_its_value(
    monkeypatch: pytest.MonkeyPatch, name: str, near: str
) -> None:
    monkeypatch.setenv(name, "tell-nobody")
    assert ignored() == [f"{name.upper()} is no setting of sfsync, and is ignored. Is {near} meant?"]


def test_a_misspelt_setting_in_dotenv_is_told_too(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SFSYNC_TIMEUOT=tell-nobody\nOTHER=1\nSFSYNC_TIMEOUT=5\n")
    assert ignored() == ["SFSYNC_TIMEUOT is no setting of sfsync, and is ignored. Is SFSYNC_TIMEOUT meant?"]


def test_the_file_form_in_dotenv_is_told_to_be_ignored(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SFSYNC_SMTP_URL_FILE=/run/secrets/smtp\n")
    [said] = ignored()
    assert said.startswith("SFSYNC_SMTP_URL_FILE in .env is ignored: ")


@pytest.mark.parametrize(
    "name",
    [
        *("SFSYNC_TIMEOUT", "SFSYNC_SMTP_URL_FILE", "sfsync_timeout"),
        *("SFSYNC_TEST_DATABASE", "SFSYNC_TEST_DATABASE_URL"),
        *("SFSYNC_PORT", "SFSYNC_SERVICE_HOST", "SFSYNC_PORT_8000_TCP_ADDR"),
        *("SFSYNC_IMAGE", "SFSYNC_VERSION", "SFSYNC_TOKEN", "SFSYNC_SHOP_URL", "TIMEUOT"),
    ],
)
def test_what_is_a_setting_or_somebody_elses_is_no_misspelt_one(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Tests, Kubernetes, a compose file, and the variable that a `token_env` names."""
    monkeypatch.setenv(name, "5")
    assert ignored() == []


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"", b"\xef\xbb\xbf \n"])
def test_a_file_that_cannot_be_read_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setenv("SFSYNC_SMTP_URL_FILE", str(path))
    with pytest.raises(SettingsError, match=f"SFSYNC_SMTP_URL_FILE names {path}, which "):
        load()


@pytest.mark.parametrize("path", ["", " "])
@pytest.mark.parametrize("name", ["SECRET_KEY", "DATABASE_URL", "TIMEOUT"])
def test_a_file_without_a_name_takes_no_default_in_silence(
    monkeypatch: pytest.MonkeyPatch, name: str, path: str
) -> None:
    monkeypatch.setenv(f"SFSYNC_{name}_FILE", path)
    with pytest.raises(SettingsError, match=f"SFSYNC_{name}_FILE is empty, but takes the name of a file."):
        load()


def test_no_secret_shows_in_a_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "SMTP_URL"):
        monkeypatch.setenv(
            f"SFSYNC_{name}", f"{'postgresql' if name == 'DATABASE_URL' else 'smtp'}://u:tell-nobody@h/n"
        )
    for name in ("SECRET_KEY", "FORMER_SECRET_KEYS", "CRON_KEY", "METRICS_KEY", "BROKER_URL"):
        monkeypatch.setenv(f"SFSYNC_{name}", "tell-nobody-tell-nobody")
    assert "tell-nobody" not in f"{load()!r} {load()}"


# --- the secret key ---------------------------------------------------------------------------------------------------


def test_the_secret_key_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    first = secret_key(load())
    assert len(first) >= 50
    assert secret_key(load()) == first
    assert stat.S_IMODE((tmp_path / "home" / "secret-key").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o700
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["secret-key"]


def test_two_processes_that_start_at_once_get_the_same_key() -> None:
    """Twenty of them, at the same instant: the first one's is everybody's."""
    environment, together = load(), threading.Barrier(20)

    def start(_: int) -> str:
        together.wait(timeout=30)
        return secret_key(environment)

    with ThreadPoolExecutor(20) as pool:
        assert len(set(pool.map(start, range(20)))) == 1


def test_a_key_that_is_given_is_used_and_not_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SFSYNC_SECRET_KEY", LONG)
    assert secret_key(load()) == LONG
    with alone(load()):
        assert not renew_secret_key(load(), nothing_needs)
    assert not (tmp_path / "home").exists()


def test_a_renewed_key_keeps_the_former_one_and_every_older_one_that_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest first, after those that were given."""
    first = secret_key(load())
    assert former_secret_keys(load()) == []
    assert renew_secret_key(load(), nothing_needs)
    second = secret_key(load())
    assert renew_secret_key(load(), first.__eq__)
    monkeypatch.setenv("SFSYNC_FORMER_SECRET_KEYS", "older, oldest,")
    assert former_secret_keys(load()) == ["older", "oldest", second, first]
    third = secret_key(load())
    assert len({first, second, third}) == 3
    assert renew_secret_key(load(), nothing_needs)
    assert former_secret_keys(load()) == ["older", "oldest", third]


def test_nobody_else_renews_the_key_meanwhile() -> None:
    refused = pytest.raises(SettingsError, match="Another `sfsync rotate-key` is in progress")
    with alone(load()), refused, alone(load()):
        pytest.fail("both are at it")
    with alone(load()):
        assert secret_key(load())


def test_an_empty_key_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "secret-key").write_text("\n")
    with pytest.raises(SettingsError, match="secret-key is empty"):
        secret_key(load())


def test_a_home_that_cannot_be_used_is_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SFSYNC_HOME", str(tmp_path / "file" / "home"))
    for use in (secret_key, former_secret_keys, partial(renew_secret_key, needed=nothing_needs), alone_at):
        with pytest.raises(SettingsError, match=r"SFSYNC_HOME \(.*\) cannot be used: Not a directory\."):
            use(load())


def nothing_needs(key: str) -> bool:
    return False


def alone_at(environment: Environment) -> None:
    with alone(environment):
        pytest.fail("nothing is locked there")


# --- what Django gets -------------------------------------------------------------------------------------------------


def environment(**settings: str) -> Environment:
    given: dict[str, Any] = {name: SecretStr(text) for name, text in settings.items()}
    return Environment(**given)


def test_the_database_is_a_file_in_home_unless_told_otherwise(tmp_path: Path) -> None:
    settings = database(environment())
    assert (settings["ENGINE"], settings["NAME"]) == (
        "django.db.backends.sqlite3",
        str(tmp_path / "home" / "sfsync.sqlite3"),
    )
    assert "journal_mode=WAL" in settings["OPTIONS"]["init_command"]
    assert database(environment(database_url="sqlite:////srv/a%20b.sqlite3"))["NAME"] == "/srv/a b.sqlite3"
    assert database(environment(database_url="sqlite:///here.sqlite3"))["NAME"] == "here.sqlite3"


def test_postgresql_without_its_driver_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not a page of traceback from every command."""
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(SettingsError, match="install sfsync with its extra `postgres`"):
        database(environment(database_url="postgresql://u:p@host/name"))


def test_postgresql_gets_its_parts_and_its_options() -> None:
    """What the server is asked for (TLS) is not dropped silently."""
    url = "postgresql://shop%40home:p%2Fw@db.example.com:5433/sfsync?sslmode=verify-full&sslrootcert=/etc/ca.pem"
    settings = database(environment(database_url=url))
    parts = [settings[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")]
    assert parts == ["sfsync", "shop@home", "p/w", "db.example.com", "5433"]
    assert settings["OPTIONS"]["sslmode"] == "verify-full"
    assert settings["OPTIONS"]["sslrootcert"] == "/etc/ca.pem"
    assert settings["OPTIONS"]["connect_timeout"] == 10


def test_several_postgresql_servers_keep_their_ports_and_no_limit_goes_with_the_start() -> None:
    """PgBouncer refuses options of the start that it does not know."""
    settings = database(environment(database_url="postgresql://u:p%2Cw@db1,db2:5433,[::1]/n?target_session_attrs=rw"))
    assert [settings[name] for name in ("PASSWORD", "HOST", "PORT")] == ["p,w", "db1,db2,::1", "5432,5433,5432"]
    assert settings["OPTIONS"] == {"connect_timeout": 10, "target_session_attrs": "rw"}


@pytest.mark.parametrize(
    ("url", "port", "tls", "ssl"),
    [
        ("smtp://mail.example.com", 25, False, False),
        ("smtp://mail.example.com:587", 587, True, False),
        ("smtps://mail.example.com", 465, False, True),
        ("smtps://mail.example.com:1465", 1465, False, True),
    ],
)
def test_mail_goes_as_the_address_says(url: str, port: int, tls: bool, ssl: bool) -> None:
    settings = mail(environment(smtp_url=url.replace("//", "//merchant%40shop:p%3Aw@")))
    assert (settings["EMAIL_HOST"], settings["EMAIL_PORT"]) == ("mail.example.com", port)
    assert (settings["EMAIL_USE_TLS"], settings["EMAIL_USE_SSL"]) == (tls, ssl)
    assert (settings["EMAIL_HOST_USER"], settings["EMAIL_HOST_PASSWORD"]) == ("merchant@shop", "p:w")
    assert settings["EMAIL_TIMEOUT"] == 30


def test_without_a_mail_server_every_mail_says_so() -> None:
    assert mail(environment()) == {"EMAIL_BACKEND": "sfsync.notify.smtp.NoServer"}
