"""What may be sent in one request, what is refused before it leaves, and what the API says of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from shoppingfeed import (
    Accepted,
    Acknowledge,
    AmbiguousError,
    Cancel,
    Deliver,
    Document,
    Ignored,
    OrderOperation,
    Refund,
    RefundedProduct,
    Ship,
    ShippedItem,
    chunks,
)
from tests.unit.client.scripted import ScriptedTransport, accepted, client_for

PDF = b"%PDF-1.7"


@pytest.mark.parametrize(
    "operations",
    [
        [],
        [Ship(number) for number in range(1, 102)],
        [Ship(1), Deliver(2)],
        [OrderOperation(1)],
        ["ship"],
    ],
    ids=["none", "101", "two kinds", "no kind", "no operation"],
)
def test_what_cannot_go_in_one_request_is_refused_before_anything_is_sent(operations: list[OrderOperation]) -> None:
    """R12: at most 100 items of one operation."""
    transport = ScriptedTransport()
    with pytest.raises(ValueError, match="operation"):
        client_for(transport).store(10).send(operations)
    assert transport.received == []


def test_a_hundred_go_in_one_request() -> None:
    transport = ScriptedTransport(accepted())
    client_for(transport).store(10).send([Ship(number) for number in range(1, 101)])
    assert len(transport.bodies[0]["order"]) == 100


@pytest.mark.parametrize("order_id", [0, -1, True, None, "7", 1.0, 2**63])
@pytest.mark.parametrize("kind", [Ship, Cancel, Refund, Deliver])
def test_an_order_without_its_id_cannot_be_sent(kind: Callable[..., OrderOperation], order_id: object) -> None:
    """R13b, fault 14 of the old module: no `"id": 0`."""
    with pytest.raises(ValueError, match="order_id must be a positive integer"):
        kind(order_id)


@pytest.mark.parametrize(
    "make",
    [
        lambda: ShippedItem(0),
        lambda: ShippedItem(1, 0),
        lambda: RefundedProduct(""),
        lambda: RefundedProduct("abc", -1),
        lambda: Acknowledge(1, "5", datetime(2024, 1, 1)),  # noqa: DTZ001  that is the point
        lambda: Acknowledge(1, "5", datetime.now(UTC), status="maybe"),  # type: ignore[arg-type]
        lambda: Acknowledge(0, "5", datetime.now(UTC)),
        lambda: Document(0, PDF),
        lambda: Document(1, b"GIF89a"),
        lambda: Document(1, PDF + b" " * 2 * 1024 * 1024),
        lambda: Document(1, PDF, filename='a".pdf'),
        lambda: Document(1, PDF, filename="a\r\nb.pdf"),
        lambda: Document(1, PDF, filename=""),
        lambda: list(chunks([], size=101)),
    ],
)
def test_values_the_api_would_refuse_are_refused_when_made(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        make()


@pytest.mark.parametrize("number", [0, 21])
def test_one_to_twenty_documents_a_request(number: int) -> None:
    transport = ScriptedTransport()
    with pytest.raises(ValueError, match="1 to 20 documents"):
        client_for(transport).store(10).upload_documents([Document(1, PDF)] * number)
    assert transport.received == []


def test_a_document_does_not_print_its_content() -> None:
    assert "PDF" not in repr(Document(1, PDF))


def test_chunks_are_of_one_kind_and_in_order() -> None:
    mixed: list[OrderOperation] = []
    for number in range(1, 251):
        mixed += [Ship(number), Cancel(number)] if number <= 30 else [Ship(number)]
    made = list(chunks(mixed))
    assert [(type(chunk[0]), len(chunk)) for chunk in made] == [(Ship, 100), (Ship, 100), (Ship, 50), (Cancel, 30)]
    assert [each.order_id for chunk in made[:3] for each in chunk] == list(range(1, 251))
    assert list(chunks([])) == []


def test_chunks_are_made_as_they_are_taken() -> None:
    endless = (Ship(number) for number in iter(lambda: 1, 2))
    assert len(next(chunks(endless, size=3))) == 3


def test_ignored_orders_are_reported_beside_the_batch() -> None:
    """R12: an ignored order is a failure of that order alone, with the API's message."""
    report = [
        {"id": 7, "channelName": "Amazon", "reference": "A-7", "state": "ignored", "message": "Already shipped"},
        {"id": "8", "state": "ignored"},
        {"id": 9, "state": "accepted"},
    ]
    sent = client_for(ScriptedTransport(accepted(42, report=report))).store(10).send([Ship(7), Ship(8), Ship(9)])
    assert sent == Accepted("42", (Ignored(7, "A-7", "Amazon", "Already shipped"), Ignored(8, "", "", "")))


@pytest.mark.parametrize(
    ("report", "ignored"),
    [
        (None, []),
        ([], []),
        ({}, []),
        ({"id": 7, "message": "no"}, [7]),
        ({"1": {"id": 7}, "4": {"id": 8}}, [7, 8]),
        ([{"id": None, "reference": "A"}], [None]),
        ("nothing readable", []),
        ([1, None], []),
    ],
)
def test_a_report_of_any_shape_keeps_the_batch_id(report: object, ignored: list[int | None]) -> None:
    sent = client_for(ScriptedTransport(accepted("b", report=report))).store(10).send([Ship(7)])
    assert (sent.batch_id, [each.order_id for each in sent.ignored]) == ("b", ignored)


def test_a_request_of_which_every_order_was_ignored_has_no_batch() -> None:
    """R12: that is a clear answer."""
    report = [{"id": number, "state": "ignored", "message": None} for number in (7, 8)]
    transport = ScriptedTransport(accepted(None, report=report))
    sent = client_for(transport).store(10).send([Ship(7), Ship(8)])
    assert (sent.batch_id, [(each.order_id, each.message) for each in sent.ignored]) == ("", [(7, ""), (8, "")])


@pytest.mark.parametrize("report", [None, [], [{"id": 7}], [{"id": 7}, {"id": None, "reference": "A-8"}]])
def test_without_a_batch_whoever_was_not_ignored_may_have_been_accepted(report: object) -> None:
    """R13."""
    with pytest.raises(AmbiguousError):
        client_for(ScriptedTransport(accepted(None, report=report))).store(10).send([Ship(7), Ship(8)])
