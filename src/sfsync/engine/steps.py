"""The steps of a run, each a verb of its own: settle, find, send, settle again (R7)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sfsync.engine.find.follow import Found, find
from sfsync.engine.kit.agenda import Agenda, agenda
from sfsync.engine.kit.clock_check import look_at_clock
from sfsync.engine.kit.context import Run
from sfsync.engine.kit.future_dates import set_right
from sfsync.engine.kit.trouble import diagnosed, stopped_by
from sfsync.engine.market.watch import learn_deadlines, watch
from sfsync.engine.outgoing.dispatch import dispatch
from sfsync.engine.outgoing.reap import reap
from sfsync.engine.outgoing.relisted import try_relisted
from sfsync.engine.outgoing.settle import settle
from sfsync.models.log import Level
from sfsync.shops.base import ShopError
from shoppingfeed import ShoppingFeedError

LOOKS = (0.5, 1.0, 2.0, 4.0, 8.0, 10.0)
"""Seconds between the looks of a run that waits for its tickets; the last one repeats."""
PROGRESS = 3
"""The look to go on from when one had news: more is likely to come in a moment, but not at once."""


def take_steps(run: Run, wait: float) -> Agenda:
    """Returns what there was to do at the start. With `wait`, settles for so many seconds until no ticket is open."""
    start = agenda(run.store, run.clock()) if look_at_clock(run) else run.opening.agenda
    if start.held or start.ahead:
        _reap(run)
        start = agenda(run.store, run.clock())
    with _kept_going(run):
        if start.to_look_at:
            settle(run)
    well = not run.tally.troubles
    found = _find(run)
    if well and found.sendable:
        _send(run, start, wait)
    run.tally.troubles += [each for each in found.stops if each not in run.tally.troubles]
    return start


def _find(run: Run) -> Found:
    with _kept_going(run):
        return find(run)
    return Found(sendable=False)


def _send(run: Run, start: Agenda, wait: float) -> None:
    hour = False
    with _kept_going(run):
        hour = watch(run)
        if hour:
            try_relisted(run)
        if start.due or run.tally.touched:
            dispatch(run)
    if wait and not run.tally.troubles:
        _wait(run, run.clock() + timedelta(seconds=wait))
    if hour and not run.tally.troubles:
        with _kept_going(run):
            learn_deadlines(run)


def _reap(run: Run) -> None:
    freed = reap(run.store, run.lease.token)
    if freed:
        run.journal.say(Level.WARNING, "reaped", tasks=freed)
    ahead = set_right(run.store, run.clock())
    if ahead:
        run.journal.say(Level.WARNING, "clock-back", tasks=ahead)


def _wait(run: Run, until: datetime) -> None:
    """Settle and send what became due, until nothing is in flight or the time is over."""
    looks = 0
    while not run.tally.troubles and _unfinished(run):
        left = (until - run.clock()).total_seconds()
        if looks and (left <= 0 or run.stop(min(LOOKS[min(looks, len(LOOKS)) - 1], left))):
            return
        before = run.tally.counts.concluded
        with _kept_going(run):
            settle(run, everything=True)
            dispatch(run)
        run.lease.beat("wait")
        looks = PROGRESS if run.tally.counts.concluded > before else looks + 1


def _unfinished(run: Run) -> bool:
    """Something is in flight, or due."""
    now = agenda(run.store, run.clock())
    return bool(now.in_flight or now.due)


@contextmanager
def _kept_going(run: Run) -> Iterator[None]:
    """What stops one step (a shop or an API in trouble) does not stop the others; it is kept, and shown."""
    try:
        yield
    except (ShopError, ShoppingFeedError) as error:
        run.journal.forget()
        run.tally.troubles.append(stopped_by(diagnosed(run.shop, error)))
