"""Which orders came from a marketplace, and which ones they are, as far as the web service shows it (R24)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from sfsync.domain.identity import Claim
from sfsync.shops.base import Listing, ShopMisconfigured
from sfsync.shops.keys import OrderKey
from sfsync.shops.prestashop.about import About
from sfsync.shops.prestashop.clock import to_utc
from sfsync.shops.prestashop.importers_message import reference_in
from sfsync.shops.prestashop.shop_database import batches
from sfsync.shops.prestashop.tracking import clean_text
from sfsync.shops.prestashop.webservice import rows
from sfsync.shops.prestashop.webservice.address import Question, any_of
from sfsync.shops.prestashop.webservice.bridge import MODULES, Bridge
from sfsync.shops.prestashop.webservice.client import WebService

BATCH = 500
WITHOUT = {"webservice-rights", "webservice-version"}
"""What a shop says that has no messages (1.6), or a key that may not read them."""


class Listings:
    """Which order it is stands in the newer module's table, where the bridge shows it; else the marketplace's reference
    is in a private message, where the order's importer left one. An order whose cart was split has the message of its
    twin: both have one reference in the shop, and are listed together, for they are decided together (R38)."""

    def __init__(self, service: WebService, bridge: Bridge, about: Callable[[], About]) -> None:
        self._service, self._bridge, self._about = service, bridge, about
        self._messages = True

    def of(self, keys: Collection[OrderKey]) -> list[Listing]:
        """Those of them that are a marketplace's, and their twins: three questions for five hundred."""
        return [each for some in batches(keys, BATCH) for each in self._batch(some)]

    def _batch(self, ids: list[int]) -> list[Listing]:
        listed = self._listed(ids)
        if twins := self._twins(listed):
            listed += self._listed(twins)
        claims = self._bridge.claims([each.id_order for each in listed])
        told = self._references([each.id_order for each in listed if each.id_order not in claims])
        references = {each.reference: told[each.id_order] for each in listed if each.id_order in told}
        return [
            self._listing(each, claims.get(each.id_order) or _by_message(each, references.get(each.reference, "")))
            for each in listed
        ]

    def _listed(self, ids: Collection[int]) -> list[rows.Listed]:
        filters = {"id": any_of(ids), "module": any_of(MODULES)}
        found = self._service.rows(Question("orders", filters, rows.fields(rows.Listed), most=len(ids) + 1))
        return [rows.read(rows.Listed, each) for each in found]

    def _twins(self, listed: Sequence[rows.Listed]) -> list[int]:
        """Other orders of the same reference. They are few: an answer that names hundreds means something else."""
        references = sorted({each.reference for each in listed if _askable(each.reference)})
        if not references:
            return []
        filters = {"reference": any_of(references), "module": any_of(MODULES)}
        others = {*self._service.ids("orders", filters)} - {each.id_order for each in listed}
        return sorted(others)[-BATCH:]

    def _listing(self, row: rows.Listed, claim: Claim) -> Listing:
        return Listing(
            row_id=row.id_order,
            key=str(row.id_order),
            shop_reference=row.reference,
            feed_id=claim.feed_id,
            reference=claim.reference,
            channel=claim.channel,
            created_at=to_utc(row.date_add, self._about().zone),
        )

    def _references(self, ids: list[int]) -> dict[int, str]:
        """By order. A key that may not read messages is asked for them once."""
        if not (ids and self._messages):
            return {}
        try:
            return self._read_references(ids)
        except ShopMisconfigured as error:
            if error.code not in WITHOUT:
                raise
            self._messages = False
            return {}

    def _read_references(self, ids: list[int]) -> dict[int, str]:
        fields = rows.fields(rows.Message)
        question = Question("messages", {"id_order": any_of(ids), "private": "[1]"}, fields, most=2000)
        found: dict[int, str] = {}
        for row in self._service.all_rows(question):
            message = rows.read(rows.Message, row)
            if message.private and (reference := reference_in(message.message)):
                found.setdefault(message.id_order, reference)
        return found


def _by_message(row: rows.Listed, reference: str) -> Claim:
    return Claim(None, reference, clean_text(row.payment))


def _askable(reference: str) -> bool:
    """PrestaShop gives nine letters; what stands between the brackets of a filter must not end it."""
    return bool(reference) and reference.isascii() and reference.isalnum() and len(reference) <= 10
