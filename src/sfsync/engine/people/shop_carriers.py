"""Whether the shop has the carriers that settings name (R26)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sfsync.domain.broken_text import mended
from sfsync.domain.carriers import EVERYWHERE, read_book
from sfsync.engine.kit.connections import Connections
from sfsync.models import Store
from sfsync.shops.base import Carrier
from sfsync.shops.keys import CarrierKey, in_order
from sfsync.shops.setting import Mistake


def not_in_shop(store: Store, connections: Connections) -> list[CarrierKey]:
    """The carriers of the settings that the shop does not have. Asks nobody where they name none.

    Raises what opening and reading the shop raises.
    """
    wanted = {carrier for table in store.carriers.values() for carrier in table}
    if not wanted:
        return []
    known = connections.shop(store).reader.carriers()
    return in_order(store.kind.carriers, wanted - {key for each in known for key in (each.carrier_id, *each.ids)})


def damaged(store: Store, carriers: Iterable[Carrier]) -> list[tuple[str, str]]:
    """The shop's names whose letters were broken, each with what is sent in its place. Not of carriers that are
    deleted, nor of those for which the settings name something everywhere."""
    chosen = read_book(store.carriers).get(EVERYWHERE, {})
    named = {key for key, each in chosen.items() if each.name or each.code}
    sent = {each.name: mended(each.name) for each in carriers if not each.deleted and each.carrier_id not in named}
    return [(name, better) for name, better in sent.items() if name != better]


def names(store: Store) -> list[str]:
    """What stands in the place of a carrier's key and is none: its name, perhaps."""
    tables = store.carriers.values() if isinstance(store.carriers, dict) else ()
    given = [key for table in tables if isinstance(table, dict) for key in table]
    return list(dict.fromkeys(key for key in given if not _is_key(store, key)))


def _is_key(store: Store, given: Any) -> bool:
    try:
        return bool(store.kind.carriers.parse(given))
    except Mistake:
        return False


def by_key(store: Store, carriers: Sequence[Carrier]) -> dict[str, Any]:
    """The settings' carriers with keys in place of names. A name that not exactly one carrier has stays, and so does
    one whose carrier has an entry already."""
    often = Counter(each.name for each in carriers)
    keys = {each.name: each.carrier_id for each in carriers if often[each.name] == 1}
    return {channel: dict(_keyed(table, keys)) for channel, table in store.carriers.items()}


def _keyed(table: dict[str, Any], keys: dict[str, CarrierKey]) -> Iterator[tuple[str, Any]]:
    for given, value in table.items():
        key = keys.get(given, given)
        yield (given if key in table else key), value
