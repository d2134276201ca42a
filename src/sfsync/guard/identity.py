"""Before what matters most, whoever is signed in says again who they are, unless they did so lately."""

from __future__ import annotations

import time
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.socialaccount.adapter import get_adapter as get_provider_adapter
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import urlencode

RECENT = 900
"""Seconds."""


def ask_again(request: HttpRequest) -> HttpResponse | None:
    """Where to say it; nothing where it was said within the last quarter of an hour.

    What a form sent is not kept for afterwards: there may be a token in it.
    """
    if said_lately(request):
        return None
    return redirect(f"{_way(request)}?{urlencode({'next': request.get_full_path()})}")


def said_lately(request: HttpRequest) -> bool:
    """By signing in, or since."""
    said = get_authentication_records(request, request.user)
    return any(time.time() - record["at"] < RECENT for record in said)


def needs_no_password(person: Any) -> bool:
    """A password would not let them in: people come in by their company's account, or this person does."""
    return not settings.GUARD_PASSWORD_FORM or comes_by_company_alone(person)


def comes_by_company_alone(person: Any) -> bool:
    """A password or a passkey of their own would outlast the company's group."""
    return bool(settings.GUARD_GROUP_ROLES and person.pk and SocialAccount.objects.filter(user=person).exists())


def came_by_provider(request: HttpRequest) -> bool:
    return any(record["method"] == "socialaccount" for record in get_authentication_records(request, request.user))


def _way(request: HttpRequest) -> str:
    """Their password, second factor or passkey; their company's account where they have nothing else."""
    ways = [way["url"] for way in get_adapter(request).get_reauthentication_methods(request.user)]
    if not ways:
        ways = [each.get_login_url(request) for each in get_provider_adapter(request).list_providers(request)]
    if not ways:
        raise PermissionDenied
    return str(ways[0])
