"""The small decisions about rows, one by one."""

from __future__ import annotations

from collections import namedtuple

import pytest

from sfsync.domain.orders import Seen
from sfsync.shops.prestashop.about import setting
from sfsync.shops.prestashop.claims import feed_id
from sfsync.shops.prestashop.probe import prefixes
from sfsync.shops.prestashop.reader import color, newest_first, seen_of
from sfsync.shops.prestashop.snapshots import ending_with

Glance = namedtuple("Glance", "id_order current_state version id_order_carrier tracking_number")
Setting = namedtuple("Setting", "name value id_shop id_shop_group")


@pytest.mark.parametrize("text", [None, "", " ", "0", "-5", "abc", "12a", "1.0", "٣", "²", "9" * 19, "1" * 400])
def test_an_id_that_cannot_be_one_is_unknown_r13b(text: str | None) -> None:
    assert feed_id(text) is None


@pytest.mark.parametrize(
    ("text", "number"),
    [("900006", 900006), (" 42 ", 42), ("1078495000000", 1078495000000), (str(2**63 - 1), 2**63 - 1), ("007", 7)],
)
def test_an_id_at_shopping_feed_goes_beyond_32_bits(text: str, number: int) -> None:
    assert feed_id(text) == number


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("#34209E", "#34209E"),
        (" #01b887 ", "#01b887"),
        ("RoyalBlue", ""),
        ("#fff", ""),
        ("", ""),
        (None, ""),
        ("#34209E;background:url(x)", ""),
        ("#34209E\n", "#34209E"),
    ],
)
def test_a_color_is_six_digits_or_none(typed: str | None, shown: str) -> None:
    assert color(typed) == shown


def test_the_history_always_ends_with_the_current_status_r6() -> None:
    assert ending_with("4", ["2", "4"]) == ("2", "4")
    assert ending_with("5", ["2", "4"]) == ("2", "4", "5")
    assert ending_with("2", []) == ("2",)


def test_every_parcels_number_is_seen_the_newest_first() -> None:
    rows = newest_first(
        [
            Glance(7, 4, 31, 12, "en cours"),
            Glance(7, 4, 31, 10, "6A0"),
            Glance(7, 4, 31, 11, " 6A 1\n6A2"),
            Glance(8, 2, None, None, None),
            Glance(9, None, 5, 5, None),
        ]
    )
    assert seen_of(rows) == {
        "7": Seen("4", (("11", "6A1"), ("11", "6A2"), ("10", "6A0")), 31),
        "8": Seen("2"),
        "9": Seen("0", version=5),
    }
    assert [each.tracking_number for each in seen_of(rows).values()].count("6A1") == 1


def test_a_setting_of_the_shop_wins_over_its_groups_and_that_over_everybodys() -> None:
    everybody, group, own = Setting("Z", "all", None, None), Setting("Z", "group", None, 1), Setting("Z", "own", 2, 1)
    strangers = [Setting("Z", "other shop", 3, 1), Setting("Z", "other group", None, 9), Setting("Y", "y", None, None)]
    assert setting([*strangers, everybody, group, own], "Z", 2, 1) == "own"
    assert setting([*strangers, everybody, group], "Z", 2, 1) == "group"
    assert setting([*strangers, everybody], "Z", 2, 1) == "all"
    assert setting(strangers, "Z", 2, 1) == ""
    assert setting([Setting("Z", None, 0, 0)], "Z", 2, 1) == ""


def test_prefixes_are_told_by_the_tables_that_only_a_prestashop_has() -> None:
    tables = ["a_orders", "a_order_carrier", "a_order_history", "b_order_history", "orders", "order_carrier"]
    assert prefixes(tables) == ["a_"]
    assert prefixes([*tables, "order_history"]) == ["", "a_"]
    assert prefixes([]) == []
