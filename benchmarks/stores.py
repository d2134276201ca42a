"""One turn of the service over many stores, in a process of its own: how long, and how many shops were opened.

python -m benchmarks.stores
"""

from __future__ import annotations

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta


def main() -> dict[str, float]:
    """Every store ran a minute ago and is due in four; then all of them are due."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sfsync_server.settings")
    import django

    django.setup()
    from django.utils import timezone

    from sfsync.models import Process, Store
    from sfsync_server.service import Service

    now = timezone.now()
    for store in Store.objects.all():
        Process.objects.create(store=store, finished_at=now, next_run_at=now + timedelta(minutes=4))
    service = Service.from_settings()
    asleep = _turn(service)
    Process.objects.update(next_run_at=now)
    return {"stores": len(Store.objects.all()), "asleep": asleep, "due": _turn(service)}


def _turn(service: object) -> float:
    started = time.perf_counter()
    with ThreadPoolExecutor(4) as pool:
        while service.start_due(pool):  # type: ignore[attr-defined]
            service.heed.wait(1)  # type: ignore[attr-defined]
    return time.perf_counter() - started


if __name__ == "__main__":
    print(json.dumps(main()))
