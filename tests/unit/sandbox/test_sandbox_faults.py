"""Every fault, in process (R13 and issue 3 need them to be exactly this)."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from shoppingfeed._errors import NoAnswerError, NotSentError
from shoppingfeed.sandbox import Fault, Kind, ManualClock, Sandbox
from tests.unit.sandbox.api import Api


def try_to_ship(api: Api, *order_ids: int) -> int:
    return api.send("POST", "/v1/store/10/order/ship", {"order": [{"id": id_} for id_ in order_ids]}).status


def shipped(sandbox: Sandbox, order_id: int = 1) -> int:
    return sandbox.ledger.count(order_id, "ship")


# Before anything is accepted


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 429, 500, 503])
def test_status_answers_without_accepting(sandbox: Sandbox, api: Api, status: int) -> None:
    sandbox.fault(Fault("status", status=status, seconds=1.5, message="Not today."))

    answer = api.send("POST", "/v1/store/10/order/ship", {"order": [{"id": 1}]})

    assert (answer.status, answer.document["detail"]) == (status, "Not today.")
    assert answer.headers.get("x-ratelimit-wait") == ("1.5" if status == 429 else None)
    assert shipped(sandbox) == 0
    assert try_to_ship(api, 1) == 202


def test_status_may_say_anything(sandbox: Sandbox, api: Api) -> None:
    sandbox.fault(Fault("status", status=502, body="<h1>Bad gateway</h1>"))

    response = api.raw("GET", "/v1/me")

    assert (response.status, response.body) == (502, b"<h1>Bad gateway</h1>")


def test_drop_closes_before_accepting(sandbox: Sandbox, api: Api) -> None:
    sandbox.fault(Fault("drop"))

    with pytest.raises(NoAnswerError):
        try_to_ship(api, 1)

    assert shipped(sandbox) == 0
    assert [received.status for received in sandbox.ledger.requests] == [0]


def test_unreachable_is_certainly_not_sent(sandbox: Sandbox, api: Api) -> None:
    sandbox.fault(Fault("unreachable"))

    with pytest.raises(NotSentError):
        try_to_ship(api, 1)

    assert shipped(sandbox) == 0


def test_garbage_looks_like_an_answer_and_is_none(sandbox: Sandbox, api: Api) -> None:
    sandbox.fault(Fault("garbage", times=2))
    sandbox.fault(Fault("garbage", body='{"id": 5}'))

    responses = [api.raw("POST", "/v1/store/10/order/ship"), api.raw("GET", "/v1/me"), api.raw("GET", "/v1/me")]

    assert [response.status for response in responses] == [202, 200, 200]
    assert responses[0].body.startswith(b"<html>")
    assert responses[2].body == b'{"id": 5}'
    assert sandbox.ledger.accepted == []


def test_wrong_token_refuses_the_right_one(sandbox: Sandbox, api: Api) -> None:
    sandbox.fault(Fault("wrong-token"))

    assert api.send("GET", "/v1/me").status == 401
    assert api.send("GET", "/v1/me").status == 200


def test_refuse_request_refuses_the_whole_until_the_order_is_left_out(sandbox: Sandbox, api: Api) -> None:
    """One bad order is found by splitting (issue 3, promise 6)."""
    sandbox.fault(Fault("refuse-request", order_id=3))

    assert [try_to_ship(api, 1, 2, 3, 4), try_to_ship(api, 3), try_to_ship(api, 3, 4)] == [422, 422, 422]
    assert try_to_ship(api, 1, 2, 4) == 202
    assert shipped(sandbox, 3) == 0


# Slow


def test_slow_takes_its_time_on_the_sandboxs_own_clock(sandbox: Sandbox, api: Api) -> None:
    before = sandbox.now()
    sandbox.fault(Fault("slow", seconds=20))

    assert try_to_ship(api, 1) == 202
    assert sandbox.now() - before == 20


def test_slow_after_accepting_is_a_time_out_of_something_that_happened(sandbox: Sandbox, api: Api) -> None:
    """R13: ambiguous."""
    before = sandbox.now()
    sandbox.fault(Fault("slow", seconds=60, when="after"))

    with pytest.raises(NoAnswerError, match="30 seconds"):
        try_to_ship(api, 1)

    assert sandbox.now() - before == 30
    assert shipped(sandbox) == 1


def test_slow_before_accepting_happens_after_its_caller_gave_up(sandbox: Sandbox, api: Api) -> None:
    """R13, the nastiest: the ticket list does not show it yet when the caller asks, and later it does."""
    sandbox.fault(Fault("slow", seconds=60))
    with pytest.raises(NoAnswerError):
        try_to_ship(api, 1)

    assert api.tickets() == []
    sandbox.advance(30)

    assert len(api.tickets()) == 1
    assert shipped(sandbox) == 1


def test_a_slow_request_that_was_wrong_anyway_comes_to_nothing(sandbox: Sandbox, api: Api) -> None:
    sandbox.fault(Fault("slow", seconds=60))
    with pytest.raises(NoAnswerError):
        try_to_ship(api)
    sandbox.advance(60)

    assert api.tickets() == []


def test_slow_and_another_fault_both_strike(sandbox: Sandbox, api: Api) -> None:
    before = sandbox.now()
    sandbox.fault(Fault("slow", seconds=5))
    sandbox.fault(Fault("status", status=503))

    assert try_to_ship(api, 1) == 503
    assert sandbox.now() - before == 5


def test_hang_accepts_and_lets_the_caller_run_out_of_patience(sandbox: Sandbox, api: Api) -> None:
    sandbox.fault(Fault("hang"))

    with pytest.raises(NoAnswerError):
        try_to_ship(api, 1)

    assert shipped(sandbox) == 1


def test_hang_ends_when_it_is_released() -> None:
    sandbox = Sandbox()
    sandbox.fault(Fault("hang"))
    api, ended = Api(sandbox, timeout=60), threading.Event()

    def ship() -> None:
        with pytest.raises(NoAnswerError):
            try_to_ship(api, 1)
        ended.set()

    thread = threading.Thread(target=ship)
    thread.start()
    while not ended.wait(0.01):
        sandbox.release()
    thread.join(5)

    assert shipped(sandbox) == 1


# After accepting


def test_accept_then_500_accepts(sandbox: Sandbox, api: Api) -> None:
    sandbox.fault(Fault("accept-then-500"))

    assert try_to_ship(api, 1) == 500
    assert shipped(sandbox) == 1


def test_accept_then_drop_accepts_and_never_says_so(sandbox: Sandbox, api: Api) -> None:
    sandbox.fault(Fault("accept-then-drop"))

    with pytest.raises(NoAnswerError):
        try_to_ship(api, 1)

    assert shipped(sandbox) == 1
    assert len(api.tickets("type=order&payloadId=1")) == 1


def test_accept_then_garbage_accepts(sandbox: Sandbox, api: Api) -> None:
    sandbox.fault(Fault("accept-then-garbage", body=""))

    response = api.raw("POST", "/v1/store/10/order/ship", b'{"order": [{"id": 1}]}')

    assert (response.status, response.body) == (202, b"")
    assert shipped(sandbox) == 1


def test_what_was_not_accepted_does_not_use_up_such_a_fault(sandbox: Sandbox, api: Api) -> None:
    sandbox.fault(Fault("accept-then-500", method="POST"))

    assert [try_to_ship(api), try_to_ship(api, 1), try_to_ship(api, 1)] == [422, 500, 202]


# One item of many


def test_refuse_fails_the_ticket_with_its_message_and_a_retry_is_no_duplicate(sandbox: Sandbox, api: Api) -> None:
    """R16"""
    sandbox.fault(Fault("refuse", order_id=2, message="Unknown carrier"))

    api.ship(1, 2)

    found = [(t["payload"]["id"], t["state"], t["result"]["message"]) for t in api.tickets("state=failed")]
    assert found == [(2, "failed", "Unknown carrier")]
    belief = sandbox.ledger.belief(2)
    assert belief is not None
    assert belief.status == "waiting_shipment"
    api.ship(2)
    assert api.order(2)["status"] == "shipped"
    assert sandbox.ledger.duplicates() == []
    assert sandbox.ledger.count(2, "ship") == 2


def test_cancel_ticket_ends_as_canceled(sandbox: Sandbox, api: Api) -> None:
    """R18"""
    sandbox.fault(Fault("cancel-ticket"))

    api.ship(1)

    ticket = api.tickets()[0]
    assert (ticket["state"], ticket["result"]["message"]) == ("canceled", "The task was refused.")
    assert api.order(1)["status"] == "waiting_shipment"


def test_ignore_reports_the_order_and_gives_it_no_ticket(sandbox: Sandbox, api: Api) -> None:
    """R12"""
    sandbox.add_order(2, reference="R-2", channel="eBay")
    sandbox.fault(Fault("ignore", order_id=2, message="Already in progress"))

    answer = api.operate("ship", {"id": 1}, {"id": 2})

    line = {"id": 2, "channelName": "eBay", "reference": "R-2", "state": "ignored", "message": "Already in progress"}
    assert answer["report"] == [line]
    assert [ticket["payload"]["id"] for ticket in api.tickets()] == [1]


def test_stuck_runs_until_it_is_released(sandbox: Sandbox, api: Api) -> None:
    """R17"""
    sandbox.fault(Fault("stuck"))
    api.ship(1)
    sandbox.advance(86_400)
    page = api.get("/v1/store/10/ticket")
    assert (page["_embedded"]["ticket"][0]["state"], page["meta"]["processing"]) == ("running", True)

    sandbox.release()

    assert api.tickets()[0]["state"] == "succeed"
    assert api.order(1)["status"] == "shipped"


def test_purge_forgets_the_ticket_in_lists_and_by_id(sandbox: Sandbox, api: Api) -> None:
    """R18"""
    sandbox.fault(Fault("purge", seconds=10))
    batch = api.ship(1)
    ticket = api.tickets(f"batchId={batch}")[0]

    sandbox.advance(10)

    assert api.tickets(f"batchId={batch}") == []
    assert api.tickets("type=order&payloadId=1") == []
    assert api.send("GET", f"/v1/store/10/ticket/{ticket['id']}").status == 404
    assert api.order(1)["status"] == "shipped"


def test_all_tickets_can_be_forgotten_at_once(sandbox: Sandbox, api: Api) -> None:
    api.ship(1, 2)

    assert sandbox.forget_tickets() == 2
    assert api.tickets() == []


def test_late_appears_in_lists_only_after_a_while(sandbox: Sandbox, api: Api) -> None:
    sandbox.fault(Fault("late", seconds=30))
    batch = api.ship(1)
    assert api.get(f"/v1/store/10/ticket?batchId={batch}")["total"] == 0

    sandbox.advance(30)

    assert len(api.tickets(f"batchId={batch}")) == 1


@pytest.mark.parametrize(("kind", "missing"), [("no-reference", "reference"), ("no-id", "id")])
def test_a_payload_may_lack_what_names_its_order(sandbox: Sandbox, api: Api, kind: str, missing: str) -> None:
    """R14"""
    sandbox.fault(Fault(kind))

    api.ship(1)

    assert {"id", "reference"} - set(api.tickets()[0]["payload"]) == {missing}


def test_shuffle_mixes_the_rows_over_all_pages_and_loses_none(sandbox: Sandbox, api: Api) -> None:
    """R14"""
    sandbox.fault(Fault("shuffle", times=None))
    batch = api.ship(*range(1, 51))

    pages = [api.tickets(f"batchId={batch}&limit=20&page={page}") for page in (1, 2, 3)]

    rows = [ticket["payload"]["id"] for page in pages for ticket in page]
    assert rows != list(range(1, 51))
    assert sorted(rows) == list(range(1, 51))


def test_orders_are_shuffled_too(sandbox: Sandbox, api: Api) -> None:
    sandbox.load_samples()
    straight = [order["id"] for order in api.get("/v1/store/10/order")["_embedded"]["order"]]
    sandbox.fault(Fault("shuffle"))

    mixed = [order["id"] for order in api.get("/v1/store/10/order")["_embedded"]["order"]]

    assert mixed != straight
    assert sorted(mixed) == sorted(straight)


# Whom it strikes, and how often


@pytest.mark.parametrize(
    ("fault", "struck"),
    [
        (Fault("status", times=None), [500] * 5),
        (Fault("status"), [500, 200, 202, 202, 202]),
        (Fault("status", times=2, after=1), [200, 500, 500, 202, 202]),
        (Fault("status", method="get", times=None), [500, 500, 202, 202, 202]),
        (Fault("status", path=r"/ticket\?batchId=", times=None), [200, 500, 202, 202, 202]),
        (Fault("status", operation="ship", times=None), [200, 200, 500, 500, 202]),
        (Fault("status", order_id=2, times=None), [200, 200, 202, 500, 202]),
        (Fault("status", operation="deliver", order_id=2, times=None), [200, 200, 202, 202, 202]),
        (Fault("refuse", order_id=1), [200, 200, 202, 202, 202]),
    ],
)
def test_a_fault_strikes_whom_it_names_as_often_as_it_says(
    sandbox: Sandbox, api: Api, fault: Fault, struck: list[int]
) -> None:
    sandbox.fault(fault)

    statuses = [
        api.send("GET", "/v1/me").status,
        api.send("GET", "/v1/store/10/ticket?batchId=x").status,
        try_to_ship(api, 1),
        try_to_ship(api, 2),
        api.send("POST", "/v1/store/10/order/cancel", {"order": [{"id": 1}]}).status,
    ]

    assert statuses == struck


def test_an_order_is_known_by_its_path_and_by_payload_id(sandbox: Sandbox, api: Api) -> None:
    sandbox.add_order(1)
    sandbox.fault(Fault("status", order_id=1, times=None))

    assert api.send("GET", "/v1/store/10/order/1").status == 500
    assert api.send("GET", "/v1/store/10/ticket?type=order&payloadId=1").status == 500
    assert api.send("GET", "/v1/store/10/ticket?type=order&payloadId=2").status == 200


def test_item_faults_count_items(sandbox: Sandbox, api: Api) -> None:
    sandbox.fault(Fault("refuse", times=2, after=1))

    api.ship(1, 2, 3, 4)

    assert [ticket["state"] for ticket in api.tickets()] == ["succeed", "failed", "failed", "succeed"]


def test_a_fault_can_be_taken_back(sandbox: Sandbox, api: Api) -> None:
    number = sandbox.fault(Fault("status", times=None))

    assert sandbox.remove_fault(number)
    assert not sandbox.remove_fault(number)
    assert api.send("GET", "/v1/me").status == 200


@pytest.mark.parametrize(
    "make",
    [
        lambda: Fault("explode"),
        lambda: Fault("slow", when="during"),
        lambda: Fault("drop", times=0),
        lambda: Fault("status", status=99),
        lambda: Fault("drop", path="("),
        lambda: Fault.from_json(["drop"]),
        lambda: Fault.from_json({"kind": "drop", "colour": "blue"}),
        lambda: Fault.from_json({}),
        lambda: Fault.from_json({"kind": "drop", "times": "often"}),
        lambda: Fault.from_json({"kind": ["drop"]}),
        lambda: Fault.from_json({"kind": "drop", "path": 5}),
        lambda: Fault.from_json({"kind": "slow", "seconds": "long"}),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused_with_a_sentence(make: Callable[[], Fault]) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        make()


def test_every_kind_of_fault_has_a_moment(sandbox: Sandbox) -> None:
    assert all(Fault(kind).stage for kind in Kind)
    assert Fault.from_json({"kind": "drop", "times": "forever"}) == Fault(Kind.DROP, times=None)


def test_a_closed_transport_sends_nothing(sandbox: Sandbox, api: Api) -> None:
    api.transport.close()

    with pytest.raises(NotSentError):
        api.get("/v1/me")

    assert sandbox.ledger.requests == []


def test_many_threads_lose_nothing() -> None:
    sandbox = Sandbox(clock=ManualClock())
    sandbox.fault(Fault("status", times=10))

    def ship(worker: int) -> None:
        api = Api(sandbox)
        for order_id in range(worker * 100, worker * 100 + 50):
            while try_to_ship(api, order_id + 1) != 202:
                pass

    threads = [threading.Thread(target=ship, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert len(sandbox.ledger.accepted) == 200
    assert sandbox.ledger.requests_by_status == {202: 200, 500: 10}
    assert sandbox.ledger.duplicates() == []
