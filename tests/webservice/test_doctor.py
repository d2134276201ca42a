"""What the doctor says of a shop that is connected by its web service."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import insert, update

from sfsync.engine.watch.doctor import examine
from sfsync.engine.watch.finding import Verdict
from sfsync.models import Store
from sfsync.shops.prestashop.sample_webservice.serving import served
from sfsync.shops.prestashop.sample_webservice.standin import KEY, Standin
from sfsync.testing import World


@pytest.fixture
def standin(world: World) -> Iterator[Standin]:
    """The world's own shop, and its store connected to it."""
    made = Standin(world.shop)
    with served(made) as url:
        way = {"shop_settings": {"connection": "webservice"}, "shop_secrets": {"url": url, "key": KEY}}
        Store.objects.filter(pk=world.store.pk).update(**way)
        yield made
        world.connections.close()


def of_shop(world: World) -> list[tuple[Verdict, str]]:
    found = examine(world.connections)
    return [(each.verdict, str(each.code)) for each in found if each.about == "shop"]


def test_a_shop_that_is_well_is_named(world: World, standin: Standin) -> None:
    assert of_shop(world) == [(Verdict.OK, "shop-answers")]


def test_numbers_that_the_web_service_does_not_show_are_a_warning(world: World, standin: Standin) -> None:
    standin.version = "9.1.4"
    orders = world.shop.tables["orders"]
    world.shop.execute(update(orders).values(module="sfpayment", id_carrier=0))
    assert of_shop(world) == [(Verdict.OK, "shop-answers"), (Verdict.WARNING, "webservice-shipments")]


def test_a_module_that_is_set_to_send_is_a_fault(world: World, standin: Standin) -> None:
    configuration = world.shop.tables["configuration"]
    row = {"name": "SHOPPINGFEED_ORDER_SYNC_ENABLED", "value": "1", "date_add": "", "date_upd": ""}
    world.shop.execute(insert(configuration).values(row))
    assert (Verdict.WRONG, "another-sender") in of_shop(world)


def test_rights_that_are_missing_are_named(world: World, standin: Standin) -> None:
    standin.rights -= {"order_histories"}
    [(verdict, _code)] = of_shop(world)[:1]
    assert verdict is Verdict.WRONG
