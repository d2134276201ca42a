"""A store: one account at Shopping Feed, the shop it sells from, and how the merchant wants them kept in step."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sfsync.db.secrets import Secret, SecretField, SecretUnreadable
from sfsync.models import validators


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


class Store(models.Model):
    """Settings, the cursors of change detection, and what troubles the store as a whole."""

    name = models.SlugField(max_length=64, unique=True)
    enabled = models.BooleanField(default=True)

    feed_store_id = models.BigIntegerField(
        help_text=_("The store's id at Shopping Feed"), validators=[MinValueValidator(1)]
    )
    token = SecretField(blank=True, default="", validators=[validators.token])
    api_url = models.CharField(max_length=200, default="https://api.shopping-feed.com", validators=[validators.api_url])

    shop_kind = models.CharField(max_length=16, default="prestashop")
    shop_url = SecretField(blank=True, default="", validators=[validators.shop_url])
    shop_prefix = models.CharField(max_length=32, default="ps_", blank=True, validators=[validators.shop_prefix])
    shop_id = models.PositiveIntegerField(default=1, validators=[MinValueValidator(1)])

    language = models.CharField(max_length=2, choices=Language, default=Language.ENGLISH)
    recipients = models.JSONField(default=list, blank=True, validators=[validators.recipients])
    statuses = models.JSONField(default=dict, blank=True, validators=[validators.statuses])
    mode = models.CharField(max_length=8, choices=Mode, default=Mode.BATCH)
    every_minutes = models.PositiveIntegerField(default=5, validators=[MinValueValidator(1), MaxValueValidator(1440)])
    delay_minutes = models.PositiveIntegerField(default=5, validators=[MaxValueValidator(10080)])
    retry_minutes = models.PositiveIntegerField(default=5, validators=[MaxValueValidator(1440)])
    tries = models.PositiveSmallIntegerField(default=3, validators=[MinValueValidator(1), MaxValueValidator(20)])
    state_policy = models.CharField(max_length=16, choices=StatePolicy, default=StatePolicy.CURRENT)
    ship_without_tracking = models.JSONField(default=bool, blank=True, validators=[validators.ship_without_tracking])
    log_days = models.PositiveIntegerField(default=90, validators=[MinValueValidator(1), MaxValueValidator(3650)])
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="sfsync_stores", blank=True)

    listing_cursor = models.BigIntegerField(default=0, editable=False)
    history_cursor = models.BigIntegerField(null=True, editable=False)
    history_window = models.JSONField(default=list, editable=False)
    adopted_at = models.DateTimeField(null=True, editable=False)

    trouble = models.CharField(max_length=32, default="", blank=True, editable=False)
    trouble_text = models.TextField(default="", blank=True, editable=False)
    trouble_since = models.DateTimeField(null=True, editable=False)
    mail_trouble = models.TextField(default="", blank=True, editable=False)
    mail_retry_at = models.DateTimeField(null=True, editable=False)
    mail_tries = models.PositiveSmallIntegerField(default=0, editable=False)
    alarms_at = models.DateTimeField(null=True, editable=False)
    pruned_at = models.DateTimeField(null=True, editable=False)

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "sfsync_store"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Beside the other stores: two enabled ones of one shop and one account would send everything twice."""
        if not self.enabled or self._outsides is None:
            return
        others = Store.objects.filter(enabled=True, feed_store_id=self.feed_store_id).exclude(pk=self.pk)
        for other in others:
            if other._outsides == self._outsides:
                raise ValidationError(
                    _(
                        "This store has the shop and the Shopping Feed store of “%(other)s”: everything would be sent "
                        "twice. Switch one of them off."
                    ),
                    params={"other": other.name},
                )

    @property
    def _outsides(self) -> tuple[object, ...] | None:
        """What it joins. None while that is not known."""
        try:
            shop = self.shop_url.reveal() if isinstance(self.shop_url, Secret) else self.shop_url
        except SecretUnreadable:
            return None
        return (self.api_url.rstrip("/"), shop, self.shop_prefix, self.shop_id) if shop else None


class SettingChange(models.Model):
    """A change of a store's settings: who changed what, when. Secrets appear as their last characters."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="changes")
    at = models.DateTimeField(default=timezone.now)
    who = models.CharField(max_length=150)
    name = models.CharField(max_length=64)
    before = models.TextField(blank=True)
    after = models.TextField(blank=True)

    class Meta:
        db_table = "sfsync_setting_change"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.name}: {self.before} → {self.after}"
