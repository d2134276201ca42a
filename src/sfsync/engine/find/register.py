"""Which marketplace order each order of the shop is: those that are new to us, and those that are another one than they
were (R39)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sfsync.db.bulk import insert_rows, update_rows
from sfsync.domain.identity import Claim, Verdict, judge
from sfsync.engine.find.marketplace_orders import There, claim, clean, find_or_make
from sfsync.engine.find.merge import learn
from sfsync.engine.find.outbox import MERGE, queue
from sfsync.engine.kit.context import Run
from sfsync.models import MarketplaceOrder, Order
from sfsync.models.log import Level
from sfsync.shops.base import Listing


@dataclass(frozen=True, slots=True)
class Known:
    """A shop order of ours, the marketplace order that it hangs on, and who that is."""

    pk: int
    order_id: int
    claim: Claim


def register(run: Run, listings: Iterable[Listing]) -> set[int]:
    """In a transaction that holds the lease. Of several rows of one order the newest counts.

    Returns the marketplace orders that are not what they were: their updates are decided anew.
    """
    listed = {each.order_id: each for each in sorted(listings, key=lambda each: each.row_id)}
    known = _known(run, listed)
    _insert(run, [each for order_id, each in listed.items() if order_id not in known])
    verdicts = {order_id: judge(each.claim, claim(listed[order_id])) for order_id, each in known.items()}
    if all(verdict is Verdict.SAME for verdict in verdicts.values()):
        return set()
    return _Moves(run, listed, known, verdicts).make()


def look_again(run: Run) -> None:
    """Every order that the shop lists: an id may be corrected long after the order was read."""
    horizon = run.clock() - timedelta(days=run.conf.sweep_days)
    for page in run.shop.listings_after(0, since=horizon):
        with run.lease.writing("orders"):
            register(run, page)


def _known(run: Run, listed: Iterable[int]) -> dict[int, Known]:
    there = ("marketplace_order", "marketplace_order__feed_id", "marketplace_order__reference")
    rows = Order.objects.filter(store=run.store, shop_order_id__in=list(listed))
    found = rows.values_list("shop_order_id", "pk", *there, "marketplace_order__channel")
    return {row[0]: Known(row[1], row[2], Claim(*row[3:])) for row in found}


def _insert(run: Run, fresh: list[Listing]) -> None:
    there = find_or_make(run, fresh)
    rows = [
        (each.order_id, clean(each.shop_reference, 64), each.created_at, *_there(there[each.order_id]))
        for each in fresh
    ]
    names = ("shop_order_id", "shop_reference", "created_at", "marketplace_order", "open")
    insert_rows(Order, names, rows, same={"store": run.store.pk, "date_add": run.clock(), "seen_tracking": ""})
    joined = [each for each in fresh if there[each.order_id].known]
    for each in joined:
        run.journal.say(Level.INFO, "order-joined", there[each.order_id].pk, shop_order=str(each.order_id))
    queue(run, [there[each.order_id].pk for each in joined], conflict=MERGE)
    run.journal.flush()


class _Moves:
    """What becomes of shop orders whose claim is not what it was. What was told, and what is in flight, stays with the
    marketplace order that it went to."""

    def __init__(
        self,
        run: Run,
        listed: Mapping[int, Listing],
        known: Mapping[int, Known],
        verdicts: Mapping[int, Verdict],
    ) -> None:
        self.run, self.listed, self.known, self.verdicts = run, listed, known, verdicts

    def make(self) -> set[int]:
        self._learn(self._those(Verdict.LEARNT))
        changed = self._rename(self._those(Verdict.RENAMED)) | self._move(
            self._those(Verdict.CORRECTED, Verdict.ANOTHER)
        )
        learnt = {self.known[order_id].order_id for order_id in self._those(Verdict.LEARNT)}
        queue(self.run, changed, conflict=MERGE)
        self.run.journal.flush()
        return changed | learnt

    def _those(self, *verdicts: Verdict) -> list[int]:
        return [order_id for order_id, verdict in self.verdicts.items() if verdict in verdicts]

    def _learn(self, order_ids: Sequence[int]) -> None:
        ids = {self.known[each].order_id: self.listed[each].feed_id for each in order_ids}
        learn(self.run, {pk: feed_id for pk, feed_id in ids.items() if feed_id})

    def _rename(self, order_ids: Sequence[int]) -> set[int]:
        """The names of its first shop order are the marketplace order's: two that differ must not take turns."""
        ours = {self.known[each].order_id for each in order_ids}
        shop_orders = Order.objects.filter(marketplace_order__in=ours)
        first: dict[int, int] = {}
        for pk, order_id in shop_orders.values_list("marketplace_order", "shop_order_id").order_by("-shop_order_id"):
            first[pk] = order_id
        renamed = [each for each in order_ids if first[self.known[each].order_id] == each]
        rows = [(self.known[each].order_id, *_names(self.listed[each])) for each in renamed]
        update_rows(MarketplaceOrder, ("id", "reference", "channel"), rows)
        for each in renamed:
            self._say("order-renamed", each, self.known[each].order_id)
        return {self.known[each].order_id for each in renamed}

    def _move(self, order_ids: Sequence[int]) -> set[int]:
        """Both are looked at: the one that it leaves may have another shop order, or none."""
        there = find_or_make(self.run, [self.listed[each] for each in order_ids])
        rows = [(self.known[each].pk, *self._row(each), *_there(there[each])) for each in order_ids]
        names = ("id", "shop_reference", "created_at", "marketplace_order", "open")
        update_rows(Order, names, rows, same={"seen_status": None, "seen_tracking": "", "seen_at": None})
        for each in order_ids:
            code = "order-corrected" if self.verdicts[each] is Verdict.CORRECTED else "order-replaced"
            for pk in (self.known[each].order_id, there[each].pk):
                self._say(code, each, pk)
        return {self.known[each].order_id for each in order_ids} | {there[each].pk for each in order_ids}

    def _row(self, order_id: int) -> tuple[object, ...]:
        return (clean(self.listed[order_id].shop_reference, 64), self.listed[order_id].created_at)

    def _say(self, code: str, order_id: int, pk: int) -> None:
        before, after = str(self.known[order_id].claim), str(claim(self.listed[order_id]))
        self.run.journal.say(Level.WARNING, code, pk, shop_order=str(order_id), before=before, after=after)


def _there(there: There) -> tuple[int, bool]:
    """What a shop order keeps of its marketplace order."""
    return (there.pk, there.open)


def _names(listing: Listing) -> tuple[str, str]:
    now = claim(listing)
    return (now.reference, now.channel)
