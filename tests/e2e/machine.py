"""A merchant's machine: a home of its own, an environment with nothing of ours in it, and the real `sfsync` command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

COMMAND = Path(sys.executable).with_name("sfsync")
SECONDS = 60
"""No command of a test takes longer; it is stopped then, and the test fails."""


@dataclass(frozen=True)
class Answer:
    """What a command came to."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """What `--json` printed."""
        return json.loads(self.out)


@dataclass
class Machine:
    """`settings` are environment variables: `smtp_url` is SFSYNC_SMTP_URL, `SF_TOKEN` stays as it is."""

    home: Path
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def database(self) -> Path:
        return self.home / "sfsync.sqlite3"

    def environment(self, **settings: str) -> dict[str, str]:
        named = {name if name.isupper() else f"SFSYNC_{name.upper()}": text for name, text in settings.items()}
        return {"PATH": os.environ["PATH"], "LANG": "C", "HOME": str(self.home), "SFSYNC_HOME": str(self.home)} | named

    def sfsync(self, *arguments: str, **settings: str) -> Answer:
        """Run a command to its end."""
        done = subprocess.run(
            [COMMAND, *arguments],
            cwd=self.home,
            env=self.environment(**(self.settings | settings)),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=SECONDS,
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def start(self, *command: str | Path, **settings: str) -> subprocess.Popen[str]:
        """Start a program that goes on by itself; whoever starts it ends it."""
        return subprocess.Popen(
            command,
            cwd=self.home,
            env=self.environment(**(self.settings | settings)),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    def apply(self, stores: str) -> Answer:
        path = self.home / "stores.toml"
        path.write_text(stores, "utf-8")
        return self.sfsync("apply", str(path))


def store_table(name: str, shop_url: str, api_url: str, *, shop: str = "", **settings: str) -> str:
    """A store of a settings file; `settings` are TOML, as they stand (`mode='"realtime"'`). `shop` goes under shop."""
    given = {"token": '"sandbox-token"', "store_id": "10", "api_url": f'"{api_url}"'}
    given |= {"recipients": '["merchant@example.com"]'} | settings
    statuses = given.pop("statuses", "shipped = [4]\ncanceled = [6]\nrefunded = [7]\ndelivered = [5]")
    lines = "\n".join(f"{key} = {value}" for key, value in given.items())
    tail = f'[stores.{name}.shop]\nurl = "{shop_url}"\n{shop}\n[stores.{name}.statuses]\n{statuses}\n'
    return f"[stores.{name}]\n{lines}\n{tail}"
