"""What the README says to somebody who has no shop: a sample PrestaShop and a sandbox, to the first confirmed order."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sfsync.engine.people import takeover as acts
from sfsync.models import Order, Store
from sfsync.testing import World
from sfsync_server.cli import app
from sfsync_server.demo.sample_shop import Beside, beside, its_shop

FIRST, ITS_ID = 6, 900_006
"""The first of its orders, and its id at Shopping Feed."""


@pytest.fixture(params=[False, True], ids=["newer module", "shoppingfluxexport"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Beside]:
    with beside(its_shop(tmp_path / "beside.sqlite3", old_module=request.param), 0, linked=not request.param) as its:
        yield its


@pytest.fixture
def world(db: None, tmp_path: Path, shop: Beside) -> Iterator[World]:
    world = World(tmp_path, orders=1)
    for order in shop.orders:
        world.sandbox.add_order(**order)
    yield world
    world.connections.close()
    world.shop.close()


def store_of(world: World, shop: Beside, way: str) -> Store:
    if way == "database":
        return world.add_store("trial", shop_url=shop.database)
    settings = {"connection": "webservice", "questions_per_hour": 100_000}
    return world.add_store("trial", shop_secrets={"url": shop.url, "key": shop.key}, shop_settings=settings)


def take_over(shop: Beside, store: Store, way: str) -> None:
    with acts.switches_of(store, shop.database if way == "database" else "") as switches:
        acts.take_over(store, switches, "a merchant")


def ship(shop: Beside) -> str:
    """On the shop's page. Returns the page that follows."""
    form = b"status=4&tracking_number=6A20394857261"
    with urllib.request.urlopen(f"{shop.url}orders/{FIRST}", data=form, timeout=10) as answer:
        return str(answer.read().decode())


@pytest.mark.parametrize("way", ["database", "webservice"])
def test_a_stranger_reaches_the_first_confirmed_order(world: World, shop: Beside, way: str) -> None:
    """R23, R24: by a database or by a key alone, whichever module imported the orders; never while another sends."""
    store = store_of(world, shop, way)
    assert 'value="6A20394857261"' in ship(shop)
    if not world.sync(store=store).ok:
        assert world.sandbox.ledger.accepted == []
        take_over(shop, store, way)
        world.advance(minutes=5)
    for _ in range(2):
        assert world.sync(wait=30, store=store).ok
        world.advance(minutes=5)
    told = Order.objects.get(store=store, key=str(FIRST)).marketplace_order.told
    assert list(told.values_list("operation", flat=True)) == ["ship"]
    assert [each.operation for each in world.sandbox.ledger.operations(ITS_ID)] == ["ship"]


def test_a_shop_that_was_stopped_is_as_it_was_left(tmp_path: Path) -> None:
    file = tmp_path / "beside.sqlite3"
    with beside(its_shop(file), 0) as its:
        ship(its)
        known = its.orders
    with beside(its_shop(file), 0) as its:
        assert 'value="6A20394857261"' in ship(its)
        assert its.orders == known


@pytest.mark.parametrize("name", ["notes.txt", "there/is/no/such/folder.sqlite3"])
def test_a_file_that_is_no_shop_is_left_as_it_is(tmp_path: Path, name: str) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    result = CliRunner().invoke(app, ["sandbox", "--port", "0", "--shop", str(tmp_path / name)])
    assert (result.exit_code, "name another file" in result.output) == (1, True)
    assert [each.name for each in tmp_path.iterdir()] == ["notes.txt"]
    assert (tmp_path / "notes.txt").read_text() == "mine"
