"""The sample shop after its upgrade to PrestaShop 9.1, which can keep the parcels of an order as shipments."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import func, insert, select, update

from sfsync.shops.prestashop.rows import declare, read_csv
from sfsync.shops.prestashop.sample import SampleShop

VERSION = "9.1.4"


def upgrade(shop: SampleShop, *, switched_on: bool = True) -> ShipmentShop:
    """The same shop with the tables of 9.1, empty. Orders of before have no shipments: `ship_apart` gives them some."""
    upgraded = ShipmentShop(shop.url, prefix=shop.prefix)
    for name in ("shipment", "shipment_product", "order_detail", "feature_flag"):
        upgraded.tables[name].create(upgraded.engine)
    upgraded.execute(insert(upgraded.tables["feature_flag"]).values(read_csv("shipments/feature_flag")))
    upgraded.set_setting("PS_VERSION_DB", VERSION)
    upgraded.switch(on=switched_on)
    return upgraded


class ShipmentShop(SampleShop):
    """Its verbs write where the back office of 9.1 does: into the shipments of an order that has some, while they are
    switched on."""

    def __init__(self, url: str, *, prefix: str = "ps_") -> None:
        super().__init__(url, prefix=prefix)
        self.tables |= declare(prefix, self.metadata, "shipments/columns")
        self.switched_on = False

    def switch(self, *, on: bool) -> None:
        """Switched off, the shipments stay as they are."""
        flags = self.tables["feature_flag"]
        self.execute(update(flags).where(flags.c.name == "improved_shipment").values(state=int(on)))
        self.switched_on = on

    def ship_apart(self, order_ids: Iterable[int]) -> None:
        """As orders are that were placed while it was on: a shipment for each parcel, and no carrier of their own."""
        parcels, orders = self.tables["order_carrier"].c, self.tables["orders"]
        for order_id in order_ids:
            its = select(parcels.id_carrier).where(parcels.id_order == order_id).order_by(parcels.id_order_carrier)
            for row in self.rows(its):
                self.add_shipment(order_id, carrier_id=row.id_carrier)
            self.execute(update(orders).where(orders.c.id_order == order_id).values(id_carrier=0))

    def add_shipment(self, order_id: int, number: str | None = None, *, carrier_id: int = 2) -> int:
        """As a split does: a row, and nothing else. Returns its id."""
        date = self.time()
        row = {"id_order": order_id, "id_carrier": carrier_id, "tracking_number": number, "id_delivery_address": 2}
        self.execute(insert(self.tables["shipment"]).values(**row, date_add=date, date_upd=date))
        return self.shipments(order_id)[-1]

    def put_into(self, shipment_id: int, name: str, quantity: int = 1, *, reference: str = "") -> None:
        """An article of the order, with all or some of it in this shipment."""
        shipment, articles = self.tables["shipment"].c, self.tables["order_detail"]
        order_id = self.rows(select(shipment.id_order).where(shipment.id_shipment == shipment_id))[0].id_order
        row = {"id_order": order_id, "product_name": name, "product_quantity": quantity, "product_reference": reference}
        self.execute(insert(articles).values(row))
        article = self.rows(select(func.max(articles.c.id_order_detail).label("newest")))[0].newest
        held = {"id_shipment": shipment_id, "id_order_detail": article, "quantity": quantity}
        self.execute(insert(self.tables["shipment_product"]).values(held))

    def shipments(self, order_id: int) -> list[int]:
        shipment = self.tables["shipment"].c
        its = select(shipment.id_shipment).where(shipment.id_order == order_id).order_by(shipment.id_shipment)
        return [row.id_shipment for row in self.rows(its)]

    def edit_shipment(self, shipment_id: int, **changes: Any) -> None:
        """Only this row moves, and its date."""
        shipment = self.tables["shipment"]
        values = {**changes, "date_upd": self.time()}
        self.execute(update(shipment).where(shipment.c.id_shipment == shipment_id).values(values))

    def set_tracking(self, order_id: int, number: str | None, *, carrier_id: int | None = None) -> None:
        its = self.shipments(order_id) if self.switched_on else []
        if not its:
            super().set_tracking(order_id, number, carrier_id=carrier_id)
            return
        self.edit_shipment(
            its[-1], tracking_number=number, **({} if carrier_id is None else {"id_carrier": carrier_id})
        )

    def add_parcel(self, order_id: int, number: str | None = "", *, carrier_id: int = 2) -> None:
        if self.switched_on and self.shipments(order_id):
            self.add_shipment(order_id, number, carrier_id=carrier_id)
        else:
            super().add_parcel(order_id, number, carrier_id=carrier_id)
