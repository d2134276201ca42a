"""What the sign-in page asks about the deployment."""

from __future__ import annotations

from django import template
from django.conf import settings

register = template.Library()


@register.simple_tag
def password_form() -> bool:
    """Whether people may sign in by name and password."""
    return bool(settings.GUARD_PASSWORD_FORM)
