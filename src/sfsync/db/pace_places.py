"""The places of a token's pace in PostgreSQL: each statement is atomic, and judged by the server's clock."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import datetime
from typing import Any

from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, connections

from shoppingfeed import Place

_TAKE = """
    WITH free AS (
        SELECT id FROM sfsync_pace_place
            WHERE token = %(token)s AND number < %(limit)s AND free_at <= clock_timestamp()
            ORDER BY free_at LIMIT 1 FOR UPDATE SKIP LOCKED
    ), taken AS (
        UPDATE sfsync_pace_place AS p SET free_at = clock_timestamp() + make_interval(secs => %(window)s)
            FROM free WHERE p.id = free.id RETURNING p.number
    )
    SELECT (SELECT number FROM taken), count(*), extract(epoch FROM min(free_at) - clock_timestamp())::float,
            set_config('synchronous_commit', 'off', true)
        FROM sfsync_pace_place WHERE token = %(token)s AND number < %(limit)s
"""
"""The number of the place, null where none is free; how many there are; and in how many seconds the first is free.

Nobody waits for the disk: a server that crashes forgets at most the last second's requests.
"""
_MAKE = """
    INSERT INTO sfsync_pace_place (token, number, free_at)
        SELECT %(token)s, number, clock_timestamp() FROM generate_series(0, %(limit)s - 1) AS number
        ON CONFLICT DO NOTHING
"""
_LATER = """
    WITH quick AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
    UPDATE sfsync_pace_place SET free_at = greatest(free_at, clock_timestamp() + make_interval(secs => %(seconds)s))
        FROM quick WHERE token = %(token)s AND number = coalesce(%(number)s, number)
"""
_RUNNING = "SELECT count(DISTINCT machine || ' ' || pid) FROM sfsync_process WHERE holder <> '' AND lease_until > %s"


class PaceLost(Exception):
    """What keeps the places does not answer."""


class OwnConnection:
    """One connection for all threads of a process, apart from those of its runs, whose transactions it must not join.

    Raises `PaceLost`, and connects anew after that.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection = connections.create_connection(DEFAULT_DB_ALIAS)
        self._connection.inc_thread_sharing()

    def first(self, sql: str, parameters: Any) -> tuple[Any, ...]:
        """The first row, empty where the statement returns none."""
        with self._lock:
            try:
                with self._connection.cursor() as cursor:
                    cursor.execute(sql, parameters)
                    return tuple(cursor.fetchone() or ()) if cursor.description else ()
            except (DatabaseError, InterfaceError) as error:
                self._close()
                raise PaceLost(str(error).strip()) from error

    def close(self) -> None:
        with self._lock:
            self._close()

    def _close(self) -> None:
        with suppress(DatabaseError, InterfaceError):
            self._connection.close()


class PostgresqlPlaces:
    """`sfsync_pace_place`, a row for each place. It costs a statement per request, and a connection per process."""

    def __init__(self) -> None:
        self._own = OwnConnection()

    def take(self, token: str, limit: int, window: float) -> Place | float:
        given = {"token": token, "limit": limit, "window": window}
        number, known, wait, _quick = self._own.first(_TAKE, given)
        if number is not None:
            return Place(number, window)
        if known < limit:
            self._own.first(_MAKE, given)
            return 0.0
        return float(wait)

    def later(self, token: str, number: int | None, seconds: float) -> None:
        self._own.first(_LATER, {"token": token, "number": number, "seconds": seconds})

    def close(self) -> None:
        self._own.close()


def running_processes(now: datetime) -> int:
    """How many processes, on all machines, run a store at this moment. 1 where the database does not answer."""
    own = OwnConnection()
    try:
        return max(int(own.first(_RUNNING, [now])[0]), 1)
    except PaceLost:
        return 1
    finally:
        own.close()
