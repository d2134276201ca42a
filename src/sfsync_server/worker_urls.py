"""The pages that mails name, in a process that serves none."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [path("", include("sfsync.backoffice.urls"))]
