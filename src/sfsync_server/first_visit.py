"""Until somebody can sign in, the back office leads to the page that asks for the first administrator; not where a
company's own provider says who may come in."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.urls import reverse

from sfsync.backoffice.screens.welcome import code, nobody_yet


def announcement() -> str:
    """For the log of who starts the back office; empty once somebody can sign in."""
    if settings.GUARD_GROUP_ROLES or not nobody_yet():
        return ""
    return f"Nobody can sign in yet. Open the back office; it asks for this code, once: {code()}"


class FirstVisit:
    """A middleware. It asks the database at the sign-in page alone, and not any more once there is somebody."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.answer, self.over = answer, bool(settings.GUARD_GROUP_ROLES)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not self.over and request.path == resolve_url(settings.LOGIN_URL):
            self.over = not _nobody()
            if not self.over:
                return redirect(reverse("welcome"))
        return self.answer(request)


def _nobody() -> bool:
    """A database that does not answer is for the page to tell."""
    try:
        return nobody_yet()
    except DatabaseError:
        return False
