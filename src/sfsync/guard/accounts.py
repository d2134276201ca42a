"""How people of this deployment sign in: no sign-up, tries slowed by name and address, and a provider's word where one
is set up."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from sfsync.backoffice.kit.error_pages import sorry
from sfsync.backoffice.kit.origin import is_ours
from sfsync.guard import throttle
from sfsync.guard.groups import role_of
from sfsync.guard.identity import comes_by_company_alone, said_lately
from sfsync.models.act import note
from sfsync.models.role import give


class Accounts(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types that mypy finds
    """By name and password, of people whom an administrator invited."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """As a trusted proxy named it (`sfsync_server.front`); a Unix socket has none."""
        return request.META.get("REMOTE_ADDR") or "127.0.0.1"

    def is_safe_url(self, url: str) -> bool:
        return is_ours(context.request, url)

    def is_reauthentication_required(self, **what: Any) -> bool:
        """To change one's second factors, as for all that asks again."""
        return not said_lately(context.request) and bool(super().is_reauthentication_required(**what))

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        if not settings.GUARD_PASSWORD_FORM:
            raise PermissionDenied
        if throttle.must_wait(credentials.get("username", ""), self.get_client_ip(request)):
            raise ImmediateHttpResponse(too_many(request))

    def pre_login(self, request: HttpRequest, user: Any, **how: Any) -> HttpResponse | None:
        """Whoever comes by the company's account comes by that alone."""
        by_company = "sociallogin" in (how["signal_kwargs"] or {})
        if not by_company and comes_by_company_alone(user):
            note(user.get_username(), "sign-in-failed", address=self.get_client_ip(request))
            text = _("You sign in here with your company's account.")
            raise ImmediateHttpResponse(sorry(request, 403, _("Not allowed"), text))
        answer: HttpResponse | None = super().pre_login(request, user, **how)
        return answer

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        person = super().authenticate(request, **credentials)
        if person:
            throttle.succeeded(person.get_username(), self.get_client_ip(request))
        return person

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        name, address = credentials.get("username", ""), self.get_client_ip(request)
        throttle.failed(name, address)
        known = get_user_model()._default_manager.filter(username__iexact=name).exists()
        note(name if known else "", "sign-in-failed", address=address)  # of nobody: it may be a password


class Provider(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """By the company's account: whoever is in a group with a role comes in, and has that role from then on."""

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        sociallogin.email_addresses = []  # nobody is recognised by an address: it proves nothing
        if sociallogin.state.get("process") != "login" or not _role(sociallogin):
            text = _("Your company's account gives you no access here. Ask an administrator for the right group.")
            raise ImmediateHttpResponse(sorry(request, 403, _("Not allowed"), text))
        if sociallogin.is_existing:
            _give(sociallogin)

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return True

    def is_auto_signup_allowed(self, request: HttpRequest, sociallogin: Any) -> bool:
        return True

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> Any:
        person = super().save_user(request, sociallogin, form)
        _give(sociallogin)
        return person


def _role(sociallogin: Any) -> str:
    told = sociallogin.account.extra_data
    claims = {**told.get("id_token", {}), **told.get("userinfo", {})}
    return role_of(claims.get(settings.GUARD_GROUPS_CLAIM), settings.GUARD_GROUP_ROLES)


def _give(sociallogin: Any) -> None:
    """Where the provider names no group of stores, the person keeps the one that they have."""
    level, _limited, group = _role(sociallogin).partition(":")
    give(sociallogin.user, level, group or None)


def too_many(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    text = _("Too many failed attempts. Try again in 15 minutes, or ask an administrator for a new link.")
    return sorry(request, 429, _("Sign-in is locked for a while"), text)
