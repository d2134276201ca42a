"""One number a block of orders, by which a sweep knows where nothing has moved (R2, R5)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import update

from sfsync.shops.prestashop.sample import SampleShop
from sfsync.shops.prestashop.sources import sweep
from sfsync.shops.prestashop.sources.sweep import BLOCK
from tests.database.prestashop.conftest import Account, Connect

Change = Callable[[SampleShop, int], object]


def by_plain_sql(sample: SampleShop, order_id: int) -> None:
    orders = sample.tables["orders"]
    sample.execute(update(orders).where(orders.c.id_order == order_id).values(current_state=5))


def swapped(sample: SampleShop, order_id: int) -> None:
    """The same numbers, but another one is the newest."""
    parcels = sample.tables["order_carrier"]
    rows = sample.rows(parcels.select().where(parcels.c.id_order == order_id).order_by(parcels.c.id_order_carrier))
    numbers = [row.tracking_number for row in rows]
    for row, number in zip(rows, reversed(numbers), strict=True):
        this = update(parcels).where(parcels.c.id_order_carrier == row.id_order_carrier)
        sample.execute(this.values(tracking_number=number))


CHANGES: dict[str, Change] = {
    "a status": lambda sample, order_id: sample.set_status(order_id, 4),
    "a status by plain SQL": by_plain_sql,
    "a tracking number": lambda sample, order_id: sample.set_tracking(order_id, "T-2"),
    "a tracking number taken away": lambda sample, order_id: sample.set_tracking(order_id, ""),
    "another parcel": lambda sample, order_id: sample.add_parcel(order_id, "T-3"),
    "parcels swapped": swapped,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_change_moves_the_number_of_its_block_alone(sample: SampleShop, connect: Connect, change: Change) -> None:
    ids = sample.add_orders(3 * BLOCK)
    order_id = ids[BLOCK]
    sample.set_tracking(order_id, "T-1")
    sample.add_parcel(order_id, "T-1-bis")
    shop = connect(sample.url)
    blocks = sorted({each // BLOCK for each in ids})
    before = shop.sweep.fingerprints(blocks)
    assert shop.sweep.fingerprints(blocks) == before
    change(sample, order_id)
    after = shop.sweep.fingerprints(blocks)
    assert {block for block in blocks if before[block] != after[block]} == {order_id // BLOCK}


def test_every_way_of_writing_a_number_counts(sample: SampleShop, connect: Connect) -> None:
    """Case, spaces, accents and emoji: whatever a merchant corrects is a change."""
    [order_id] = sample.add_orders(1)
    shop, seen = connect(sample.url), set()
    for number in ("abc", "ABC", "a bc", "ébc", "ebc", "\N{PACKAGE}", ""):
        sample.set_tracking(order_id, number)
        seen |= set(shop.sweep.fingerprints([order_id // BLOCK]).items())
    assert len(seen) == 7


def test_blocks_without_an_order_of_the_shop_are_left_out(sample: SampleShop, connect: Connect) -> None:
    [order_id] = sample.add_orders(1)
    assert set(connect(sample.url).sweep.fingerprints([order_id // BLOCK, 10**9])) == {order_id // BLOCK}
    assert connect(sample.url, shop_id=2).sweep.fingerprints([order_id // BLOCK]) == {}
    assert connect(sample.url).sweep.fingerprints([]) == {}


def test_many_scattered_blocks_take_several_statements(sample: SampleShop, connect: Connect) -> None:
    """More than SQLite takes in one expression, and more than a server should do at once."""
    [order_id] = sample.add_orders(1)
    shop = connect(sample.url)
    scattered = range(1, 4 * sweep.RANGES, 2)
    together = range(10**6, 10**6 + sweep.SPAN + 1)
    found = shop.sweep.fingerprints([*scattered, *together, order_id // BLOCK])
    assert found[order_id // BLOCK] == shop.sweep.fingerprints([order_id // BLOCK])[order_id // BLOCK]


@pytest.mark.parametrize(
    ("blocks", "runs"),
    [
        ([], []),
        ([3], [[[3, 4]]]),
        ([5, 3, 4, 4], [[[3, 6]]]),
        ([1, 3, 4, 9], [[[1, 2], [3, 5], [9, 10]]]),
    ],
)
def test_neighbouring_blocks_are_one_range(blocks: list[int], runs: list[list[list[int]]]) -> None:
    assert list(sweep.spans(blocks)) == runs


def test_no_statement_has_too_many_ranges_or_blocks() -> None:
    scattered = list(sweep.spans(range(0, 2 * (sweep.RANGES + 1), 2)))
    assert [len(runs) for runs in scattered] == [sweep.RANGES, 1]
    together = list(sweep.spans(range(sweep.SPAN + 2)))
    assert together == [[[0, sweep.SPAN]], [[sweep.SPAN, sweep.SPAN + 2]]]


def test_a_reader_that_may_only_select_can_ask(mariadb_sample: SampleShop, account: Account, connect: Connect) -> None:
    [order_id] = mariadb_sample.add_orders(1)
    shop = connect(account("ps_orders", "ps_order_carrier", "ps_shop", "ps_configuration"))
    assert order_id // BLOCK in shop.sweep.fingerprints([order_id // BLOCK])
