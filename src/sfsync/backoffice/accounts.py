"""Signing in, signing out, changing one's password."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import views
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse_lazy
from django.utils.translation import gettext as _

from sfsync.backoffice.access import signed_in
from sfsync.backoffice.shell import LANGUAGES, page


class SignIn(views.LoginView):
    template_name = "sfsync/backoffice/sign_in.html"
    redirect_authenticated_user = True
    next_page = "backoffice:overview"
    extra_context = {"languages": LANGUAGES}  # noqa: RUF012  Django's name, read only


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


def locked_out(request: HttpRequest, response: Any = None, credentials: Any = None, **_kwargs: Any) -> HttpResponse:
    """django-axes calls it after too many failures."""
    text = _("Too many attempts failed. Wait a quarter of an hour, or ask an administrator to set a new password.")
    context = {"title": _("Sign-in is locked for a while"), "text": text}
    return render(request, "sfsync/backoffice/wrong.html", context, status=429)
