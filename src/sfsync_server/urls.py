"""The addresses of the self-hosted product: the back office, its machine-read pages, and the stock admin."""

from __future__ import annotations

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

from sfsync.backoffice.screens.welcome import welcome

handler400 = "sfsync.backoffice.kit.error_pages.bad_request"
handler403 = "sfsync.backoffice.kit.error_pages.forbidden"
handler404 = "sfsync.backoffice.kit.error_pages.not_found"
handler429 = "sfsync.guard.accounts.too_many"
handler500 = "sfsync.backoffice.kit.error_pages.server_error"

urlpatterns = [
    path("rows/login/", secure_admin_login(admin.site.login)),
    path("rows/", admin.site.urls),
    path("welcome/", welcome, name="welcome"),
    path("", include("sfsync.ops.urls")),
    path("", include("sfsync.guard.urls")),
    path("", include("sfsync.backoffice.urls")),
]
