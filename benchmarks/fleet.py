"""A fleet on this machine: thousands of stores in one PostgreSQL, and eight of one token in four processes."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from benchmarks import child
from benchmarks.capacity import Cost, needs
from benchmarks.figures import Fact, Figures, Target
from benchmarks.rig import Home, Rig
from benchmarks.scenarios import Wrong
from benchmarks.waiting import until
from shoppingfeed.sandbox import Sandbox
from shoppingfeed.sandbox.ledger import Received
from shoppingfeed.sandbox.state import DEFAULT_STORE
from tests import services

THOUSAND = 1000
AMONG, FEW = 150, 20
"""More stores than a worker keeps connections to: in a fleet each pass opens its shop's anew; and fewer."""
DAY = 1500
"""Passes after which a worker must not have grown: that many are a day of five stores."""
SIZES = (10_000, 100_000)
FLOORS, KEPT_FLOORS = 25, 50
"""What an idle pass may cost, its floor being the drivers alone with as many statements: 0.02 s where that floor, with
the shop opened anew, is 0.8 ms, and with one that stays open 0.4 ms."""
COUNTS = 100
"""The same of `/metrics` and the time that counting the stores takes: 0.1 s where that is 1 ms."""
REQUESTS, SECONDS = 10, 2.0
"""Shopping Feed's own limit."""
WINDOWS = 12
SENDERS, SHARING = 4, 8


def many(rig: Rig, stores: int, figures: Figures) -> None:
    """What a pass costs among so many stores, and what it takes to ask about all of them."""
    shop, _ = rig.shop(20)
    home = rig.home(shop, database="postgresql")
    worker(home, "make", min(THOUSAND, stores))
    few, asked = worker(home, "passes", min(FEW, stores), 8), worker(home, "ask")
    worker(home, "make", stores)
    passes = worker(home, "passes", min(AMONG, stores), DAY // AMONG)
    claims, all_asked = worker(home, "claims"), worker(home, "ask")
    if claims["handed"] != stores:
        raise Wrong(f"{claims['handed']} of {stores} stores were handed out")
    name, kept = f"{stores:,} stores", f"{FEW} stores, whose shops stay open"
    figures.targets += [
        Target(f"CPU of an idle pass, in floors: {name}", FLOORS, passes["cpu"] / passes["floor"]),
        Target(f"CPU of an idle pass, in floors: {kept}", KEPT_FLOORS, few["cpu"] / few["floor"]),
        Target(f"statements of an idle pass in PostgreSQL: {name}", 4, passes["ours"]),
        Target(f"statements of an idle pass in the shop: {name}", 8, passes["shop"]),
        Target(f"memory of a worker after {DAY:,} passes: {name}", 120, passes["worker_mb"], "MB"),
        Target(f"of it grown since the first {2 * AMONG}: {name}", 5, passes["grown_mb"], "MB"),
        Target(f"handed out twice before each was once: {name}", 0, claims["twice"]),
        Target(f"the next 200 of all that are due: {name}", 1, claims["claim_seconds"], "s"),
        Target("the CRON address: 1,000 stores", 0.1, asked["cron_seconds"], "s"),
        Target(
            "/metrics, in counts of the stores: 1,000 stores", COUNTS, asked["metrics_seconds"] / asked["count_seconds"]
        ),
        Target("size of /metrics: 1,000 stores", 100, asked["metrics_bytes"] / 1000, "kB"),
    ]
    seconds = {
        f"CPU of an idle pass: {name}": (passes["cpu"], 0.02),
        f"CPU of an idle pass: {kept}": (few["cpu"], 0.02),
        "/metrics: 1,000 stores": (asked["metrics_seconds"], 0.1),
    }
    figures.facts += [Fact(what, f"{took:.4f} s; the goal: {goal:g} s") for what, (took, goal) in seconds.items()]
    figures.facts += [
        Fact(f"the CRON address: {name}", f"{all_asked['cron_seconds']:.3f} s"),
        Fact(f"/metrics: {name}", f"{all_asked['metrics_seconds']:.3f} s"),
    ]
    cost = Cost(**{each: passes[each] for each in Cost.__slots__})
    figures.facts += [_means(size, cost) for size in SIZES]


def worker(home: Home, *arguments: object) -> dict[str, Any]:
    """A part of `benchmarks.fleet_worker`, and what it says."""
    command = [sys.executable, "-m", "benchmarks.fleet_worker", *map(str, arguments)]
    return child.run(command, env=home.env, folder=home.folder).document


def _means(stores: int, cost: Cost) -> Fact:
    need = needs(stores, cost)
    shown = f"{need.passes:.0f} passes/s, {need.cores:.1f} cores, {need.workers} workers with {need.memory_gb:.1f} GB, "
    shown += f"{need.connections} connections, {need.statements:.0f} statements/s"
    return Fact(f"{stores:,} batch stores, each every five minutes", shown)


def one_token(rig: Rig, figures: Figures) -> None:
    """Eight stores of one token, asked about by four processes as fast as they may."""
    sandbox = Sandbox(rate_limit=(REQUESTS, SECONDS))
    for number in range(1, SHARING):
        sandbox.add_store(DEFAULT_STORE + number)
    shop, _ = rig.shop(1)
    with sandbox.serve() as feed:
        home = rig.home(shop, database="postgresql", paced=True, stores=SHARING, api_url=feed.url)
        for kept, more in (("PostgreSQL", {}), ("Redis", {"SFSYNC_BROKER_URL": services.redis().database("9")})):
            found = _shared(sandbox, home.env | more)
            refused = sum(each.status == 429 for each in found) / len(found)
            taken = [each.at for each in found if each.status == 200]
            used = (len(taken) - 1) / REQUESTS * SECONDS / (taken[-1] - taken[0])
            name = f"{SHARING} stores of one token in {SENDERS} processes, counted in {kept}"
            figures.targets += [
                Target(f"requests refused: {name}", 1, refused * 100, "%"),
                Target(f"allowed pace not used: {name}", 5, (1 - used) * 100, "%"),
            ]


def _shared(sandbox: Sandbox, env: dict[str, str]) -> list[Received]:
    """What arrives in a steady state: so many times the limit and one more, so that it begins and ends alike."""
    names = [f"store{number}" for number in range(SHARING)]
    command = [sys.executable, "-m", "tests.e2e.sender"]
    started = [subprocess.Popen([*command, *names[each::SENDERS]], env=env) for each in range(SENDERS)]
    requests, before = sandbox.ledger.requests, len(sandbox.ledger.requests)
    try:
        until(lambda: len({each.path.split("/")[3] for each in requests[before:]}) == SHARING, "all of them send")
        start, enough = len(requests), REQUESTS * WINDOWS + 1
        until(lambda: sum(each.status == 200 for each in requests[start:]) >= enough, "they send on")
        last = [each.at for each in requests[start:] if each.status == 200][enough - 1]
        return [each for each in requests[start:] if each.at <= last]
    finally:
        for each in started:
            each.kill()
            each.wait()
