"""`probe` says in a sentence what a merchant has to mend; its code says which setting it is about."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url, text, update

from sfsync.shops.base import ShopError, ShopFacts
from sfsync.shops.prestashop.problems import Misconfigured, Unavailable
from sfsync.shops.prestashop.sample import SampleShop, build
from sfsync.shops.prestashop.shop import PrestaShop
from sfsync.shops.prestashop.tables import COLUMNS
from tests.database.prestashop.conftest import Account, Connect

ALL = [f"ps_{table}" for table in COLUMNS]


def complaint(shop: PrestaShop) -> tuple[str, str]:
    with pytest.raises(ShopError) as error:
        shop.reader.probe()
    sentence = str(error.value)
    assert "hunter2" not in sentence
    return getattr(error.value, "code", ""), sentence


def changed(url: str, **parts: Any) -> str:
    return make_url(url).set(**parts).render_as_string(hide_password=False)


def test_a_good_shop_introduces_itself(sample: SampleShop, connect: Connect) -> None:
    assert connect(sample.url).reader.probe() == ShopFacts(
        "PrestaShop", "8.2.1", "RealShop", {"table": 10, "old_module": 0}
    )
    sample.add_orders(1990)
    assert connect(sample.url, store_id=10).reader.probe().known_by["table"] == 2000


# Where it is.


def test_nobody_listens(connect: Connect) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        code, sentence = complaint(connect(f"mysql://reader:hunter2@127.0.0.1:{port}/shop"))
    assert code == "host"
    assert f"127.0.0.1:{port}" in sentence


def test_somebody_listens_and_says_nothing(connect: Connect) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"mysql://reader:hunter2@127.0.0.1:{silent.getsockname()[1]}/shop"
        code, sentence = complaint(connect(url, timeout=0.2))
    assert code == "host"
    assert "timed out" in sentence


@pytest.mark.parametrize("host", ["shop.invalid", "a..b"])
def test_a_host_that_does_not_exist(connect: Connect, host: str) -> None:
    with pytest.raises(Unavailable) as error:
        connect(f"mysql://reader:hunter2@{host}/shop").reader.probe()
    assert error.value.code == "host"
    assert host in str(error.value)


def test_a_wrong_password(account: Account, connect: Connect) -> None:
    code, sentence = complaint(connect(changed(account("*"), password="wrong-hunter2")))
    assert code == "password"
    assert "reader_" in sentence


def test_an_unknown_database(mariadb_sample: SampleShop, connect: Connect) -> None:
    code, sentence = complaint(connect(changed(mariadb_sample.url, database="elsewhere")))
    assert code == "database"
    assert "elsewhere" in sentence


def test_an_account_without_any_right(account: Account, connect: Connect) -> None:
    assert complaint(connect(account()))[0] == "database"


def test_a_missing_file_is_named_and_stays_missing(tmp_path: Path, connect: Connect) -> None:
    path = tmp_path / "nowhere.sqlite3"
    code, sentence = complaint(connect(f"sqlite:///{path}"))
    assert code == "database"
    assert str(path) in sentence
    assert not path.exists()


def test_a_file_that_is_no_database(tmp_path: Path, connect: Connect) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("to do: buy milk\n" * 100)
    assert complaint(connect(f"sqlite:///{path}"))[0] == "database"


# Which tables.


def test_a_wrong_prefix_names_the_right_one(sample: SampleShop, connect: Connect) -> None:
    code, sentence = complaint(connect(sample.url, prefix="presta_"))
    assert code == "prefix"
    assert "'presta_', but with 'ps_'" in sentence


def test_a_wrong_prefix_names_all_that_could_be(sample: SampleShop, connect: Connect) -> None:
    build(sample.url, prefix="shop8_", limit=1).close()
    assert "'ps_', 'shop8_'" in complaint(connect(sample.url, prefix="x_"))[1]


def test_a_database_of_something_else(sample: SampleShop, connect: Connect) -> None:
    sample.metadata.drop_all(sample.engine)
    sample.execute(text("CREATE TABLE wp_posts (id INTEGER)"))
    code, sentence = complaint(connect(sample.url))
    assert code == "prefix"
    assert "1 tables seen" in sentence


def test_without_the_module_nobody_knows_marketplace_orders(sample: SampleShop, connect: Connect) -> None:
    sample.tables["shoppingfeed_order"].drop(sample.engine)
    shop = connect(sample.url)
    assert shop.reader.probe().unlisted is not None
    code, sentence = shop.reader.probe().unlisted or ("", "")
    assert code == "module"
    assert "ps_shoppingfeed_order" in sentence
    for reading in (lambda: list(shop.table.pages(0, since=_now())), lambda: shop.table.of([6])):
        with pytest.raises(Misconfigured) as error:
            reading()
        assert (error.value.code, str(error.value)) == (code, sentence)


def _now() -> Any:
    from datetime import UTC, datetime

    return datetime.now(UTC)


@pytest.mark.parametrize("table", ["order_history", "order_state_lang", "carrier", "configuration", "shop"])
def test_a_table_that_every_prestashop_has_is_missing(sample: SampleShop, connect: Connect, table: str) -> None:
    sample.tables[table].drop(sample.engine)
    code, sentence = complaint(connect(sample.url))
    assert code == "schema"
    assert f"ps_{table} " in sentence


@pytest.mark.parametrize(("table", "column"), [("order_carrier", "tracking_number"), ("orders", "current_state")])
def test_a_missing_column(sample: SampleShop, connect: Connect, table: str, column: str) -> None:
    sample.execute(text(f"ALTER TABLE ps_{table} RENAME COLUMN {column} TO was_{column}"))
    code, sentence = complaint(connect(sample.url))
    assert code == "schema"
    assert f"ps_{table}.{column}" in sentence


def test_a_module_too_old_for_a_column(sample: SampleShop, connect: Connect) -> None:
    sample.execute(text("ALTER TABLE ps_shoppingfeed_order RENAME COLUMN id_shoppingfeed_token TO token"))
    code, sentence = complaint(connect(sample.url))
    assert code == "schema"
    assert "shoppingfeed module" in sentence


# Rights.


def test_reading_the_listed_tables_is_enough(account: Account, connect: Connect) -> None:
    shop = connect(account(*ALL), store_id=10)
    assert shop.reader.probe().known_by == {"table": 10, "old_module": 0}
    assert len(shop.reader.read(list(range(1, 50)))) == 10
    assert shop.reader.statuses("fr")


@pytest.mark.parametrize("table", ALL)
def test_a_missing_right_comes_with_the_statement_to_run(
    account: Account, connect: Connect, root: Callable[..., list[Any]], table: str
) -> None:
    url = account(*(each for each in ALL if each != table))
    shop = connect(url, store_id=10)
    code, sentence = complaint(shop)
    assert code == "right"
    grant = f"GRANT SELECT ON `{make_url(url).database}`.`{table}` TO '{make_url(url).username}'@'127.0.0.%';"
    assert grant in sentence
    root(grant)
    assert shop.reader.probe().known_by == {"table": 10, "old_module": 0}


def test_all_missing_rights_come_at_once(account: Account, connect: Connect) -> None:
    sentence = complaint(connect(account("ps_orders", "ps_shop")))[1]
    assert sentence.count("GRANT SELECT") == len(ALL) - 3  # the tokens are not needed without a store


def test_rights_to_other_tables_only(account: Account, connect: Connect, root: Callable[..., list[Any]]) -> None:
    url = account("*")
    shop = connect(url, prefix="ps_")
    assert shop.reader.probe()
    root(
        f"REVOKE ALL PRIVILEGES, GRANT OPTION FROM '{make_url(url).username}'@'127.0.0.%'",
        f"CREATE TABLE `{make_url(url).database}`.wp_posts (id INT)",
        f"GRANT SELECT ON `{make_url(url).database}`.wp_posts TO '{make_url(url).username}'@'127.0.0.%'",
    )
    code, sentence = complaint(connect(url))
    assert code == "right"
    assert "GRANT SELECT" in sentence


def test_a_right_lost_while_working(account: Account, connect: Connect, root: Callable[..., list[Any]]) -> None:
    url = account(*ALL)
    shop = connect(url)
    assert shop.reader.look([6])
    root(f"REVOKE SELECT ON `{make_url(url).database}`.ps_order_carrier FROM '{make_url(url).username}'@'127.0.0.%'")
    with pytest.raises(Misconfigured, match="ps_order_carrier") as error:
        shop.reader.look([6])
    assert error.value.code == "right"


# Which shop.


def test_a_shop_that_does_not_exist_names_those_that_do(sample: SampleShop, connect: Connect) -> None:
    code, sentence = complaint(connect(sample.url, shop_id=7))
    assert code == "shop"
    assert "There are: 1 (RealShop)." in sentence


def test_a_deleted_shop_does_not_exist(sample: SampleShop, connect: Connect) -> None:
    sample.execute(update(sample.tables["shop"]).values(deleted=1))
    assert complaint(connect(sample.url))[1].endswith("There are: none.")
