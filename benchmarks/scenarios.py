"""The scenarios: each builds its world, runs the real command, checks that nothing was lost, and keeps the figures."""

from __future__ import annotations

import random
import statistics
import sys
import time
from typing import Any

from benchmarks import child
from benchmarks.child import Spent
from benchmarks.figures import Fact, Figures, Floor, Load, Pass, Target, statements_of
from benchmarks.rig import Home, Rig
from sfsync.shops.prestashop.sample import SampleShop

STORE = "store0"
SHIPPED = 4
ONCE = 3
"""Statements that a process begins with: which stores there are, its machine's clock, what SQLite can do (Django)."""
PATIENCE = 30.0
"""Seconds that a change in real time may take before the scenario gives up."""


class Wrong(RuntimeError):
    """The program did not do its work, so its speed is of no interest."""


def changed_orders(rig: Rig, load: Load, figures: Figures) -> None:
    """A first run, which also learns the orders, and one in which all of them changed again; and an idle one."""
    shop, ids = rig.shop(load.orders)
    home = rig.home(shop, database=load.database, paced=load.paced)
    shop.bulk_ship(ids, "A")
    first = _sync(rig, home, load)
    floor = _floor(rig, load)
    if load.paced or load.minute:
        figures.add(Pass(load, "first run", first, _requests(first), floor))
        return
    shop.bulk_ship(ids, "B")
    again = _sync(rig, home, load)
    shop.bulk_ship(ids, "C")
    watch = _watched(rig, home, load)
    figures.add(
        Pass(load, "first run", first, _requests(first), floor, _first_watched(rig, shop, load)),
        Pass(load, "all changed", again, _requests(again), floor, watch),
    )
    idle(home, load, figures)


def idle(home: Home, load: Load, figures: Figures) -> None:
    """A pass over a store in which nothing happened."""
    home.sfsync("sync", "--json")
    spent, watch = home.watched("sync", "--json")
    ours, shop = statements_of(watch)
    requests, name = _requests(spent), f"idle pass, {load.orders:,} open orders known, {load.database}"
    figures.facts.append(
        Fact(name, f"{ours} + {shop} statements, {requests} requests, {_run_seconds(watch) * 1000:.0f} ms in the run")
    )
    figures.targets += [
        Target(f"statements: {name}", 4 + ONCE, ours),
        Target(f"statements in the shop: {name}", 8, shop),
        Target(f"requests: {name}", 0, requests),
    ]


def one_among_many(rig: Rig, orders: int, database: str, figures: Figures) -> None:
    """One order changes in a shop that has many."""
    shop, ids = rig.shop(orders)
    home = rig.home(shop, database=database)
    rig.sandbox.fresh()
    learnt = home.sfsync("sync", "--json")
    shop.bulk_ship(ids[:1], "ONE")
    spent, watch = home.watched("sync", "--wait", "10", "--json")
    if _counts(spent)["confirmed"] != 1:
        raise Wrong(spent.output)
    ours, theirs = statements_of(watch)
    detecting = watch["shares"].get("find", {}).get("seconds", 0)
    shown = f"{_run_seconds(watch):.2f} s, {detecting:.2f} of them to find it, {ours} + {theirs} statements, "
    shown += f"{spent.peak_mb:.0f} MB (to learn all orders: {learnt.seconds:.0f} s, {learnt.peak_mb:.0f} MB)"
    figures.facts.append(Fact(f"one change among {orders:,} orders, {database}", shown))


def real_time(rig: Rig, changes: int, database: str, figures: Figures) -> None:
    """From the shop's commit to the request at the API, with `sfsync run` beside it all."""
    shop, ids = rig.shop(changes + 1)
    home = rig.home(shop, database=database, mode="realtime")
    rig.sandbox.fresh()
    service = home.start("run")
    try:
        shop.set_tracking(ids[0], "6A1")
        shop.set_status(ids[0], SHIPPED)
        _arrivals(rig, 1)
        sent = _make_changes(shop, ids[1:])
        arrived = _arrivals(rig, changes + 1)
    finally:
        service.terminate()
        service.wait(PATIENCE)
    delays = sorted(arrived[number] - at for number, at in sent.items())
    half, most = statistics.median(delays), delays[int(len(delays) * 0.99)]
    name = f"shop's commit to request, {changes} changes, {database}"
    figures.facts.append(Fact(name, f"half within {half:.2f} s, 99 in 100 within {most:.2f} s"))
    figures.targets += [Target(f"half: {name}", 1.5, half, "s"), Target(f"99 in 100: {name}", 3, most, "s")]


def many_stores(rig: Rig, stores: int, database: str, figures: Figures) -> None:
    """A turn of the service when no store is due, and when all are and have no change."""
    shop, _ = rig.shop(20)
    home = rig.home(shop, database=database, stores=stores)
    rig.sandbox.fresh()
    spent = child.run([sys.executable, "-m", "benchmarks.stores"], env=home.env, folder=home.folder)
    seconds: dict[str, Any] = spent.document
    name = f"{stores:,} stores, {database}"
    shown = f"none due {seconds['asleep'] * 1000:.0f} ms, all due with no change {seconds['due']:.1f} s"
    figures.facts.append(Fact(name, shown))
    figures.targets.append(Target(f"none due: {name}", 2, seconds["asleep"], "s"))


def warm_up(rig: Rig) -> None:
    """Python's compiled files and the databases' caches are there when it counts."""
    changed_orders(rig, Load(10), Figures())


def _sync(rig: Rig, home: Home, load: Load) -> Spent:
    rig.sandbox.fresh(ticket_seconds=60 if load.minute else 0, paced=load.paced)
    spent = home.sfsync("sync", "--wait", _patience(load), "--json")
    _check(rig, spent, load)
    return spent


def _watched(rig: Rig, home: Home, load: Load) -> dict[str, Any]:
    rig.sandbox.fresh()
    spent, watch = home.watched("sync", "--wait", _patience(load), "--json")
    _check(rig, spent, load)
    return watch


def _first_watched(rig: Rig, shop: SampleShop, load: Load) -> dict[str, Any]:
    return _watched(rig, rig.home(shop, database=load.database), load)


def _floor(rig: Rig, load: Load) -> Floor | None:
    if load.minute:
        return None
    payloads = rig.keep_payloads()
    rig.sandbox.fresh(paced=load.paced)
    spent = rig.floor(payloads, paced=load.paced)
    if spent.document["confirmed"] != load.orders:
        raise Wrong(f"The floor: {spent.output}")
    return Floor(spent, int(str(spent.document["requests"])))


def _patience(load: Load) -> str:
    return str(max(120, load.orders // 100))


def _check(rig: Rig, spent: Spent, load: Load) -> None:
    """Every order told once, and nothing else."""
    counts, summary = _counts(spent), rig.sandbox.ask("GET", "summary")
    told = (counts["sent"], counts["confirmed"], summary["accepted"], summary["duplicates"])
    if told != (load.orders, load.orders, load.orders, 0):
        raise Wrong(f"{load.title}: sent, confirmed, accepted, twice: {told}; {spent.output}")


def _counts(spent: Spent) -> dict[str, int]:
    counts: Any = spent.document[STORE]
    if "error" in counts:
        raise Wrong(counts["error"])
    return dict(counts)


def _requests(spent: Spent) -> int:
    return _counts(spent)["requests"]


def _run_seconds(watch: dict[str, Any]) -> float:
    """Without the start of the process."""
    return float(sum(share["seconds"] for name, share in watch["shares"].items() if name != "start"))


def _make_changes(shop: SampleShop, ids: list[int]) -> dict[str, float]:
    """Tracking number → when it was committed, at uneven intervals of half a second at most."""
    uneven, sent = random.Random(len(ids)), {}
    for order_id in ids:
        time.sleep(uneven.uniform(0, 0.5))
        shop.set_tracking(order_id, f"LIVE-{order_id}")
        sent[f"LIVE-{order_id}"] = time.time()
        shop.set_status(order_id, SHIPPED)
    return sent


def _arrivals(rig: Rig, expected: int) -> dict[str, float]:
    """Tracking number → when the API had it, once so many are there."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if rig.sandbox.ask("GET", "summary")["accepted"] >= expected:
            return {row["item"]["trackingNumber"]: row["at"] for row in rig.sandbox.accepted()}
        time.sleep(0.2)
    raise Wrong(f"After {PATIENCE:g} s the API has {rig.sandbox.ask('GET', 'summary')['accepted']} of {expected}.")
