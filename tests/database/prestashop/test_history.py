"""Status changes, followed by the history's own ids (R1, R5)."""

from __future__ import annotations

from sqlalchemy import delete

from sfsync.shops.base import PAGE, StatusChange
from sfsync.shops.prestashop.rows import PAID
from sfsync.shops.prestashop.sample import SHIPPED, SampleShop
from sfsync.shops.prestashop.shop import PrestaShop
from tests.database.prestashop.conftest import Connect


def changes(shop: PrestaShop, after: int) -> list[StatusChange]:
    return [change for page in shop.history_after(after) for change in page]


def test_a_status_change_is_a_new_row_of_the_history_r1(sample: SampleShop, shop: PrestaShop) -> None:
    last = shop.last_history_id()
    sample.set_status(6, SHIPPED)
    sample.set_status(7, 6)
    new = changes(shop, last)
    assert [(change.key, change.status) for change in new] == [("6", str(SHIPPED)), ("7", "6")]
    assert last < new[0].row_id < new[1].row_id == shop.last_history_id()
    assert changes(shop, new[-1].row_id) == []


def test_what_plain_sql_writes_is_not_in_the_history(sample: SampleShop, shop: PrestaShop) -> None:
    last = shop.last_history_id()
    sample.set_status(6, SHIPPED, history=False)
    sample.set_tracking(6, "6A1")
    assert changes(shop, last) == []


def test_long_silence_comes_in_pages_each_a_statement(
    sample: SampleShop, shop: PrestaShop, statements: list[str]
) -> None:
    last = shop.last_history_id()
    new = sample.add_orders(2 * PAGE + 1)
    statements.clear()
    pages = list(shop.history_after(last))
    assert [len(page) for page in pages] == [PAGE, PAGE, 1]
    assert [int(change.key) for page in pages for change in page] == new
    assert {change.status for page in pages for change in page} == {str(PAID)}
    assert len(statements) == 3
    assert len(set(statements)) == 1


def test_changes_made_while_reading_are_read_too_r5(sample: SampleShop, shop: PrestaShop) -> None:
    sample.add_orders(PAGE)
    pages = shop.history_after(0)
    first = next(pages)
    sample.set_status(6, SHIPPED)
    rest = [change for page in pages for change in page]
    assert len(first) == PAGE
    assert (rest[-1].key, rest[-1].status) == ("6", str(SHIPPED))


def test_an_empty_history_ends_at_zero(sample: SampleShop, shop: PrestaShop) -> None:
    sample.execute(delete(sample.tables["order_history"]))
    assert shop.last_history_id() == 0
    assert changes(shop, 0) == []


def test_another_shops_changes_are_invisible_but_move_the_end(sample: SampleShop, connect: Connect) -> None:
    ours, theirs = sample.add_orders(1, shop_id=1), sample.add_orders(1, shop_id=2)
    first, second = connect(sample.url), connect(sample.url, shop_id=2)
    last = first.last_history_id()
    sample.set_status(theirs[0], SHIPPED)
    assert changes(first, last) == []
    assert [int(change.key) for change in changes(second, 0)] == theirs * 2
    assert first.last_history_id() == second.last_history_id() > last
    assert ours[0] in {int(change.key) for change in changes(first, 0)}


def test_a_row_of_an_order_that_is_gone_is_passed_over(sample: SampleShop, shop: PrestaShop) -> None:
    orders = sample.tables["orders"]
    sample.execute(delete(orders).where(orders.c.id_order == 6))
    assert "6" not in {change.key for change in changes(shop, 0)}
