"""The memory of a service with many real-time stores, over an hour's worth of passes, as fast as they go.

    python -m benchmarks.memory --stores 50 --minutes 60

Every minute's worth one store ships an order, so that there is something to send. Status 1 when it grew by more than 1%
an hour after the first quarter, in which caches fill.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
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
        seen = [_minute(service, shops[minute % stores]) for minute in range(minutes)]
    warm = seen[minutes // 4]
    growth = (seen[-1] - warm) / warm * 60 / (minutes - minutes // 4)
    marks = ", ".join(f"{minute}: {seen[minute]:.1f}" for minute in range(0, minutes, max(minutes // 10, 1)))
    print(f"{stores} stores, {minutes} minutes of passes; resident MB by minute: {marks}; at the end: {seen[-1]:.1f}")
    print(f"growth after the first quarter: {growth:.2%} an hour")
    raise typer.Exit(int(growth > MOST))


@contextmanager
def _sandbox(folder: Path) -> Iterator[str]:
    """In a process of its own: what it keeps is not ours."""
    command = [Path(sys.executable).with_name("sfsync"), "sandbox", "--port", "0", "--no-rate-limit"]
    environment = os.environ | {"SFSYNC_HOME": str(folder), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8", env=environment) as process:
        assert process.stdout is not None
        line = next(each for each in process.stdout if "http://" in each)
        yield next(word for word in line.split() if word.startswith("http://")).rstrip("/.,")
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


def _minute(service: Service, shop: SampleShop) -> float:
    """A minute's worth of passes. Returns what is resident at its end, in MB."""
    from django.utils import timezone

    from sfsync.models import Process
    from sfsync_server.service import TIDY_EVERY

    order = shop.order_ids()[int(time.time()) % 60]
    shop.set_tracking(order, f"TRACK-{time.time_ns()}")
    shop.set_status(order, 4)
    for _ in range(max(int(60 / service.poll_seconds), 1)):
        Process.objects.update(next_run_at=timezone.now())
        with ThreadPoolExecutor(4) as pool:
            while service.start_due(pool):
                service.heed.wait(1)
    service.tidied_at -= TIDY_EVERY
    service.tidy()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


if __name__ == "__main__":
    typer.run(main)
