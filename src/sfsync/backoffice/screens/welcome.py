"""The first visit: nobody can sign in yet, and whoever has the code from the log becomes the first administrator."""

from __future__ import annotations

import base64
from typing import Any

from django import forms
from django.contrib.auth import get_user_model, login, password_validation
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from sfsync.backoffice.kit.signals import password_given
from sfsync.models import Release, Store
from sfsync.models.act import note
from sfsync.models.role import Level

LETTERS = 16
"""Of the code: 80 bits, more than anybody can guess."""


def code() -> str:
    """From the deployment's secret key: each machine that shares it shows the same. It opens nothing once somebody
    can sign in."""
    letters = base64.b32encode(salted_hmac("sfsync.welcome", "first administrator", algorithm="sha256").digest())
    return "-".join(letters[start : start + 4].decode() for start in range(0, LETTERS, 4))


def nobody_yet() -> bool:
    return not get_user_model()._default_manager.exists()


class FirstAdministrator(forms.Form):
    code = forms.CharField(
        label=gettext_lazy("Code"),
        widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "characters"}),
        help_text=gettext_lazy("The log of the server shows it, where sfsync was started."),
    )
    username = forms.CharField(
        label=gettext_lazy("Name to sign in with"), max_length=150, widget=forms.TextInput({"autocomplete": "username"})
    )
    email = forms.EmailField(label=gettext_lazy("Email address"), required=False)
    password = forms.CharField(
        label=gettext_lazy("Password"),
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
        help_text=password_validation.password_validators_help_text_html(),
    )

    def clean_code(self) -> str:
        given: str = self.cleaned_data["code"]
        if not constant_time_compare("".join(filter(str.isalnum, given)).upper(), code().replace("-", "")):
            raise forms.ValidationError(_("This is not the code."))
        return given

    def clean_username(self) -> str:
        name: str = self.cleaned_data["username"]
        get_user_model()._meta.get_field("username").run_validators(name)
        return name

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        named = get_user_model()(
            username=self.cleaned_data.get("username", ""), email=self.cleaned_data.get("email", "")
        )
        password_validation.validate_password(password, named)
        return password


@never_cache
@require_http_methods(["GET", "POST"])
def welcome(request: HttpRequest) -> HttpResponse:
    """Unknown (404) as soon as there is somebody."""
    with transaction.atomic():
        Release.objects.select_for_update().first()  # of two who send the form at once, one is the first
        if not nobody_yet():
            raise Http404
        form = FirstAdministrator(request.POST or None)
        if form.is_valid():
            return _enter(request, form.cleaned_data)
    return render(request, "sfsync/backoffice/welcome.html", {"form": form})


def _enter(request: HttpRequest, given: dict[str, Any]) -> HttpResponse:
    people: Any = get_user_model()._default_manager
    person = people.create_superuser(given["username"], given["email"], given["password"])
    note(person.get_username(), "person-saved", person=person.get_username(), role=Level.ADMINISTRATOR, active=True)
    password_given.send(sender=None, request=request, person=person)
    login(request, person, backend="django.contrib.auth.backends.ModelBackend")
    return redirect("backoffice:overview" if Store.objects.exists() else "backoffice:first-day")
