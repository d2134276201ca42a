"""A mail server for this machine alone: takes every mail, delivers none, keeps what it said (the least of RFC 5321)."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default
from types import TracebackType
from typing import Self, cast


@dataclass(frozen=True, slots=True)
class Mail:
    """A caught mail; `text` is its plain part."""

    to: str
    subject: str
    text: str


class Mailbox:
    """Listens on a free port of the loopback from the start. `url` is for `SFSYNC_SMTP_URL`; close it with `with`."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self._listener = _Listener(self.mails)
        self.url = f"smtp://127.0.0.1:{self._listener.server_address[1]}"
        threading.Thread(target=self._listener.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown()
        self._listener.server_close()


class _Listener(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, mails: list[Mail]) -> None:
        self.mails = mails
        super().__init__(("127.0.0.1", 0), _Conversation)


class _Conversation(socketserver.StreamRequestHandler):
    timeout = 30

    def handle(self) -> None:
        self._say("220 sfsync demo")
        for line in self.rfile:
            match line[:4].strip().upper():
                case b"DATA":
                    self._say("354 go on")
                    cast(_Listener, self.server).mails.append(_mail(b"".join(self._lines())))
                    self._say("250 kept")
                case b"QUIT":
                    self._say("221 bye")
                    return
                case _:
                    self._say("250 ok")

    def _lines(self) -> Iterator[bytes]:
        """The mail up to the dot that ends it, without the dots that SMTP doubles."""
        for line in self.rfile:
            if line.rstrip(b"\r\n") == b".":
                return
            yield line.removeprefix(b".")

    def _say(self, answer: str) -> None:
        self.wfile.write(f"{answer}\r\n".encode())


def _mail(content: bytes) -> Mail:
    message = message_from_bytes(content, policy=default)
    plain = message.get_body(("plain",))
    return Mail(str(message["to"]), str(message["subject"]), str(plain.get_content()) if plain else "")
