"""What is taken from a shop's bridge, and what is refused: `/hooks/STORE/`."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings
from pytest_django.live_server_helper import LiveServer
from standardwebhooks.webhooks import Webhook

from sfsync.db.secrets import Secret
from sfsync.engine.hear import A_MINUTE, LARGEST
from sfsync.models import Hint, Process, Store, StoreState
from sfsync.testing import World
from tests.bridge.conftest import SECRET, PhpShop

ADDRESS = "/hooks/main/"


@pytest.fixture
def bridged(world: World) -> World:
    """A real-time store that a bridge was written for."""
    world.store.mode, world.store.bridge_secret = "realtime", Secret(SECRET)
    world.store.save()
    return world


def signed(
    body: object, *, at: datetime | None = None, message: str = "msg_1", secret: str = SECRET, **changed: str
) -> dict[str, str]:
    moment, text = at or datetime.now(UTC), body if isinstance(body, str) else json.dumps(body)
    return {
        "webhook-id": message,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(secret).sign(message, moment, text),
    } | {f"webhook-{name}": value for name, value in changed.items()}


def post(client: Client, body: object, headers: dict[str, str] | None = None, address: str = ADDRESS) -> int:
    text = body if isinstance(body, str) else json.dumps(body)
    given = signed(text) if headers is None else headers
    return client.post(address, text, content_type="application/json", headers=given).status_code


def hints() -> list[list[str]]:
    return list(Hint.objects.order_by("id").values_list("orders", flat=True))


def test_what_a_bridge_says_is_kept_and_the_store_is_due_at_once(bridged: World, client: Client) -> None:
    """R7: the orders once each, as the shop spells them; what is no order is left out."""
    before = timezone.now()
    assert post(client, {"orders": [7, "8", "#7", 0, True, None, "x", 1.5, {}]}) == 204
    assert hints() == [["7", "8"]]
    state = StoreState.objects.get(pk=bridged.store.pk)
    assert state.heard_at is not None
    assert state.heard_at >= before
    asked = Process.objects.get(store=bridged.store, name="sync").run_asked_at
    assert asked is not None
    assert asked >= before


def test_a_hello_is_heard_and_starts_nothing(bridged: World, client: Client) -> None:
    assert post(client, {"orders": []}) == 204
    assert StoreState.objects.get(pk=bridged.store.pk).heard_at
    assert not Process.objects.exists()


@pytest.mark.parametrize("settings", [{"mode": "batch"}, {"enabled": False}])
def test_a_store_that_is_not_in_real_time_is_not_woken(
    bridged: World, client: Client, settings: dict[str, object]
) -> None:
    """R7: what comes in batches waits for its schedule."""
    Store.objects.update(**settings)
    assert post(client, {"orders": [7]}) == 204
    assert not Process.objects.exists()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        signed({"orders": [8]}),
        signed({"orders": [7]}, secret="whsec_" + "b3RoZXIgc2VjcmV0IG9mIHNvbWVib2R5IGVsc2U="),
        signed({"orders": [7]}, id="msg_2"),
        signed({"orders": [7]}, timestamp="1"),
        signed({"orders": [7]}, timestamp="soon"),
        signed({"orders": [7]}, signature="v1,"),
        signed({"orders": [7]}, signature="v1"),
        signed({"orders": [7]}, signature="v1,é"),
        signed({"orders": [7]}, signature="v1,a,b"),
        signed({"orders": [7]}, message="m" * 100),
        {name: value for name, value in signed({"orders": [7]}).items() if name != "webhook-id"},
    ],
)
def test_what_is_not_signed_for_this_message_is_refused(
    bridged: World, client: Client, headers: dict[str, str]
) -> None:
    assert post(client, {"orders": [7]}, headers) == 401
    assert hints() == []
    assert StoreState.objects.get(pk=bridged.store.pk).heard_at is None


@pytest.mark.parametrize(("off", "status"), [(-400, 401), (-200, 204), (200, 204), (400, 401)])
def test_a_message_is_taken_for_five_minutes(bridged: World, client: Client, off: int, status: int) -> None:
    """Before and after: the clocks of two machines differ."""
    body = {"orders": [7]}
    assert post(client, body, signed(body, at=datetime.now(UTC) + timedelta(seconds=off))) == status


def test_a_repeated_message_is_refused(bridged: World, client: Client) -> None:
    """For as long as it would be taken by its time."""
    headers = signed({"orders": [7]})
    assert [post(client, {"orders": [7]}, headers) for _ in range(3)] == [204, 409, 409]
    assert hints() == [["7"]]
    assert post(client, {"orders": [7]}, signed({"orders": [7]}, message="msg_2")) == 204


def test_a_store_without_a_bridge_answers_as_one_that_is_not_there(bridged: World, client: Client) -> None:
    Store.objects.create(name="bare", feed_store_id=11)
    answers = {post(client, {"orders": [7]}, address=f"/hooks/{name}/") for name in ("bare", "nobody")}
    assert answers == {401}


@pytest.mark.parametrize("body", ["", "[]", "null", "7", '"x"', "{}", '{"order": 7}', "{", "\ud83d", "[" * 60_000])
def test_a_signed_message_that_names_no_orders_is_refused(bridged: World, client: Client, body: str) -> None:
    text = body.encode("utf-8", "replace").decode()
    assert post(client, text) == 400
    assert hints() == []


def test_a_message_that_is_not_text_is_refused(bridged: World, client: Client) -> None:
    answer = client.post(ADDRESS, b"\xff\xfe", content_type="application/json", headers=signed(""))
    assert answer.status_code == 401


def test_a_message_that_is_too_long_is_not_read_to_its_end(bridged: World, client: Client) -> None:
    fits = json.dumps({"orders": [], "x": ""})
    fits = fits[:-2] + "x" * (LARGEST - len(fits)) + fits[-2:]
    assert (len(fits), post(client, fits)) == (LARGEST, 204)
    assert post(client, fits + " ") == 413


def test_more_messages_than_a_shop_has_are_refused_until_the_minute_is_over(bridged: World, client: Client) -> None:
    now = timezone.now()
    Hint.objects.bulk_create(
        Hint(store=bridged.store, message_id=f"old-{number}", at=now) for number in range(A_MINUTE)
    )
    assert post(client, {"orders": [7]}) == 429
    Hint.objects.update(at=now - timedelta(minutes=2))
    assert post(client, {"orders": [7]}) == 204


def test_only_a_post_is_a_message(bridged: World, client: Client) -> None:
    assert client.get(ADDRESS).status_code == 405


def test_an_answer_takes_few_statements(
    bridged: World, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Two look, three write; the others open and close the transaction and its savepoint."""
    Process.objects.create(store=bridged.store)
    with django_assert_num_queries(9):
        assert post(client, {"orders": list(range(1, 2000))}) == 204


def test_a_worker_is_told_where_one_can_be_and_its_absence_harms_nothing(
    bridged: World,
    client: Client,
    settings: Settings,
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    for name, messages in ((f"{__name__}.note_wake", "m1"), (f"{__name__}.no_broker", "m2"), ("no.such.thing", "m3")):
        settings.SFSYNC = {"wake": name}
        with django_capture_on_commit_callbacks(execute=True):
            assert post(client, {"orders": [7]}, signed({"orders": [7]}, message=messages)) == 204
    assert woken == [bridged.store.pk]


woken: list[int] = []


def note_wake(store_id: int) -> None:
    woken.append(store_id)


def no_broker(store_id: int) -> None:
    raise ConnectionError(store_id)


@pytest.mark.django_db(transaction=True)
def test_what_php_posts_is_taken(bridged: World, live_server: LiveServer, installed: Callable[..., PhpShop]) -> None:
    """The module's own signature, over a real connection; with another secret it is refused, and says so."""
    shop = installed(f"{live_server.url}{ADDRESS}")
    assert shop.visit(("getContent", {})).results == ["good: sfsync answers."]
    shop.ships(11, 12)
    assert hints() == [[], ["11", "12"]]
    bridged.store.bridge_secret = Secret("whsec_" + "bmV3IHNlY3JldCBhZnRlciBhIHJlbmV3YWwhIQ==")
    bridged.store.save()
    [told] = shop.visit(("getContent", {})).results
    assert told.startswith("bad: sfsync does not recognise this module")
