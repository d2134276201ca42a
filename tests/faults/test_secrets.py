"""Promise 10: no secret stands in any output. The other tests check the same of every process that they run
(`tests.faults.stage.no_secret_in`); here things go wrong on purpose, and our database is read too.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pymysql
import pytest
from sqlalchemy import make_url

from shoppingfeed.sandbox import Fault
from tests import services
from tests.faults.deployment import RealWorld, real_world, store_toml
from tests.faults.stage import PASSWORD, TOKEN, no_secret_in

READER = f"reader:{PASSWORD}"


@pytest.fixture
def world(
    tmp_path: Path, migrated: Path, mariadb_server: services.Server, mariadb_database: str
) -> Iterator[RealWorld]:
    """A MariaDB shop that is read by an account with a password, and a mail server that wants one and is not there."""
    name = make_url(mariadb_database).database
    connection = pymysql.connect(host="127.0.0.1", port=mariadb_server.port, user="root", autocommit=True)
    with connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE OR REPLACE USER 'reader'@'127.0.0.%' IDENTIFIED BY '{PASSWORD}'")
        cursor.execute(f"GRANT SELECT ON `{name}`.* TO 'reader'@'127.0.0.%'")
    settings: dict[str, Any] = {
        "smtp_url": f"smtp://mailer:{PASSWORD}@127.0.0.1:9",
        "paced": "false",
        "log_level": "DEBUG",
    }
    store = 'recipients = ["merchant@example.com"]'
    with real_world(tmp_path, migrated, shop_url=mariadb_database, store=store, **settings) as world:
        configure(world, reading(world))
        yield world


def reading(world: RealWorld, login: str = READER, database: str = "") -> str:
    url = make_url(world.shop.url)
    return f"mysql+pymysql://{login}@127.0.0.1:{url.port}/{database or url.database}"


def configure(world: RealWorld, shop_url: str, token: str = TOKEN) -> None:
    more = 'recipients = ["merchant@example.com"]'
    text = store_toml("main", world.server.url, shop_url, more, token=token)
    (world.deployment.home / "stores.toml").write_text(text)
    world.deployment.run("apply", "stores.toml")


def our_database(world: RealWorld) -> str:
    with sqlite3.connect(world.deployment.home / "sfsync.sqlite3") as connection:
        return "\n".join(connection.iterdump())


ECHOES = [
    f"Bad token {TOKEN}",
    json.dumps({"title": f"Token {TOKEN}", "detail": f"Authorization: Bearer {TOKEN}"}),
]


def echo(world: RealWorld, status: int, body: str, **where: Any) -> None:
    """One sync that the API answers with the token in it."""
    number = world.sandbox.fault(Fault("status", status=status, body=body, **where))
    world.deployment.run("sync", status=None)
    assert {each.number: each.struck for each in world.sandbox.faults.all()} == {number: 1}
    world.sandbox.remove_fault(number)


def test_nothing_that_goes_wrong_shows_a_secret(world: RealWorld) -> None:
    """Wrong passwords, an API that repeats the token, servers that are not there; every command, and our database."""
    for status, body in ((401, ECHOES[0]), (401, ECHOES[1]), (422, ECHOES[1]), (500, ECHOES[1])):
        world.ship()
        echo(world, status, body, operation="ship")
    for status in (401, 500):
        echo(world, status, ECHOES[1], path="/ticket")
    assert "***" in our_database(world)
    configure(world, reading(world, f"reader:wrong-{PASSWORD}"))
    world.deployment.run("sync", status=1)
    world.deployment.run("doctor", status=1)
    configure(world, reading(world, READER, "no_such_database"), token=f"{TOKEN}-renewed")
    world.deployment.run("sync", status=1)
    configure(world, reading(world))
    order = world.ship()
    world.deployment.run("retry", "--all-failed")
    world.deployment.run("sync", "--wait", "5", status=None)  # 1 where the mail is due again
    for command in (["status", "--json"], ["tasks"], ["logs", "--limit", "1000"], ["why", str(order)], ["doctor"]):
        world.deployment.run(*command, status=None)
    assert world.accepted(order) == [("ship", f"T-{order}")]
    no_secret_in("\n".join(world.deployment.said))
    no_secret_in(our_database(world))


def test_a_broken_database_of_ours_shows_no_password(tmp_path: Path, migrated: Path) -> None:
    """Nor does a wrong setting."""
    with real_world(tmp_path, migrated) as world:
        for url in (f"postgresql://sfsync:{PASSWORD}@127.0.0.1:9/sfsync", f"mysql://sfsync:{PASSWORD}@host/x"):
            world.deployment.settings = {"database_url": url}
            for command in ("sync", "doctor", "status"):
                done = world.deployment.run(command, status=None)
                assert done.status in (1, 2)
                assert done.out + done.err
                no_secret_in(done.out + done.err)
