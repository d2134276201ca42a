"""Taking over from a module of the shop that sends order updates too, and giving back (R23).

What a setting was is remembered before it is changed: killed anywhere, both can be begun again, and come to the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from django.db import transaction
from django.utils import timezone

from sfsync.engine.kit.connections import open_switches
from sfsync.engine.kit.journal import Journal
from sfsync.models import Store, Takeover
from sfsync.models.log import Level
from sfsync.shops.base import ShopMisconfigured
from sfsync.shops.switches import Switch, Switches


@contextmanager
def switches_of(store: Store, account: str = "") -> Iterator[Switches]:
    """Raises `ShopMisconfigured`, also where this kind of shop knows of no others that send."""
    switches = open_switches(store, account)
    if switches is None:
        raise ShopMisconfigured("No other module is known that could send for this type of shop.")
    try:
        yield switches
    finally:
        switches.close()


def sending(switches: Switches) -> list[Switch]:
    """What taking over would switch off."""
    return [each for each in switches.found() if each.sends]


def take_over(store: Store, switches: Switches, who: str) -> list[Switch]:
    """Switch off what sends. Returns what was switched; raises as `Switches` does, and where something sends still."""
    to_switch = sending(switches)
    _remember(store, switches.found(), to_switch, who)
    for each in to_switch:
        switches.put(each, each.off)
    if still := sending(switches):
        names = ", ".join(each.name for each in still)
        raise ShopMisconfigured(
            f"The shop still shows {names} as set to send. Its cache may hide the change: empty it."
        )
    if to_switch:
        _say(store, "taken-over", who, to_switch)
    return to_switch


def _remember(store: Store, found: Sequence[Switch], to_switch: Sequence[Switch], who: str) -> None:
    """Beside what was switched before and is still there. A module that was reset has other rows."""
    if not to_switch:
        return
    with transaction.atomic():
        kept = Takeover.objects.select_for_update().filter(store=store).first()
        there = {(each.key, each.name) for each in found}
        known = [each for each in (kept.switches if kept else []) if (each["key"], each["name"]) in there]
        memory = {each["key"]: each for each in known} | {each.key: _noted(each) for each in to_switch}
        values = {"switches": list(memory.values()), "taken_at": timezone.now(), "who": who[:150], "back_at": None}
        Takeover.objects.update_or_create(store=store, defaults=values)


def _noted(switch: Switch) -> dict[str, str]:
    return {"key": switch.key, "name": switch.name, "value": switch.value, "off": switch.off}


@dataclass(slots=True)
class Return:
    """What giving back would do, or did: `switched` with the values that they get again; the names of those `left`,
    which somebody has changed or removed since."""

    switched: list[Switch] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def returning(store: Store, switches: Switches) -> Return:
    """What was switched off, and nothing else. Empty where nothing was."""
    kept = Takeover.objects.filter(store=store).first()
    now = {(each.key, each.name): each for each in switches.found()} if kept else {}
    found = Return()
    for each in kept.switches if kept else []:
        switch = now.get((each["key"], each["name"]))
        if switch and switch.value == each["off"]:
            found.switched.append(switch)
        elif not switch or switch.value != each["value"]:
            found.left.append(each["name"])
    return found


def give_back(store: Store, switches: Switches, who: str) -> Return:
    """Restore exactly what was switched off. What was given back already is left as it is."""
    kept = Takeover.objects.filter(store=store).first()
    former = {(each["key"], each["name"]): each["value"] for each in (kept.switches if kept else [])}
    found = returning(store, switches)
    for each in found.switched:
        switches.put(each, former[each.key, each.name])
    if kept:
        _say(store, "given-back", who, found.switched)
        kept.delete()
    return found


def former_values(store: Store, switched: Sequence[Switch]) -> list[Switch]:
    """The same settings with the values that they had."""
    kept = Takeover.objects.filter(store=store).first()
    former = {(each["key"], each["name"]): each["value"] for each in (kept.switches if kept else [])}
    return [replace(each, value=former[each.key, each.name]) for each in switched]


def _say(store: Store, code: str, who: str, switched: Sequence[Switch]) -> None:
    journal = Journal(store, "person", "")
    journal.say(Level.WARNING, code, who=who, names=", ".join(dict.fromkeys(each.name for each in switched)) or "-")
    journal.flush()
