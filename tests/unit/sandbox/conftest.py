from __future__ import annotations

import pytest

from shoppingfeed.sandbox import ManualClock, Sandbox
from tests.unit.sandbox.api import Api


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox(clock=ManualClock())


@pytest.fixture
def api(sandbox: Sandbox) -> Api:
    return Api(sandbox)
