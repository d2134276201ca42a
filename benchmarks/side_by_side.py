"""Fifty real-time stores in one service, each with its own shop: how soon a change is sent, and what waiting costs."""

from __future__ import annotations

import os
import random
import statistics
import time
from pathlib import Path

from benchmarks.figures import Fact, Figures, Target
from benchmarks.rig import Rig
from benchmarks.scenarios import SHIPPED
from benchmarks.waiting import until
from sfsync.shops.prestashop.sample import SampleShop
from shoppingfeed.sandbox import Sandbox
from shoppingfeed.sandbox.state import DEFAULT_STORE

STORES, CHANGES = 50, 80
PAUSE = 0.8
"""The longest between two changes, in seconds."""
QUIET = 12.0
"""Seconds in which nothing happens."""
Order = tuple[SampleShop, int]


def fifty(rig: Rig, figures: Figures) -> None:
    """Changes at uneven times in shops taken at random."""
    shops = [rig.shop(1 + CHANGES // STORES * 2) for _ in range(STORES)]
    sandbox = Sandbox(rate_limit=None)
    for number in range(1, STORES):
        sandbox.add_store(DEFAULT_STORE + number)
    first, others = shops[0][0], [shop.url for shop, _ in shops[1:]]
    with sandbox.serve() as feed:
        home = rig.home(first, database="postgresql", mode="realtime", api_url=feed.url, others=others)
        service = home.start("run")
        try:
            _change([(shop, ids.pop()) for shop, ids in shops], 0)
            until(lambda: len(sandbox.ledger.accepted) == STORES, "every store has sent")
            time.sleep(QUIET / 2)
            idle = _busy(service.pid, QUIET)
            chosen = random.Random(STORES).choices(shops, k=CHANGES)
            sent = _change([(shop, ids.pop()) for shop, ids in chosen if ids], PAUSE)
            until(lambda: len(sandbox.ledger.accepted) == STORES + len(sent), "every change has arrived")
        finally:
            service.terminate()
            service.wait(60)
    arrived = {each.tracking_number: each.at for each in sandbox.ledger.accepted}
    _tell(sorted(arrived[number] - at for number, at in sent.items()), idle, figures)


def _tell(delays: list[float], idle: float, figures: Figures) -> None:
    half, most = statistics.median(delays), delays[int(len(delays) * 0.99)]
    name = f"{STORES} real-time stores in one service"
    shown = (
        f"half of {len(delays)} changes sent within {half:.2f} s, 99 in 100 within {most:.2f} s; idle {idle:.2f} cores"
    )
    figures.facts.append(Fact(name, shown))
    figures.targets += [
        Target(f"half: {name}", 1, half, "s"),
        Target(f"99 in 100: {name}", 3, most, "s"),
        Target(f"cores when idle: {name}", 0.25, idle),
    ]


def _change(orders: list[Order], pause: float) -> dict[str, float]:
    """Tracking number → when its status was committed."""
    uneven, sent = random.Random(CHANGES), {}
    for number, (shop, order) in enumerate(orders):
        time.sleep(uneven.uniform(0, pause))
        shop.set_tracking(order, f"LIVE-{pause:g}-{number}")
        shop.set_status(order, SHIPPED)
        sent[f"LIVE-{pause:g}-{number}"] = time.time()
    return sent


def _busy(pid: int, seconds: float) -> float:
    """Cores that a process keeps busy."""
    before = _cpu(pid)
    time.sleep(seconds)
    return (_cpu(pid) - before) / seconds


def _cpu(pid: int) -> float:
    """Seconds, in user and kernel mode (proc(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
