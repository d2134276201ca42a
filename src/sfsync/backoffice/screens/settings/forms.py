"""The forms of a store's settings. Each validates with the rules of the model, so a mistake gets the same sentence
everywhere."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from sfsync import texts
from sfsync.backoffice.kit.live_shop import BOTH
from sfsync.db.secrets import Secret
from sfsync.domain import operations
from sfsync.models import Store, validators
from sfsync.models.store import Language
from sfsync.shops.base import Carrier, Status

if TYPE_CHECKING:
    StoreForm = forms.ModelForm[Store]
else:
    StoreForm = forms.ModelForm

SENDING = ("mode", "every_minutes", "delay_minutes", "tries", "retry_minutes")
MAILS = ("language", "log_days")
CONNECTION = ("enabled", "feed_store_id", "api_url", "shop_prefix", "shop_id")


def meanings() -> list[tuple[str, str]]:
    """What a status may mean, for people to choose."""
    words = ((word, texts.label(kind.name)) for word, kind in operations.meanings().items())
    return [("", _("Nothing: the marketplace is not told")), *words]


class Mapping(forms.Form):
    """One choice a status of the shop: what it means for a marketplace."""

    state_policy = forms.ChoiceField(
        label=gettext_lazy("Which status counts"),
        widget=forms.RadioSelect,
        choices=[
            ("current", gettext_lazy("The status the order has when the update is sent")),
            ("latest-mapped", gettext_lazy("The last status that means something in the list above")),
        ],
        help_text=gettext_lazy(
            "An order may go from “Shipped” to an unmapped status before it is sent. With the first choice nothing is "
            "sent then; with the second one it is still sent as shipped."
        ),
    )

    def __init__(self, store: Store, statuses: Iterable[Status], data: Any = None) -> None:
        self.meaning = {status: word for word, ids in store.statuses.items() for status in ids}
        self.statuses = list(statuses)
        known = {each.status_id for each in self.statuses}
        self.statuses += [Status(each, f"#{each}") for each in sorted(self.meaning.keys() - known)]
        self.statuses = [each for each in self.statuses if not each.deleted or each.status_id in self.meaning]
        super().__init__(data, initial={"state_policy": store.state_policy})
        for each in self.statuses:
            self.fields[f"status-{each.status_id}"] = forms.ChoiceField(
                label=each.name, required=False, choices=meanings, initial=self.meaning.get(each.status_id, "")
            )

    @property
    def lines(self) -> list[tuple[Status, Any]]:
        return [(each, self[f"status-{each.status_id}"]) for each in self.statuses]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        mapping: dict[str, list[int]] = {}
        for each in self.statuses:
            if word := cleaned.get(f"status-{each.status_id}"):
                mapping.setdefault(word, []).append(each.status_id)
        cleaned["statuses"] = mapping
        validators.statuses(mapping)
        return cleaned

    @property
    def changed(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("statuses", "state_policy")}


WITHOUT = [
    ("never", gettext_lazy("Never: wait for the number, then ask me")),
    ("always", gettext_lazy("Always")),
    ("some", gettext_lazy("Only with these carriers")),
]


def carrier_choice(carriers: list[Carrier], chosen: list[int]) -> forms.TypedMultipleChoiceField:
    """Every carrier that orders may still get, and whatever was chosen before, by the number that edits keep."""
    families = {number: each.carrier_id for each in carriers for number in sorted(each.ids)}
    before = {families.get(number, number) for number in chosen}
    known = {each.carrier_id: each for each in carriers if not each.deleted or each.carrier_id in before}
    shown: dict[int, str] = {number: named(each) for number, each in known.items()}
    shown |= {number: _("unknown to the shop (%(number)s)") % {"number": number} for number in before - known.keys()}
    by_name = sorted(shown.items(), key=lambda each: (each[0] not in known, each[1].casefold()))
    return forms.TypedMultipleChoiceField(
        label=_("Carriers that need no tracking number"),
        required=False,
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        choices=by_name,
        initial=sorted(before),
        help_text=_("A carrier that is edited in the shop stays chosen: it keeps the number shown here."),
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
    """Carriers by number, for when the shop cannot be asked for their names."""

    def __init__(self, chosen: list[int]) -> None:
        super().__init__(
            label=_("Carrier numbers"),
            required=False,
            initial=", ".join(map(str, chosen)),
            help_text=_("As the list of carriers in the shop shows them, separated by commas: 1, 5"),
        )

    def clean(self, value: Any) -> list[int]:
        text = super().clean(value).replace(",", " ").replace(";", " ").split()
        if not all(each.isdecimal() and len(each) <= 9 for each in text):
            raise ValidationError(_("Carriers are numbers separated by commas."))
        return sorted({int(each) for each in text})


class Sending(StoreForm):
    """When and how updates leave."""

    without = forms.ChoiceField(
        label=gettext_lazy("Ship without a tracking number"),
        widget=forms.RadioSelect,
        choices=WITHOUT,
        help_text=gettext_lazy(
            "Some carriers have no tracking numbers, click and collect for instance. The wait above comes first."
        ),
    )

    class Meta:
        model = Store
        fields = SENDING
        widgets = {"mode": forms.RadioSelect}  # noqa: RUF012
        labels = {  # noqa: RUF012
            "mode": gettext_lazy("When updates are sent"),
            "every_minutes": gettext_lazy("Minutes between two runs"),
            "delay_minutes": gettext_lazy("Minutes to wait for a tracking number"),
            "tries": gettext_lazy("Tries"),
            "retry_minutes": gettext_lazy("Minutes before the second try"),
        }
        help_texts = {  # noqa: RUF012
            "mode": gettext_lazy("In real time needs the service to run; in batches works with a scheduled task too."),
            "every_minutes": gettext_lazy("In batches: how often everything that changed is sent together."),
            "delay_minutes": gettext_lazy(
                "When an order becomes shipped before its tracking number is filled in. After that it needs you."
            ),
            "tries": gettext_lazy("How often a refused update is tried before it needs you."),
            "retry_minutes": gettext_lazy("Each further try waits three times as long, six hours at most."),
        }

    def __init__(self, *args: Any, carriers: list[Carrier], **kwargs: Any) -> None:
        """`carriers` of the shop are there to choose from; without any their numbers are typed in."""
        super().__init__(*args, **kwargs)
        now: Any = self.instance.ship_without_tracking
        chosen = now if isinstance(now, list) else []
        self.fields["carriers"] = carrier_choice(carriers, chosen) if carriers else CarrierNumbers(chosen)
        self.initial["without"] = "some" if isinstance(now, list) else "always" if now else "never"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        some = cleaned.get("without") == "some"
        if not some:
            self.errors.pop("carriers", None)
        elif "carriers" in cleaned and not cleaned["carriers"]:
            self.add_error("carriers", _("Name at least one carrier, or choose another answer."))
        cleaned["ship_without_tracking"] = cleaned.get("carriers") if some else cleaned.get("without") == "always"
        return cleaned

    @property
    def changed(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in (*SENDING, "ship_without_tracking")}


class Mails(StoreForm):
    """Who hears of failures, in which language, and how long the log is kept."""

    recipients = forms.CharField(
        label=gettext_lazy("Recipients"),
        required=False,
        widget=forms.Textarea({"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy("One mail address a line. Each failing order is told once, all of a run in one mail."),
    )

    class Meta:
        model = Store
        fields = MAILS
        labels = {  # noqa: RUF012
            "language": gettext_lazy("Language of the mails"),
            "log_days": gettext_lazy("Days that the log is kept"),
        }
        help_texts = {  # noqa: RUF012
            "language": gettext_lazy("These pages are in the language that you choose at the top."),
            "log_days": gettext_lazy("Older entries are removed; what is not finished is never touched."),
        }

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

    widget = forms.PasswordInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, widget=forms.PasswordInput({"autocomplete": "off"}), **kwargs)


def secrets_of(form: Any, *names: str) -> dict[str, Secret]:
    """What was typed into these fields, and what the page relies on as kept (`pending_secrets`)."""
    found = {name: Secret(form.cleaned_data[name]) for name in names if form.cleaned_data.get(name)}
    for name in {*names}.intersection(form.data.get("kept", "").split()) - found.keys():
        if name in form.kept:
            found[name] = form.kept[name]
        else:
            form.add_error(name, _("What you typed was kept for a few minutes only: type it again."))
    return found


def not_a_file(value: str) -> None:
    """A shop that is a file of the server is the business of who may read the server's files."""
    if "".join(value.split()).lower().startswith("sqlite:"):
        raise ValidationError(
            _(
                "A file of the server can be given on its command line only. Here the address starts with mysql+pymysql://."
            )
        )


def new_token() -> SecretInput:
    return SecretInput(
        label=gettext_lazy("New token"),
        max_length=500,
        validators=[validators.token],
        help_text=gettext_lazy("What Shopping Feed gave you for its API, in place of a name and a password."),
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


class Connection(StoreForm):
    """The whole connection: an administrator's business, since it says which servers are spoken to."""

    token = new_token()
    shop_url = SecretInput(
        label=gettext_lazy("New address of the shop's database"),
        max_length=1000,
        validators=[validators.shop_url, not_a_file],
        help_text=gettext_lazy("mysql+pymysql://reader:password@host:3306/shop, with an account that may only read."),
    )

    tries = BOTH

    class Meta:
        model = Store
        fields = CONNECTION
        labels = {  # noqa: RUF012
            "enabled": gettext_lazy("This store is switched on"),
            "feed_store_id": gettext_lazy("Store number at Shopping Feed"),
            "api_url": gettext_lazy("Address of the Shopping Feed API"),
            "shop_prefix": gettext_lazy("Prefix of the shop's tables"),
            "shop_id": gettext_lazy("Number of the shop in its database"),
        }
        help_texts = {  # noqa: RUF012
            "shop_id": gettext_lazy("1, unless several shops share the database."),
            "shop_prefix": gettext_lazy("ps_, unless it was changed when the shop was installed."),
            "enabled": gettext_lazy("Switched off, nothing is looked at and nothing is sent; what waits is kept."),
            "feed_store_id": gettext_lazy(
                "One token may open several stores: this is the one that the orders belong to."
            ),
            "api_url": gettext_lazy("Shopping Feed's own, unless you try things out on another one."),
        }

    def __init__(self, *args: Any, kept: dict[str, Secret] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kept = kept or {}
        self.secrets: dict[str, Secret] = {}

    def clean(self) -> dict[str, Any]:
        """The model's rules, which follow, judge the store with its new secrets."""
        cleaned = super().clean() or {}
        self.secrets = secrets_of(self, "token", "shop_url")
        for name, secret in self.secrets.items():
            setattr(self.instance, name, secret)
        return cleaned

    @property
    def changed(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in CONNECTION} | self.secrets


class NewStore(Connection):
    """A store that is not there yet: both secrets are needed. Its mails speak the page's language, unless told else."""

    class Meta(Connection.Meta):
        fields = ("name", "language", *CONNECTION)  # type: ignore[assignment]
        labels = Connection.Meta.labels | {
            "name": gettext_lazy("Name"),
            "language": Mails.Meta.labels["language"],
        }
        help_texts = Connection.Meta.help_texts | {
            "name": gettext_lazy("Short, of letters, digits and hyphens; it appears in addresses and cannot change."),
            "language": Mails.Meta.help_texts["language"],
        }
        error_messages = {  # noqa: RUF012
            "name": {
                "invalid": gettext_lazy("A name has letters, digits and hyphens only: no spaces and no accents."),
                "unique": gettext_lazy("There is a store of this name already."),
            }
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["language"] = self._of_the_page()
        self.fields["language"].required = False
        self.fields["token"].label = _("Token")
        self.fields["shop_url"].label = _("Address of the shop's database")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in ("token", "shop_url"):
            if name not in self.secrets and name not in self.errors:
                self.add_error(name, _("This is needed."))
        return cleaned

    def clean_language(self) -> str:
        return self.cleaned_data["language"] or self._of_the_page()

    @staticmethod
    def _of_the_page() -> str:
        spoken = (get_language() or "")[:2]
        return spoken if spoken in Language.values else Language.ENGLISH
