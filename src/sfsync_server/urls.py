"""The addresses of the self-hosted product: the back office, its machine-read pages, and the stock admin."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

handler400 = "sfsync.backoffice.wrong.bad_request"
handler403 = "sfsync.backoffice.wrong.forbidden"
handler404 = "sfsync.backoffice.wrong.not_found"
handler500 = "sfsync.backoffice.wrong.server_error"

urlpatterns = [
    path("rows/", admin.site.urls),
    path("", include("sfsync.backoffice.machine_urls")),
    path("", include("sfsync.backoffice.urls")),
]
