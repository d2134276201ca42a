"""A sandbox that may tell a store something else than the truth, or not listen at all."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from typing import Any

from shoppingfeed import NoAnswerError, Request, Response
from shoppingfeed.sandbox import Sandbox

Lie = Callable[[Any], Any]
"""An answer's parsed body, as it is → as it is told."""


class Liar(Sandbox):
    """Answers to requests whose `METHOD address` matches a lie's pattern are told as the lie has them.

    A request that matches `deaf_to` is taken, never carried out and never answered; `unheard` counts those. The next
    one that matches `slow_to` is carried out and answered only when it is `let_go`, whoever waits for it.
    """

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        self.lies: dict[str, Lie] = {}
        self.deaf_to, self.unheard, self._over = "", 0, threading.Event()
        self.slow_to, self.under_way, self._go = "", False, threading.Event()
        super().__init__(*arguments, **settings)

    def handle(self, request: Request, *, patience: float | None = None) -> Response:
        if self.deaf_to and re.search(self.deaf_to, str(request)):
            self._take(request)
        if self.slow_to and re.search(self.slow_to, str(request)):
            self.slow_to, self.under_way = "", True
            self._go.wait()
        response = super().handle(request, patience=patience)
        for pattern, lie in self.lies.items():
            if response.status < 300 and re.search(pattern, str(request)):
                body = json.dumps(lie(json.loads(response.body))).encode()
                response = Response(response.status, response.headers, body)
        return response

    def _take(self, request: Request) -> None:
        self.unheard += 1
        self._over.wait()
        raise NoAnswerError(f"{request} was taken, and nothing became of it.")

    def let_go(self) -> None:
        self._go.set()

    def release(self) -> None:
        """No request waits any longer: the server closes."""
        self._over.set()
        self.let_go()
        super().release()
