"""What a store's settings may be: one function a setting, each with a sentence for the merchant that got it wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from sfsync.conf import conf
from sfsync.domain.carriers import CarriersError, plain, read_book
from sfsync.domain.hosts import is_forbidden, is_loopback
from sfsync.domain.mapping import MappedTwice, UnknownMeaning, status_mapping
from sfsync.shops.keys import LONGEST


def refusals(checks: Iterable[Callable[[Any], None]], value: Any) -> list[ValidationError]:
    """What these validators have against a value."""
    found: list[ValidationError] = []
    for check in checks:
        try:
            check(value)
        except ValidationError as error:
            found.append(error)
    return found


def recipients(value: Any) -> None:
    """A list of mail addresses, maybe empty."""
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ValidationError(_("Recipients are a list of email addresses."))
    for address in value:
        try:
            validate_email(address)
        except ValidationError:
            raise ValidationError(_("“%(address)s” is not an email address.") % {"address": address}) from None


def statuses(value: Any) -> None:
    """`{"shipped": ["4"], "canceled": ["6"], ...}`; one status means one thing at most."""
    if not isinstance(value, dict):
        raise ValidationError(_("The status mapping is a table of shipped, canceled, refunded and delivered."))
    for word, ids in value.items():
        _ids(ids, _("The statuses mapped to “%(word)s” are a list of the shop's status ids.") % {"word": word})
    try:
        status_mapping(value)
    except UnknownMeaning as error:
        known = ", ".join(error.known)
        raise ValidationError(_("“%(word)s” is not one of %(known)s.") % {"word": error.word, "known": known}) from None
    except MappedTwice as error:
        raise ValidationError(
            _("Status %(status)s is mapped to %(one)s and to %(other)s; it can only be sent as one of them.")
            % {"status": error.status, "one": error.one, "other": error.other}
        ) from None


def ship_without_tracking(value: Any) -> None:
    """A yes, a no, or a list of the shop's carriers (R4)."""
    if not isinstance(value, bool):
        _ids(value, _("Shipping without tracking is yes, no, or a list of the shop's carrier ids."))


def carriers(value: Any) -> None:
    """`{"amazon": {"4": {"code": "DPD", "method": "Predict"}}, "*": {"7": "Colissimo"}}` (R26, R27)."""
    try:
        read_book(value)
    except CarriersError as error:
        raise ValidationError(_(_OF_CARRIERS[error.code]) % error.params) from None


_OF_CARRIERS = {
    "shape": gettext_noop(
        "The carriers are tables, one for each marketplace: of the shop's carriers, and what is sent."
    ),
    "entry": gettext_noop("What is sent for carrier %(carrier)s is a name, or a table of texts."),
    "key": gettext_noop("Carrier %(carrier)s: there is no “%(key)s”; known are %(known)s."),
    "template": gettext_noop("Carrier %(carrier)s: the template %(key)s has no place for the number: %(place)s."),
    "text": gettext_noop(
        "Carrier %(carrier)s: %(key)s has more than %(most)s characters, or one that cannot be printed."
    ),
    "link": gettext_noop("Carrier %(carrier)s: the link begins with https:// or http://."),
    "twice": gettext_noop(
        "The marketplace “%(channel)s” has two tables of carriers: capitals and spaces make no difference."
    ),
    "slash": gettext_noop("Carrier %(carrier)s: code and method are given apart, each without a slash."),
    "method": gettext_noop("Carrier %(carrier)s: a method needs a code."),
}


def reasons(value: Any) -> None:
    """`{"6": "out of stock"}`: a text for each of the shop's statuses (R28)."""
    texts = value.values() if isinstance(value, dict) else [None]
    if not all(isinstance(each, str) and 0 < len(each) <= LONGEST_REASON for each in texts):
        raise ValidationError(_("The reasons are a table: of the shop's statuses, and a text for each."))


LONGEST_REASON = 255


def ship_hours(value: Any) -> None:
    """`{"amazon": 48, "*": 72}` (R25)."""
    hours = value if isinstance(value, dict) else {"": None}
    if not all(plain(name) and type(each) is int and 0 < each <= MOST_HOURS for name, each in hours.items()):
        raise ValidationError(_("The hours to ship are a table: of marketplaces, and a whole number for each."))


MOST_HOURS = 24 * 60


def deadline_steps(value: Any) -> None:
    """`[24, 4]` (R25)."""
    hours = value if isinstance(value, list) else [None]
    if not all(type(each) is int and 0 < each <= MOST_STEP for each in hours) or len(set(hours)) > MOST_STEPS:
        text = _("The alerts before a deadline are at most %(most)s whole numbers of hours, from 1 to %(hours)s.")
        raise ValidationError(text % {"most": MOST_STEPS, "hours": MOST_STEP})


MOST_STEPS, MOST_STEP = 5, 7 * 24


def api_url(value: str) -> None:
    url = _split(value)
    if url.scheme not in {"http", "https"} or not url.hostname:
        raise ValidationError(_("The API's address starts with https:// and names a host."))
    if not _plain(value) or set(value) & set("?#@"):
        raise ValidationError(_("The API's address has no user, no “?”, no “#” and no spaces."))
    if url.scheme == "http" and not (is_loopback(url.hostname) or url.hostname in conf().plain_http_hosts):
        raise ValidationError(_("The API's address starts with https://: over http the token could be read."))
    if is_forbidden(url.hostname):
        raise ValidationError(_("The API is not at this address: it belongs to the machine's own network."))


def token(value: str) -> None:
    """What fits in a header. Never shows it."""
    if not _plain(value):
        raise ValidationError(_("The token has spaces or characters that no token has: copy it again."))


def _plain(value: str) -> bool:
    return value.isascii() and value.isprintable() and " " not in value


def _split(value: str) -> Any:
    try:
        url = urlsplit(value)
        _port = url.port
    except ValueError:
        raise ValidationError(_("That is not an address.")) from None
    return url


def _ids(value: Any, sentence: str) -> list[str]:
    """Canonical ones: `named_settings.canonical` makes them so."""
    if not isinstance(value, list) or not all(type(each) is str and 0 < len(each) <= LONGEST for each in value):
        raise ValidationError(sentence)
    return value
