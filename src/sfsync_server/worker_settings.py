"""The settings of a process that runs stores and serves no page: without the apps that only pages need, it is 10 MB
smaller."""

from __future__ import annotations

from sfsync_server.settings import *  # noqa: F403

INSTALLED_APPS = ["sfsync", "django.contrib.auth", "django.contrib.contenttypes"]
MIDDLEWARE = []
ROOT_URLCONF = "sfsync_server.worker_urls"
