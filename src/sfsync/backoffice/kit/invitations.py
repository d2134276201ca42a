"""Invitations: a link by which somebody chooses their own password. It works once, for 48 hours; a new one ends it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth import get_user_model
from django.core import signing
from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac

SALT = "sfsync.invitation"
LASTS = 48 * 3600
"""Seconds."""


def invite(person: Any) -> str:
    """The secret part of the link. The person's password, and every session of theirs, ends."""
    person.set_unusable_password()  # another one each time: it is what the link is bound to
    person.save(update_fields=["password"])
    return signing.dumps({"person": person.pk, "bound": _bound(person)}, salt=SALT)


def use(secret: str, save: Callable[[], object]) -> bool:
    """Of two who use a link in the same instant one saves; False for the other."""
    with transaction.atomic():
        fresh = invited(secret, held=True) is not None
        if fresh:
            save()
        return fresh


def invited(secret: str, *, held: bool = False) -> Any:
    """Whose link it is; nobody's where it is not ours, was used or is too old. `held`: until the transaction ends."""
    try:
        told = signing.loads(secret, salt=SALT, max_age=LASTS)
    except signing.BadSignature:
        return None
    people = get_user_model()._default_manager.all()
    people = people.select_for_update() if held else people
    person = people.filter(pk=told["person"], is_active=True).first()
    return person if person and constant_time_compare(told["bound"], _bound(person)) else None


def _bound(person: Any) -> str:
    return salted_hmac(SALT, person.password).hexdigest()
