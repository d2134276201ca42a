"""A deployment may insist on second factors: whoever has none sees the page that sets one up, and no other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from sfsync.backoffice.kit.access import is_administrator
from sfsync.guard.identity import came_by_provider

OPEN = {"sign-out", "language", "healthz", "readyz"}


class SecondFactor:
    """Middleware, after allauth's. No cache keeps the pages of signing in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answer = self.get_response(request)
        if _leads_there(request):
            answer.headers.setdefault("Cache-Control", "no-store")
        return answer

    def process_view(self, request: HttpRequest, *_view: Any) -> HttpResponseBase | None:
        if _leads_there(request) or not owes(request):
            return None
        messages.warning(request, _("This site asks for a second factor: set one up to go on."))
        return redirect("mfa_index")


def owes(request: HttpRequest) -> bool:
    """Whether this person must set one up. Of a company's account, the company decides."""
    if not request.user.is_authenticated or not _insists(request.user) or came_by_provider(request):
        return False
    return not is_mfa_enabled(request.user, [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN])


def _insists(person: Any) -> bool:
    wanted = settings.GUARD_SECOND_FACTOR
    return wanted == "everybody" or (wanted == "administrators" and is_administrator(person))


def _leads_there(request: HttpRequest) -> bool:
    name = request.resolver_match.url_name or "" if request.resolver_match else ""
    return name in OPEN or name.startswith(("account_", "mfa_", "usersessions_", "openid_connect_"))
