"""What a store's settings may be: one function a setting, each with a sentence for the merchant that got it wrong."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from sfsync.conf import conf
from sfsync.domain.hosts import is_forbidden, is_loopback
from sfsync.domain.mapping import MappedTwice, UnknownMeaning, status_mapping
from sfsync.shops.keys import LONGEST


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
