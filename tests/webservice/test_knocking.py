"""A shop behind a web service that does not answer holds no worker for half a minute each time (R22)."""

from __future__ import annotations

import socket
import time

import pytest

from sfsync.shops.base import ShopUnavailable
from sfsync.shops.prestashop.webservice.knocking import KnockingTransport
from shoppingfeed import HttpTransport, NoAnswerError, NotSentError, Request, Response
from tests.webservice.conftest import client_of
from tests.webservice.test_client import LAST

QUESTION = Request("GET", "https://shop.invalid/api/orders", {})
ANSWERED, UNREACHED, SILENT = Response(200, {}), NotSentError("nobody took the call"), NoAnswerError("nobody spoke")


class Told(HttpTransport):
    """Comes to what it is told, and keeps how many seconds it was given to connect, and for an answer."""

    def __init__(self, *outcomes: Response | Exception) -> None:
        self.outcomes = iter(outcomes)
        self.given: list[tuple[float, float]] = []

    def allow(self, timeout: float, *, connect: float = 0) -> None:
        self.given.append((connect, timeout))

    def send(self, request: Request) -> Response:
        outcome = next(self.outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


@pytest.mark.parametrize(
    ("outcomes", "given"),
    [
        ([ANSWERED, ANSWERED], [(2, 30), (2, 30)]),
        ([UNREACHED] * 5, [(2, 30), (4, 30), (8, 30), (10, 30), (10, 30)]),
        ([UNREACHED, ANSWERED, ANSWERED], [(2, 30), (4, 30), (4, 30)]),
        ([SILENT] * 6, [(2, 30), (2, 2), (2, 4), (2, 8), (2, 16), (2, 30)]),
        ([SILENT, SILENT, ANSWERED, ANSWERED], [(2, 30), (2, 2), (2, 4), (2, 30)]),
    ],
    ids=["it answers", "nobody is there", "it is slow to let us in", "it says nothing", "it answers again"],
)
def test_a_shop_that_did_not_answer_is_knocked_at_briefly(
    outcomes: list[Response | Exception], given: list[tuple[float, float]]
) -> None:
    """Longer each time, so that one that is only slow is let in again."""
    http = Told(*outcomes)
    transport = KnockingTransport(30, http)
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            with pytest.raises(type(outcome)):
                transport.send(QUESTION)
        else:
            assert transport.send(QUESTION) is outcome
    assert http.given == given


def test_a_question_to_a_shop_that_takes_the_call_and_says_nothing_ends() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        transport = KnockingTransport(0.2)
        shop = client_of(transport, f"http://127.0.0.1:{silent.getsockname()[1]}/")
        began = time.monotonic()
        with pytest.raises(ShopUnavailable):
            shop.rows(LAST)
        assert time.monotonic() - began < 2
        shop.close()
