"""Change a store's settings: checked by the model's rules, recorded with who, logged where merchants look."""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from sfsync import texts
from sfsync.db.secrets import Secret, SecretUnreadable
from sfsync.domain.errors import Failure
from sfsync.domain.operations import meanings
from sfsync.engine.kit.journal import Journal
from sfsync.models import SettingChange, Store, Task
from sfsync.models.log import Level

LONGEST = 20_000
"""Characters that the record keeps of a value."""
REPLACED = _("replaced")
"""What the record says of a new secret whose last characters are the former one's."""


def differences(store: Store, wanted: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Name, before, after of each setting that would change, as the record keeps them: in no language (`in_words`).

    A secret shows as its last characters.
    """
    return [_difference(store, name, value) for name, value in wanted.items() if _new(store, name, value)]


def _new(store: Store, name: str, value: Any) -> bool:
    """A secret whose key is lost is another one: giving it again is how it is put right."""
    try:
        return bool(getattr(store, name) != value)
    except SecretUnreadable:
        return True


def _difference(store: Store, name: str, value: Any) -> tuple[str, str, str]:
    before, after = shown(getattr(store, name)), shown(value)
    return name, before, REPLACED if before == after else after


def shown(value: Any) -> str:
    try:
        return value.hint if isinstance(value, Secret) else str(value)
    except SecretUnreadable:
        return "…"


def in_words(recorded: str, named: Callable[[Any], str] = str) -> str:
    """A value of the record as people of the active language read it: "Shipped: 4, 22; Canceled: 6".

    `named`: how the members of a list are called.
    """
    if recorded == REPLACED:
        return gettext(REPLACED)
    try:
        value = literal_eval(recorded)
    except (ValueError, SyntaxError):
        return recorded
    match value:
        case bool():
            return gettext("yes") if value else gettext("no")
        case list():
            return _listed(value, named) or gettext("none")
        case dict():
            return gettext("; ").join(_meant(word, ids, named) for word, ids in value.items() if ids) or gettext("none")
    return recorded


def _meant(word: str, statuses: Any, named: Callable[[Any], str]) -> str:
    meaning = texts.label(meanings()[word].name) if word in meanings() else word
    return gettext("%(meaning)s: %(statuses)s") % {"meaning": meaning, "statuses": _listed(statuses, named)}


def _listed(values: Any, named: Callable[[Any], str]) -> str:
    """What is no list was refused, and is shown as it was written."""
    return ", ".join(map(named, values)) if isinstance(values, list) else str(values)


def change(store: Store, wanted: Mapping[str, Any], who: str) -> list[str]:
    """Save what differs. Returns the names of the changed settings. Raises `ValidationError`, then nothing is saved."""
    changes = differences(store, wanted)
    _set(draft := copy(store), wanted)
    draft.full_clean(exclude=["members"])
    if not changes:
        return []
    _set(store, wanted)
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
        judge_again(store, names)
    return names


def _set(store: Store, wanted: Mapping[str, Any]) -> None:
    for name, value in wanted.items():
        setattr(store, name, value)


DECIDING = {"statuses", "state_policy", "ship_without_tracking"}


def judge_again(store: Store, changed: Iterable[str]) -> None:
    """An update that failed for want of a tracking number (R4) is due again: other settings may allow it, or drop it.
    Where they do not, it fails as before, and is not told a second time."""
    if DECIDING.intersection(changed):
        parked = Task.objects.filter(store=store, failure=Failure.NO_TRACKING).parked()
        parked.update(failed_at=None, update_at=timezone.now())
