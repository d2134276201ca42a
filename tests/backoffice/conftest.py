"""A merchant's world with its sandbox on a real port, and the people who look at it in a browser."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from sfsync.db.secrets import Secret
from sfsync.testing import World
from tests.pages import text

PASSWORD = "correct-horse-battery"


@pytest.fixture(autouse=True)
def at_once(settings: Settings) -> None:
    """What a page starts is done when the page answers; nothing is remembered from another test."""
    settings.BACKOFFICE_STARTER = "sfsync.backoffice.kit.starting.at_once"
    cache.clear()


@pytest.fixture
def shop(world: World) -> Iterator[World]:
    """The world of `world`, where pages can reach the sandbox too."""
    with world.sandbox.serve() as server:
        world.store.api_url, world.store.token = server.url, Secret("sandbox-token")
        world.store.save()
        yield world


@pytest.fixture
def sign_in(db: None) -> Callable[..., Client]:
    """A browser in which somebody is signed in: `sign_in("claire", store)`."""

    def make(name: str, *stores: Any, administrator: bool = False, language: str = "en") -> Client:
        user = User.objects.create_user(name, password=PASSWORD, is_staff=administrator, is_superuser=administrator)
        user.sfsync_stores.set(stores)  # type: ignore[attr-defined]
        client = Client(headers={"accept-language": language})
        enter(client, user)
        return client

    return make


def enter(client: Client, user: User) -> None:
    """Signed in, and asked for their password a moment ago."""
    client.force_login(user)
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time(), "reauthenticated": True}]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()


def link_in(page: Any) -> str:
    """The path of the invitation that a page shows."""
    found = re.search(r"/invitation/[^<\s]+", text(page))
    assert found
    return found[0]


@pytest.fixture
def merchant(shop: World, sign_in: Callable[..., Client]) -> Client:
    return sign_in("claire", shop.store)


@pytest.fixture
def administrator(shop: World, sign_in: Callable[..., Client]) -> Client:
    return sign_in("root", administrator=True)
