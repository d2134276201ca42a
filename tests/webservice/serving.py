"""The stand-in over HTTP, for what only a real connection shows."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from sfsync.models import Store
from sfsync.testing import World
from shoppingfeed import NoAnswerError, NotSentError, Request
from tests.webservice.standin import KEY, Standin


@contextlib.contextmanager
def served(standin: Standin) -> Iterator[str]:
    """Yields its address, which becomes the shop's own."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.answer(Request("GET", f"http://{standin.host}{self.path}", dict(self.headers)))

        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.answer(Request("PUT", f"http://{standin.host}{self.path}", dict(self.headers), body))

        def answer(self, request: Request) -> None:
            try:
                answer = standin.send(request)
            except (NoAnswerError, NotSentError):
                self.close_connection = True
                return
            self.send_response_only(answer.status)
            for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    standin.host = f"127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://{standin.host}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def connect(world: World, url: str) -> None:
    """Its store reads the shop through the web service from now on."""
    settings = {"connection": "webservice", "questions_per_hour": 100_000}
    Store.objects.filter(pk=world.store.pk).update(shop_settings=settings, shop_secrets={"url": url, "key": KEY})
    world.store = Store.objects.get(pk=world.store.pk)
