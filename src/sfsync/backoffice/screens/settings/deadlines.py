"""By when orders must be shipped where a marketplace names no deadline, and when people are alerted before it (R25)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from sfsync.backoffice.kit.access import of_store
from sfsync.backoffice.kit.order_filter import channels_of
from sfsync.backoffice.screens.settings.forms import field_of
from sfsync.backoffice.screens.settings.views import save, tab_page
from sfsync.domain.carriers import EVERYWHERE, plain
from sfsync.domain.marketplaces import named
from sfsync.models import Store, validators


class DeadlineRules(forms.Form):
    """One field per marketplace that orders come from, or that has a rule; then one for all others."""

    deadline_steps = forms.CharField(
        label=field_of("deadline_steps").verbose_name, required=False, help_text=field_of("deadline_steps").help_text
    )

    def __init__(self, store: Store, data: Any = None) -> None:
        super().__init__(data, initial={"deadline_steps": ", ".join(map(str, store.deadline_steps))})
        self.rules = {plain(family): hours for family, hours in store.ship_hours.items()}
        for key, name in families(store).items():
            self.fields[f"hours-{key}"] = forms.IntegerField(
                label=name,
                required=False,
                initial=self.rules.get(key),
                min_value=1,
                max_value=validators.MOST_HOURS,
            )

    @property
    def lines(self) -> list[Any]:
        """The fields of the marketplaces."""
        return [self[name] for name in self.fields if name.startswith("hours-")]

    def clean_deadline_steps(self) -> list[int]:
        words = self.cleaned_data["deadline_steps"].replace(",", " ").replace(";", " ").split()
        if not all(each.isascii() and each.isdigit() for each in words):
            raise ValidationError(_("Hours are whole numbers separated by commas."))
        steps = sorted({int(each) for each in words}, reverse=True)
        validators.deadline_steps(steps)
        return steps

    @property
    def changed(self) -> Mapping[str, Any]:
        given = {name.removeprefix("hours-"): self.cleaned_data[name] for name in self.fields if "hours-" in name}
        hours = {family: value for family, value in given.items() if value}
        return {
            "deadline_steps": self.cleaned_data["deadline_steps"],
            **({} if hours == self.rules else {"ship_hours": hours}),
        }


def families(store: Store) -> dict[str, str]:
    """Key → the name that people know, those without a rule of their own last."""
    known = {plain(name): name for name in store.ship_hours} | {plain(name): name for name in channels_of(store)}
    names = named(known[key] for key in sorted(known) if key != EVERYWHERE)
    return {plain(name): shown for name, shown in names.items()} | {EVERYWHERE: _("All other marketplaces")}


@of_store
def deadlines(request: HttpRequest, store: Store) -> HttpResponseBase:
    form = DeadlineRules(store, request.POST or None)
    if request.method == "POST" and form.is_valid():
        return save(request, store, form, "deadlines")
    return tab_page(request, store, "deadlines.html", "deadlines", form=form)
