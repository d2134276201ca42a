"""Errors of drivers become sentences: what happened, what to do, and never a password."""

from __future__ import annotations

import pickle
import sqlite3
import ssl

import pymysql
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.shops.base import ShopMisconfigured, ShopUnavailable
from sfsync.shops.prestashop.kind import PRESTASHOP
from sfsync.shops.prestashop.problems import Misconfigured, Place, Unavailable, explain
from sfsync.shops.prestashop.shop import PrestaShop

PLACE = Place(server="db:3306", database="shop", user="reader", prefix="ps_", account="reader@10.0.%")

TEMPORARY = {
    (2003, "Can't connect to MySQL server on 'db' (timed out)"): "host",
    (2013, "Lost connection to MySQL server during query"): "host",
    (2006, "MySQL server has gone away"): "host",
    (0, ""): "host",
    (1053, "Server shutdown in progress"): "host",
    (1040, "Too many connections"): "busy",
    (1226, "User 'reader' has exceeded the 'max_user_connections' resource (current value: 5)"): "busy",
    (1969, "Query execution was interrupted (max_statement_time exceeded)"): "busy",
    (3024, "Query execution was interrupted, maximum statement execution time exceeded"): "busy",
    (1205, "Lock wait timeout exceeded"): "busy",
    (2099, "Something new of the client library"): "host",
}

LASTING = {
    (1045, "Access denied for user 'reader'@'10.0.0.1' (using password: YES)"): "password",
    (1130, "Host '10.0.0.1' is not allowed to connect to this MariaDB server"): "host",
    (1049, "Unknown database 'shop'"): "database",
    (1044, "Access denied for user 'reader'@'%' to database 'shop'"): "database",
    (1142, "SELECT command denied to user 'reader'@'10.0.0.1' for table `shop`.`ps_orders`"): "right",
    (1146, "Table 'shop.ps_orders' doesn't exist"): "prefix",
    (1146, "Table 'shop.ps_shoppingfeed_order' doesn't exist"): "module",
    (145, "Table './shop/ps_orders' is marked as crashed and should be repaired"): "schema",
    (1194, "Table 'ps_orders' is marked as crashed and should be repaired"): "schema",
    (1356, "View 'shop.ps_orders' references invalid table(s) or definer/invoker of view lack rights"): "right",
    (1449, "The user specified as a definer ('gone'@'%') does not exist"): "right",
    (1820, "You must SET PASSWORD before executing this statement"): "password",
    (1862, "Your password has expired"): "password",
    (3118, "Access denied for user 'reader'@'10.0.0.1'. Account is locked."): "password",
    (4151, "Access denied, this account is locked"): "password",
    (3159, "Connections using insecure transport are prohibited while --require_secure_transport=ON"): "url",
    (1104, "The SELECT would examine more than MAX_JOIN_SIZE rows"): "right",
    (1234, "Something new"): "answer",
    (2026, "SSL connection error: SSL is required but the server doesn't support it"): "url",
    (1054, "Unknown column 'ps_orders.id_shop' in 'field list'"): "schema",
}


@pytest.mark.parametrize(("error", "code"), TEMPORARY.items())
def test_what_may_pass_is_unavailable(error: tuple[int, str], code: str) -> None:
    explained = explain(pymysql.OperationalError(*error), PLACE)
    assert isinstance(explained, ShopUnavailable)
    assert getattr(explained, "code", None) == code
    assert "db:3306" in str(explained)
    assert error[1].rstrip(".") in str(explained)


@pytest.mark.parametrize(("error", "code"), LASTING.items())
def test_what_somebody_has_to_change_is_misconfigured(error: tuple[int, str], code: str) -> None:
    explained = explain(pymysql.OperationalError(*error), PLACE)
    assert isinstance(explained, ShopMisconfigured)
    assert getattr(explained, "code", None) == code
    assert str(explained).endswith((".", ";", "?", ")"))


class Escaped(OSError):
    """What PyMySQL raises where connecting failed: the same number for whatever it was, with what it was."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(2003, f"Can't connect to MySQL server on 'db' ({cause})")
        self.original_exception = cause


def test_a_certificate_that_is_not_trusted_is_an_answer() -> None:
    """The server runs: nobody is sent to look whether it does."""
    explained = explain(Escaped(ssl.SSLCertVerificationError(1, "certificate verify failed")), PLACE)
    assert isinstance(explained, ShopMisconfigured)
    assert "certificate verify failed" in str(explained)
    assert "does not answer" not in str(explained)


@pytest.mark.parametrize(
    "cause", [TimeoutError("timed out"), ConnectionRefusedError(111, "refused"), OSError("no host")]
)
def test_a_network_that_fails_is_no_answer(cause: Exception) -> None:
    explained = explain(Escaped(cause), PLACE)
    assert isinstance(explained, ShopUnavailable)
    assert "does not answer" in str(explained)


@pytest.mark.parametrize("name", ["SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_FULL", "SQLITE_ERROR", "SQLITE_NEWER"])
def test_what_sqlite_says_is_an_answer(name: str) -> None:
    """There is no network to a file."""
    error = sqlite3.OperationalError("in its own words")
    error.sqlite_errorname = name
    explained = explain(error, PLACE)
    assert isinstance(explained, ShopMisconfigured)
    assert "in its own words" in str(explained)


@given(st.integers(min_value=1, max_value=1999) | st.integers(min_value=3000, max_value=9999))
def test_whatever_a_server_answers_is_repeated_and_never_called_silence(number: int) -> None:
    """A known outage aside, a number means that the server runs: nobody is sent to look whether it does."""
    explained = explain(pymysql.OperationalError(number, "in its own words"), PLACE)
    assert "does not answer" not in str(explained)
    assert isinstance(explained, ShopMisconfigured) or "in its own words" in str(explained)


@pytest.mark.parametrize("number", [1234, 1815, 4000])
def test_an_answer_not_known_here_is_repeated_word_for_word(number: int) -> None:
    assert f"in its own words, error {number}" in str(
        explain(pymysql.OperationalError(number, "in its own words"), PLACE)
    )


@pytest.mark.parametrize(
    "table", ["table `shop`.`ps_orders`", "table 'ps_orders'", "column 'id_shop' in table 'ps_orders'"]
)
def test_a_missing_right_comes_with_the_statement_that_gives_it(table: str) -> None:
    denied = pymysql.OperationalError(1142, f"SELECT command denied to user 'reader'@'10.0.0.1' for {table}")
    assert "GRANT SELECT ON `shop`.`ps_orders` TO 'reader'@'10.0.%';" in str(explain(denied, PLACE))


def test_sqlite_says_the_same_in_its_own_words(tmp_path: object) -> None:
    connection = sqlite3.connect(":memory:")
    with pytest.raises(sqlite3.OperationalError) as no_table:
        connection.execute("SELECT 1 FROM ps_shoppingfeed_order")
    with pytest.raises(sqlite3.OperationalError) as no_file:
        sqlite3.connect(f"file:{tmp_path}/missing?mode=ro", uri=True)
    assert getattr(explain(no_table.value, PLACE), "code", None) == "module"
    assert getattr(explain(no_file.value, PLACE), "code", None) == "database"


def test_errors_survive_a_queue() -> None:
    for error in (Unavailable("The server is away.", code="busy"), Misconfigured("No right.", code="right")):
        copy = pickle.loads(pickle.dumps(error))
        assert (type(copy), str(copy), copy.code) == (type(error), str(error), error.code)


WRONG_ADDRESSES = {
    "": "url",
    "not an address": "url",
    "mysql://host:notaport/shop": "url",
    "postgresql://reader:hunter2@db/shop": "url",
    "mysql+pymysql://reader:hunter2@db/shop?read_default_file=/etc/my.cnf": "url",
    "mysql+pymysql://reader:hunter2@db/shop?init_command=DROP+TABLE+ps_orders": "url",
    "mysql+pymysql://reader:hunter2@db:3306": "database",
    "sqlite://": "database",
}


@pytest.mark.parametrize(("url", "code"), WRONG_ADDRESSES.items())
def test_an_address_that_could_never_work_is_refused_at_once(url: str, code: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        PrestaShop(url)
    assert refused.value.code == code
    assert "hunter2" not in str(refused.value)
    assert str(refused.value).endswith(".") or str(refused.value).endswith(").")


@pytest.mark.parametrize("prefix", ["ps_; DROP TABLE ps_orders", "ps_`", "ps-", "é", "p" * 33, "ps_\n", "a.b"])
def test_a_prefix_that_is_more_than_a_name_is_refused(prefix: str) -> None:
    with pytest.raises(Misconfigured, match="prefix") as refused:
        PrestaShop("mysql://reader@db/shop", prefix=prefix)
    assert refused.value.code == "prefix"


@pytest.mark.parametrize("prefix", ["", "ps_", "PS8_", "p" * 32])
@pytest.mark.parametrize("scheme", ["mysql", "mariadb", "mysql+pymysql", "mariadb+pymysql"])
def test_the_password_is_in_no_text(scheme: str, prefix: str) -> None:
    shop = PrestaShop(f"{scheme}://reader:hunter2@db:3306/shop?charset=utf8mb4", prefix=prefix)
    assert "hunter2" not in f"{shop!r} {shop}"
    assert "db:3306/shop" in repr(shop)


@pytest.mark.parametrize(
    "address",
    [
        "mysql+pymysql://reader:long-p@sswOrd@127.0.0.1:3306/shop",
        "mysql://reader:p@ss/wOrd@db:3306/shop",
        "mysql+pymysql://reader:secret-wOrd@db/shop?charset=utf-8",
    ],
)
def test_an_address_that_is_not_read_right_shows_nothing_of_its_password(address: str) -> None:
    """What follows an @ in a password would be taken for the name of the server, and stand in every error."""
    with pytest.raises(Misconfigured) as caught:
        PrestaShop(address, store_id=10)
    assert caught.value.code == "url"
    assert "wOrd" not in str(caught.value)
    assert "ss@" not in str(caught.value)
    if "charset" in address:
        assert "charset=utf8mb4" in str(caught.value)


def test_what_a_problem_corrects_is_a_setting() -> None:
    named = {key for problem in PRESTASHOP.problems.values() for key in problem.corrects}
    assert {"url", "key", "prefix"} <= named <= set(PRESTASHOP.settings)
