"""What surrounds every screen: the stores to choose from, the ways between the screens, and who is signed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from sfsync.backoffice.kit.access import is_administrator, is_manager, stores_of
from sfsync.backoffice.kit.visible import visible
from sfsync.models import Store

SHOWN_STORES = 20
"""Stores in the menu; more are found on the overview."""


@dataclass(frozen=True, slots=True)
class Way:
    """An entry of the navigation."""

    title: str
    url: str
    here: bool


def page(
    request: HttpRequest, template: str, *, store: Store | None = None, screen: str = "", **context: Any
) -> HttpResponse:
    """Render a screen inside the shell. `screen` is the name of its entry in the navigation.

    No cache keeps it: the next person at the same browser, or behind the same proxy, must not see a merchant's orders.
    """
    status = context.pop("status", 200)
    shell = {
        "store": store,
        "screen": screen,
        "ways": ways(store, screen) if store else [],
        "administrator": is_administrator(request.user),
        "manager": is_manager(request.user),
    }
    html = render_to_string(f"sfsync/backoffice/{template}", shell | context, request)
    return HttpResponse(visible(html), status=status, headers={"Cache-Control": "no-store"})


def surroundings(request: HttpRequest) -> dict[str, Any]:
    """What the head of every page shows, ours and the sign-in's: the stores, and what this person may."""
    return {
        "menu": list(stores_of(request.user)[: SHOWN_STORES + 1]) if request.user.is_authenticated else [],
        "administrator": is_administrator(request.user),
        "manager": is_manager(request.user),
        "account": reverse("mfa_index") if apps.is_installed("sfsync.guard") else "",
    }


def ways(store: Store, screen: str) -> list[Way]:
    titles = {
        "store": _("Overview"),
        "orders": _("Orders"),
        "differences": _("Differences"),
        "log": _("Log"),
        "monitor": _("Syncs"),
        "marketplaces": _("Marketplaces"),
        "settings": _("Settings"),
        "diagnostics": _("Diagnostics"),
    }
    return [
        Way(title, reverse(f"backoffice:{name}", args=[store.name]), name == screen) for name, title in titles.items()
    ]
