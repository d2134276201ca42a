"""Change a store's settings: checked by the model's rules, recorded with who, logged where merchants look."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from sfsync.engine.journal import Journal
from sfsync.models import SettingChange, Store
from sfsync.models.log import Level
from sfsync.models.secrets import Secret, SecretUnreadable

LONGEST = 2000


def differences(store: Store, wanted: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Name, before, after of each setting that would change. A secret shows as its last characters."""
    return [
        (name, shown(getattr(store, name)), shown(value)) for name, value in wanted.items() if _new(store, name, value)
    ]


def _new(store: Store, name: str, value: Any) -> bool:
    try:
        return bool(getattr(store, name) != value)
    except SecretUnreadable:
        return True


def shown(value: Any) -> str:
    try:
        return value.hint if isinstance(value, Secret) else str(value)
    except SecretUnreadable:
        return "…"


def change(store: Store, wanted: Mapping[str, Any], who: str) -> list[str]:
    """Save what differs. Returns the names of the changed settings. Raises `ValidationError`, then nothing is saved."""
    changes = differences(store, wanted)
    for name, value in wanted.items():
        setattr(store, name, value)
    store.full_clean(exclude=["members"])
    if not changes:
        return []
    names = [name for name, _before, _after in changes]
    with transaction.atomic():
        store.save(update_fields=[*names, "updated_at"])
        SettingChange.objects.bulk_create(
            SettingChange(store=store, who=who, name=name, before=before[:LONGEST], after=after[:LONGEST])
            for name, before, after in changes
        )
        journal = Journal(store, "person", "")
        journal.say(Level.INFO, "person-settings", who=who, names=", ".join(names))
        journal.flush()
    return names
