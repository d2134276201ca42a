"""Where a form may lead after it was sent: to our own pages, whatever else answers under the same name."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def is_ours(request: HttpRequest, url: str) -> bool:
    """A path from the root, or an address of this very origin: another port or scheme of the host may be somebody
    else's. What begins otherwise (`null`) would be looked for under the page, or among the names of pages."""
    allowed = url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure())
    return allowed and (url.startswith("/") or urlsplit(url).scheme == request.scheme)
