"""What the pages of signing in ask about the deployment, and how they name a session."""

from __future__ import annotations

from django import template
from django.conf import settings

from sfsync.guard.devices import device

register = template.Library()
register.filter(device)


@register.simple_tag
def password_form() -> bool:
    """Whether people may sign in by name and password."""
    return bool(settings.GUARD_PASSWORD_FORM)
