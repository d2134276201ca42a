"""A worker that asks Shopping Feed for tickets of its stores as fast as it may: `python -m tests.e2e.sender one two`.

It holds its stores as runs do, and goes on until it is stopped.
"""

from __future__ import annotations

import os
import sys
import threading
from datetime import timedelta


def main(names: list[str]) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sfsync_server.settings")
    import django

    django.setup()
    from django.utils import timezone

    from sfsync.engine.kit.connections import Live
    from sfsync.engine.kit.lease import take
    from sfsync.models import Store

    live, asking = Live(), []
    for store in Store.objects.filter(name__in=names):
        take(store, timezone.now, timedelta(minutes=5))
        feed = live.client(store).store(store.feed_store_id)
        asking.append(threading.Thread(target=lambda feed=feed: [feed.tickets(limit=1) for _ in iter(int, 1)]))
    for each in asking:
        each.start()


if __name__ == "__main__":
    main(sys.argv[1:])
