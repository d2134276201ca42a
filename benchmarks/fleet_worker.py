"""Among many stores, each in a process of its own: what a pass costs a worker, and what asking about all of them does.

python -m benchmarks.fleet_worker make STORES
python -m benchmarks.fleet_worker passes STORES ROUNDS
python -m benchmarks.fleet_worker ask
python -m benchmarks.fleet_worker claims
python -m benchmarks.fleet_worker beats COUNT
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

AT_ONCE = 200
"""Stores that are claimed at a time, as the beat does."""
PASSES = 20
"""Of the bare drivers in a round, and rounds of them."""


def main(what: str, *numbers: int) -> dict[str, Any]:
    """Seconds, statements and MB."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sfsync_server.worker_settings")
    import django

    django.setup()
    return {"make": _multiply, "passes": _passes, "ask": _ask, "claims": _claims, "beats": _beats}[what](*numbers)


def _ask() -> dict[str, Any]:
    """What outsiders ask, in the best of some rounds, and what counting the stores takes."""
    from sfsync.engine.people.at_once import ask_runs
    from sfsync.models import Store
    from sfsync.ops.metrics import exposition

    return {
        "metrics_bytes": len(exposition()[0]),
        "metrics_seconds": min(_seconds(exposition) for _ in range(PASSES)),
        "cron_seconds": min(_seconds(ask_runs) for _ in range(3)),
        "count_seconds": min(_seconds(Store.objects.count) for _ in range(PASSES)),
    }


def _beats(count: int) -> dict[str, Any]:
    """What the last worker that is there sends, and then so many beats that nobody takes."""
    from sfsync.queues import DUE
    from sfsync.tasks import run_due_stores
    from sfsync_server.celery import app

    app.set_default()
    run_due_stores()
    for _ in range(count):
        run_due_stores.apply_async(queue=DUE)
    return {"beats": count}


def _multiply(count: int) -> dict[str, Any]:
    """The first store, until there are so many: each reads that shop by a connection of its own."""
    from django.db import transaction

    from sfsync.engine.due import make_rows
    from sfsync.models import Store, StoreState

    first, there = Store.objects.earliest("pk"), Store.objects.count()
    shared = {each.attname: getattr(first, each.attname) for each in Store._meta.concrete_fields}
    with transaction.atomic():
        more = [Store(**shared | {"id": None, "name": f"{first.name}-{number}"}) for number in range(there, count)]
        Store.objects.bulk_create(more, batch_size=1000)
        StoreState.objects.bulk_create([StoreState(store=each) for each in more], batch_size=1000)
    make_rows()
    return {"made": count}


def _passes(count: int, rounds: int) -> dict[str, Any]:
    """Of a worker as Celery starts it, over so many stores; the second round is the one whose statements count, and the
    cheapest the one whose CPU does: what else the machine does costs CPU as well."""
    import sfsync.tasks  # noqa: F401  what such a worker has loaded
    from sfsync.engine.kit.connections import KEPT, Live
    from sfsync.engine.run import run_store
    from sfsync.models import Store

    live, stores = Live(), list(Store.objects.order_by("pk")[:count])

    def once() -> None:
        for store in stores:
            run_store(store, live)

    once()
    each = {name: spent / count for name, spent in _counted(once).items()}
    each["floor"] = _bare(stores[0], round(each["ours"]), round(each["shop"]), anew=count > KEPT)
    begun = _resident()
    spent = [each["cpu"], *(_cpu(once) / count for _ in range(rounds - 2))]
    each["cpu"] = min(spent)
    return each | {"worker_mb": _resident(), "grown_mb": _resident() - begun}


def _bare(store: Any, ours: int, shop: int, *, anew: bool) -> float:
    """CPU of the drivers alone, for as many statements that ask nothing; `anew`: over a new connection to the shop."""
    import pymysql
    from django.db import connection
    from sqlalchemy import make_url

    from sfsync.models import named_settings

    url = make_url(str(named_settings.revealed(store)["url"]))
    given = {"host": url.host, "port": url.port, "user": url.username, "password": url.password}

    def connect() -> Any:
        return pymysql.connect(**given, ssl_disabled=True)

    def pass_over() -> None:
        for _ in range(ours):
            connection.connection.execute("SELECT 1").fetchall()
        shops = connect() if anew else kept
        with shops.cursor() as cursor:
            for _ in range(shop):
                cursor.execute("SELECT 1")
                cursor.fetchall()
        if anew:
            shops.close()

    kept = connect()
    return min(_cpu(lambda: [pass_over() for _ in range(PASSES)]) / PASSES for _ in range(PASSES))


def _cpu(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _counted(work: Callable[[], None]) -> dict[str, float]:
    from django.db import connection
    from sqlalchemy import Engine, event

    counted = {"ours": 0, "shop": 0}

    def ours(execute: Callable[..., Any], *given: Any) -> Any:
        counted["ours"] += 1
        return execute(*given)

    def shop(*_given: Any) -> None:
        counted["shop"] += 1

    event.listen(Engine, "before_cursor_execute", shop)
    cpu, began = time.process_time(), time.perf_counter()
    with connection.execute_wrapper(ours):
        work()
    cpu, seconds = time.process_time() - cpu, time.perf_counter() - began
    event.remove(Engine, "before_cursor_execute", shop)
    return {"cpu": cpu, "seconds": seconds, **counted}


def _claims() -> dict[str, Any]:
    """All stores are due, and are handed out: each once, the longest overdue first."""
    from django.utils import timezone

    from sfsync.engine.due import claim
    from sfsync.models import Process

    now = timezone.now()
    Process.objects.update(next_run_at=None)
    handed: list[int] = []
    began = time.perf_counter()
    while got := claim(now, AT_ONCE, timedelta(minutes=5)):
        handed += [each.store_id for each in got]
    seconds = time.perf_counter() - began
    twice = len(handed) - len({*handed})
    return {"handed": len(handed), "twice": twice, "claim_seconds": seconds / max(len(handed) / AT_ONCE, 1)}


def _resident() -> float:
    """MB, at this moment."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], *map(int, sys.argv[2:]))))
