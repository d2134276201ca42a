"""The pages for machines. A project that mounts the back office mounts these where its monitoring looks."""

from __future__ import annotations

from django.urls import path

from sfsync.backoffice import machine

urlpatterns = [
    path("healthz", machine.healthz, name="healthz"),
    path("readyz", machine.readyz, name="readyz"),
    path("metrics", machine.metrics, name="metrics"),
    path("cron/", machine.cron, name="cron"),
    path("cron/<str:key>/", machine.cron, name="cron-key"),
]
