"""The address that a shop's bridge posts to: `/hooks/STORE/`."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from sfsync.engine.hear import LARGEST, Refused, hear
from sfsync.ops.endpoints import unlogged


@csrf_exempt
@require_POST
def hook(request: HttpRequest, store: str) -> HttpResponse:
    """204 once it is kept. 401 to who cannot sign for the store, whether there is one or not; 409 to a repeated
    message; 413 and 429 to too much."""
    try:
        hear(store, request.headers, _body(request))
    except Refused as refused:
        return unlogged(JsonResponse({"error": str(refused)}, status=refused.status))
    return HttpResponse(status=204)


def _body(request: HttpRequest) -> bytes:
    """No more is read than a message may have."""
    body = request.read(LARGEST + 1)
    if len(body) > LARGEST:
        raise Refused(413, "The message is too long.")
    return body
