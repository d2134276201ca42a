"""What Django and its apps are told, made of this deployment's settings: mail, cache, sign-in provider, pace."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import unquote, urlsplit

from sfsync_server.environment import Environment


def cache(environment: Environment) -> dict[str, Any]:
    """In home, for all processes of `sfsync serve` together; in each one's memory where home cannot be written."""
    try:
        environment.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return _IN_MEMORY
    if not os.access(environment.home, os.W_OK):
        return _IN_MEMORY
    backend = "sfsync_server.file_cache.FileCache"
    return {"BACKEND": backend, "LOCATION": environment.home / "cache", "OPTIONS": {"MAX_ENTRIES": 10_000}}


_IN_MEMORY = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}


def pace_url(environment: Environment) -> str | None:
    """The broker, where it is a Redis: it can count requests, too."""
    broker = environment.broker_url.get_secret_value()
    return broker if urlsplit(broker).scheme in {"redis", "rediss"} else None


def providers(environment: Environment) -> list[dict[str, Any]]:
    """allauth's `APPS`: the company's provider, if there is one."""
    if not environment.oidc_url:
        return []
    return [
        {
            "provider_id": "company",
            "name": environment.oidc_name,
            "client_id": environment.oidc_client_id,
            "secret": environment.oidc_client_secret.get_secret_value(),
            "settings": {"server_url": environment.oidc_url},
        }
    ]


def mail(environment: Environment) -> dict[str, Any]:
    """Django's `EMAIL_*` settings. Port 587 is for STARTTLS; elsewhere `auto` looks whether the server offers it."""
    text = environment.smtp_url.get_secret_value()
    if not text:
        return {"EMAIL_BACKEND": "sfsync.notify.smtp.NoServer"}
    url, security = urlsplit(text), environment.smtp_security
    tls = url.scheme == "smtps" or security == "tls"
    starttls = not tls and (security == "starttls" or (security == "auto" and url.port == 587))
    looks = not tls and not starttls and security == "auto"
    return {
        "EMAIL_BACKEND": "sfsync.notify.smtp.Server" if looks else "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": url.hostname,
        "EMAIL_PORT": url.port or (465 if tls else 25),
        "EMAIL_HOST_USER": unquote(url.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(url.password or ""),
        "EMAIL_USE_SSL": tls,
        "EMAIL_USE_TLS": starttls,
        "EMAIL_TIMEOUT": environment.timeout,
    }
