"""How far a shop was followed through its web service: the cursor of its source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from sfsync.shops.prestashop.webservice.bitmap import Bitmap


@dataclass(slots=True)
class Place:
    """`at`: the newest history row, `last` the one to know the shop by (its row, order and status), `window` those rows
    that are asked for again. `highest`: the newest marketplace order. `parcels`: the rows with a number that were met;
    they begin with those of `lowest`, an order; `shipments` likewise, where the shop shows them. `turn` counts passes.
    `odd`: orders that a look did not settle, with the status that was last seen of them. `read_at`: the order whose
    parcels were read again last, and `read_until` when the next ones may be; `claimed_at` and `claimed_until` likewise,
    for what the module's table says of them.
    """

    at: int
    last: list[Any] | None
    window: list[int]
    highest: int
    lowest: int
    parcels: Bitmap
    turn: int = 0
    odd: dict[str, str] = field(default_factory=dict)
    read_at: int = 0
    read_until: str = ""
    claimed_at: int = 0
    claimed_until: str = ""
    shipments: Bitmap | None = None

    def written(self) -> dict[str, Any]:
        """As JSON keeps it."""
        kept = {each.name: getattr(self, each.name) for each in fields(self)}
        shipments = self.shipments.written() if self.shipments else None
        own = {"parcels": self.parcels.written(), "window": [*self.window], "odd": {**self.odd}}
        return kept | own | {"shipments": shipments}

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> Place:
        shipments = written.get("shipments")
        own = {"parcels": Bitmap.read(written["parcels"]), "odd": {**written["odd"]}}
        return cls(**{**written, **own, "shipments": Bitmap.read(shipments) if shipments else None})
