"""Whose number it is, by its form and its check digit: for a warning, never for a refusal."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.domain import carrier_forms as forms
from sfsync.domain.carrier_forms import Family, clear_form, families_named, form_warning, looks_like

CHECKED = [
    # The examples that the standards and the carriers print.
    (forms.s10_check, "RB123456785GB"),
    (forms.s10_check, "EE471108151FR"),
    (forms.s10_check, "EB000717595HK"),
    (forms.s10_check, "RM999605013CH"),
    (forms.ups_check, "1Z999AA10123456784"),
    (forms.ups_check, "1Z5R89390357567127"),
    (forms.fedex_check, "986578788855"),
    (forms.fedex_check, "9622001560001234567100794808390594"),
    (forms.fedex_ground_check, "9611020987654312345672"),
    (forms.gs1_check, "041441760228964"),
    (forms.gs1_check, "03071790000523483741"),
    (forms.gs1_check, "9400111206206406260787"),
    (forms.dpd_check, "09980000020033F"),
    (forms.dpd_check, "008182709980000020033350276C"),
    (forms.dhl_express_check, "3318810025"),
    (forms.identcode_check, "563102430313"),
]


@pytest.mark.parametrize(("check", "number"), CHECKED)
def test_a_check_digit_follows_from_the_others(check: Callable[[str], bool], number: str) -> None:
    assert check(number)


@pytest.mark.parametrize(("check", "number"), CHECKED)
def test_two_digits_that_changed_places_are_noticed(check: Callable[[str], bool], number: str) -> None:
    """In at least one place: no check digit notices every exchange."""
    pairs = [at for at in range(2, len(number) - 3) if number[at : at + 2].isdigit() and number[at] != number[at + 1]]
    assert any(not check(number[:at] + number[at + 1] + number[at] + number[at + 2 :]) for at in pairs)


OWNERS = {
    "1Z999AA10123456784": {Family.UPS},
    "1z 999 aa1 01 2345 6784": {Family.UPS},
    "RB123456785GB": {Family.ROYAL_MAIL, Family.PARCELFORCE},
    "EE471108151FR": {Family.LA_POSTE, Family.CHRONOPOST},
    "EB000717595HK": {Family.A_POST},
    "6A10548230917": {Family.LA_POSTE},
    "9611020987654312345672": {Family.FEDEX},
    "9400111206206406260787": {Family.USPS},
    "TBA304821375901": {Family.AMAZON},
    "JJD000390007482103759": {Family.DHL},
    "JD0002248213759012": {Family.DHL, Family.YODEL},
    "09980000020033F": {Family.DPD},
    "3SABCD048213759": {Family.POSTNL},
    "99.34.123456.04821375": {Family.SWISS_POST},
    "H01HYA0048213759": {Family.EVRI},
    "Z1048213759": {Family.PACKETA},
    "YT2404821375901234": {Family.YUNEXPRESS},
    "1Z999AA10123456785": set(),
    "RB123456786GB": set(),
    "20481736": set(),
    "09980525104827": set(),
    "986578788855": set(),
    "6A1": set(),
    "": set(),
}


@pytest.mark.parametrize(("number", "owners"), OWNERS.items())
def test_a_clear_form_belongs_to_few(number: str, owners: set[Family]) -> None:
    assert clear_form(number) == owners


def test_digits_alone_may_be_many_carriers() -> None:
    assert {Family.MONDIAL_RELAY, Family.DPD, Family.GLS} <= looks_like("20481736")
    assert {Family.FEDEX, Family.MONDIAL_RELAY} <= looks_like("986578788855")
    assert Family.FEDEX not in looks_like("986578788856")
    assert looks_like("6A1") == frozenset()


def test_a_clear_form_leaves_no_other_carrier() -> None:
    assert looks_like("1Z999AA10123456784") == {Family.UPS}


WARNINGS = {
    ("1Z999AA10123456784", "Colissimo"): Family.UPS,
    ("1Z999AA10123456784", "Mondial Relay - Point Relais®"): Family.UPS,
    ("6A10548230917", "UPS Standard"): Family.LA_POSTE,
    ("6A10548230917", "DPD/Predict"): Family.LA_POSTE,
    ("EE471108151FR", "GLS"): Family.LA_POSTE,
    ("RB123456785GB", "FedEx"): Family.ROYAL_MAIL,
    ("TBA304821375901", "Chronopost"): Family.AMAZON,
    ("JJD000390007482103759", "Mondial Relay"): Family.DHL,
    # It is the one named, or of its house, or handed over.
    ("1Z999AA10123456784", "UPS"): None,
    ("1Z999AA10123456784", "Colissimo ou UPS"): None,
    ("6A10548230917", "La Poste – Lettre suivie"): None,
    ("6A10548230917", "Chronopost"): None,
    ("RB123456785GB", "Colissimo"): None,
    ("9400111206206406260787", "UPS Mail Innovations"): None,
    ("09980000020033F", "Chronopost"): None,
    ("GD482103759WW", "TNT"): None,
    # Nobody can tell.
    ("20481736", "UPS"): None,
    ("986578788855", "Colissimo"): None,
    ("1Z999AA10123456785", "Colissimo"): None,
    ("1Z999AA10123456784", "Livraison standard"): None,
    ("1Z999AA10123456784", "Groupsend"): None,
    ("1Z999AA10123456784", ""): None,
    ("", "UPS"): None,
}


@pytest.mark.parametrize(("case", "owner"), WARNINGS.items())
def test_another_carriers_form_is_a_warning(case: tuple[str, str], owner: Family | None) -> None:
    assert form_warning(*case) is owner


def test_a_carrier_is_known_by_whole_words_however_they_are_written() -> None:
    assert families_named("ÖSTERREICHISCHE  Post") == {Family.A_POST}
    assert families_named("Zásilkovna/Packeta") == {Family.PACKETA}
    assert families_named("Cups and plates") == frozenset()


@given(st.text(), st.text())
def test_no_text_is_too_strange_for_a_warning(number: str, carrier: str) -> None:
    assert form_warning(number, carrier) in {None, *Family}
    assert clear_form(number) <= looks_like(number) or not clear_form(number)


@given(st.from_regex(r"\A1Z[A-Z0-9]{15}[0-9]\Z"))
def test_one_in_ten_is_right_by_chance(number: str) -> None:
    """Exactly one last digit fits, whatever stands before it."""
    assert sum(bool(clear_form(number[:-1] + digit)) for digit in "0123456789") == 1
