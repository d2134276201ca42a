"""The stand-in over HTTP: for what only a real connection shows, and as a shop to try sfsync with."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from sfsync.shops.prestashop.sample_webservice.standin import Standin
from shoppingfeed import NoAnswerError, NotSentError, Request, Response

Aside = Callable[[Request], Response | None]
"""Answers what is no question of the web service's, or nothing."""


@contextlib.contextmanager
def served(standin: Standin, *, port: int = 0, aside: Aside = lambda _request: None) -> Iterator[str]:
    """Yields its address, which becomes the shop's own. `port` 0 takes a free one; OSError when it is taken."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.answer()

        def do_PUT(self) -> None:
            self.answer()

        def do_POST(self) -> None:
            self.answer()

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            request = Request(self.command, f"http://{standin.host}{self.path}", dict(self.headers), body)
            try:
                answer = aside(request) or standin.send(request)
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

    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    except OSError as error:
        said = f"The sample shop cannot listen on 127.0.0.1:{port} ({error.strerror}): choose another port."
        raise OSError(error.errno, said) from None
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
