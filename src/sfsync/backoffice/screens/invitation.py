"""What an invitation leads to: choosing a password."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.forms import SetPasswordForm
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from sfsync.backoffice.kit import invitations
from sfsync.backoffice.kit.error_pages import sorry
from sfsync.backoffice.kit.signals import invitation_used


@never_cache
@sensitive_post_parameters()
def invitation(request: HttpRequest, secret: str) -> HttpResponseBase:
    """Looking at it (as mail programs do) uses nothing up."""
    person = invitations.invited(secret)
    if person is None:
        return _over(request)
    form = SetPasswordForm(person, request.POST or None)
    if request.method == "POST" and form.is_valid():
        if not invitations.use(secret, form.save):
            return _over(request)
        invitation_used.send(sender=None, request=request, person=person)
        messages.success(request, _("Your password is set. Sign in with it."))
        return redirect(settings.LOGIN_URL)
    return render(request, "sfsync/backoffice/invitation.html", {"form": form, "person": person})


def _over(request: HttpRequest) -> HttpResponse:
    text = _("A link works once, for 48 hours. Ask an administrator for a new one.")
    return sorry(request, 410, _("This link no longer works"), text)
