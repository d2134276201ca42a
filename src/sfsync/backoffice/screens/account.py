"""Signing in, signing out, changing one's password, choosing one's language."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import views
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from sfsync.backoffice.kit.access import signed_in
from sfsync.backoffice.kit.layout import LANGUAGES, page
from sfsync.models import Preference
from sfsync.models.store import Language

JUST_CHOSEN = "sfsync_language"
"""The cookie of a language chosen before signing in: it becomes the person's own if they sign in within ten minutes."""
SOON = 600


class SignIn(views.LoginView):
    template_name = "sfsync/backoffice/sign_in.html"
    redirect_authenticated_user = True
    next_page = "backoffice:overview"
    extra_context = {"languages": LANGUAGES}  # noqa: RUF012  Django's name, read only

    def form_valid(self, form: Any) -> HttpResponse:
        """Signed in: the pages speak the person's language on this machine too."""
        answer, person = super().form_valid(form), form.get_user()
        _keep(person, self.request.COOKIES.get(JUST_CHOSEN))
        if kept := Preference.objects.filter(user=person).first():
            _remember(answer, settings.LANGUAGE_COOKIE_NAME, kept.language, settings.LANGUAGE_COOKIE_AGE)
        _remember(answer, JUST_CHOSEN, "", 0)
        return answer


class SignOut(views.LogoutView):
    next_page = "backoffice:sign-in"


class ChangePassword(views.PasswordChangeView):
    success_url = reverse_lazy("backoffice:overview")

    def form_valid(self, form: Any) -> HttpResponse:
        messages.success(self.request, _("Your password was changed."))
        return super().form_valid(form)

    def render_to_response(self, context: dict[str, Any], **_kwargs: Any) -> HttpResponse:
        return page(self.request, "password.html", form=context["form"])


change_password = signed_in(ChangePassword.as_view())


@require_POST
def choose_language(request: HttpRequest) -> HttpResponseBase:
    """Django's own `set_language` (a cookie on this machine, a safe `next`); kept with whoever is signed in."""
    answer = set_language(request)
    code = request.POST.get("language")
    if request.user.is_authenticated:
        _keep(request.user, code)
    elif code in Language.values:
        _remember(answer, JUST_CHOSEN, code, SOON)
    return answer


def _keep(person: Any, code: str | None) -> None:
    if code in Language.values:
        Preference.objects.update_or_create(user=person, defaults={"language": code})


def _remember(answer: HttpResponseBase, name: str, value: str, seconds: int | None) -> None:
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


def locked_out(request: HttpRequest, response: Any = None, credentials: Any = None, **_kwargs: Any) -> HttpResponse:
    """django-axes calls it after too many failures."""
    text = _("Too many failed attempts. Try again in 15 minutes, or ask an administrator for a new password.")
    context = {"title": _("Sign-in is locked for a while"), "text": text}
    return render(request, "sfsync/backoffice/wrong.html", context, status=429)
