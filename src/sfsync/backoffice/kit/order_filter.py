"""Which orders a person wants to see: the filters of the list, their form, and the query they make."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any, cast

from django import forms
from django.db import connection
from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sfsync import texts
from sfsync.backoffice.kit.keyset import Ordering
from sfsync.backoffice.kit.order_state import OF_THOSE_BACK, State, in_state
from sfsync.domain.marketplaces import named
from sfsync.domain.operations import all_kinds
from sfsync.models import Finding, MarketplaceOrder, Order, Store, Task, Told
from sfsync.models.deadlines import at_risk, late, to_ship
from sfsync.models.order import spelt
from sfsync.shops import kinds

SORTS = {
    "-created_at": (_("Newest order first"), Ordering("created_at")),
    "created_at": (_("Oldest order first"), Ordering("created_at", descending=False)),
    "-ordinal": (_("Order number, high to low"), Ordering("ordinal")),
    "ordinal": (_("Order number, low to high"), Ordering("ordinal", descending=False)),
    "ship_by": (_("Deadline"), Ordering("marketplace_order__ship_by", descending=False)),
    "-confirmed_at": (_("Last confirmed"), Ordering("marketplace_order__confirmed_at")),
}
FOUND = 200
"""Orders that one search shows at most."""
CHANNELS = 100


class OrderFilter(forms.Form):
    """Everything is optional; a wrong value is said beside its field and filters nothing. What is due stands by its
    deadline, where nothing else is chosen."""

    q = forms.CharField(label=_("Search"), required=False, max_length=255)
    state = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("All states")), *State.choices])
    channel = forms.ChoiceField(label=_("Marketplace"), required=False)
    operation = forms.ChoiceField(
        label=_("Update"), required=False, choices=lambda: [("", _("All updates")), *operations()]
    )
    due = forms.ChoiceField(
        label=_("Deadline"), required=False, choices=[("", _("All")), ("late", _("Late")), ("at-risk", _("At risk"))]
    )
    since = forms.DateField(
        label=_("Ordered from"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    until = forms.DateField(
        label=_("Ordered until"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    sort = forms.ChoiceField(
        label=_("Sort"), required=False, choices=[(key, title) for key, (title, _ordering) in SORTS.items()]
    )

    def __init__(self, store: Store, given: Any) -> None:
        if given.get("due") and not given.get("sort"):
            given = given.dict() | {"sort": "ship_by"}
        super().__init__(given, auto_id="filter-%s")
        self.store = store
        field = cast(forms.ChoiceField, self.fields["channel"])
        field.choices = [("", _("All marketplaces")), *named(channels_of(store)).items()]

    def value(self, name: str) -> Any:
        self.is_valid()
        return self.cleaned_data.get(name) or ""

    @property
    def ordering(self) -> Ordering:
        return SORTS.get(self.value("sort"), SORTS["-created_at"])[1]

    @property
    def by_deadline(self) -> bool:
        """Deadlines are what the list is about."""
        return bool(self.value("due")) or self.value("sort") == "ship_by"

    @property
    def narrowed(self) -> bool:
        """Anything but the whole list."""
        return any(self.value(name) for name in ("q", "state", "channel", "operation", "due", "since", "until"))

    def orders(self) -> QuerySet[Order]:
        """The chosen orders, with what their state is made of, not yet sorted."""
        orders = in_state(
            Order.objects.filter(store=self.store), self.store, self.value("state"), self.value("operation")
        )
        if channel := self.value("channel"):
            orders = orders.filter(marketplace_order__channel=channel)
        if since := self.value("since"):
            orders = orders.filter(created_at__gte=midnight(since))
        if until := self.value("until"):
            orders = orders.filter(created_at__lte=midnight(until, time.max))
        if text := self.value("q"):
            orders = orders.filter(pk__in=found(self.store, text))
        if due := self.value("due"):
            orders = orders.filter(marketplace_order__in=due_orders(self.store, due, timezone.now()))
        if self.value("sort") == "ship_by":
            orders = orders.filter(marketplace_order__ship_by__isnull=False)
        if self.value("sort") == "-confirmed_at":
            orders = orders.filter(marketplace_order__confirmed_at__isnull=False)
        return with_state(orders)


def operations() -> list[tuple[str, str]]:
    return [(kind.name, texts.label(kind.name)) for kind in all_kinds() if kind.meaning]


def due_orders(store: Store, due: str, now: datetime) -> QuerySet[MarketplaceOrder]:
    """Those to ship that are `late` or `at-risk` (R25)."""
    return to_ship([store]).filter(late(now) if due == "late" else at_risk([store], now))


def with_state(orders: QuerySet[Order]) -> QuerySet[Order]:
    """With their marketplace orders, and the tasks and the differences of those, and what they were told."""
    tasks = Prefetch("marketplace_order__tasks", Task.objects.living().order_by("id"))
    differences = Prefetch("marketplace_order__findings", Finding.objects.unsettled())
    return orders.select_related("marketplace_order").prefetch_related(tasks, differences, *OF_THOSE_BACK)


def midnight(day: date, at: time = time.min) -> datetime:
    return timezone.make_aware(datetime.combine(day, at))


def found(store: Store, text: str) -> list[int]:
    """The orders that carry this whole number or reference, in capitals or not, each kind through its own index."""
    name = text.strip()
    number = name.removeprefix("#")
    here = [spelt("shop_reference", name), spelt("seen_tracking", name) & ~Q(seen_tracking="")]
    here += [Q(key=key) for key in kinds.order_keys(name)]
    there = [spelt("reference", name)]
    if number.isdecimal() and len(number) <= 18:
        there.append(Q(feed_id=int(number)))
    shop_side = Order.objects.filter(store=store).order_by().values_list("pk", flat=True)
    other_side = MarketplaceOrder.objects.filter(store=store).order_by().values_list("shop_orders", flat=True)
    told = Told.objects.filter(spelt("key", name), ~Q(key=""), order__store=store).order_by()
    found_here = [shop_side.filter(each) for each in here]
    found_there = [other_side.filter(each) for each in there]
    first, *others = found_here
    every = first.union(*others, *found_there, told.values_list("order__shop_orders", flat=True))
    return [pk for pk in every[:FOUND] if pk]


_CHANNELS = """
WITH RECURSIVE names(name) AS (
    SELECT min(channel) FROM sfsync_marketplace_order WHERE store_id = %s
    UNION ALL
    SELECT (SELECT min(channel) FROM sfsync_marketplace_order WHERE store_id = %s AND channel > names.name)
    FROM names WHERE names.name IS NOT NULL
)
SELECT name FROM names WHERE name <> '' LIMIT %s
"""


def channels_of(store: Store) -> list[str]:
    """The marketplaces that the store's orders come from, by name: one look into an index each, not one an order."""
    with connection.cursor() as cursor:
        cursor.execute(_CHANNELS, [store.pk, store.pk, CHANNELS])
        return sorted((row[0] for row in cursor.fetchall()), key=str.casefold)
