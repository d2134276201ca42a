"""Which marketplace order each order of the shop is: those that are new to us, and those that are another one than they
were (R39)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sfsync.db.among import among
from sfsync.db.bulk import insert_rows, update_rows
from sfsync.domain.identity import Claim, Verdict, judge
from sfsync.engine.find.marketplace_orders import There, claim, clean, find_or_make
from sfsync.engine.find.merge import learn
from sfsync.engine.find.outbox import queue
from sfsync.engine.kit.context import Run
from sfsync.models import MarketplaceOrder, Order
from sfsync.models.log import Level
from sfsync.models.order import UNSEEN
from sfsync.shops.base import Listing
from sfsync.shops.keys import OrderKey


@dataclass(frozen=True, slots=True)
class Known:
    """A shop order of ours, the marketplace order that it hangs on, and who that is."""

    pk: int
    order_id: int
    claim: Claim


def register(run: Run, listings: Iterable[Listing], *, linked: bool = False) -> set[int]:
    """In a transaction that holds the lease. Of several rows of one order the newest counts. `linked`: see `Noticed`.

    Returns the marketplace orders that are not what they were: their updates are decided anew.
    """
    listed = {each.key: each for each in sorted(listings, key=lambda each: each.row_id)}
    known = _known(run, listed)
    _insert(run, [each for key, each in listed.items() if key not in known], linked=linked)
    verdicts = {key: judge(each.claim, claim(listed[key])) for key, each in known.items()}
    if all(verdict is Verdict.SAME for verdict in verdicts.values()):
        return set()
    return _Moves(run, listed, known, verdicts).make()


def _known(run: Run, listed: Iterable[OrderKey]) -> dict[OrderKey, Known]:
    there = ("marketplace_order", "marketplace_order__feed_id", "marketplace_order__reference")
    rows = Order.objects.filter(store=run.store, key__in=among(listed))
    found = rows.values_list("key", "pk", *there, "marketplace_order__channel")
    return {row[0]: Known(row[1], row[2], Claim(*row[3:])) for row in found}


def _insert(run: Run, fresh: list[Listing], *, linked: bool) -> None:
    there, ordinal = find_or_make(run, fresh), run.store.kind.orders.ordinal
    rows = [
        (each.key, ordinal(each.key), clean(each.shop_reference, 64), each.created_at, *_there(there[each.key]))
        for each in fresh
    ]
    names = ("key", "ordinal", "shop_reference", "created_at", "marketplace_order", "open")
    insert_rows(
        Order,
        names,
        rows,
        same={"store": run.store.pk, "date_add": run.clock(), "linked": linked, **UNSEEN},
    )
    joined = [each for each in fresh if there[each.key].known]
    for each in joined:
        run.journal.say(Level.INFO, "order-joined", there[each.key].pk, shop_order=each.key)
    queue(run, [there[each.key].pk for each in joined])
    run.journal.flush()


class _Moves:
    """What becomes of shop orders whose claim is not what it was. What was told, and what is in flight, stays with the
    marketplace order that it went to."""

    def __init__(
        self,
        run: Run,
        listed: Mapping[OrderKey, Listing],
        known: Mapping[OrderKey, Known],
        verdicts: Mapping[OrderKey, Verdict],
    ) -> None:
        self.run, self.listed, self.known, self.verdicts = run, listed, known, verdicts

    def make(self) -> set[int]:
        self._learn(self._those(Verdict.LEARNT))
        changed = self._rename(self._those(Verdict.RENAMED)) | self._move(
            self._those(Verdict.CORRECTED, Verdict.ANOTHER)
        )
        learnt = {self.known[key].order_id for key in self._those(Verdict.LEARNT)}
        queue(self.run, changed)
        self.run.journal.flush()
        return changed | learnt

    def _those(self, *verdicts: Verdict) -> list[OrderKey]:
        return [key for key, verdict in self.verdicts.items() if verdict in verdicts]

    def _learn(self, keys: Sequence[OrderKey]) -> None:
        ids = {self.known[each].order_id: self.listed[each].feed_id for each in keys}
        learn(self.run, {pk: feed_id for pk, feed_id in ids.items() if feed_id})
        nameless = [each for each in keys if not self.known[each].claim.reference]
        rows = [(self.known[each].order_id, *_names(self.listed[each])) for each in nameless]
        update_rows(MarketplaceOrder, ("id", "reference", "channel"), rows)

    def _rename(self, keys: Sequence[OrderKey]) -> set[int]:
        """The names of its first shop order are the marketplace order's: two that differ must not take turns."""
        ours = {self.known[each].order_id for each in keys}
        shop_orders = Order.objects.filter(marketplace_order__in=ours)
        last_first = shop_orders.order_by("-ordinal", "-key").values_list("marketplace_order", "key")
        first: dict[int, OrderKey] = dict(last_first)
        renamed = [each for each in keys if first[self.known[each].order_id] == each]
        rows = [(self.known[each].order_id, *_names(self.listed[each])) for each in renamed]
        update_rows(MarketplaceOrder, ("id", "reference", "channel"), rows)
        for each in renamed:
            self._say("order-renamed", each, self.known[each].order_id)
        return {self.known[each].order_id for each in renamed}

    def _move(self, keys: Sequence[OrderKey]) -> set[int]:
        """Both are looked at: the one that it leaves may have another shop order, or none."""
        there = find_or_make(self.run, [self.listed[each] for each in keys])
        rows = [(self.known[each].pk, *self._row(each), *_there(there[each])) for each in keys]
        names = ("id", "shop_reference", "created_at", "marketplace_order", "open")
        update_rows(Order, names, rows, same={**UNSEEN, "seen_at": None})
        for each in keys:
            code = "order-corrected" if self.verdicts[each] is Verdict.CORRECTED else "order-replaced"
            for pk in (self.known[each].order_id, there[each].pk):
                self._say(code, each, pk)
        return {self.known[each].order_id for each in keys} | {there[each].pk for each in keys}

    def _row(self, key: OrderKey) -> tuple[object, ...]:
        return (clean(self.listed[key].shop_reference, 64), self.listed[key].created_at)

    def _say(self, code: str, key: OrderKey, pk: int) -> None:
        before, after = str(self.known[key].claim), str(claim(self.listed[key]))
        self.run.journal.say(Level.WARNING, code, pk, shop_order=key, before=before, after=after)


def _there(there: There) -> tuple[int, bool]:
    """What a shop order keeps of its marketplace order."""
    return (there.pk, there.open)


def _names(listing: Listing) -> tuple[str, str]:
    now = claim(listing)
    return (now.reference, now.channel)
