"""The marketplace order that the shop claims an order to be: by its Shopping Feed id, else by its names, else a new one
(R39)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sfsync.db.bulk import insert_rows
from sfsync.domain.identity import Claim
from sfsync.domain.operations import ends_order
from sfsync.engine.find.merge import learn
from sfsync.engine.kit.context import Run
from sfsync.models import MarketplaceOrder
from sfsync.shops.base import Listing


@dataclass(frozen=True, slots=True)
class There:
    """A marketplace order. `open`: changes of it are looked for. `known`: it was there before."""

    pk: int
    open: bool = True
    known: bool = False


Identity = tuple[str | int, ...]


def claim(listing: Listing) -> Claim:
    return Claim(listing.feed_id, clean(listing.reference, 255), clean(listing.channel, 64))


def clean(text: str, most: int) -> str:
    return text.replace("\x00", "")[:most]


def find_or_make(run: Run, listings: Sequence[Listing]) -> dict[int, There]:
    """The shop's order id → its marketplace order. Two statements for a thousand that are all new.

    Where two name one order differently, the names of the first shop order stay.
    """
    claims = {each.order_id: claim(each) for each in listings}
    if not claims:
        return {}
    keys = {order_id: _key(order_id, each) for order_id, each in claims.items()}
    there = _find(run, list(claims.values()))
    new = sorted((each for each in listings if keys[each.order_id] not in there), key=lambda each: -each.order_id)
    there |= _make(run, {keys[each.order_id]: (claims[each.order_id], each.created_at) for each in new})
    return {order_id: there[key] for order_id, key in keys.items()}


def _key(order_id: int, claimed: Claim) -> Identity:
    """An order that nothing could recognise is like no other."""
    return claimed.identity or ("", "", order_id)


def _find(run: Run, claims: list[Claim]) -> dict[Identity, There]:
    """Those that are known, provisional ones too: their ids are learnt where a claim has one."""
    there, provisional = _read(run, claims)
    learnt = {provisional[each.names].pk: each for each in claims if each.feed_id and each.names in provisional}
    if learnt:
        learn(run, {pk: each.feed_id for pk, each in learnt.items() if each.feed_id})
        for pk, each in learnt.items():
            there.setdefault(each.identity, There(pk, known=True))
            provisional[each.names] = there[each.identity]
    return there | provisional


def _read(run: Run, claims: list[Claim]) -> tuple[dict[Identity, There], dict[Identity, There]]:
    """By id, and by names those that have none."""
    ours = MarketplaceOrder.objects.filter(store=run.store).order_by()
    with_id = ours.filter(feed_id__in={each.feed_id for each in claims if each.feed_id})
    without = ours.filter(feed_id=None, reference__in={each.reference for each in claims}).exclude(reference="")
    names = ("pk", "confirmed_operation", "feed_id", "reference", "channel")
    there: dict[Identity, There] = {}
    provisional: dict[Identity, There] = {}
    for pk, told, *rest in with_id.values_list(*names).union(without.values_list(*names), all=True):
        found = Claim(*rest)
        (there if found.feed_id else provisional)[found.identity] = There(pk, not ends_order(told), known=True)
    return there, provisional


_UNTOLD = dict.fromkeys(("fulfilled_by", "confirmed_operation", "confirmed_ticket", "by_hand"), "")


def _make(run: Run, claims: Mapping[Identity, tuple[Claim, datetime]]) -> dict[Identity, There]:
    """New rows, their ids by what they were claimed as: those of one claim are alike, so any of them will do."""
    names = ("feed_id", "reference", "channel")
    rows = [(each.feed_id, each.reference, each.channel, created_at) for each, created_at in claims.values()]
    same = {"store": run.store.pk, **_UNTOLD}
    ids: dict[Claim, list[int]] = defaultdict(list)
    for pk, *rest in insert_rows(MarketplaceOrder, (*names, "created_at"), rows, same=same, returning=("id", *names)):
        ids[Claim(*rest)].append(pk)
    return {key: There(ids[each].pop()) for key, (each, _created_at) in claims.items()}
