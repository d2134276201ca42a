"""Raw rows of sfsync's own tables, to look at. People, their second factors and their sessions are not among them:
those are changed where one is asked again who one is, and where it is put on record."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect


class RawRows(admin.AdminSite):
    def password_change(self, request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:  # type: ignore[override]
        return redirect("account_change_password")


def raw_rows() -> RawRows:
    """Of the stock admin what `sfsync.admin` has put there."""
    site = RawRows()
    for model, shown in admin.site._registry.items():
        if model._meta.app_label == "sfsync":
            site.register(model, type(shown))
    return site
