"""Everything around the program that is measured: a shop in MariaDB, a sandbox in a process of its own, homes."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count, zip_longest
from pathlib import Path
from typing import Any

from benchmarks import child
from sfsync.shops.prestashop.sample import SampleShop, build
from shoppingfeed.sandbox.state import DEFAULT_STORE
from tests import services

ROOT = Path(__file__).resolve().parent.parent
PAGE = 1000


@dataclass(slots=True)
class Sandbox:
    """The sandbox process, through its control endpoints."""

    url: str
    process: subprocess.Popen[bytes]

    def ask(self, method: str, path: str, rows: Sequence[Any] = (), **body: Any) -> Any:
        """With an object, or with a list of `rows`."""
        data = json.dumps(rows or body).encode() if rows or body else None
        request = urllib.request.Request(f"{self.url}/_sandbox/{path}", data, method=method)
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)

    def fresh(self, *, ticket_seconds: float = 0, paced: bool = False) -> None:
        """Nothing received yet, and these settings."""
        self.ask("POST", "reset")
        self.ask("POST", "settings", ticket_seconds=ticket_seconds, rate_limit=[10, 2] if paced else None)

    def accepted(self) -> Iterator[dict[str, Any]]:
        """The ledger, a page at a time."""
        for page in count(1):
            answer = self.ask("GET", f"ledger?limit={PAGE}&page={page}")
            yield from answer["rows"]
            if page >= answer["pages"]:
                return


@dataclass(slots=True)
class Home:
    """One installation of sfsync: its folder, its database, its environment."""

    folder: Path
    env: dict[str, str]

    def sfsync(self, *arguments: str) -> child.Spent:
        """The real command."""
        return child.run([_beside_python("sfsync"), *arguments], env=self.env, folder=self.folder)

    def watched(self, *arguments: str) -> tuple[child.Spent, dict[str, Any]]:
        """The same with its statements counted; see `benchmarks.watched`."""
        report = self.folder / "watched.json"
        command = [sys.executable, "-m", "benchmarks.watched", str(report), *arguments]
        spent = child.run(command, env=self.env, folder=self.folder)
        return spent, json.loads(report.read_text())

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """The real command, left running."""
        return subprocess.Popen([_beside_python("sfsync"), *arguments], env=self.env, cwd=self.folder)


@dataclass(slots=True)
class Rig:
    """Made by `rig`. `database` is sqlite or postgresql, for sfsync's own tables."""

    folder: Path
    sandbox: Sandbox
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def shop(self, orders: int) -> tuple[SampleShop, list[int]]:
        """A MariaDB shop with so many marketplace orders, paid and not shipped, and their ids."""
        shop = build(services.mariadb().database(f"shop_{next(self._numbers)}"), limit=1)
        return shop, shop.add_orders(orders)

    def home(
        self,
        shop: SampleShop,
        *,
        database: str,
        paced: bool = False,
        stores: int = 1,
        mode: str = "batch",
        api_url: str = "",
        others: Sequence[str] = (),
        tokens: Sequence[str] = (),
        **settings: str,
    ) -> Home:
        """A fresh installation with that shop's store (or many of the same), and one of each of the `others`.

        `others`: addresses of shops. `api_url`: in place of the sandbox. `tokens`: of each store, where it has its own.
        `settings`: of the environment.
        """
        number = next(self._numbers)
        folder = self.folder / f"home-{number}"
        folder.mkdir()
        env = _environment() | {"SFSYNC_HOME": str(folder), "SFSYNC_PACED": str(paced).lower()}
        env |= {f"SFSYNC_{name.upper()}": value for name, value in settings.items()}
        if database == "postgresql":
            env["SFSYNC_DATABASE_URL"] = services.postgres().database(f"sfsync_{number}")
        home = Home(folder, env)
        shops = [shop.url] * stores + [*others]
        given = zip_longest(shops, tokens, fillvalue="sandbox-token")
        api = api_url or self.sandbox.url
        tables = [_store(number, url, api, mode, token) for number, (url, token) in enumerate(given)]
        (folder / "stores.toml").write_text("".join(tables))
        for command in (("migrate",), ("apply", "stores.toml")):
            done = home.sfsync(*command)
            if done.status:
                raise RuntimeError(f"sfsync {' '.join(command)} ended with {done.status}: {done.output}")
        return home

    def keep_payloads(self) -> Path:
        """What the sandbox accepted, one item a line: the floor sends exactly that."""
        file = self.folder / "payloads.jsonl"
        with file.open("w", encoding="utf-8") as lines:
            lines.writelines(json.dumps(row["item"]) + "\n" for row in self.sandbox.accepted())
        return file

    def floor(self, payloads: Path, *, paced: bool) -> child.Spent:
        command = [sys.executable, "-m", "benchmarks.floor", self.sandbox.url, str(payloads)]
        return child.run([*command, *["--paced"][:paced]], env=_environment(), folder=self.folder)


@contextlib.contextmanager
def rig() -> Iterator[Rig]:
    """Servers and sandbox run until the end of the block; their files go with it."""
    with tempfile.TemporaryDirectory(prefix="sfsync-bench-") as name, _sandbox(Path(name)) as sandbox:
        yield Rig(Path(name), sandbox)


@contextlib.contextmanager
def _sandbox(folder: Path) -> Iterator[Sandbox]:
    command = [_beside_python("sfsync"), "sandbox", "--port", "0", "--no-rate-limit"]
    env = _environment() | {"SFSYNC_HOME": str(folder / "sandbox")}
    with subprocess.Popen(command, env=env, cwd=folder, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            greeting = process.stdout.readline().decode()
            address = re.search(r"http://\S+", greeting)
            if address is None:
                raise RuntimeError(f"The sandbox did not start: {greeting}")
            yield Sandbox(address[0], process)
        finally:
            process.terminate()


def _store(number: int, shop_url: str, api_url: str, mode: str, token: str) -> str:
    """Only the first one exists at the rig's sandbox; there the others never have anything to say."""
    return f"""
[stores.store{number}]
token = "{token}"
store_id = {DEFAULT_STORE + number}
api_url = "{api_url}"
mode = "{mode}"
[stores.store{number}.shop]
kind = "prestashop"
url = "{shop_url}"
[stores.store{number}.statuses]
shipped = [4]
delivered = [5]
canceled = [6]
refunded = [7]
"""


def _environment() -> dict[str, str]:
    """Ours without what would decide instead of the rig, and with the benchmarks in reach."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SFSYNC_", "PYTHON"))}
    return kept | {"PYTHONPATH": str(ROOT)}


def _beside_python(name: str) -> str:
    return str(Path(sys.executable).with_name(name))
