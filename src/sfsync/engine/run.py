"""One run of one store (R7, R22): held by one process, ended with a record whatever became of it, and told."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db import connection

from sfsync.conf import conf
from sfsync.db.own_file import hold_to_file
from sfsync.domain.trouble import Trouble
from sfsync.engine.end import Came, end_run
from sfsync.engine.kit.agenda import Agenda, agenda
from sfsync.engine.kit.channels import Channels
from sfsync.engine.kit.connections import Connections
from sfsync.engine.kit.context import Provisional, Run, StatusNames, Stop, Turn, never
from sfsync.engine.kit.day_figures import note_answers
from sfsync.engine.kit.journal import Journal
from sfsync.engine.kit.judge import judge
from sfsync.engine.kit.lease import Clock, Lease, LeaseLost, take
from sfsync.engine.kit.opening import UNMAILED, Opening, read_opening
from sfsync.engine.kit.shared_pace import lost_pace
from sfsync.engine.kit.tally import Counts, Tally
from sfsync.engine.kit.trouble import Stopped, stopped_by
from sfsync.engine.market.reconcile import reconcile_if_due
from sfsync.engine.outgoing.conclude import tell
from sfsync.engine.outgoing.prepare import policy_of
from sfsync.engine.steps import take_steps
from sfsync.engine.watch.alarms import raise_alarms
from sfsync.engine.watch.deadlines import raise_deadlines
from sfsync.engine.watch.notify import notify
from sfsync.engine.watch.prune import prune
from sfsync.models import Process, Store, StoreState
from sfsync.models.log import Level
from sfsync.models.process import SYNC

PASSING = timedelta(minutes=30)
"""A trouble that may pass by itself (an outage) is mailed when it lasts for longer."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a run came to. `troubles` is empty when the store could be processed."""

    counts: Counts
    troubles: list[Stopped]
    answers: dict[int, int]
    """Requests by the HTTP status of their answer, 0 for none."""
    unmailed: str
    """Why a mail about it could not be sent."""

    @property
    def ok(self) -> bool:
        return not self.troubles


def run_store(
    store: Store,
    connections: Connections,
    *,
    wait: float = 0,
    clock: Clock | None = None,
    stop: Stop = never,
    turn: float = math.inf,
) -> Result:
    """Run one store once; with `wait`, keep settling for so many seconds until no ticket is open. `clock`: what leases
    and waits are judged by, the `judge` if None. `turn`: after so many seconds it ends early and is due again, behind
    the stores that wait by then.

    Raises `Busy` when another run holds it. Every other failure is in the result, in the store's row, and mailed.
    """
    hold_to_file()
    clock, its_turn = clock or judge(), Turn(turn, stop)
    lease = take(store, clock, timedelta(seconds=conf().lease_seconds))
    with lease.saying_the_end():
        journal = Journal(store, SYNC, lease.token, clock)
        tally, unmailed, news = Tally(), "", False
        rest: Agenda | None = None
        crash: Exception | None = None
        try:
            opening = read_opening(store, clock())
            news = opening.news
            run = open_run(store, connections, lease, opening, journal=journal, tally=tally, turn=its_turn)
            rest = _work(run, wait)
        except Exception as error:
            journal.forget()
            _connect_anew()
            tally.troubles.append(stopped_by(error))
            crash = error if tally.troubles[-1].trouble is Trouble.CRASHED else None
        finally:
            connections.done(store)
        try:
            lease.beat("tell", now=bool(tally.troubles))
            news = news if tally.quiet else _read_state(store)
            unmailed = _tell_people(store, lease, journal, tally.troubles, news=news)
        except LeaseLost as lost:  # whatever it ended on: the run that has it tells
            tally.troubles = tally.troubles or [stopped_by(lost)]
        finally:
            _finish(store, lease, journal, tally, rest, cut=its_turn.over)
    if crash:
        raise crash
    if not tally.troubles and not its_turn(0):
        reconcile_if_due(store, connections, clock)
    return Result(tally.counts, tally.troubles, tally.answers, unmailed)


def _connect_anew() -> None:
    """What our own database broke off is told over a new connection; a transaction of the caller's goes on."""
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()
        hold_to_file()


def _work(run: Run, wait: float) -> Agenda | None:
    """Returns what is left to do, where the run knows: it changed nothing."""
    tally = run.tally
    try:
        start = take_steps(run, wait)
        return None if tally.touched else start
    finally:
        tally.answers = run.feed.answers
        tally.counts.requests = sum(tally.answers.values())


def open_run(
    store: Store,
    connections: Connections,
    lease: Lease,
    opening: Opening,
    *,
    journal: Journal,
    tally: Tally,
    turn: Turn,
) -> Run:
    shop = connections.shop(store)
    return Run(
        store=store,
        opening=opening,
        policy=policy_of(store),
        shop=shop,
        feed=connections.client(store).store(store.feed_store_id),
        lease=lease,
        journal=journal,
        clock=lease.clock,
        conf=conf(),
        status_names=StatusNames(lambda: shop.reader.statuses(store.language)),
        provisional=Provisional(store),
        channels=Channels(store, any_refuse=opening.refusing),
        turn=turn,
        tally=tally,
    )


def _tell_people(store: Store, lease: Lease, journal: Journal, troubles: list[Stopped], *, news: bool) -> str:
    """Whatever became of the run: what stops the store is kept and mailed, silence is an alarm, old entries go.

    `news`: they are to be told something already. Returns why a mail could not be sent, if one was tried in vain.
    """
    now, tries = journal.clock(), store.state.mail_tries
    over = _remember_trouble(store, troubles, now)
    looked, near = raise_alarms(store, now), raise_deadlines(store, now)
    if news or troubles or over or looked or near:
        notify(store, journal, partial(lease.beat, "mail", now=True))
    gone = prune(store, now, lambda: lease.beat("prune"))
    if gone:
        journal.say(Level.INFO, "pruned", entries=gone)
    return store.state.mail_trouble if store.state.mail_tries > tries else ""


def _read_state(store: Store) -> bool:
    """As it is now. Returns whether people are to be told something: most runs have nothing to tell."""
    state = StoreState.objects.annotate(unmailed=UNMAILED).get(pk=store.pk)
    store.state = state
    return state.unmailed or bool(state.refused)


def _remember_trouble(store: Store, troubles: list[Stopped], now: datetime) -> bool:
    """Keep what stops the store where people see it; mail it once, when it will not pass by itself. Returns whether it
    is over."""
    over = bool(store.state.trouble) and not troubles
    if troubles:
        _keep_trouble(store, troubles[0].trouble, troubles[0].detail, now)
    elif over:
        _keep(store, "", "", None)
    return over


def _keep_trouble(store: Store, trouble: Trouble, detail: str, now: datetime) -> None:
    before = Trouble.named(store.state.trouble)
    same = before is not None and before.kind == trouble.kind
    since = store.state.trouble_since if same and store.state.trouble_since else now
    _keep(store, trouble, detail, since)
    if not trouble.passes or now - since >= PASSING:
        tell(store, now, [(None, f"trouble:{trouble.kind}:{since.isoformat()}", trouble, {"message": detail})])


def _keep(store: Store, code: str, detail: str, since: datetime | None) -> None:
    state = store.state
    state.trouble, state.trouble_text, state.trouble_since = code, detail, since
    state.save(update_fields=["trouble", "trouble_text", "trouble_since"])


def _failures(store: Store) -> int:
    return Process.objects.values_list("failures", flat=True).get(store=store, name=SYNC)


def _finish(store: Store, lease: Lease, journal: Journal, tally: Tally, rest: Agenda | None, *, cut: bool) -> None:
    """Leave the record of the run (R21, R22), and what is left to do. The log and the monitor say the same duration."""
    counts, troubles, now = tally.counts, tally.troubles, lease.clock()
    seconds = (now - lease.taken_at).total_seconds()
    rest = rest or agenda(store, now)
    counts.queued, counts.waiting, counts.in_flight = rest.due, rest.alive - rest.due, rest.in_flight
    if troubles:
        said = "; ".join(each.detail for each in troubles)
        journal.say(Level.ERROR, "run-troubled", message=said, trouble=troubles[0].trouble)
    if tally.answers and (lost := lost_pace()):
        journal.say(Level.WARNING, "pace-lost", message=lost)
    if not counts.idle:
        journal.say(Level.INFO, "run-done", seconds=f"{seconds:.1f}", **counts.as_dict())
    journal.flush()
    note_answers(store, tally.answers)
    failures = _failures(store) + 1 if troubles else 0
    outcome, error = (troubles[0].trouble.value, troubles[0].detail) if troubles else ("ok", "")
    end_run(lease, now, rest, Came(outcome, error, counts.as_dict(), failures), cut=cut)
