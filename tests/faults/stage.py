"""What a fault is played on: a sandbox over HTTP, a deployment of sfsync, a resident process to fork victims from."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from sfsync.shops.prestashop.sample import SampleShop, build
from sfsync.testing import STATUSES
from shoppingfeed.sandbox import Belief, Fault, Server
from tests.faults.clock import SharedClock
from tests.faults.liar import Liar
from tests.waiting import until

ROOT = Path(__file__).resolve().parent.parent.parent
SFSYNC = ROOT / ".venv" / "bin" / "sfsync"
TOKEN = "tok-9f2b7c41d8e6430ea5"
SECRET_KEY = "key-3c8d1f7b92a64e05b6c7d8e9f0a1b2c3d4e5f607"
PASSWORD = "pw-5d2e90b1c7f8a643"
SECRETS = (TOKEN, SECRET_KEY, PASSWORD)
"""Whatever a story comes to, these stand in no output of any process."""
DEADLINE = 60.0
FIRST_FEED_ID = 1_078_495_000_000


def environment(home: Path, **settings: str) -> dict[str, str]:
    """That of a deployment, with nothing of ours in it: `lease_seconds="5"` is SFSYNC_LEASE_SECONDS."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SFSYNC_", "DJANGO_", "COLUMNS"))}
    ours = {"SFSYNC_HOME": str(home), "SFSYNC_SECRET_KEY": SECRET_KEY, "LC_ALL": "C.UTF-8", "COLUMNS": "200"}
    given = {f"SFSYNC_{name.upper()}": value for name, value in settings.items()}
    return kept | ours | given


@dataclass
class Done:
    """A child that came to its end. `signal` is what ended it, 0 when it ended by itself."""

    status: int
    signal: int
    out: str
    err: str
    answer: Any = None
    stopped: bool = False

    @property
    def killed(self) -> bool:
        return self.signal == signal.SIGKILL


Steps = Callable[[], Iterator[int]]
"""The numbers of a run's steps at which it is disturbed, from the first on and without an end."""


@dataclass
class Child:
    """A forked child, under way."""

    victim: Victim
    pid: int
    output: Path

    def wait(self) -> Done:
        """Until it ends or stops; `answer` is what its job gave."""
        end = self.victim.ask("wait", pid=self.pid)
        out, err = (self.output.with_suffix(suffix).read_text() for suffix in (".out", ".err"))
        answer = self.output.with_suffix(".json")
        found = json.loads(answer.read_text()) if answer.exists() else None
        return Done(end.get("status", 0), end.get("signal", 0), out, err, found, end.get("stopped", False))

    def send(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)


class Victim:
    """The resident process (`tests.faults.victim`) of a deployment."""

    def __init__(self, home: Path, clock: Path, **settings: str) -> None:
        self.clock, self.folder = clock, home / "children"
        self.folder.mkdir(parents=True)
        self.numbers = count()
        env = environment(home, **settings) | {"DJANGO_SETTINGS_MODULE": "sfsync_server.settings"}
        command = [sys.executable, "-m", "tests.faults.victim", str(clock)]
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, verb: str, **arguments: Any) -> dict[str, Any]:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps({"do": verb, **arguments}) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    def start(self, job: str, **arguments: Any) -> Child:
        output = self.folder / str(next(self.numbers))
        pid = self.ask("fork", output=str(output), job=job, **arguments)["pid"]
        return Child(self, pid, output)

    def do(self, job: str, **arguments: Any) -> Any:
        """A child that must come to a good end; its answer."""
        done = self.start(job, **arguments).wait()
        assert (done.status, done.signal) == (0, 0), done.err + done.out
        return done.answer

    def here(self, job: str, **arguments: Any) -> Any:
        """The same in the resident process itself, for what nothing happens to."""
        return self.ask("here", job=job, **arguments)["answer"]

    def said(self) -> str:
        """Everything that its children wrote to their standard output and error."""
        return "\n".join(path.read_text() for path in self.folder.iterdir() if path.suffix in (".out", ".err"))

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(DEADLINE)
        if self.process.stdout:
            self.process.stdout.close()
        no_secret_in(self.said())


@dataclass
class Story:
    """A store of its own, with a shop of its own, among the others of the stage."""

    stage: Stage
    name: str
    store_id: int
    shop: SampleShop
    orders: list[int]

    def start(self, **arguments: Any) -> Child:
        return self.stage.victim.start("sync", store=self.name, **arguments)

    def sync(self, wait: float = 0, **arguments: Any) -> dict[str, Any]:
        """One run that nothing happens to."""
        answer: dict[str, Any] = self.stage.victim.do("sync", store=self.name, wait=wait, **arguments)
        return answer

    def sync_seen_only(self) -> None:
        """A run that sees and saves what changed, and cannot send: the API refuses the token."""
        fault = self.fault("wrong-token", times=None)
        self.sync()
        self.stage.sandbox.remove_fault(fault)

    def facts(self) -> dict[str, Any]:
        answer: dict[str, Any] = self.stage.victim.here("facts", store=self.name)
        return answer

    def fault(self, kind: str, order: int = 0, **details: Any) -> int:
        """A fault of this store's requests alone."""
        details.setdefault("path", f"/store/{self.store_id}/")
        return self.stage.sandbox.fault(Fault(kind, order_id=self.feed_id(order) if order else 0, **details))

    def feed_id(self, order: int) -> int:
        return FIRST_FEED_ID + self.orders.index(order)

    def accepted(self, order: int) -> list[tuple[str, str]]:
        """What Shopping Feed accepted for an order, in order."""
        ledger = self.stage.sandbox.ledger
        return [
            (each.operation, each.tracking_number) for each in ledger.operations(self.feed_id(order), self.store_id)
        ]

    def belief(self, order: int) -> Belief | None:
        return self.stage.sandbox.ledger.belief(self.feed_id(order), self.store_id)

    def duplicates(self) -> list[Any]:
        return [each for each in self.stage.sandbox.ledger.duplicates() if each.store == self.store_id]

    def sends(self) -> int:
        """The requests that carried operations, however they were answered."""
        return sum(f"/store/{self.store_id}/" in each.path for each in self.stage.sandbox.ledger.sends())


class Stage:
    """One deployment and one sandbox, for many stories."""

    def __init__(self, folder: Path, *, database_url: str = "", orders: int = 8, **settings: str) -> None:
        self.folder, self.database_url = folder, database_url
        folder.mkdir(parents=True, exist_ok=True)
        self.clock = SharedClock(folder / "clock", time.time())
        self.sandbox = Liar(TOKEN, clock=self.clock, late_cancel=True)
        self.server: Server = self.sandbox.serve()
        self.template, self.orders = shop_template(folder, orders)
        self.numbers = count(100)
        given = {"ticket_lag_seconds": "15"} | ({"database_url": database_url} if database_url else {}) | settings
        self.victim = Victim(folder / "home", folder / "clock", **given)
        self.victim.do("command", arguments=["migrate"])
        self._rehearse()

    def _rehearse(self) -> None:
        story = self.story()
        story.shop.bulk_ship(self.orders)
        self.victim.here("sync", store=story.name, wait=20)
        assert story.accepted(self.orders[0]) == [("ship", f"TRK{self.orders[0]}")]
        self.victim.ask("settle_down")

    def story(self, way: Callable[[SampleShop], dict[str, Any]] | None = None, **settings: Any) -> Story:
        """`way`: settings by which its store reaches its shop otherwise than by the database."""
        number = next(self.numbers)
        name, path = f"story-{number}", self.folder / f"shop-{number}.sqlite3"
        shutil.copyfile(self.template, path)
        self.sandbox.add_store(number, token=TOKEN)
        story = Story(self, name, number, SampleShop(f"sqlite:///{path}"), self.orders)
        settings |= way(story.shop) if way else {}
        self.victim.here("add_stores", stores=[self.row(story) | settings])
        return story

    def row(self, story: Story) -> dict[str, Any]:
        return {
            "name": story.name,
            "feed_store_id": story.store_id,
            "token": TOKEN,
            "api_url": self.server.url,
            "shop_secrets": {"url": story.shop.url},
            "statuses": STATUSES,
            "retry_minutes": 0,
            "recipients": [],
        }

    def pass_time(self, seconds: float) -> None:
        """When the sandbox has read all that the dead had sent: what they did lies before, not after."""
        until(lambda: not _conversations(), "the sandbox has no connection any more")
        self.clock.advance(seconds)

    def close(self) -> None:
        self.victim.close()
        self.server.close()


def _conversations() -> list[str]:
    return [thread.name for thread in threading.enumerate() if "process_request_thread" in thread.name]


def shop_template(folder: Path, orders: int, channel: str = "Zalando") -> tuple[Path, list[int]]:
    """A shop to copy, with so many orders of a marketplace that takes every operation."""
    path = folder / "template.sqlite3"
    shop = build(f"sqlite:///{path}", limit=1)
    ids = shop.add_orders(orders, channel=channel, first_feed_id=FIRST_FEED_ID)
    shop.close()
    return path, ids


def no_secret_in(text: str) -> None:
    assert not (found := secrets_shown(text)), found


def secrets_shown(text: str) -> str:
    """Which secret stands in a text, and what stands around it; "" where there is none."""
    for secret in SECRETS:
        if secret in text:
            return f"{secret[:3]} stands in: …{text[max(text.index(secret) - 300, 0) :][:400]}"
    return ""


@contextmanager
def staged(folder: Path, **settings: Any) -> Iterator[Stage]:
    stage = Stage(folder, **settings)
    try:
        yield stage
    finally:
        stage.close()
