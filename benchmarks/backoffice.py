"""`python -m benchmarks.backoffice`: the server time of the back office's pages over many orders and log entries.

Fills an empty PostgreSQL (a private one, started for the run) with one store, then asks for each page a few times as an
administrator and prints the median, the slowest and the number of SQL statements.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

TARGET_MS, TARGET_SQL = 100, 12
CHANNELS = ("amazonfr", "CDiscount", "ManoMano", "eBay", "Fnac", "zalandofr", "Veepeegroup", "laredoute")

_ORDERS = """
INSERT INTO sfsync_marketplace_order (store_id, feed_id, reference, channel, fulfilled_by, created_at,
    confirmed_operation, confirmed_at, confirmed_ticket, by_hand)
SELECT %(store)s, 1078495000000 + n, 'MKT-' || n, (%(channels)s::text[])[1 + n %% 8], '',
    now() - (%(orders)s - n) * interval '30 seconds',
    CASE WHEN n %% 10 <> 0 THEN 'ship' ELSE '' END,
    CASE WHEN n %% 10 <> 0 THEN now() - (%(orders)s - n) * interval '30 seconds' END, '',
    CASE WHEN n %% 100000 = 0 THEN 'refund' ELSE '' END
FROM generate_series(1, %(orders)s) AS n
"""
_SHOP_SIDES = """
INSERT INTO shoppingfeed_order (store_id, marketplace_order_id, key, ordinal, shop_reference, created_at, open,
    seen_status, seen_tracking, seen_numbers, seen_version, look_again, seen_at, date_add)
SELECT store_id, id, feed_id - 1078495000000, feed_id - 1078495000000, 'REF' || feed_id - 1078495000000, created_at,
    true, '4', 'TRK' || feed_id - 1078495000000, 'p TRK' || feed_id - 1078495000000, 1, false, now(), now()
FROM sfsync_marketplace_order
"""
_TOLD = """
INSERT INTO sfsync_told (order_id, operation, key, how, ticket, status, at)
SELECT id, confirmed_operation, 'TRK' || feed_id - 1078495000000, 'ticket', '', '4', confirmed_at
FROM sfsync_marketplace_order WHERE confirmed_operation <> ''
"""
_TASKS = """
INSERT INTO shoppingfeed_task_order (store_id, order_id, action, since, update_at, operation, status, tracking_number,
    request_key, batch_id, attempts, failure, failed_at, sent_at, date_add, date_upd)
SELECT %(store)s, marketplace_order_id, (ARRAY['CHECK_TICKET_SYNC_STATUS', 'SET_ASIDE', 'SYNC_STATUS'])[kind], now(),
    now(), (ARRAY['ship', 'ship', ''])[kind], '4', (ARRAY['TRK', 'TRK', ''])[kind],
    (ARRAY['request', '', ''])[kind], (ARRAY['batch', '', ''])[kind], 1, (ARRAY['', 'ticket-failed', ''])[kind],
    CASE WHEN kind = 2 THEN now() END, now(), now(), now()
FROM (SELECT marketplace_order_id, ordinal, 1 + ordinal %% 3 AS kind FROM shoppingfeed_order) AS each
WHERE ordinal > %(orders)s - %(tasks)s
"""
_LOG = """
INSERT INTO sfsync_log (store_id, order_id, process, run, level, code, message, params, at)
SELECT %(store)s, (SELECT min(id) FROM sfsync_marketplace_order) + n %% %(orders)s,
    CASE WHEN n %% 5000 = 0 THEN 'person'
    ELSE 'sync' END, '', CASE WHEN n %% 200 = 0 THEN 40 ELSE 20 END, 'seen-tracking',
    'The tracking number is now ' || n,
    '{"tracking_number": "x"}', now() - (%(entries)s - n) * interval '3 seconds'
FROM generate_series(1, %(entries)s) AS n
"""
_FIGURES = """
INSERT INTO sfsync_day_figure (store_id, day, channel, operation, sent, confirmed, failed, s10, m1, m5, m30, h2, h12)
SELECT %(store)s, current_date - d, c, o, 1003, 1000, 3, 500, 300, 100, 50, 25, 25
FROM generate_series(0, 89) AS d, unnest(%(channels)s::text[]) AS c,
    unnest(ARRAY['ship', 'cancel', 'refund', 'deliver']) AS o
"""


def main(
    orders: Annotated[int, typer.Option(min=100, help="Marketplace orders.")] = 1_000_000,
    entries: Annotated[int, typer.Option(min=100, help="Log entries.")] = 5_000_000,
    tasks: Annotated[int, typer.Option(min=0, help="Updates that are not confirmed yet.")] = 3_000,
    times: Annotated[int, typer.Option(min=1, help="How often each page is asked for.")] = 7,
    strict: Annotated[bool, typer.Option("--strict", help="Status 1 when a target is missed.")] = False,
) -> None:
    """The back office's pages over many orders."""
    from tests import services

    with ExitStack() as stack:
        home = stack.enter_context(tempfile.TemporaryDirectory(prefix="sfsync-bench-"))
        database = services.postgres().database("backoffice_bench")
        os.environ |= {"SFSYNC_HOME": home, "SFSYNC_DATABASE_URL": database, "SFSYNC_HTTPS": "false"}
        os.environ["DJANGO_SETTINGS_MODULE"] = "sfsync_server.settings"
        import django

        django.setup()
        seconds = fill(orders, entries, tasks)
        rows = list(measure(orders, times))
    show(rows, orders, entries, seconds)
    if strict and any(row[1] > TARGET_MS or row[3] > TARGET_SQL for row in rows):
        raise typer.Exit(1)


def fill(orders: int, entries: int, tasks: int) -> float:
    """One store, and its rows in a few statements. Returns the seconds."""
    from django.core.management import call_command
    from django.db import connection

    from sfsync.models import Store

    started = time.monotonic()
    call_command("migrate", verbosity=0)
    store = Store.objects.create(
        name="main",
        feed_store_id=10,
        token="bench",
        shop_secrets={"url": "sqlite:////nowhere"},
        statuses={"shipped": ["4"]},
    )
    values = {"store": store.pk, "orders": orders, "entries": entries, "tasks": tasks, "channels": list(CHANNELS)}
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        _know_defaults(cursor)
        for statement in (_ORDERS, _SHOP_SIDES, _TOLD, _TASKS, _LOG, _FIGURES, "ANALYZE"):
            cursor.execute(statement, None if statement == "ANALYZE" else values)
    return time.monotonic() - started


def _know_defaults(cursor: Any) -> None:
    """So that a statement names the columns that matter: Django keeps what the others hold to itself."""
    from psycopg import sql

    from sfsync.models import DayFigure, LogEntry, MarketplaceOrder, Order, Task, Told

    for model in (MarketplaceOrder, Order, Told, Task, LogEntry, DayFigure):
        for each in model._meta.concrete_fields:
            if each.has_default() and not callable(each.default):
                names = sql.Identifier(model._meta.db_table), sql.Identifier(each.column)
                set_default = sql.SQL("ALTER TABLE {} ALTER COLUMN {} SET DEFAULT {}")
                cursor.execute(set_default.format(*names, sql.Literal(each.get_prep_value(each.default))))


def pages(orders: int) -> dict[str, str]:
    store = "/stores/main/"
    middle = f"a_{orders // 2}_{orders // 2}"
    return {
        "all stores": "/",
        "overview": store,
        "orders": f"{store}orders/",
        "orders, in the middle": f"{store}orders/?sort=-ordinal&at={middle}",
        "orders that need you": f"{store}orders/?state=failed",
        "orders to be done by hand": f"{store}orders/?state=by-hand",
        "orders waiting": f"{store}orders/?state=waiting",
        "orders confirmed": f"{store}orders/?state=confirmed",
        "orders with nothing": f"{store}orders/?state=quiet",
        "orders of a marketplace": f"{store}orders/?channel=eBay",
        "orders refunded (none)": f"{store}orders/?operation=refund",
        "orders of a marketplace, refunded": f"{store}orders/?channel=eBay&operation=refund",
        "orders, confirmed last": f"{store}orders/?sort=-confirmed_at",
        "orders of a day": f"{store}orders/?since=2020-01-01&until=2020-01-01",
        "search by tracking number": f"{store}orders/?q=TRK{orders // 2}",
        "search by reference": f"{store}orders/?q=mkt-{orders // 2}",
        "search by Shopping Feed id": f"{store}orders/?q={1078495000000 + orders // 3}",
        "search, nothing": f"{store}orders/?q=nothing",
        "one order": f"{store}orders/{orders // 2}/",
        "log": f"{store}log/",
        "log, errors": f"{store}log/?level=40",
        "log, people": f"{store}log/?process=person",
        "log, of an order": f"{store}log/?order=REF{orders // 2}",
        "log, a text": f"{store}log/?text=nowhere",
        "log, since a date": f"{store}log/?since=2020-01-01&until=2999-01-01",
        "processes": f"{store}processes/",
        "marketplaces": f"{store}marketplaces/",
    }


def measure(orders: int, times: int) -> Iterator[tuple[str, float, float, int]]:
    """Name, median and slowest milliseconds, SQL statements. The first request of each page warms it up."""
    from django.contrib.auth.models import User
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.create_superuser("bench"))
    for name, url in pages(orders).items():
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200, url
        statements = len(queries)
        took = [one(client, url) for _ in range(times)]
        yield name, statistics.median(took), max(took), statements


def one(client: Any, url: str) -> float:
    started = time.perf_counter()
    client.get(url)
    return (time.perf_counter() - started) * 1000


def show(rows: list[tuple[str, float, float, int]], orders: int, entries: int, seconds: float) -> None:
    table = Table(title=f"{orders:,} orders, {entries:,} log entries (filled in {seconds:.0f} s)", title_justify="left")
    for column in ("page", "median ms", "slowest ms", "SQL"):
        table.add_column(column, justify="left" if column == "page" else "right")
    for name, median, slowest, statements in rows:
        late = median > TARGET_MS or statements > TARGET_SQL
        table.add_row(name, f"{median:.0f}", f"{slowest:.0f}", str(statements), style="red" if late else "")
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
