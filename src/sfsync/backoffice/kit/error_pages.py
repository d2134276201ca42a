"""The pages for what went wrong, in the reader's language, with what to do next."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _


def sorry(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    """Without the shell: it must render whatever broke."""
    return render(request, "sfsync/backoffice/wrong.html", {"title": title, "text": text}, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return sorry(request, 400, _("Bad request"), _("Go back to the overview and try again."))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    text = _("You don't have permission to do this. Ask an administrator if you need it.")
    return sorry(request, 403, _("Not allowed"), text)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    text = _("This page does not exist, or it belongs to a store that was not given to your account.")
    return sorry(request, 404, _("Page not found"), text)


def server_error(request: HttpRequest) -> HttpResponse:
    text = _(
        "Nothing is lost: updates are kept, and the next sync sends them. If it happens again, tell an administrator."
    )
    return sorry(request, 500, _("Something went wrong here"), text)


def csrf_failure(request: HttpRequest, reason: str = "", **_kwargs: Any) -> HttpResponse:
    text = _("The form was open too long, or cookies are blocked. Go back, reload the page and send it again.")
    return sorry(request, 403, _("The form could not be accepted"), text)
