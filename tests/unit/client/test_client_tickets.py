"""Tickets: lists, states, and which order each one is about."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

import pytest

from shoppingfeed import ContractError, NotFoundError, Request, Response, ServerError, Ticket, TicketState
from tests.unit.client.scripted import ScriptedTransport, answer, client_for, page


def ticket(**fields: Any) -> Ticket:
    body = {"id": "t1", "batchId": "b1", **fields}
    return client_for(ScriptedTransport(answer(200, body))).store(10).ticket("t1")


def test_a_ticket_in_full() -> None:
    read = ticket(
        type="order.notify.shipment",
        state="failed",
        scheduledAt="2024-03-01T12:00:00+00:00",
        startedAt="",
        finishedAt=None,
        payload={"id": 1078495000000, "reference": "A-1", "channelName": "Amazon", "trackingNumber": "1Z"},
        result={"message": "Carrier unknown", "data": []},
    )
    assert (read.id, read.batch_id, read.operation, read.state) == ("t1", "b1", "ship", "failed")
    assert (read.order_id, read.reference, read.channel, read.tracking_number) == (1078495000000, "A-1", "Amazon", "1Z")
    assert read.message == "Carrier unknown"
    assert read.scheduled_at is not None
    assert read.started_at is None
    assert read.finished_at is None
    assert "1Z" not in repr(read)


@pytest.mark.parametrize(
    ("state", "done", "succeeded"),
    [
        (TicketState.SCHEDULED, False, False),
        (TicketState.RUNNING, False, False),
        (TicketState.SUCCEED, True, True),
        (TicketState.FAILED, True, False),
        (TicketState.CANCELED, True, False),
        ("postponed", False, False),
        ("", False, False),
        (None, False, False),
        (["succeed"], False, False),
    ],
)
def test_only_a_state_we_know_ends_a_ticket(state: object, done: bool, succeeded: bool) -> None:
    """R15, R17, R18: canceled is done and not a success; an unknown state is waited for."""
    read = ticket(state=state)
    assert (read.done, read.succeeded) == (done, succeeded)
    assert read.state == (state if isinstance(state, str) else "")


@pytest.mark.parametrize(
    ("payload", "order_id"),
    [
        ({"id": 7}, 7),
        ({"id": "1078495000000"}, 1078495000000),
        ({"order": {"id": 7}}, 7),
        ({"order": [{"id": "7"}]}, 7),
        ({"order": [{"id": 7}, {"id": 8}]}, None),
        ({"order": 7}, None),
        ({"id": 0}, None),
        ({"id": True}, None),
        ({"id": "seven"}, None),
        ({"id": 7.5}, None),
        ({}, None),
        ([], None),
        (None, None),
    ],
)
def test_which_order_a_ticket_is_about(payload: object, order_id: int | None) -> None:
    """R14: by the id in the payload; where there is none, the caller goes by reference."""
    assert ticket(payload=payload).order_id == order_id


@pytest.mark.parametrize(
    ("kind", "operation"),
    [
        ("order.acknowledge", "acknowledge"),
        ("order.unacknowledge", "unacknowledge"),
        ("order.notify.acceptance", "accept"),
        ("order.notify.refusal", "refuse"),
        ("order.notify.cancellation", "cancel"),
        ("order.notify.shipment", "ship"),
        ("order.notify.refund", "refund"),
        ("order.notify.upload-documents", "upload-documents"),
        ("order.notify.delivery", "deliver"),
        ("order.something.new", None),
        ("feed.delivery", None),
        (None, None),
    ],
)
def test_what_a_ticket_did(kind: str | None, operation: str | None) -> None:
    assert ticket(type=kind).operation == operation


@pytest.mark.parametrize("result", [None, [], "no", {"message": None}, {"message": ["a"]}])
def test_a_ticket_without_a_message_has_an_empty_one(result: object) -> None:
    assert ticket(result=result).message == ""


def test_numbers_as_ids_become_text() -> None:
    read = ticket(id=123, batchId=10**20)
    assert (read.id, read.batch_id) == ("123", "1" + "0" * 20)


@pytest.mark.parametrize("body", [{}, [], None, {"id": None}, {"id": ""}, {"id": True}])
def test_a_ticket_without_an_id_is_not_a_ticket(body: object) -> None:
    with pytest.raises(ContractError, match="a ticket with an id"):
        client_for(ScriptedTransport(answer(200, body))).store(10).ticket("t1")


def test_a_purged_ticket_is_not_found() -> None:
    """R18: old tickets are purged."""
    with pytest.raises(NotFoundError):
        client_for(ScriptedTransport(answer(404))).store(10).ticket("t1")


@pytest.mark.parametrize(
    ("meta", "processing"),
    [
        ({"meta": {"processing": True}}, True),
        ({"meta": {"processing": "true"}}, True),
        ({"meta": {"processing": False}}, False),
        ({"meta": {"processing": "false"}}, False),
        ({"meta": {"processing": "perhaps"}}, None),
        ({"meta": []}, None),
        ({}, None),
    ],
)
def test_one_request_tells_whether_a_batch_is_done(meta: dict[str, Any], processing: bool | None) -> None:
    transport = ScriptedTransport(page("ticket", [{"id": "t1"}], total=100, **meta))
    listed = client_for(transport).store(10).tickets(batch_id="b1", limit=1)
    assert (listed.processing, listed.total) == (processing, 100)
    assert len(transport.received) == 1


def test_the_tickets_of_a_list_come_from_all_its_pages() -> None:
    transport = ScriptedTransport(
        page("ticket", [{"id": 1}, {"id": 2}], total=3, page=1, pages=2), page("ticket", [{"id": 3}], total=3, page=2)
    )
    listed = client_for(transport).store(10).tickets(batch_id="b1")
    assert len(transport.received) == 1
    assert [each.id for each in listed.items] == ["1", "2", "3"]


@pytest.mark.parametrize(
    "filters",
    [{"batch_id": ""}, {"state": ""}, {"order_id": 0}, {"order_id": 7, "type": "order.notify.shipment"}],
    ids=str,
)
def test_a_filter_that_would_list_other_tickets_is_refused(filters: dict[str, Any]) -> None:
    """An empty batch id would list every ticket of the store."""
    transport = ScriptedTransport()
    with pytest.raises(ValueError, match=r"filter|order"):
        client_for(transport).store(10).tickets(**filters)
    assert transport.received == []


@pytest.mark.parametrize("ticket_id", ["", ".", ".."])
def test_a_ticket_is_not_asked_for_without_its_id(ticket_id: str) -> None:
    with pytest.raises(ValueError, match="its id"):
        client_for(ScriptedTransport()).store(10).ticket(ticket_id)


def test_the_tickets_of_many_batches_are_read_whole_and_one_failure_stops_nothing() -> None:
    """Two pages each; the second batch cannot be read."""

    def serve(request: Request) -> Response:
        batch = request.url.partition("batchId=")[2].partition("&")[0]
        if batch == "b2":
            return answer(500)
        number = int(request.url.rpartition("=")[2])
        return page("ticket", [{"id": f"{batch}-{number}", "batchId": batch}], page=number, pages=2)

    store = client_for(ScriptedTransport(by=serve)).store(10)
    read = {found.batch_id: found for found in store.batches(f"b{number}" for number in range(1, 10))}
    assert sorted(read) == [f"b{number}" for number in range(1, 10)]
    assert [each.id for each in read["b1"].tickets or ()] == ["b1-1", "b1-2"]
    assert read["b2"].tickets is None
    assert isinstance(read["b2"].error, ServerError)


def test_batches_are_asked_for_as_they_are_needed_and_no_more_than_the_concurrency_at_once() -> None:
    pulled: list[str] = []
    at_once, most = 0, 0
    lock = threading.Lock()

    def ids() -> Any:
        for number in range(1, 101):
            pulled.append(threading.current_thread().name)
            yield f"b{number}"

    def serve(request: Request) -> Response:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        found = page("ticket", [{"id": 1}])
        with lock:
            at_once -= 1
        return found

    found = client_for(ScriptedTransport(by=serve), concurrency=3).store(10).batches(ids())
    assert pulled == []
    for _ in range(10):
        next(found)
    assert len(pulled) <= 10 + 3
    assert set(pulled) == {threading.current_thread().name}
    found.close()  # type: ignore[attr-defined]
    assert most <= 3


@pytest.mark.parametrize(
    ("told", "numbers"),
    [
        ({"page": 1, "pages": 1, "total": 1}, ["1"]),
        ({"page": 1, "pages": 9, "total": 17}, ["1", "9"]),
        ({"page": 1, "total": 17}, ["1", "9"]),
        ({}, ["1", "2"]),
    ],
)
def test_the_newest_ticket_is_on_the_first_page_or_on_the_last(told: dict[str, int], numbers: list[str]) -> None:
    """Where the API does not say how many pages there are, all of them are read."""

    def serve(request: Request) -> Response:
        number = request.url.rpartition("page=")[2]
        items = [{"id": f"{number}-{each}"} for each in range(2)] if told or number == "1" else []
        return page("ticket", items, **(told if number == "1" else {}))

    transport = ScriptedTransport(by=serve)
    found = client_for(transport).store(10).outer_tickets(type="order", limit=2)
    assert [url.rpartition("page=")[2] for url in transport.urls] == numbers
    assert "type=order" in transport.urls[0]
    assert {each.id for each in found} >= {"1-0", "1-1"}


@pytest.mark.parametrize(
    ("dates", "asked", "shown"),
    [
        pytest.param(["33", "32", "22", "21", "11"], "123", "123", id="the newest first"),
        pytest.param(["11", "21", "22", "32", "33"], "132", "321", id="the oldest first"),
        pytest.param(["22", "22", "33", "33", "34"], "132", "321", id="the oldest first, many at once"),
        pytest.param(["33", "33", "22", "22", "11"], "132", "123", id="the newest first, many at once"),
        pytest.param(["", "", "", "", ""], "132", "123", id="without dates"),
    ],
)
def test_the_newest_tickets_come_first_whichever_way_the_api_sorts(dates: list[str], asked: str, shown: str) -> None:
    """No page is read twice, except where the last one was looked at in vain."""

    def serve(request: Request) -> Response:
        number = int(request.url.rpartition("page=")[2])
        its = dates[2 * number - 2 : 2 * number]
        items = [{"id": f"{number}", "scheduledAt": f"2026-11-28T10:{each}:00Z" if each else None} for each in its]
        return page("ticket", items, page=number, pages=3, total=5)

    transport = ScriptedTransport(by=serve)
    found = list(client_for(transport).store(10).newest_tickets(type="order", state="processed", limit=2))
    numbers = [url.rpartition("page=")[2] for url in transport.urls]
    assert "".join(dict.fromkeys(numbers)) == asked
    assert len(numbers) == len(set(numbers)) + (asked == "132" and shown == "123")
    assert all("type=order" in url and "state=processed" in url for url in transport.urls)
    assert "".join(each[0].id for each in found) == shown


@pytest.mark.parametrize("told", [{"page": 1, "pages": 1, "total": 2}, {}])
def test_a_list_of_one_page_or_of_no_one_knows_how_many_is_read_from_its_beginning(told: dict[str, int]) -> None:
    items = [{"id": "a", "scheduledAt": "2026-11-28T10:00:00Z"}, {"id": "b", "scheduledAt": "2026-11-28T11:00:00Z"}]
    transport = ScriptedTransport(by=lambda _: page("ticket", items, **told))
    [first, *_] = client_for(transport).store(10).newest_tickets(limit=3)
    assert [each.id for each in first] == ["a", "b"]
    assert len(transport.urls) == 1


def test_no_further_page_is_read_than_is_taken() -> None:
    items = [{"id": "a", "scheduledAt": "2026-11-28T11:00:00Z"}, {"id": "b", "scheduledAt": "2026-11-28T10:00:00Z"}]
    transport = ScriptedTransport(by=lambda _: page("ticket", items, page=1, pages=9, total=18))
    next(client_for(transport).store(10).newest_tickets(limit=2))
    assert len(transport.urls) == 1


@pytest.mark.parametrize(
    ("date", "time"),
    [
        ("Sat, 28 Nov 2026 10:00:00 GMT", datetime(2026, 11, 28, 10, tzinfo=UTC)),
        ("yesterday", None),
        ("", None),
    ],
)
def test_an_answer_says_what_time_it_is_there(date: str, time: datetime | None) -> None:
    store = client_for(ScriptedTransport(answer(200, {"id": "t1"}, {"date": date} if date else {}))).store(10)
    assert store.server_time is None
    store.ticket("t1")
    assert store.server_time == time
