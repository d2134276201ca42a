"""docs/django.md, word for word: the app in a Django project that knows nothing of sfsync_server."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from sfsync.shops.prestashop.sample import build
from sfsync.testing import SHIPPED
from shoppingfeed.sandbox import Sandbox, Server

PAGE = Path(__file__).resolve().parents[2] / "docs" / "django.md"
BEGIN = """
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
"""


def test_the_app_runs_in_a_project_of_ones_own(tmp_path: Path, sandbox: Sandbox, feed: Server) -> None:
    """R7: its settings, its store and its loop send a shop's order; the server's package is not even loaded."""
    shop = build(f"sqlite:///{tmp_path / 'shop.sqlite3'}", limit=3)
    order = shop.order_ids()[0]
    shop.set_tracking(order, "TRK-1")
    shop.set_status(order, SHIPPED)
    settings, store, run = re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    database = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / "project.sqlite3")}}
    (tmp_path / "project_settings.py").write_text(f"{settings}\nSECRET_KEY = 'project'\nDATABASES = {database!r}\n")
    store = store.replace("mysql+pymysql://reader:a-long-password@127.0.0.1:3306/shop", shop.url)
    store = store.replace("your-shopping-feed-token", "sandbox-token").replace(
        "    statuses=", f"    api_url={feed.url!r},\n    statuses="
    )
    end = "import sys\nassert not [name for name in sys.modules if name.startswith('sfsync_server')]\n"
    (tmp_path / "script.py").write_text(BEGIN + store + run + end)

    done = subprocess.run(
        [sys.executable, "script.py"],
        cwd=tmp_path,
        env={"DJANGO_SETTINGS_MODULE": "project_settings"},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "'sent': 1, 'confirmed': 1" in done.stdout
    belief = sandbox.ledger.belief(shop.feed_id(order) or 0)
    assert belief is not None
    assert belief.tracking_numbers == ("TRK-1",)
