"""Settings as a merchant reads them: names and values of changes, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from sfsync import texts
from sfsync.backoffice.kit.live_shop import Carriers, Statuses, carriers_of, statuses_of
from sfsync.backoffice.kit.reader_texts import Said
from sfsync.engine.people.change_settings import in_words
from sfsync.models import SettingChange, Store, named_settings


@dataclass(frozen=True, slots=True)
class Line:
    """One change of one setting."""

    at: datetime
    who: str
    name: str
    before: str
    after: str


class Names:
    """What the shop calls its statuses and carriers; it is asked only where a change has any."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @cached_property
    def statuses(self) -> Statuses:
        return statuses_of(self._store, get_language() or "en")

    @cached_property
    def carriers(self) -> Carriers:
        return carriers_of(self._store)

    @property
    def silent(self) -> Said | None:
        """Why the shop could not be asked, where it was."""
        asked = (self.__dict__.get(each) for each in ("statuses", "carriers"))
        return next((each.trouble for each in asked if each and each.trouble), None)


def change_lines(store: Store, changes: Iterable[SettingChange], shop: Names) -> list[Line]:
    return [
        Line(
            each.at,
            texts.who(each.who),
            called(store, each.name),
            value(store, each.name, each.before, shop),
            value(store, each.name, each.after, shop),
        )
        for each in changes
    ]


def called(store: Store, name: str) -> str:
    """What a recorded change is of: a setting, or the store itself."""
    return _("Store added") if name == "store" else named_settings.label(store, name)


def value(store: Store, name: str, recorded: Any, shop: Names) -> str:
    """A recorded value of this setting in the reader's language, with the shop's own names."""
    if name == "ship_without_tracking":
        return _without_number(recorded, shop)
    if name == "statuses":
        return in_words(recorded, shop.statuses.numbered)
    chosen = named_settings.choices(store, name).get(recorded) if isinstance(recorded, str) else None
    return chosen or in_words(recorded) or _("none")


def _without_number(recorded: Any, shop: Names) -> str:
    if isinstance(recorded, bool):
        return _("always") if recorded else _("never")
    return _("only with %(carriers)s") % {"carriers": in_words(recorded, shop.carriers.numbered)}
