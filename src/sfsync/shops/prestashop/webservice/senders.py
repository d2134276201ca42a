"""Who else tells Shopping Feed of the shop's orders (R23), as far as the web service shows it: the settings of their
modules. Whether a module is active it does not show: one that is set to send counts as one that does."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from sfsync.shops.base import Note, Weight
from sfsync.shops.prestashop.senders import ENABLED, NEWER, OLD, SENT

Settings = Callable[[Collection[str]], Mapping[str, str]]


class WebServiceSenders:
    """`settings` reads the shop's configuration. `ignored`: the merchant knows, and wants updates to be sent."""

    def __init__(self, settings: Settings, *, ignored: bool) -> None:
        self._settings, self._ignored = settings, ignored

    def notes(self) -> list[Note]:
        """One question."""
        return [] if self._ignored else [*_sending(self._settings((*SENT, ENABLED)))]


def _sending(settings: Mapping[str, str]) -> Iterator[Note]:
    if sent := [word for name, word in SENT.items() if settings[name]]:
        yield Note(Weight.BLOCKS, "old-module-sends", f"{OLD}: {', '.join(sent)}")
    if settings[ENABLED] == "1":
        yield Note(Weight.BLOCKS, "newer-module-sends", f"{NEWER}: {ENABLED} = 1")
