"""The sandbox over HTTP/1.1, one thread a connection."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Protocol, cast

from shoppingfeed._errors import NoAnswerError, NotSentError
from shoppingfeed._transport import Request, Response
from shoppingfeed.sandbox.answers import ProblemError

LARGEST_BODY = 64 * 1024 * 1024
IDLE_SECONDS = 60


class Answering(Protocol):
    """What is served: a sandbox."""

    def handle(self, request: Request) -> Response: ...

    def release(self) -> None: ...


class Server:
    """A sandbox that listens. `url` is its address; `close()`, or leaving the `with`, ends it and drops connections.

    OSError when the port is taken.
    """

    def __init__(self, answering: Answering, host: str = "127.0.0.1", port: int = 0) -> None:
        self._answering = answering
        try:
            self._listener = _Listener(answering, host, port)
        except OSError as error:
            raise OSError(
                error.errno, f"The sandbox cannot listen on {host}:{port} ({error.strerror}): choose another port."
            ) from None
        self.host = host
        self.port = int(self._listener.server_address[1])
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """The address a client takes for `https://api.shopping-feed.com`."""
        return f"http://{self.host}:{self.port}"

    def close(self) -> None:
        """Stop listening and drop what hangs."""
        self._listener.shutdown()
        self._listener.server_close()
        self._answering.release()
        self._listener.drop_connections()
        self._thread.join(5)

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, answering: Answering, host: str, port: int) -> None:
        self.answering = answering
        self._connections: set[socket.socket] = set()
        super().__init__((host, port), _Conversation)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def drop_connections(self) -> None:
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news; anything else is a mistake of ours, and is shown."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Conversation(BaseHTTPRequestHandler):
    """One connection, kept alive over many requests."""

    protocol_version = "HTTP/1.1"
    server_version = "ShoppingFeedSandbox"
    sys_version = ""
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True
    wbufsize = -1

    def _answer(self) -> None:
        answering = cast(_Listener, self.server).answering
        try:
            request = Request(self.command, f"http://sandbox{self.path}", dict(self.headers.items()), self._body())
            response = answering.handle(request)
        except ProblemError as problem:
            response = problem.response()
            self.close_connection = True
        except (NoAnswerError, NotSentError):
            self.close_connection = True
            return
        self._write(response)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 - the names that http.server looks for

    def _body(self) -> bytes:
        """The body, by its length or in chunks. Raises ProblemError 413 when it is too long to be a request."""
        if "chunked" in self.headers.get("transfer-encoding", "").lower():
            return self._chunks()
        length = self.headers.get("content-length", "0")
        if not length.isdecimal() or len(length) > 12:
            raise ProblemError(400, "'Content-Length' is not a number.")
        _check_length(int(length))
        return self.rfile.read(int(length))

    def _chunks(self) -> bytes:
        body = bytearray()
        while size := self._chunk_size():
            _check_length(len(body) + size)
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return bytes(body)

    def _chunk_size(self) -> int:
        line = self.rfile.readline(100).partition(b";")[0].strip()
        try:
            return int(line, 16)
        except ValueError:
            raise ProblemError(400, "The chunks of the body cannot be read.") from None

    def _write(self, response: Response) -> None:
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(response.body)))
        if self.close_connection:
            self.send_header("connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name http.server gives it
        """Say nothing: the ledger keeps what was received."""


def _check_length(length: int) -> None:
    if length < 0 or length > LARGEST_BODY:
        raise ProblemError(413, f"A request takes at most {LARGEST_BODY // 2**20} MB.")
