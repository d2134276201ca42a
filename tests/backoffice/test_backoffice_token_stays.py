"""The stored token goes only to the host that it was given for; every try says who made it, and to where."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from sfsync.db.secrets import Secret
from sfsync.domain.trouble import Trouble
from sfsync.engine.kit.connections import Live
from sfsync.engine.people.change_settings import change_settings
from sfsync.engine.run import run_store
from sfsync.models import LogEntry, Process, Store
from sfsync.shops.base import ShopMisconfigured
from sfsync.shops.prestashop.connection import Database
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
    assert said == "root tested the connections: Shopping Feed (127.0.0.1), PrestaShop."
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


def test_an_address_that_was_changed_behind_our_back_does_not_get_the_token(
    shop: World, administrator: Client, stranger: tuple[str, list[str]]
) -> None:
    """By SQL, or by a table from elsewhere: the host is sealed together with the token."""
    url, heard = stranger
    Store.objects.update(api_url=url)
    assert run_store(Store.objects.get(), Live()).troubles[0].trouble is Trouble.SECRET_ELSEWHERE
    page = text(administrator.post(TEST, given(url)))
    assert f"does not go to {url}: enter it again" in page
    administrator.get("/stores/main/diagnostics/")
    assert heard == []
    administrator.post(CONNECTION, given(url, token="sandbox-token", do="anyway"))
    administrator.post(TEST, given(url))
    assert set(heard) == {"Bearer sandbox-token"}


def test_the_same_token_given_again_moves_with_its_store(shop: World) -> None:
    elsewhere = "https://elsewhere.example.com"
    change_settings(Store.objects.get(), {"api_url": elsewhere, "token": Secret("sandbox-token")}, "claire")
    assert Store.objects.get().token.reveal_for(f"{elsewhere}/v1") == "sandbox-token"


@pytest.mark.parametrize("host", ["169.254.169.254", "0xa9fea9fe", "[::ffff:a9fe:a9fe]", "metadata.google.internal"])
def test_no_password_of_a_shop_goes_to_the_machines_own_network(shop: World, administrator: Client, host: str) -> None:
    address = f"mysql+pymysql://reader:password@{host}/shop"
    assert "The shop is not at this address" in text(
        administrator.post(TEST, given(shop.store.api_url, **{"shop.url": address}))
    )
    with pytest.raises(ShopMisconfigured, match="machine's own network"):
        Database(address, prefix="ps_", timeout=1).table_names()


@contextmanager
def a_port(answer: bytes | None) -> Iterator[int]:
    """One that is closed (None), or that answers so and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = int(server.getsockname()[1])
        if answer is None:
            server.close()
            yield port
            return

        def greet() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    connection.sendall(answer)
                    connection.close()

        Thread(target=greet, daemon=True).start()
        yield port
        server.shutdown(socket.SHUT_RDWR)


PAGES = (
    "/stores/main/",
    "/stores/main/diagnostics/",
    "/stores/main/log/",
    "/stores/main/processes/",
    "/stores/main/log/export/",
)


@pytest.mark.parametrize("side", ["shop", "feed"])
def test_a_merchants_pages_do_not_tell_a_closed_port_from_an_open_one(
    shop: World, merchant: Client, administrator: Client, side: str
) -> None:
    """Who answers, and how, is for administrators: they say which host is asked."""
    seen: dict[str, set[str]] = {"merchant": set(), "administrator": set()}
    for answer in (None, b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n"):
        with a_port(answer) as port:
            store = Store.objects.get()
            here = f"mysql+pymysql://reader:pw@127.0.0.1:{port}/shop"
            store.shop_secrets, store.api_url = {"url": here}, f"http://127.0.0.1:{port}"
            if side == "shop":
                store.api_url = shop.store.api_url
            else:
                store.shop_secrets = {"url": shop.shop.url}
            store.token = Secret("sandbox-token")
            store.save()
            LogEntry.objects.all().delete()
            Process.objects.all().delete()
            run_store(store, Live())
            for name, client in (("merchant", merchant), ("administrator", administrator)):
                said = "".join(body(client, page) for page in PAGES)
                seen[name].add(re.sub(r"<[^>]*>|[0-9]", "", said))
    assert len(seen["merchant"]) == 1
    assert len(seen["administrator"]) > 1


def body(client: Client, page: str) -> str:
    answer = client.get(page)
    return b"".join(answer).decode() if answer.streaming else text(answer)


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


def test_another_host_of_a_shops_database_gets_nothing_of_the_stored_password(
    shop: World, administrator: Client
) -> None:
    """The address holds host and password together: the page shows nothing of it, and whoever names another host types
    a whole address, password included; what was stored goes nowhere."""
    stored = "mysql+pymysql://account77:hunter2-of-home@127.0.0.1:1/shop"
    store = Store.objects.get()
    store.shop_secrets = {"url": stored}
    store.save()
    page = text(administrator.get(CONNECTION))
    assert [part for part in ("hunter2", "account77", "127.0.0.1:1/") if part in page] == []
    elsewhere = "mysql+pymysql://account77@127.0.0.1:2/shop"
    kept = {"shop.url": elsewhere, "token": "sandbox-token"}
    administrator.post(TEST, given(shop.store.api_url, **kept))
    assert Store.objects.get().shop_secrets["url"].reveal() == stored
    administrator.post(CONNECTION, given(shop.store.api_url, **kept, do="anyway"))
    assert Store.objects.get().shop_secrets["url"].reveal() == elsewhere
