"""The app: put it before allauth's own, whose pages it gives our looks."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class GuardConfig(AppConfig):
    name = "sfsync.guard"
    label = "sfsync_guard"
    verbose_name = _("Sign-in")

    def ready(self) -> None:
        import_module("sfsync.guard.receivers")

    def held_secrets(self) -> Iterator[Any]:
        from sfsync.guard.factors import factor_secrets

        return factor_secrets()
