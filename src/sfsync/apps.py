"""The reusable Django app."""

from __future__ import annotations

from django.apps import AppConfig
from django.core.signals import request_started
from django.db.backends.signals import connection_created
from django.utils.translation import gettext_lazy as _

from sfsync.db.own_file import leave_replaced_file, note_file


class SfsyncConfig(AppConfig):
    name = "sfsync"
    verbose_name = _("Marketplace synchronisation")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        connection_created.connect(note_file, dispatch_uid="sfsync.note_file")
        request_started.connect(leave_replaced_file, dispatch_uid="sfsync.leave_replaced_file")
