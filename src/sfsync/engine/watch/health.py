"""How a store is doing, in figures and in words: what `sfsync status`, the doctor and the pages show."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    F,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
    prefetch_related_objects,
)

from sfsync import texts
from sfsync.conf import conf
from sfsync.domain.backoff import TOO_LONG_OPEN
from sfsync.domain.task_state import TaskState
from sfsync.engine.kit.lease import held_by
from sfsync.engine.watch import refused_mail
from sfsync.models import ChannelTrouble, Cursor, Finding, MarketplaceOrder, Process, Scheduler, Store, Task
from sfsync.models.deadlines import at_risk, late, to_ship
from sfsync.models.process import SYNC
from sfsync.models.store import Mode
from sfsync.models.task import in_state
from sfsync.shops import kinds

Stores = list[Store] | QuerySet[Store]
SIGN_EVERY, SIGN_LASTS = timedelta(seconds=30), timedelta(minutes=3)
"""How often a scheduler says that it is there, and how long it is believed: not for so long that what it no longer
starts is missed first. Celery says it through a worker, which a run may keep busy for a minute."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something a person should look at. `code` and `params` pick the sentence of `sfsync.texts`."""

    code: str
    params: dict[str, Any]

    @property
    def sentence(self) -> str:
        return texts.sentence(self.code, self.params)

    @property
    def advice(self) -> str:
        return texts.advice(self.code)


@dataclass(frozen=True, slots=True)
class StoppedPart:
    """A part that stands still while its store goes on: a source, or, without a `trouble`, a marketplace. `text`: what
    was seen."""

    name: str
    trouble: str
    text: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Health:
    """Updates of a store by what they wait for, the age of the oldest, the last run, and the alarms.

    `queued` and `waiting` count an order once: what is due is queued, whatever else of it waits.
    `failed`: orders with an update that needs a person. Of the others, `by_hand`: operation → those for which a person
    has to do it on the marketplace (R9), and `went_back`: those of which the shop took back what was told (R8).
    `differences`: orders of which a marketplace shows something else (R32), as far as nobody has taken care of them.
    `scheduled`: a service or Celery's beat is there to start the next run; without one, when that is nobody knows here.
    """

    store: str
    group: str
    queued: int
    waiting: int
    in_flight: int
    failed: int
    by_hand: dict[str, int]
    went_back: int
    differences: int
    late: int
    at_risk: int
    oldest_waiting: datetime | None
    oldest_in_flight: datetime | None
    last_run: datetime | None
    last_outcome: str
    next_run: datetime | None
    scheduled: bool
    running: str
    alarms: list[Alarm]

    @property
    def left_to_people(self) -> int:
        """Orders with something to be done by hand."""
        return sum(self.by_hand.values())

    @property
    def asking(self) -> int:
        """Orders that ask for a person, each once."""
        return self.failed + self.left_to_people + self.went_back

    def as_dict(self) -> dict[str, Any]:
        """For `--json`: dates in ISO 8601, alarms as sentences."""
        plain = {name: getattr(self, name) for name in self.__slots__ if name not in ("store", "alarms")}
        shown = {name: each.isoformat() if isinstance(each, datetime) else each for name, each in plain.items()}
        return shown | {"alarms": [{"code": each.code, "sentence": each.sentence} for each in self.alarms]}


def health_of(stores: list[Store], now: datetime) -> list[Health]:
    """Five statements, however many stores; one more where they came without their states."""
    prefetch_related_objects(stores, "state")
    processes = {each.store_id: each for each in Process.objects.filter(store__in=stores, name=SYNC)}
    figures = {row["store"]: row for row in figures_of(stores, now)}
    awake = scheduler_awake(now)
    for_people = _for_people(stores, now)
    stopped: dict[int, list[StoppedPart]] = {store.pk: [] for store in stores}
    for store_id, *row in stopped_parts(stores):
        stopped[store_id].append(StoppedPart(*row))
    return [
        _health(
            store,
            processes.get(store.pk),
            figures.get(store.pk, {}),
            for_people=for_people[store.pk],
            stopped=stopped[store.pk],
            awake=awake,
            now=now,
        )
        for store in stores
    ]


class Asks(StrEnum):
    """Why orders ask for a person, apart from updates that failed."""

    BY_HAND = "by hand"
    WENT_BACK = "went back"
    DIFFERS = "differs"
    LATE = "late"
    AT_RISK = "at risk"


@dataclass(slots=True)
class ForPeople:
    """Orders of a store that ask for a person. `by_hand`: operation → how many of them."""

    by_hand: dict[str, int] = field(default_factory=dict)
    others: dict[Asks, int] = field(default_factory=lambda: dict.fromkeys(Asks, 0))


def _for_people(stores: list[Store], now: datetime) -> dict[int, ForPeople]:
    """All questions in one statement."""
    found = {store.pk: ForPeople() for store in stores}
    for store, asks, operation, orders in asking_people(stores, now):
        if asks == Asks.BY_HAND:
            found[store].by_hand[operation] = orders
        else:
            found[store].others[Asks(asks)] = orders
    return found


def asking_people(stores: Stores, now: datetime) -> Any:
    """Rows of store, why orders of it ask (`Asks`), the operation that is to be done by hand, how many."""
    return _left_to_people(stores).union(_by_deadline(stores, now), _differing(stores), all=True)


def _left_to_people(stores: Stores) -> Any:
    """What is to be done by hand, and what went back. An order whose update failed counts there."""
    failed = Exists(Task.objects.parked().filter(order=OuterRef("pk")))
    left = MarketplaceOrder.objects.filter(~Q(by_hand="") | Q(contradicted=True), ~failed, store__in=stores)
    return _counted(left, Case(When(by_hand="", then=Value(Asks.WENT_BACK.value)), default=Value(Asks.BY_HAND.value)))


def _by_deadline(stores: Stores, now: datetime) -> Any:
    """R25."""
    near = to_ship(stores).filter(late(now) | at_risk(stores, now))
    return _counted(near, Case(When(late(now), then=Value(Asks.LATE.value)), default=Value(Asks.AT_RISK.value)))


def _differing(stores: Stores) -> Any:
    """R32."""
    found: Any = Finding.objects.unsettled().filter(store__in=stores).order_by()
    named = found.annotate(asks=Value(Asks.DIFFERS.value), operation=Value(""))
    return named.values_list("store", "asks", "operation").annotate(orders=Count("order", distinct=True))


def _counted(orders: Any, asks: Case) -> Any:
    named = orders.order_by().annotate(asks=asks, operation=F("by_hand"))
    return named.values_list("store", "asks", "operation").annotate(orders=Count("id"))


def stopped_parts(stores: Stores) -> Any:
    """The sources that cannot be followed, and the marketplaces that refuse everything (R36)."""
    names = ("store", "name", "trouble", "trouble_text", "trouble_since")
    sources = Cursor.objects.filter(store__in=stores).exclude(trouble="").values_list(*names)
    held = ChannelTrouble.objects.held().filter(store__in=stores).order_by()
    marked = held.annotate(trouble=Value("", CharField()))
    return sources.union(marked.values_list("store", "channel", "trouble", "message", "since"), all=True).order_by(
        "name"
    )


def scheduler_awake(now: datetime) -> bool:
    """Something starts runs by the clock, as far as anybody knows."""
    return Scheduler.objects.filter(seen_at__gt=now - SIGN_LASTS).exists()


def scheduler_sign(name: str, now: datetime) -> None:
    """A scheduler says that it is there. Those that are long gone are forgotten."""
    Scheduler.objects.filter(seen_at__lt=now - SIGN_LASTS).delete()
    Scheduler.objects.update_or_create(name=name, defaults={"seen_at": now})


def scheduler_leaves(name: str) -> None:
    """It was told to stop: nobody is to wait for the runs that it would have started."""
    Scheduler.objects.filter(name=name).delete()


def trial_write() -> None:
    """Raises `DatabaseError` where nothing can be written: a full disk can still be read."""
    sign = Scheduler(name=f"trial {secrets.token_hex(8)}", seen_at=datetime.fromtimestamp(0, UTC))
    sign.save(force_insert=True)
    sign.delete()


def figures_of(stores: Stores, now: datetime) -> Any:
    alive = in_state(*(state for state in TaskState if state.waits))
    sent = in_state(*(state for state in TaskState if state.sent))
    return (
        Task.objects.filter(store__in=stores)
        .values("store")
        .annotate(
            alive=Count("order", distinct=True, filter=alive),
            queued=Count("order", distinct=True, filter=alive & Q(update_at__lte=now)),
            in_flight=Count("id", filter=sent),
            failed=Count("order", distinct=True, filter=in_state(TaskState.FAILED)),
            oldest_waiting=Min("since", filter=alive),
            oldest_in_flight=Min("sent_at", filter=sent),
        )
    )


def _health(
    store: Store,
    process: Process | None,
    figures: dict[str, Any],
    *,
    for_people: ForPeople,
    stopped: Iterable[StoppedPart],
    awake: bool,
    now: datetime,
) -> Health:
    running = bool(process and process.running(now))
    scheduled = awake and store.enabled
    return Health(
        store=store.name,
        group=store.group,
        queued=figures.get("queued", 0),
        waiting=figures.get("alive", 0) - figures.get("queued", 0),
        in_flight=figures.get("in_flight", 0),
        failed=figures.get("failed", 0),
        by_hand=for_people.by_hand,
        went_back=for_people.others[Asks.WENT_BACK],
        differences=for_people.others[Asks.DIFFERS],
        late=for_people.others[Asks.LATE],
        at_risk=for_people.others[Asks.AT_RISK],
        oldest_waiting=figures.get("oldest_waiting"),
        oldest_in_flight=figures.get("oldest_in_flight"),
        last_run=process.finished_at if process else None,
        last_outcome=process.outcome if process else "",
        next_run=process.next_run_at if process and scheduled and store.mode == Mode.BATCH else None,
        scheduled=scheduled,
        running=held_by(process) if process and running else "",
        alarms=list(_alarms(store, process, figures, stopped, now)),
    )


def _alarms(
    store: Store, process: Process | None, figures: dict[str, Any], stopped: Iterable[StoppedPart], now: datetime
) -> list[Alarm]:
    """R17, and silence: nobody must find out from the marketplace that nothing was sent."""
    settings = conf()
    alarms = [Alarm(store.state.trouble, {"message": store.state.trouble_text})] if store.state.trouble else []
    last = (process and process.finished_at) or store.created_at
    if store.enabled and now - last > max(timedelta(minutes=settings.silence_minutes), schedule(store.every_minutes)):
        alarms.append(Alarm("silent", {"since": _shown(last)}))
    oldest, patience = figures.get("oldest_waiting"), timedelta(hours=settings.patience_hours)
    if oldest and now - oldest > patience:
        alarms.append(Alarm("overdue", {"since": _shown(oldest), "orders": figures["alive"]}))
    flight = figures.get("oldest_in_flight")
    if flight and now - flight > TOO_LONG_OPEN:
        alarms.append(Alarm("ticket-slow", {"operation": "", "sent_at": _shown(flight)}))
    return [*alarms, *_of_parts(store, stopped), *_of_mail(store)]


def _of_parts(store: Store, stopped: Iterable[StoppedPart]) -> Iterator[Alarm]:
    """What stops itself alone, so that nothing else tells of it."""
    for each in stopped:
        if not each.trouble:
            yield Alarm("held-since", {"channel": each.name, "message": each.text, "since": _shown(each.since)})
        elif each.trouble != store.state.trouble:
            source = kinds.source(store.shop_kind, each.name)
            yield Alarm("source-troubled", {"source": source, "message": each.text})


def _of_mail(store: Store) -> Iterator[Alarm]:
    """A mail that nobody got because of its recipients is about them, not about the server."""
    refused = refused_mail.alarming(store.state)
    if store.state.mail_trouble and not set(store.recipients) <= refused.keys():
        yield Alarm("mail-failed", {"message": store.state.mail_trouble})
    if refused:
        yield Alarm("recipient-refused", refused_mail.told(refused))


def schedule(every_minutes: int) -> timedelta:
    """A store that has not run for longer than this is late."""
    return 3 * timedelta(minutes=every_minutes)


def _shown(moment: datetime | None) -> str:
    return moment.isoformat(sep=" ", timespec="minutes") if moment else ""
