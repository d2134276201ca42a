"""`sfsync demo`: the whole story on one machine, in a folder of its own that is gone afterwards.

The story is told by a process of its own (`python -m sfsync_server.demo`), which knows nothing of this deployment's
settings: neither its database nor its `.env` can be touched, however they are set.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any


def tell(port: int | None = None) -> int:
    """Tell the story. Returns 0 when every marketplace believes at its end what the shop says, else 1.

    With a `port`, the back office then serves what the story left, until Ctrl+C.
    """
    with TemporaryDirectory(prefix="sfsync-demo-") as folder:
        teller = [sys.executable, "-m", "sfsync_server.demo", *([] if port is None else [str(port)])]
        return run(teller, cwd=folder, env=clean(os.environ, Path(folder)))


def run(command: Sequence[str], **options: Any) -> int:
    """Run our own command to its end. It does not outlive us: SIGTERM is passed on to it."""
    with subprocess.Popen(command, **options) as child:  # noqa: S603
        before = signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        try:
            return child.wait()
        finally:
            signal.signal(signal.SIGTERM, before)


def clean(environment: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The environment without sfsync's settings, Django's and proxies, and with `folder` for all that is written."""
    kept = {name: value for name, value in environment.items() if not _meddles(name.upper())}
    return kept | {
        "SFSYNC_HOME": str(folder),
        "TMPDIR": str(folder),
        "DJANGO_SETTINGS_MODULE": "sfsync_server.settings",
    }


def _meddles(name: str) -> bool:
    return name.startswith("SFSYNC_") or name.endswith("_PROXY")
