"""What shoppingfluxexport leaves in an order's private messages (R24), for both ways of reading a shop."""

from __future__ import annotations

import pytest

from sfsync.shops.prestashop.importers_message import reference_in


@pytest.mark.parametrize(
    ("message", "reference"),
    [
        ("Numéro de commande Amazon :402-1234567-7654300", "402-1234567-7654300"),
        ("Numéro de commande Cdiscount : 1806172233ABCDE ", "1806172233ABCDE"),
        ("NumÃ©ro de commande Amazon :402-1", "402-1"),
        ("Num&eacute;ro de commande Amazon :402-1", "402-1"),
        ("Numero de commande Fnac:A:B", "A:B"),
        ("Numéro de commande Amazon :402-1\r\nVille : Lyon", "402-1"),
        ("Numéro de commande Amazon :", ""),
        ("Statut mis à jour sur amazon : True", ""),
        ("Le client rappelle : 402-1", ""),
        ("Merci", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_the_reference_is_read_from_the_modules_own_message_alone(message: str | None, reference: str) -> None:
    """R24."""
    assert reference_in(message) == reference
