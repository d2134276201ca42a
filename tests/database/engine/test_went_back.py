"""An order that the shop takes back after the marketplace was told asks for a person until it is settled (R8)."""

from __future__ import annotations

import pytest

from sfsync.backoffice.kit.order_state import State, in_state, standing
from sfsync.backoffice.screens.overview.views import cards_of
from sfsync.engine.people.acts import give_up
from sfsync.engine.watch.health import health_of
from sfsync.engine.watch.story import story_of
from sfsync.models import Order, Store
from sfsync.testing import PROCESSING, SHIPPED, World


@pytest.fixture
def taken_back(world: World) -> int:
    order = world.ship(world.order(), "T-1")
    world.sync(wait=5)
    world.shop.set_status(order, PROCESSING)
    world.sync(wait=5)
    assert world.notices(order) == ["went-back"]
    return order


def state(world: World, order: int) -> State:
    """As every page shows it; the list of that state has it, and no other list."""
    row = world.row(order)
    shown = standing(row, world.tasks(order)).state
    lists = [each for each in State if in_state(Order.objects.all(), world.store, each).filter(pk=row.pk).exists()]
    assert lists == [shown]
    return shown


def asking(world: World) -> int:
    return health_of([Store.objects.get()], world.now())[0].went_back


def test_it_is_not_called_confirmed_and_no_list_says_that_all_is_well(world: World, taken_back: int) -> None:
    """R8: its mail asks for a person, and so do its page, its story, the overview and the figures."""
    assert state(world, taken_back) is State.WENT_BACK
    assert asking(world) == 1
    [card] = cards_of([Store.objects.get()])
    assert (card.mood, card.need_you, card.only_state) == ("bad", 1, "went-back")
    assert "went back" in card.headline
    [next_step] = story_of(world.row(taken_back)).next
    assert "cannot be undone from here" in next_step.sentence
    assert "contact the marketplace" in next_step.sentence


def test_it_is_settled_when_the_shop_agrees_again(world: World, taken_back: int) -> None:
    world.shop.set_status(taken_back, SHIPPED)
    world.sync(wait=5)
    assert (state(world, taken_back), asking(world)) == (State.CONFIRMED, 0)


def test_a_person_who_knows_dismisses_it(world: World, taken_back: int) -> None:
    chosen = Order.objects.filter(key=taken_back)
    assert give_up(chosen, "somebody") == 1
    assert (state(world, taken_back), asking(world)) == (State.GIVEN_UP, 0)
    assert give_up(chosen, "somebody") == 0
    world.sync(wait=5)
    assert (state(world, taken_back), asking(world)) == (State.GIVEN_UP, 0)


def test_another_look_that_changes_nothing_leaves_it(world: World, taken_back: int) -> None:
    Order.objects.update(look_again=True)
    world.shop.set_status(taken_back, PROCESSING)
    world.sync(wait=5)
    assert (state(world, taken_back), asking(world)) == (State.WENT_BACK, 1)
