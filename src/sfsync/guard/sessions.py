"""Where somebody is signed in, and signing out everywhere."""

from __future__ import annotations

from typing import Any

from allauth.usersessions.models import UserSession
from allauth.usersessions.views import ListUserSessionsView
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache


class Sessions(ListUserSessionsView):  # type: ignore[misc]
    """allauth's, which ends all other sessions; and on `here` this one too."""

    def form_valid(self, form: Any) -> HttpResponse:
        if "here" not in self.request.POST:
            answer: HttpResponse = super().form_valid(form)
            return answer
        end_sessions(self.request.user)
        logout(self.request)
        messages.success(self.request, _("You are signed out everywhere."))
        return redirect("account_login")


def end_sessions(person: Any) -> None:
    for session in UserSession.objects.filter(user=person):
        session.end()


@never_cache
@login_required
def sessions(request: HttpRequest) -> HttpResponseBase:
    answer: HttpResponseBase = Sessions.as_view()(request)
    return answer
