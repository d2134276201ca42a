"""A shop with the bridge in it, under PHP."""

from __future__ import annotations

import io
import json
import os
import subprocess
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sfsync.shops.prestashop.bridge.pack import FOLDER, pack

SHOP = Path(__file__).with_name("shop.php")
SECRET = "whsec_" + "c2VjcmV0IGJldHdlZW4gYSBzaG9wIGFuZCB1cyE="


@dataclass(frozen=True)
class Visit:
    """What one request to the shop came to. `inside`: seconds in the hooks; `whole`: until PHP had ended."""

    results: list[Any]
    hooks: list[str]
    inside: float
    whole: float


@dataclass
class PhpShop:
    """A shop whose module was unpacked from its zip."""

    folder: Path

    def install(self, zipped: bytes) -> None:
        with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
            archive.extractall(self.folder)

    def visit(self, *calls: tuple[str, dict[str, Any]], **environment: str) -> Visit:
        """The shop calls these methods of the module, and nothing but its page comes out."""
        began = time.monotonic()
        done = subprocess.run(
            ["php", str(SHOP), str(self.folder / FOLDER)],
            input=json.dumps(calls),
            env={"PATH": os.environ["PATH"], **environment},
            capture_output=True,
            encoding="utf-8",
            timeout=30,
            check=False,
        )
        said, page = done.stdout.splitlines()
        assert (done.returncode, done.stderr, page) == (0, "", "page")
        found = json.loads(said)
        return Visit(found["results"], found["hooks"], found["seconds"], time.monotonic() - began)

    def ships(self, *orders: int) -> Visit:
        return self.visit(
            *(("hookActionObjectOrderHistoryAddAfter", {"object": {"id_order": each}}) for each in orders)
        )


@pytest.fixture
def php_shop(tmp_path: Path) -> PhpShop:
    return PhpShop(tmp_path / "modules")


@pytest.fixture
def installed(php_shop: PhpShop) -> Any:
    """Puts a module into the shop that posts to an address."""

    def install(address: str, secret: str = SECRET) -> PhpShop:
        php_shop.install(pack(address, secret))
        return php_shop

    return install
