"""Choosing one's language, and signing out. Signing in is the project's: the product's is `sfsync.guard`."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from sfsync.backoffice.kit import languages
from sfsync.backoffice.kit.origin import is_ours
from sfsync.models.store import Language


@require_POST
def sign_out(request: HttpRequest) -> HttpResponseBase:
    logout(request)
    return redirect(settings.LOGOUT_REDIRECT_URL or settings.LOGIN_URL)


@require_POST
def choose_language(request: HttpRequest) -> HttpResponseBase:
    """Django's own `set_language` (a cookie on this machine, the way back); kept with whoever is signed in."""
    answer = set_language(request)
    if not is_ours(request, answer.get("Location", "")):
        answer["Location"] = "/"
    code = request.POST.get("language")
    if request.user.is_authenticated:
        languages.keep(request.user, code)
    elif code in Language.values:
        languages.remember(answer, languages.JUST_CHOSEN, code, languages.SOON)
    return answer
