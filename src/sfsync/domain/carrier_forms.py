"""How the carriers write their numbers: a warning when a number is clearly another carrier's, never a refusal.

Sources: UPU S10 (postal items), GS1 General Specifications (SSCC), ISO/IEC 7064 (DPD), USPS Publication 199, and what
the carriers publish. A form is *clear* when no other carrier writes so: by its letters, or by a long fixed start with a
check digit. Digits alone are many carriers' form, and no reason for a warning.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache


class Family(StrEnum):
    """Carriers that write their numbers alike, under whatever product name; the value is the name to show.

    Of two that share a form the first one here is named.
    """

    LA_POSTE = "La Poste"
    ROYAL_MAIL = "Royal Mail"
    AMAZON = "Amazon"
    BPOST = "bpost"
    BRT = "BRT"
    CAINIAO = "Cainiao"
    CHRONOPOST = "Chronopost"
    CORREOS = "Correos"
    DHL = "DHL"
    DPD = "DPD"
    EVRI = "Evri"
    FEDEX = "FedEx"
    FOUR_PX = "4PX"
    GEODIS = "Geodis"
    GLS = "GLS"
    INPOST = "InPost"
    LANDMARK = "Landmark Global"
    MONDIAL_RELAY = "Mondial Relay"
    MRW = "MRW"
    ONTRAC = "OnTrac"
    PACKETA = "Packeta"
    PARCELFORCE = "Parcelforce"
    POSTE_ITALIANE = "Poste Italiane"
    POSTI = "Posti"
    POSTNL = "PostNL"
    POSTNORD = "PostNord"
    RELAIS_COLIS = "Relais Colis"
    SEUR = "SEUR"
    SF_EXPRESS = "SF Express"
    SWISS_POST = "Swiss Post"
    TNT = "TNT"
    UPS = "UPS"
    USPS = "USPS"
    YODEL = "Yodel"
    YUNEXPRESS = "YunExpress"
    A_POST = "a postal operator"
    """Any post of the world that is not named above."""


def looks_like(number: str) -> frozenset[Family]:
    """The carriers that write their numbers so: those of clear forms where there are any; empty for an unknown form."""
    text = _compact(number)
    return clear_form(text) or _fitting(text, _FORMS, _ANY)


def clear_form(number: str) -> frozenset[Family]:
    """The carriers of a form that nobody else writes: one, or the few that share it."""
    text = _compact(number)
    return _posts(text) or _fitting(text, _CLEAR_FORMS, _ANY_CLEAR)


def _fitting(text: str, forms: Iterable[_Form], one_of_them: re.Pattern[str]) -> frozenset[Family]:
    """Most texts fit none, which one look at all of them tells."""
    if one_of_them.fullmatch(text) is None:
        return frozenset()
    return frozenset(form.family for form in forms if form.fits(text))


def form_warning(number: str, carrier_name: str) -> Family | None:
    """Whose number it clearly is, when that is not the carrier named; None when it fits or nobody can tell.

    A carrier that hands its parcels over (to a post, to another company of its group) is not warned about.
    """
    named = families_named(carrier_name)
    if not named or _may_be_of(number, named):
        return None
    owners = clear_form(number)
    if not owners or named & owners:
        return None
    if any(named & house and owners & house for house in _HOUSES):
        return None
    return next(family for family in Family if family in owners)


def _may_be_of(number: str, named: frozenset[Family]) -> bool:
    """It has a form of one of these carriers: nearly always so, and soon seen."""
    text = _compact(number)
    return any(form.fits(text) for form in _CLEAR_FORMS if form.family in named)


@lru_cache(maxsize=512)
def families_named(carrier_name: str) -> frozenset[Family]:
    """The carriers that a shop's name of a carrier speaks of; empty for “Standard delivery” and the like."""
    decomposed = unicodedata.normalize("NFKD", carrier_name.casefold())
    words = "".join(each if each.isalnum() else " " for each in decomposed if not unicodedata.combining(each))
    padded = f" {' '.join(words.split())} "
    return frozenset(family for name, family in _NAMES.items() if f" {name} " in padded)


_SEPARATORS = re.compile(r"[\s.-]")


def _compact(number: str) -> str:
    text = number if number.isalnum() else _SEPARATORS.sub("", number)
    return text.upper()


# Check digits. Each takes the whole number and says whether its last (or named) digit follows from the others.


def s10_check(text: str) -> bool:
    """UPU S10: the ninth digit, by weights modulo 11."""
    total = sum(int(digit) * weight for digit, weight in zip(text[2:10], (8, 6, 4, 2, 3, 5, 9, 7), strict=True))
    return int(text[10]) == {0: 5, 1: 0}.get(total % 11, 11 - total % 11)


def gs1_check(text: str) -> bool:
    """GS1 modulo 10 (SSCC; USPS, FedEx Ground and Royal Mail's 2D items use it too): weights 3 and 1 from the right."""
    total = sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(reversed(text[:-1])))
    return int(text[-1]) == -total % 10


def ups_check(text: str) -> bool:
    """UPS: after `1Z`, letters as their place modulo 10 (A is 2), weights 1 and 2, modulo 10."""
    values = [int(sign) if sign.isdigit() else (ord(sign) - 63) % 10 for sign in text[2:-1]]
    return int(text[-1]) == -sum(value * (1, 2)[place % 2] for place, value in enumerate(values)) % 10


def fedex_check(text: str) -> bool:
    """FedEx Express: weights 1, 3, 7 from the right, modulo 11, and 10 is 0. The last twelve digits are the number."""
    total = sum(int(digit) * (1, 3, 7)[place % 3] for place, digit in enumerate(reversed(text[-12:-1])))
    return int(text[-1]) == total % 11 % 10


def fedex_ground_check(text: str) -> bool:
    """FedEx Ground 96: the last fifteen digits, by GS1's weights."""
    return gs1_check(text[-15:])


def dpd_check(text: str) -> bool:
    """ISO/IEC 7064 MOD 37,36 over letters and digits (DPD, Geopost)."""
    signs = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    carry = 36
    for sign in text[:-1]:
        carry = (carry + signs.index(sign)) % 36 or 36
        carry = carry * 2 % 37
    return (carry + signs.index(text[-1])) % 36 == 1


def dhl_express_check(text: str) -> bool:
    """DHL Express: the rest of the first digits divided by seven."""
    return int(text[-1]) == int(text[:-1]) % 7


def identcode_check(text: str) -> bool:
    """Deutsche Post's Identcode: weights 4 and 9, modulo 10."""
    return int(text[-1]) == -sum(int(digit) * (4, 9)[place % 2] for place, digit in enumerate(text[:-1])) % 10


@dataclass(frozen=True, slots=True)
class _Form:
    family: Family
    pattern: re.Pattern[str]
    check: Callable[[str], bool] | None = None
    clear: bool = False

    def fits(self, text: str) -> bool:
        return self.pattern.fullmatch(text) is not None and (self.check is None or self.check(text))


def _clear(family: Family, pattern: str, check: Callable[[str], bool] | None = None) -> _Form:
    return _Form(family, re.compile(pattern, re.ASCII), check, clear=True)


def _one_of_many(family: Family, pattern: str, check: Callable[[str], bool] | None = None) -> _Form:
    return _Form(family, re.compile(pattern, re.ASCII), check)


_FORMS = (
    _clear(Family.UPS, r"1Z[A-Z0-9]{15}\d", ups_check),
    _clear(Family.LA_POSTE, r"\d[A-Z]\d{11}"),
    _clear(Family.FEDEX, r"96\d{20}", fedex_ground_check),
    _clear(Family.FEDEX, r"(?:100|96)\d{31,32}", fedex_check),
    _clear(Family.USPS, r"(?:420(?:\d{5}|\d{9}))?9[2-5]\d{20}", lambda text: gs1_check(text[-22:])),
    _clear(Family.AMAZON, r"TB[ACM]\d{12}"),
    _clear(Family.DHL, r"JJD\d{10,24}"),
    _clear(Family.DHL, r"JVGL\d{10,24}"),
    _clear(Family.DHL, r"GM\d{14,22}"),
    _clear(Family.DHL, r"0034043\d{13}", gs1_check),
    _clear(Family.DHL, r"JD\d{16,18}"),
    _clear(Family.YODEL, r"JD\d{16}"),
    _clear(Family.DPD, r"\d{14}[A-Z]", dpd_check),
    _clear(Family.POSTNL, r"3S[A-Z]{3,6}\d{6,9}"),
    _clear(Family.BPOST, r"3232\d{20}"),
    _clear(Family.SWISS_POST, r"9[89]\d{16}"),
    _clear(Family.EVRI, r"[A-Z]\d{2}[A-Z]{2}A\d{10}"),
    _clear(Family.PACKETA, r"Z\d{10}"),
    _clear(Family.POSTI, r"JJFI\d{17}"),
    _clear(Family.CAINIAO, r"LP\d{14}"),
    _clear(Family.YUNEXPRESS, r"YT\d{16}"),
    _clear(Family.FOUR_PX, r"4PX\d{13}CN"),
    _clear(Family.SF_EXPRESS, r"SF\d{13}"),
    _clear(Family.LANDMARK, r"LTN\d{8,9}N1"),
    _clear(Family.ONTRAC, r"1LS(?:7[12]\d{10}|CX[A-Z0-9]{10})"),
    _one_of_many(Family.CHRONOPOST, r"[A-Z]{2}\d{9}[A-Z]{2}|[A-Z0-9]{15}"),
    _one_of_many(Family.CORREOS, r"P[A-Z0-9]{22}"),
    _one_of_many(Family.DHL, r"\d{10}|\d{11}", dhl_express_check),
    _one_of_many(Family.DHL, r"\d{12}", identcode_check),
    _one_of_many(Family.DHL, r"\d{14}|\d{20}"),
    _one_of_many(Family.DPD, r"\d{8}|\d{10}|\d{12}|\d{14}|[A-Z0-9]{2}\d{12}"),
    _one_of_many(Family.DPD, r"\d{15}|\d{28}|\d{27}[A-Z]", dpd_check),
    _one_of_many(Family.FEDEX, r"\d{12}", fedex_check),
    _one_of_many(Family.FEDEX, r"\d{15}|\d{20}", gs1_check),
    _one_of_many(Family.GEODIS, r"\d{8,10}|[A-Z0-9]{8}|1G\d{10}"),
    _one_of_many(Family.GLS, r"[A-Z0-9]{8}|\d{10,12}|\d{14}|\d{20}|[A-Z]{2}\d{9}[A-Z]{2}"),
    _one_of_many(Family.INPOST, r"\d{24}"),
    _one_of_many(Family.MONDIAL_RELAY, r"\d{8}|\d{10}|\d{12}"),
    _one_of_many(Family.BRT, r"\d{12}|\d{15}|\d{19}"),
    _one_of_many(Family.MRW, r"\d{12}"),
    _one_of_many(Family.SEUR, r"\d{9}|\d{13,15}"),
    _one_of_many(Family.PARCELFORCE, r"[A-Z]{2}\d{7}|[A-Z]{4}\d{10}|\d{12}"),
    _one_of_many(Family.POSTE_ITALIANE, r"\d[A-Z]{2}[A-Z0-9]{10}|\d{12}"),
    _one_of_many(Family.POSTNORD, r"00[37]\d{17}", gs1_check),
    _one_of_many(Family.RELAIS_COLIS, r"[A-Z0-9]{2}\d{8,10}|[A-Z]{4}\d{8,10}"),
    _one_of_many(Family.TNT, r"\d{9}"),
    _one_of_many(Family.UPS, r"[AHJKTV]\d{10}", lambda text: ups_check(f" {text}")),
    _one_of_many(Family.USPS, r"\d{20}", gs1_check),
)

_CLEAR_FORMS = tuple(form for form in _FORMS if form.clear)


def _any_of(forms: Iterable[_Form]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{form.pattern.pattern})" for form in forms), re.ASCII)


_ANY, _ANY_CLEAR = _any_of(_FORMS), _any_of(_CLEAR_FORMS)

_S10 = re.compile(r"[A-Z]{2}\d{9}([A-Z]{2})", re.ASCII)
_POST_OF = {
    "FR": (Family.LA_POSTE, Family.CHRONOPOST),
    "DE": (Family.DHL,),
    "GB": (Family.ROYAL_MAIL, Family.PARCELFORCE),
    "NL": (Family.POSTNL,),
    "BE": (Family.BPOST,),
    "ES": (Family.CORREOS,),
    "IT": (Family.POSTE_ITALIANE,),
    "CH": (Family.SWISS_POST,),
    "SE": (Family.POSTNORD,),
    "DK": (Family.POSTNORD,),
    "FI": (Family.POSTI,),
    "US": (Family.USPS,),
    "WW": (Family.TNT,),
}


def _posts(text: str) -> frozenset[Family]:
    """Whose S10 it is: the country that issued it, or none of S10's letters and check digit."""
    match = _S10.fullmatch(text)
    if match is None or not s10_check(text):
        return frozenset()
    return frozenset(_POST_OF.get(match[1], (Family.A_POST,)))


_POSTS = frozenset({family for families in _POST_OF.values() for family in families} | {Family.A_POST, Family.CAINIAO})
_HOUSES = (
    _POSTS - {Family.TNT},
    frozenset({Family.DPD, Family.CHRONOPOST, Family.SEUR, Family.BRT}),
    frozenset({Family.FEDEX, Family.TNT}),
    frozenset({Family.MONDIAL_RELAY, Family.INPOST}),
    frozenset({Family.USPS, Family.UPS, Family.FEDEX, Family.DHL, Family.AMAZON}),
    frozenset({Family.EVRI, Family.YODEL, Family.DHL, Family.INPOST}),
)
"""Companies that hand parcels to each other under one number: a post to a post, an express to the last mile."""

_NAMES = {
    "amazon": Family.AMAZON,
    "bpost": Family.BPOST,
    "bartolini": Family.BRT,
    "brt": Family.BRT,
    "cainiao": Family.CAINIAO,
    "chronopost": Family.CHRONOPOST,
    "chronorelais": Family.CHRONOPOST,
    "correos": Family.CORREOS,
    "deutsche post": Family.DHL,
    "dhl": Family.DHL,
    "dpd": Family.DPD,
    "predict": Family.DPD,
    "evri": Family.EVRI,
    "hermes": Family.EVRI,
    "fedex": Family.FEDEX,
    "4px": Family.FOUR_PX,
    "geodis": Family.GEODIS,
    "gls": Family.GLS,
    "inpost": Family.INPOST,
    "landmark": Family.LANDMARK,
    "colissimo": Family.LA_POSTE,
    "la poste": Family.LA_POSTE,
    "laposte": Family.LA_POSTE,
    "lettre suivie": Family.LA_POSTE,
    "mondial relay": Family.MONDIAL_RELAY,
    "mondialrelay": Family.MONDIAL_RELAY,
    "mrw": Family.MRW,
    "ontrac": Family.ONTRAC,
    "packeta": Family.PACKETA,
    "zasilkovna": Family.PACKETA,
    "parcelforce": Family.PARCELFORCE,
    "poste italiane": Family.POSTE_ITALIANE,
    "sda": Family.POSTE_ITALIANE,
    "posti": Family.POSTI,
    "postnl": Family.POSTNL,
    "postnord": Family.POSTNORD,
    "relais colis": Family.RELAIS_COLIS,
    "royal mail": Family.ROYAL_MAIL,
    "seur": Family.SEUR,
    "sf express": Family.SF_EXPRESS,
    "swiss post": Family.SWISS_POST,
    "schweizerische post": Family.SWISS_POST,
    "la poste suisse": Family.SWISS_POST,
    "tnt": Family.TNT,
    "ups": Family.UPS,
    "usps": Family.USPS,
    "yodel": Family.YODEL,
    "yunexpress": Family.YUNEXPRESS,
    "osterreichische post": Family.A_POST,
    "an post": Family.A_POST,
    "ctt": Family.A_POST,
    "poczta polska": Family.A_POST,
    "china post": Family.A_POST,
}
