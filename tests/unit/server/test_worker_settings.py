"""What runs stores loads nothing that only pages need: a fleet has many of it (R7)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.machine import Machine

ONLY_PAGES = ("allauth", "requests", "whitenoise", "django.contrib.admin", "django.contrib.sessions")
SERVICE = """
import sys
sys.argv = ["sfsync", "run"]
from sfsync_server import cli
cli.app = lambda: None
cli.main()
import sfsync_server.service
"""
WORKER = """
import sfsync_server.celery, django
django.setup()
import sfsync.tasks
"""
SHOWN = """
import json, sys
from sfsync.models import Order, Store
from sfsync.notify.links import order_page
page = order_page(Store(name="main"), Order(key="7"))
print(json.dumps([page, sorted(sys.modules)]))
"""


@pytest.mark.parametrize("program", [SERVICE, WORKER], ids=["the service", "a worker of Celery"])
def test_what_serves_no_page_loads_nothing_that_only_pages_need(tmp_path: Path, program: str) -> None:
    """And names the pages in its mails all the same (R20)."""
    environment = Machine(tmp_path).environment(url="https://sync.example.com")
    done = subprocess.run(
        [sys.executable, "-c", program + SHOWN], env=environment, stdout=subprocess.PIPE, check=True, timeout=60
    )
    page, modules = json.loads(done.stdout)
    assert page == "https://sync.example.com/stores/main/orders/7/"
    assert [each for each in ONLY_PAGES if each in modules] == []


def test_a_celery_that_loads_no_app_reaches_its_broker(tmp_path: Path) -> None:
    """`celery status`, which the runbook begins with: it asks the workers over the broker, and loads no model."""
    environment = Machine(tmp_path).environment(broker_url="redis://127.0.0.1:1/0")
    asked = [Path(sys.executable).with_name("celery"), "-A", "sfsync_server.celery", "status"]
    done = subprocess.run(asked, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert "Apps aren't loaded" not in done.stdout + done.stderr
    assert "127.0.0.1:1" in done.stdout + done.stderr
