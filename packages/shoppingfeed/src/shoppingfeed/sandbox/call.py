"""A request, read: what it asks for, of whom, with which token."""

from __future__ import annotations

import re
from functools import cached_property
from urllib.parse import parse_qsl, urlsplit

from shoppingfeed._transport import Request
from shoppingfeed.sandbox.answers import ProblemError
from shoppingfeed.sandbox.operations import Named, read_items

_OPERATION_PATH = re.compile(r"/v1/store/\d+/order/([a-z-]+)")
_ORDER_PATH = re.compile(r"/v1/store/\d+/order/(\d{1,18})")


class Call:
    """A request, read: its path, query, token and what it asks for."""

    def __init__(self, request: Request) -> None:
        parts = urlsplit(request.url)
        self.method = request.method.upper()
        self.path = parts.path or "/"
        self.target = f"{self.path}?{parts.query}" if parts.query else self.path
        self.query = dict(parse_qsl(parts.query, keep_blank_values=True))
        self.headers = {name.lower(): value for name, value in request.headers.items()}
        self.body = request.body

    @property
    def token(self) -> str:
        """The bearer token, or an empty string."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""

    @property
    def operation(self) -> str:
        """The operation that is posted, or an empty string."""
        found = _OPERATION_PATH.fullmatch(self.path)
        return found[1] if found and self.method == "POST" else ""

    @cached_property
    def items(self) -> list[Named]:
        """The items of the operation. Raises ProblemError."""
        return read_items(self.operation, self.headers.get("content-type", ""), self.body)

    @cached_property
    def order_ids(self) -> frozenset[int]:
        """The orders that the request names, by id."""
        if self.operation:
            try:
                return frozenset(named.order_id for named in self.items if named.order_id is not None)
            except ProblemError:
                return frozenset()
        found = _ORDER_PATH.match(self.path)
        text = found[1] if found else self.query.get("payloadId", "")
        return frozenset({int(text)} if text.isdecimal() and len(text) <= 18 else ())
