"""The end of the first day: what a first sync would send, on a page."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from sfsync import texts
from sfsync.backoffice.kit.live_shop import OUTSIDE, Quick, said
from sfsync.backoffice.kit.reader_texts import Said, told
from sfsync.engine.dry_run import Rehearsed, dry_run
from sfsync.engine.kit.lease import Busy
from sfsync.models import Store

SECONDS = 15.0
"""What was found by then is shown."""
MOST = 100
"""Updates that a page shows."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An update that would be sent: of which order, as what, and what goes out with it."""

    reference: str
    channel: str
    label: str
    sent: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Look:
    """What a first sync would send (`count` updates, the first of them `shown`), or the `trouble` that stops it.
    `cut`: there was more to see than a page has time for."""

    shown: list[Shown] = field(default_factory=list)
    count: int = 0
    warnings: list[str] = field(default_factory=list)
    cut: bool = False
    trouble: Said | None = None

    @property
    def more(self) -> int:
        return self.count - len(self.shown)


def first_look(store: Store) -> Look:
    """Nothing is sent, and nothing is kept."""
    try:
        with closing(Quick()) as outsides:
            return _look(dry_run(store, outsides, seconds=SECONDS))
    except Busy:
        return Look(trouble=Said(_("A sync of this store is in progress. Try again when it has ended.")))
    except OUTSIDE as error:
        return Look(trouble=said(store, error))


def _look(found: Rehearsed) -> Look:
    if found.troubles:
        stopped = found.troubles[0]
        return Look(trouble=told(stopped.trouble, {"message": stopped.detail}))
    shown = [
        Shown(each.reference, each.channel, texts.label(each.operation), texts.outgoing(each.payload))
        for each in found.unsent[:MOST]
    ]
    return Look(shown, len(found.unsent), found.warnings, found.cut)
