"""Our own database dies in the middle of a run: a trouble with its name, and the next run goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from sfsync.shops.prestashop.sample import build
from shoppingfeed.sandbox import Server
from tests import services
from tests.e2e.machine import Machine, store_table

DIES = """
CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$;
CREATE TRIGGER dies BEFORE INSERT ON sfsync_marketplace_order EXECUTE FUNCTION die();
"""


@pytest.fixture
def database() -> Iterator[str]:
    name = f"dies_{uuid4().hex}"
    yield services.postgres().database(name)
    services.postgres().drop(name)


def test_a_run_whose_database_dies_says_so_and_the_next_one_goes_on(
    tmp_path: Path, database: str, feed: Server
) -> None:
    """Each connection ends in the middle of a transaction, as if its server was killed."""
    machine = Machine(tmp_path, {"database_url": database})
    assert machine.sfsync("migrate").status == 0
    assert (
        machine.apply(store_table("main", build(f"sqlite:///{tmp_path}/shop.sqlite3", limit=6).url, feed.url)).status
        == 0
    )
    with psycopg.connect(database, autocommit=True) as direct:
        direct.execute(DIES)

        answer = machine.sfsync("sync")
        assert (answer.status, "Traceback" in answer.err) == (1, False)
        assert "main: The database cannot be used. terminating connection" in " ".join(answer.err.split())
        alarms = machine.sfsync("status", "--json").document["main"]["alarms"]
        assert "database-away" in {each["code"] for each in alarms}

        direct.execute("DROP TRIGGER dies ON sfsync_marketplace_order")
    assert machine.sfsync("sync").status == 0
    assert machine.sfsync("status", "--json").document["main"]["alarms"] == []
