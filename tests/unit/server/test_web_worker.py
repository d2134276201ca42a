"""The web server's workers among those who send slowly, on real connections."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from sfsync_server.arrival import BODY

PROGRAM = """
from sfsync_server import web_worker

class Impatient(web_worker.WholeRequests):
    patience = {patience}

def application(environ, answer):
    length = 0 if environ["PATH_INFO"] == "/unread" else int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(length)
    said = (environ["REQUEST_METHOD"] + " " + str(len(body))).encode()
    said = b"x" * 200_000 if environ["PATH_INFO"] == "/long" else said
    answer("200 OK", [("Content-Length", str(len(said)))])
    return [said]
"""
HEAD = b"GET / HTTP/1.1\r\nHost: x\r\n"
GET = HEAD + b"\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n%s\r\n"
SOON = 10.0
"""Seconds: what is answered at once takes no longer on a machine that has much to do."""
HALF_SENT = (b"", b"G", HEAD, POST % (100, b"") + b"a body that", HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab")


@dataclass
class Served:
    """One process with two threads."""

    process: subprocess.Popen[str]
    port: int

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=SOON)

    def deaf(self) -> socket.socket:
        """A connection that takes hardly anything of an answer that is not read."""
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)  # far away: within a machine more is taken
        connection.connect(("127.0.0.1", self.port))
        return connection

    def ask(self, request: bytes, until: bytes = b"\r\n\r\n") -> bytes:
        with self.connect() as connection:
            connection.sendall(request)
            return read(connection, until)


def read(connection: socket.socket, until: bytes) -> bytes:
    """What comes, up to there or to its end."""
    told = b""
    while until not in told and (piece := connection.recv(10_000)):
        told += piece
    return told


def serve(folder: Path, patience: float, *more: str) -> Served:
    (folder / "small.py").write_text(PROGRAM.format(patience=patience), "utf-8")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.set_inheritable(True)
        command = [sys.executable, "-m", "gunicorn", "small", "--worker-class=small.Impatient", "--threads=2", *more]
        command += [f"--bind=fd://{listening.fileno()}", "--log-level=warning", "--no-control-socket"]
        process = subprocess.Popen(
            command, cwd=folder, pass_fds=[listening.fileno()], stderr=subprocess.PIPE, encoding="utf-8"
        )
        return Served(process, listening.getsockname()[1])


@pytest.fixture
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Served]:
    """As patient as its parameter says, with the options that follow."""
    patience, *more = getattr(request, "param", [60])
    running = serve(tmp_path, patience, *more)
    yield running
    running.process.send_signal(signal.SIGTERM)
    assert running.process.communicate(timeout=SOON)[1] == ""


def test_forty_half_sent_requests_hold_up_no_good_one(served: Served) -> None:
    """Heads and bodies that never come, whatever thread they would have had."""
    with ExitStack() as open_ones:
        for number in range(40):
            connection = open_ones.enter_context(served.connect())
            connection.sendall(HALF_SENT[number % len(HALF_SENT)])
        began = time.monotonic()
        answers = [served.ask(GET) for _ in range(10)]
        assert time.monotonic() - began < SOON / 2
        assert {answer[:15] for answer in answers} == {b"HTTP/1.1 200 OK"}


def test_answers_that_nobody_reads_hold_up_no_good_request(served: Served) -> None:
    with ExitStack() as open_ones:
        for _ in range(10):
            open_ones.enter_context(served.deaf()).sendall(
                b"GET /long HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            )
        began = time.monotonic()
        assert served.ask(GET).startswith(b"HTTP/1.1 200 OK")
        assert time.monotonic() - began < SOON / 2


def test_a_request_that_comes_in_pieces_is_answered(served: Served) -> None:
    """Several on one connection, byte by byte, and two at once."""
    with served.connect() as connection:
        for request in (GET, POST % (3, b"") + b"abc"):
            for byte in request:
                connection.sendall(bytes([byte]))
            answer = b"%b %d" % (request.partition(b" ")[0], len(request.partition(b"\r\n\r\n")[2]))
            assert answer in read(connection, answer)
        connection.sendall(GET + POST % (3, b"") + b"abc")
        assert b"GET 0HTTP/1.1 200 OK" in read(connection, b"POST 3")


def test_a_request_that_begins_behind_another_one_is_waited_for(served: Served) -> None:
    """Cut off in its head or in its body, it is neither dropped nor taken for a whole one."""
    body = POST % (3, b"") + b"abc"
    for request, answer in ((GET, b"GET 0"), (body, b"POST 3")):
        for cut in (1, len(HEAD), len(request) - 1):
            with served.connect() as connection:
                connection.sendall(GET + request[:cut])
                assert b"GET 0" in read(connection, b"GET 0")
                connection.sendall(request[cut:])
                assert answer in read(connection, answer)


def test_who_asks_again_and_again_and_reads_nothing_holds_up_nobody(served: Served) -> None:
    """Each answer alone would fit: all of them together would keep a thread for ever."""
    with ExitStack() as open_ones:
        for _ in range(10):
            open_ones.enter_context(served.deaf()).sendall(b"GET /long HTTP/1.1\r\nHost: x\r\n\r\n" * 50)
        began = time.monotonic()
        answers = [served.ask(GET) for _ in range(10)]
        assert {answer[:15] for answer in answers} == {b"HTTP/1.1 200 OK"}
        assert time.monotonic() - began < SOON / 2


def test_a_long_body_is_taken_whole_and_one_too_long_is_refused(served: Served) -> None:
    long = POST % (BODY, b"") + b"x" * BODY
    assert b"POST %d" % BODY in served.ask(long, b"POST %d" % BODY)
    assert served.ask(POST % (BODY + 1, b"")).startswith(b"HTTP/1.1 413 ")


def test_a_connection_is_kept_as_it_was_said_behind_a_body_that_no_page_reads(served: Served) -> None:
    """Whoever was told so sends the next request, and would not know what became of it."""
    with served.connect() as connection:
        connection.sendall((POST % (BODY, b"")).replace(b"POST /", b"POST /unread") + b"x" * BODY)
        assert b"Connection: keep-alive" in read(connection, b"POST 0")
        connection.sendall(GET)
        assert b"HTTP/1.1 200 OK" in read(connection, b"GET 0")


def test_who_waits_for_a_word_before_the_body_gets_it(served: Served) -> None:
    with served.connect() as connection:
        connection.sendall(POST % (3, b"Expect: 100-continue\r\n"))
        assert read(connection, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"abc")
        assert b"HTTP/1.1 200 OK" in read(connection, b"POST 3")


@pytest.mark.parametrize("served", [[0.2]], indirect=True)
def test_what_never_ends_is_answered_with_a_time_out(served: Served) -> None:
    """And what never began is hung up on."""
    with served.connect() as silent, served.connect() as slow:
        slow.sendall(HEAD)
        assert read(slow, b"\r\n\r\n").startswith(b"HTTP/1.1 408 Request Timeout")
        assert read(silent, b"\r\n\r\n") == b""


@pytest.mark.parametrize("served", [[60, "--worker-connections=10"]], indirect=True)
def test_who_has_taken_longest_makes_room_for_others(served: Served) -> None:
    with ExitStack() as open_ones:
        first = open_ones.enter_context(served.connect())
        first.sendall(HEAD)
        for _ in range(20):
            open_ones.enter_context(served.connect()).sendall(HEAD)
        assert served.ask(GET).startswith(b"HTTP/1.1 200 OK")
        assert read(first, b"\r\n\r\n").startswith(b"HTTP/1.1 503 ")


@pytest.mark.parametrize("served", [[60, "--worker-connections=3"]], indirect=True)
def test_what_comes_from_somebody_who_makes_room_in_that_moment_does_no_harm(served: Served) -> None:
    """The worker sees both at once: it stands still until they are there."""
    with served.connect() as first, served.connect() as second:
        first.sendall(HEAD)
        second.sendall(HEAD)
        assert served.ask(GET).startswith(b"HTTP/1.1 200 OK")
        [worker] = psutil.Process(served.process.pid).children()
        worker.suspend()
        with served.connect() as third, served.connect() as fourth:
            first.sendall(b"X")
            second.sendall(b"X")
            third.sendall(GET)
            fourth.sendall(GET)
            worker.resume()
            assert read(third, b"GET 0").startswith(b"HTTP/1.1 200 OK")
            assert read(fourth, b"GET 0").startswith(b"HTTP/1.1 200 OK")
        assert worker.is_running()


@pytest.mark.parametrize("served", [[60, "--worker-connections=3"]], indirect=True)
def test_a_whole_request_is_not_turned_away_to_make_room(served: Served) -> None:
    """It is there before the worker takes its connection, and others come right behind it."""
    assert served.ask(GET).startswith(b"HTTP/1.1 200 OK")
    with served.connect() as half, served.connect() as other, ExitStack() as stack:
        half.sendall(HEAD)
        other.sendall(HEAD)
        [worker] = psutil.Process(served.process.pid).children()
        worker.suspend()
        others = [stack.enter_context(served.connect()) for _ in range(6)]
        for each in others:
            each.sendall(GET)
        worker.resume()
        assert {read(each, b"GET 0")[:15] for each in others} == {b"HTTP/1.1 200 OK"}


def test_half_sent_requests_do_not_keep_a_worker_that_is_to_stop(tmp_path: Path) -> None:
    running = serve(tmp_path, 60)
    with running.connect() as half, running.connect() as held:
        half.sendall(HEAD)
        assert running.ask(GET).startswith(b"HTTP/1.1 200 OK")
        running.process.send_signal(signal.SIGTERM)
        killer = threading.Timer(SOON, running.process.kill)
        killer.start()
        _out, told = running.process.communicate()
        killer.cancel()
        assert (running.process.returncode, told, held.recv(1)) == (0, "", b"")
