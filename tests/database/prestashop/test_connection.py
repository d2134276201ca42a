"""One connection: it cannot write, holds nothing, gives up in time, and comes back (R5)."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pymysql
import pytest
from sqlalchemy import make_url, select, text

from sfsync.shops.base import ShopError
from sfsync.shops.prestashop.connection import IDLE, Database
from sfsync.shops.prestashop.dialect import TEXTS, PlainDriver
from sfsync.shops.prestashop.knock import Knock
from sfsync.shops.prestashop.problems import Unavailable
from sfsync.shops.prestashop.rows import PAID
from sfsync.shops.prestashop.sample import SHIPPED, SampleShop, build
from tests.certificates import loads_of_certificates
from tests.database.prestashop.conftest import Connect
from tests.waiting import until


def connections(root: Callable[..., list[Any]], url: str) -> list[int]:
    found = root(f"SELECT id FROM information_schema.processlist WHERE db = '{make_url(url).database}'")
    return [row[0] for row in found]


def test_it_opens_when_needed_and_only_once(
    mariadb_sample: SampleShop, connect: Connect, root: Callable[..., list[Any]]
) -> None:
    mariadb_sample.close()
    shop = connect(mariadb_sample.url)
    until(lambda: not connections(root, mariadb_sample.url), "the server has let go of the sample's own")
    shop.reader.look(["6"])
    first = connections(root, mariadb_sample.url)
    shop.reader.read(["6"])
    assert len(first) == 1
    assert connections(root, mariadb_sample.url) == first


def test_a_connection_that_checks_no_certificate_loads_none(mariadb_sample: SampleShop, connect: Connect) -> None:
    """A fleet opens one for every pass of every shop."""
    with loads_of_certificates() as loads:
        assert connect(mariadb_sample.url).reader.look(["6"])
    assert loads == []


def test_what_one_shop_is_asked_is_spelt_once_for_all(mariadb_sample: SampleShop, connect: Connect) -> None:
    """A fleet opens a shop for every pass; and another prefix is other tables."""
    first = connect(mariadb_sample.url).reader.look(["6"])
    spelt = len(TEXTS)
    assert connect(mariadb_sample.url, timeout=20.0).reader.look(["6"]) == first
    assert len(TEXTS) == spelt
    with pytest.raises(ShopError):
        connect(mariadb_sample.url, prefix="other_").reader.look(["6"])
    assert len(TEXTS) > spelt


def test_a_lost_connection_is_told_and_the_next_call_opens_another(
    mariadb_sample: SampleShop, connect: Connect, root: Callable[..., list[Any]]
) -> None:
    mariadb_sample.close()
    shop = connect(mariadb_sample.url)
    shop.reader.look(["6"])
    for connection_id in connections(root, mariadb_sample.url):
        root(f"KILL {connection_id}")
    with pytest.raises(Unavailable, match="opened again at the next try") as error:
        shop.reader.look(["6"])
    assert error.value.code == "host"
    assert shop.reader.look(["6"])["6"].status == str(PAID)


def test_close_gives_the_connection_back_and_it_can_be_opened_again(sample: SampleShop, connect: Connect) -> None:
    shop = connect(sample.url)
    shop.close()
    assert shop.reader.look(["6"])
    shop.close()
    shop.close()
    assert shop.reader.look(["6"])


def test_a_connection_that_rested_is_opened_afresh(mariadb_sample: SampleShop, root: Callable[..., list[Any]]) -> None:
    mariadb_sample.close()
    now = [1000.0]
    reader = Database(mariadb_sample.url, prefix="ps_", timeout=5, now=lambda: now[0])
    reader.rows(select(1))
    first = connections(root, mariadb_sample.url)
    for connection_id in first:
        root(f"KILL {connection_id}")
    now[0] += IDLE + 1
    assert reader.rows(select(1))[0][0] == 1
    assert connections(root, mariadb_sample.url) != first
    reader.close()


def test_it_cannot_write(sample: SampleShop) -> None:
    reader = Database(sample.url, prefix="ps_", timeout=5)
    with pytest.raises(ShopError):
        reader.rows(text("UPDATE ps_orders SET current_state = 6"))  # type: ignore[arg-type]
    reader.close()
    assert sample.order(6).status == PAID


def test_a_query_that_reads_many_rows_may_run_where_the_server_would_refuse_it(
    mariadb_sample: SampleShop, root: Callable[..., list[Any]]
) -> None:
    """As on shared hosting, where `max_join_size` is low."""
    reader = Database(mariadb_sample.url, prefix="ps_", timeout=5)
    root("SET GLOBAL sql_big_selects = 0")
    try:
        assert [row[0] for row in reader.rows(select(text("@@sql_big_selects")))] == [1]
    finally:
        root("SET GLOBAL sql_big_selects = 1")
        reader.close()


def test_every_query_sees_the_newest_rows(sample: SampleShop, connect: Connect) -> None:
    shop = connect(sample.url)
    assert shop.reader.look(["6"])["6"].status == str(PAID)
    sample.set_status(6, SHIPPED)
    assert shop.reader.look(["6"])["6"].status == str(SHIPPED)


def test_no_transaction_stays_open_behind_a_query(
    mariadb_sample: SampleShop, connect: Connect, root: Callable[..., list[Any]]
) -> None:
    shop = connect(mariadb_sample.url)
    pages = shop.history.pages(0)
    assert next(pages)
    shop.reader.read(["6"])
    ours = connections(root, mariadb_sample.url)
    assert ours
    open_ones = {row[0] for row in root("SELECT trx_mysql_thread_id FROM information_schema.innodb_trx")}
    assert open_ones.isdisjoint(ours)


def test_a_locked_table_is_not_waited_for_beyond_the_time_out(
    mariadb_sample: SampleShop, connect: Connect, root: Callable[..., list[Any]]
) -> None:
    shop = connect(mariadb_sample.url, timeout=0.3)
    shop.reader.look(["6"])
    root(f"LOCK TABLES `{make_url(mariadb_sample.url).database}`.ps_orders WRITE")
    with pytest.raises(Unavailable, match="too busy") as error:
        shop.reader.look(["6"])
    root("UNLOCK TABLES")
    assert error.value.code == "busy"
    assert shop.reader.look(["6"])


def test_a_locked_file_is_not_waited_for_beyond_the_time_out(tmp_path: Path, connect: Connect) -> None:
    path = tmp_path / "shop.sqlite3"
    build(f"sqlite:///{path}", limit=1).close()
    writer = sqlite3.connect(path)
    writer.execute("BEGIN EXCLUSIVE")
    with pytest.raises(Unavailable) as error:
        connect(f"sqlite:///{path}", timeout=0.1).reader.look(["6"])
    writer.close()
    assert error.value.code == "busy"


def test_an_account_of_another_encoding_reads_the_same(mariadb_sample: SampleShop, connect: Connect) -> None:
    mariadb_sample.set_tracking(6, "été-6A1-📦-ß")
    assert connect(f"{mariadb_sample.url}?charset=utf8mb4").reader.look(["6"])["6"].tracking_number == "été-6A1-📦-ß"


def test_bytes_that_are_no_text_are_one_rows_and_keep_no_other_from_being_read(
    sample: SampleShop, connect: Connect
) -> None:
    """Of SQLite in any text; of a server where the account's character set has less than the table's."""
    sample.set_tracking(6, "6A10000000001")
    sample.set_tracking(7, "6A1\x8100000002")
    spoil(sample, 7)
    shop = connect(sample.url if "sqlite" in sample.url else f"{sample.url}?charset=latin1")
    for _ in range(2):
        seen = shop.reader.look(["6", "7"])
        assert (seen["6"].tracking_number, seen["7"].numbers) == ("6A10000000001", ())
        assert "\ufffd" in seen["7"].spoilt
        assert shop.sweep.fingerprints([0]).keys() == {0}
        shop.close()


def spoil(sample: SampleShop, order: int) -> None:
    """No driver writes to SQLite what is no text."""
    if "sqlite" in sample.url:
        blob = "UPDATE ps_order_carrier SET tracking_number = CAST(x'3641FF31' AS TEXT) WHERE id_order = :order"
        sample.execute(text(blob).bindparams(order=order))


@pytest.mark.parametrize(("in_vain", "seconds"), [(0, 30), (1, 2), (2, 4), (4, 16), (5, 30), (9, 30)])
def test_a_server_that_did_not_answer_is_knocked_at_briefly(in_vain: int, seconds: float) -> None:
    """It holds nobody up for half a minute each time; one that is only slow is let in again."""
    assert Knock(30, in_vain).seconds == seconds


def test_a_server_that_takes_the_call_and_says_nothing_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        knock = Knock(0.2)
        with pytest.raises(pymysql.OperationalError):
            PlainDriver(host="127.0.0.1", port=silent.getsockname()[1], read_timeout=60, knock=knock)
        assert knock.in_vain == 1


def test_a_server_that_answers_again_has_all_its_time(mariadb_sample: SampleShop) -> None:
    url, knock = make_url(mariadb_sample.url), Knock(9, in_vain=3)
    account = {"host": url.host, "port": url.port, "user": url.username, "password": url.password}
    with PlainDriver(**account, read_timeout=5, knock=knock) as driver:
        assert (knock.in_vain, driver._read_timeout) == (0, 5)
