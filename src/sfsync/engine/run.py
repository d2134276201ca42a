"""One run of one store (R7, R22): settle, detect, send, settle again, notify, each step a verb of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from sfsync.conf import conf
from sfsync.domain.trouble import Trouble
from sfsync.engine.find.detect import detect
from sfsync.engine.kit.agenda import Agenda, agenda
from sfsync.engine.kit.connections import Connections
from sfsync.engine.kit.context import Run, Stop, never
from sfsync.engine.kit.counts import Counts
from sfsync.engine.kit.day_figures import note_answers
from sfsync.engine.kit.future_dates import set_right
from sfsync.engine.kit.journal import Journal
from sfsync.engine.kit.lease import Clock, Lease, LeaseLost, take
from sfsync.engine.kit.trouble import Stopped, stopped_by
from sfsync.engine.outgoing.conclude import tell
from sfsync.engine.outgoing.dispatch import dispatch
from sfsync.engine.outgoing.prepare import policy_of
from sfsync.engine.outgoing.reap import reap
from sfsync.engine.outgoing.settle import settle
from sfsync.engine.watch.alarms import raise_alarms
from sfsync.engine.watch.notify import notify
from sfsync.engine.watch.prune import prune
from sfsync.models import Store
from sfsync.models.log import Level
from sfsync.models.process import SYNC

LOOKS = (0.5, 1.0, 2.0, 4.0, 8.0, 10.0)
"""Seconds between the looks of a run that waits for its tickets; the last one repeats."""
PROGRESS = 3
"""The look to go on from when one had news: more is likely to come in a moment, but not at once."""
PASSING = timedelta(minutes=30)
"""A trouble that may pass by itself (an outage) is mailed when it lasts for longer."""


@dataclass(slots=True)
class Result:
    """What a run came to. `troubles` is empty when the store could be processed."""

    counts: Counts
    troubles: list[Stopped] = field(default_factory=list)
    agenda: Agenda | None = None
    """What is left to do, where the run knows: it changed nothing."""
    answers: dict[int, int] = field(default_factory=dict)
    """Requests by the HTTP status of their answer, 0 for none."""
    swept: float = 0.0
    """Seconds that comparing the open orders took."""
    unmailed: str = ""
    """Why a mail about it could not be sent."""

    @property
    def ok(self) -> bool:
        return not self.troubles


def run_store(
    store: Store,
    connections: Connections,
    *,
    wait: float = 0,
    sweeping: bool = True,
    clock: Clock = timezone.now,
    stop: Stop = never,
) -> Result:
    """Run one store once; with `wait`, keep settling for so many seconds until no ticket is open. Without `sweeping`
    only the shop's status history is followed.

    Raises `Busy` when another run holds it. Every other failure is in the result, in the store's row, and mailed.
    """
    lease = take(store, clock, timedelta(seconds=conf().lease_seconds))
    journal = Journal(store, SYNC, lease.token, clock)
    result = Result(Counts())
    crash: Exception | None = None
    try:
        store.refresh_from_db()
        run = _open(store, connections, lease, journal=journal, result=result, sweeping=sweeping, stop=stop)
        _work(run, wait, result)
    except Exception as error:
        journal.forget()
        _connect_anew()
        result.troubles.append(stopped_by(error))
        crash = error if result.troubles[-1].trouble is Trouble.CRASHED else None
    finally:
        connections.done(store)
    try:
        if _may_tell(lease, result.troubles):
            tries = store.state.mail_tries
            _tell_people(store, lease, journal, result.troubles)
            result.unmailed = store.state.mail_trouble if store.state.mail_tries > tries else ""
    finally:
        _finish(store, lease, journal, result)
    if crash:
        raise crash
    return result


def _connect_anew() -> None:
    """What our own database broke off is told over a new connection; a transaction of the caller's goes on."""
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()


def _work(run: Run, wait: float, result: Result) -> None:
    try:
        start = _steps(run, wait)
        result.agenda = None if run.touched else start
    finally:
        result.answers = run.feed.answers
        result.counts.requests = sum(result.answers.values())
        result.swept = run.swept


def _open(
    store: Store,
    connections: Connections,
    lease: Lease,
    *,
    journal: Journal,
    result: Result,
    sweeping: bool,
    stop: Stop,
) -> Run:
    return Run(
        store=store,
        policy=policy_of(store),
        shop=connections.shop(store),
        feed=connections.client(store).store(store.feed_store_id),
        lease=lease,
        journal=journal,
        clock=lease.clock,
        conf=conf(),
        counts=result.counts,
        troubles=result.troubles,
        sweeping=sweeping,
        stop=stop,
    )


def _steps(run: Run, wait: float) -> Agenda:
    """Returns what there was to do at the start."""
    start = agenda(run.store, run.clock())
    if start.held or start.ahead:
        _reap(run)
        start = agenda(run.store, run.clock())
    with run.standing():
        if start.to_look_at:
            settle(run)
    with run.standing():
        detect(run)
    with run.standing():
        if not run.troubles and (start.due or run.touched):
            dispatch(run)
    if wait and not run.troubles:
        _wait(run, run.clock() + timedelta(seconds=wait))
    return start


def _may_tell(lease: Lease, troubles: list[Stopped]) -> bool:
    """A run that lost its lease, whatever it ended on, leaves the telling to the one that has it."""
    try:
        if troubles:
            lease.beat("tell", now=True)
    except LeaseLost:
        return False
    return True


def _tell_people(store: Store, lease: Lease, journal: Journal, troubles: list[Stopped]) -> None:
    """Whatever became of the run: what stops the store is kept and mailed, silence is an alarm, old entries go."""
    now = journal.clock()
    _remember_trouble(store, troubles, now)
    raise_alarms(store, now)
    notify(store, journal)
    gone = prune(store, now, lambda: lease.beat("prune"))
    if gone:
        journal.say(Level.INFO, "pruned", entries=gone)


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
    while not run.troubles and _unfinished(run):
        left = (until - run.clock()).total_seconds()
        if looks and (left <= 0 or run.stop(min(LOOKS[min(looks, len(LOOKS)) - 1], left))):
            return
        before = run.counts.confirmed + run.counts.failed
        with run.standing():
            settle(run, everything=True)
            dispatch(run)
        run.lease.beat("wait")
        looks = PROGRESS if run.counts.confirmed + run.counts.failed > before else looks + 1


def _unfinished(run: Run) -> bool:
    """Something is in flight, or due."""
    now = agenda(run.store, run.clock())
    return bool(now.in_flight or now.due)


def _remember_trouble(store: Store, troubles: list[Stopped], now: datetime) -> None:
    """Keep what stops the store where people see it; mail it once, when it will not pass by itself."""
    if troubles:
        _keep_trouble(store, troubles[0].trouble, troubles[0].detail, now)
    elif store.state.trouble:
        _keep(store, "", "", None)


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


def _finish(store: Store, lease: Lease, journal: Journal, result: Result) -> None:
    """Leave the record of the run (R21, R22), and what is left to do. The log and the monitor say the same duration."""
    counts, now = result.counts, lease.clock()
    seconds = (now - lease.taken_at).total_seconds()
    rest = result.agenda or agenda(store, now)
    counts.queued, counts.waiting, counts.in_flight = rest.due, rest.alive - rest.due, rest.in_flight
    if result.troubles:
        said = "; ".join(each.detail for each in result.troubles)
        journal.say(Level.ERROR, "run-troubled", message=said, trouble=result.troubles[0].trouble)
    if not counts.idle:
        journal.say(Level.INFO, "run-done", seconds=f"{seconds:.1f}", **counts.as_dict())
    journal.flush()
    note_answers(store, result.answers)
    lease.release(
        now,
        outcome=result.troubles[0].trouble if result.troubles else "ok",
        error=result.troubles[0].detail if result.troubles else "",
        counts=counts.as_dict(),
        next_run_at=now + timedelta(minutes=store.every_minutes),
    )
