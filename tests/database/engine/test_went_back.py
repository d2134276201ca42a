"""An order that the shop takes back after the marketplace was told, its status or its tracking number, asks for a
person until it is settled (R8, R11)."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sfsync.backoffice.kit.order_filter import with_state
from sfsync.backoffice.kit.order_state import State, in_state, standing
from sfsync.backoffice.screens.overview.views import cards_of
from sfsync.engine.people.acts import give_up, why_not
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


@pytest.fixture
def earlier_number(world: World) -> int:
    order = world.ship(world.order(), "T-1000001")
    world.sync(wait=5)
    world.shop.set_tracking(order, "T-1000002")
    world.sync(wait=5)
    world.shop.set_tracking(order, "T-1000001")
    world.sync(wait=5)
    return order


def test_a_number_that_went_back_is_to_be_checked(world: World, earlier_number: int) -> None:
    """R11: the marketplace keeps the later one, and nothing that we may send changes it."""
    assert world.accepted(earlier_number) == [("ship", "T-1000001"), ("ship", "T-1000002")]
    assert world.notices(earlier_number) == ["told-before"]
    assert (state(world, earlier_number), asking(world)) == (State.WENT_BACK, 1)
    row = world.row(earlier_number)
    assert "back at an earlier tracking number" in standing(row, []).sentence
    story = story_of(row)
    [next_step] = story.next
    assert "keeps it" in next_step.sentence
    assert "correct the tracking number on the marketplace" in next_step.sentence
    assert "T-1000002" in story.believes
    assert [str(each) for each in story.parcels] == [
        "T-1000001: sent to the marketplace, which was then sent another number"
    ]
    assert why_not(row) == standing(row, []).sentence


@pytest.mark.parametrize("number", ["T-1000002", "T-1000003"])
def test_it_is_settled_by_the_number_that_the_marketplace_has_or_will_have(
    world: World, earlier_number: int, number: str
) -> None:
    world.shop.set_tracking(earlier_number, number)
    world.sync(wait=5)
    assert (state(world, earlier_number), asking(world)) == (State.CONFIRMED, 0)
    assert world.told(earlier_number)[-1] == ("ship", number)


def test_an_order_that_still_shows_the_number_that_the_marketplace_has_is_in_no_doubt(world: World) -> None:
    """R11, R29: two parcels, both told; the first one's number was taken away and written again."""
    order = world.ship(world.order(), "T-1000001")
    world.sync(wait=5)
    world.shop.add_parcel(order, "T-1000002")
    world.sync(wait=5)
    parcels = world.shop.tables["order_carrier"]
    first = (parcels.c.id_order == order, parcels.c.tracking_number.in_(["T-1000001", ""]))
    for number in ("", "T-1000001"):
        world.shop.execute(parcels.update().where(*first).values(tracking_number=number))
        world.sync(wait=5)
    assert world.accepted(order) == [("ship", "T-1000001"), ("ship", "T-1000002")]
    assert world.notices(order) == []
    assert (state(world, order), asking(world)) == (State.CONFIRMED, 0)


def test_a_list_of_many_that_went_back_asks_no_more_than_one_of_one(world: World, taken_back: int) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as asked:
            rows = [standing(each, each.marketplace_order.tasks.all()) for each in with_state(Order.objects.all())]
        assert all(each.state is State.WENT_BACK for each in rows)
        return len(asked)

    Order.objects.exclude(key=taken_back).delete()
    alone = statements()
    for _ in range(2):
        order = world.ship(world.order(), "T-2000001")
        world.sync(wait=5)
        world.shop.set_status(order, PROCESSING)
        world.sync(wait=5)
    Order.objects.filter(marketplace_order__contradicted=False).delete()
    assert statements() == alone
    assert Order.objects.count() == 3


def test_a_person_who_corrected_it_there_dismisses_it(world: World, earlier_number: int) -> None:
    assert give_up(Order.objects.filter(key=earlier_number), "somebody") == 1
    world.sync(wait=5)
    assert (state(world, earlier_number), asking(world)) == (State.GIVEN_UP, 0)


def test_a_status_that_goes_back_with_a_number_is_told_as_such_in_the_log(world: World, earlier_number: int) -> None:
    world.shop.set_status(earlier_number, PROCESSING)
    world.sync(wait=5)
    assert world.notices(earlier_number) == ["told-before", "went-back"]
    assert state(world, earlier_number) is State.WENT_BACK


def test_another_look_that_changes_nothing_leaves_it(world: World, taken_back: int) -> None:
    Order.objects.update(look_again=True)
    world.shop.set_status(taken_back, PROCESSING)
    world.sync(wait=5)
    assert (state(world, taken_back), asking(world)) == (State.WENT_BACK, 1)
