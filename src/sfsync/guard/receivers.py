"""What the sign-in does when an administrator renews somebody's access, and when a link was used."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.dispatch import receiver
from django.http import HttpRequest

from sfsync.backoffice.kit.signals import access_renewed, invitation_used
from sfsync.guard import throttle


@receiver(access_renewed)
def remove_factors(person: Any, factors: bool, **_signal: Any) -> None:
    if factors:
        Authenticator.objects.filter(user=person).delete()


@receiver(invitation_used)
def know_address(request: HttpRequest, person: Any, **_signal: Any) -> None:
    """A name that was locked at this address is open again."""
    throttle.succeeded(person.get_username(), get_adapter(request).get_client_ip(request))
