"""Where a process id means something, and whether it still lives there: a run that was killed cannot say so."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


def boot() -> str:
    """This start of this machine; empty where the machine does not say."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def machine() -> str:
    """This boot of this machine, and its process ids' namespace: where a process id means something. Else unique."""
    try:
        namespace = Path("/proc/self/ns/pid").readlink()
    except OSError:
        return f"unknown-{os.getpid()}"
    return hashlib.sha256(f"{boot()} {namespace}".encode()).hexdigest()[:32]


def born(pid: int) -> int:
    """When it started, in clock ticks since the machine did; 0 for one that is dead, or where nobody says. One that was
    killed and not yet buried by its parent is dead."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return 0 if fields[0] in "ZX" else int(fields[_BORN])


_BORN = 19
"""The place of `starttime` behind the command's name (proc(5))."""


def alive(pid: int, since: int = 0) -> bool:
    """`since`: when it was born, where that is known: another process may have its id by now."""
    now = born(pid)
    return bool(now) and since in (0, now)
