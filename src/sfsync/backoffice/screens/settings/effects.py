"""What a change of settings does to the orders that wait, in sentences, and what a mapping leaves out (R6)."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from sfsync import texts
from sfsync.backoffice.kit.live_shop import OUTSIDE, opened, said, statuses_of
from sfsync.backoffice.kit.reader_texts import Said, grouped
from sfsync.conf import conf
from sfsync.engine.outgoing.prepare import policy_of
from sfsync.engine.watch.preview import MOST, Effect, effect
from sfsync.models import Store
from sfsync.models.store import StatePolicy
from sfsync.shops.base import Status
from sfsync.shops.keys import in_order


@dataclass(frozen=True, slots=True)
class Foretold:
    """What saving would do, in sentences, or `trouble`: why nobody knows."""

    lines: list[str] = field(default_factory=list)
    trouble: Said | None = None


def foretold(before: Store, after: Store) -> Foretold:
    """Asks the shop how the waiting orders stand now."""
    try:
        with opened(before) as shop:
            found = effect(before, shop, policy_of(before), policy_of(after))
    except OUTSIDE as error:
        return Foretold([_("Preview unavailable: the shop is not responding.")], said(before, error))
    lines = [*_moved(found), *_standing(found, before)]
    if not before.cursors.exists():
        lines.append(_first_run())
    return Foretold(lines or [_("No pending order is affected.")])


def _first_run() -> str:
    text = _(
        "No sync has run yet. The first one looks at all orders of the last %(days)s days, and "
        "sends what Shopping Feed does not already show as shipped, cancelled or refunded."
    )
    return text % {"days": conf().sweep_days}


def _moved(found: Effect) -> list[str]:
    lines = [_line(before, after, count) for (before, after), count in sorted(found.moved.items())]
    if found.cut:
        lines.append(_("Only the %(most)s oldest pending orders were checked.") % {"most": grouped(MOST)})
    return lines


def _line(before: str, after: str, count: int) -> str:
    if before == "fail" and not after:
        text = ngettext(
            "%(count)s order blocked by a missing tracking number will be unblocked.",
            "%(count)s orders blocked by a missing tracking number will be unblocked.",
            count,
        )
    elif after == "fail":
        text = ngettext(
            "%(count)s pending order will need attention: it has no tracking number.",
            "%(count)s pending orders will need attention: they have no tracking number.",
            count,
        )
    elif not after:
        text = ngettext(
            "%(count)s pending order will no longer be sent.",
            "%(count)s pending orders will no longer be sent.",
            count,
        )
    else:
        text = ngettext(
            "%(count)s pending order will now be sent as “%(label)s”.",
            "%(count)s pending orders will now be sent as “%(label)s”.",
            count,
        )
    return text % {"count": grouped(count), "label": texts.label(after)}


def _standing(found: Effect, store: Store) -> list[str]:
    statuses = statuses_of(store, get_language() or "en")
    text = _(
        "This change does not send the %(count)s orders that reached “%(status)s” before it: "
        "select them in the list of orders and click “Review and send”."
    )
    return [text % {"status": statuses.name(each), "count": grouped(count)} for each, count in found.standing.items()]


def warnings(store: Store, statuses: list[Status]) -> list[str]:
    """What the mapping leaves out or gets wrong, against the shop's real statuses."""
    mapped = {status for ids in store.statuses.values() for status in ids}
    lines = (
        [] if store.statuses.get("shipped") else [_("No status is mapped to “Shipped”: nothing would ever be shipped.")]
    )
    if not statuses:
        return lines
    known = {each.status_id for each in statuses}
    lines += [
        _("The shop no longer has status %(id)s: choose another one.") % {"id": status}
        for status in in_order(store.kind.statuses, mapped - known)
    ]
    if store.state_policy == StatePolicy.CURRENT:
        lines += [
            _left_out(each) for each in statuses if each.shipped and not each.deleted and each.status_id not in mapped
        ]
    return lines


def _left_out(status: Status) -> str:
    text = _(
        "“%(name)s” comes after shipping but is not mapped: an order that moves on to it before "
        "the sync is never sent as shipped. Map it, or choose “Use the latest mapped status” "
        "below."
    )
    return text % {"name": status.name}
