"""A night's comparison with the marketplaces (R32), and a day of orders with their deadlines (R25)."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks import child
from benchmarks.child import Spent
from benchmarks.figures import Fact, Figures, Load, Target
from benchmarks.rig import Home, Rig, Sandbox
from benchmarks.scenarios import STORE, Wrong

SHARE = 10
"""Of the orders, one in so many has a difference of each kind."""
SHOWN: Mapping[str, str] = {
    "not-seen": "waiting_shipment",
    "refused-there": "waiting_shipment",
    "cancelled-there": "cancelled",
    "refunded-there": "refunded",
    "shipped": "shipped",
    "waits": "waiting_shipment",
}
"""Kinds of order → the status that Shopping Feed shows. The last two are no differences."""
TOLD = ("not-seen", "refused-there", "shipped")
"""The kinds that were shipped, and whose tickets succeeded."""
AGREE = ("shipped", "waits")
AT_ONCE = 1000
WAITING = 200
"""Orders beside those that are shipped, which wait with a deadline near."""


def kinds(orders: int) -> list[str]:
    """The kind of each order: as many of each difference as there are tenths, and the rest agrees."""
    different = [kind for kind in SHOWN if kind not in AGREE] * (orders // SHARE)
    agreeing = orders - len(different)
    return different + ["shipped"] * (agreeing // 2) + ["waits"] * (agreeing - agreeing // 2)


def differences(rig: Rig, orders: int, database: str, figures: Figures) -> None:
    """All that differ are found, and nothing else, with few requests."""
    shop, ids = rig.shop(orders)
    home = rig.home(shop, database=database)
    rig.sandbox.fresh()
    of_each = dict(zip(ids, kinds(orders), strict=True))
    shop.bulk_ship([order for order, kind in of_each.items() if kind in TOLD], "N")
    _sync(home, sum(kind in TOLD for kind in of_each.values()))
    first = shop.feed_id(ids[0]) or 0
    _show(rig.sandbox, {first + order - ids[0]: kind for order, kind in of_each.items()})
    before = _requests(rig.sandbox)
    spent = home.sfsync("reconcile", "--grace", "0", "--json")
    check(spent, {(kind, order) for order, kind in of_each.items() if kind not in AGREE})
    name = f"a night's comparison, {orders:,} orders, {database}"
    waiting = sum(SHOWN[kind] == "waiting_shipment" for kind in of_each.values())
    figures.facts.append(Fact(name, _told(spent, _requests(rig.sandbox) - before, orders // SHARE)))
    figures.targets += [
        Target(f"requests: {name}", 3 + waiting // 200, _requests(rig.sandbox) - before),
        Target(f"CPU: {name}", 10, spent.cpu, "s"),
    ]


def deadlines(rig: Rig, load: Load, figures: Figures) -> None:
    """A run that has many orders to send, and others whose deadlines it learns; not the first one of the store."""
    shop, ids = rig.shop(1 + WAITING + load.orders)
    home = rig.home(shop, database=load.database, paced=load.paced)
    rig.sandbox.fresh(paced=load.paced)
    first, soon = shop.feed_id(ids[0]) or 0, (datetime.now(UTC) + timedelta(hours=12)).isoformat(timespec="seconds")
    _add(rig.sandbox, [{"id": first + nth, "latest_ship_date": soon} for nth in range(len(ids))])
    shop.bulk_ship(ids[:1], "D")
    _sync(home, 1)
    shop.bulk_ship(ids[1 + WAITING :], "D")
    child.run([sys.executable, "-m", "benchmarks.night"], env=home.env, folder=home.folder)
    before = _requests(rig.sandbox)
    spent = _sync(home, load.orders)
    requests, near = _requests(rig.sandbox) - before, _at_risk(home)
    if near != WAITING:
        raise Wrong(f"{near} of {WAITING} deadlines were learned.")
    name = f"{load.title}, with deadlines"
    figures.facts.append(Fact(name, f"{spent.seconds:.1f} s, {requests} requests, {near} deadlines near"))
    figures.targets.append(Target(f"requests per order: {name}", 0.0205, requests / load.orders))


def _sync(home: Home, orders: int) -> Spent:
    spent = home.sfsync("sync", "--wait", "120", "--json")
    counts: Any = spent.document[STORE]
    if counts.get("confirmed") != orders:
        raise Wrong(f"{orders} orders to confirm: {spent.output}")
    return spent


def _show(sandbox: Sandbox, of_each: Mapping[int, str]) -> None:
    """As the marketplaces show the orders that night."""
    _add(sandbox, [{"id": order, "status": SHOWN[kind]} for order, kind in of_each.items()])
    for order, kind in of_each.items():
        if kind == "refused-there":
            sandbox.ask("POST", f"orders/{order}", error="ship", message="Unknown carrier")


def _add(sandbox: Sandbox, orders: Sequence[Mapping[str, Any]]) -> None:
    for some in _pages(orders):
        sandbox.ask("POST", "orders", some)


def _pages(orders: Sequence[Mapping[str, Any]]) -> Iterator[Sequence[Mapping[str, Any]]]:
    return (orders[start : start + AT_ONCE] for start in range(0, len(orders), AT_ONCE))


def check(spent: Spent, wanted: set[tuple[str, int]]) -> None:
    """Raises `Wrong` unless these are the differences that were found, each once."""
    rows: Any = spent.document[STORE]
    found = {(row["kind"], row["order"]) for row in rows}
    if found != wanted or len(rows) != len(wanted):
        missed, more = (Counter(kind for kind, _ in some) for some in (wanted - found, found - wanted))
        raise Wrong(f"Not found: {dict(missed)}; found without need: {dict(more)}.")


def _told(spent: Spent, requests: int, of_each: int) -> str:
    return f"{of_each:,} of each kind found and nothing else, {spent.cpu:.1f} s of CPU, {requests} requests"


def _requests(sandbox: Sandbox) -> int:
    return int(sandbox.ask("GET", "summary")["requests"])


def _at_risk(home: Home) -> int:
    store: Any = home.sfsync("status", "--json").document[STORE]
    return int(store["at_risk"])


def let_an_hour_pass() -> None:
    """For the store of this home: what is looked at every hour is due."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sfsync_server.settings")
    import django

    django.setup()
    from django.utils import timezone

    from sfsync.models import Store

    Store.objects.update(created_at=timezone.now() - timedelta(hours=1, minutes=1))


if __name__ == "__main__":
    let_an_hour_pass()
