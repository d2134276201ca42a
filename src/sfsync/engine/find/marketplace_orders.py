"""The marketplace order that the shop claims an order to be: by its Shopping Feed id, else by its names, else a new one
(R39)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Upper

from sfsync.db.among import among
from sfsync.db.bulk import insert_rows
from sfsync.db.conflict import KEEP
from sfsync.domain.identity import Claim
from sfsync.domain.operations import ends_order
from sfsync.domain.value import value
from sfsync.engine.find.merge import learn
from sfsync.engine.kit.context import Run
from sfsync.models import MarketplaceOrder, Order
from sfsync.shops.base import Listing
from sfsync.shops.keys import OrderKey, in_order


@value
class There:
    """A marketplace order. `open`: changes of it are looked for. `known`: it was there before."""

    pk: int
    open: bool = True
    known: bool = False


Identity = tuple[str | int, ...]


def claim(listing: Listing) -> Claim:
    return cleaned(Claim(listing.feed_id, listing.reference, listing.channel))


def cleaned(claim: Claim) -> Claim:
    """As our tables can keep it."""
    reference, channel = clean(claim.reference, 255), clean(claim.channel, 64)
    same = reference == claim.reference and channel == claim.channel
    return claim if same else Claim(claim.feed_id, reference, channel)


def clean(text: str, most: int) -> str:
    return text.replace("\x00", "")[:most]


def find_or_make(run: Run, listings: Sequence[Listing]) -> dict[OrderKey, There]:
    """The shop's order → its marketplace order. One statement for a thousand that are all new.

    Where two name one order differently, the names of the first shop order stay.
    """
    claims = {each.key: claim(each) for each in listings}
    identities = {key: _identity(key, each) for key, each in claims.items()}
    created_at = {each.key: each.created_at for each in listings}
    last_first = reversed(in_order(run.store.kind.orders, claims))
    wanted = {identities[key]: (claims[key], created_at[key]) for key in last_first}
    _learn(run, [each for each in claims.values() if each.feed_id])
    there = _find_or_make(run, {identity: each for identity, each in wanted.items() if each[0].feed_id})
    without = {identity: each for identity, each in wanted.items() if not each[0].feed_id}
    if without:
        there |= _by_names(run, [each for each, _created_at in without.values()], [each.pk for each in there.values()])
        there |= _find_or_make(run, {identity: each for identity, each in without.items() if identity not in there})
        run.provisional.made()
    return {key: there[identity] for key, identity in identities.items()}


Wanted = Mapping[Identity, tuple[Claim, datetime]]


def _find_or_make(run: Run, wanted: Wanted) -> dict[Identity, There]:
    there = _make(run, wanted)
    missing = [each for key, (each, _created_at) in wanted.items() if key not in there]
    return there | _read(run, missing) if missing else there


def _identity(key: OrderKey, claimed: Claim) -> Identity:
    """An order that nothing could recognise is like no other."""
    return claimed.identity or ("", "", key)


def _learn(run: Run, claims: list[Claim]) -> None:
    """A claim with an id may name an order that is known by its names alone."""
    if not claims or not run.provisional.any():
        return
    ours = MarketplaceOrder.objects.filter(store=run.store, feed_id=None).exclude(reference="")
    named = ours.filter(reference__in={each.reference for each in claims}).values_list("pk", "reference", "channel")
    by_names = {Claim(None, reference, channel).names: pk for pk, reference, channel in named}
    learn(run, {by_names[each.names]: each.feed_id for each in claims if each.feed_id and each.names in by_names})


def _by_names(run: Run, claims: list[Claim], present: list[int]) -> dict[Identity, There]:
    """A claim without an id is the order of its names, if one alone that we know the id of has them. It must have shop
    orders, or get them now (`present`)."""
    claimed = Exists(Order.objects.filter(marketplace_order=OuterRef("pk"))) | Q(pk__in=present)
    with_id = MarketplaceOrder.objects.filter(claimed, store=run.store, feed_id__isnull=False)
    named = (
        with_id.annotate(upper=Upper("reference"))
        .filter(upper__in={each.reference.upper() for each in claims if each.reference})
        .order_by()
    )
    found: dict[Identity, list[There]] = defaultdict(list)
    for pk, told, *names in named.values_list("pk", "confirmed_operation", "reference", "channel"):
        found[Claim(None, *names).names].append(There(pk, not ends_order(told), known=True))
    return {names: its[0] for names, its in found.items() if len(its) == 1}


def _read(run: Run, claims: list[Claim]) -> dict[Identity, There]:
    """Those that are there: by id, and by names those that have none."""
    ours = MarketplaceOrder.objects.filter(store=run.store).order_by()
    with_id = ours.filter(feed_id__in=among({each.feed_id for each in claims if each.feed_id}))
    references = {each.reference for each in claims if not each.feed_id}
    without = ours.filter(feed_id=None, reference__in=references).exclude(reference="")
    columns = ("pk", "confirmed_operation", "feed_id", "reference", "channel")
    rows = with_id.values_list(*columns).union(without.values_list(*columns), all=True)
    return {Claim(*rest).identity: There(pk, not ends_order(told), known=True) for pk, told, *rest in rows}


_UNTOLD = dict.fromkeys(
    ("fulfilled_by", "confirmed_operation", "confirmed_ticket", "by_hand", "seen_there", "ship_by_from"), ""
) | {"contradicted": False}


def _make(run: Run, claims: Wanted) -> dict[Identity, There]:
    """New rows, where there is none yet. Their ids by what they were claimed as: those of one claim are alike, so any
    of them will do."""
    names = ("feed_id", "reference", "channel")
    rows = [(each.feed_id, each.reference, each.channel, created_at) for each, created_at in claims.values()]
    same = {"store": run.store.pk, **_UNTOLD}
    ids: dict[Claim, list[int]] = defaultdict(list)
    columns, new = (*names, "created_at"), ("id", *names)
    made = insert_rows(MarketplaceOrder, columns, rows, same=same, conflict=KEEP, returning=new)
    for pk, *rest in made:
        ids[Claim(*rest)].append(pk)
    return {key: There(ids[each].pop()) for key, (each, _created_at) in claims.items() if ids[each]}
