"""Whether this database knows all that was sent: a restored backup, or a replica that was promoted, does not.

Each dispatch leaves a word of its own in the database, when it begins and when it ends. The process that left the last
one, and finds it in the same database, sends at once: nothing was sent since that is not written here. Anybody else
reads the newest ticket first, in two requests at most, and so does a process whose machine's clock was set since: it
may have gone back together with its database, as a virtual machine does that is put back to a snapshot. One of which
nothing is known was sent after this database was what it is now, or by somebody else: then everything is asked for
(`catch_up`).
"""

from __future__ import annotations

import secrets

from django.db import DEFAULT_DB_ALIAS, OperationalError, connections

from sfsync.db.database_identity import database_identity
from sfsync.db.own_file import is_replaced
from sfsync.domain.tickets import newest
from sfsync.engine.kit.context import Run
from sfsync.engine.kit.judge import started
from sfsync.engine.kit.lease import LeaseLost
from sfsync.engine.outgoing.catch_up import catch_up
from sfsync.engine.outgoing.unknown_tickets import ours, unknown
from sfsync.models import StoreState, Task

_last: dict[int, tuple[str, str, float]] = {}
"""Store → the last word of this process, in which database, and when this machine was started."""
SET = 1.0
"""Seconds by which the start of this machine moves when somebody sets its clock; less is the clock's own play."""


def may_send(run: Run) -> bool:
    """Before the first send of a dispatch; False: not now. Raises `ShoppingFeedError`, or `OperationalError` where the
    database's file was replaced under this run: then nothing is sent."""
    if is_replaced(connections[DEFAULT_DB_ALIAS]):
        raise OperationalError("its file was deleted or replaced during the run")
    here, state = database_identity(), run.store.state
    mine = _is_mine(run.store.pk, state.dispatch, here)
    if state.dispatch and state.dispatched_on != here and not _wait_for_tickets(run, here):
        return False
    complete = (mine or _knows_newest(run)) and not _has_latecomers(run)
    if not complete and not catch_up(run):
        return False
    _leave_word(run, here)
    return True


def all_sent(run: Run) -> None:
    """At the end, whatever ended it: what has left is written down, or marked."""
    state = run.store.state
    _leave_word(run, state.dispatched_on)
    _last[run.store.pk] = (state.dispatch, state.dispatched_on, started())


def _is_mine(store: int, word: str, here: str) -> bool:
    last, where, start = _last.pop(store, ("", "", 0.0))
    return (last, where) == (word, here) and abs(started() - start) < SET


def _leave_word(run: Run, here: str) -> None:
    """Raises `LeaseLost` where somebody else has dispatched meanwhile."""
    state, word = run.store.state, secrets.token_hex(16)
    unchanged = StoreState.objects.filter(pk=state.pk, dispatch=state.dispatch)
    if not unchanged.update(dispatch=word, dispatched_on=here):
        raise LeaseLost
    state.dispatch, state.dispatched_on = word, here


def _wait_for_tickets(run: Run, here: str) -> bool:
    """This is another database than before, or its server has started anew, so a request may have left a moment ago:
    its ticket may be listed late by this much. Once for all stores: by then what left before is listed of each. False:
    the run has to end."""
    left, step = run.conf.timeout + run.conf.ticket_lag_seconds, run.lease.length.total_seconds() / 4
    while left > 0:
        run.lease.beat("wait", now=True)
        if run.pause(min(left, step)):
            return False
        left -= step
    StoreState.objects.exclude(dispatched_on=here).update(dispatched_on=here)
    return True


def _knows_newest(run: Run) -> bool:
    """The newest ticket is one that this database knows; a new store may have none."""
    last = newest(ours(run.feed.outer_tickets(type="order")))
    return not unknown(run, last) if last else run.store.state.adopted_at is None


def _has_latecomers(run: Run) -> bool:
    """An order is due that was found in the shop only after everything was asked for, and that is older than that."""
    state = run.store.state
    if state.caught_up_at is None:
        return False
    due = Task.objects.filter(store=run.store).due(run.clock())
    return due.filter(order__gt=state.caught_up_to, order__created_at__lt=state.caught_up_at).exists()
