"""The forms of a store's settings. Each validates with the rules of the model, so a mistake gets the same sentence
everywhere."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sfsync import texts
from sfsync.backoffice.kit.key_texts import encoded
from sfsync.domain import operations
from sfsync.models import Store, validators
from sfsync.shops.base import Carrier, Status
from sfsync.shops.keys import CarrierKey, Keys, StatusKey, in_order
from sfsync.shops.setting import Mistake

if TYPE_CHECKING:
    StoreForm = forms.ModelForm[Store]
else:
    StoreForm = forms.ModelForm

SENDING = ("mode", "every_minutes", "delay_minutes", "tries", "retry_minutes", "reconcile_hour")
MAILS = ("language", "log_days")


def meanings() -> list[tuple[str, str]]:
    """What a status may mean, for people to choose."""
    words = ((word, texts.label(kind.name)) for word, kind in operations.meanings().items())
    return [("", _("Don't send")), *words]


def field_of(name: str) -> Any:
    """Its label and its help stand there once."""
    return Store._meta.get_field(name)


class Mapping(forms.Form):
    """For each status of the shop one choice: what it means for a marketplace; and where that may carry a reason (R28),
    a field for it."""

    state_policy = forms.ChoiceField(
        label=field_of("state_policy").verbose_name,
        widget=forms.RadioSelect,
        choices=[
            ("current", gettext_lazy("Use the status the order has when the update is sent")),
            ("latest-mapped", gettext_lazy("Use the latest mapped status")),
        ],
        help_text=field_of("state_policy").help_text,
    )

    def __init__(self, store: Store, statuses: Iterable[Status], data: Any = None) -> None:
        self.meaning = {status: word for word, ids in store.statuses.items() for status in ids}
        self.statuses = list(statuses)
        known = {each.status_id for each in self.statuses}
        self.statuses += [
            Status(each, f"#{each}") for each in in_order(store.kind.statuses, self.meaning.keys() - known)
        ]
        self.statuses = [each for each in self.statuses if not each.deleted or each.status_id in self.meaning]
        super().__init__(data, initial={"state_policy": store.state_policy})
        for each in self.statuses:
            self.fields[_field_name(each)] = forms.ChoiceField(
                label=each.name, required=False, choices=meanings, initial=self.meaning.get(each.status_id, "")
            )
            self.fields[_reason_name(each)] = forms.CharField(
                label=_("Reason sent to the marketplace"),
                required=False,
                max_length=validators.LONGEST_REASON,
                initial=store.reasons.get(each.status_id, ""),
            )

    @property
    def lines(self) -> list[tuple[Status, Any, Any]]:
        """Each status with its choice, and its reason or None."""
        return [(each, choice := self[_field_name(each)], self._reason(each, choice)) for each in self.statuses]

    def _reason(self, status: Status, choice: Any) -> Any:
        kind = operations.meanings().get(choice.value() or "")
        return self[_reason_name(status)] if kind and kind.gives_reason else None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        mapping: dict[str, list[StatusKey]] = {}
        for each in self.statuses:
            if word := cleaned.get(_field_name(each)):
                mapping.setdefault(word, []).append(each.status_id)
        cleaned["statuses"] = mapping
        cleaned["reasons"] = {each.status_id: text for each in self.statuses if (text := self._reason_given(each))}
        validators.statuses(mapping)
        return cleaned

    def _reason_given(self, status: Status) -> str:
        """One whose field was not on the page stays as it is."""
        name, choice = _reason_name(status), self[_field_name(status)]
        if not self._reason(status, choice):
            return ""
        return str(self.cleaned_data.get(name, "") if name in self.data else self.fields[name].initial).strip()

    @property
    def changed(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("statuses", "state_policy", "reasons")}


def _field_name(status: Status) -> str:
    return f"status-{encoded(status.status_id)}"


def _reason_name(status: Status) -> str:
    return f"reason-{encoded(status.status_id)}"


WITHOUT = [
    ("never", gettext_lazy("Never – alert me")),
    ("always", gettext_lazy("Always")),
    ("some", gettext_lazy("Only with these carriers")),
]


def carrier_choice(keys: Keys, carriers: list[Carrier], chosen: list[CarrierKey]) -> forms.MultipleChoiceField:
    """Every carrier that orders may still get, and whatever was chosen before, by the key that edits keep."""
    families = {key: each.carrier_id for each in carriers for key in sorted(each.ids)}
    before = {families.get(key, key) for key in chosen}
    known = {each.carrier_id: each for each in carriers if not each.deleted or each.carrier_id in before}
    shown = {key: named(each) for key, each in known.items()}
    shown |= {key: _("unknown to the shop (%(number)s)") % {"number": key} for key in before - known.keys()}
    by_name = sorted(shown.items(), key=lambda each: (each[0] not in known, each[1].casefold()))
    return forms.MultipleChoiceField(
        label=_("Carriers that need no tracking number"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=by_name,
        initial=in_order(keys, before),
        help_text=_("A carrier that is edited in the shop stays selected: it keeps the number shown here."),
    )


def named(carrier: Carrier) -> str:
    """Its name with what sets it apart from another one of the same name."""
    if carrier.deleted:
        text = _("%(name)s (%(number)s, deleted in the shop)")
    elif not carrier.active:
        text = _("%(name)s (%(number)s, not offered now)")
    else:
        text = _("%(name)s (%(number)s)")
    return text % {"name": carrier.name, "number": carrier.carrier_id}


class CarrierNumbers(forms.CharField):
    """Carriers by key, for when the shop cannot be asked for their names."""

    def __init__(self, keys: Keys, chosen: list[CarrierKey]) -> None:
        super().__init__(
            label=_("Carrier numbers"),
            required=False,
            initial=", ".join(chosen),
            help_text=_("As shown in the shop's list of carriers, separated by commas: 1, 5"),
        )
        self.keys = keys

    def clean(self, value: Any) -> list[CarrierKey]:
        text = super().clean(value).replace(",", " ").replace(";", " ").split()
        try:
            return in_order(self.keys, {self.keys.parse(each) for each in text})
        except Mistake:
            raise ValidationError(_("Carriers are numbers separated by commas.")) from None


class Sending(StoreForm):
    """When and how updates leave."""

    without = forms.ChoiceField(
        label=field_of("ship_without_tracking").verbose_name,
        widget=forms.RadioSelect,
        choices=WITHOUT,
        help_text=field_of("ship_without_tracking").help_text,
    )

    class Meta:
        model = Store
        fields = SENDING
        widgets = {"mode": forms.RadioSelect}  # noqa: RUF012

    def __init__(self, *args: Any, carriers: list[Carrier], **kwargs: Any) -> None:
        """`carriers` of the shop are there to choose from; without any their numbers are typed in."""
        super().__init__(*args, **kwargs)
        now: Any = self.instance.ship_without_tracking
        chosen = now if isinstance(now, list) else []
        keys = self.instance.kind.carriers
        self.fields["carriers"] = carrier_choice(keys, carriers, chosen) if carriers else CarrierNumbers(keys, chosen)
        self.initial["without"] = "some" if isinstance(now, list) else "always" if now else "never"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        some = cleaned.get("without") == "some"
        if not some:
            self.errors.pop("carriers", None)
        elif "carriers" in cleaned and not cleaned["carriers"]:
            self.add_error("carriers", _("Select at least one carrier, or choose another option."))
        cleaned["ship_without_tracking"] = cleaned.get("carriers") if some else cleaned.get("without") == "always"
        return cleaned

    @property
    def changed(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in (*SENDING, "ship_without_tracking")}


class Mails(StoreForm):
    """Who hears of failures, in which language, and how long the log is kept."""

    recipients = forms.CharField(
        label=field_of("recipients").verbose_name,
        required=False,
        widget=forms.Textarea({"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
        help_text=field_of("recipients").help_text,
    )

    class Meta:
        model = Store
        fields = MAILS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["recipients"] = "\n".join(self.instance.recipients)

    def clean_recipients(self) -> list[str]:
        addresses = self.cleaned_data["recipients"].replace(",", " ").replace(";", " ").split()
        validators.recipients(addresses)
        return list(dict.fromkeys(addresses))

    @property
    def changed(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in (*MAILS, "recipients")}
