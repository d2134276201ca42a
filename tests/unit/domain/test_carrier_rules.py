"""A carrier as each marketplace wants it: R26, R27."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.domain.broken_text import mended
from sfsync.domain.carriers import CarriersError, dressed, read_book, splits

BOOK = read_book(
    {
        "*": {"4": "Colissimo", "9": {"link": "https://t.example/{number}"}},
        "amazon": {"4": {"code": "La Poste", "method": "Access"}, "7": {"code": "DPD"}, "8": "DPD/Predict"},
        "amazonde": {"4": {"code": "DHL"}},
        "Zalando": {"4": {"name": "Colissimo", "return_number": "R{number}"}},
        "fnac": {"5": {"code": "CHRONO"}},
    }
)
SHIPMENT = {"carrier": "My/carrier", "tracking_number": "6A 1", "tracking_link": "https://shop.example"}


@pytest.mark.parametrize(
    ("carriers", "channel", "sent"),
    [
        (["4"], "Amazon", "La Poste/Access"),
        (["4"], "amazonfr", "La Poste/Access"),
        (["4"], "Amazon DE", "DHL"),
        (["7"], "Amazon", "DPD"),
        (["8"], "Amazon", "DPD-Predict"),
        (["4"], "CDiscount", "Colissimo"),
        (["5"], "Fnac", "CHRONO"),
        (["5"], "CDiscount", "My/carrier"),
        (["99"], "Amazon", "My-carrier"),
        (["99"], "ManoMano", "My/carrier"),
        (["99", "4"], "Cdiscount", "Colissimo"),
        ([], "Cdiscount", "My/carrier"),
    ],
)
def test_what_goes_out_for_a_carrier(carriers: list[str], channel: str, sent: str) -> None:
    """R26."""
    assert dressed(SHIPMENT, carriers, channel, BOOK)["carrier"] == sent


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("Exp\ufffdditions", "Expditions"),
        ("Colis \ufffd\ufffd domicile \ufffd", "Colis domicile"),
        ("ExpÃ©dition rapide", "Expédition rapide"),
        ("Mondial Relay â€“ Point RelaisÂ®", "Mondial Relay – Point Relais®"),
        ("Livraison Ã domicile", "Livraison à domicile"),
        ("Ã\x89conomique", "Économique"),
        ("Entrega AMANHÃ", "Entrega AMANHÃ"),
        ("Colissimo € économique", "Colissimo € économique"),
        ("Почта", "Почта"),
        ("\ufffd", ""),
    ],
)
def test_a_name_whose_letters_were_broken_goes_out_mended(name: str, sent: str) -> None:
    """R26: with its number; what is no more than unusual stays."""
    dress = dressed(SHIPMENT | {"carrier": name}, [], "Fnac", {})
    assert (dress["carrier"], dress["tracking_number"]) == (sent, "6A 1")


@given(st.text(st.characters(min_codepoint=0xA0, max_codepoint=0xFF, exclude_characters="ÂÃ\xa0\xad"), max_size=20))
def test_broken_once_it_is_as_it_was(name: str) -> None:
    """R26: UTF-8 that was read as Latin-1, with or without Windows' additions."""
    for broken in (name.encode().decode("latin-1"), "".join(map(_as_windows, name.encode()))):
        assert mended(broken) == name


def _as_windows(byte: int) -> str:
    return bytes([byte]).decode("cp1252", "ignore") or chr(byte)


def test_the_link_may_be_a_template_of_its_own() -> None:
    """R26: the number in it is escaped."""
    assert dressed(SHIPMENT, ["9"], "Fnac", BOOK)["tracking_link"] == "https://t.example/6A%201"
    assert dressed(SHIPMENT, ["4"], "Fnac", BOOK)["tracking_link"] == "https://shop.example"
    assert "tracking_link" not in dressed({"carrier": "x"}, ["9"], "Fnac", BOOK)


def test_a_return_number_goes_with_the_carrier() -> None:
    """R27."""
    assert dressed(SHIPMENT, ["4"], "zalandolingeriestory", BOOK)["return_info"] == ("Colissimo", "R6A 1")
    assert "return_info" not in dressed(SHIPMENT, ["4"], "Fnac", BOOK)


def test_the_shops_own_return_number_goes_before_the_template() -> None:
    """R27: and only where the marketplace wants one."""
    shipment = SHIPMENT | {"return_number": "L-7"}
    assert dressed(shipment, ["4"], "Zalando", BOOK)["return_info"] == ("Colissimo", "L-7")
    assert dressed(shipment, ["5"], "OTTO", BOOK)["return_info"] == ("My/carrier", "L-7")
    assert not {"return_info", "return_number"} & dressed(shipment, ["4"], "Fnac", BOOK).keys()


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("DPD", "shape"),
        ({"amazon": "DPD"}, "shape"),
        ({"amazon": {"4": 7}}, "entry"),
        ({"amazon": {"4": {"name": 7}}}, "entry"),
        ({"amazon": {"4": {"nom": "DPD"}}}, "key"),
        ({"amazon": {"4": {"link": "https://t.example"}}}, "template"),
        ({"amazon": {"4": {"return_number": "R"}}}, "template"),
        ({"amazon": {"4": {"code": "DPD/Predict"}}}, "slash"),
        ({"amazon": {"4": {"code": "DPD", "method": "a/b"}}}, "slash"),
        ({"amazon": {"4": {"method": "Predict"}}}, "method"),
        ({"amazon": {"4": "DPD\nPredict"}}, "text"),
        ({"amazon": {"4": "D" * 201}}, "text"),
        ({"amazon": {"4": {"link": "javascript:{number}"}}}, "link"),
        ({"Amazon ": {"4": "DPD"}, "amazon": {"4": "GLS"}}, "twice"),
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused(given: Any, code: str) -> None:
    """R26."""
    with pytest.raises(CarriersError) as refused:
        read_book(given)
    assert refused.value.code == code


@given(
    st.text(max_size=30), st.sampled_from(["Amazon", "amazonfr", " AMAZON DE"]), st.sampled_from(["4", "7", "8", "x"])
)
def test_a_slash_of_the_shops_never_reaches_a_marketplace_that_splits(name: str, channel: str, carrier: str) -> None:
    """R26."""
    assert splits(channel)
    sent = dressed({"carrier": name}, [carrier], channel, BOOK)["carrier"]
    assert "/" not in sent or sent == "La Poste/Access"
