"""A command as a process of its own, with what it used.

The command is started by a small process in between (this file as a script, without anything of ours imported): a
process inherits the peak memory of the one that started it, and a benchmark that has built a shop is not small.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Spent:
    """`seconds` by the clock on the wall, `cpu` in user and kernel mode together, `peak_mb` of resident memory."""

    seconds: float
    cpu: float
    peak_mb: float
    status: int
    output: str

    @property
    def document(self) -> dict[str, object]:
        """What the command said with `--json`. Raises ValueError, with the output, where that is none."""
        try:
            return dict(json.loads(self.output))
        except ValueError:
            raise ValueError(f"The command ended with {self.status} and said: {self.output[-2000:]}") from None


def run(command: Sequence[str], *, env: Mapping[str, str], folder: Path, timeout: float = 3600) -> Spent:
    """Run a command in `folder` to its end. stderr goes to ours. Raises `subprocess.TimeoutExpired`."""
    import subprocess

    report = folder / "spent.json"
    launcher = [sys.executable, "-S", "-E", __file__, str(report), *command]
    done = subprocess.run(launcher, env=env, cwd=folder, stdout=subprocess.PIPE, timeout=timeout, check=True)
    return Spent(**json.loads(report.read_text()), output=done.stdout.decode())


def _launch(report: str, command: list[str]) -> None:
    started = time.perf_counter()
    pid = os.posix_spawnp(command[0], command, os.environ)
    _, status, usage = os.wait4(pid, 0)
    spent = {
        "seconds": time.perf_counter() - started,
        "cpu": usage.ru_utime + usage.ru_stime,
        "peak_mb": usage.ru_maxrss / 1024,
        "status": os.waitstatus_to_exitcode(status),
    }
    Path(report).write_text(json.dumps(spent))


if __name__ == "__main__":
    _launch(sys.argv[1], sys.argv[2:])
