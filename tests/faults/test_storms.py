"""Promises 6 and 7: one bad thing stops nothing else, and no trouble of the API becomes a storm of requests."""

from __future__ import annotations

from pathlib import Path

import pytest

from sfsync.testing import SHIPPED
from shoppingfeed.sandbox import Fault
from tests.faults.deployment import real_world, store_toml
from tests.faults.stage import FIRST_FEED_ID, TOKEN, Stage, Story


def requests(story: Story) -> int:
    """Everything that this store asked so far."""
    ledger = story.stage.sandbox.ledger
    return sum(f"/store/{story.store_id}/" in each.path for each in ledger.requests)


def day_of_runs(story: Story, every: float = 3600) -> list[tuple[int, int]]:
    """A scheduled run every so many seconds for a day: the requests, and the operations among them, of each run."""
    spent = []
    for _ in range(int(86400 / every)):
        before, sent = requests(story), story.sends()
        story.sync()
        spent.append((requests(story) - before, story.sends() - sent))
        story.stage.clock.advance(every)
    return spent


def many(stage: Stage, orders: int = 300) -> tuple[Story, list[int]]:
    story = stage.story()
    more = story.shop.add_orders(orders, channel="Zalando", first_feed_id=FIRST_FEED_ID + 1000)
    story.shop.bulk_ship(more)
    return story, more


@pytest.mark.parametrize("status", [500, 503])
def test_an_api_that_answers_nothing_but_errors_to_operations(sqlite_stage: Stage, status: int) -> None:
    """R13: three requests that went unanswered end a run's sending; after many the merchant decides, and was told."""
    story, more = many(sqlite_stage)
    standing = story.fault("status", method="POST", status=status, times=None)
    spent = day_of_runs(story)
    assert max(sends for _, sends in spent) <= 4  # the fourth was under way when the third failed
    assert max(total for total, _ in spent) <= 4 * 102  # none of a request's 100 orders arrived: asked one by one
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


@pytest.mark.parametrize("status", [500, 429])
def test_an_api_that_answers_nothing_but_errors_to_anything(sqlite_stage: Stage, status: int) -> None:
    """R13: a run gives up at the first answer that stops the whole store; 429 is waited out for a minute at most."""
    story, more = many(sqlite_stage)
    standing = story.fault("status", status=status, seconds=2, times=None)
    spent = day_of_runs(story)
    assert max(total for total, _ in spent) <= (32 if status == 429 else 2)
    sqlite_stage.sandbox.remove_fault(standing)
    assert story.sync(wait=60)["counts"]["confirmed"] == len(more)
    assert story.duplicates() == []


def test_tickets_that_cannot_be_read_for_a_day(sqlite_stage: Stage) -> None:
    """R17: everything stays in flight and is looked at less and less; nothing is sent again."""
    story, more = many(sqlite_stage)
    standing = story.fault("status", path=f"/store/{story.store_id}/ticket", times=None)
    spent = day_of_runs(story)
    assert max(total for total, _ in spent) <= 10
    assert sum(sends for _, sends in spent) == 3
    sqlite_stage.sandbox.remove_fault(standing)
    assert story.sync(wait=60)["counts"]["confirmed"] == len(more)


def test_a_ticket_that_stays_open_is_looked_at_less_and_less(sqlite_stage: Stage) -> None:
    """R17: and is an alarm after a day."""
    story, _ = many(sqlite_stage, 20)
    story.fault("stuck", times=None)
    spent = day_of_runs(story, every=1200)
    assert sum(total for total, _ in spent) < 60
    for _ in range(4):
        story.stage.clock.advance(1800)
        story.sync()
    assert {notice["code"] for notice in story.facts()["notices"]} == {"ticket-slow"}


def test_a_marketplace_that_always_refuses_is_tried_three_times(sqlite_stage: Stage) -> None:
    """R16: spaced, bounded, and explained once."""
    story, more = many(sqlite_stage, 20)
    story.fault("refuse", message="address unknown", times=None)
    day_of_runs(story)
    ledger = story.stage.sandbox.ledger
    assert {len(ledger.operations(FIRST_FEED_ID + 1000 + n, story.store_id)) for n in range(20)} == {3}
    facts = story.facts()
    assert [notice["code"] for notice in facts["notices"]] == ["ticket-failed"] * len(more)
    assert all(task["failed_at"] and task["last_error"] == "address unknown" for task in facts["tasks"])


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
    """R13b, R20: half of them have no Shopping Feed id, half are gone from the shop; the good one goes out first."""
    story, more = many(sqlite_stage, 251)
    story.shop.bulk_ship(story.shop.add_orders(250, channel="Zalando", first_feed_id=None))
    story.sync_seen_only()
    orders = story.shop.tables["orders"]
    story.shop.execute(orders.delete().where(orders.c.id_order.in_(more[1:])))
    answer = story.sync(wait=60)
    assert answer["counts"]["confirmed"] == 1
    posts = [each.path for each in story.stage.sandbox.ledger.requests if f"/store/{story.store_id}/order" in each.path]
    assert next(n for n, path in enumerate(posts) if path.endswith("/ship")) < 5
    facts = story.facts()
    failures = [task["failure"] for task in facts["tasks"]]
    assert (failures.count("order-gone"), failures.count("no-feed-id"), len(failures)) == (250, 250, 500)
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
