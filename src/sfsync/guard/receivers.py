"""What the sign-in does when access is renewed or a link was used, and what it puts on record."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.account.signals import password_changed
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authentication_failed, authenticator_added, authenticator_removed
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest

from sfsync.backoffice.kit.signals import access_renewed, invitation_used, password_given
from sfsync.guard import throttle
from sfsync.models.act import note


@receiver(access_renewed)
def remove_factors(person: Any, factors: bool, **_signal: Any) -> None:
    if factors:
        Authenticator.objects.filter(user=person).delete()


@receiver(invitation_used)
def know_address(request: HttpRequest, person: Any, **_signal: Any) -> None:
    """A name that was locked at this address is open again."""
    note(person.get_username(), "password-set", address=_address(request))
    throttle.succeeded(person.get_username(), _address(request))


@receiver(password_given)
def remember_password(request: HttpRequest, person: Any, **_signal: Any) -> None:
    """So that it is not asked for again on the next page."""
    record_authentication(request, person, method="password")


@receiver(user_logged_in)
def signed_in(request: HttpRequest, user: Any, **_signal: Any) -> None:
    ways = [record["method"] for record in get_authentication_records(request, user)]
    note(user.get_username(), "signed-in", address=_address(request), ways=ways)


@receiver(user_logged_out)
def signed_out(request: HttpRequest, user: Any, **_signal: Any) -> None:
    if user:
        note(user.get_username(), "signed-out", address=_address(request))


@receiver(password_changed)
def password_was_changed(request: HttpRequest, user: Any, **_signal: Any) -> None:
    note(user.get_username(), "password-set", address=_address(request))


@receiver(authenticator_added)
def factor_added(request: HttpRequest, user: Any, authenticator: Authenticator, **_signal: Any) -> None:
    note(user.get_username(), "factor-added", address=_address(request), kind=authenticator.type)


@receiver(authenticator_removed)
def factor_removed(request: HttpRequest, user: Any, authenticator: Authenticator, **_signal: Any) -> None:
    note(user.get_username(), "factor-removed", address=_address(request), kind=authenticator.type)


@receiver(authentication_failed)
def failed(request: HttpRequest, user: Any, **_signal: Any) -> None:
    """A second factor that was wrong."""
    if user:
        note(user.get_username(), "sign-in-failed", address=_address(request))


def _address(request: HttpRequest) -> str:
    return str(get_adapter(request).get_client_ip(request))
