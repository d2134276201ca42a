"""The pages of the back office as a mail names them: from the setting, since no request is there to tell its host."""

from __future__ import annotations

from urllib.parse import urlencode

from django.conf import settings
from django.urls import NoReverseMatch, reverse

from sfsync.conf import conf
from sfsync.models import Order, Store


def order_page(store: Store, order: Order) -> str:
    """The whole address; empty where the setting `url` is not given, or this project has no back office."""
    return _page("order", store.name, order.key)


def fleet_page(trouble: str) -> str:
    """The same of the page of the fleet, with the stores in this trouble; all of them where `trouble` is empty."""
    page = _page("fleet")
    return f"{page}?{urlencode({'trouble': trouble})}" if page and trouble else page


def store_page(store: Store) -> str:
    """The same of the store's own page."""
    return _page("store", store.name)


def invitation_page(secret: str) -> str:
    """The same of an invitation."""
    return _page("invitation", secret)


def _page(name: str, *args: object) -> str:
    """`url` stands for the first page, wherever this project or a proxy in front of it mounts the back office."""
    base = conf().url
    if not base or not getattr(settings, "ROOT_URLCONF", ""):
        return ""
    try:
        first, path = reverse("backoffice:overview"), reverse(f"backoffice:{name}", args=args)
    except NoReverseMatch:
        return ""
    return f"{base.rstrip('/')}/{path.removeprefix(first)}"
