"""The way to the company's own provider."""

from __future__ import annotations

from allauth.account.internal.decorators import login_not_required
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.openid_connect.views import login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render


@login_not_required  # type: ignore[untyped-decorator]  # allauth has no types
def to_provider(request: HttpRequest, provider_id: str) -> HttpResponse:
    """A page that goes there by itself, in the place of a redirect: the browser takes a redirect that answers a form
    for the form's own target, which our policy (`form-action`) keeps on this site."""
    answer: HttpResponse = login(request, provider_id)
    if not isinstance(answer, HttpResponseRedirect):
        return answer
    provider = get_adapter(request).get_provider(request, provider_id)
    return render(request, "socialaccount/to_provider.html", {"way": answer.url, "provider": provider})
