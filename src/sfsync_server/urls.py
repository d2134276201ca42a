"""The addresses of the self-hosted product: the back office, its machine-read pages, and raw rows."""

from __future__ import annotations

from allauth.account.decorators import secure_admin_login
from django.urls import include, path

from sfsync.backoffice.screens.welcome import welcome
from sfsync_server.rows import raw_rows

handler400 = "sfsync.backoffice.kit.error_pages.bad_request"
handler403 = "sfsync.backoffice.kit.error_pages.forbidden"
handler404 = "sfsync.backoffice.kit.error_pages.not_found"
handler429 = "sfsync.guard.accounts.too_many"
handler500 = "sfsync.backoffice.kit.error_pages.server_error"

rows = raw_rows()
urlpatterns = [
    path("rows/login/", secure_admin_login(rows.login)),
    path("rows/", rows.urls),
    path("welcome/", welcome, name="welcome"),
    path("", include("sfsync.ops.urls")),
    path("", include("sfsync.guard.urls")),
    path("", include("sfsync.backoffice.urls")),
]
