"""The language of the pages: on this machine, and kept with the person on every machine they sign in on."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponseBase
from django.utils import translation

from sfsync.models import Preference
from sfsync.models.store import Language

LANGUAGES = (("en", "English"), ("fr", "Français"))
JUST_CHOSEN = "sfsync_language"
"""The cookie of a language chosen before signing in: it becomes the person's own if they sign in within ten minutes.
And in the session, until the first page: the language kept with who has just signed in."""
SOON = 600


@receiver(user_logged_in, dispatch_uid="sfsync.language")
def signed_in(request: HttpRequest, user: Any, **_signal: Any) -> None:
    """Whatever way somebody came in."""
    keep(user, request.COOKIES.get(JUST_CHOSEN))
    if kept := Preference.objects.filter(user=user).first():
        request.session[JUST_CHOSEN] = kept.language


def take_up(request: HttpRequest) -> str:
    """On the first page after signing in: the person's language, which the page then speaks."""
    code: str = request.session.pop(JUST_CHOSEN, "")
    if code:
        translation.activate(code)
    return code


def take_along(answer: HttpResponseBase, code: str) -> None:
    """And the pages after it."""
    if code:
        remember(answer, settings.LANGUAGE_COOKIE_NAME, code, settings.LANGUAGE_COOKIE_AGE)
        remember(answer, JUST_CHOSEN, "", 0)


def keep(person: Any, code: str | None) -> None:
    if code in Language.values:
        Preference.objects.update_or_create(user=person, defaults={"language": code})


def remember(answer: HttpResponseBase, name: str, value: str, seconds: int | None) -> None:
    """A cookie where Django's own language cookie goes, and as safe as that one is."""
    answer.set_cookie(
        name,
        value,
        max_age=seconds,
        path=settings.LANGUAGE_COOKIE_PATH,
        domain=settings.LANGUAGE_COOKIE_DOMAIN,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite=settings.LANGUAGE_COOKIE_SAMESITE,
    )
