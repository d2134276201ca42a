"""Settings as a merchant reads them: names and values of changes, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from sfsync import texts
from sfsync.backoffice.kit.live_shop import Carriers, Statuses, carriers_of, statuses_of
from sfsync.backoffice.kit.reader_texts import Said
from sfsync.domain.carriers import EVERYWHERE
from sfsync.domain.marketplaces import marketplace
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
    if name in _TABLES and recorded and isinstance(recorded, dict):
        return _("; ").join(_TABLES[name](key, said, shop) for key, said in recorded.items())
    chosen = named_settings.choices(store, name).get(recorded) if isinstance(recorded, str) else None
    return chosen or in_words(recorded) or _("none")


def columns() -> dict[str, str]:
    """What is sent for a carrier (`Outgoing`), by what a reader knows it as."""
    return {
        "name": _("Name"),
        "code": _("Code"),
        "method": _("Method"),
        "link": _("Link template"),
        "return_number": _("Return number"),
    }


def _carriers_of(channel: str, table: Any, shop: Names) -> str:
    if not isinstance(table, dict):
        return _paired(_channel(channel), table)
    lines = (f"{shop.carriers.numbered(carrier)} → {_outgoing(sent)}" for carrier, sent in table.items())
    return _paired(_channel(channel), ", ".join(lines) or _("none"))


def _outgoing(sent: Any) -> str:
    called = columns()
    if not isinstance(sent, dict):
        return str(sent)
    return " / ".join(_paired(called.get(str(key), str(key)), value) for key, value in sent.items())


def _hours_of(channel: str, hours: Any, _shop: Names) -> str:
    return _paired(_channel(channel), hours)


def _reason_of(status: str, reason: Any, shop: Names) -> str:
    return _paired(shop.statuses.numbered(status), reason)


_TABLES: Mapping[str, Callable[[str, Any, Names], str]] = {
    "carriers": _carriers_of,
    "ship_hours": _hours_of,
    "reasons": _reason_of,
}
"""The settings that have a line for each marketplace, or for each status."""


def _channel(name: str) -> str:
    return _("All other marketplaces") if name == EVERYWHERE else marketplace(name)


def _paired(name: str, said: Any) -> str:
    return _("%(meaning)s: %(statuses)s") % {"meaning": name, "statuses": said}


def _without_number(recorded: Any, shop: Names) -> str:
    if isinstance(recorded, bool):
        return _("always") if recorded else _("never")
    return _("only with %(carriers)s") % {"carriers": in_words(recorded, shop.carriers.numbered)}
