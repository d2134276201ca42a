"""Every trouble is walked through: provoked and seen; a pretended cure leaves it, and so does another run; cured by the
act that failed, it is gone (R20, R22)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime
from typing import Any, cast

import pytest
from aiosmtpd.controller import Controller
from django.db import OperationalError, connection
from django.test import override_settings
from pydantic import SecretStr

from sfsync.domain.trouble import Act, Trouble
from sfsync.engine.kit.connections import Live
from sfsync.engine.kit.judge import Judge
from sfsync.engine.watch.doctor import examine, forget_trouble
from sfsync.engine.watch.health import health_of
from sfsync.models import Store
from sfsync.shops.base import OpenShop, ShopUnavailable
from sfsync.testing import CANCELED, World
from sfsync_server.derived import mail
from sfsync_server.environment import Environment
from shoppingfeed import Client
from shoppingfeed.sandbox import Fault
from tests.database.engine.test_doubts import Lagging
from tests.database.test_digest_smtp import free_port
from tests.database.test_mail_recipients import NEVER, Picky

pytestmark = pytest.mark.django_db(transaction=True)

Break = Callable[[World], AbstractContextManager[None]]


@contextmanager
def connections_of(world: World, instead: Any) -> Iterator[None]:
    before, world.connections = world.connections, instead
    yield
    world.connections = before


class Silent(Live):
    """A shop that does not answer."""

    def shop(self, store: Store) -> OpenShop:
        return cast(OpenShop, self)

    def __getattr__(self, name: str) -> Any:
        raise ShopUnavailable("no route to host")


@contextmanager
def no_shop(world: World) -> Iterator[None]:
    with connections_of(world, Silent(world.sandbox.transport())):
        yield


@contextmanager
def stored(world: World, **wrong: Any) -> Iterator[None]:
    """A setting is another one, by plain SQL."""
    right = {name: getattr(world.store, name) for name in wrong}
    Store.objects.update(**wrong)
    yield
    Store.objects.update(**right)


@contextmanager
def lagging(world: World) -> Iterator[None]:
    """The shop is read through a copy that lags."""
    order = world.ship(world.order(), "TRK-1")
    instead = Lagging(world.connections, world.store)
    with connections_of(world, instead):
        world.sync(wait=5)
        instead.copy.freeze(order, looking=False)
        world.shop.set_status(order, CANCELED)
        for _ in range(6):
            world.sync()
            world.advance(seconds=5)
        yield
        instead.copy.catch_up()


@contextmanager
def emptied(world: World) -> Iterator[None]:
    """The shop's orders are gone, and come back."""
    with suppress(StopIteration):
        while True:
            world.ship(world.order())
    world.sync()
    table = world.shop.tables["orders"]
    rows = [row._asdict() for row in world.shop.rows(table.select())]
    world.shop.execute(table.delete())
    world.advance(minutes=6)
    yield
    world.shop.execute(table.insert().values(rows))


@contextmanager
def another_sender(world: World) -> Iterator[None]:
    world.shop.set_setting("SHOPPINGFEED_ORDER_SYNC_ENABLED", "1")
    yield
    world.shop.set_setting("SHOPPINGFEED_ORDER_SYNC_ENABLED", "0")


@contextmanager
def fault(world: World, kind: str, **more: Any) -> Iterator[None]:
    made = world.sandbox.fault(Fault(kind, times=None, **more))
    yield
    world.sandbox.remove_fault(made)


@contextmanager
def other_key(_world: World) -> Iterator[None]:
    with override_settings(SFSYNC_SECRET_KEYS=lambda: ["another key that is long enough"]):
        yield


@contextmanager
def refusing_writes(_world: World, words: str) -> Iterator[None]:
    """Our own database takes no new rows: neither the queue's nor the doctor's."""

    def refuse(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("INSERT") and any(table in sql for table in ("shoppingfeed_task_order", "sfsync_scheduler")):
            raise OperationalError(words)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse):
        yield


class Off(Judge):
    """Tells the story's time, on a machine that is three hours ahead."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__(0)
        self.now = now

    def __call__(self) -> datetime:
        return self.now()

    @property
    def ahead(self) -> float:
        return 3 * 3600


@contextmanager
def clock_off(world: World) -> Iterator[None]:
    vars(world)["now"] = Off(world.now)
    yield
    del vars(world)["now"]


@contextmanager
def no_mail_server(_world: World) -> Iterator[None]:
    url = SecretStr(f"smtp://127.0.0.1:{free_port()}")
    with override_settings(**mail(Environment(smtp_url=url))):
        yield


@contextmanager
def no_mailbox(world: World) -> Iterator[None]:
    picky = Picky()
    picky.answers = dict.fromkeys(world.store.recipients, NEVER)
    controller = Controller(picky, hostname="127.0.0.1", port=free_port())
    controller.start()
    url = SecretStr(f"smtp://127.0.0.1:{controller.port}")
    with override_settings(**mail(Environment(smtp_url=url))):
        yield
    controller.stop()


class Buggy(Live):
    """A mistake of ours."""

    def client(self, store: Store) -> Client:
        raise RuntimeError("bug")


@contextmanager
def bug(world: World) -> Iterator[None]:
    with connections_of(world, Buggy()):
        yield


BREAKS: dict[Trouble, Break] = {
    Trouble.SHOP_UNAVAILABLE: no_shop,
    Trouble.SHOP_MISCONFIGURED: lambda world: stored(world, shop_settings={"prefix": "other_"}),
    Trouble.SHOP_ANSWERS_OLD: lagging,
    Trouble.ORDERS_VANISHED: emptied,
    Trouble.ANOTHER_SENDER: another_sender,
    Trouble.TOKEN_REFUSED: lambda world: fault(world, "wrong-token"),
    Trouble.STORE_UNKNOWN: lambda world: fault(world, "status", status=404),
    Trouble.STORE_REFUSED: lambda world: stored(world, feed_store_id=99),
    Trouble.RATE_LIMITED: lambda world: fault(world, "status", status=429, seconds=3600),
    Trouble.API_UNAVAILABLE: lambda world: fault(world, "unreachable"),
    Trouble.SECRET_UNREADABLE: other_key,
    Trouble.SECRET_ELSEWHERE: lambda world: stored(world, api_url="https://elsewhere.invalid"),
    Trouble.CLOCK_WRONG: clock_off,
    Trouble.DATABASE_AWAY: lambda world: refusing_writes(world, "server closed the connection unexpectedly"),
    Trouble.DISK_FULL: lambda world: refusing_writes(world, "database or disk is full"),
    Trouble.MAIL_FAILED: no_mail_server,
    Trouble.RECIPIENT_REFUSED: no_mailbox,
    Trouble.CRASHED: bug,
}


def seen(world: World) -> list[Trouble]:
    """What every page and command shows."""
    [health] = health_of([Store.objects.get()], world.now())
    return [trouble for each in health.alarms if (trouble := Trouble.named(each.code))]


def run(world: World) -> None:
    """With an order to send and one that fails; an hour later, so that whatever waits is tried again."""
    world.advance(hours=1)
    world.store.refresh_from_db()
    with suppress(StopIteration):
        world.ship(world.order(), f"TRK-{world.clock():.0f}")
        world.ship(world.order())
    for _ in range(2):
        with suppress(RuntimeError):
            world.sync(wait=5)
        world.advance(minutes=6)


def pretend(world: World, trouble: Trouble) -> list[str]:
    """Everything else goes well, and the doctor looks. Returns the codes of what it finds to be over."""
    forget_trouble(Store.objects.get(), set(Act) - trouble.acts)
    return [each.params["trouble"] for each in examine(world.connections) if each.code == "trouble-over"]


@pytest.mark.parametrize("trouble", BREAKS)
def test_only_the_act_that_failed_cures(world: World, trouble: Trouble) -> None:
    with BREAKS[trouble](world):
        run(world)
        assert seen(world) == [trouble]
        assert pretend(world, trouble) == []
        assert seen(world) == [trouble]
        run(world)
        assert seen(world) == [trouble]
    by_run_alone = Act.RUN in trouble.acts
    assert bool(pretend(world, trouble)) is not by_run_alone
    run(world)
    assert seen(world) == []


def test_every_trouble_is_walked() -> None:
    """A run that lost its lease leaves the telling to the one that has it: nothing is kept of it."""
    assert set(BREAKS) == set(Trouble) - {Trouble.LEASE_LOST}
