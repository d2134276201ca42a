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
    AGENCY = "agency", _("Agency: acts on every store of its group, and gives people access to them")
    ADMINISTRATOR = "administrator", _("Administrator: sees everything, adds stores and people")


class Role(models.Model):
    """Who has none is a merchant. `group`: the person sees no stores but those of this group; empty: it is no limit,
    and no agency."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="sfsync_role"
    )
    level = models.CharField(max_length=16, choices=Level)
    group = models.SlugField(max_length=64, default="", blank=True)

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
    return _kept(user)[0]


def group_of(user: Any) -> str:
    """Of somebody who is signed in; empty where there is none. Read with the level."""
    return "" if user.is_staff else _kept(user)[1]


def _kept(user: Any) -> tuple[Level, str]:
    if not hasattr(user, "_sfsync_kept_role"):
        kept = Role.objects.filter(user=user).values_list("level", "group").first() or (Level.MERCHANT, "")
        user._sfsync_kept_role = (Level(kept[0]), kept[1])
    found: tuple[Level, str] = user._sfsync_kept_role
    return found


def give(user: Any, level: str, group: str | None = None) -> None:
    """Saves the person too. `group`: None keeps the one that they have."""
    user.is_staff = user.is_superuser = level == Level.ADMINISTRATOR
    user.save()
    vars(user).pop("_sfsync_kept_role", None)
    if user.is_staff:
        Role.objects.filter(user=user).delete()
    else:
        given = {"level": level} if group is None else {"level": level, "group": group}
        Role.objects.update_or_create(user=user, defaults=given)
