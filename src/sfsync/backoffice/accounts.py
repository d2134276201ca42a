"""Signing in, signing out, changing one's password."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import views
from django.contrib.messages.views import SuccessMessageMixin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sfsync.backoffice.access import signed_in
from sfsync.backoffice.shell import LANGUAGES, page


class SignIn(views.LoginView):
    template_name = "sfsync/backoffice/sign_in.html"
    redirect_authenticated_user = True
    next_page = reverse_lazy("backoffice:overview")
    extra_context = {"languages": LANGUAGES}  # noqa: RUF012  Django's name, read only


class SignOut(views.LogoutView):
    next_page = reverse_lazy("backoffice:sign-in")


class ChangePassword(SuccessMessageMixin[Any], views.PasswordChangeView):
    success_url = reverse_lazy("backoffice:overview")
    success_message = gettext_lazy("Your password was changed.")

    def render_to_response(self, context: dict[str, Any], **_kwargs: Any) -> HttpResponse:
        return page(self.request, "password.html", form=context["form"])


change_password = signed_in(ChangePassword.as_view())


def locked_out(request: HttpRequest, response: Any = None, credentials: Any = None, **_kwargs: Any) -> HttpResponse:
    """django-axes calls it after too many failures."""
    text = _("Too many attempts failed. Wait a quarter of an hour, or ask an administrator to set a new password.")
    context = {"title": _("Sign-in is locked for a while"), "text": text}
    return render(request, "sfsync/backoffice/wrong.html", context, status=429)
