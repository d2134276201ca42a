"""MySQL and MariaDB, spoken to without small talk: a connection asks the server nothing about itself."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.mysql.pymysql import MySQLDialect_pymysql

DRIVER = "mysql+reading"


class ReadingDialect(MySQLDialect_pymysql):
    """SQLAlchemy asks each server for its version, its modes, its isolation and its way with capitals, and sets the
    character set that the driver has just set: nine statements, for a pass that has five of its own. What is read here
    depends on none of them."""

    supports_statement_cache = True

    def initialize(self, connection: Connection) -> None:
        """Nothing is asked."""

    def on_connect(self) -> Any:
        return None

    def do_rollback(self, dbapi_connection: Any) -> None:
        """Each statement is a transaction of its own, and has ended."""


registry.register(DRIVER.replace("+", "."), __name__, ReadingDialect.__name__)
