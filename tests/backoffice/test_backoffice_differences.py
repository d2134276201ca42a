"""The page of differences: what was found, and what a person does about it (R32)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from sfsync.engine.watch.health import health_of
from sfsync.models import Finding
from sfsync.testing import World
from shoppingfeed.sandbox import Fault
from tests.pages import text

Committed = Callable[..., AbstractContextManager[Any]]
PAGE, ACT = "/stores/main/differences/", "/stores/main/differences/act/"


@pytest.fixture
def lost(shop: World) -> int:
    """An order that was shipped, confirmed, and never shown."""
    order = shop.order()
    shop.list_there(order)
    shop.sandbox.fault(Fault("unseen", operation="ship"))
    shop.ship(order, "LOST-1")
    shop.sync(wait=10)
    shop.reconcile(grace=timedelta())
    return order


def test_without_differences_it_says_so_once_they_were_looked_for(shop: World, merchant: Client) -> None:
    page = text(merchant.get(PAGE))
    assert "Not compared yet." in page
    assert "No differences." not in page
    shop.reconcile(grace=timedelta())
    assert "No differences." in text(merchant.get(PAGE))


def test_a_difference_is_named_with_what_can_be_done(merchant: Client, lost: int) -> None:
    """R32."""
    page = text(merchant.get(PAGE))
    assert "Shipped here, still waiting there" in page
    assert "is still waiting for the shipment, although Shopping Feed confirmed it." in page
    assert f"/orders/{lost}/" in page
    assert "Send again" in page


def test_it_speaks_french(shop: World, lost: int, sign_in: Callable[..., Client]) -> None:
    """R32."""
    page = text(sign_in("chloé", shop.store, language="fr").get(PAGE))
    assert "Expédiées ici, encore en attente là-bas" in page


def test_a_merchant_has_it_sent_again(
    shop: World, merchant: Client, lost: int, django_capture_on_commit_callbacks: Committed
) -> None:
    """R32."""
    with django_capture_on_commit_callbacks(execute=True):
        answer = merchant.post(ACT, {"act": "again", "order": shop.row(lost).pk}, follow=True)
    assert "1 order is being sent." in text(answer)
    assert shop.accepted(lost) == [("ship", "LOST-1")] * 2
    shop.reconcile(grace=timedelta())
    assert shop.findings() == []


def test_a_merchant_marks_it_as_done(shop: World, merchant: Client, lost: int) -> None:
    """R32."""
    answer = merchant.post(ACT, {"act": "settled", "order": shop.row(lost).pk}, follow=True)
    assert "1 order marked as done." in text(answer)
    assert not Finding.objects.unsettled().exists()
    assert shop.accepted(lost) == [("ship", "LOST-1")]


def test_nothing_chosen_changes_nothing(merchant: Client, lost: int) -> None:
    page = text(merchant.post(ACT, {"act": "again"}, follow=True))
    assert "Select at least one order." in page
    assert Finding.objects.unsettled().count() == 1


def test_the_orders_of_another_store_are_left_alone(shop: World, lost: int, sign_in: Callable[..., Client]) -> None:
    other = shop.add_store("other", shop_url="sqlite:////nowhere.sqlite3", enabled=False)
    stranger = sign_in("paul", other)
    assert stranger.get(PAGE).status_code == 404
    stranger.post("/stores/other/differences/act/", {"act": "settled", "order": shop.row(lost).pk})
    assert Finding.objects.unsettled().count() == 1


def test_the_monitor_shows_the_comparison(merchant: Client, lost: int) -> None:
    """R22, R32."""
    page = text(merchant.get("/stores/main/processes/"))
    assert "Comparison with the marketplaces" in page
    assert "new differences <b>1</b>" in page


def test_the_overview_counts_what_nobody_has_taken_care_of(shop: World, merchant: Client, lost: int) -> None:
    """R32: a store that differs from its marketplaces is not up to date."""
    page = text(merchant.get("/stores/main/"))
    assert "1 order differs from what its marketplace shows." in page
    assert f'href="{PAGE}"' in page
    [health] = health_of([shop.store], shop.now())
    assert health.as_dict()["differences"] == 1
    merchant.post(ACT, {"act": "settled", "order": shop.row(lost).pk})
    assert "differs from what" not in text(merchant.get("/stores/main/"))


def test_an_order_that_differs_is_called_confirmed_nowhere(shop: World, merchant: Client, lost: int) -> None:
    """R32: list, filter and page call it what it is, until a person has taken care of it."""
    page = text(merchant.get("/stores/main/orders/", {"state": "differs"}))
    assert f'/orders/{lost}/"' in page
    assert '<span class="chip differs">Difference</span>' in page
    assert f'/orders/{lost}/"' not in text(merchant.get("/stores/main/orders/", {"state": "confirmed"}))
    assert 'class="chip differs"' in text(merchant.get(f"/stores/main/orders/{lost}/"))
    merchant.post(ACT, {"act": "settled", "order": shop.row(lost).pk})
    assert f'/orders/{lost}/"' in text(merchant.get("/stores/main/orders/", {"state": "confirmed"}))
    assert 'class="chip confirmed"' in text(merchant.get(f"/stores/main/orders/{lost}/"))
