"""HTTP to one shop, which holds nobody up when it does not answer."""

from __future__ import annotations

from sfsync.shops.prestashop.knock import Knock
from sfsync.shops.prestashop.webservice.answers import LONGEST
from shoppingfeed import HttpTransport, NoAnswerError, NotSentError, Request, Response

LONGEST_CONNECT = 10.0
"""Seconds."""


class KnockingTransport:
    """A `Transport` for one thread at a time, of `timeout` seconds.

    Connecting may take 2 s, and twice as long after each time that this was not enough. Of a shop that took the call
    and gave no answer lately the next answer is waited for as briefly. `http` replaces the real one.
    """

    def __init__(self, timeout: float, http: HttpTransport | None = None) -> None:
        self._http = http or HttpTransport(timeout, largest=LONGEST)
        self._connect, self._answer = Knock(LONGEST_CONNECT, in_vain=1), Knock(timeout)

    def send(self, request: Request) -> Response:
        self._http.allow(self._answer.seconds, connect=self._connect.seconds)
        try:
            answer = self._http.send(request)
        except NotSentError:
            self._connect.in_vain += 1
            raise
        except NoAnswerError:
            self._answer.in_vain += 1
            raise
        self._answer.in_vain = 0
        return answer

    def close(self) -> None:
        self._http.close()
