"""The pages for machines. A project that mounts the back office mounts these where its monitoring looks."""

from __future__ import annotations

from django.urls import path

from sfsync.ops import endpoints, hooks

urlpatterns = [
    path("healthz", endpoints.healthz, name="healthz"),
    path("readyz", endpoints.readyz, name="readyz"),
    path("metrics", endpoints.metrics, name="metrics"),
    path("cron/", endpoints.cron, name="cron"),
    path("cron/<str:key>/", endpoints.cron, name="cron-key"),
    path("hooks/<slug:store>/", hooks.hook, name="hook"),
]
