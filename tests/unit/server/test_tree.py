"""A tree of small programs: its steps, its restarts and its end. It is a process of its own, for it buries children."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sfsync_server.tree import REFUSED

PROGRAM = """
import sys
from sfsync_server.tree import Part, Tree

def sh(name, script, **more):
    return Part(name, ["/bin/sh", "-c", script], **more)

sys.exit(Tree(PARTS, lambda sentence: print(sentence, flush=True)).run())
"""


def tree(parts: str, folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PROGRAM.replace("PARTS", parts)]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8")


def test_what_waits_for_a_step_starts_when_the_step_has_gone_well(tmp_path: Path) -> None:
    """The step fails once and is tried again; then its follower begins, and ends the tree."""
    step = 'sh("Step", "test -e once || { touch once; exit 1; }", step=True, then=[last])'
    parts = f'(lambda last: [{step}])(sh("Last", "test -e once && kill -TERM $PPID; exec sleep 60"))'

    with tree(parts, tmp_path) as running:
        out, _ = running.communicate(timeout=20)

    assert (running.returncode, out) == (0, "Step ended (status 1); it starts again in 1 s.\n")


@pytest.mark.parametrize(("step", "whole"), [(2, 2), (REFUSED, 1)])
def test_a_step_that_cannot_work_ends_the_whole(tmp_path: Path, step: int, whole: int) -> None:
    with tree(f'[sh("Long", "exec sleep 60"), sh("Step", "exit {step}", step=True)]', tmp_path) as running:
        out, _ = running.communicate(timeout=20)

    assert (running.returncode, out) == (whole, "")


def test_a_second_signal_ends_what_does_not_stop(tmp_path: Path) -> None:
    stubborn = """[sh("Stubborn", "trap 'echo stopping' TERM; echo begun; while :; do sleep 0.05; done")]"""
    with tree(stubborn, tmp_path) as running:
        assert running.stdout is not None
        for line, number in (("begun\n", signal.SIGINT), ("stopping\n", signal.SIGTERM)):
            assert running.stdout.readline() == line
            running.send_signal(number)
        assert running.wait(20) == 0
