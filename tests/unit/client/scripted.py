"""A transport that answers from a script, and a clock that only moves when somebody sleeps."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from shoppingfeed import Client, Request, Response

Answer = Response | Exception
BASE = "https://api.test"
TOKEN = "very/secret-token"


def answer(status: int = 200, body: object = None, headers: Mapping[str, str] | None = None) -> Response:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status, dict(headers or {}), raw)


def accepted(batch_id: object = "batch-1", **more: object) -> Response:
    return answer(202, {"id": batch_id, **more})


def page(name: str, items: Iterable[object], **more: object) -> Response:
    listed = list(items)
    return answer(200, {"count": len(listed), "_embedded": {name: listed}, **more})


class ScriptedTransport:
    """Gives the answers one after the other (an exception is raised), or asks a function for each."""

    def __init__(self, *answers: Answer, by: Callable[[Request], Answer] | None = None) -> None:
        self._answers = list(answers)
        self._by = by
        self._lock = threading.Lock()
        self.received: list[Request] = []
        self.closed = False

    def send(self, request: Request) -> Response:
        with self._lock:
            self.received.append(request)
            given = self._answers.pop(0) if self._answers else None
        if given is None:
            assert self._by is not None, f"nobody expected {request}"
            given = self._by(request)
        if isinstance(given, Exception):
            raise given
        return given

    def close(self) -> None:
        self.closed = True

    @property
    def urls(self) -> list[str]:
        return [request.url.removeprefix(BASE) for request in self.received]

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(request.body) for request in self.received]


class Clock:
    """Time that passes only by sleeping, or by `tick`."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.slept.append(seconds)
        self.now += seconds

    def tick(self, seconds: float) -> None:
        self.now += seconds


def client_for(transport: Any, clock: Clock | None = None, **options: Any) -> Client:
    clock = clock or Clock()
    options = {"pace": False, **options}
    return Client(
        TOKEN, base_url=BASE, transport=transport, clock=clock, wall_clock=clock, sleep=clock.sleep, **options
    )
