"""Our tables on a PostgreSQL, copied in one snapshot and put back in one transaction; no program of its is needed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from sfsync_server.backups.archive import Manifest, Reader, Writer
from sfsync_server.own_database import limits

ENGINE = "postgresql"
RECORDED = "django_migrations"


def write(writer: Writer) -> Manifest:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        _unlimited(cursor)
        columns = {table: _columns(cursor, table) for table in tables()}
        for table, names in columns.items():
            writer.add(_member(table), _rows(cursor, _copy(table, names, "TO STDOUT")))
        cursor.execute("SELECT app, name FROM django_migrations ORDER BY id")
        return Manifest(ENGINE, [f"{app}.{name}" for app, name in cursor.fetchall()], columns)


def tables() -> list[str]:
    """Those that are ours: another application may have its own in the same database."""
    ours = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return [*ours, *({RECORDED} & set(connection.introspection.table_names()))]


def _columns(cursor: Any, table: str) -> list[str]:
    return [column.name for column in connection.introspection.get_table_description(cursor, table)]


def _copy(table: str, columns: list[str], where: str) -> str:
    names = ", ".join(map(connection.ops.quote_name, columns))
    return f"COPY {connection.ops.quote_name(table)} ({names}) {where}"


def _rows(cursor: Any, statement: str) -> Iterator[bytes]:
    with cursor.copy(statement) as copied:
        yield from map(bytes, copied)


def _member(table: str) -> str:
    return f"tables/{table}"


def _unlimited(cursor: Any) -> None:
    for name in limits(0):
        cursor.execute(f"SET LOCAL {name} = 0")


def restore(reader: Reader) -> None:
    """Tables are made anew as they were at the time of the backup, and filled: all of it, or nothing."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        _drop(cursor)
        _make(reader.manifest)
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")  # a migration may have made some immediate
        made = set(tables())
        cursor.execute("TRUNCATE " + ", ".join(map(connection.ops.quote_name, made)))
        for table, columns in reader.manifest.columns.items():
            if table in made:
                _fill(cursor, _copy(table, columns, "FROM STDIN"), reader.pieces(_member(table)))
        if "django_session" in made:  # whoever was signed in at that time may have lost that right since
            cursor.execute("DELETE FROM django_session")
        for statement in connection.ops.sequence_reset_sql(no_style(), _models(made)):
            cursor.execute(statement)


def _drop(cursor: Any) -> None:
    for table in tables():
        cursor.execute(f"DROP TABLE IF EXISTS {connection.ops.quote_name(table)} CASCADE")


def _make(manifest: Manifest) -> None:
    executor = MigrationExecutor(connection)
    recorded = {tuple(each.split(".", 1)) for each in manifest.migrations} & set(executor.loader.graph.nodes)
    executor.migrate(
        [(app, max(name for other, name in recorded if other == app)) for app in {app for app, _ in recorded}]
    )


def _fill(cursor: Any, statement: str, pieces: Iterator[bytes]) -> None:
    with cursor.copy(statement) as copied:
        for piece in pieces:
            copied.write(piece)


def _models(made: set[str]) -> list[Any]:
    """With `django_migrations`, which is of no application."""
    from django.db.migrations.recorder import MigrationRecorder

    every: list[Any] = [*apps.get_models(include_auto_created=True), MigrationRecorder.Migration]
    return [model for model in every if model._meta.db_table in made]
