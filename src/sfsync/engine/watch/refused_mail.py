"""Recipients that the mail server refused while it took the mail for others (R20): kept for them alone.

A refusal for now (4xx) is tried again, later and later; one for good (5xx) is an alarm, until the server takes mail for
that address again or nobody asks for it any more. What is kept goes out then.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sfsync.models import Store, StoreState
from sfsync.notify.smtp import Answer

FIRST_RETRY, LONGEST_RETRY = timedelta(minutes=1), timedelta(hours=1)
PATIENCE = 3
"""Refusals for now in a row that are no alarm: many servers greet a stranger with one."""
MOST_KEPT = 500
"""Notices kept for one recipient, the newest."""


def after(tries: int) -> timedelta:
    """The wait after so many tries: later and later, an hour at most."""
    wait: timedelta = FIRST_RETRY * 2 ** min(tries, 10)
    return min(wait, LONGEST_RETRY)


def write_down(
    state: StoreState, asked: Collection[str], refused: Mapping[str, Answer], notices: Collection[int], now: datetime
) -> None:
    """What became of one mail about `notices`, for each recipient that it was `asked` for. Saves what changed."""
    kept = {address: _kept(state, address, refused.get(address), notices, now) for address in asked}
    _save(state, {address: entry for address, entry in {**state.refused, **kept}.items() if entry})


def _kept(
    state: StoreState, address: str, answer: Answer | None, notices: Collection[int], now: datetime
) -> dict[str, Any]:
    """The entry of one recipient; empty where nothing is left for it."""
    before: dict[str, Any] = state.refused.get(address, {})
    if answer is None:
        left = [each for each in before.get("notices", ()) if each not in notices]
        return before | {"notices": left, "lasting": False, "retry_at": now.isoformat()} if left else {}
    tries = before.get("tries", 0)
    return {
        "notices": sorted({*before.get("notices", ()), *notices})[-MOST_KEPT:],
        "said": str(answer),
        "lasting": answer.lasting,
        "tries": tries + 1,
        "retry_at": (now + after(tries)).isoformat(),
    }


def due(store: Store, now: datetime) -> Iterator[tuple[str, list[int]]]:
    """The recipients to be tried again alone, each with the notices kept for it. Those that nobody asks for any more
    are forgotten."""
    wanted = {address: each for address, each in store.state.refused.items() if address in store.recipients}
    _save(store.state, wanted)
    for address, each in wanted.items():
        wait = datetime.fromisoformat(each["retry_at"]) - now
        # a longer wait than there is was written by a clock that has been put back since
        if each["notices"] and not each["lasting"] and not timedelta() < wait <= LONGEST_RETRY:
            yield address, each["notices"]


def alarming(state: StoreState) -> dict[str, str]:
    """Recipient → what the server says of it, where somebody has to do something."""
    entries = state.refused.items()
    return {address: each["said"] for address, each in entries if each["lasting"] or each["tries"] >= PATIENCE}


def told(refused: Mapping[str, object]) -> dict[str, Any]:
    """The parameters of the sentence about recipients that were refused."""
    message = "; ".join(f"{address}: {said}" for address, said in refused.items())
    return {"recipients": ", ".join(refused), "message": message}


def taken_again(state: StoreState, addresses: Collection[str], now: datetime) -> None:
    """The server has just said that it takes mail for these: what is kept for them goes out with the next run."""
    again = {address: each for address, each in state.refused.items() if address in addresses}
    changed = {
        address: each | {"lasting": False, "tries": 0, "retry_at": now.isoformat()}
        for address, each in again.items()
        if each["notices"]
    }
    others = {address: each for address, each in state.refused.items() if address not in again}
    _save(state, others | changed)


def _save(state: StoreState, refused: dict[str, Any]) -> None:
    if refused != state.refused:
        state.refused = refused
        state.save(update_fields=["refused"])
