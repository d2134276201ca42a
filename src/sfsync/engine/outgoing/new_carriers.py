"""A carrier that goes out to a marketplace for the first time is announced once (R26): Shopping Feed lists it under
*Carrier matching* only from then on. It stands in the log, and in the next mail; none is sent for it alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sfsync.domain.carriers import first_sent, plain
from sfsync.engine.kit.context import Run
from sfsync.engine.outgoing.prepare import Prepared
from sfsync.models import StoreState
from sfsync.models.log import Level
from shoppingfeed import Order as FeedOrder


def note_carriers(run: Run, prepared: Sequence[Prepared]) -> None:
    """In the transaction before they are sent. No statement where all are known."""
    pairs = {(each.task.channel, str(getattr(each.item, "carrier", ""))) for each in prepared}
    new = first_sent(run.store.state.carriers, sorted(pairs))
    if not new:
        return
    _write_down(run.store.state, new, known=False)
    run.store.state.save(update_fields=["carriers"])
    for channel, carrier in new:
        run.journal.say(Level.INFO, "new-carrier", channel=channel, carrier=carrier)


def learn_carriers(run: Run, shipped: Iterable[FeedOrder]) -> None:
    """What marketplaces had before sfsync came is no news. The caller saves the state."""
    _write_down(run.store.state, [(each.channel, each.carrier) for each in shipped], known=True)


def _write_down(state: StoreState, pairs: Iterable[tuple[str, str]], *, known: bool) -> None:
    """`known`: nobody need be told."""
    for channel, carrier in first_sent(state.carriers, pairs):
        name = next((each for each in state.carriers if plain(each) == plain(channel)), channel)
        state.carriers.setdefault(name, {})[carrier] = known


def unknown_to_people(state: StoreState) -> list[tuple[str, str]]:
    """The pairs of marketplace and carrier that no mail has named yet."""
    return [
        (channel, carrier) for channel, its in sorted(state.carriers.items()) for carrier in its if not its[carrier]
    ]


def announced(state: StoreState) -> None:
    """The mail with them is out."""
    if unknown_to_people(state):
        state.carriers = {channel: dict.fromkeys(its, True) for channel, its in state.carriers.items()}
        state.save(update_fields=["carriers"])
