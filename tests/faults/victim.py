"""Where the processes come from that the fault tests kill, stop and restart.

`python -m tests.faults.victim CLOCK` loads sfsync once, then forks a child for every line it reads: a real process with
its own connections, without the second that loading takes. A child may be told a *boundary*: the n-th SQL statement, or
the n-th side of an HTTP exchange, at which it kills (or stops) itself.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import json
import os
import signal
import sys
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import django

from shoppingfeed import Client, HttpTransport, Request, Response
from tests.faults.clock import SharedClock
from tests.waiting import until

STEPS = ("ask", "follow", "send", "settle")
"""What a run is in the middle of, the innermost first: `ask` is a part of `settle`."""
SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}


@dataclass
class Boundaries:
    """Counts the points that a child passes; at the n-th of its kind it is over.

    `write` lies before each SQL statement that changes something: what comes after one comes before the next, and
    nothing changes between two of them. `outside` and `inside` lie before any statement outside or inside a
    transaction, `http` before and after an exchange, `post` before and after one that carries operations.
    """

    kind: str = ""
    at: int = 0
    how: str = "kill"
    passed: Counter[str] = field(default_factory=Counter)
    under_way: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @contextlib.contextmanager
    def exchange(self) -> Iterator[None]:
        with self.lock:
            self.under_way += 1
        try:
            yield
        finally:
            with self.lock:
                self.under_way -= 1

    def reach(self, kind: str) -> None:
        with self.lock:
            self.passed[kind] += 1
            struck = kind == self.kind and self.passed[kind] == self.at
        if struck:
            self.strike()

    def strike(self) -> None:
        """A process that is to stand still says in which step, and lets its exchanges end: no time passes in one."""
        print(f"{self.how} in {step()}", file=sys.stderr, flush=True)
        if self.how == "stop":
            until(lambda: not self.under_way, "its exchanges end")
        os.kill(os.getpid(), SIGNALS[self.how])

    def around_sql(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if not sql.startswith(("SELECT", "BEGIN", "SAVEPOINT", "RELEASE")):
            self.reach("write")
        self.reach("inside" if context["connection"].in_atomic_block else "outside")
        return execute(sql, params, many, context)


def step() -> str:
    """The verb of `sfsync.engine` that the main thread is in; "" outside of them."""
    frame = sys._current_frames().get(threading.main_thread().ident or 0)
    while frame:
        package, _, room = str(frame.f_globals.get("__name__")).partition("sfsync.engine.")
        verb = room.rpartition(".")[2]
        if not package and verb in STEPS:
            return verb
        frame = frame.f_back
    return ""


@dataclass
class Bounded:
    """The real transport with a boundary on each side of an exchange.

    A run that is stopped (and not killed) has none just before a POST: between its last check and the first byte on the
    wire nothing can call it back (docs/promises.md).
    """

    boundaries: Boundaries

    def send(self, request: Request) -> Response:
        if self.boundaries.how == "kill" or request.method == "GET":
            self.reach(request)
        with self.boundaries.exchange():
            response = transport().send(request)
        self.reach(request)
        return response

    def reach(self, request: Request) -> None:
        self.boundaries.reach("http")
        if request.method == "POST":
            self.boundaries.reach("post")

    def close(self) -> None:
        """Its end is that of its process."""


@functools.cache
def transport() -> HttpTransport:
    """Made once, before any child is: its certificates take longer to load than a run lasts."""
    return HttpTransport(10)


class Wired:
    """`Connections` over real HTTP and the story's own clock."""

    def __init__(self, clock: SharedClock, boundaries: Boundaries, concurrency: int, pace: bool) -> None:
        self.clock, self.concurrency, self.pace = clock, concurrency, pace
        self.transport = Bounded(boundaries)

    def shop(self, store: Any) -> Any:
        from sfsync.engine.kit.connections import open_shop

        return open_shop(store)

    def client(self, store: Any) -> Client:
        return Client(
            store.token.reveal(),
            base_url=store.api_url,
            transport=self.transport,
            concurrency=self.concurrency,
            pace=self.pace,
            clock=self.clock,
            wall_clock=self.clock,
            sleep=self.clock.advance,
        )

    def done(self, store: Any) -> None:
        """What a run used ends with its process."""

    def close(self) -> None:
        """Its end is that of its process."""


# What a child may be told to do.


def sync(
    clock: SharedClock, store: str, wait: float = 0, concurrency: int = 1, pace: bool = False, **boundary: Any
) -> dict[str, Any]:
    """One run of a store."""
    from django.db import connection

    from sfsync.engine.kit.lease import Busy
    from sfsync.engine.run import run_store
    from sfsync.models import Store

    boundaries = Boundaries(**boundary)
    row = Store.objects.get(name=store)

    def stop(seconds: float) -> bool:
        clock.advance(seconds)
        return False

    with connection.execute_wrapper(boundaries.around_sql):
        try:
            result = run_store(row, Wired(clock, boundaries, concurrency, pace), wait=wait, clock=clock.now, stop=stop)
        except Busy:
            return {"busy": True}
    troubles = [{"code": stopped.trouble, "detail": stopped.detail} for stopped in result.troubles]
    return {"counts": result.counts.as_dict(), "troubles": troubles, "passed": boundaries.passed}


def command(clock: SharedClock, arguments: list[str]) -> None:
    """The `sfsync` command, as its console script runs it."""
    from sfsync_server import cli

    sys.argv = ["sfsync", *arguments]
    cli.main()


def add_stores(clock: SharedClock, stores: list[dict[str, Any]]) -> None:
    from sfsync.models import Store

    for fields in stores:
        store = Store(**fields)
        store.full_clean()
        store.save()


def claim(clock: SharedClock, store: str, lease: str) -> None:
    """What a run leaves that dies with tasks in hand."""
    from sfsync.models import Action, Task

    Task.objects.filter(store__name=store).exclude(action=Action.ASIDE).update(lease=lease)


def elsewhere(clock: SharedClock, store: str) -> None:
    """Whoever holds the store does so on another machine, where its process id tells nothing."""
    from sfsync.models import Process

    Process.objects.filter(store__name=store).update(machine="another")


def work(clock: SharedClock, stores: list[str], wait: float) -> int:
    """A worker, on real time: any store that is free, until nothing is left, or others do all of it. Returns how many
    runs it made."""
    from sfsync.engine.kit.connections import Live
    from sfsync.engine.kit.lease import Busy
    from sfsync.engine.run import run_store
    from sfsync.models import Store, Task

    connections, idle, runs = Live(), False, 0
    rows = sorted(Store.objects.filter(name__in=stores), key=lambda row: stores.index(row.name))
    while not idle and (not runs or Task.objects.filter(store__in=rows).exists()):
        idle = True
        for row in rows:
            with contextlib.suppress(Busy):
                run_store(row, connections, wait=wait)
                idle, runs = False, runs + 1
    return runs


def claims(clock: SharedClock, store: str, most: int) -> list[int]:
    """Every task that this process can win, without holding the store."""
    from sfsync.models import Task

    queue, won = Task.objects.filter(store__name=store), []
    while tasks := queue.claim(f"pid-{os.getpid()}", clock.now(), most):
        won += [task.pk for task in tasks if task.pk not in won]
        queue.filter(pk__in=[task.pk for task in tasks]).update(lease=f"won-{os.getpid()}")
    return won


def duplicate(clock: SharedClock, store: str) -> None:
    """A second operation in flight for an order that has one."""
    from sfsync.models import Task

    task = Task.objects.get(store__name=store)
    task.pk = None
    task.save(force_insert=True)


def facts(clock: SharedClock, store: str) -> dict[str, Any]:
    """What our database says of a store's orders."""
    from django.db.models import F

    from sfsync.models import LogEntry, MarketplaceOrder, Notice, Task

    shop_order = F("order__shop_orders__ordinal")
    tasks = Task.objects.filter(store__name=store).annotate(number=shop_order)
    notices = Notice.objects.filter(store__name=store).annotate(shop_order=shop_order)
    log = LogEntry.objects.filter(store__name=store).annotate(shop_order=shop_order).order_by("id")
    return {
        "tasks": [
            task | {"shop_order": task["number"]}
            for task in tasks.values(
                *("number", "action", "failure", "operation", "lease", "failed_at", "last_error", "batch_id"),
                *("attempts", "ticket_number"),
            )
        ],
        "notices": list(notices.values("shop_order", "code", "key")),
        "orders": list(
            MarketplaceOrder.objects.filter(store__name=store).values(
                "confirmed_operation", shop_order_id=F("shop_orders__ordinal")
            )
        ),
        "log": list(log.values("shop_order", "code", "level", "message")),
    }


JOBS: dict[str, Callable[..., Any]] = {
    each.__name__: each for each in (sync, command, work, add_stores, claim, claims, elsewhere, duplicate, facts)
}


# The resident process.


def fork(clock: SharedClock, output: str, job: str, **arguments: Any) -> dict[str, Any]:
    """Start a child; its answer goes to the file `output`.json, what it says to `output`.out and `output`.err."""
    pid = os.fork()
    if not pid:
        _be_a_child(output)
        os._exit(_do(clock, output, JOBS[job], arguments))
    return {"pid": pid}


def _be_a_child(output: str) -> None:
    os.setpgid(0, 0)
    for number, path, flags in ((0, os.devnull, os.O_RDONLY), (1, f"{output}.out", -1), (2, f"{output}.err", -1)):
        opened = os.open(path, flags if flags >= 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(opened, number)
        os.close(opened)


def _do(clock: SharedClock, output: str, job: Callable[..., Any], arguments: dict[str, Any]) -> int:
    try:
        answer = job(clock, **arguments)
    except SystemExit as end:
        return _ended(end.code if isinstance(end.code, int) else 0)
    except BaseException:
        traceback.print_exc()
        return _ended(70)
    Path(f"{output}.json").write_text(json.dumps(answer, default=str))
    return _ended(0)


def _ended(status: int) -> int:
    with contextlib.suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    return status


def here(clock: SharedClock, job: str, **arguments: Any) -> dict[str, Any]:
    """Do a job in this very process, and leave nothing open that a child would share."""
    from django.db import connections

    answer = JOBS[job](clock, **arguments)
    connections.close_all()
    return {"answer": answer}


def settle_down(clock: SharedClock) -> dict[str, Any]:
    """After the first jobs: what they loaded stays as it is in every child, and no socket of theirs is left."""
    transport().close()
    transport.cache_clear()
    transport()
    gc.collect()
    gc.freeze()
    return {}


def wait(clock: SharedClock, pid: int) -> dict[str, Any]:
    """Until a child ends, or stops."""
    _, status = os.waitpid(pid, os.WUNTRACED)
    if os.WIFSTOPPED(status):
        return {"stopped": True}
    return {"signal": os.WTERMSIG(status)} if os.WIFSIGNALED(status) else {"status": os.WEXITSTATUS(status)}


def main() -> None:
    django.setup()
    import psycopg  # noqa: F401  loaded here, once, for all children
    import pymysql  # noqa: F401

    import sfsync_server.cli  # noqa: F401

    clock = SharedClock(Path(sys.argv[1]))
    verbs: dict[str, Callable[..., dict[str, Any]]] = {each.__name__: each for each in (fork, wait, here, settle_down)}
    for line in sys.stdin:
        order = json.loads(line)
        answer = verbs[order.pop("do")](clock, **order)
        print(json.dumps(answer, default=str), flush=True)


if __name__ == "__main__":
    main()
