"""Promises 6 and 7: one bad thing stops nothing else, and no trouble of the API becomes a storm of requests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sfsync.testing import SHIPPED
from shoppingfeed.sandbox import Fault
from tests.faults.deployment import real_world, store_toml
from tests.faults.stage import FIRST_FEED_ID, TOKEN, Stage, Story


def requests(story: Story) -> int:
    """Everything that this store asked so far."""
    ledger = story.stage.sandbox.ledger
    return sum(f"/store/{story.store_id}/" in each.path for each in ledger.requests)


def day_of_runs(story: Story, every: float = 3600, hours: int = 24, **how: Any) -> list[tuple[int, int]]:
    """A scheduled run every so many seconds: the requests, and the operations among them, of each run."""
    spent = []
    for _ in range(int(3600 * hours / every)):
        before, sent = requests(story), story.sends()
        story.sync(**how)
        spent.append((requests(story) - before, story.sends() - sent))
        story.stage.clock.advance(every)
    return spent


FEW = 4
"""Orders whose refusals are their own: a fifth one with the same answer is the marketplace's trouble (R36)."""


def many(stage: Stage, orders: int = 300, **settings: int) -> tuple[Story, list[int]]:
    story = stage.story(**settings)
    more = story.shop.add_orders(orders, channel="Zalando", first_feed_id=FIRST_FEED_ID + 1000)
    story.shop.bulk_ship(more)
    return story, more


def test_an_api_that_answers_nothing_but_errors_to_operations(sqlite_stage: Stage) -> None:
    """R13: three requests that went unanswered end a run's sending; after many the merchant decides, and was told."""
    story, more = many(sqlite_stage)
    standing = story.fault("status", method="POST", status=500, times=None)
    spent = day_of_runs(story)
    assert max(sends for _, sends in spent) <= 4  # the fourth was under way when the third failed
    assert max(total for total, _ in spent) <= 4 * 102  # none of a request's 100 orders arrived: asked one by one
    assert sum(sends for _, sends in spent) <= 24 * 4
    sqlite_stage.sandbox.remove_fault(standing)
    for _ in range(8):
        story.sync(wait=120)
        sqlite_stage.clock.advance(7200)
    facts = story.facts()
    assert story.duplicates() == []
    parked = {task["shop_order"] for task in facts["tasks"] if task["failed_at"]}
    confirmed = {order["shop_order_id"] for order in facts["orders"] if order["confirmed_operation"] == "ship"}
    assert parked | confirmed == set(more)
    assert {notice["shop_order"] for notice in facts["notices"] if notice["shop_order"]} == parked


@pytest.mark.parametrize(("status", "most"), [(500, 2), (503, 2), (429, 31)])
def test_an_api_that_answers_nothing_but_errors_to_anything(sqlite_stage: Stage, status: int, most: int) -> None:
    """R13: a run gives up at the first answer that stops the whole store; 429 is waited out for a minute, here in
    steps of 2 s as the API asks. What was seen is kept, and told."""
    story, more = many(sqlite_stage)
    standing = story.fault("status", status=status, seconds=2, times=None)
    spent = day_of_runs(story)
    assert max(total for total, _ in spent) <= most
    assert sum(sends for _, sends in spent) == 0
    told = [notice["code"] for notice in story.facts()["notices"] if notice["code"] not in ("overdue", "silent")]
    assert told == ["rate-limited" if status == 429 else "api-unavailable"]
    sqlite_stage.sandbox.remove_fault(standing)
    assert story.sync(wait=60)["counts"]["confirmed"] == len(more)
    assert story.duplicates() == []


@pytest.mark.parametrize("concurrency", [1, 4])
def test_an_api_that_allows_no_operation_for_hours(sqlite_stage: Stage, concurrency: int) -> None:
    """R13: 429 to every operation: each request under way (and the one after) is tried every 2 s for a minute, as the
    API asks, then the run stops; no ticket is asked for what was refused, and no try is counted."""
    story, more = many(sqlite_stage, 500)
    standing = story.fault("status", method="POST", status=429, seconds=2, times=None)
    spent = day_of_runs(story, hours=6, concurrency=concurrency, pace=True)
    most = (concurrency + 1) * 31
    assert max(sends for _, sends in spent) <= most
    lists = 5  # the newest ticket, what is done already, what the channel fulfils or cancelled, and deadlines
    assert max(total for total, _ in spent) <= most + lists
    assert {(task["failure"], task["attempts"]) for task in story.facts()["tasks"]} == {("", 0)}
    sqlite_stage.sandbox.remove_fault(standing)
    assert story.sync(wait=60)["counts"]["confirmed"] == len(more)
    assert story.duplicates() == []


@pytest.mark.parametrize("asks", [0.5, 30, 300])
def test_the_wait_that_the_api_asks_for_is_kept(sqlite_stage: Stage, asks: float) -> None:
    """R13: whatever `X-RateLimit-Wait` says is waited before the next request, up to a minute in all."""
    story = sqlite_stage.story()
    story.shop.bulk_ship(story.orders[:1])
    story.fault("status", status=429, seconds=asks, times=1)
    began = sqlite_stage.clock()
    troubles = [trouble["code"] for trouble in story.sync()["troubles"]]
    waited = sqlite_stage.clock() - began
    assert (waited >= asks, troubles) == ((True, []) if asks <= 60 else (False, ["rate-limited"]))
    assert (requests(story) > 1) == (asks <= 60)


def test_tickets_that_cannot_be_read_for_a_day(sqlite_stage: Stage) -> None:
    """R17: everything stays in flight and is looked at less and less; nothing is sent again."""
    story, more = many(sqlite_stage)
    story.sync()
    assert story.sends() == 3
    standing = story.fault("status", path=f"/store/{story.store_id}/ticket", times=None)
    spent = day_of_runs(story)
    assert max(total for total, _ in spent) <= 10
    assert sum(sends for _, sends in spent) == 0
    sqlite_stage.sandbox.remove_fault(standing)
    assert story.sync(wait=60)["counts"]["confirmed"] == len(more)


def test_a_ticket_that_stays_open_is_looked_at_less_and_less(sqlite_stage: Stage) -> None:
    """R17: and is an alarm after a day."""
    story, _ = many(sqlite_stage, 20)
    story.fault("stuck", times=None)
    spent = day_of_runs(story, every=1200)
    hourly, daily = 24, 3  # what the marketplaces cancelled (R33), and what they show (R32)
    links = 24 * 3  # whether orders are known by Shopping Feed's word alone (R24): with each run, 20 minutes apart
    assert sum(total for total, _ in spent) < 60 + hourly + daily + links
    for _ in range(4):
        story.stage.clock.advance(1800)
        story.sync()
    assert {notice["code"] for notice in story.facts()["notices"]} == {"ticket-slow"}


def test_a_marketplace_that_always_refuses_is_tried_three_times(sqlite_stage: Stage) -> None:
    """R16: ten minutes apart, then half an hour; then parked, and explained once."""
    story, more = many(sqlite_stage, FEW, retry_minutes=10)
    story.fault("refuse", message="address unknown", times=None)
    for pause in (300,) * 14 + (43200,) * 2:
        story.sync()
        story.stage.clock.advance(pause)
    ledger = story.stage.sandbox.ledger
    for number in range(FEW):
        first, second, third = [each.at for each in ledger.operations(FIRST_FEED_ID + 1000 + number, story.store_id)]
        assert 600 <= second - first <= 600 + 2 * 300
        assert 1800 <= third - second <= 1800 + 2 * 300
    facts = story.facts()
    assert [notice["code"] for notice in facts["notices"] if notice["shop_order"]] == ["ticket-failed"] * len(more)
    assert all(task["failed_at"] and task["last_error"] == "address unknown" for task in facts["tasks"])


def test_a_ticket_that_was_canceled_is_not_tried_again(sqlite_stage: Stage) -> None:
    """R18: canceled means refused: sent once, told once."""
    story, more = many(sqlite_stage, FEW)
    story.fault("cancel-ticket", message="not allowed", times=None)
    day_of_runs(story)
    facts = story.facts()
    assert story.sends() == 1
    assert {(task["failure"], task["last_error"]) for task in facts["tasks"]} == {("ticket-canceled", "not allowed")}
    assert [notice["code"] for notice in facts["notices"]] == ["ticket-canceled"] * len(more)


@pytest.mark.parametrize(("kind", "hours"), [("refuse", 24), ("cancel-ticket", 4)])
def test_a_marketplace_that_refuses_everything_for_a_day_costs_one_try_in_ten_minutes(
    sqlite_stage: Stage, kind: str, hours: int
) -> None:
    """R36: told once; when it accepts again everything goes, each once."""
    story, more = many(sqlite_stage, 20)
    standing = story.fault(kind, message="not allowed", times=None)
    spent = day_of_runs(story, every=300, hours=hours)
    assert sum(sends for _, sends in spent[1:]) <= hours * 6
    sqlite_stage.sandbox.remove_fault(standing)
    for _ in range(4):
        story.sync(wait=90)
        story.stage.clock.advance(700)
    facts = story.facts()
    assert sorted(notice["code"] for notice in facts["notices"]) == ["channel-freed", "channel-held"]
    assert (story.duplicates(), facts["tasks"]) == ([], [])
    assert {order["shop_order_id"] for order in facts["orders"] if order["confirmed_operation"]} == set(more)


def test_a_permanent_refusal_stops_at_once(sqlite_stage: Stage) -> None:
    """R16: one request a run with a token that is refused; nothing is parked, nothing is lost."""
    story, more = many(sqlite_stage)
    standing = story.fault("wrong-token", times=None)
    spent = day_of_runs(story)
    assert max(total for total, _ in spent) == 1
    sqlite_stage.sandbox.remove_fault(standing)
    assert story.sync(wait=60)["counts"]["confirmed"] == len(more)


def test_one_order_that_spoils_its_request_is_found_by_splitting(sqlite_stage: Stage) -> None:
    """R12: the API refuses every request that contains it; the other 99 go out."""
    story, more = many(sqlite_stage, 100)
    bad, path = FIRST_FEED_ID + 1000 + 63, f"/store/{story.store_id}/"
    sqlite_stage.sandbox.fault(Fault("refuse-request", order_id=bad, path=path, message="bad order"))
    assert story.sync(wait=60)["counts"]["confirmed"] == 99
    assert story.sends() <= 20
    facts = story.facts()
    assert [(task["shop_order"], task["failure"]) for task in facts["tasks"]] == [(more[63], "request-refused")]
    assert [notice["shop_order"] for notice in facts["notices"]] == [more[63]]
    assert story.duplicates() == []


def test_five_hundred_orders_that_cannot_be_prepared_and_one_good_one(sqlite_stage: Stage) -> None:
    """R13b, R20: most of them have no Shopping Feed id, some are gone from the shop (as few as one believes, and at the
    second reading); the good one goes out first."""
    story, more = many(sqlite_stage, 6)
    story.shop.bulk_ship(story.shop.add_orders(495, channel="Zalando", first_feed_id=None))
    story.sync_seen_only()
    orders = story.shop.tables["orders"]
    story.shop.execute(orders.delete().where(orders.c.id_order.in_(more[1:])))
    answer = story.sync(wait=60)
    assert answer["counts"]["confirmed"] == 1
    posts = [each.path for each in story.stage.sandbox.ledger.requests if f"/store/{story.store_id}/order" in each.path]
    assert next(n for n, path in enumerate(posts) if path.endswith("/ship")) < 5
    sqlite_stage.clock.advance(120)
    story.sync(wait=60)
    facts = story.facts()
    failures = [task["failure"] for task in facts["tasks"]]
    assert (failures.count("order-gone"), failures.count("no-feed-id"), len(failures)) == (5, 495, 500)
    told = [notice["shop_order"] for notice in facts["notices"] if notice["shop_order"]]
    assert len(told) == len(set(told)) == 500


def test_one_store_with_a_revoked_token_among_ten(tmp_path: Path, migrated: Path) -> None:
    """R20: the command says which one and what to do, ends with 1, and the other nine are done."""
    with real_world(tmp_path, migrated, paced="false") as world:
        orders = [world.ship() for _ in range(10)]
        stores = [store_toml("main", world.server.url, world.shop.url, token="revoked-token-77")]
        for number in range(1, 10):
            world.sandbox.add_store(100 + number, token=TOKEN)
            stores.append(store_toml(f"other-{number}", world.server.url, world.shop.url, store_id=100 + number))
        (world.deployment.home / "stores.toml").write_text("\n".join(stores))
        world.deployment.run("apply", "stores.toml")
        reports = world.deployment.json("sync", "--wait", "10", status=1)
        good = [report["confirmed"] for name, report in reports.items() if name != "main"]
        assert good == [len(orders)] * 9
        assert "token" in reports["main"]["error"]
        assert "doctor" in reports["main"]["advice"]
        assert world.shop.order(orders[0]).status == SHIPPED
