"""How the API answers: JSON documents, problem documents, pages of a HAL list."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlencode

from shoppingfeed._transport import Response

T = TypeVar("T")

DEFAULT_LIMIT = 200
MOST_PER_PAGE = 1000

TITLES = {
    400: "Bad Request",
    401: "Not Authorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    413: "Payload Too Large",
    422: "Unprocessable Entity",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


class ProblemError(Exception):
    """A refusal of the whole request; becomes a problem document."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})

    def response(self) -> Response:
        """The problem document (api.md, *Transport*)."""
        document = {
            "type": f"https://httpstatuses.com/{self.status}",
            "title": TITLES.get(self.status, "Error"),
            "detail": self.detail,
            "status": self.status,
        }
        return answer(document, self.status, {"content-type": "application/problem+json", **self.headers})


def answer(document: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer."""
    body = json.dumps(document, separators=(",", ":")).encode()
    return Response(status, {"content-type": "application/json", **(headers or {})}, body)


class Paging(NamedTuple):
    """The part of a list that a request asks for."""

    page: int
    limit: int

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Paging:
        """Read `page` and `limit`; more than 1,000 a page is cut to 1,000, as `limit` in the answer tells."""
        return cls(_positive(query, "page", 1), min(_positive(query, "limit", DEFAULT_LIMIT), MOST_PER_PAGE))

    def cut(self, rows: Sequence[T]) -> Sequence[T]:
        """The rows of this page."""
        start = (self.page - 1) * self.limit
        return rows[start : start + self.limit]

    def pages(self, total: int) -> int:
        """How many pages `total` rows fill."""
        return -(-total // self.limit)


def _positive(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name) or str(default)
    if not text.isdecimal() or len(text) > 9 or not int(text):
        raise ProblemError(400, f"'{name}' must be a whole number from 1, not '{text[:40]}'.")
    return int(text)


def hal_list(
    name: str,
    rows: Sequence[T],
    draw: Callable[[T], Any],
    *,
    path: str,
    query: Mapping[str, str],
    meta: Mapping[str, Any] | None = None,
) -> Response:
    """One page of `rows`, with links to follow as they are; an empty page has no `_embedded` (api.md, *Transport*)."""
    paging = Paging.of(query)
    shown = paging.cut(rows)
    pages = paging.pages(len(rows))

    def link(page: int) -> dict[str, str]:
        return {"href": f"{path}?{urlencode({**query, 'page': page, 'limit': paging.limit})}"}

    links = {"self": link(paging.page), "first": link(1), "last": link(max(1, pages))}
    if paging.page < pages:
        links["next"] = link(paging.page + 1)
    if paging.page > 1:
        links["prev"] = link(paging.page - 1)
    document: dict[str, Any] = {"page": paging.page, "limit": paging.limit, "pages": pages, "count": len(shown)}
    document |= {"total": len(rows), "_links": links}
    if meta is not None:
        document["meta"] = meta
    if shown:
        document["_embedded"] = {name: [draw(row) for row in shown]}
    return answer(document)


def shuffled(rows: Sequence[T]) -> list[T]:
    """The rows in another order, the same one each time: over all pages each row still appears once."""
    mixed = list(rows)
    random.Random(len(mixed)).shuffle(mixed)  # noqa: S311 - a deck of cards, not a secret
    return mixed
