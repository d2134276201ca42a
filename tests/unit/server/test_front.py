"""Addresses count only as a trusted proxy names them; the path under which the pages are shown is theirs or not."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from sfsync_server.front import Front, are_proxies, both_forms

PROXY, OTHER, ASKER = "127.0.0.1", "10.0.0.2", "203.0.113.9"


def seen(environ: dict[str, str], proxies: str = "127.0.0.1,10.0.0.0/8,2001:db8::/32", path: str = "") -> Any:
    """What the application behind it is handed."""
    given: dict[str, Any] = {}
    front = Front(lambda inner, _start: given.update(inner) or [], proxies=proxies, path=path, https=True)
    front({**environ}, lambda *_: None)
    return given


@pytest.mark.parametrize(
    ("sender", "forwarded", "asker"),
    [
        (PROXY, ASKER, ASKER),
        (PROXY, f"{ASKER}:4711", ASKER),
        (PROXY, "[2001:db9::7]:4711", "2001:db9::7"),
        (PROXY, f"198.51.100.1, {ASKER}", ASKER),
        (PROXY, f"198.51.100.1, {ASKER}, {OTHER}", ASKER),
        (PROXY, f"{ASKER},2001:db8::5", ASKER),
        (PROXY, f"{ASKER}, unknown", PROXY),
        (PROXY, f"{ASKER}, nonsense, {OTHER}", OTHER),
        (PROXY, "", PROXY),
        ("", ASKER, ASKER),
        (ASKER, "198.51.100.1", ASKER),
        ("192.0.2.1", PROXY, "192.0.2.1"),
        (f"::ffff:{PROXY}", ASKER, ASKER),
        (PROXY, f"::ffff:{ASKER}", ASKER),
        (PROXY, f"[::ffff:{ASKER}]:4711, ::ffff:{OTHER}", ASKER),
        (f"::ffff:{ASKER}", "198.51.100.1", ASKER),
        ("::FFFF:c000:0201", PROXY, "192.0.2.1"),
        ("2001:DB9:0::7", "", "2001:db9::7"),
    ],
)
def test_who_asks_is_the_last_hop_that_a_trusted_proxy_named(sender: str, forwarded: str, asker: str) -> None:
    assert seen({"REMOTE_ADDR": sender, "HTTP_X_FORWARDED_FOR": forwarded})["REMOTE_ADDR"] == asker


@pytest.mark.parametrize("proxies", ["::ffff:127.0.0.1", "::ffff:127.0.0.0/104", "::/0,127.0.0.0/8"])
def test_a_proxy_may_be_named_in_either_form(proxies: str) -> None:
    for sender in (PROXY, f"::ffff:{PROXY}"):
        assert seen({"REMOTE_ADDR": sender, "HTTP_X_FORWARDED_FOR": ASKER}, proxies)["REMOTE_ADDR"] == ASKER


def test_where_everybody_is_believed_only_the_last_hop_is() -> None:
    given = seen({"REMOTE_ADDR": "192.0.2.1", "HTTP_X_FORWARDED_FOR": f"198.51.100.1, {ASKER}"}, proxies="*")
    assert given["REMOTE_ADDR"] == ASKER


@pytest.mark.parametrize(
    ("path", "asked", "within"),
    [
        ("/sync", "/sync/orders/", "/orders/"),
        ("/sync", "/sync", "/"),
        ("/sync", "/orders/", "/orders/"),
        ("/sync", "/syncs/", "/syncs/"),
        ("", "/sync/", "/sync/"),
    ],
)
def test_the_path_under_which_the_pages_are_shown_is_taken_off(path: str, asked: str, within: str) -> None:
    assert seen({"REMOTE_ADDR": PROXY, "PATH_INFO": asked}, path=path)["PATH_INFO"] == within


def test_a_proxy_that_is_not_believed_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    """Its requests would be redirected to HTTPS for ever."""
    front = Front(lambda *_: [], proxies=PROXY, path="", https=True)
    with caplog.at_level(logging.WARNING):
        for sender in (ASKER, ASKER, PROXY):
            front({"REMOTE_ADDR": sender, "HTTP_X_FORWARDED_PROTO": "https"}, lambda *_: None)
    [said] = caplog.messages
    assert said.startswith(f"{ASKER} says that its requests came over HTTPS, and is not believed.")
    assert "SFSYNC_PROXIES" in said


@pytest.mark.parametrize(
    ("text", "right"),
    [
        *((each, True) for each in ("", "*", "127.0.0.1,::1", "10.0.0.0/8, 2001:db8::/32", "172.18.0.5/16")),
        *((each, False) for each in ("nginx", "10.0.0.0/99", "10.0.0.1 10.0.0.2", "proxy.example.com")),
    ],
)
def test_proxies_are_addresses_or_networks(text: str, right: bool) -> None:
    assert are_proxies(text) is right


@pytest.mark.parametrize(
    ("proxies", "both"),
    [
        ("127.0.0.1,::1", "127.0.0.1/32,::1/128,::ffff:127.0.0.1/128"),
        ("172.18.0.5/16", "172.18.0.0/16,::ffff:172.18.0.0/112"),
        ("::ffff:10.0.0.0/104", "10.0.0.0/8,::ffff:10.0.0.0/104"),
        ("*", "*"),
        ("", ""),
    ],
)
def test_the_server_is_told_each_address_of_ipv4_in_both_forms(proxies: str, both: str) -> None:
    """Else it takes no proxy's word for HTTPS where it listens on IPv6."""
    assert both_forms(proxies) == both
