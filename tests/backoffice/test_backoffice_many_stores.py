"""The form of a person where there are more stores than a page can list."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from sfsync.models import Store
from tests.backoffice.conftest import text

pytestmark = pytest.mark.django_db


def test_of_a_fleet_only_chosen_and_found_stores_are_offered(
    sign_in: Callable[..., Client], django_assert_max_num_queries: Callable[..., AbstractContextManager[Any]]
) -> None:
    """Without JavaScript: looking for stores saves nothing, and keeps what was typed and selected."""
    made = [Store(name=f"store-{number:04}", group=f"g-{number % 10}", feed_store_id=number) for number in range(2000)]
    Store.objects.bulk_create(made)
    claire = User.objects.create_user("claire")
    claire.sfsync_stores.set(Store.objects.filter(name__in=["store-0007", "store-1999"]))  # type: ignore[attr-defined]
    root = sign_in("root", administrator=True)
    address = reverse("backoffice:user", args=[claire.pk])
    with django_assert_max_num_queries(12):
        page = text(root.get(address))
    assert boxes(page) == {"store-0007": True, "store-1999": True}

    more = Store.objects.get(name="store-0012")
    kept = [more.pk, Store.objects.get(name="store-0007").pk]
    given = {"username": "", "email": "claire@example.com", "role": "merchant", "stores": kept}
    with django_assert_max_num_queries(12):
        page = text(root.post(address, given | {"find": "STORE-012", "look": ""}))
    assert boxes(page) == {"store-0007": True, "store-0012": True} | {
        f"store-{each:04}": False for each in range(120, 130)
    }
    assert 'value="claire@example.com"' in page
    assert "is required" not in page
    assert "50 of the 200 found are shown" in text(root.post(address, given | {"find": "g-3", "look": ""}))
    assert "No other store matches" in text(root.post(address, given | {"find": "nowhere", "look": ""}))
    assert claire.sfsync_stores.count() == 2  # type: ignore[attr-defined]

    assert root.post(address, given | {"username": "claire", "active": "on", "find": "g-3"}).status_code == 302
    names = claire.sfsync_stores.order_by("name").values_list("name", flat=True)  # type: ignore[attr-defined]
    assert list(names) == ["store-0007", "store-0012"]


def boxes(page: str) -> dict[str, bool]:
    """Store → whether it is selected, as the form offers them."""
    found = re.findall(r'name="stores"([^>]*)>\s*<span>([^<]+)</span>', page)
    return {name: "checked" in attributes for attributes, name in found}
