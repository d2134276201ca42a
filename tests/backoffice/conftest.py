"""A merchant's world with its sandbox on a real port, and the people who look at it in a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from sfsync.db.secrets import Secret
from sfsync.testing import World

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
        client.force_login(user)
        return client

    return make


@pytest.fixture
def merchant(shop: World, sign_in: Callable[..., Client]) -> Client:
    return sign_in("claire", shop.store)


@pytest.fixture
def administrator(shop: World, sign_in: Callable[..., Client]) -> Client:
    return sign_in("root", administrator=True)
