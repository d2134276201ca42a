"""A real Chromium before a real server: one browser a run, a fresh window a test, and no console message forgiven."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from playwright.sync_api import Browser, Page, Playwright, sync_playwright
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from sfsync.db.secrets import Secret
from sfsync.testing import World

PASSWORD = "correct-horse-battery"
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]
NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright keeps an event loop in this thread, which Django takes for asynchronous code."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as running:
        yield running
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    found = next(path for name in NAMES if (path := shutil.which(name)))
    browser = playwright.chromium.launch(executable_path=found, args=QUIET)
    yield browser
    browser.close()


@pytest.fixture
def open_page(browser: Browser, live_server: LiveServer) -> Iterator[Callable[..., Page]]:
    """`open_page(language="fr", width=390)`: a window. Whatever its console says fails the test."""
    said: list[str] = []
    contexts = []

    def make(language: str = "en", width: int = 1280, dark: bool = False) -> Page:
        context = browser.new_context(
            base_url=live_server.url,
            locale={"en": "en-GB", "fr": "fr-FR"}[language],
            viewport={"width": width, "height": 844},
            color_scheme="dark" if dark else "light",
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        return page

    yield make
    for context in contexts:
        context.close()
    assert said == []


@pytest.fixture
def shop(transactional_db: None, tmp_path: Path, settings: Settings) -> Iterator[World]:
    """A shop of twenty orders, its sandbox on a real port, a merchant (claire) and an administrator (root)."""
    settings.BACKOFFICE_STARTER = "sfsync.backoffice.kit.starting.at_once"
    cache.clear()
    world = World(tmp_path, recipients=["claire@example.com"])
    with world.sandbox.serve() as server:
        world.store.api_url, world.store.token = server.url, Secret("sandbox-token")
        world.store.save()
        world.store.members.add(User.objects.create_user("claire", password=PASSWORD))
        User.objects.create_superuser("root", password=PASSWORD)
        yield world


@pytest.fixture
def sign_in() -> Callable[[Page, str], None]:
    def enter(page: Page, name: str) -> None:
        page.goto("/")
        page.locator("[name=login]").fill(name)
        page.locator("[name=password]").fill(PASSWORD)
        page.locator("button.primary").click()
        page.locator("header.top").wait_for()

    return enter
