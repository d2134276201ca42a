"""The sample shop: real rows, and verbs that write what PrestaShop writes (prestashop.md)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text

from sfsync.shops.prestashop.rows import PAID, ZERO_DATE
from sfsync.shops.prestashop.sample import SHIPPED, SampleShop, build


def count(sample: SampleShop, table: str) -> int:
    return int(sample.rows(select(func.count()).select_from(sample.tables[table]))[0][0])


def dates(sample: SampleShop, table: str, column: str) -> list[str]:
    """As text, for zero dates are none."""
    return sorted(str(row[0]) for row in sample.rows(select(sample.tables[table].c[column])))


def test_all_real_rows_as_they_were_recorded(shop_url: str) -> None:
    sample = build(shop_url, fresh=False)
    counts = {name: count(sample, name) for name in sample.tables}
    assert (counts["orders"], counts["order_history"], counts["shoppingfeed_order"]) == (300, 534, 234)
    assert counts["shoppingfeed_token"] == 0
    shipped = [order_id for order_id in sample.order_ids() if sample.order(order_id).status == SHIPPED]
    assert len(shipped) == 153
    sample.close()


def test_fresh_orders_start_from_zero(shop_url: str) -> None:
    sample = build(shop_url, limit=3)
    orders = [sample.order(order_id) for order_id in sample.order_ids()]
    assert [(order.order_id, order.status, order.statuses) for order in orders] == [
        (order_id, PAID, (PAID,)) for order_id in (6, 7, 8)
    ]
    assert {order.tracking_numbers for order in orders} == {("",)}
    assert (orders[0].feed_id, orders[0].channel, orders[0].marketplace_reference) == (900006, "amazonfr", "MKT-6")
    assert count(sample, "orders") == 3
    sample.close()


def test_the_newest_row_is_of_now_and_zero_dates_stay(shop_url: str) -> None:
    now = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
    sample = build(shop_url, fresh=False, now=now)
    assert dates(sample, "order_history", "date_add")[-1] == sample.time(now) == "2031-05-06 09:08:09"
    assert dates(sample, "orders", "date_add")[0] > "2031-05-06 08:00:00"
    assert dates(sample, "orders", "invoice_date")[0] == ZERO_DATE
    sample.close()


def test_a_shop_that_is_there_is_left_alone(sample: SampleShop) -> None:
    sample.set_status(6, SHIPPED)
    with pytest.raises(ValueError, match="left alone"):
        build(sample.url)
    assert sample.order(6).status == SHIPPED


def test_a_status_change_touches_the_order_then_the_history(sample: SampleShop, statements: list[str]) -> None:
    sample.set_status(6, SHIPPED)
    assert [statement.split()[:2] for statement in statements] == [["UPDATE", "ps_orders"], ["INSERT", "INTO"]]
    assert sample.order(6).statuses == (PAID, SHIPPED)
    sample.set_status(6, 5, history=False)
    assert (sample.order(6).status, sample.order(6).statuses) == (5, (PAID, SHIPPED))


def test_a_tracking_number_is_one_update_and_moves_no_date(sample: SampleShop) -> None:
    before = dates(sample, "orders", "date_upd")
    sample.set_tracking(6, "6A1", carrier_id=1)
    sample.add_parcel(6, "6A2")
    sample.set_tracking(6, "6A3")
    assert sample.order(6).tracking_numbers == ("6A1", "6A3")
    assert dates(sample, "orders", "date_upd") == before


def test_many_orders_at_once_are_whole_orders(sample: SampleShop) -> None:
    created = datetime.now(UTC) - timedelta(days=3)
    new = sample.add_orders(
        3, channel="Cdiscount", first_feed_id=2**40, status=3, tracking="6A1", carrier_id=1, created_at=created
    )
    order = sample.order(new[2])
    assert (order.status, order.statuses, order.tracking_numbers, order.carrier_id) == (3, (3,), ("6A1",), 1)
    assert (order.feed_id, order.channel) == (2**40 + 2, "Cdiscount")
    assert order.marketplace_reference == f"Cdiscount-{new[2]}"
    assert new == [new[0], new[0] + 1, new[0] + 2]
    assert len({sample.order(order_id).reference for order_id in new}) == 3
    assert sample.order_ids()[-3:] == new
    assert sample.feed_id(sample.add_orders(1, first_feed_id=None)[0]) is None
    assert sample.add_orders(0) == []


def test_many_orders_are_shipped_at_once(sample: SampleShop) -> None:
    new = sample.add_orders(5003)
    sample.bulk_ship(new[1:], "TRK")
    assert sample.order(new[0]).status == PAID
    assert {sample.order(order_id).status for order_id in (new[1], new[-1])} == {SHIPPED}
    assert sample.order(new[-1]).statuses == (PAID, SHIPPED)
    assert sample.order(new[-1]).tracking_numbers == (f"TRK{new[-1]}",)


def test_an_order_that_is_not_there_is_an_error(sample: SampleShop) -> None:
    with pytest.raises(LookupError, match="no order 999"):
        sample.order(999)


def test_keys_are_those_of_prestashop(mariadb_sample: SampleShop) -> None:
    rows = mariadb_sample.rows(text("SHOW INDEX FROM ps_orders"))
    indexed = {row.Column_name for row in rows}
    assert {"id_order", "current_state", "id_shop", "date_add"} <= indexed
    assert "date_upd" not in indexed
    columns = {row.Field: row for row in mariadb_sample.rows(text("DESCRIBE ps_orders"))}
    assert (columns["id_order"].Type, columns["id_order"].Extra) == ("int(10) unsigned", "auto_increment")
    assert columns["invoice_date"].Type == "datetime"
