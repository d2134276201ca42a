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


def alive(pid: int) -> bool:
    """A process that was killed and not yet buried by its parent is dead."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"
