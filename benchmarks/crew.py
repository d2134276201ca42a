"""Workers of Celery and their beat, and what our tables say of the stores that they run."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import redis

from benchmarks.rig import Home

QUEUES = ("sfsync.due", "sfsync.realtime", "sfsync.batch", "sfsync.troubled")
CELERY = (str(Path(sys.executable).with_name("celery")), "-A", "sfsync_server.celery", "worker")


@dataclass(slots=True)
class Crew:
    """Of one installation on PostgreSQL and Redis."""

    home: Home

    @contextlib.contextmanager
    def at_work(self, processes: int) -> Iterator[None]:
        """One worker with its beat."""
        arguments = ("--beat", "--schedule", str(self.home.folder / "beat"), "--concurrency", str(processes))
        with (self.home.folder / "worker.log").open("w") as said:
            worker = subprocess.Popen(
                [*CELERY, *arguments, "--without-gossip", "--without-mingle", "--loglevel", "info"],
                env=self.home.env,
                cwd=self.home.folder,
                stdout=said,
                stderr=said,
                process_group=0,
            )
        try:
            yield
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(worker.pid, signal.SIGTERM)
            worker.wait(120)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What our database answers; nothing for what it is only told."""
        with psycopg.connect(self.home.env["SFSYNC_DATABASE_URL"], autocommit=True) as connection:
            found = connection.execute(sql.encode())
            return found.fetchall() if found.description else []

    def starts(self) -> dict[str, float | None]:
        """Store → when its last run began, in seconds since 1970."""
        sql = "SELECT s.name, extract(epoch FROM p.started_at) FROM sfsync_store s LEFT JOIN sfsync_process p"
        sql += " ON p.store_id = s.id AND p.name = 'sync'"
        return {name: None if at is None else float(at) for name, at in self.rows(sql)}

    def rested(self) -> int:
        """Stores that have come to the end of a run, and are in none."""
        [(number,)] = self.rows("SELECT count(*) FROM sfsync_process WHERE finished_at IS NOT NULL AND holder = ''")
        return int(number)

    def messages(self) -> int:
        """Those that no worker took."""
        with redis.Redis.from_url(self.home.env["SFSYNC_BROKER_URL"]) as client:
            return sum(int(str(client.llen(name))) for name in QUEUES)
