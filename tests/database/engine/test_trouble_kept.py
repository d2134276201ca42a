"""What is kept of an exception that stopped a store holds no password."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings
from typer.testing import CliRunner

from sfsync.engine.kit.trouble import stopped_by
from sfsync.models import LogEntry, Notice
from sfsync.testing import World
from sfsync_server.cli import app


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Unknown scheme for proxy URL URL('user:pa55w0rd@proxy:3128')", "URL URL('proxy:3128')"),
        ("no route to http://user:pa55w0rd@proxy:3128/", "no route to http://proxy:3128/"),
        ("no route to http://user:pa55w0rd/x@proxy:3128", "no route to http://proxy:3128"),
        ("no route to mysql+pymysql://user:pa55w0rd%40@db/shop, twice", "no route to mysql+pymysql://db/shop, twice"),
        ("no route to http://pa55w0rd@proxy", "no route to http://proxy"),
        ("Access denied for user 'reader'@'127.0.0.1'", "Access denied for user 'reader'@'127.0.0.1'"),
        ("<claire@example.com>: mailbox full", "<claire@example.com>: mailbox full"),
        ('{"email":"claire@example.com"}', '{"email":"claire@example.com"}'),
        ("at https://example.com/a@b: 404", "at https://example.com/a@b: 404"),
    ],
)
def test_what_is_kept_has_no_account_of_an_address(said: str, kept: str) -> None:
    detail = stopped_by(ValueError(said)).detail
    assert detail.endswith(kept)
    assert "pa55w0rd" not in detail


@given(
    st.from_regex(r"[A-Za-z0-9._~%!$&()*+,;=-]{8,20}", fullmatch=True), st.sampled_from(["", "http://", "socks5://"])
)
def test_no_password_of_an_address_is_kept(password: str, scheme: str) -> None:
    detail = stopped_by(ValueError(f"wrong: '{scheme}claire:{password}@proxy:3128'")).detail
    assert detail == f"wrong: '{scheme}proxy:3128'"


def test_a_proxy_of_a_project_that_forgot_its_scheme_is_told_without_its_password(
    world: World, settings: Settings
) -> None:
    """A Django project's own setting is not checked by the server's."""
    settings.SFSYNC = {**settings.SFSYNC, "proxy": "user:pa55w0rd@proxy:3128"}
    result = CliRunner().invoke(app, ["sync"])
    assert result.exit_code == 1
    kept = [*LogEntry.objects.values_list("message", "params"), *Notice.objects.values_list()]
    assert kept
    assert "proxy:3128" in result.output + str(kept)
    assert "pa55w0rd" not in result.output + str(kept)
