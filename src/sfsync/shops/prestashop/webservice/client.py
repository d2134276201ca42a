"""Questions to a shop's web service: each asked politely, with the key, in the way that works for this shop."""

from __future__ import annotations

import contextlib
import logging
import re
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from sfsync.domain.hosts import leads_to_forbidden
from sfsync.shops.prestashop.problems import Misconfigured, Unavailable
from sfsync.shops.prestashop.webservice.address import Question, base_of, spelt
from sfsync.shops.prestashop.webservice.answers import Row, must_go_on, number, rows_of
from sfsync.shops.prestashop.webservice.knocking import KnockingTransport
from sfsync.shops.prestashop.webservice.pace import Pace
from sfsync.shops.prestashop.webservice.refusals import Asked, no_such_path, refusal, without_key
from sfsync.shops.prestashop.webservice.rights import rights_of
from shoppingfeed import NoAnswerError, NotSentError, Request, Response, Transport

IDS, MORE_IDS = 10_000, 9_973
"""Ids of one answer: at least the first, and up to so many more. A shop with a cache keeps answers by the text of their
query, so no list is asked for twice with the same limit."""
RESOLVED = 30.0
"""Seconds for which a name is taken to lead where it led."""

_NO_ANSWER = "{shop} does not answer ({reason}). Check its address, and whether the shop can be opened in a browser."


@dataclass(frozen=True, slots=True)
class Way:
    """How a shop is spoken to. `basic`: the key goes in a header, else in the address, which every host passes on.
    `rewritten`: `/api/` leads to the web service."""

    basic: bool = True
    rewritten: bool = True

    def instead(self, answer: Response) -> Way:
        """What to try after this answer; the same where nothing else would help."""
        if self.basic and without_key(answer):
            return replace(self, basic=False)
        if self.rewritten and no_such_path(answer):
            return replace(self, rewritten=False)
        return self


class WebService:
    """One shop, asked by one thread at a time. Its errors and its repr never show the key.

    `address` and `key` as the merchant gave them. `timeout` in seconds bounds each read; a whole answer may take twice
    as long, and a shop that did not answer lately has less (`KnockingTransport`). `memory`: what `remember` gave the
    last time. Raises `ShopMisconfigured` where the address could be no shop's, and every question raises
    `ShopUnavailable` or `ShopMisconfigured`.
    """

    def __init__(
        self,
        address: str,
        key: str,
        *,
        shop_id: int,
        pace: Pace,
        timeout: float = 30.0,
        memory: Mapping[str, Any] | None = None,
        transport: Transport | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.base = base_of(address)
        self.shop_id = shop_id
        self.pace = pace
        self.version = ""
        self._key = key
        self._transport = transport or KnockingTransport(timeout)
        self._turn = int(clock())
        self._resolved_at = float("-inf")
        kept = memory or {}
        self._way = Way(kept.get("basic") is not False, kept.get("rewritten") is not False)

    def __repr__(self) -> str:
        return f"WebService({self.base!r}, shop_id={self.shop_id})"

    def ids(self, resource: str, filters: Mapping[str, str]) -> list[int]:
        """All of them, rising; one statement of the shop for every ten thousand."""
        found: list[int] = []
        while True:
            most = IDS + self.turn() % MORE_IDS
            page = self.rows(Question(resource, filters, most=most, skip=len(found)))
            ids = [number(row, "id") for row in page]
            must_go_on(resource, found, ids)
            found += ids
            if len(page) != most:
                return found

    def newest(self, resource: str, filters: Mapping[str, str] | None = None, *, oldest: bool = False) -> int:
        """The newest one, or the oldest; 0 where there is none."""
        found = self.rows(Question(resource, filters or {}, most=1 + self.turn() % 89, newest_first=not oldest))
        return number(found[0], "id") if found else 0

    def rows(self, question: Question) -> list[Row]:
        """One answer. A page that is as long as was asked for may not be the last."""
        parameters = {"output_format": "JSON", "id_shop": str(self.shop_id), **question.parameters}
        return rows_of(self._ask(question.resource, parameters).body, question.resource)

    def all_rows(self, question: Question) -> list[Row]:
        """As many answers as are needed."""
        found = page = self.rows(question)
        while len(page) == question.most:
            page = self.rows(replace(question, skip=len(found)))
            must_go_on(question.resource, [number(found[-1], "id")], [number(row, "id") for row in page[:1]])
            found = [*found, *page]
        return found

    def put(self, resource: str, number: int, document: bytes) -> None:
        """Write one object, whole. An error does not mean that nothing was written."""
        parameters = {"output_format": "JSON", "id_shop": str(self.shop_id)}
        self._ask(f"{resource}/{number}", parameters, document)

    def rights(self) -> dict[str, frozenset[str]]:
        """What the key may do: resource → methods."""
        return rights_of(self._ask("", {"id_shop": str(self.shop_id)}).body)

    def turn(self) -> int:
        """Another number each time, for limits that must differ."""
        self._turn += 1
        return self._turn

    def remember(self) -> dict[str, Any]:
        return {"basic": self._way.basic, "rewritten": self._way.rewritten, **self.pace.remember()}

    def close(self) -> None:
        self._transport.close()

    def _ask(self, resource: str, parameters: Mapping[str, str], document: bytes = b"") -> Response:
        way, answer = self._way, self._send(resource, parameters, self._way, document)
        while (other := way.instead(answer)) != way:
            way, answer = other, self._send(resource, parameters, other, document)
        if "psws-version" in answer.headers:
            self._way = way
        if answer.status != 200:
            raise refusal(answer, Asked(self.base, resource.partition("/")[0], self.shop_id))
        self.version = answer.headers.get("psws-version", self.version)
        return answer

    def _send(self, resource: str, parameters: Mapping[str, str], way: Way, document: bytes) -> Response:
        self._refuse_own_network()
        request = self._request(resource, parameters, way, document)
        began = self.pace.begin()
        try:
            answer = self._transport.send(request)
        except (NotSentError, NoAnswerError) as error:
            reason = self._hidden(str(error.__cause__ or type(error).__name__))
        else:
            return answer
        finally:
            self.pace.end(began, f"{resource} {'display' in parameters}")
        raise Unavailable(_NO_ANSWER.format(shop=self.base, reason=reason or "no reason given"), code="webservice-host")

    def _refuse_own_network(self) -> None:
        """Whatever the name leads to now: the key would go there."""
        if time.monotonic() - self._resolved_at < RESOLVED:
            return
        if leads_to_forbidden(urlsplit(self.base).hostname or ""):
            raise Misconfigured(
                f"{self.base} is an address of the machine's own network: nothing was sent there.",
                code="webservice-url",
            )
        self._resolved_at = time.monotonic()

    def _request(self, resource: str, parameters: Mapping[str, str], way: Way, document: bytes) -> Request:
        """A document is one to be written."""
        headers = {"User-Agent": "sfsync", "Accept": "*/*"}
        if way.basic:
            headers["Authorization"] = "Basic " + b64encode(f"{self._key}:".encode()).decode()
        else:
            parameters = {**parameters, "ws_key": self._key}
        address = spelt(self.base, resource, parameters, rewritten=way.rewritten)
        if document:
            return Request("PUT", address, {**headers, "Content-Type": "text/xml"}, document)
        return Request("GET", address, headers)

    def _hidden(self, reason: str) -> str:
        return reason.replace(self._key, "***") if self._key else reason


class _WithoutKey(logging.Filter):
    """Whoever turns on an HTTP library's own log gets addresses, and one way of asking has the key in them."""

    def filter(self, record: logging.LogRecord) -> bool:
        with contextlib.suppress(TypeError, ValueError):
            said = record.getMessage()
            if "ws_key=" in said:
                record.msg, record.args = re.sub(r"(ws_key=)[^&\s'\"]*", r"\1***", said), ()
        return True


for _name in ("httpx2", *(f"httpcore2.{part}" for part in ("connection", "http11", "http2", "proxy", "socks"))):
    logging.getLogger(_name).addFilter(_WithoutKey())
