"""The stored token goes only to the host that it was given for; every try says who made it, and to where."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from sfsync.engine.people.change_settings import change_settings
from sfsync.models import LogEntry, Store
from sfsync.testing import World
from sfsync_server.stores_file import StoresFileError, apply
from tests.pages import text

CONNECTION, TEST = "/stores/main/settings/connection/", "/stores/main/settings/connection/test/"


@pytest.fixture
def stranger() -> Iterator[tuple[str, list[str]]]:
    """A server of somebody else's, and the Authorization headers that reached it."""
    heard: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.headers.get("Authorization", ""))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Listener)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", heard
    server.shutdown()
    thread.join()
    server.server_close()


def given(api_url: str, **typed: str) -> dict[str, object]:
    form = {"enabled": "on", "feed_store_id": 10, "api_url": api_url, "shop.prefix": "ps_", "shop.shop_id": 1}
    return form | {"token": "", "shop.url": "", "kept": "", "do": "save"} | typed


@pytest.mark.parametrize("address", [TEST, CONNECTION])
@pytest.mark.parametrize("how", ["save", "anyway"])
def test_another_host_demands_the_token_again(
    shop: World, administrator: Client, stranger: tuple[str, list[str]], address: str, how: str
) -> None:
    url, heard = stranger
    page = text(administrator.post(address, given(url, do=how)))
    assert "The token was given for 127.0.0.1: enter it again" in page
    assert heard == []
    assert Store.objects.get().api_url == shop.store.api_url


def test_a_token_that_is_typed_for_the_host_is_tried_there(
    shop: World, administrator: Client, stranger: tuple[str, list[str]]
) -> None:
    url, heard = stranger
    administrator.post(TEST, given(url, token="typed-for-it"))
    assert set(heard) == {"Bearer typed-for-it"}


def test_a_token_that_was_typed_for_one_host_is_not_kept_for_another(
    shop: World, administrator: Client, stranger: tuple[str, list[str]]
) -> None:
    url, heard = stranger
    for address in (TEST, "/new-store/"):
        more = {"name": "second"} if address != TEST else {}
        administrator.post(address, given("https://a.invalid", token="typed-for-a") | more)
        administrator.post(address, given(url, kept="token") | more)
    assert heard == []


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ("http://api.example.com", "over http the token could be read"),
        ("https://169.254.169.254", "The API is not at this address"),
        ("https://2852039166", "The API is not at this address"),
        ("https://[::ffff:a9fe:a9fe]", "The API is not at this address"),
        ("https://metadata.google.internal", "The API is not at this address"),
    ],
)
def test_no_token_goes_out_in_clear_or_to_the_machines_own_network(
    shop: World, administrator: Client, wrong: str, sentence: str
) -> None:
    assert sentence in text(administrator.post(TEST, given(wrong, token="typed-for-it")))


def test_every_try_is_in_the_log_with_who_and_where(shop: World, administrator: Client) -> None:
    before = LogEntry.objects.filter(code="person-tried").count()
    administrator.post(TEST, given(shop.store.api_url))
    tries = LogEntry.objects.filter(code="person-tried")
    assert tries.count() == before + 1
    said = tries.order_by("-id")[0].message
    assert "tested the connections: 127.0.0.1" in said
    assert "sandbox-token" not in said


def test_settings_and_files_keep_the_same_rule(shop: World, tmp_path: object) -> None:
    from pathlib import Path

    elsewhere = "https://elsewhere.example.com"
    with pytest.raises(ValidationError, match="enter it again"):
        change_settings(Store.objects.get(), {"api_url": elsewhere}, "claire")
    file = Path(str(tmp_path)) / "stores.toml"
    file.write_text(f'[stores.main]\nstore_id = 10\napi_url = "{elsewhere}"\n')
    with pytest.raises(StoresFileError, match="enter it again"):
        apply(file, who="claire")
    assert Store.objects.get().api_url == shop.store.api_url


def test_the_environments_proxy_is_not_used(
    shop: World, administrator: Client, stranger: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, heard = stranger
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, url)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    administrator.post(TEST, given(shop.store.api_url))
    assert heard == []
