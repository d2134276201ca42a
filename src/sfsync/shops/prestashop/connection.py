"""One connection to the shop's database, opened when it is needed, that cannot write."""

from __future__ import annotations

import contextlib
import functools
import sqlite3
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar
from urllib.parse import quote

import pymysql
from pymysql.charset import charset_by_name
from sqlalchemy import URL, Connection, Engine, Row, create_engine, event, inspect, make_url, select, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import NullPool
from sqlalchemy.sql import Select, func

from sfsync.domain.hosts import is_forbidden, leads_to_forbidden
from sfsync.shops.prestashop.dialect import DRIVER, TEXTS
from sfsync.shops.prestashop.knock import Knock
from sfsync.shops.prestashop.lenient import is_undecodable, replace_undecodable
from sfsync.shops.prestashop.problems import ANSWERED, DENIED, Misconfigured, Place, error_number, explain

T = TypeVar("T")

_DRIVERS = {"mysql", "mariadb", "mysql+pymysql", "mariadb+pymysql", "sqlite"}
_OPTIONS = {
    *("charset", "unix_socket"),
    *("ssl_ca", "ssl_cert", "ssl_key", "ssl_check_hostname", "ssl_verify_cert", "ssl_verify_identity"),
}
"""Options that a URL may carry. Others (`read_default_file`, `init_command`) would do more than name a database."""

IDLE = 30.0
"""Seconds of rest after which a connection is opened afresh: small hosts cut idle ones without a word."""


class Database:
    """Runs queries, for one thread at a time.

    A query that fails raises `ShopUnavailable` or `ShopMisconfigured`, and the next one opens a new connection. A text
    with bytes that are none has � in their place: it is one row's, and stops no other.
    """

    def __init__(self, url: str, *, prefix: str, timeout: float, now: Callable[[], float] = time.monotonic) -> None:
        self._url = parse(url)
        self._now = now
        self._used = 0.0
        self._timeout = timeout
        self._connection: Connection | None = None
        self._lenient = False
        self.place = place_of(self._url, prefix)

    def __repr__(self) -> str:
        return self._url.render_as_string(hide_password=True)

    def rows(self, statement: Select[Any]) -> Sequence[Row[Any]]:
        """All rows of one statement, which is a transaction of its own."""
        return self._try(lambda connection: connection.execute(statement).all())

    def table_names(self) -> list[str]:
        """The tables that the account can see."""
        return self._try(_table_names)

    def close(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(SQLAlchemyError, OSError):
                self._connection.invalidate()
                self._connection.close()
        self._connection = None

    @functools.cached_property
    def _engine(self) -> Engine:
        return _engine(self._url, self._timeout)

    def _try(self, question: Callable[[Connection], T]) -> T:
        try:
            answer = self._ask(question)
        except (SQLAlchemyError, OSError, UnicodeError) as error:
            place = self._place_for(error)
            if error_number(error) not in ANSWERED:
                self.close()
            raise explain(error, place) from error
        self._used = self._now()
        return answer

    def _ask(self, question: Callable[[Connection], T]) -> T:
        """To replace takes longer, so it is done from the first text on that needs it."""
        try:
            return question(self._open())
        except (SQLAlchemyError, UnicodeError) as error:
            if self._lenient or not is_undecodable(error):
                raise
        self.close()
        self._lenient = True
        return question(self._open())

    def _open(self) -> Connection:
        if self._now() - self._used > IDLE:
            self.close()
        if self._connection is None:
            refuse_own_network(self._url)
            self._connection = self._engine.connect()
            if self._lenient:
                replace_undecodable(self._connection.connection.driver_connection)
        return self._connection

    def _place_for(self, error: Exception) -> Place:
        """With the account's full name if the sentence will need it: it is not always the one of the URL."""
        if self._connection is None or error_number(error) not in DENIED:
            return self.place
        with contextlib.suppress(SQLAlchemyError):
            account = self._connection.execute(select(func.current_user())).scalar_one()
            return replace(self.place, account=str(account))
        return self.place


def _table_names(connection: Connection) -> list[str]:
    if connection.dialect.name == "sqlite":
        return inspect(connection).get_table_names()
    return [str(row[0]) for row in connection.execute(text("SHOW TABLES"))]


def place_of(url: URL, prefix: str) -> Place:
    return Place(server=_server(url), database=url.database or "", user=url.username or "", prefix=prefix)


def parse(address: str) -> URL:
    """Raises `ShopMisconfigured`, which never shows the password. A second @ is one of the password: what follows it
    would be taken for the server's name, and shown."""
    try:
        url = make_url(address) if address.partition("?")[0].count("@") < 2 else None
    except (ArgumentError, ValueError):
        url = None
    if url is None:
        raise Misconfigured(
            "The address of the shop's database cannot be read. It looks like mysql+pymysql://user:password@host:3306/database"
            " (write special characters of the password as %40, %2F ...).",
            code="url",
        )
    if url.drivername not in _DRIVERS:
        raise Misconfigured(
            f"A shop's database is mysql+pymysql://, mariadb+pymysql:// or sqlite:///, not {url.drivername}://.",
            code="url",
        )
    if refused := sorted(set(url.query) - _OPTIONS):
        raise Misconfigured(
            f"The address of the shop's database has options that are not allowed: {', '.join(refused)}."
            f" Allowed: {', '.join(sorted(_OPTIONS))}.",
            code="url",
        )
    charset = url.query.get("charset")
    if charset is not None and not _known_charset(charset):
        raise Misconfigured(
            f"The address of the shop's database names a character set that MySQL does not know: {charset}."
            " Leave charset out, or write charset=utf8mb4.",
            code="url",
        )
    if not url.database:
        raise Misconfigured(
            "The address of the shop's database names no database: add it after the last /.", code="database"
        )
    return url if url.drivername == "sqlite" else url.set(drivername="mysql+pymysql")


def refuse_own_network(url: URL) -> None:
    """Whatever the name leads to now: the password would go there."""
    host = url.host or ""
    if host and (is_forbidden(host) or leads_to_forbidden(host)):
        raise Misconfigured(f"{host} is an address of the machine's own network: nothing was sent there.", code="url")


def _known_charset(name: object) -> bool:
    return isinstance(name, str) and charset_by_name(name) is not None


def _server(url: URL) -> str:
    if url.drivername == "sqlite":
        return "this machine"
    return str(url.query.get("unix_socket") or f"{url.host or 'localhost'}:{url.port or 3306}")


def _engine(url: URL, timeout: float) -> Engine:
    if url.drivername == "sqlite":
        return create_engine(
            "sqlite://", creator=_sqlite(url, timeout), poolclass=NullPool, isolation_level="AUTOCOMMIT"
        )
    # The server's own limit comes first, so that it does not go on with a query nobody waits for.
    patience = timeout + min(timeout, 5.0)
    times = {"read_timeout": patience, "write_timeout": patience, "knock": Knock(timeout)}
    engine = create_engine(
        url.set(drivername=DRIVER),
        connect_args={"autocommit": True, **times},
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        execution_options={"compiled_cache": TEXTS},
    )
    event.listen(engine, "connect", lambda connection, _record: _restrict(connection, timeout))
    return engine


def _sqlite(url: URL, timeout: float) -> Callable[[], sqlite3.Connection]:
    """Read only, and a missing file stays missing. With the functions of a MySQL server that are asked for."""
    address = f"file:{quote(url.database or '')}?mode=ro"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(address, uri=True, timeout=timeout, check_same_thread=False)
        connection.create_function("concat_ws", -1, _concat_ws, deterministic=True)
        connection.create_function("crc32", 1, zlib.crc32, deterministic=True)
        return connection

    return connect


def _concat_ws(separator: str, *values: bytes | None) -> bytes:
    return separator.encode().join(value for value in values if value is not None)


def _restrict(connection: Any, timeout: float) -> None:
    """No writing and no endless query, on servers that can promise it (MySQL 5.7, MariaDB 10.1); a long query that a
    cautious server would refuse unread (`max_join_size`) may run. One statement, or one each where a server does not
    know them all."""
    limit = f"max_execution_time = {round(timeout * 1000)}"
    if "mariadb" in connection.get_server_info().lower():
        limit = f"max_statement_time = {timeout:f}"
    big = "sql_big_selects = 1"
    with connection.cursor() as cursor:
        for read_only in ("tx_read_only", "transaction_read_only"):
            if _done(cursor, f"SET SESSION {read_only} = 1, {big}, {limit}"):
                return
        for one in ("SET SESSION TRANSACTION READ ONLY", f"SET SESSION {big}", f"SET SESSION {limit}"):
            _done(cursor, one)


def _done(cursor: Any, statement: str) -> bool:
    try:
        cursor.execute(statement)
    except (pymysql.ProgrammingError, pymysql.InternalError, pymysql.OperationalError):
        return False
    return True
