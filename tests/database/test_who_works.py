"""Who works with our own database, before another one takes its place."""

from __future__ import annotations

import os
import re
from datetime import timedelta

from sfsync.engine.kit.lease import take
from sfsync.engine.watch.health import scheduler_sign
from sfsync.models import Process
from sfsync.testing import World
from sfsync_server.backups.who_works import LIVES, at_work

SECOND = timedelta(seconds=1)


def test_a_run_under_way_is_named_with_its_process_and_its_begin(world: World) -> None:
    """Not one that has ended, nor one that was killed."""
    lease = take(world.store, world.now, timedelta(minutes=5))
    [named] = at_work(world.now())
    assert re.fullmatch(rf"the sync of main \(process {os.getpid()} on \S+, since [\d :-]+\)", named)
    held = Process.objects.filter(store=world.store)
    held.update(born=1)
    assert at_work(world.now()) == []
    held.update(born=0)
    assert lease.release()
    assert at_work(world.now()) == []


def test_a_scheduler_works_for_as_long_as_it_gives_signs(world: World) -> None:
    scheduler_sign("celery", world.now())
    assert at_work(world.now() + LIVES - SECOND) == [f"celery (seen {LIVES.seconds - 1} s ago)"]
    assert at_work(world.now() + LIVES) == []
