"""A PrestaShop's web service, made of the tables of a sample shop. It answers byte for byte as the recorded ones do
(tests/webservice/test_standin.py), and misbehaves when told to."""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit
from xml.etree import ElementTree

from sqlalchemy import Column, ColumnElement, Select, Table, false, select, update

from sfsync.shops.prestashop.sample import SampleShop
from sfsync.shops.prestashop.sample_webservice import recorded
from sfsync.shops.prestashop.sample_webservice.resources import ENTRY, OF_BRIDGE, RESOURCES, Resource, spelt
from shoppingfeed import NoAnswerError, NotSentError, Request, Response

KEY = "A2B4C6D8E1F3G5H7J9K2L4M6N8P1Q3R5"
HOST = "shop.example"
ALL = frozenset(
    re.findall(r"<(?!description)(\w+) xlink", recorded.answer("8.2.4", "resources-of-the-key-xml").body.decode())
)
"""What the recorded key may read."""
LONGEST_LINE = 8190
"""Bytes of a request's first line, as Apache takes it."""


@dataclass
class Behaviour:
    """How it goes wrong. `cached`: PrestaShop's own cache is on, and what is written by SQL stays unseen in a query of
    the same text. `before` is called with each request: it may wait, or raise."""

    switched_on: bool = True
    loses_authorization: bool = False
    rewriting: bool = True
    cached: bool = False
    writable: bool = False
    redirects: str = ""
    instead: Callable[[Request], Response | None] = lambda _request: None
    before: Callable[[Request], None] = lambda _request: None


@dataclass
class Standin:
    """`rights`: what the key may read. `asked`: every question, newest last; `statements` how many SQL statements they
    would have cost the shop."""

    shop: SampleShop
    version: str = "8.2.4"
    key: str = KEY
    rights: frozenset[str] = ALL
    host: str = HOST
    shop_ids: frozenset[int] = frozenset({1})
    behaviour: Behaviour = field(default_factory=Behaviour)
    asked: list[str] = field(default_factory=list)
    statements: int = 0

    def __post_init__(self) -> None:
        self._lists: dict[str, list[int]] = {}
        self._objects: dict[tuple[str, int], dict[str, Any]] = {}

    def send(self, request: Request) -> Response:
        """It is a transport: for tests that need no network."""
        self.behaviour.before(request)
        return self.behaviour.instead(request) or self._answer(request)

    def close(self) -> None:
        """Nothing is open."""

    def counted(self) -> Counter[str]:
        """How often each resource was asked for since the last time."""
        found = Counter(each.partition("?")[0] for each in self.asked)
        self.asked.clear()
        return found

    def fail(self, *, sent: bool) -> None:
        """The next questions get no answer."""

        def drop(request: Request) -> None:
            raise (NoAnswerError if sent else NotSentError)(f"{request}: connection reset", request=str(request))

        self.behaviour.before = drop

    def _answer(self, request: Request) -> Response:
        parts = urlsplit(request.url)
        if len(f"GET {parts.path}?{parts.query} HTTP/1.1") > LONGEST_LINE:
            return Response(414, {"content-type": "text/html"}, b"<h1>Request-URI Too Long</h1>")
        parameters = dict(parse_qsl(parts.query, keep_blank_values=True))
        path = self._path(parts.path, parameters)
        if path is None:
            return Response(404, {"content-type": "text/html"}, b"<h1>Not Found</h1>")
        return self._in_php(request, path, parameters)

    def _path(self, path: str, parameters: dict[str, str]) -> str | None:
        """What was asked for: `orders`, `orders/7`, empty for the list of resources."""
        if path.startswith("/webservice/dispatcher.php"):
            return parameters.pop("url", "")
        if path.startswith("/api/") and self.behaviour.rewriting:
            return path.removeprefix("/api/")
        return None

    def _in_php(self, request: Request, path: str, parameters: dict[str, str]) -> Response:
        host = request.headers.get("Host") or urlsplit(request.url).hostname or ""
        if self._elsewhere(host, parameters.get("id_shop", "")):
            rest = {name: value for name, value in parameters.items() if name != "id_shop"}
            where = (
                f"http://{self.behaviour.redirects or self.host}/?{urlencode({'url': path, **rest}, quote_via=quote)}"
            )
            return Response(302, {"location": where, "content-type": "text/html; charset=utf-8"}, b"")
        if not self.behaviour.switched_on:
            return recorded.answer(self.version, "web-service-off")
        key = self._key(request, parameters)
        if key is None:
            return recorded.answer("9.1.4", "no-key")
        if key != self.key:
            return recorded.answer(self.version, "wrong-key")
        self.asked.append(
            f"{path}?{urlencode({name: value for name, value in parameters.items() if name != 'ws_key'})}"
        )
        return self._with_rights(request, path, parameters)

    def _elsewhere(self, host: str, shop: str) -> bool:
        if self.behaviour.redirects or (shop and not (shop.isdecimal() and int(shop) in self.shop_ids)):
            return True
        return not shop and host != self.host

    def _key(self, request: Request, parameters: Mapping[str, str]) -> str | None:
        header = "" if self.behaviour.loses_authorization else request.headers.get("Authorization", "")
        if header.startswith("Basic "):
            return base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")[0]
        return parameters.get("ws_key")

    def _with_rights(self, request: Request, path: str, parameters: Mapping[str, str]) -> Response:
        name, _, number = path.partition("/")
        if not name:
            json_asked = parameters.get("output_format") == "JSON"
            return recorded.answer(self.version, "resources-of-the-key-json") if json_asked else self._list_of_rights()
        if name not in (ALL | RESOURCES.keys()) - (OF_BRIDGE - self.rights):
            nine = self.version.startswith("9")
            return recorded.answer(self.version, "shipments-not-a-resource" if nine else "unknown-resource")
        if name not in self.rights:
            return self._named("missing-right-to-resource", "order_histories", name)
        if request.method == "POST" and name == "order_histories" and self.behaviour.writable:
            return self._write(request.body.decode())
        if request.method == "PUT" and name == "configurations" and self.behaviour.writable:
            return self._save(int(number), ElementTree.fromstring(request.body))  # noqa: S314 - for our own client, on this machine
        if request.method != "GET":
            return self._named("missing-right-to-method", "resource orders", f"resource {name}")
        return self._read(name, number, parameters)

    def _write(self, document: str) -> Response:
        """A new status, as the shop itself writes it: its cache forgets. The module on an old hook name makes a 500 of
        what was done."""
        order, status = (int(re.findall(rf"<{name}>(\d+)<", document)[0]) for name in ("id_order", "id_order_state"))
        self.shop.set_status(order, status)
        self._lists, self._objects = {}, {}
        return recorded.answer(self.version, "post-history-php-warning")

    def _save(self, number: int, document: ElementTree.Element) -> Response:
        """A setting, as the shop itself writes it: its cache forgets, and no shop becomes shop 0."""
        sent = {each.tag: each.text or "" for each in document[0]}
        table = self.shop.tables["configuration"]
        values = {"name": sent["name"], "value": sent["value"], "date_add": sent["date_add"]}
        places = {name: int(sent[name] or 0) for name in ("id_shop", "id_shop_group")}
        self.shop.execute(update(table).where(table.c.id_configuration == number).values(**values, **places))
        self._lists, self._objects = {}, {}
        return self._json({"configuration": {"id": str(number), **values}})

    def _named(self, answer: str, former: str, name: str) -> Response:
        found = recorded.answer(self.version, answer)
        return Response(found.status, found.headers, found.body.replace(former.encode(), name.encode()))

    def _list_of_rights(self) -> Response:
        whole = recorded.answer(self.version, "resources-of-the-key-xml")
        head, *entries = re.split(r"(?<=\n)(?=<(?!description|schema)\w+ xlink:href)", whole.body.decode())
        kept = [each for each in entries if re.match(r"<(\w+)", each)[1] in self.rights]  # type: ignore[index]
        parts = [re.sub(r"</api>.*", "", each, flags=re.DOTALL) for each in kept]
        model = next(each for each in parts if each.startswith("<orders ")) if parts else ""
        parts += [model.replace("orders", name) for name in sorted(self.rights & OF_BRIDGE)]
        return Response(200, whole.headers, (head + "".join(parts) + "</api>\n</prestashop>\n").encode())

    def _read(self, name: str, number: str, parameters: Mapping[str, str]) -> Response:
        self.statements += 30
        if name not in RESOURCES:
            return self._json([])
        resource = RESOURCES[name]
        fields = self._fields(resource, parameters.get("display", ""))
        filters = {key[7:-1]: value for key, value in parameters.items() if key.startswith("filter[")}
        if number:
            filters = {"id": f"[{number}]"}
        for each in filters:
            if each == "shipping_number":
                return recorded.answer(self.version, "filter-on-computed-field")
            if each not in resource.marks:
                return recorded.answer(self.version, "wrong-filter")
        if fields is None:
            return Response(500, self._headers, b'{"errors":[{"code":35,"message":"Unable to display this field"}]}')
        ids = self._ids(resource, filters, parameters)
        if number and not ids:
            return recorded.answer(self.version, "missing-object")
        rows = [self._row(resource, each, fields, parameters) for each in ids] if ids else []
        return self._json({ENTRY.get(name, name): rows} if rows else [])

    @property
    def _headers(self) -> dict[str, str]:
        return {"psws-version": self.version, "content-type": "application/json"}

    def _json(self, document: Any) -> Response:
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        return Response(200, self._headers, text.replace("/", "\\/").encode("utf-8", "surrogatepass"))

    def _fields(self, resource: Resource, display: str) -> list[str] | None:
        """Always in the resource's own order; None where one does not exist."""
        if not display or display == "full":
            return list(resource.marks) if display else ["id"]
        wanted = set(display.strip("[]").split(","))
        return [each for each in resource.marks if each in wanted] if wanted <= resource.marks.keys() else None

    def _ids(self, resource: Resource, filters: Mapping[str, str], parameters: Mapping[str, str]) -> list[int]:
        """One statement, kept by its text where the shop has a cache."""
        table = self.shop.tables[resource.table]
        key = table.c[resource.key]
        statement = select(key)
        for name, condition in filters.items():
            statement = statement.where(_where(key if name == "id" else table.c[name], condition))
        if resource.table == "orders" and (shop := parameters.get("id_shop")):
            statement = statement.where(table.c.id_shop == int(shop))
        statement = _limited(_sorted(statement, table, resource, parameters), parameters.get("limit", ""))
        compiled = statement.compile()
        text = f"{compiled} {compiled.params}"
        if not self.behaviour.cached or text not in self._lists:
            self._lists[text] = [row[0] for row in self.shop.rows(statement)]
        return self._lists[text]

    def _row(self, resource: Resource, number: int, fields: list[str], parameters: Mapping[str, str]) -> dict[str, Any]:
        """One statement for each row and more, kept as long as the list's."""
        if fields == ["id"]:
            return {"id": number}
        self.statements += 1
        known = (resource.table, number)
        if not self.behaviour.cached or known not in self._objects:
            self._objects[known] = self._loaded(resource, number, set(fields))
        row, marks = self._objects[known], resource.marks
        language = int(parameters.get("language", "0") or 0)
        found = {name: spelt(row[name], marks[name], self.version) for name in fields}
        if language:
            one = {name: dict(row[name]).get(language) for name in fields if marks[name] == "*"}
            found |= one
        return self._odd(resource, number, found)

    def _odd(self, resource: Resource, number: int, row: dict[str, Any]) -> dict[str, Any]:
        """Objects that PrestaShop has loaded or completed already are not spelt like the others."""
        if resource.table == "lang" and number == 1 and "active" in row and self.version.startswith("9"):
            row["active"] = int(row["active"])
        if resource.table == "carrier" and str(row.get("shipping_method")) == "0":
            row["shipping_method"] = 1
        return row

    def _loaded(self, resource: Resource, number: int, wanted: set[str]) -> dict[str, Any]:
        table = self.shop.tables[resource.table]
        row = self.shop.rows(select(table).where(table.c[resource.key] == number))[0]._asdict()
        found = {"id": number, "id_tax_rules_group": 1, **row}
        if resource.table == "orders" and "shipping_number" in wanted:
            parcels = self.shop.tables["order_carrier"].c
            first = select(parcels.tracking_number).where(parcels.id_order == number).order_by(parcels.id_order_carrier)
            numbers = self.shop.rows(first)
            found["shipping_number"] = (numbers[0][0] or "") if numbers else ""
        for name in (each for each, mark in resource.marks.items() if mark == "*" and each in wanted):
            found[name] = self._translations(resource, number, name)
        return found

    def _translations(self, resource: Resource, number: int, name: str) -> list[tuple[int, str]]:
        table = self.shop.tables.get(f"{resource.table}_lang")
        if table is None or name not in table.c:
            return []
        query = select(table.c.id_lang, table.c[name]).where(table.c[resource.key] == number).order_by(table.c.id_lang)
        return [(row[0], row[1]) for row in self.shop.rows(query)]


def _where(column: Column[Any], condition: str) -> ColumnElement[bool]:
    found = re.fullmatch(r"(!|>|<|%)?\[(.*)\](%)?", condition, re.DOTALL)
    if found is None:
        return false()
    sign, inside, contains = found.groups()
    match sign:
        case ">":
            return column > inside
        case "<":
            return column < inside
        case "!":
            return column.not_in(inside.split("|")) & column.is_not(None)
        case "%":
            return column.contains(inside)
    if contains:
        return column.startswith(inside)
    if re.fullmatch(r"[\d.: -]+,[\d.: -]+", inside):
        low, high = inside.split(",")
        return column.between(low, high)
    return column.in_(inside.split("|"))


def _sorted(statement: Select[Any], table: Table, resource: Resource, parameters: Mapping[str, str]) -> Select[Any]:
    key = table.c[resource.key]
    orders: Iterable[Any] = [table.c[resource.unsorted], key] if resource.unsorted else [key]
    if found := re.fullmatch(r"\[id_(ASC|DESC)\]", parameters.get("sort", "")):
        orders = [key if found[1] == "ASC" else key.desc()]
    return statement.order_by(*orders)


def _limited(statement: Select[Any], limit: str) -> Select[Any]:
    if not limit:
        return statement
    skip, _, most = limit.rpartition(",")
    return statement.limit(int(most)).offset(int(skip or 0))
