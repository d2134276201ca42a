"""Choosing stores in a form: of few all are offered, of a fleet's those that are chosen and those that are found."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from sfsync.backoffice.kit.reader_texts import grouped
from sfsync.models import Store

FEW = 50
"""Stores that are offered without being looked for."""

Choice = tuple[int, str]


def are_few(stores: QuerySet[Store]) -> bool:
    return len(stores.order_by().values_list("pk")[: FEW + 1]) <= FEW


def offered(stores: QuerySet[Store], chosen: Iterable[str | int], text: str) -> tuple[list[Choice], str]:
    """The chosen ones, then those found by a part of their name or group; and what to say of those left out."""
    keys = [int(each) for each in chosen if str(each).isdecimal()]
    mine = _choices(stores.filter(pk__in=keys))
    if not text:
        return mine, ""
    others = stores.filter(Q(name__icontains=text) | Q(group__icontains=text)).exclude(pk__in=keys)
    found = _choices(others[: FEW + 1])
    if not found:
        return mine, _("No other store matches.")
    return [*mine, *islice(found, FEW)], _left_out(others) if len(found) > FEW else ""


def _choices(stores: QuerySet[Store]) -> list[Choice]:
    return [*stores.values_list("pk", "name")]


def _left_out(found: QuerySet[Store]) -> str:
    text = _("%(shown)s of the %(found)s found are shown: enter more of the name.")
    return text % {"shown": grouped(FEW), "found": grouped(found.count())}
