"""A sample shop on each engine that a shop may live on, and the connector that reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pymysql
import pytest
from sqlalchemy import Engine, event, make_url

from sfsync.shops.prestashop.sample import SampleShop, build
from sfsync.shops.prestashop.shop import PrestaShop
from tests import services

Connect = Callable[..., PrestaShop]
Account = Callable[..., str]


@pytest.fixture(params=["sqlite", "mariadb"])
def shop_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "mariadb":
        return str(request.getfixturevalue("mariadb_database"))
    return f"sqlite:///{tmp_path / 'shop.sqlite3'}"


@pytest.fixture
def sample(shop_url: str) -> Iterator[SampleShop]:
    """Ten marketplace orders, paid, untouched."""
    shop = build(shop_url, limit=10)
    yield shop
    shop.close()


@pytest.fixture
def mariadb_sample(mariadb_database: str) -> Iterator[SampleShop]:
    """The same, for what only a server can get wrong."""
    shop = build(mariadb_database, limit=10)
    yield shop
    shop.close()


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Makes connectors, and closes them."""
    made: list[PrestaShop] = []

    def make(url: str, **settings: Any) -> PrestaShop:
        made.append(PrestaShop(url, **settings))
        return made[-1]

    yield make
    for shop in made:
        shop.close()


@pytest.fixture
def shop(sample: SampleShop, connect: Connect) -> PrestaShop:
    return connect(sample.url)


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """Every statement that any connection runs from now on."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield seen
    event.remove(Engine, "before_cursor_execute", note)


@pytest.fixture
def root(mariadb_server: services.Server) -> Iterator[Callable[..., list[Any]]]:
    """Runs statements as the administrator of the server."""
    connection = pymysql.connect(host="127.0.0.1", port=mariadb_server.port, user="root", autocommit=True)

    def run(*texts: str) -> list[Any]:
        with connection.cursor() as cursor:
            for text in texts:
                cursor.execute(text)
            return list(cursor.fetchall())

    yield run
    connection.close()


@pytest.fixture
def account(mariadb_sample: SampleShop, root: Callable[..., list[Any]]) -> Iterator[Account]:
    """Makes an account that may read these tables of the sample (`*`: all), and returns the URL that uses it."""
    url = make_url(mariadb_sample.url)
    made: list[str] = []

    def make(*tables: str, password: str = "hunter2") -> str:
        user = f"reader_{uuid4().hex[:8]}"
        made.append(user)
        root(f"CREATE USER '{user}'@'127.0.0.%' IDENTIFIED BY '{password}'")
        for table in tables:
            target = "*" if table == "*" else f"`{table}`"
            root(f"GRANT SELECT ON `{url.database}`.{target} TO '{user}'@'127.0.0.%'")
        return url.set(username=user, password=password).render_as_string(hide_password=False)

    yield make
    for user in made:
        root(f"DROP USER '{user}'@'127.0.0.%'")
