"""Where a shop's web service is, and how a question becomes an address."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

from sfsync.shops.prestashop.problems import Misconfigured

FILLED = "![]"
"""A filter: the field is not empty."""


def after(number: int) -> str:
    """A filter: greater than. Ids begin with 1."""
    return f">[{max(number, 0)}]"


def any_of(values: Collection[object]) -> str:
    """A filter: one of these."""
    return f"[{'|'.join(map(str, values))}]"


def since(date: str) -> str:
    """A filter: not before this date of the shop."""
    return f"[{date},2999-12-31 00:00:00]"


@dataclass(frozen=True, slots=True)
class Question:
    """A list that is asked for. Without `fields` the answer has ids alone, which costs the shop one statement; with
    them it is one and more for each row. `most` is needed: no list ends by itself."""

    resource: str
    filters: Mapping[str, str]
    fields: Collection[str] = ()
    most: int = 500
    skip: int = 0
    newest_first: bool = False

    @property
    def parameters(self) -> dict[str, str]:
        shown = {"display": f"[{','.join(self.fields)}]"} if self.fields else {}
        filters = {f"filter[{field}]": condition for field, condition in self.filters.items()}
        dated = {"date": "1"} if any(each.startswith("date_") for each in self.filters) else {}
        sort = "[id_DESC]" if self.newest_first else "[id_ASC]"
        return {**filters, **dated, **shown, "sort": sort, "limit": f"{self.skip},{self.most}"}


def base_of(address: str) -> str:
    """The shop's own address without a slash at its end. Raises `ShopMisconfigured` where it could be no shop's."""
    try:
        parts = urlsplit(address.strip())
        _port = parts.port
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise Misconfigured("The address of the shop looks like https://shop.example/.", code="webservice-url")
    path = parts.path.rstrip("/").removesuffix("/api").rstrip("/")
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{path}"


def spelt(base: str, path: str, parameters: Mapping[str, str], *, rewritten: bool) -> str:
    """Percent-encoded throughout: firewalls object to brackets. Without rewriting the dispatcher goes by its name."""
    if rewritten:
        return f"{base}/api/{path}?{_query(parameters)}"
    return f"{base}/webservice/dispatcher.php?{_query({'url': path, **parameters})}"


def _query(parameters: Mapping[str, str]) -> str:
    return urlencode(parameters, quote_via=quote, safe="")
