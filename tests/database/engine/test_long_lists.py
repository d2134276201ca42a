"""A condition on a long list of ids or keys (`db.among`)."""

from __future__ import annotations

from typing import Any

from sfsync.db.among import among
from sfsync.models import Order
from sfsync.testing import World


def test_ids_and_keys_are_found_in_one_statement(world: World, django_assert_num_queries: Any) -> None:
    first, second = world.order(), world.order()
    world.sync()
    pks = [world.row(each).pk for each in (first, second)]
    with django_assert_num_queries(2):
        assert set(Order.objects.filter(pk__in=among([*pks, 10**9])).values_list("key", flat=True)) == {
            str(first),
            str(second),
        }
        assert [each.pk for each in Order.objects.filter(key__in=among([str(second), "no such key"]))] == pks[1:]


def test_nothing_is_among_none_and_nobody_is_asked(world: World, django_assert_num_queries: Any) -> None:
    world.order()
    world.sync()
    with django_assert_num_queries(0):
        assert list(Order.objects.filter(pk__in=among([]))) == []
        assert Order.objects.filter(key__in=among([])).update(open=False) == 0
    assert Order.objects.exclude(pk__in=among([])).exists()
