"""The forms of a store's connection: where its shop is, how to get in, and which account at Shopping Feed is its own.
What is secret is typed in and never shown again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language, gettext, gettext_lazy
from django.utils.translation import gettext as _

from sfsync.backoffice.kit.live_shop import BOTH
from sfsync.backoffice.screens.settings.forms import StoreForm, field_of
from sfsync.db.secrets import Secret
from sfsync.engine.people.change_settings import keep_at_home
from sfsync.models import Store, named_settings, validators
from sfsync.models.store import Language
from sfsync.shops import kinds
from sfsync.shops.setting import Setting

CONNECTION = ("enabled", "group", "feed_store_id", "api_url")


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
        label=field_of("token").verbose_name,
        max_length=500,
        validators=[validators.token],
        help_text=field_of("token").help_text,
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
        self.of_shop = self.shop_fields()
        self.fields.update(self.of_shop)

    def shop_fields(self) -> dict[str, forms.Field]:
        """Those of its shop's settings that this form has."""
        return shop_fields(self.instance)

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


def mails_language() -> str:
    """Of a new store: that of the page."""
    spoken = (get_language() or "")[:2]
    return spoken if spoken in Language.values else Language.ENGLISH


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
        self.initial["language"] = mails_language()
        self.fields["language"].required = False

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        needed = [] if "token" in self.secrets else ["token"]
        self._ask_for([*needed, *named_settings.missing(self.instance)])
        return cleaned

    def clean_language(self) -> str:
        return self.cleaned_data["language"] or mails_language()
