"""The first day of a store: what is asked, in which order, and what is made of the answers; for the terminal
(`sfsync init`) and for the pages alike."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum

from sfsync.models import Store, named_settings
from sfsync.shops.kind import ShopKind


class Step(StrEnum):
    """In their order. The value is the word in the page's address."""

    FEED = "feed"
    SHOP = "shop"
    STATUSES = "statuses"
    MAILS = "mails"
    CHECK = "check"


def unfinished(store: Store) -> bool:
    """It was never switched on: it is still being set up."""
    return not store.enabled and store.state.adopted_at is None


def reached(store: Store) -> list[Step]:
    """Those that are answered, and the first one that is not. Mails to nobody are an answer."""
    answered = {
        Step.FEED: bool(store.token),
        Step.SHOP: not named_settings.missing(store),
        Step.STATUSES: any(store.statuses.values()),
    }
    first = next((step for step, given in answered.items() if not given), Step.CHECK)
    steps = list(Step)
    return steps[: steps.index(first) + 1]


def next_step(store: Store) -> Step:
    """Where to go on: who gets the mails is asked for again while nobody does."""
    last = reached(store)[-1]
    return Step.MAILS if last is Step.CHECK and not store.recipients else last


def needed(kind: ShopKind) -> set[str]:
    """The keys of the shop's settings that nobody else can know: those without a usual value, and the choices that
    others depend on."""
    return {key for key, each in kind.settings.items() if each.default is None or key in forks(kind)}


def forks(kind: ShopKind) -> set[str]:
    """The keys of the choices that other settings depend on."""
    return {each.when[0] for each in kind.settings.values() if each.when}


def to_correct(kind: ShopKind, wrong: Collection[str]) -> set[str]:
    """The keys of what is asked for again: those that are wrong, with the choices that they are judged beside; all that
    is `needed` where nobody knows which."""
    beside = {fork for key in wrong if kind.settings[key].beside for fork in forks(kind)}
    return {*wrong, *beside} or needed(kind)


def account(opened: Mapping[int, str], chosen: int) -> int:
    """Of the stores that a token opens, the one that was chosen, or the only one; 0 where a person has to choose."""
    if chosen in opened:
        return chosen
    return next(iter(opened)) if len(opened) == 1 else 0
