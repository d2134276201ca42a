"""What a person may do about an order's update: try again now, give it up, or say that it was done by hand. Each is
logged with who did it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from sfsync import texts
from sfsync.db.among import among
from sfsync.domain.errors import Failure
from sfsync.domain.operations import kind_of, names
from sfsync.domain.operations.kind import ORDER
from sfsync.engine.kit.journal import Journal
from sfsync.engine.outgoing.conclude import ToldFact, remember
from sfsync.models import Action, How, MarketplaceOrder, Order, Store, Task
from sfsync.models.log import Level
from sfsync.models.task import TaskQuerySet


def retry(orders: QuerySet[Order], who: str, code: str = "person-retry", *, operation: str = "") -> int:
    """R16: what failed, or waits for its next attempt, is due now, with all its tries again: every fact of these
    orders, or only those of an `operation`.

    Returns of how many orders; what is in flight is left to its ticket. `code`: what the log says that the person asked
    for.
    """
    tasks = _asked_for(orders, operation).aside().exclude(failure="", failed_at=None)
    return _each_store(tasks, who, code, _revive)


def revive(tasks: TaskQuerySet, who: str, code: str, **params: str) -> int:
    """The same of chosen failures. `params` go into the log."""
    return _each_store(tasks, who, code, _revive, **params)


def give_up(orders: QuerySet[Order], who: str, *, operation: str = "") -> int:
    """Nothing of these orders, or only nothing of an `operation`, is sent, and what is to be done by hand is left
    undone: the person told the marketplace, or nobody needs to. A later change counts again."""
    tasks = _asked_for(orders, operation).living().exclude(action=Action.CHECK).filter(lease="")
    given_up = _each_store(tasks, who, "person-give-up", _drop)
    given_up += _by_hand(orders, who, "person-give-up", _give_up, operation)
    return given_up + (0 if operation else _leave_contradicted(orders, who))


def _leave_contradicted(orders: QuerySet[Order], who: str) -> int:
    """R8: the marketplace keeps what it was told, and a person knows."""
    left = MarketplaceOrder.objects.filter(pk__in=orders.values("marketplace_order"), contradicted=True).order_by()
    done = 0
    for store in Store.objects.filter(pk__in=left.values("store")):
        with transaction.atomic():
            chosen = list(left.filter(store=store).select_for_update(of=("self",)).values_list("pk", flat=True))
            MarketplaceOrder.objects.filter(pk__in=chosen).update(contradicted=False, given_up_at=timezone.now())
            _log(store, chosen, "person-give-up", who)
            done += len(chosen)
    return done


def _asked_for(orders: QuerySet[Order], operation: str) -> TaskQuerySet:
    return of_orders(orders).filter(operation=operation) if operation else of_orders(orders)


def of_orders(orders: QuerySet[Order]) -> TaskQuerySet:
    """The tasks of these orders' marketplace orders."""
    return Task.objects.filter(order__in=orders.values("marketplace_order"))


def _drop(tasks: TaskQuerySet) -> None:
    """An intention goes. A fact stays, closed: no later look at the order is to send it."""
    now = timezone.now()
    MarketplaceOrder.objects.filter(pk__in=list(tasks.values_list("order", flat=True))).update(given_up_at=now)
    closed = {"closed_at": now, "since": now, "date_upd": now, "failed_at": None}
    tasks.filter(action=Action.ASIDE).update(**closed, episode=F("episode") + 1)
    tasks.filter(action=Action.SYNC).delete()


def _give_up(left: QuerySet[MarketplaceOrder], operation: str) -> None:
    now, lane = timezone.now(), kind_of(operation).lane if operation in names() else ORDER
    closed = {"operation": operation, "lane": lane, "action": Action.ASIDE, "closed_at": now, "since": now}
    rows = [Task(store_id=store, order_id=order, **closed) for order, store in left.values_list("pk", "store")]
    Task.objects.bulk_create(rows, ignore_conflicts=True)
    left.update(by_hand="", given_up_at=now)


_AT, _CONFIRMED = "marketplace_order__given_up_at", "marketplace_order__confirmed_at"
GIVEN_UP = (
    Q(**{f"{_AT}__isnull": False})
    & (Q(seen_at=None) | Q(**{f"{_AT}__gt": F("seen_at")}))
    & (Q(**{_CONFIRMED: None}) | Q(**{f"{_AT}__gt": F(_CONFIRMED)}))
)
"""The orders of which `given_up` has something to say."""


def given_up(order: Order) -> str:
    """That a person gave its last update up, as a sentence of the active language.

    Empty once something came later: another status in the shop, or a confirmation.
    """
    at = order.marketplace_order.given_up_at
    if at is None or any(later and later >= at for later in (order.seen_at, order.marketplace_order.confirmed_at)):
        return ""
    return _("Dismissed on %(at)s: the marketplace was not updated.") % {"at": texts.moment(at.isoformat())}


def done_by_hand(orders: QuerySet[Order], who: str) -> int:
    """R9: the person did on the marketplace what it does not take from us, so the marketplace knows it from now on.

    Returns how many; an order with nothing to be done by hand is left as it is.
    """
    return _by_hand(orders, who, "person-by-hand", _remember)


def _remember(left: QuerySet[MarketplaceOrder], operation: str) -> None:
    seen = dict(left.values_list("pk", "shop_orders__seen_status").order_by("-shop_orders"))
    remember(timezone.now(), How.BY_HAND, [ToldFact(pk, operation, status=status) for pk, status in seen.items()])
    left.update(by_hand="")


def _by_hand(
    orders: QuerySet[Order],
    who: str,
    code: str,
    end: Callable[[QuerySet[MarketplaceOrder], str], None],
    only: str = "",
) -> int:
    """End what is to be done by hand: the orders, and their operation."""
    left = MarketplaceOrder.objects.filter(pk__in=orders.values("marketplace_order")).exclude(by_hand="").order_by()
    left = left.filter(by_hand=only) if only else left
    done = 0
    for store_id, operation in left.values_list("store", "by_hand").distinct():
        with transaction.atomic():
            held = left.filter(store=store_id, by_hand=operation).select_for_update(of=("self",))
            chosen = list(held.values_list("pk", flat=True))
            end(MarketplaceOrder.objects.filter(pk__in=chosen), operation)
            _log(Store.objects.get(pk=store_id), chosen, code, who, operation=operation)
            done += len(chosen)
    return done


def droppable(order: Order, tasks: Iterable[Task]) -> bool:
    """`give_up` has something to drop: an update that no request took and no run is at work on, work by hand, or what
    the shop has gone back on."""
    there = order.marketplace_order
    return bool(there.by_hand or there.contradicted) or any(not task.state.sent and not task.lease for task in tasks)


def why_not(order: Order, tasks: list[Task] | None = None) -> str:
    """Why a retry, or giving up, changed nothing of this order, as a sentence of the active language.

    `tasks` are the order's, where they were read already.
    """
    if tasks is None:
        tasks = list(Task.objects.filter(order=order.marketplace_order_id).living().order_by("id"))
    flying = next((task for task in tasks if task.state.sent), None)
    if flying:
        return _in_flight(flying)
    if any(task.lease for task in tasks):
        return _("A sync is processing it right now.")
    if tasks:
        at = texts.moment(min(task.update_at for task in tasks).isoformat())
        return _("Nothing has failed: it is queued for the next sync (after %(at)s).") % {"at": at}
    there = order.marketplace_order
    if there.by_hand:
        return texts.by_hand(there.by_hand, there.channel)
    if there.contradicted:
        return texts.contradiction(there.contradiction, there.confirmed_operation, there.channel)
    if said := given_up(order):
        return said
    if there.confirmed_operation and there.confirmed_at:
        params = {
            "operation": there.confirmed_operation,
            "channel": there.channel,
            "at": there.confirmed_at.isoformat(),
        }
        return texts.sentence("not-failed", params)
    return _("Nothing has failed and nothing is pending: nothing was sent for this order.")


def _in_flight(task: Task) -> str:
    params = {"operation": task.operation, "at": task.update_at.isoformat()}
    return texts.sentence("in-flight" if task.batch_id else "unanswered", params)


def _revive(tasks: TaskQuerySet) -> None:
    now = timezone.now()
    fresh = {"attempts": 0, "split": 0, "silences": 0, "failure": "", "last_error": "", "failed_at": None}
    unsure = tasks.filter(failure=Failure.MAYBE_TOLD)
    MarketplaceOrder.objects.filter(pk__in=among(unsure.values_list("order", flat=True))).update(unsure_at=None)
    tasks.update(update_at=now, date_upd=now, episode=F("episode") + 1, **fresh)


def _each_store(tasks: TaskQuerySet, who: str, code: str, act: Callable[[TaskQuerySet], None], **params: str) -> int:
    done = 0
    for store in Store.objects.filter(pk__in=tasks.values("store")):
        with transaction.atomic():
            held = tasks.filter(store=store).select_for_update(of=("self",))  # a run that sends one first keeps it
            chosen = list(held.values_list("pk", "order_id"))
            act(Task.objects.filter(pk__in=among(pk for pk, _order in chosen)))
            orders = {order for _pk, order in chosen}
            _log(store, sorted(orders), code, who, **params)
            done += len(orders)
    return done


def _log(store: Store, order_ids: Iterable[int], code: str, who: str, **params: str) -> None:
    journal = Journal(store, "person", "")
    for order_id in order_ids:
        journal.say(Level.INFO, code, order_id, who=who, **params)
    journal.flush()
