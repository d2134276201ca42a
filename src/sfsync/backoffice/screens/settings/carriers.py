"""What marketplaces get for the shop's carriers (R26, R27): a table for each of them, and how what went out fared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from sfsync.backoffice.kit.access import of_store
from sfsync.backoffice.kit.key_texts import encoded
from sfsync.backoffice.kit.live_shop import carriers_of
from sfsync.backoffice.kit.order_filter import channels_of
from sfsync.backoffice.kit.reader_texts import told
from sfsync.backoffice.screens.settings.forms import named as numbered
from sfsync.backoffice.screens.settings.setting_history import columns
from sfsync.backoffice.screens.settings.views import saved, tab_page
from sfsync.domain.carriers import EVERYWHERE, KEYS, LONGEST, Book, Outgoing, plain, read_book
from sfsync.domain.marketplaces import named
from sfsync.engine.people.shop_carriers import damaged
from sfsync.engine.watch.carriers_fared import DAYS, fared
from sfsync.models import Store
from sfsync.shops.base import Carrier
from sfsync.shops.keys import CarrierKey


class CarrierTable(forms.Form):
    """A line a carrier: what this marketplace gets for it. What is empty is the shop's own."""

    def __init__(self, carriers: Iterable[Carrier], table: Mapping[CarrierKey, Outgoing], data: Any = None) -> None:
        super().__init__(data)
        self.carriers = [each for each in carriers if not each.deleted or each.carrier_id in table]
        for carrier in self.carriers:
            now = table.get(carrier.carrier_id, Outgoing())
            for key in KEYS:
                field = forms.CharField(
                    required=False, max_length=LONGEST, initial=getattr(now, key), label=columns()[key]
                )
                self.fields[_field(key, carrier)] = field

    @property
    def lines(self) -> list[tuple[str, list[Any]]]:
        return [(numbered(each), [self[_field(key, each)] for key in KEYS]) for each in self.carriers]

    @property
    def table(self) -> dict[CarrierKey, dict[str, str]]:
        """As the settings keep it."""
        given = {each.carrier_id: self._given(each) for each in self.carriers}
        return {carrier: line for carrier, line in given.items() if line}

    def _given(self, carrier: Carrier) -> dict[str, str]:
        line = {key: self.cleaned_data.get(_field(key, carrier), "") for key in KEYS}
        return {key: value for key, value in line.items() if value}


def _field(key: str, carrier: Carrier) -> str:
    return f"{key}-{encoded(carrier.carrier_id)}"


@of_store
def carriers(request: HttpRequest, store: Store) -> HttpResponseBase:
    """`channel`: the marketplace whose table it is; none is every one that has no table of its own."""
    known = {plain(name): name for name in channels_of(store)} | {plain(name): name for name in store.carriers}
    asked = plain(request.POST.get("channel") or request.GET.get("channel") or EVERYWHERE)
    channel = asked if asked in known else EVERYWHERE
    if request.method == "POST" and channel != asked:
        messages.error(request, _("Nothing was saved: no order of this store comes from that marketplace any more."))
        return redirect("backoffice:carriers", store.name)
    shop, book = carriers_of(store), read_book(store.carriers)
    form = CarrierTable(shop.found, book.get(channel, {}), request.POST or None)
    if request.method == "POST" and form.is_valid() and _save(request, store, channel, form):
        return redirect(f"{reverse('backoffice:carriers', args=[store.name])}?channel={channel}")
    names = {EVERYWHERE: _("All other marketplaces")} | _names(known)
    return tab_page(
        request,
        store,
        "carriers.html",
        "carriers",
        form=form,
        channel=channel,
        channels=names.items(),
        channel_name=names[channel],
        labels=columns().values(),
        shop=shop,
        damaged=[told("carrier-damaged", {"name": name, "sent": sent}) for name, sent in damaged(store, shop.found)],
        fared=fared(store, lambda name: holds_for(name, channel, book)),
        days=DAYS,
    )


def _names(known: Mapping[str, str]) -> dict[str, str]:
    called = named(known[key] for key in sorted(known) if key != EVERYWHERE)
    return {plain(name): shown for name, shown in called.items()}


def _save(request: HttpRequest, store: Store, channel: str, form: CarrierTable) -> bool:
    """The table of this marketplace alone; carriers that the shop does not name keep what they had."""
    shown = {each.carrier_id for each in form.carriers}
    kept = {plain(family): dict(table) for family, table in store.carriers.items()}
    others = {key: value for key, value in kept.get(channel, {}).items() if key not in shown}
    wanted = {key: table for key, table in (kept | {channel: others | form.table}).items() if table}
    return saved(request, store, {"carriers": wanted})


def holds_for(name: str, channel: str, book: Book) -> bool:
    """Whether this table counts for a marketplace: its family's, or that of all others."""
    if channel != EVERYWHERE:
        return plain(name).startswith(channel)
    return not any(plain(name).startswith(each) for each in book if each != EVERYWHERE)
