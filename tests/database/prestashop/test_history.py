"""Status changes, followed by the history's own ids (R1, R5)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, delete

from sfsync.shops.base import PAGE
from sfsync.shops.prestashop.rows import PAID
from sfsync.shops.prestashop.sample import SHIPPED, SampleShop
from sfsync.shops.prestashop.shop import PrestaShop
from tests.database.prestashop.conftest import Connect


def changes(shop: PrestaShop, after: int) -> list[Row[Any]]:
    return [change for page in shop.history.pages(after) for change in page]


def test_a_status_change_is_a_new_row_of_the_history_r1(sample: SampleShop, shop: PrestaShop) -> None:
    last = shop.history.last_id()
    sample.set_status(6, SHIPPED)
    sample.set_status(7, 6)
    new = changes(shop, last)
    assert [(change.id_order, change.id_order_state) for change in new] == [(6, SHIPPED), (7, 6)]
    assert last < new[0].id_order_history < new[1].id_order_history == shop.history.last_id()
    assert changes(shop, new[-1].id_order_history) == []


def test_what_plain_sql_writes_is_not_in_the_history(sample: SampleShop, shop: PrestaShop) -> None:
    last = shop.history.last_id()
    sample.set_status(6, SHIPPED, history=False)
    sample.set_tracking(6, "6A1")
    assert changes(shop, last) == []


def test_long_silence_comes_in_pages_each_a_statement(
    sample: SampleShop, shop: PrestaShop, statements: list[str]
) -> None:
    last = shop.history.last_id()
    new = sample.add_orders(2 * PAGE + 1)
    statements.clear()
    pages = list(shop.history.pages(last))
    assert [len(page) for page in pages] == [PAGE, PAGE, 1]
    assert [change.id_order for page in pages for change in page] == new
    assert {change.id_order_state for page in pages for change in page} == {PAID}
    assert len(statements) == 3
    assert len(set(statements)) == 1


def test_changes_made_while_reading_are_read_too_r5(sample: SampleShop, shop: PrestaShop) -> None:
    sample.add_orders(PAGE)
    pages = shop.history.pages(0)
    first = next(pages)
    sample.set_status(6, SHIPPED)
    rest = [change for page in pages for change in page]
    assert len(first) == PAGE
    assert (rest[-1].id_order, rest[-1].id_order_state) == (6, SHIPPED)


def test_an_empty_history_ends_at_zero(sample: SampleShop, shop: PrestaShop) -> None:
    sample.execute(delete(sample.tables["order_history"]))
    assert shop.history.last_id() == 0
    assert changes(shop, 0) == []


def test_another_shops_changes_are_invisible_but_move_the_end(sample: SampleShop, connect: Connect) -> None:
    ours, theirs = sample.add_orders(1, shop_id=1), sample.add_orders(1, shop_id=2)
    first, second = connect(sample.url), connect(sample.url, shop_id=2)
    last = first.history.last_id()
    sample.set_status(theirs[0], SHIPPED)
    assert changes(first, last) == []
    assert [change.id_order for change in changes(second, 0)] == theirs * 2
    assert first.history.last_id() == second.history.last_id() > last
    assert ours[0] in {change.id_order for change in changes(first, 0)}


def test_a_row_of_an_order_that_is_gone_is_passed_over(sample: SampleShop, shop: PrestaShop) -> None:
    orders = sample.tables["orders"]
    sample.execute(delete(orders).where(orders.c.id_order == 6))
    assert 6 not in {change.id_order for change in changes(shop, 0)}
