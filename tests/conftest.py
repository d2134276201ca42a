"""What every test may ask for."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.utils import translation

from sfsync.engine.kit import shared_pace
from sfsync.testing import World

pytest_plugins = ["tests.fixtures_services"]

hypothesis.settings.register_profile("unhurried", deadline=None)
hypothesis.settings.load_profile("unhurried")
"""How long an example takes says more of the machine than of the example."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--histories", type=int, default=100, help="random histories of the conservation check")
    parser.addoption("--every-step", action="store_true", help="hold up and kill runs at each step on each engine")
    parser.addoption("--write-guides", action="store_true", help="write the guides that tests keep true anew")


@pytest.fixture(autouse=True)
def everybody_begins_in_english() -> Iterator[None]:
    """A page leaves its reader's language to whatever the thread does next: the next page chooses anew, a test does
    not."""
    translation.activate("en")
    yield
    translation.deactivate()


@pytest.fixture
def world(db: None, tmp_path: Path) -> Iterator[World]:
    """A shop of twenty marketplace orders, untouched, and an empty sandbox."""
    yield World(tmp_path)
    shared_pace.close()


@pytest.fixture
def make_world(db: None, tmp_path: Path) -> Callable[..., World]:
    """The same, with the store's settings given."""

    def make(**settings: Any) -> World:
        return World(tmp_path, **settings)

    return make


def pytest_collection_finish() -> None:
    """What thousands of collected tests are made of stays to the end: to look through it for garbage again and again is
    a tenth of the work."""
    gc.collect()
    gc.freeze()
