"""The stand-in against the real thing: every answer that was recorded, byte for byte."""

from __future__ import annotations

import base64
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from sqlalchemy import Column, Integer, String, Table, insert

from sfsync.shops.prestashop.sample import SampleShop
from sfsync.shops.prestashop.sample_webservice import recorded
from sfsync.shops.prestashop.sample_webservice.resources import RESOURCES
from sfsync.shops.prestashop.sample_webservice.standin import ALL, Standin
from shoppingfeed import Request

NOT_OURS = {
    "order-one-display-full": "its articles and sums are never asked for",
    "order-one-without-display": "never asked for: it drops what is empty",
}
"""Recordings that have no counterpart, and why."""

STRANGER = 99_999_999
"""The id of a row that every list leaves out."""

WITHOUT_RIGHT = {"missing-right-to-resource", "resources-of-a-key-with-one-right-xml"}


def shop_of(exchange: recorded.Exchange, folder: Path) -> SampleShop:
    """The tables that a recorded list was made of, as far as it shows them, and a row that it leaves out."""
    shop = SampleShop(f"sqlite:///{folder / 'shop.sqlite3'}")
    delay = (Column("id_carrier", Integer), Column("id_lang", Integer), Column("delay", String))
    shop.tables["carrier_lang"] = Table("ps_carrier_lang", shop.metadata, *delay)
    shop.metadata.create_all(shop.engine)
    for name, rows in _tables(exchange).items():
        if not rows:
            continue
        columns = shop.tables[name].columns
        for row in rows:
            blank = {each.name: None if each.nullable else "" for each in columns if not each.primary_key}
            shop.execute(insert(shop.tables[name]).values(blank | {key: row[key] for key in row if key in columns}))
    return shop


def _tables(exchange: recorded.Exchange) -> dict[str, list[dict[str, Any]]]:
    path, _, query = exchange.path.partition("?")
    resource = RESOURCES.get(path.removeprefix("/api/"))
    if resource is None or exchange.answer.status != 200:
        return {}
    filters = {name[7:-1]: each for name, each in parse_qsl(query) if name.startswith("filter[")}
    found: dict[str, list[dict[str, Any]]] = {resource.table: [], "order_carrier": []}
    for row in recorded.rows(exchange):
        found[resource.table].append({resource.key: row["id"], **_asked_for(filters), **_plain(row)})
        if exchange.answer.headers["psws-version"] < "9" and type(row.get("shipping_method")) is int:
            found["carrier"][-1]["shipping_method"] = 0  # the shop's default, which its object is completed with
        if resource.table == "orders":
            found["orders"][-1]["id_shop"] = 1
            number = row.get("shipping_number", "")
            found["order_carrier"].append({"id_order": row["id"], "id_carrier": 2, "tracking_number": number})
        found.setdefault(f"{resource.table}_lang", []).extend(_translated(resource.key, row, "language=1" in query))
    if filters or resource.table == "orders":
        found[resource.table].append({resource.key: STRANGER, "id_shop": 2, "tracking_number": "", "name": "ANOTHER"})
    return found


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if type(value) is not list}


def _asked_for(filters: dict[str, str]) -> dict[str, str]:
    """What a row must be that such a filter let through."""
    listed = {name: each.strip("[]").partition("|")[0] for name, each in filters.items() if each.startswith("[")}
    return listed | {name: "A-NUMBER" for name, each in filters.items() if each == "![]"}


def _translated(key: str, row: dict[str, Any], alone: bool) -> list[dict[str, Any]]:
    texts = {name: value for name, value in row.items() if type(value) is list}
    if alone:
        texts = {"name": [{"id": 1, "value": row["name"]}]}
    languages = [each["id"] for each in next(iter(texts.values()), [])]
    return [
        {key: row["id"], "id_lang": language} | {name: texts[name][place]["value"] for name in texts}
        for place, language in enumerate(languages)
    ]


@pytest.mark.parametrize(
    ("version", "name"), [(each, name) for each in recorded.VERSIONS for name in recorded.names(each)]
)
def test_the_stand_in_answers_as_the_shop_did(version: str, name: str, tmp_path: Path) -> None:
    if name in NOT_OURS:
        assert NOT_OURS[name]
        return
    exchange = recorded.exchange(version, name)
    with closing(shop_of(exchange, tmp_path)) as shop:
        same_answer(exchange, Standin(shop, version=version, key="KEY"))


def same_answer(exchange: recorded.Exchange, standin: Standin) -> None:
    name = exchange.name
    if name in WITHOUT_RIGHT:
        standin.rights = frozenset({"orders"}) if "one-right" in name else ALL - {"order_histories"}
    if name == "wrong-key":
        standin.key = "ANOTHER"
    standin.behaviour.writable = name == "post-history-php-warning"
    standin.behaviour.switched_on = name != "web-service-off"
    standin.behaviour.loses_authorization = name == "authorization-lost-under-cgi"
    basic = {"Authorization": "Basic " + base64.b64encode(b"KEY:").decode()} if exchange.basic else {}
    headers = {"Host": exchange.host, **basic}
    request = Request(exchange.method, f"http://shop.example{exchange.path}", headers, exchange.body)
    answer = standin.send(request)
    assert answer.body.decode() == exchange.answer.body.decode()
    assert (answer.status, dict(answer.headers)) == (exchange.answer.status, dict(exchange.answer.headers))
