"""How far the update of an order has come, up to what the marketplace itself shows (R32)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from django.utils.translation import gettext as _

from sfsync import texts
from sfsync.domain.operations import kind_of, names
from sfsync.domain.reconciliation import CANCELLED, REFUNDED, Difference
from sfsync.models import Finding, MarketplaceOrder, Task
from sfsync.models.marketplace_order import NOT_WAITING
from sfsync.refusal_texts import advice, cause, refusal_of


class Stage(StrEnum):
    """The value is the word of `sfsync why --json`."""

    NOT_SENT = "not-sent"
    TICKET_OPEN = "ticket-open"
    CONFIRMED = "confirmed"
    """By Shopping Feed; the marketplace was not seen to know it yet."""
    SEEN = "seen"
    REFUSED_THERE = "refused-there"


def stage_of(order: MarketplaceOrder, tasks: Iterable[Task], findings: Iterable[Finding]) -> Stage:
    """`findings` are the open ones of the order."""
    if any(task.state.sent for task in tasks):
        return Stage.TICKET_OPEN
    if not order.confirmed_operation:
        return Stage.NOT_SENT
    if any(each.kind == Difference.REFUSED_THERE for each in findings):
        return Stage.REFUSED_THERE
    told = order.last_told(order.confirmed_operation)
    return Stage.SEEN if _is_seen(order) or (told and told.seen_there) else Stage.CONFIRMED


def _stands_so(order: MarketplaceOrder) -> bool:
    """The order has the status of what was confirmed, which says nothing of a tracking number."""
    told = order.confirmed_operation
    return told in names() and order.seen_there == kind_of(told).shows


def _is_seen(order: MarketplaceOrder) -> bool:
    told = order.confirmed_operation
    if told in names() and kind_of(told).calls_off:
        return order.seen_there in (*CANCELLED, *REFUNDED)
    return order.seen_there == NOT_WAITING or order.seen_there in REFUNDED


def seen_there(order: MarketplaceOrder, stage: Stage, findings: Iterable[Finding]) -> str:
    """What the marketplace shows of it, in the active language; empty where there is nothing to say beside what was
    confirmed."""
    sentences = [difference(each, order) for each in findings]
    if not sentences and stage is Stage.CONFIRMED and not _stands_so(order):
        sentences = [_("Shopping Feed confirmed it; it has not been seen on the marketplace yet.")]
    if not sentences and stage is Stage.SEEN and (at := order.seen_there_at or order.confirmed_at):
        params = {"at": texts.moment(at.isoformat())}
        sentences = [_("The marketplace shows it (seen on %(at)s).") % params]
    return texts.joined(*sentences)


def difference(finding: Finding, order: MarketplaceOrder) -> str:
    params = _params(finding, order)
    return texts.joined(texts.reason(finding.kind, params), cause(refusal_of(finding.kind, params)))


def what_to_do(finding: Finding, order: MarketplaceOrder) -> str:
    return advice(finding.kind, refusal_of(finding.kind, _params(finding, order)))


def _params(finding: Finding, order: MarketplaceOrder) -> dict[str, str]:
    return {"channel": order.channel, "message": finding.message}
