"""What is proposed for a shop's own statuses, by PrestaShop's names and those that merchants give."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from sfsync.domain.proposed_statuses import propose


@dataclass(frozen=True)
class Status:
    name: str
    shipped: bool = False
    deleted: bool = False
    status_id: str = "1"


@pytest.mark.parametrize(
    ("name", "shipped", "meaning"),
    [
        ("Shipped", True, "shipped"),
        ("Expédié", True, "shipped"),
        ("Remis au transporteur", True, "shipped"),
        ("Delivered", True, "delivered"),
        ("Livré", True, "delivered"),
        ("Canceled", False, "canceled"),
        ("Annulé", False, "canceled"),
        ("Commande annulée par le client", False, "canceled"),
        ("Refunded", False, "refunded"),
        ("Remboursé", False, "refunded"),
        ("En cours de livraison", False, ""),
        ("Partially refunded", False, ""),
        ("Remboursement demandé", False, ""),
        ("Expédié partiellement", True, ""),
        ("Not shipped yet", False, ""),
        ("À rembourser", False, ""),
        ("Awaiting bank wire payment", False, ""),
        ("Payment accepted", False, ""),
    ],
)
def test_a_status_means_what_its_name_says_or_else_its_flag(name: str, shipped: bool, meaning: str) -> None:
    """What is only asked for, or only in part, or not yet, is left to a person."""
    assert propose([Status(name, shipped)]) == ({meaning: ["1"]} if meaning else {})


def test_statuses_that_the_shop_removed_are_passed_over_and_several_may_mean_the_same() -> None:
    statuses = [Status("Shipped", status_id="4"), Status("Expédié hier", status_id="22"), Status("Livré", deleted=True)]
    assert propose(statuses) == {"shipped": ["4", "22"]}
