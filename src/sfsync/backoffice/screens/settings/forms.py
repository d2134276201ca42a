"""The forms of a store's settings. Each validates with the rules of the model, so a mistake gets the same sentence
everywhere."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language, gettext, gettext_lazy
from django.utils.translation import gettext as _

from sfsync import texts
from sfsync.backoffice.kit.key_texts import encoded
from sfsync.backoffice.kit.live_shop import BOTH
from sfsync.db.secrets import Secret
from sfsync.domain import operations
from sfsync.engine.people.change_settings import keep_at_home
from sfsync.models import Store, named_settings, validators
from sfsync.models.store import Language
from sfsync.shops import kinds
from sfsync.shops.base import Carrier, Status
from sfsync.shops.keys import CarrierKey, Keys, StatusKey, in_order
from sfsync.shops.setting import Mistake, Setting

if TYPE_CHECKING:
    StoreForm = forms.ModelForm[Store]
else:
    StoreForm = forms.ModelForm

SENDING = ("mode", "every_minutes", "delay_minutes", "tries", "retry_minutes", "reconcile_hour")
MAILS = ("language", "log_days")
CONNECTION = ("enabled", "feed_store_id", "api_url")


def meanings() -> list[tuple[str, str]]:
    """What a status may mean, for people to choose."""
    words = ((word, texts.label(kind.name)) for word, kind in operations.meanings().items())
    return [("", _("Don't send")), *words]


def _field(name: str) -> Any:
    """Its label and its help stand there once."""
    return Store._meta.get_field(name)


class Mapping(forms.Form):
    """One choice a status of the shop: what it means for a marketplace."""

    state_policy = forms.ChoiceField(
        label=_field("state_policy").verbose_name,
        widget=forms.RadioSelect,
        choices=[
            ("current", gettext_lazy("Use the status the order has when the update is sent")),
            ("latest-mapped", gettext_lazy("Use the latest mapped status")),
        ],
        help_text=_field("state_policy").help_text,
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

    @property
    def lines(self) -> list[tuple[Status, Any]]:
        return [(each, self[_field_name(each)]) for each in self.statuses]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        mapping: dict[str, list[StatusKey]] = {}
        for each in self.statuses:
            if word := cleaned.get(_field_name(each)):
                mapping.setdefault(word, []).append(each.status_id)
        cleaned["statuses"] = mapping
        validators.statuses(mapping)
        return cleaned

    @property
    def changed(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("statuses", "state_policy")}


def _field_name(status: Status) -> str:
    return f"status-{encoded(status.status_id)}"


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
        label=_field("ship_without_tracking").verbose_name,
        widget=forms.RadioSelect,
        choices=WITHOUT,
        help_text=_field("ship_without_tracking").help_text,
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
        label=_field("recipients").verbose_name,
        required=False,
        widget=forms.Textarea({"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
        help_text=_field("recipients").help_text,
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


class SecretInput(forms.CharField):
    """Typed in, never shown again; left empty it keeps what is there."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, widget=forms.PasswordInput({"autocomplete": "off"}), **kwargs)


def shop_fields(store: Store) -> dict[str, forms.Field]:
    """A field for each of the shop's settings that leaves a choice, by its name; none for a kind that is unknown."""
    if store.shop_kind not in kinds.names():
        return {}
    return {
        f"{named_settings.PREFIX}{key}": _shop_field(
            setting, named_settings.get(store, f"{named_settings.PREFIX}{key}")
        )
        for key, setting in store.kind.settings.items()
        if not setting.choices or len(setting.choices) > 1
    }


def _shop_field(setting: Setting, now: Any) -> forms.Field:
    common: dict[str, Any] = {
        "label": gettext(setting.label),
        "help_text": gettext(setting.help),
        "validators": named_settings.checks(setting, typed=True),
    }
    if setting.secret:
        return SecretInput(**common, max_length=1000)
    if setting.choices:
        choices = [(value, gettext(label)) for value, label in setting.choices.items()]
        return forms.ChoiceField(**common, initial=now, choices=choices, widget=forms.RadioSelect, required=False)
    if setting.type is int:
        return forms.IntegerField(**common, initial=now, min_value=setting.least, max_value=setting.most)
    if setting.type is bool:
        return forms.BooleanField(label=common["label"], help_text=common["help_text"], initial=now, required=False)
    return forms.CharField(**common, initial=now, required=False, max_length=1000)


def secrets_of(form: Any, *names: str) -> dict[str, Secret]:
    """What was typed into these fields, and what the page relies on as kept (`pending_secrets`)."""
    found = {name: Secret(form.cleaned_data[name]) for name in names if form.cleaned_data.get(name)}
    for name in {*names}.intersection(form.data.get("kept", "").split()) - found.keys():
        if name in form.kept:
            found[name] = form.kept[name]
        else:
            form.add_error(name, _("What you typed was kept for a few minutes only: please type it again."))
    return found


def new_token() -> SecretInput:
    return SecretInput(
        label=_field("token").verbose_name,
        max_length=500,
        validators=[validators.token],
        help_text=_field("token").help_text,
    )


class Token(forms.Form):
    """What a merchant may change of the connection."""

    token = new_token()
    tries = ("feed",)

    def __init__(self, data: Any = None, *, instance: Store, kept: dict[str, Secret] | None = None) -> None:
        super().__init__(data)
        self.instance, self.kept = instance, kept or {}
        self.secrets: dict[str, Secret] = {}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.secrets = secrets_of(self, "token")
        return cleaned

    @property
    def changed(self) -> dict[str, Any]:
        return dict(self.secrets)

    @property
    def lines(self) -> list[tuple[Any, list[Any]]]:
        return [(each, []) for each in self]


class Connection(StoreForm):
    """The whole connection: an administrator's business, since it says which servers are spoken to."""

    token = new_token()
    tries = BOTH

    class Meta:
        model = Store
        fields = CONNECTION

    def __init__(self, *args: Any, kept: dict[str, Secret] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kept = kept or {}
        self.secrets: dict[str, Secret] = {}
        self.of_shop = shop_fields(self.instance)
        self.fields.update(self.of_shop)

    def clean(self) -> dict[str, Any]:
        """The model's rules, which follow, judge the store with its new secrets and its shop's settings."""
        cleaned = super().clean() or {}
        counting = self._counting(cleaned)
        hidden = [name for name in counting if isinstance(self.of_shop[name], SecretInput)]
        self.secrets = secrets_of(self, "token", *hidden)
        self._keep_typed_secrets_at_home()
        shop = {name: cleaned[name] for name in counting if name in cleaned and self._shown(name)}
        self.given = {name: value for name, value in shop.items() if name not in hidden} | self.secrets
        named_settings.put(self.instance, self.given)
        self._judge_beside_each_other(cleaned)
        self._keep_the_token(cleaned)
        if cleaned.get("enabled"):
            self._ask_for(named_settings.missing(self.instance))
        return cleaned

    def _counting(self, cleaned: dict[str, Any]) -> list[str]:
        """The shop's fields that the chosen way of connecting needs; whatever the others hold is not looked at."""
        if self.instance.shop_kind not in kinds.names():
            return []
        kind, prefix = self.instance.kind, named_settings.PREFIX
        shown = [name for name in self.of_shop if name in cleaned and self._shown(name)]
        now = {name.removeprefix(prefix): cleaned[name] for name in shown}
        values = kind.complete(self.instance.shop_settings | now)
        counting = [name for name in self.of_shop if kind.settings[name.removeprefix(prefix)].counts(values)]
        for name in self.of_shop.keys() - counting:
            self.errors.pop(name, None)
        return counting

    def _judge_beside_each_other(self, cleaned: dict[str, Any]) -> None:
        """What is kept matters only to a store that is switched on."""
        wrong = named_settings.beside_each_other(self.instance) if self.of_shop else {}
        for name, errors in wrong.items():
            if name not in self.errors and (name in self.given or cleaned.get("enabled")):
                self.add_error(name, errors[0])

    def _keep_typed_secrets_at_home(self) -> None:
        """One that was typed a while ago was typed for the address of then."""
        homes = named_settings.homes(self.instance) if self.of_shop else {}
        for name, address in homes.items():
            typed = name in self.secrets and not self.cleaned_data.get(name)
            if typed and self.cleaned_data.get(address):
                del self.secrets[name]
                self.add_error(name, _("What you typed was for another address: please type it again."))

    @property
    def lines(self) -> list[tuple[Any, list[tuple[Any, list[Any]]]]]:
        """Each field, and where it is a choice that others depend on, each choice with those that it alone needs."""
        depending: dict[str, dict[str, list[Any]]] = {}
        for name in self.of_shop:
            if when := self.instance.kind.settings[named_settings.key_of(name)].when:
                its = depending.setdefault(f"{named_settings.PREFIX}{when[0]}", {})
                its.setdefault(when[1], []).append(self[name])
        inside = {each.name for its in depending.values() for some in its.values() for each in some}
        return [
            (each, [(way, depending[each.name].get(way.data["value"], [])) for way in each])
            if each.name in depending and each.name in self.of_shop
            else (each, [])
            for each in self
            if each.name not in inside or not self._has_choice(each.name)
        ]

    def _has_choice(self, name: str) -> bool:
        """What it depends on is a field of this form."""
        when = self.instance.kind.settings[named_settings.key_of(name)].when
        return bool(when and f"{named_settings.PREFIX}{when[0]}" in self.of_shop)

    def _keep_the_token(self, cleaned: dict[str, Any]) -> None:
        """Before anything is tried: a try sends the token as well."""
        try:
            if self.instance.pk and "api_url" in cleaned:
                keep_at_home(Store.objects.get(pk=self.instance.pk), {"api_url": cleaned["api_url"], **self.secrets})
        except ValidationError as error:
            self.add_error(None, error)

    def _ask_for(self, names: Iterable[str]) -> None:
        for name in names:
            if name not in self.errors:
                self.add_error(name, _("Required."))

    def _shown(self, name: str) -> bool:
        """A field that the page did not have keeps what was there."""
        return not self.of_shop[name].widget.value_omitted_from_data(self.data, self.files, name)

    @property
    def changed(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in CONNECTION} | self.given


class NewStore(Connection):
    """A store that is not there yet: its secrets are needed. Its mails speak the page's language, unless told else."""

    class Meta(Connection.Meta):
        fields = ("name", "language", *CONNECTION)  # type: ignore[assignment]
        error_messages = {  # noqa: RUF012
            "name": {
                "invalid": gettext_lazy("Only letters, digits and hyphens: no spaces and no accents."),
            }
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["language"] = self._of_the_page()
        self.fields["language"].required = False

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        needed = [] if "token" in self.secrets else ["token"]
        self._ask_for([*needed, *named_settings.missing(self.instance)])
        return cleaned

    def clean_language(self) -> str:
        return self.cleaned_data["language"] or self._of_the_page()

    @staticmethod
    def _of_the_page() -> str:
        spoken = (get_language() or "")[:2]
        return spoken if spoken in Language.values else Language.ENGLISH
