"""A week of a shop, told by the sandbox: what happens on five marketplaces, and every mail that the merchant gets.

`python -m pytest tests/database/test_week.py --write-guides` writes `docs/guides/a-week-of-mails.md` anew.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import time_machine
from django.core import mail
from django.core.mail import EmailMultiAlternatives

from sfsync.engine.watch.carriers_fared import never_confirmed
from sfsync.models import Notice, StoreState
from sfsync.notify.digest import compose
from sfsync.testing import CANCELED, SHIPPED, World
from shoppingfeed.sandbox import Fault

MONDAY = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
STEP = timedelta(minutes=30)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
UNKNOWN_CARRIER = "Invalid carrier code: 'TransExpress' is not a valid carrier"
DOWN = "Service unavailable, please try again later"
NOT_FOUND = "Tracking number not found at the carrier"


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail, and the same one as a merchant who reads French gets it."""

    at: datetime
    english: EmailMultiAlternatives
    french: EmailMultiAlternatives


class Week:
    """Moves the shop, Shopping Feed and the clock; a sync runs every half hour."""

    def __init__(self, world: World, traveller: time_machine.Traveller) -> None:
        self.world, self.letters, self.made = world, list[Letter](), list[int]()
        self._traveller, self._numbers, self._named = traveller, count(1), set[tuple[str, str]]()

    @property
    def now(self) -> datetime:
        return self.world.now()

    def until(self, day: str, hour: int, minute: int = 0) -> None:
        at = MONDAY.replace(hour=hour, minute=minute) + timedelta(days=DAYS.index(day))
        while self.now < at:
            self._pass(min(STEP, at - self.now))
            self.sync()

    def sync(self) -> None:
        before = self.now
        self.world.sync(wait=20)
        self._traveller.shift(self.now - before)
        outbox: list[Any] = mail.outbox
        self.letters += [Letter(self.now, each, self._in_french()) for each in outbox]
        mail.outbox.clear()

    def _in_french(self) -> EmailMultiAlternatives:
        """Of the notices that were mailed just now: a sync sends one mail."""
        mailed = (
            Notice.objects.filter(store=self.world.store).order_by("-mailed_at").values_list("mailed_at", flat=True)
        )
        notices = Notice.objects.filter(store=self.world.store, mailed_at=mailed[0]).select_related("order")
        store = copy(self.world.store)
        store.language = "fr"
        return compose(store, list(notices.prefetch_related("order__shop_orders")), self._new_carriers())

    def _new_carriers(self) -> list[tuple[str, str]]:
        """Those that this mail names."""
        book = StoreState.objects.get(pk=self.world.store.pk).carriers
        named = {(channel, carrier) for channel, its in book.items() for carrier, told in its.items() if told}
        new = sorted(named - self._named)
        self._named |= named
        return never_confirmed(self.world.store, new)

    def orders(self, channel: str, number: int = 1, *, ship_by: datetime | None = None) -> list[int]:
        """New orders, paid, which their marketplace shows as waiting."""
        first = 1_080_000_000_000 + 1000 * next(self._numbers)
        orders = self.world.shop.add_orders(number, channel=channel, first_feed_id=first)
        due = (ship_by or self.now + timedelta(days=5)).timestamp()
        self.world.list_there(*orders, latest_ship_date=due)
        self.made += orders
        return orders

    def ship(self, order: int) -> None:
        self.world.ship(order, self.number())

    def number(self) -> str:
        return f"6A{20394857000 + next(self._numbers)}"

    def _pass(self, duration: timedelta) -> None:
        self.world.clock.advance(duration.total_seconds())
        self._traveller.shift(duration)


def monday(week: Week) -> None:
    """Eight parcels leave. One of them is marked as shipped before its label is printed: the tracking number comes two
    hours later."""
    week.until("Monday", 10)
    for channel in ("Amazon", "CDiscount", "ManoMano", "Zalando", "Rakuten", "Amazon", "CDiscount"):
        week.ship(week.orders(channel)[0])
    [late] = week.orders("Rakuten")
    week.world.shop.set_status(late, SHIPPED)
    week.until("Monday", 12)
    week.world.shop.set_tracking(late, week.number())


def tuesday(week: Week) -> None:
    """A new carrier. Amazon does not know it until somebody matches it at Shopping Feed, ten minutes later; the next
    attempt is accepted."""
    week.until("Tuesday", 9)
    [order] = week.orders("Amazon")
    unknown = Fault("refuse", order_id=week.world.feed_id(order), times=None, message=UNKNOWN_CARRIER)
    fault = week.world.sandbox.fault(unknown)
    week.ship(order)
    week.sync()
    week.until("Tuesday", 9, 10)
    week.world.sandbox.remove_fault(fault)


def wednesday(week: Week) -> None:
    """A customer changes his mind: Zalando cancels an order that is still to be packed. Another order is forgotten on a
    shelf, to be shipped by Thursday at six in the evening."""
    week.until("Wednesday", 8)
    [called_off] = week.orders("Zalando")
    [forgotten] = week.orders("ManoMano", ship_by=MONDAY + timedelta(days=3, hours=12))
    week.until("Wednesday", 11)
    week.world.sandbox.change_order(week.world.feed_id(called_off), status="cancelled")
    week.until("Wednesday", 14)
    week.world.shop.set_status(called_off, CANCELED)
    week.until("Thursday", 9)
    week.ship(forgotten)


def thursday(week: Week) -> None:
    """CDiscount is down for an hour, in which twelve parcels for it leave."""
    week.until("Thursday", 10)
    orders = week.orders("CDiscount", 12)
    faults = [
        week.world.sandbox.fault(Fault("refuse", order_id=week.world.feed_id(order), times=None, message=DOWN))
        for order in orders
    ]
    for order in orders:
        week.ship(order)
    week.until("Thursday", 11)
    for fault in faults:
        week.world.sandbox.remove_fault(fault)
    week.until("Thursday", 12)


def friday(week: Week) -> None:
    """ManoMano confirms a shipment, and rejects it three hours later: the number was of another parcel. The merchant
    corrects it on Saturday."""
    week.until("Friday", 9)
    [order] = week.orders("ManoMano")
    feed_id = week.world.feed_id(order)
    week.world.sandbox.fault(Fault("refuse-later", order_id=feed_id, seconds=3 * 3600, message=NOT_FOUND))
    week.ship(order)
    week.until("Saturday", 9)
    week.world.shop.set_tracking(order, week.number())


def weekend(week: Week) -> None:
    """Three more orders, three more parcels, and nothing to be told."""
    week.until("Saturday", 10)
    for channel in ("Amazon", "Rakuten", "Zalando"):
        week.ship(week.orders(channel)[0])
    week.until("Sunday", 20)


SCENES: Sequence[Callable[[Week], None]] = (monday, tuesday, wednesday, thursday, friday, weekend)


def told(folder: Path) -> tuple[Week, dict[str, list[Letter]]]:
    """The week from beginning to end, and the mails of each scene."""
    with time_machine.travel(MONDAY, tick=False) as traveller:
        week = Week(World(folder, orders=1), traveller)
        week.sync()
        return week, {scene.__name__: list(_played(week, scene)) for scene in SCENES}


def _played(week: Week, scene: Callable[[Week], None]) -> Iterator[Letter]:
    """A scene's mails are those that came until the next one begins."""
    before = len(week.letters)
    scene(week)
    yield from week.letters[before:]


# --- the page ---------------------------------------------------------------------------------------------------------

GUIDE = Path(__file__).resolve().parents[1] / "docs" / "guides" / "a-week-of-mails.md"
HEAD = """# A week of mails

What a merchant hears of in a week, and what not: five marketplaces, {orders} orders, and most of what goes wrong in
real life. The week is told by the [sandbox](../sandbox.md); a sync runs every half hour. These are all the mails that
were sent, word for word, in English and in French: {mails} of them. (A test writes this page, and fails when a mail
reads otherwise: `pytest tests/database/test_week.py --write-guides` writes it anew.)

"""


def guide(orders: int, letters: Mapping[str, list[Letter]]) -> str:
    head = HEAD.format(orders=orders, mails=sum(map(len, letters.values())))
    return head + "\n".join(_chapter(scene, letters[scene.__name__]) for scene in SCENES)


def _chapter(scene: Callable[[Week], None], letters: list[Letter]) -> str:
    lines = [f"## {scene.__name__.capitalize()}", "", " ".join((scene.__doc__ or "").split()), ""]
    for letter in letters:
        lines += [f"**{letter.at:%A, %H:%M}**", "", *_quoted(letter.english), *_quoted(letter.french)]
    return "\n".join(lines if letters else [*lines, "No mail.", ""])


def _quoted(letter: EmailMultiAlternatives) -> list[str]:
    """The text, without the headline that repeats the subject."""
    text = _plain(str(letter.body)).strip().partition("\n")[2].strip()
    return ["```text", f"Subject: {_plain(str(letter.subject))}", "", text, "```", ""]


def _plain(text: str) -> str:
    """The ids of batches and tickets are other ones each time."""
    return "\n".join(line.rstrip() for line in re.sub(r"\b[0-9a-f]{32}\b", "4c1f…", text).splitlines())
