"""The guides are true: every block of Python in them runs, from top to bottom."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sfsync.domain.operations import forget, names
from sfsync.shops import kinds
from sfsync.shops.prestashop.sample import SampleShop
from sfsync.testing import PAID, SHIPPED

DOCS = Path(__file__).resolve().parents[2] / "docs"
GUIDES = DOCS / "guides"
WRITTEN = {"a-week-of-mails.md"}
"""By a test of its own, which keeps it true."""


@pytest.fixture(autouse=True)
def nothing_stays_registered() -> Iterator[None]:
    operations, shops = names(), kinds.names()
    yield
    for name in names() - operations:
        forget(name)
    for name in set(kinds.names()).difference(shops):
        kinds.forget(name)


FOLLOWED = sorted({each.name for each in GUIDES.glob("*.md")} - WRITTEN)


@pytest.mark.parametrize("guide", FOLLOWED)
def test_a_guide_can_be_followed_word_for_word(guide: str, db: None, tmp_path: Path) -> None:
    """A guide asserts what it promises; `folder` is an empty folder of the reader's."""
    blocks = blocks_of((GUIDES / guide).read_text("utf-8"))
    assert any("assert " in block for block in blocks), "a guide without an assertion promises nothing"
    names: dict[str, Any] = {"folder": tmp_path, "__name__": guide}
    for block in blocks:
        exec(compile(block, guide, "exec"), names)


@pytest.mark.parametrize("guide", FOLLOWED)
def test_a_reader_can_run_a_guide_where_it_says(guide: str, tmp_path: Path) -> None:
    """In a file of a project with the settings of docs/django.md, the lines of *Try it* in a function."""
    text = (GUIDES / guide).read_text("utf-8")
    found = re.search(r"`(def test_\w+\(db, tmp_path\):)` that begins with\n`(.*)`, and", text)
    assert found, "it does not say where its code runs"
    head, _title, tail = re.split(r"^## \d. (Try it)$", text, flags=re.MULTILINE)
    lines = "".join([f"{found[2]}\n", *blocks_of(tail)]).splitlines()
    body = "\n".join(f"    {line}" for line in lines)
    (tmp_path / "test_guide.py").write_text("\n".join([*blocks_of(head), found[1], body]) + "\n", "utf-8")
    settings = blocks_of((DOCS / "django.md").read_text("utf-8"))[0]
    database = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
    (tmp_path / "project_settings.py").write_text(f"{settings}\nSECRET_KEY = 'project'\nDATABASES = {database!r}\n")

    command = [sys.executable, "-m", "pytest", "--ds=project_settings", "-p", "no:cacheprovider", "test_guide.py"]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False
    )

    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_the_shop_beside_the_sandbox_is_opened_again_by_the_next_script(tmp_path: Path) -> None:
    """docs/sandbox.md: each of its two pieces in a process of its own."""
    section = (DOCS / "sandbox.md").read_text("utf-8").partition("## A shop beside it\n")[2].partition("\n## ")[0]
    file = tmp_path / "shop.sqlite3"
    for script in blocks_of(section):
        subprocess.run([sys.executable, "-c", script.replace("/tmp/shop.sqlite3", str(file))], check=True, timeout=60)

    shop = SampleShop(f"sqlite:///{file}")
    assert [shop.order(each).status for each in shop.order_ids()[:3]] == [SHIPPED, SHIPPED, PAID]


def blocks_of(text: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
