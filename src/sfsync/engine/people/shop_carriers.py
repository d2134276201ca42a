"""Whether the shop has the carriers that settings name (R26)."""

from __future__ import annotations

from sfsync.engine.kit.connections import Connections
from sfsync.models import Store
from sfsync.shops.keys import CarrierKey, in_order


def not_in_shop(store: Store, connections: Connections) -> list[CarrierKey]:
    """The carriers of the settings that the shop does not have. Asks nobody where they name none.

    Raises what opening and reading the shop raises.
    """
    wanted = {carrier for table in store.carriers.values() for carrier in table}
    if not wanted:
        return []
    known = connections.shop(store).reader.carriers()
    return in_order(store.kind.carriers, wanted - {key for each in known for key in (each.carrier_id, *each.ids)})
