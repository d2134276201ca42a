"""The default transport against real sockets: did it certainly not arrive, or may it have?"""

from __future__ import annotations

import contextlib
import gzip
import queue
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from shoppingfeed import HttpTransport, NoAnswerError, NotSentError, Request
from tests.certificates import loads_of_certificates

Behaviour = Callable[[socket.socket], None]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-RateLimit-Remaining: 7\r\n\r\n{}"


@contextlib.contextmanager
def server(behave: Behaviour) -> Iterator[str]:
    """A server that reads one request a connection and then does as told. Yields its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection, contextlib.suppress(OSError):
                    behave(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1/store/10/order/ship"
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
    thread.join(5)
    assert not thread.is_alive()


@pytest.fixture
def transport() -> Iterator[HttpTransport]:
    made = HttpTransport(timeout=0.3)
    yield made
    made.close()


def post(url: str) -> Request:
    return Request("POST", url, {"Authorization": "Bearer s3cret"}, b'{"order":[]}')


def read_request(connection: socket.socket) -> bytes:
    received = b""
    while not received.endswith(b"}"):
        received += connection.recv(4096)
    return received


def test_an_answer_comes_back_with_lower_case_headers(transport: HttpTransport) -> None:
    seen: list[bytes] = []

    def behave(connection: socket.socket) -> None:
        seen.append(read_request(connection))
        connection.sendall(OK)

    with server(behave) as url:
        response = transport.send(post(url))
    assert (response.status, response.body, response.headers["x-ratelimit-remaining"]) == (200, b"{}", "7")
    assert b"Authorization: Bearer s3cret" in seen[0]
    assert seen[0].endswith(b'{"order":[]}')


def test_what_may_not_leave_any_more_once_it_is_connected_does_not(transport: HttpTransport) -> None:
    """R13: a process that stood still while it connected."""
    seen: queue.Queue[bytes] = queue.Queue()
    too_late = NotSentError("too late")

    def behave(connection: socket.socket) -> None:
        seen.put(connection.recv(1))

    def permit(_: Request) -> None:
        raise too_late

    with server(behave) as url:
        with pytest.raises(NotSentError) as raised:
            transport.send(replace(post(url), permit=permit))
        assert raised.value is too_late
        assert seen.get(timeout=5) == b""


def hang_up(connection: socket.socket) -> None:
    read_request(connection)


def reset(connection: socket.socket) -> None:
    read_request(connection)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def stay_silent(connection: socket.socket) -> None:
    read_request(connection)
    connection.recv(1)


def stop_halfway(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(b'HTTP/1.1 202 Accepted\r\nContent-Length: 500\r\n\r\n{"id": "bat')


def speak_nonsense(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")


def lie_about_gzip(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope")


def trickle(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    connection.settimeout(0.05)
    for _ in range(200):
        connection.sendall(b" ")
        with contextlib.suppress(TimeoutError):
            if not connection.recv(1):
                return


def trickle_headers(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    connection.settimeout(0.05)
    for _ in range(200):
        connection.sendall(b"X")
        with contextlib.suppress(TimeoutError):
            if not connection.recv(1):
                return


@pytest.mark.parametrize(
    "behave",
    [hang_up, reset, stay_silent, stop_halfway, speak_nonsense, lie_about_gzip, trickle, trickle_headers],
    ids=lambda f: f.__name__,
)
def test_after_the_request_left_a_failure_is_no_answer(transport: HttpTransport, behave: Behaviour) -> None:
    """R13: it may have been accepted."""
    with server(behave) as url, pytest.raises(NoAnswerError) as raised:
        transport.send(post(url))
    assert raised.value.request == f"POST {url}"
    assert "s3cret" not in str(raised.value)


def test_other_time_outs_hold_from_the_next_request_on() -> None:
    transport = HttpTransport(timeout=30)
    with server(stay_silent) as url:
        transport.allow(0.1)
        with pytest.raises(NoAnswerError, match="ReadTimeout"):
            transport.send(post(url))
    with pytest.raises(ValueError, match="timeout"):
        transport.allow(0)
    transport.close()


def test_an_exchange_takes_twice_the_time_out_at_most_on_a_kept_connection_too(transport: HttpTransport) -> None:
    """R22: a server that trickles, headers or body, does not hold a run."""

    def answer_then_trickle(connection: socket.socket) -> None:
        for _ in range(2):
            read_request(connection)
            connection.sendall(OK)
        trickle_headers(connection)

    with server(answer_then_trickle) as url:
        for _ in range(2):
            assert transport.send(post(url)).status == 200
        begun = time.monotonic()
        with pytest.raises(NoAnswerError, match=r"too slow|ReadTimeout"):
            transport.send(post(url))
    assert 0.5 < time.monotonic() - begun < 1.2


def test_a_refused_connection_was_not_sent(transport: HttpTransport) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with pytest.raises(NotSentError, match="could not be sent"):
        transport.send(post(f"http://127.0.0.1:{port}/"))


def test_a_name_that_does_not_exist_was_not_sent(transport: HttpTransport) -> None:
    with pytest.raises(NotSentError):
        transport.send(post("http://nobody.invalid/"))


def test_a_failed_tls_handshake_was_not_sent(transport: HttpTransport) -> None:
    with server(lambda connection: connection.sendall(b"no TLS here")) as url, pytest.raises(NotSentError):
        transport.send(post(url.replace("http://", "https://")))


def test_a_connection_that_nobody_accepts_was_not_sent() -> None:
    """The backlog is full: connecting times out."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(8):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        transport = HttpTransport(timeout=0.2)
        stack.callback(transport.close)
        with pytest.raises(NotSentError, match="ConnectTimeout"):
            transport.send(post(f"http://127.0.0.1:{listener.getsockname()[1]}/"))


@pytest.mark.parametrize(
    "url",
    [
        *("ftp://127.0.0.1/", "http://[broken/", "nonsense", "http://127.0.0.1:99999/", "http://\ud800/"),
        *("http://shop..example/", "http://.example/", f"http://{'a' * 64}.example/"),
    ],
)
def test_an_address_that_is_none_was_not_sent(transport: HttpTransport, url: str) -> None:
    with pytest.raises(NotSentError):
        transport.send(post(url))


def test_redirects_are_not_followed(transport: HttpTransport) -> None:
    def redirect(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")

    with server(redirect) as url:
        assert transport.send(post(url)).status == 307


@pytest.mark.parametrize("timeout", [0, -1, float("nan")])
def test_there_is_always_a_time_out(timeout: float) -> None:
    with pytest.raises(ValueError, match="timeout"):
        HttpTransport(timeout=timeout)


def test_neither_the_token_nor_the_body_shows_in_a_repr() -> None:
    shown = repr(Request("POST", "https://api.test/v1/auth", {"authorization": "Bearer s3cret"}, b"hunter2"))
    assert "s3cret" not in shown
    assert "hunter2" not in shown
    assert "POST" in shown


def test_the_trusted_certificates_are_loaded_once_in_a_process() -> None:
    HttpTransport().close()
    with loads_of_certificates() as loads:
        HttpTransport().close()
    assert loads == []


@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_an_answer_that_is_too_long_is_none(coding: str) -> None:
    """However little of it comes over the wire."""
    body = bytes(1_000_001)
    packed = gzip.compress(body) if coding == "gzip" else body

    def behave(connection: socket.socket) -> None:
        read_request(connection)
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {len(packed)}\r\n\r\n"
        connection.sendall(head.encode() + packed)

    transport = HttpTransport(5, largest=1_000_000)
    with server(behave) as url, pytest.raises(NoAnswerError, match="too long"):
        transport.send(post(url))
    transport.close()
