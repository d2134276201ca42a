"""Programs run as one tree: started together, started again where one dies, and stopped together."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

STOP = {signal.SIGTERM, signal.SIGINT}
HEARD = {*STOP, signal.SIGCHLD}
GRACE = 100.0
"""Seconds that a part may take to stop: less than the 120 after which systemd, as the manual has it, kills it all."""
LONGEST_PAUSE = 30.0
SETTLED = 60.0
"""Seconds: what lived so long starts again at once when it dies."""
CANNOT_WORK = 2
"""The status of a program that would end in the same way however often it is started."""
REFUSED = 78
"""The same, until somebody sets it right elsewhere: the whole ends with 1, and may be started again."""
_ENDS = {CANNOT_WORK: CANNOT_WORK, REFUSED: 1}
"""With what the whole ends where a step ended so."""
PR_SET_PDEATHSIG = 1


@dataclass(slots=True)
class Part:
    """A program of the tree. A `step` does its work once and ends; what is in `then` starts after that."""

    name: str
    command: Sequence[str]
    then: Sequence[Part] = ()
    step: bool = False
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    failures: int = 0
    not_before: float = 0.0


@dataclass(slots=True)
class Tree:
    """`say` is told what people should know: which part ended, and when it starts again."""

    parts: list[Part]
    say: Callable[[str], object]
    status: int | None = field(default=None, init=False)
    """That the whole ends with, once that is decided."""

    def run(self) -> int:
        """Until SIGTERM or SIGINT: 0; or until a step says that it cannot work."""
        signal.pthread_sigmask(signal.SIG_BLOCK, HEARD)
        while self.status is None:
            self.start_due()
            self.heed(self.pause())
        self.stop()
        return self.status

    def start_due(self) -> None:
        now = time.monotonic()
        for part in self.parts:
            if part.process is None and part.not_before <= now:
                part.process, part.started = start(part.command), now

    def pause(self) -> float:
        """Seconds until something is to be started; any signal ends it before."""
        waits = [part.not_before for part in self.parts if part.process is None]
        return max(0.0, min(waits, default=time.monotonic() + LONGEST_PAUSE) - time.monotonic())

    def heed(self, seconds: float) -> None:
        heard = signal.sigtimedwait(HEARD, seconds)
        if heard and heard.si_signo in STOP:
            self.status = 0
        for part, status in self.ended():
            self.follow(part, status)

    def ended(self) -> list[tuple[Part, int]]:
        """As the first process of a container this one also buries whatever its own children leave behind."""
        found = []
        while number := _buried():
            pid, status = number
            for part in self.parts:
                if part.process is not None and part.process.pid == pid:
                    part.process.returncode = status
                    part.process = None
                    found.append((part, status))
        return found

    def follow(self, part: Part, status: int) -> None:
        if part.step and status == 0:
            self.parts.remove(part)
            self.parts.extend(part.then)
        elif part.step and status in _ENDS:
            self.status = _ENDS[status]
        elif self.status is None:
            self.put_off(part, status)

    def put_off(self, part: Part, status: int) -> None:
        now = time.monotonic()
        part.failures = 0 if now - part.started >= SETTLED else part.failures + 1
        pause = min(2.0 ** (part.failures - 1), LONGEST_PAUSE) if part.failures else 0.0
        part.not_before = now + pause
        self.say(f"{part.name} ended ({_how(status)}); it starts again {f'in {pause:g} s' if pause else 'now'}.")

    def stop(self) -> None:
        """Each comes to its end in its own time, within reason; a second signal ends them at once."""
        for part in self.living():
            os.kill(part.process.pid, signal.SIGTERM)  # type: ignore[union-attr]
        deadline = time.monotonic() + GRACE
        while self.living() and (left := deadline - time.monotonic()) > 0:
            heard = signal.sigtimedwait(HEARD, left)
            self.ended()
            if heard and heard.si_signo in STOP:
                break
        for part in self.living():
            os.killpg(part.process.pid, signal.SIGKILL)  # type: ignore[union-attr]
            part.process.wait()  # type: ignore[union-attr]

    def living(self) -> list[Part]:
        return [part for part in self.parts if part.process is not None]


def start(command: Sequence[str]) -> subprocess.Popen[bytes]:
    """In a process group of its own: Ctrl+C is heard here alone, and handed on in order."""
    return subprocess.Popen(command, process_group=0, preexec_fn=_as_child)  # noqa: PLW1509, S603  no thread of ours runs


def _as_child() -> None:
    """Hear every signal again; and stop when the tree's root is killed, so that no part goes on alone."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HEARD)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _buried() -> tuple[int, int] | None:
    try:
        pid, status = os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return None
    return (pid, os.waitstatus_to_exitcode(status)) if pid else None


def _how(status: int) -> str:
    return f"status {status}" if status >= 0 else signal.Signals(-status).name
