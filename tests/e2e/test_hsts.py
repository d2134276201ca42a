"""What the pages ask of browsers for years: no more than the operator said."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.machine import Machine

VISIT = """
import django
django.setup()
from django.test import Client
print(Client().get("/healthz", secure=True).headers.get("Strict-Transport-Security", ""))
"""


@pytest.mark.parametrize(
    ("settings", "header"),
    [
        ({}, "max-age=31536000"),
        ({"hsts_subdomains": "true"}, "max-age=31536000; includeSubDomains"),
        ({"hsts_preload": "true"}, "max-age=31536000; preload"),
        ({"hsts_subdomains": "true", "hsts_preload": "true"}, "max-age=31536000; includeSubDomains; preload"),
        ({"https": "false", "hsts_subdomains": "true", "hsts_preload": "true"}, ""),
    ],
)
def test_subdomains_and_preload_are_the_operators_choice(settings: dict[str, str], header: str, tmp_path: Path) -> None:
    environment = Machine(tmp_path).environment(**settings, DJANGO_SETTINGS_MODULE="sfsync_server.settings")
    said = subprocess.run(
        [sys.executable, "-c", VISIT], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    assert said.stdout.strip() == header
