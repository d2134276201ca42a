"""The benchmark of the pages runs on the tables as they are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SMALL = ("--orders", "200", "--entries", "200", "--tasks", "60", "--times", "1")


@pytest.mark.usefixtures("postgres_server")
def test_each_page_is_measured_over_rows_of_every_shape() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.backoffice", *SMALL], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert {"overview", "orders waiting", "marketplaces"} <= {
        line.split("│")[1].strip() for line in done.stdout.splitlines() if line.startswith("│")
    }
