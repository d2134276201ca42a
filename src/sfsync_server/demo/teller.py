"""The verbs of the story: each does something for real, and shows it."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.utils import translation

from sfsync import texts
from sfsync.engine.people.acts import retry
from sfsync.engine.run import Result
from sfsync.models import LogEntry, Order
from sfsync.models.log import Level
from sfsync.shops.prestashop.shop import PrestaShop
from sfsync_server.demo.screen import Screen
from sfsync_server.demo.stage import Stage
from shoppingfeed.sandbox import Belief

_STYLES = {Level.WARNING: "yellow", Level.ERROR: "red"}


@dataclass(frozen=True, slots=True)
class Mark:
    """Where log, requests and mails stood before a run."""

    log: int
    requests: int
    mails: int


class Teller:
    """`status_names` are the shop's, in the store's language."""

    def __init__(self, stage: Stage, screen: Screen) -> None:
        self.stage, self.screen = stage, screen
        self.cast: dict[int, str] = {}
        """Every order of the story, with its marketplace."""
        self._present: list[int] = []
        self.status_names = _status_names(stage)

    def scene(self, title: str, meaning: str) -> None:
        self._present = []
        self.screen.heading(title, meaning)

    def order(self, channel: str) -> int:
        """An order steps forward."""
        order_id = self.stage.order(channel)
        self.cast[order_id] = channel
        self._present.append(order_id)
        return order_id

    def set_tracking(self, order_id: int, number: str) -> None:
        self.stage.shop.set_tracking(order_id, number)
        self.screen.line("shop", f"{self._name(order_id)}: the tracking number is “{number}”.")

    def set_status(self, order_id: int, status: int) -> None:
        self.stage.shop.set_status(order_id, status)
        self.screen.line("shop", f"{self._name(order_id)}: the status is “{self.status_names[status]}”.")

    def retry(self, order_id: int) -> None:
        self.screen.line("you", f"$ sfsync retry {order_id}")
        retry(Order.objects.filter(store=self.stage.store, key=order_id), "merchant")
        LogEntry.objects.filter(code="person-retry", order__shop_orders__key=order_id).update(at=self.stage.now())

    def run(self, *, minutes: int = 5, read: bool = False) -> None:
        """The next scheduled run, so many minutes later: what it did, what came of it. `read` the mail too."""
        mark = self._pass_time(minutes)
        result = self.stage.sync()
        self._show_log(mark)
        self._show_troubles(result)
        self._show_answers(mark)
        for order_id in self._present:
            self.screen.line(self.cast[order_id], f"{self._told(order_id)}{_sum(self._belief(order_id))}")
        self._show_mails(mark, read)

    def run_many(self, *, minutes: int = 5) -> None:
        """The same for so many orders that only the sum is shown; this one takes real time."""
        mark = self._pass_time(minutes)
        started = time.perf_counter()
        with self.screen.busy("sfsync sends, at the pace that Shopping Feed allows …"):
            result = self.stage.sync()
        seconds, counts = time.perf_counter() - started, result.counts
        self.screen.line(
            "sfsync",
            f"{counts.sent} sent, {counts.confirmed} confirmed, {counts.failed} failed, in {seconds:.1f} s and with "
            f"{counts.requests} requests: {counts.requests / max(counts.sent, 1):.3f} an order.",
        )
        self._show_troubles(result)
        self._show_answers(mark)
        self._show_mails(mark, read=False)

    def _pass_time(self, minutes: int) -> Mark:
        self.stage.clock.advance(minutes * 60)
        self.screen.line("", f"{self.stage.now():%H:%M}, {minutes} minutes later: a scheduled run", "dim")
        newest = LogEntry.objects.order_by("-id").values_list("id", flat=True).first()
        return Mark(newest or 0, len(self.stage.sandbox.ledger.requests), len(self.stage.mails))

    def _show_log(self, mark: Mark) -> None:
        """What sfsync itself wrote down of the orders, in its own words."""
        entries = (
            LogEntry.objects.filter(id__gt=mark.log, order__isnull=False)
            .select_related("order")
            .prefetch_related("order__shop_orders")
            .order_by("id")
        )
        with translation.override("en"):
            for entry in entries:
                said = texts.sentence(entry.code, _shortened(entry.facts))
                here = entry.order.shop_order if entry.order else None
                name = self._told(int(here.key)) if here else ""
                self.screen.line("sfsync", f"{name}{said}", _STYLES.get(Level(entry.level), ""))

    def _show_troubles(self, result: Result) -> None:
        for stopped in result.troubles:
            self.screen.line("sfsync", f"{stopped.trouble}: {stopped.detail}", "red")

    def _show_answers(self, mark: Mark) -> None:
        statuses = Counter(request.status for request in self.stage.sandbox.ledger.requests[mark.requests :])
        answers = ", ".join(f"{number} × {status or 'no answer'}" for status, number in statuses.items())
        self.screen.line("Shopping Feed", f"answered {answers}" if answers else "was asked nothing", "dim")

    def _show_mails(self, mark: Mark, read: bool) -> None:
        for mail in self.stage.mails[mark.mails :]:
            self.screen.line("mail", f"to {mail.to}: {mail.subject}")
            if read:
                self.screen.letter(mail.text)

    def _belief(self, order_id: int) -> Belief | None:
        return self.stage.sandbox.ledger.belief(self.stage.shop.feed_id(order_id) or 0)

    def _name(self, order_id: int) -> str:
        return f"Order {order_id} from {self.cast[order_id]}"

    def _told(self, order_id: int) -> str:
        """Of whom, where several orders are on stage."""
        return f"order {order_id}: " if len(self._present) > 1 else ""


def believed(belief: Belief | None) -> str:
    """What a marketplace believes, in a few words."""
    if belief is None:
        return "unknown"
    return f"{belief.status.replace('_', ' ')}{', delivered' if belief.delivered else ''}"


def number_of(belief: Belief | None) -> str:
    """The tracking number that a marketplace was told last."""
    return belief.tracking_numbers[-1] if belief and belief.tracking_numbers else ""


def _sum(belief: Belief | None) -> str:
    number = number_of(belief)
    return f"{believed(belief)}{f', tracking number {number}' if number else ''}"


def _shortened(params: dict[str, Any]) -> dict[str, Any]:
    """The ids of batches and tickets are long, and nobody reads them in a story."""
    return {name: value[:8] if name in {"batch", "ticket"} else value for name, value in params.items()}


def _status_names(stage: Stage) -> dict[int, str]:
    shop = PrestaShop(stage.shop.url)
    try:
        return {int(each.status_id): each.name for each in shop.reader.statuses(stage.store.language)}
    finally:
        shop.close()
