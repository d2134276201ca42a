"""The questions of the first day: those of the settings' forms that nobody else can answer."""

from __future__ import annotations

from collections.abc import Mapping as Table
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from sfsync.backoffice.screens.settings.connection_forms import Connection
from sfsync.backoffice.screens.settings.forms import Mails, Mapping
from sfsync.engine.people.first_day import needed
from sfsync.models import named_settings


class Feed(Connection):
    """The token, and which of the stores that it opens: asked for once the token was accepted."""

    class Meta(Connection.Meta):
        fields = ("name", "api_url")  # type: ignore[assignment]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            del self.fields["name"]

    def shop_fields(self) -> dict[str, forms.Field]:
        return {}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        self._ask_for([] if self.secrets or self.instance.token else ["token"])
        return cleaned

    @property
    def chosen(self) -> int:
        """The store that was chosen on the page, or before; 0 for none."""
        given = self.data.get("feed_store_id", "")
        return int(given) if given.isdecimal() else self.instance.feed_store_id or 0

    def offer(self, opened: Table[int, str]) -> None:
        """Has the page ask which one it is."""
        self.fields["feed_store_id"] = forms.ChoiceField(
            label=_("Store at Shopping Feed"),
            widget=forms.RadioSelect,
            choices=[(number, f"{name} ({number})") for number, name in opened.items()],
        )

    @property
    def changed(self) -> dict[str, Any]:
        return {"api_url": self.cleaned_data["api_url"], "feed_store_id": self.instance.feed_store_id} | self.given


class Shop(Connection):
    """How the shop is reached."""

    class Meta(Connection.Meta):
        fields = ()  # type: ignore[assignment]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["token"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        self._ask_for(named_settings.missing(self.instance))
        return cleaned

    @property
    def lines(self) -> list[Any]:
        """Those that everybody has to fill in, each with what depends on it."""
        return [line for line in super().lines if self._is_needed(line[0].name)]

    @property
    def usual(self) -> list[Any]:
        """The fields that usually stay as they are."""
        return [field for field, _its in super().lines if not self._is_needed(field.name)]

    @property
    def unusual(self) -> bool:
        return any(field.errors for field in self.usual)

    def _is_needed(self, name: str) -> bool:
        return named_settings.key_of(name) in needed(self.instance.kind)

    @property
    def changed(self) -> dict[str, Any]:
        return self.given


class Statuses(Mapping):
    """What the shop's statuses mean, and no more."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["state_policy"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not cleaned["statuses"]:
            raise forms.ValidationError(_("Choose at least one status that marketplaces are told of."))
        return cleaned

    def _reason(self, _status: Any, _choice: Any) -> None:
        """Asked in the settings alone."""

    @property
    def changed(self) -> dict[str, Any]:
        return {"statuses": self.cleaned_data["statuses"]}


class Recipients(Mails):
    """Who hears of orders that need a person."""

    class Meta(Mails.Meta):
        fields = ()  # type: ignore[assignment]

    @property
    def changed(self) -> dict[str, Any]:
        return {"recipients": self.cleaned_data["recipients"]}
