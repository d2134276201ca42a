"""A sample shop, its stand-in of the web service, and clients of it that do not wait."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sfsync.shops.prestashop.sample import SampleShop, build
from sfsync.shops.prestashop.sample_webservice import recorded
from sfsync.shops.prestashop.sample_webservice.standin import HOST, KEY, Standin
from sfsync.shops.prestashop.webservice.client import WebService
from sfsync.shops.prestashop.webservice.pace import Pace
from shoppingfeed import Request, Response, Transport

Ask = Callable[..., WebService]


@pytest.fixture
def sample(tmp_path: Path) -> Iterator[SampleShop]:
    """Ten marketplace orders, paid, untouched."""
    shop = build(f"sqlite:///{tmp_path / 'shop.sqlite3'}", limit=10)
    yield shop
    shop.close()


@pytest.fixture
def standin(sample: SampleShop) -> Standin:
    return Standin(sample)


@pytest.fixture(params=recorded.VERSIONS)
def either(request: pytest.FixtureRequest, standin: Standin) -> Standin:
    """The stand-in as each version spells its answers."""
    standin.version = request.param
    return standin


class Says:
    """A host that gives one answer to everything."""

    def __init__(self, answer: Response) -> None:
        self.answer = answer

    def send(self, request: Request) -> Response:
        return self.answer

    def close(self) -> None:
        """Nothing is open."""


def client_of(transport: Transport, address: str = f"https://{HOST}/", key: str = KEY, **settings: Any) -> WebService:
    """A client that does not wait."""
    pace = Pace(settings.pop("ceiling", 100_000), settings.get("memory"), pause=lambda _seconds: None)
    return WebService(address, key, shop_id=settings.pop("shop_id", 1), pace=pace, transport=transport, **settings)


@pytest.fixture
def ask(standin: Standin) -> Ask:
    """Makes clients of the stand-in, or of another transport."""

    def make(*names: str, transport: Transport = standin, **settings: Any) -> WebService:
        return client_of(transport, *names, **settings)

    return make
