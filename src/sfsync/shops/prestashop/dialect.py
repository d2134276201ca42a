"""MySQL and MariaDB, spoken to without small talk: a connection asks the server nothing about itself."""

from __future__ import annotations

import functools
import ssl
from typing import Any

from pymysql.connections import Connection as Driver
from sqlalchemy import Connection
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.mysql.pymysql import MySQLDialect_pymysql
from sqlalchemy.util import LRUCache

from sfsync.shops.prestashop.knock import CONNECT, Knock

DRIVER = "mysql+reading"


class PlainDriver(Driver):
    """Where nobody asked for TLS the driver still tries it, and checks no certificate. So it need not load all those of
    the machine's authorities first, which takes longer than a whole pass over an idle shop."""

    _read_timeout: float | None

    def __init__(self, *arguments: Any, knock: Knock, **options: Any) -> None:
        self.knock = knock
        super().__init__(*arguments, connect_timeout=CONNECT, **options)

    def connect(self, sock: Any = None) -> None:
        """The greeting has a limit of its own; what is asked later has that of the settings."""
        patience, self._read_timeout = self._read_timeout, self.knock.seconds
        self.knock.in_vain += 1
        super().connect(sock)
        self.knock.in_vain = 0
        self._read_timeout = patience

    def _create_ssl_ctx(self, sslp: Any) -> ssl.SSLContext:
        context: ssl.SSLContext = super()._create_ssl_ctx(sslp) if sslp else _unchecked()  # type: ignore[misc]
        return context


@functools.cache
def _unchecked() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class ReadingDialect(MySQLDialect_pymysql):
    """SQLAlchemy asks each server for its version, its modes, its isolation and its way with capitals, and sets the
    character set that the driver has just set: nine statements, for a pass that has five of its own. What is read here
    depends on none of them, so all of these dialects are one: what one shop is asked is spelt once for all (`TEXTS`).
    """

    supports_statement_cache = True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ReadingDialect)

    def __hash__(self) -> int:
        return hash(ReadingDialect)

    def initialize(self, connection: Connection) -> None:
        """Nothing is asked."""

    def on_connect(self) -> Any:
        return None

    def connect(self, *arguments: Any, **options: Any) -> Any:
        return PlainDriver(*arguments, **options)

    def do_rollback(self, dbapi_connection: Any) -> None:
        """Each statement is a transaction of its own, and has ended."""


TEXTS: LRUCache[Any, Any] = LRUCache(500)
"""The texts of statements, of all shops of this process: spelling them takes longer than asking them."""

registry.register(DRIVER.replace("+", "."), __name__, ReadingDialect.__name__)
