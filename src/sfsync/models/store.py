"""A store: one account at Shopping Feed, the shop it sells from, and how the merchant wants them kept in step."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sfsync.db.secrets import SecretField, SecretsField, SecretUnreadable
from sfsync.domain.deadlines import STEPS
from sfsync.models import named_settings, validators
from sfsync.shops import kinds
from sfsync.shops.base import ShopMisconfigured
from sfsync.shops.kind import ShopKind


class Mode(models.TextChoices):
    """R7."""

    BATCH = "batch", _("in batches, on a schedule")
    REALTIME = "realtime", _("in real time")


class StatePolicy(models.TextChoices):
    """R6."""

    CURRENT = "current", _("the current status")
    LATEST_MAPPED = "latest-mapped", _("the latest mapped status")


class Language(models.TextChoices):
    ENGLISH = "en", _("English")
    FRENCH = "fr", _("French")


def default_steps() -> list[int]:
    return list(STEPS)


class Store(models.Model):
    """Settings. What runs remember of it is its `StoreState` and its cursors."""

    name = models.SlugField(
        _("Name"),
        max_length=64,
        unique=True,
        help_text=_("Letters, digits and hyphens. Used in URLs; cannot be changed later."),
        error_messages={"unique": _("This name is already taken.")},
    )
    group = models.SlugField(
        _("Group"),
        max_length=64,
        blank=True,
        default="",
        help_text=_("An agency sees the stores of its group. Leave empty if no agency looks after this store."),
    )
    enabled = models.BooleanField(
        _("Switched on"),
        default=True,
        help_text=_("When switched off, nothing is checked and nothing is sent; pending updates are kept."),
    )

    feed_store_id = models.BigIntegerField(
        _("Shopping Feed store number"),
        validators=[MinValueValidator(1)],
        help_text=_("One token may open several stores: enter the one these orders belong to."),
    )
    token = SecretField(
        _("Token"),
        blank=True,
        default="",
        goes_to="api_url",
        validators=[validators.token],
        help_text=_("Find it in Shopping Feed under Account › API."),
    )
    api_url = models.CharField(
        _("Address of the Shopping Feed API"),
        max_length=200,
        default="https://api.shopping-feed.com",
        validators=[validators.api_url],
        help_text=_("Leave as is unless you use a sandbox."),
    )

    shop_kind = models.CharField(_("Type of shop"), max_length=32, default=kinds.default_name)
    shop_settings = models.JSONField(default=dict, blank=True)
    shop_secrets = SecretsField(default=dict, blank=True)
    bridge_secret = SecretField(default="", blank=True, editable=False)
    """What the shop's bridge signs with, made by `engine.people.bridges`; empty where none was made."""

    language = models.CharField(
        _("Language of the emails"),
        max_length=2,
        choices=Language,
        default=Language.ENGLISH,
        help_text=_("These pages use the language you choose at the top."),
    )
    recipients = models.JSONField(
        _("Recipients"),
        default=list,
        blank=True,
        validators=[validators.recipients],
        help_text=_("One email address per line. You get one email per sync, and each problem is reported once."),
    )
    statuses = models.JSONField(_("Status mapping"), default=dict, blank=True, validators=[validators.statuses])
    mode = models.CharField(
        _("When updates are sent"),
        max_length=8,
        choices=Mode,
        default=Mode.BATCH,
        help_text=_("Real time needs the sfsync service. Batches also work with a scheduled task."),
    )
    every_minutes = models.PositiveIntegerField(
        _("Minutes between two syncs"),
        default=5,
        validators=[MinValueValidator(1), MaxValueValidator(1440)],
        help_text=_("In batches: how often all changes are sent together."),
    )
    delay_minutes = models.PositiveIntegerField(
        _("Minutes to wait for a tracking number"),
        default=5,
        validators=[MaxValueValidator(10080)],
        help_text=_(
            "How long to wait when an order is shipped before its tracking number is entered. After "
            "that it needs your attention."
        ),
    )
    retry_minutes = models.PositiveIntegerField(
        _("Minutes before the second attempt"),
        default=5,
        validators=[MaxValueValidator(1440)],
        help_text=_("Each further attempt waits three times as long, up to six hours."),
    )
    tries = models.PositiveSmallIntegerField(
        _("Attempts"),
        default=3,
        validators=[MinValueValidator(1), MaxValueValidator(20)],
        help_text=_("Attempts before a rejected update needs your attention."),
    )
    state_policy = models.CharField(
        _("If the status changes again before sending"),
        max_length=16,
        choices=StatePolicy,
        default=StatePolicy.CURRENT,
        help_text=_(
            "An order may move from “Shipped” to an unmapped status before it is sent. With the first"
            " choice nothing is sent then; with the second it is still sent as shipped. An order with a tracking number"
            " is sent as shipped either way."
        ),
    )
    ship_without_tracking = models.JSONField(
        _("Ship without a tracking number"),
        default=bool,
        blank=True,
        validators=[validators.ship_without_tracking],
        help_text=_(
            "Some carriers have no tracking numbers, such as click and collect. The waiting time above still applies."
        ),
    )
    carriers = models.JSONField(
        _("Carriers as marketplaces want them"),
        default=dict,
        blank=True,
        validators=[validators.carriers],
        help_text=_("What goes out for a carrier of the shop, by marketplace."),
    )
    reasons = models.JSONField(
        _("Reasons of cancellations"),
        default=dict,
        blank=True,
        validators=[validators.reasons],
        help_text=_("The reason that goes out with a cancellation, by the shop's status."),
    )
    ship_hours = models.JSONField(
        _("Hours to ship"),
        default=dict,
        blank=True,
        validators=[validators.ship_hours],
        help_text=_("By marketplace: how long after the order, where the marketplace itself names no deadline."),
    )
    deadline_steps = models.JSONField(
        _("Alerts before a deadline"),
        default=default_steps,
        blank=True,
        validators=[validators.deadline_steps],
        help_text=_(
            "Hours before an order must be shipped, separated by commas. You are alerted once at each of them, and "
            "once more when the deadline has passed."
        ),
    )
    reconcile_hour = models.PositiveSmallIntegerField(
        _("Hour of the daily comparison"),
        default=4,
        validators=[MaxValueValidator(23)],
        help_text=_("0 to 23. Once a day, what the marketplaces show is compared with what they were told."),
    )
    log_days = models.PositiveIntegerField(
        _("Days the log is kept"),
        default=90,
        validators=[MinValueValidator(1), MaxValueValidator(3650)],
        help_text=_("Older entries are removed; what is not finished is never touched."),
    )
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL, verbose_name=_("People"), related_name="sfsync_stores", blank=True
    )

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "sfsync_store"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A new store gets its state with it."""
        from sfsync.models.store_state import StoreState

        if not self._state.adding:
            super().save(*args, **kwargs)
            return
        with transaction.atomic():
            super().save(*args, **kwargs)
            StoreState.objects.create(store=self)

    def clean(self) -> None:
        """Beside the other stores: two enabled ones of one shop and one account would send everything twice. One of
        another group is not named: whoever reads this may not know of it."""
        if not self.enabled or self._outsides is None:
            return
        others = Store.objects.filter(enabled=True, feed_store_id=self.feed_store_id).exclude(pk=self.pk)
        for other in others:
            if other._outsides == self._outsides:
                raise ValidationError(
                    _(
                        "This store connects the same shop and the same Shopping Feed account as “%(other)s”: "
                        "everything would be sent twice. Switch one of them off."
                    ),
                    params={"other": other.name if other.group == self.group else "…"},
                )

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        """The shop's settings too, each under its name (`shop.KEY`). Its keys become canonical: 4 is "4"."""
        errors: dict[str, list[ValidationError]] = {}
        keyed = {name: getattr(self, name) for name in named_settings.KEYED}
        vars(self).update(named_settings.canonical(self.shop_kind, keyed))
        try:
            super().clean_fields(exclude=exclude)
        except ValidationError as error:
            errors = error.error_dict
        errors |= self._of_empty_values(exclude or ())
        if "shop_settings" not in (exclude or ()):
            errors |= named_settings.mistakes(self)
        if errors:
            raise ValidationError(errors)

    def _of_empty_values(self, exclude: Collection[str]) -> dict[str, list[ValidationError]]:
        """Django asks no validator about an empty value; an empty text is still no empty table."""
        ours = (each for each in self._meta.fields if isinstance(each, models.JSONField) and each.name not in exclude)
        empty = {each: value for each in ours if (value := getattr(self, each.attname)) in each.empty_values}
        refused = {each.name: validators.refusals(each.validators, value) for each, value in empty.items()}
        return {name: errors for name, errors in refused.items() if errors}

    @property
    def kind(self) -> ShopKind:
        """Raises `ShopMisconfigured`."""
        return kinds.named(self.shop_kind)

    @property
    def knows_returns(self) -> bool:
        """Its settings say where the shop keeps the numbers of return labels (R27)."""
        kind = self.kind if self.shop_kind in kinds.names() else None
        if kind is None or not kind.returns:
            return False
        values = kind.complete(self.shop_settings)
        return bool(values[kind.returns]) and kind.settings[kind.returns].counts(values)

    @property
    def kind_label(self) -> str:
        """What its kind of shop is called; a kind that is not known (any more), by its name."""
        return kinds.named(self.shop_kind).label if self.shop_kind in kinds.names() else self.shop_kind

    @property
    def shop_identity(self) -> str | None:
        """Which shop it is (`ShopKind.identity`). None while that is not known."""
        try:
            kind, values = self.kind, named_settings.revealed(self)
        except (SecretUnreadable, ShopMisconfigured):
            return None
        return f"{kind.name} {kind.identity(values)}" if not named_settings.missing(self) else None

    @property
    def _outsides(self) -> tuple[object, ...] | None:
        """What it joins. None while that is not known."""
        shop = self.shop_identity
        return (self.api_url.rstrip("/"), shop) if shop else None


def setting_fields() -> list[models.Field[Any, Any]]:
    """The plain settings of a store: neither its name, its secrets and its mapping, nor its shop's settings."""
    others = {"id", "name", "token", "statuses", "shop_kind", "shop_settings", "shop_secrets"}
    return [each for each in Store._meta.fields if each.editable and each.name not in others]


class SettingChange(models.Model):
    """A change of a store's settings: who changed what, when. Of a secret only its last characters
    (`{"secret": "…wxyz"}`, with `"replaced": true` where they are those of the former one)."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="changes")
    at = models.DateTimeField(default=timezone.now)
    who = models.CharField(max_length=150)
    name = models.CharField(max_length=64)
    before = models.JSONField(null=True, blank=True)
    after = models.JSONField(null=True, blank=True)

    class Meta:
        db_table = "sfsync_setting_change"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.name}: {self.before} → {self.after}"
