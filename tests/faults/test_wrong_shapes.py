"""Promise 10: answers of every wrong shape, wherever the engine asks the API anything: no crash, and no update lost."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sfsync.testing import CANCELED, REFUNDED
from shoppingfeed.sandbox import Fault
from tests.faults.stage import Stage, Story, staged

jsons = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
SHAPES: list[Any] = [
    *({}, [], None, 0, "text", True, {"id": []}, {"id": {}}, {"id": ""}, {"id": 5, "report": 5}, {"_embedded": []}),
    *({"_embedded": {"ticket": 1}}, {"_embedded": {"ticket": [1]}}, {"_embedded": {"ticket": [{}]}, "page": 1}),
    {"_embedded": {"ticket": [{"id": {}, "batchId": [], "state": 7, "payload": "no"}]}, "page": "x", "pages": -1},
    {"_embedded": {"order": [{"id": "1e9", "status": [], "createdAt": "soon"}]}, "count": 1, "total": 10**40},
    {"page": 1, "pages": 10**9, "count": 1, "total": 1, "_links": {"next": {"href": "http://elsewhere.invalid/"}}},
]


def shipping(story: Story) -> None:
    story.shop.bulk_ship(story.orders[:3], "T-")


def three_batches(story: Story) -> None:
    """More than two batches are in flight: it is asked first what of them is still open."""
    ship, cancel, refund = story.orders[:3]
    story.shop.bulk_ship([ship], "T-")
    story.shop.set_status(cancel, CANCELED)
    story.shop.set_status(refund, REFUNDED)
    story.sync()


def unanswered(story: Story) -> None:
    shipping(story)
    story.fault("accept-then-drop", method="POST")
    story.sync()


def in_trouble(story: Story) -> None:
    """Tickets cannot be read, so it is asked whether the API still knows the store."""
    shipping(story)
    story.sync()
    story.fault("status", path=rf"/store/{story.store_id}/ticket\?.*batchId=", times=None)


def nameless(story: Story) -> None:
    """Orders whose id at Shopping Feed only the API can tell."""
    listing = story.shop.tables["shoppingfeed_order"]
    story.shop.execute(listing.update().values(id_internal_shoppingfeed=0))
    for order in story.orders[:2]:
        reference = story.shop.order(order).marketplace_reference
        story.stage.sandbox.add_order(
            story.feed_id(order), reference=reference, channel="Zalando", store=story.store_id
        )
    story.shop.bulk_ship(story.orders[:2], "T-")


def purged(story: Story) -> None:
    """Only the order itself can tell what became of it: its tickets are gone."""
    ship, cancel = story.orders[:2]
    story.fault("purge", times=None)
    story.shop.bulk_ship([ship], "T-")
    story.shop.set_status(cancel, CANCELED)
    story.sync()
    story.stage.clock.advance(200)
    story.sync()
    story.stage.clock.advance(200)


PLACES: dict[str, tuple[str, Callable[[Story], None]]] = {
    "an operation": ("/order/[a-z]+$", shipping),
    "the tickets of a batch": (r"/ticket\?.*batchId=", shipping),
    "the tickets of an order": (r"/ticket\?.*payloadId=", unanswered),
    "what is still open": (r"/ticket\?.*state=processing", three_batches),
    "whether the store is known": (r"/ticket\?limit=1&", in_trouble),
    "what is done already": (r"/order\?.*status=", shipping),
    "what the channel fulfils": (r"/order\?.*fulfilledBy=", shipping),
    "an order by its reference": (r"/order\?.*reference=", nameless),
    "an order by its id": (r"/order/\d+$", purged),
    "the shipments of an order": (r"/order/\d+/shipment", purged),
}
WRITTEN_DOWN = {"an operation", "the tickets of a batch", "an order by its reference"}
"""What these say goes into our database: on PostgreSQL, which is the stricter one."""


class Ordeal:
    """Wrong answers at one place, one after the other, each to a story that asks there."""

    def __init__(self, stage: Stage, place: str) -> None:
        self.stage = stage
        self.path, self.situation = PLACES[place]
        self.story = self.begin()

    def begin(self) -> Story:
        story = self.stage.story()
        self.situation(story)
        return story

    def answer(self, shape: Any, **details: Any) -> None:
        """A story that has its answer already, and asks no more, ends well; another one asks."""
        if not self.asked(shape, details):
            self.all_well_again()
            self.story = self.begin()
            assert self.asked(shape, details), f"nobody asked for {self.path}"

    def asked(self, shape: Any, details: dict[str, Any]) -> bool:
        kind, path = "status" if "status" in details else "garbage", f"/store/{self.story.store_id}{self.path}"
        number = self.story.fault(kind, body=json.dumps(shape), path=path, **details)
        self.survive()
        standing = next(each for each in self.stage.sandbox.faults.all() if each.number == number)
        self.stage.sandbox.remove_fault(number)
        return standing.struck > 0

    def survive(self) -> None:
        """Whatever trouble a run tells of, it comes to its own end."""
        report = self.story.sync(wait=5)
        assert all(trouble["code"] != "crashed" for trouble in report["troubles"])
        self.stage.clock.advance(600)

    def all_well_again(self) -> None:
        """The API is itself again: every order is told once. What had failed was told, and a person retries."""
        story = self.story
        self.stop_lying()
        parked = {task["shop_order"] for task in story.facts()["tasks"] if task["failed_at"]}
        if parked:
            assert parked <= {notice["shop_order"] for notice in story.facts()["notices"]}
            self.stage.victim.do("command", arguments=["retry", "--all-failed", "--store", story.name])
        for _ in range(4):
            story.sync(wait=120)
            if not story.facts()["tasks"]:
                break
            self.stage.clock.advance(4000)
        facts = story.facts()
        assert (facts["tasks"], story.duplicates()) == ([], [])
        done = {each["shop_order_id"] for each in facts["orders"] if each["confirmed_operation"]}
        assert done == {order for order in story.orders if story.accepted(order)} != set()

    def stop_lying(self) -> None:
        for standing in self.stage.sandbox.faults.all():
            if f"/store/{self.story.store_id}/" in standing.fault.path and standing.fault.kind != "purge":
                self.stage.sandbox.remove_fault(standing.number)


@pytest.mark.parametrize("place", PLACES)
def test_answers_of_every_wrong_shape(request: pytest.FixtureRequest, place: str) -> None:
    """R13: no crash and no lost task; when the API is itself again, every order is told once."""
    ordeal = Ordeal(request.getfixturevalue("postgres_stage" if place in WRITTEN_DOWN else "sqlite_stage"), place)
    for shape in SHAPES:
        ordeal.answer(shape)
    ordeal.all_well_again()


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(
    place=st.sampled_from(list(PLACES)),
    shapes=st.lists(jsons, min_size=2, max_size=2),
    status=st.sampled_from([200, 202, 204, 301, 418, 500]),
)
def test_answers_that_chance_has_made(sqlite_stage: Stage, place: str, shapes: list[Any], status: int) -> None:
    """R13: with any status, too."""
    ordeal = Ordeal(sqlite_stage, place)
    for shape in shapes:
        ordeal.answer(shape, status=status)
    ordeal.all_well_again()


@pytest.fixture(scope="module")
def one_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A stage of its own, for the doctor examines every store."""
    with staged(tmp_path_factory.mktemp("doctor")) as stage:
        yield stage


def test_the_doctor_survives_answers_of_every_wrong_shape(one_store: Stage) -> None:
    """The doctor asks the API too: a wrong answer is a finding, told in words."""
    for shape in SHAPES:
        number = one_store.sandbox.fault(Fault("garbage", body=json.dumps(shape), path="/v1/me"))
        done = one_store.victim.start("command", arguments=["doctor"]).wait()
        one_store.sandbox.remove_fault(number)
        assert (done.status in (0, 1), "Traceback" in done.out + done.err) == (True, False), done.err
        assert "Shopping Feed" in done.out
