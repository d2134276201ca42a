"""A worker of gunicorn's whose threads are for requests that have arrived whole: whoever sends slowly, or stops in the
middle, holds none."""

from __future__ import annotations

import fcntl
import selectors
import socket
import sys
import termios
import time
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from gunicorn.http import get_parser
from gunicorn.workers.gthread import TConn, ThreadWorker

from sfsync_server.arrival import Refused, asks_first, whole

PIECE = 64 << 10
ROOM = 32 << 20
"""Bytes of unfinished requests that one process holds at once."""
ANSWER = 1 << 20
"""Bytes of an answer that the system takes from a thread (as far as it allows), however slowly they are read."""
UNREAD = 64 << 10
"""Bytes of former answers that a connection may leave unread and be answered again: a thread would wait for them."""
STOPPING = 2.0
"""Seconds that a request under way has left once the worker is to stop."""


@dataclass(slots=True)
class Arriving:
    """What has come of a request so far."""

    received: bytearray = field(default_factory=bytearray)
    since: float = field(default_factory=time.monotonic)
    told_to_go_on: bool = False


class WholeRequests(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Connections wait in the loop that gunicorn's own threaded worker has for those that are kept alive."""

    patience = 60.0
    """Seconds for a whole request."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.arriving: dict[TConn, Arriving] = {}

    def enqueue_req(self, conn: TConn) -> None:
        """Called for a new connection, and for a kept one on which something comes, or came along with its last
        request."""
        conn.sock.setblocking(False)
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, ANSWER)
        self.arriving[conn] = arriving = Arriving(_left_over(conn))
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.hear, conn))
        if arriving.received:
            self.look(conn, arriving)
        else:
            self.hear(conn)

    def hear(self, conn: TConn, _socket: object = None) -> None:
        """What is there is read before anybody has to make room: a whole request is never turned away for it."""
        if conn not in self.arriving:  # it made room in this very turn of the loop
            return
        try:
            piece = conn.sock.recv(PIECE)
        except (BlockingIOError, InterruptedError):
            self.look(conn, self.arriving[conn])
            return
        except OSError:
            piece = b""
        if not piece:
            self.part(conn)
            return
        self.arriving[conn].received += piece
        self.look(conn, self.arriving[conn])

    def look(self, conn: TConn, arriving: Arriving) -> None:
        try:
            length = whole(arriving.received)
        except Refused as refused:
            self.part(conn, str(refused))
            return
        if length is not None and len(arriving.received) >= length:
            self.hand_over(conn)
            return
        if length is not None and not arriving.told_to_go_on and asks_first(arriving.received):
            arriving.told_to_go_on = True
            _say(conn, "100 Continue")
        self.make_room()

    def hand_over(self, conn: TConn) -> None:
        """The thread reads what has come, and never the connection itself."""
        if _unread(conn) > UNREAD:
            self.part(conn)
            return
        received = self.forget(conn).received
        conn.parser = get_parser(self.cfg, [bytes(received)], conn.client)
        conn.initialized = conn.data_ready = True
        super().enqueue_req(conn)

    def handle(self, conn: TConn) -> object:
        """In a thread. The loop would wait two seconds for the other end to hang up: it is told here that there is
        nothing more to come."""
        goes_on: object = super().handle(conn)
        if not goes_on:
            with suppress(OSError):
                conn.sock.shutdown(socket.SHUT_RDWR)
        return goes_on

    def _keepalive_after(self, conn: TConn, keepalive: bool) -> bool:
        """Of a body that no page has read nothing is waited for, however long it is: all of it is here."""
        return keepalive and bool(conn.parser.finish_body())

    def forget(self, conn: TConn) -> Arriving:
        self.poller.unregister(conn.sock)
        return self.arriving.pop(conn)

    def part(self, conn: TConn, status: str = "") -> None:
        self.forget(conn)
        self.nr_conns -= 1
        if status:
            _say(conn, f"{status}\r\nConnection: close\r\nContent-Length: 0")
        conn.close()

    def make_room(self) -> None:
        """For others: who has taken longest goes first."""
        while len(self.arriving) > 1 and (self.nr_conns >= self.worker_connections or self.held() > ROOM):
            self.part(next(iter(self.arriving)), "503 Service Unavailable")

    def held(self) -> int:
        return sum(len(each.received) for each in self.arriving.values())

    def murder_pending(self) -> None:
        """Called about every second."""
        super().murder_pending()
        latest = time.monotonic() - (self.patience if self.alive else STOPPING)
        for conn in [conn for conn, arriving in self.arriving.items() if arriving.since < latest]:
            self.part(conn, "408 Request Timeout" if self.arriving[conn].received else "")


def _left_over(conn: TConn) -> bytearray:
    """What came behind the request that was answered last."""
    return bytearray(conn.parser.unreader.take_buffered() if conn.parser else b"")


def _unread(conn: TConn) -> int:
    """Bytes of answers that have not arrived at the other end."""
    counted = fcntl.ioctl(conn.sock.fileno(), termios.TIOCOUTQ, bytes(4))
    return int.from_bytes(counted, sys.byteorder)


def _say(conn: TConn, lines: str) -> None:
    """Nothing else was written yet: it fits, or nobody listens."""
    with suppress(OSError):
        conn.sock.send(f"HTTP/1.1 {lines}\r\n\r\n".encode())
