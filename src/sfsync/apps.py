"""The reusable Django app."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SfsyncConfig(AppConfig):
    name = "sfsync"
    verbose_name = _("Marketplace synchronisation")
    default_auto_field = "django.db.models.BigAutoField"
