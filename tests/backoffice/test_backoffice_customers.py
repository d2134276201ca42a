"""What sfsync knows about a merchant's customers: nothing. It is neither asked for nor kept."""

from __future__ import annotations

import re
from typing import Any

from django.apps import apps
from django.test import Client
from sqlalchemy import event
from sqlalchemy.engine import Engine

from sfsync.testing import World
from shoppingfeed.sandbox.orders import _ADDRESS

PERSONAL = re.compile(r"customer|address|firstname|lastname|phone|email|birthday|invoice", re.IGNORECASE)


def test_no_question_to_the_shop_names_a_customer(shop: World, merchant: Client) -> None:
    """In a sync, on an order's page and in its evidence."""
    asked: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        asked.append(statement)

    event.listen(Engine, "before_cursor_execute", hear)
    try:
        order = shop.ship(shop.order(), "T-1")
        shop.sync(wait=10)
        for page in ("", "evidence.html"):
            assert merchant.get(f"/stores/main/orders/{order}/{page}").status_code == 200
    finally:
        event.remove(Engine, "before_cursor_execute", hear)
    looks = [each for each in asked if each.lstrip().upper().startswith("SELECT")]
    assert len(looks) > 5
    assert [each for each in looks if PERSONAL.search(each)] == []


def test_nothing_that_shopping_feed_tells_of_a_customer_is_kept_or_shown(shop: World, merchant: Client) -> None:
    """Its orders hold names and addresses: none of them is in a table, on a page or in the evidence."""
    order = shop.ship(shop.order(), "T-1")
    shop.list_there(order)
    shop.sync(wait=10)
    pages = [merchant.get(f"/stores/main/orders/{order}/{page}").content.decode() for page in ("", "evidence.html")]
    tables = [str(list(model._base_manager.values())) for model in apps.get_models() if _ours(model)]
    personal = {str(value) for name, value in _ADDRESS.items() if value and len(str(value)) > 3}
    assert len(personal) > 3
    assert [value for value in personal for text in (*pages, *tables) if value in text] == []


def _ours(model: Any) -> bool:
    return bool(model._meta.app_label == "sfsync")
