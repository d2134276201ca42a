"""The `sfsync` command with its SQL statements counted and its steps timed, in a process of its own.

    python -m benchmarks.watched REPORT sync --wait 120 --json

Counted are the statements that both databases are given; what begins and ends transactions and sets up connections is
counted apart. Time and statements belong to the innermost step that runs.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import json
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

STEPS = {
    "sfsync.engine.run": ("take", "notify", "prune", "_finish"),
    "sfsync.engine.steps": ("reap", "settle", "find", "dispatch"),
    "sfsync.engine.outgoing.settle": ("ask",),
    "sfsync.engine.outgoing.dispatch": ("adopt", "learn_fulfilment", "prepare", "send"),
}
"""Functions whose share is told, where they exist: the engine may be rearranged without breaking the benchmark."""

_BOUNDS = re.compile(r"\s*(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|PRAGMA|SET )", re.IGNORECASE)


@dataclass(slots=True)
class Share:
    """Of one step: seconds, CPU seconds of the whole process, and statements for our database and for the shop's."""

    seconds: float = 0.0
    cpu: float = 0.0
    ours: int = 0
    shop: int = 0


@dataclass(slots=True)
class Watch:
    """What was seen so far. `bounds` counts BEGIN, SAVEPOINT and the like."""

    shares: dict[str, Share] = field(default_factory=dict)
    texts: Counter[str] = field(default_factory=Counter)
    bounds: int = 0
    _stack: list[str] = field(default_factory=lambda: ["start"])
    _since: tuple[float, float] = field(default_factory=lambda: (time.perf_counter(), time.process_time()))

    @property
    def share(self) -> Share:
        return self.shares.setdefault(self._stack[-1], Share())

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        self._pass()
        self._stack.append(name)
        try:
            yield
        finally:
            self._pass()
            self._stack.pop()

    def _pass(self) -> None:
        """Time up to now goes to the step that ran."""
        now = time.perf_counter(), time.process_time()
        self.share.seconds += now[0] - self._since[0]
        self.share.cpu += now[1] - self._since[1]
        self._since = now

    def count(self, sql: str, *, shop: bool) -> None:
        if _BOUNDS.match(sql):
            self.bounds += 1
            return
        self.texts[f"{'shop' if shop else 'ours'}: {_shape(sql)}"] += 1
        self.share.shop += shop
        self.share.ours += not shop

    def report(self) -> dict[str, Any]:
        self._pass()
        shares = {name: asdict(share) for name, share in self.shares.items()}
        return {"shares": shares, "bounds": self.bounds, "texts": self.texts.most_common()}


def _shape(sql: str) -> str:
    """A statement without its values, short enough for a line."""
    text = re.sub(r"\((?:\s*(?:%s|%\(\w+\)s|\?|\d+)\s*,?)+\)", "(…)", " ".join(sql.split()))
    return text if len(text) < 160 else f"{text[:90]} … {text[-66:]}"


def _attach(watch: Watch) -> None:
    """Needs Django to be set up."""
    from django.db.backends.signals import connection_created
    from sqlalchemy import Engine, event

    def ours(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        watch.count(sql, shop=False)
        return execute(sql, *rest)

    def shop(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        watch.count(statement, shop=True)

    def opened(connection: Any, **_: Any) -> None:
        if ours not in connection.execute_wrappers:
            connection.execute_wrappers.append(ours)

    connection_created.connect(opened, weak=False)
    event.listen(Engine, "before_cursor_execute", shop)
    for module, names in STEPS.items():
        with contextlib.suppress(ImportError):
            _wrap(watch, importlib.import_module(module), names)


def _wrap(watch: Watch, module: Any, names: tuple[str, ...]) -> None:
    for name in names:
        if function := getattr(module, name, None):
            setattr(module, name, _timed(watch, name.strip("_"), function))


def _timed(watch: Watch, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def timed(*args: Any, **options: Any) -> Any:
        with watch.step(name):
            return function(*args, **options)

    return timed


def main(report: Path, command: list[str]) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sfsync_server.settings")
    import django

    from sfsync_server import cli

    django.setup()
    watch = Watch()
    _attach(watch)
    sys.argv = ["sfsync", *command]
    try:
        cli.main()
    finally:
        report.write_text(json.dumps(watch.report()))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
