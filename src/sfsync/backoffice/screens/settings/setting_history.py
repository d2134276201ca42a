"""Settings as a merchant reads them: names and values of changes, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from sfsync.backoffice.kit.live_shop import Carriers, Statuses, carriers_of, statuses_of
from sfsync.backoffice.kit.reader_texts import Said
from sfsync.engine.people.change_settings import in_words
from sfsync.models import SettingChange, Store


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


def change_lines(changes: Iterable[SettingChange], shop: Names) -> list[Line]:
    names = setting_names()
    return [
        Line(
            each.at,
            each.who,
            names.get(each.name, each.name),
            value(each.name, each.before, shop),
            value(each.name, each.after, shop),
        )
        for each in changes
    ]


def setting_names() -> dict[str, str]:
    return {
        "store": _("Store added"),
        "enabled": _("Switched on"),
        "feed_store_id": _("Store number at Shopping Feed"),
        "token": _("Token"),
        "api_url": _("Address of the Shopping Feed API"),
        "shop_url": _("Address of the shop's database"),
        "shop_prefix": _("Prefix of the shop's tables"),
        "shop_id": _("Number of the shop in its database"),
        "language": _("Language of the mails"),
        "recipients": _("Recipients"),
        "statuses": _("What the statuses mean"),
        "mode": _("When updates are sent"),
        "every_minutes": _("Minutes between two runs"),
        "delay_minutes": _("Minutes to wait for a tracking number"),
        "retry_minutes": _("Minutes before the second try"),
        "tries": _("Tries"),
        "state_policy": _("Which status counts"),
        "ship_without_tracking": _("Ship without a tracking number"),
        "log_days": _("Days that the log is kept"),
        "members": _("People"),
    }


def value(name: str, text: str, shop: Names) -> str:
    """A recorded value of this setting in the reader's language, with the shop's own names."""
    if name == "ship_without_tracking":
        return _without_number(text, shop)
    if name == "statuses":
        return in_words(text, shop.statuses.numbered)
    return _in_words(text)


def _without_number(text: str, shop: Names) -> str:
    if text in ("True", "False"):
        return _("always") if text == "True" else _("never")
    return _("only with %(carriers)s") % {"carriers": in_words(text, shop.carriers.numbered)}


def _in_words(text: str) -> str:
    words = {
        "batch": _("in batches, on a schedule"),
        "realtime": _("in real time"),
        "current": _("the current status"),
        "latest-mapped": _("the latest mapped status"),
        "en": _("English"),
        "fr": _("French"),
    }
    return words.get(text) or in_words(text) or _("none")
