"""The memory of a service with many real-time stores, over an hour's worth of passes, as fast as they go.

    python -m benchmarks.memory --stores 50 --minutes 60

First every store ships an order, so that each has been through a whole send; then one does in every minute's worth.
Status 1 when it grew by more than 1% an hour from the end of the first quarter on, or when a store's run failed. Until
then tables and caches take their size (docs/capacity.md): an hour's worth with 50 stores is long enough for a verdict,
a few minutes are not.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sfsync.shops.prestashop.sample import SampleShop
    from sfsync_server.service import Service

MOST = 0.01
"""Growth of an hour, as a share."""


def main(
    stores: Annotated[int, typer.Option(min=1, help="Real-time stores.")] = 50,
    minutes: Annotated[int, typer.Option(min=10, help="Worth of passes.")] = 60,
) -> None:
    """What is resident, minute by minute."""
    with tempfile.TemporaryDirectory(prefix="sfsync-memory-") as folder, _sandbox(Path(folder)) as url:
        service, shops = _set_up(Path(folder), stores, url)
        with ThreadPoolExecutor(service.workers) as pool:
            whole = _minute(service, pool, shops)
            seen = [_minute(service, pool, [shops[minute % stores]]) for minute in range(minutes)]
        failed = _failed()
    marks = ", ".join(f"{minute}: {seen[minute]:.1f}" for minute in range(0, minutes, max(minutes // 10, 1)))
    print(f"{stores} stores; resident MB once each has shipped an order: {whole:.1f}")
    print(f"then by minute's worth of passes: {marks}; at the end: {seen[-1]:.1f}")
    growth = _hourly_growth(seen, settled := minutes // 4)
    print(f"growth from minute {settled} on (tables and caches have their size): {growth:.2%} an hour")
    if failed:
        print(f"failed: {', '.join(failed)}")
    raise typer.Exit(int(growth > MOST or bool(failed)))


def _hourly_growth(seen: list[float], settled: int) -> float:
    return (seen[-1] - seen[settled]) / seen[settled] * 60 / (len(seen) - 1 - settled)


def _failed() -> list[str]:
    """The stores that a trouble stopped: what they would have needed was not measured."""
    from sfsync.models import Process

    return list(Process.objects.filter(failures__gt=0).values_list("store__name", flat=True))


@contextmanager
def _sandbox(folder: Path) -> Iterator[str]:
    """In a process of its own: what it keeps is not ours."""
    command = [Path(sys.executable).with_name("sfsync"), "sandbox", "--port", "0", "--no-rate-limit"]
    environment = os.environ | {"SFSYNC_HOME": str(folder), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8", env=environment) as process:
        assert process.stdout is not None
        line = next(each for each in process.stdout if "http://" in each)
        try:
            yield next(word for word in line.split() if word.startswith("http://")).rstrip("/.,")
        finally:
            process.kill()


def _set_up(folder: Path, count: int, url: str) -> tuple[Service, list[SampleShop]]:
    os.environ |= {"DJANGO_SETTINGS_MODULE": "sfsync_server.settings", "SFSYNC_HOME": str(folder)}
    import django

    django.setup()
    from django.core.management import call_command

    from sfsync.models import Store
    from sfsync.shops.prestashop.sample import build
    from sfsync_server.commands.running import collect_less_garbage
    from sfsync_server.service import Service

    call_command("migrate", verbosity=0)
    shops = [build(f"sqlite:///{folder}/shop-{number}.sqlite3", limit=60) for number in range(count)]
    given = {"feed_store_id": 10, "token": "sandbox-token", "api_url": url, "mode": "realtime"}
    for number, shop in enumerate(shops):
        statuses = {"shipped": ["4"]}
        store = Store(name=f"store-{number}", shop_secrets={"url": shop.url}, statuses=statuses, **given)
        store.save()
    collect_less_garbage()
    return Service.from_settings(), shops


def _minute(service: Service, pool: ThreadPoolExecutor, shipping: Iterable[SampleShop]) -> float:
    """A minute's worth of passes, at whose start an order of each of these shops is shipped. Returns what is resident
    at its end, in MB."""
    from django.utils import timezone

    from sfsync.models import Process
    from sfsync_server.service import TIDY_EVERY

    for shop in shipping:
        order = shop.order_ids()[int(time.time()) % 60]
        shop.set_tracking(order, f"TRK-{time.time_ns()}")
        shop.set_status(order, 4)
    for _ in range(max(int(60 / service.poll_seconds), 1)):
        Process.objects.update(next_run_at=timezone.now())
        while service.start_due(pool):
            service.heed.wait(1)
        while service.under_way:
            time.sleep(0.001)
    service.tidied_at -= TIDY_EVERY
    service.tidy()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


if __name__ == "__main__":
    typer.run(main)
