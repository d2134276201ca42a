"""Notices and mails to test with: built without a database, read back as a mail program would."""

from __future__ import annotations

from datetime import UTC, datetime
from html.parser import HTMLParser
from itertools import count
from typing import Any

from django.core.mail import EmailMultiAlternatives

from sfsync.models import MarketplaceOrder, Notice, Order, Store

NOON = datetime(2025, 11, 21, 12, 0, tzinfo=UTC)
_numbers = count(1)


def a_store(**settings: Any) -> Store:
    given = {"name": "main", "feed_store_id": 10, "language": "en", "recipients": ["merchant@example.com"]}
    return Store(pk=1, **(given | settings))


def about_order(store: Store, code: str, params: dict[str, Any] | None = None, **order: Any) -> Notice:
    """A notice of an order nobody saved, on Amazon unless told otherwise. Parameters as the engine gives them."""
    number = next(_numbers)
    given = {"key": str(1000 + number), "shop_reference": f"SHOP{number:05}"} | order
    there = {name: given.pop(name) for name in ("channel", "reference", "feed_id") if name in given}
    named = {"channel": "Amazon", "reference": f"403-{number:07}"} | there
    about = MarketplaceOrder(pk=number, store=store, created_at=NOON, **named)
    about._prefetched_objects_cache = {"shop_orders": [Order(pk=number, store=store, created_at=NOON, **given)]}
    shown = {"operation": "ship", "message": "", "parked": True, "retry_at": ""} | (params or {})
    return Notice(pk=number, store=store, order=about, key=f"failed:{number}", code=code, params=shown, created_at=NOON)


def about_store(store: Store, code: str, message: str = "") -> Notice:
    number = next(_numbers)
    key = f"trouble:{number}"
    return Notice(pk=number, store=store, order=None, key=key, code=code, params={"message": message}, created_at=NOON)


class Page(HTMLParser):
    """What a mail program makes of HTML: its elements, their attributes, and what a person reads."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.text += "\n" if tag in {"br", "div", "h1", "h2", "td", "th"} else ""
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def html_of(mail: EmailMultiAlternatives) -> str:
    return str(mail.alternatives[0][0])


def page_of(mail: EmailMultiAlternatives) -> Page:
    return Page(html_of(mail))
