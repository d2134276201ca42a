"""What somebody may do in the back office."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Level(models.TextChoices):
    """From the least to the most. An administrator is one by Django's own `is_staff`, and has no row."""

    READ_ONLY = "read-only", _("Read only: sees their stores, changes nothing")
    MERCHANT = "merchant", _("Merchant: acts on the orders and settings of their stores")
    AGENCY = "agency", _("Agency: the same, and gives people access to these stores")
    ADMINISTRATOR = "administrator", _("Administrator: sees everything, adds stores and people")


class Role(models.Model):
    """Who has none is a merchant."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="sfsync_role"
    )
    level = models.CharField(max_length=16, choices=Level)

    class Meta:
        db_table = "sfsync_role"

    def __str__(self) -> str:
        return f"{self.user_id}: {self.level}"


def level_of(user: Any) -> Level | None:
    """None for nobody. Read once for each request."""
    if not getattr(user, "is_authenticated", False):
        return None
    if user.is_staff:
        return Level.ADMINISTRATOR
    if not hasattr(user, "_sfsync_level"):
        kept = Role.objects.filter(user=user).values_list("level", flat=True).first()
        user._sfsync_level = kept or Level.MERCHANT
    return Level(user._sfsync_level)


def give(user: Any, level: str) -> None:
    """Saves the person too."""
    user.is_staff = user.is_superuser = level == Level.ADMINISTRATOR
    user.save()
    user._sfsync_level = level
    if user.is_staff:
        Role.objects.filter(user=user).delete()
    else:
        Role.objects.update_or_create(user=user, defaults={"level": level})
