"""Which tracking number is told, what is said of one that cannot be, and of one that is odd (R2, R4, R11, R29)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sfsync import texts
from sfsync.engine.outgoing.prepare import policy_of
from sfsync.engine.watch.preview import preview
from sfsync.engine.watch.story import story_of
from sfsync.models import Notice, Order
from sfsync.testing import SHIPPED, World

MakeWorld = Callable[..., World]


def correct(world: World, order: int, number: str, *, oldest: bool) -> None:
    """A person writes another number into the order's oldest parcel, or into its newest."""
    parcels = world.shop.tables["order_carrier"]
    rows = world.shop.rows(parcels.select().where(parcels.c.id_order == order).order_by(parcels.c.id_order_carrier))
    row = rows[0 if oldest else -1]
    which = parcels.c.id_order_carrier == row.id_order_carrier
    world.shop.execute(parcels.update().where(which).values(tracking_number=number))


@pytest.fixture
def two_parcels(world: World) -> int:
    """Shipped, and told by the number of its newer parcel."""
    order = world.order()
    world.shop.set_tracking(order, "OLD-11111")
    world.shop.add_parcel(order, "NEW-22222")
    world.ship(order)
    world.sync(wait=5)
    assert world.accepted(order) == [("ship", "NEW-22222")]
    return order


def test_a_number_that_is_corrected_in_an_older_parcel_is_told(world: World, two_parcels: int) -> None:
    """R2, R29: the shop's forms write corrections there."""
    correct(world, two_parcels, "OLD-33333", oldest=True)
    world.sync(wait=5)
    assert world.accepted(two_parcels)[1:] == [("ship", "OLD-33333")]
    assert world.row(two_parcels).seen_tracking == "OLD-33333"


def test_corrections_in_both_parcels_by_turns_are_told_each_once(world: World, two_parcels: int) -> None:
    """R2, R11, R29."""
    for number, oldest in (("OLD-33333", True), ("NEW-44444", False), ("OLD-55555", True), ("NEW-22222", False)):
        correct(world, two_parcels, number, oldest=oldest)
        world.sync(wait=5)
        world.sync(wait=5)
    assert world.accepted(two_parcels)[1:] == [("ship", "OLD-33333"), ("ship", "NEW-44444"), ("ship", "OLD-55555")]


def test_the_other_numbers_of_the_first_shipment_stay_untold(world: World, two_parcels: int) -> None:
    """R29: looked at again, by whatever change, they are no news."""
    world.shop.set_status(two_parcels, SHIPPED)
    world.sync(wait=5)
    Order.objects.update(look_again=True)
    world.sync(wait=5)
    assert world.accepted(two_parcels) == [("ship", "NEW-22222")]


def test_an_emptied_newest_number_sends_nothing_again(world: World) -> None:
    """R11: the older one was told before."""
    order = world.order()
    world.ship(order, "OLD-11111")
    world.sync(wait=5)
    world.shop.add_parcel(order, "NEW-22222")
    world.sync(wait=5)
    correct(world, order, "", oldest=False)
    world.sync(wait=5)
    assert world.accepted(order) == [("ship", "OLD-11111"), ("ship", "NEW-22222")]


SPOILT = ("6,90E+12", "#REF!", "6A123...", "690123.0", "https://example.com/track")
"""One of each kind that was meant to be a number and is none."""


@pytest.mark.parametrize("typed", SPOILT)
@pytest.mark.parametrize("untracked", [False, True])
def test_a_spoilt_number_has_a_sentence_of_its_own(make_world: MakeWorld, typed: str, untracked: bool) -> None:
    """R4: it ships nothing, even where numbers are not needed, and the merchant reads what is wrong."""
    world = make_world(delay_minutes=0, ship_without_tracking=untracked)
    order = world.ship(world.order(), typed)
    world.sync(wait=5)
    assert world.accepted(order) == []
    [notice] = Notice.objects.all()
    assert notice.code == "spoilt-tracking"
    assert typed in texts.reason(notice.code, {"channel": "Amazon", **notice.params})
    assert any(typed in each.sentence for each in story_of(world.row(order)).next)


def test_a_number_that_is_spoilt_later_says_so_then(make_world: MakeWorld) -> None:
    """R4: the sentence follows what the merchant types, until it is right."""
    world = make_world(delay_minutes=0)
    order = world.ship(world.order())
    world.sync(wait=5)
    for typed in ("6,90E+12", "6A10548230917"):
        world.shop.set_tracking(order, typed)
        world.advance(minutes=1)
        world.sync(wait=5)
    assert world.notices(order) == ["no-tracking", "spoilt-tracking"]
    assert world.accepted(order) == [("ship", "6A10548230917")]


ODD = "1Z999AA10123456784"
"""Clearly a number of UPS; the sample shop's carrier is another one."""


def name_the_carrier(world: World, name: str) -> None:
    world.shop.execute(world.shop.tables["carrier"].update().values(name=name))


def test_another_carriers_number_is_warned_of_before_it_is_sent_and_sent(world: World) -> None:
    """R2: once in the log, before the send; a warning, never a refusal."""
    name_the_carrier(world, "Colissimo Domicile")
    order = world.ship(world.order(), ODD)
    world.sync(wait=5)
    world.shop.set_status(order, SHIPPED)
    world.sync(wait=5)
    assert world.accepted(order) == [("ship", ODD)]
    story = world.story(order)
    assert story.count("odd-number") == 1
    assert story.index("odd-number") < story.index("sent")
    [said] = [each.sentence for each in story_of(world.row(order)).events if each.code == "odd-number"]
    assert (ODD in said, "UPS" in said, "Colissimo Domicile" in said) == (True, True, True)


def test_whoever_reviews_an_update_reads_the_warning_first(world: World) -> None:
    """R2."""
    name_the_carrier(world, "Colissimo Domicile")
    order = world.ship(world.order(), ODD)
    rows = Order.objects.select_related("marketplace_order").prefetch_related("marketplace_order__tasks")
    world.shop.set_tracking(order, "")
    world.sync()
    world.shop.set_tracking(order, ODD)
    shop = world.connections.shop(world.store)
    [shown] = preview(rows.filter(key=order), shop, policy_of(world.store), world.now())
    assert shown.sends
    assert ODD in shown.warning
    assert shown.warning in shown.sentence


@pytest.mark.parametrize(("code", "number"), [("odd-phone", "0612345678"), ("odd-word", "TOURNEE3")])
def test_what_looks_like_anything_but_a_number_is_warned_of_before_it_is_sent(
    world: World, code: str, number: str
) -> None:
    """R2: a telephone number, a word."""
    name_the_carrier(world, "Livraison standard")
    order = world.ship(world.order(), number)
    world.sync(wait=5)
    assert world.accepted(order) == [("ship", number)]
    story = world.story(order)
    assert story.count(code) == 1
    assert story.index(code) < story.index("sent")
    [said] = [each.sentence for each in story_of(world.row(order)).events if each.code == code]
    assert f"“{number}”" in said


def test_a_number_of_the_carrier_itself_is_not_warned_of(world: World) -> None:
    """R2."""
    name_the_carrier(world, "UPS Standard")
    order = world.ship(world.order(), ODD)
    world.sync(wait=5)
    assert world.accepted(order) == [("ship", ODD)]
    assert "odd-number" not in world.story(order)


def test_a_number_that_is_damaged_after_a_whole_one_was_told_is_named(world: World) -> None:
    """Beside a parcel with a good number as well; and one that is taken away is said to be gone."""
    told, beside = world.ship(world.order(), "6A20548230918"), world.ship(world.order(), "6A20548230918")
    world.sync(wait=10)
    world.shop.set_tracking(told, "6,90E+12")
    world.shop.add_parcel(beside, "6,90E+12")
    world.sync(wait=10)
    assert [world.story(each).count("seen-spoilt") for each in (told, beside)] == [1, 1]
    assert "seen-tracking" not in world.story(told)[-2:]
    world.shop.set_tracking(told, "")
    world.sync(wait=10)
    assert "seen-no-tracking" in world.story(told)
