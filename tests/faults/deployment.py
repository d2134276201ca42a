"""The real `sfsync` command, deployed as a person would: a home of its own, on real time."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as default_policy
from pathlib import Path
from select import select
from typing import Any

from aiosmtpd.controller import Controller

from sfsync.shops.prestashop.sample import SampleShop, build
from shoppingfeed.sandbox import Server
from tests.faults.liar import Liar
from tests.faults.servers import reserved_port
from tests.faults.stage import DEADLINE, SFSYNC, TOKEN, Done, environment, no_secret_in

AWAY = "The service tries again until it can be used. Nothing was lost."


class Said:
    """What a process that goes on has said on its stderr."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stderr
        self.stream, self.text = process.stderr, ""

    def so_far(self) -> str:
        while select([self.stream], [], [], 0)[0] and (read := os.read(self.stream.fileno(), 65536)):
            self.text += read.decode()
        return self.text


@dataclass
class Deployment:
    """A home of its own and the real `sfsync` command, on real time."""

    home: Path
    settings: Mapping[str, str]
    said: list[str] = field(default_factory=list)
    prefix: tuple[str, ...] = ()
    """A command that runs the command, such as `prlimit`."""

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        env = environment(self.home, **self.settings)
        command = [*self.prefix, str(SFSYNC), *arguments]
        return subprocess.Popen(
            command, cwd=self.home, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def finish(self, process: subprocess.Popen[str]) -> Done:
        out, err = process.communicate(timeout=4 * DEADLINE)
        no_secret_in(out + err)
        self.said += [out, err]
        return Done(max(process.returncode, 0), max(-process.returncode, 0), out, err)

    def run(self, *arguments: str, status: int | None = 0) -> Done:
        done = self.finish(self.start(*arguments))
        assert status is None or done.status == status, done.out + done.err
        return done

    def json(self, *arguments: str, status: int | None = 0) -> Any:
        return json.loads(self.run(*arguments, "--json", status=status).out)


@dataclass
class RealWorld:
    """A shop, a sandbox over HTTP and a deployment with one store, `main`, all on real time."""

    shop: SampleShop
    sandbox: Liar
    server: Server
    deployment: Deployment
    orders: Iterator[int]

    def order(self) -> int:
        """A marketplace order that nobody touched."""
        return next(self.orders)

    def ship(self) -> int:
        order = self.order()
        self.shop.bulk_ship([order], "T-")
        return order

    def accepted(self, order: int) -> list[tuple[str, str]]:
        feed_id = self.shop.feed_id(order)
        assert feed_id
        return [(each.operation, each.tracking_number) for each in self.sandbox.ledger.operations(feed_id)]


@contextmanager
def real_world(
    folder: Path,
    migrated: Path,
    *,
    orders: int = 20,
    shop_url: str = "",
    store: str = "",
    empty: bool = False,
    **settings: str,
) -> Iterator[RealWorld]:
    """`migrated` is a SQLite database of ours with its tables, to copy; `store` more lines of the store's settings.
    `empty`: the database of `database_url` has no tables yet."""
    home = folder / "home"
    home.mkdir()
    if "database_url" not in settings:
        shutil.copyfile(migrated, home / "sfsync.sqlite3")
    sandbox = Liar(TOKEN)
    deployment = Deployment(home, settings)
    patient = Deployment(home, {name: value for name, value in settings.items() if name != "lease_seconds"})
    with sandbox.serve() as server:
        shop = build(shop_url or f"sqlite:///{folder / 'shop.sqlite3'}", limit=orders)
        if empty:
            patient.run("migrate")
        (home / "stores.toml").write_text(store_toml("main", server.url, shop_url or shop.url, store))
        patient.run("apply", "stores.toml")
        yield RealWorld(shop, sandbox, server, deployment, iter(shop.order_ids()))
        shop.close()


def store_toml(
    name: str, api_url: str, shop_url: str, more: str = "", *, store_id: int = 10, token: str = TOKEN
) -> str:
    """A store in the file that `sfsync apply` reads."""
    return f"""
[stores.{name}]
store_id = {store_id}
token = "{token}"
api_url = "{api_url}"
{more}
[stores.{name}.shop]
url = "{shop_url}"
[stores.{name}.statuses]
shipped = [4]
delivered = [5]
canceled = [6]
refunded = [7]
"""


class Mailbox:
    """A mail server on this machine that may come and go; `mails` are those it took."""

    def __init__(self) -> None:
        self.reserved = reserved_port()
        self.port = int(self.reserved.getsockname()[1])
        self.mails: list[EmailMessage] = []
        self.recipients: list[list[str]] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self.mails.append(message_from_bytes(envelope.content, policy=default_policy))
        self.recipients.append(envelope.rcpt_tos)
        no_secret_in(envelope.content.decode("utf-8", "replace"))
        return "250 OK"

    @contextmanager
    def open(self) -> Iterator[None]:
        controller = Controller(self, hostname="127.0.0.1", port=self.port)
        controller.start()
        try:
            yield
        finally:
            controller.stop()

    def close(self) -> None:
        """Give the port back."""
        self.reserved.close()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"
