"""The bridge under real PHP: it tells of touched orders, and can neither break nor hold up what the merchant does."""

from __future__ import annotations

import io
import json
import re
import socket
import subprocess
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from sfsync.shops.prestashop.bridge.pack import FOLDER, pack
from tests.bridge.conftest import SECRET, PhpShop

Install = Callable[..., PhpShop]
UNKNOWN = "sfsync ne reconnaît pas ce module : réinstallez sa dernière version, et vérifiez l’heure du serveur."
PAGE = 0.3
"""Seconds that the hooks of one request may take, with a busy machine in mind."""


class Receiver:
    """Somebody at the other end: answers with a status, or never; keeps what it got."""

    def __init__(self, status: int = 204, location: str = "", *, hangs: bool = False, floods: bool = False) -> None:
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.leave = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                receiver.got.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
                if hangs:
                    receiver.leave.wait(20)
                    return
                self.send_response(status)
                if location:
                    self.send_header("Location", location)
                self.send_header("Content-Length", str(10**9 if floods else 0))
                self.end_headers()
                while floods and not receiver.leave.is_set():
                    self.wfile.write(b"x" * 65536)

            do_GET = do_POST  # noqa: N815

            def log_message(self, *arguments: object) -> None:
                """Nothing on the test's own output."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *arguments: object) -> None:
                """The bridge hangs up on who does not answer."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.leave.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receive() -> Iterator[Callable[..., Receiver]]:
    made: list[Receiver] = []

    def make(*arguments: Any, **options: Any) -> Receiver:
        made.append(Receiver(*arguments, **options))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_one_signed_message_tells_of_every_order_that_a_request_touched(
    installed: Install, receive: Callable[..., Receiver]
) -> None:
    """Ids only, each once, whichever hook names them; signed as Standard Webhooks has it."""
    receiver = receive()
    shop = installed(f"{receiver.url}/hooks/main/")
    shop.visit(
        ("hookActionOrderStatusPostUpdate", {"id_order": 7, "newOrderStatus": {}}),
        ("hookActionObjectOrderHistoryAddAfter", {"object": {"id_order": "7"}}),
        ("hookActionObjectOrderCarrierUpdateAfter", {"object": {"id_order": 8}}),
        ("hookActionObjectOrderCarrierAddAfter", {"object": {"id_order": 9}}),
        ("hookActionObjectOrderSlipAddAfter", {"object": {"id_order": 10}}),
    )
    [(path, headers, body)] = receiver.got
    assert path == "/hooks/main/"
    assert Webhook(SECRET).verify(body, headers) == {"orders": [7, 8, 9, 10]}
    assert SECRET not in str(headers)


def test_a_request_that_touches_no_order_sends_nothing(installed: Install, receive: Callable[..., Receiver]) -> None:
    """And a hook that is called in a way nobody foresaw is no error."""
    receiver = receive()
    shop = installed(receiver.url)
    odd: list[dict[str, Any]] = [{}, {"object": {}}, {"object": {"id_order": "x"}}, {"id_order": 0}, {"id_order": -4}]
    shop.visit(*(("hookActionObjectOrderHistoryAddAfter", each) for each in odd))
    assert receiver.got == []


@pytest.mark.parametrize("status", [200, 204, 400, 401, 404, 409, 429, 500, 503])
def test_whatever_is_answered_the_merchant_gets_the_page(
    installed: Install, receive: Callable[..., Receiver], status: int
) -> None:
    receiver = receive(status)
    assert installed(receiver.url).ships(1).inside < PAGE
    assert len(receiver.got) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(installed: Install, receive: Callable[..., Receiver], status: int) -> None:
    elsewhere = receive()
    receiver = receive(status, f"{elsewhere.url}/taken/")
    installed(receiver.url).ships(1)
    assert (len(receiver.got), elsewhere.got) == (1, [])


@pytest.mark.parametrize("way", [{"hangs": True}, {"floods": True}])
def test_who_does_not_come_to_an_end_is_left(
    installed: Install, receive: Callable[..., Receiver], way: dict[str, bool]
) -> None:
    """The page is out before anything is posted, and PHP is free again after a second and a half."""
    receiver = receive(**way)
    visit = installed(receiver.url).ships(1)
    assert (visit.inside < PAGE, len(receiver.got)) == (True, 1)
    assert visit.whole < 3.5


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9/", "http://no-such-host.invalid/", "file:///etc/passwd", "", "?"]
)
def test_an_address_where_nobody_is_is_no_error(installed: Install, address: str) -> None:
    assert installed(address).ships(1).inside < PAGE


def test_who_accepts_and_never_reads_is_left(installed: Install) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        visit = installed(f"http://127.0.0.1:{deaf.getsockname()[1]}/").ships(1)
    assert visit.whole < 3.5


def test_a_module_whose_settings_are_gone_is_silent(installed: Install, receive: Callable[..., Receiver]) -> None:
    receiver = receive()
    shop = installed(receiver.url)
    config = shop.folder / FOLDER / "config.php"
    for broken in ("<?php syntax error", "<?php return 4;", "<?php return ['address' => [], 'secret' => []];"):
        config.write_text(broken)
        assert shop.ships(1).inside < PAGE
    assert receiver.got == []


def test_many_orders_of_one_request_are_one_message_that_is_not_too_long(
    installed: Install, receive: Callable[..., Receiver]
) -> None:
    receiver = receive()
    installed(receiver.url).ships(*range(1_000_001, 1_006_001))
    [(_path, _headers, body)] = receiver.got
    assert (len(json.loads(body)["orders"]), len(body) < 64 * 1024) == (5000, True)


def test_it_says_hello_when_it_is_installed_and_is_called_by_the_hooks_that_tell(
    installed: Install, receive: Callable[..., Receiver]
) -> None:
    receiver = receive()
    visit = installed(receiver.url).visit(("install", {}))
    assert (visit.results, json.loads(receiver.got[0][2])) == ([True], {"orders": []})
    assert visit.hooks == [
        "actionObjectOrderHistoryAddAfter",
        "actionOrderStatusPostUpdate",
        "actionObjectOrderCarrierAddAfter",
        "actionObjectOrderCarrierUpdateAfter",
        "actionObjectOrderSlipAddAfter",
        "addWebserviceResources",
    ]


def test_it_installs_although_nobody_answers(installed: Install) -> None:
    assert installed("http://127.0.0.1:9/").visit(("install", {})).results == [True]


@pytest.mark.parametrize(
    ("status", "language", "told"),
    [
        (204, "en", "good: sfsync answers."),
        (204, "fr", "good: sfsync répond."),
        (401, "fr", f"bad: {UNKNOWN}"),
        (500, "en", "bad: sfsync cannot be reached: HTTP 500"),
        (404, "fr", "bad: sfsync n’est pas joignable : HTTP 404"),
    ],
)
def test_configure_says_whether_sfsync_answers(
    installed: Install, receive: Callable[..., Receiver], status: int, language: str, told: str
) -> None:
    shop = installed(receive(status).url)
    assert shop.visit(("getContent", {}), SHOP_LANGUAGE=language).results == [told]


def test_it_adds_what_the_web_service_lacks_to_be_read_and_nothing_of_the_shops_own(installed: Install) -> None:
    """Of the tables that there are; a resource that the shop has already stays its own."""
    shop = installed("")
    tables = "ps_shoppingfeed_order ps_shipment ps_shipment_product"
    add = ("hookAddWebserviceResources", {"resources": {"orders": {}}})
    [added] = shop.visit(add, SHOP_TABLES=tables).results
    assert {name: each["class"] for name, each in added.items()} == {
        "shoppingfeed_orders": "SfsyncFeedOrder",
        "shipments": "SfsyncShipment",
        "shipment_products": "SfsyncShipmentProduct",
    }
    assert all(each["forbidden_method"] == ["POST", "PUT", "PATCH", "DELETE"] for each in added.values())
    [older] = shop.visit(add, SHOP_TABLES="ps_shoppingfeed_order").results
    assert list(older) == ["shoppingfeed_orders"]
    [newer] = shop.visit(("hookAddWebserviceResources", {"resources": {"shipments": {}}}), SHOP_TABLES=tables).results
    assert sorted(newer) == ["shipment_products", "shoppingfeed_orders"]


def test_the_zip_has_one_folder_and_every_file_of_it_is_php(php_shop: PhpShop) -> None:
    """`php -l`, and fewer than 250 lines altogether; no file shows anything to a browser that asks for it."""
    zipped = pack("https://sync.example/it's/hooks/main/", SECRET)
    with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
    assert {name.partition("/")[0] for name in names} == {FOLDER}
    assert f"{FOLDER}/{FOLDER}.php" in names
    php_shop.install(zipped)
    files = sorted((php_shop.folder / FOLDER).iterdir())
    assert sum(len(each.read_text().splitlines()) for each in files) < 250
    for each in files:
        assert subprocess.run(["php", "-l", each], capture_output=True, check=False).returncode == 0
        assert subprocess.run(["php", each], capture_output=True, check=False).stdout == b""


def test_what_it_is_written_in_runs_from_php_7_1_on(php_shop: PhpShop) -> None:
    """Nothing of later versions, of which the one that is installed would not complain."""
    php_shop.install(pack("https://sync.example/hooks/main/", SECRET))
    code = "\n".join(each.read_text() for each in (php_shop.folder / FOLDER).iterdir())
    later = r"\bfn\s*\(|\?->|\bmatch\s*\(|\benum\b|\breadonly\b|\?\?=|: (static|mixed|never)\b|curl_close|str_contains"
    assert re.search(later, code) is None
    assert re.search(r"(public|private|protected) (static )?\??(int|string|array|bool) \$", code) is None


def test_the_module_is_part_of_what_is_installed() -> None:
    folder = Path(pack.__code__.co_filename).with_name("module")
    assert {each.name for each in folder.iterdir()} == {"index.php", "resources.php", "sfsyncbridge.php"}
