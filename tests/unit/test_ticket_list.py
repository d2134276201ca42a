"""What the store's list of tickets tells of many batches at once: R14, R18."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sfsync.engine.outgoing.ticket_list import done_batches
from shoppingfeed import ServerError, ShoppingFeedError, Ticket

Pages = list[list[str]]


class Feed:
    """A list of tickets, by the batch of each. `read`: so many pages were taken."""

    def __init__(self, pages: Pages, error: ShoppingFeedError | None = None) -> None:
        self.pages, self.error, self.read = pages, error, 0

    def newest_tickets(self, **asked: Any) -> Iterator[tuple[Ticket, ...]]:
        assert asked == {"type": "order", "state": "processed", "limit": 200}
        for page in self.pages:
            self.read += 1
            yield tuple(Ticket(f"{self.read}-{place}", batch, "order", "succeed") for place, batch in enumerate(page))
        if self.error:
            raise self.error


@pytest.mark.parametrize(
    ("pages", "wanted", "told", "read"),
    [
        pytest.param([["b", "b", "a"], ["a"]], {"a": 2, "b": 2}, ["b", "a"], 2, id="over the edge of a page"),
        pytest.param([["a", "b"], ["c"]], {"a": 1, "b": 1}, ["a", "b"], 1, id="nothing is left to find"),
        pytest.param([["a"], ["a", "b"]], {"a": 2, "b": 1}, ["a", "b"], 2, id="a newest page that is not full"),
        pytest.param([["x"], ["x"], ["a"]], {"a": 1}, [], 2, id="somebody else's pages end it"),
        pytest.param([["a"], ["x"], ["x"], ["b"]], {"a": 1, "b": 1}, ["a"], 3, id="as many as were ended, and one"),
        pytest.param([["a", "b", "c"], *[["x"]] * 9], dict.fromkeys("abcd", 1), ["a", "b", "c"], 3, id="one is left"),
        pytest.param([["a", "b", "b"], ["b"]], {"a": 1, "b": 4}, ["a"], 2, id="not all of it is done"),
        pytest.param([["a", "a", "a"], ["a"]], {"a": 1}, ["a"], 1, id="more tickets than are wanted"),
        pytest.param([["", "a"]], {"a": 1, "b": 1}, ["a"], 1, id="a ticket that names no batch"),
        pytest.param([[]], {"a": 1}, [], 1, id="none at all"),
    ],
)
def test_a_batch_is_told_of_once_the_list_has_all_its_tickets(
    pages: Pages, wanted: dict[str, int], told: list[str], read: int
) -> None:
    feed: Any = Feed(pages)
    answers = [each for page in done_batches(feed, wanted) for each in page]
    assert [each.batch_id for each in answers] == told
    assert all(len(each.tickets or ()) >= wanted[each.batch_id] for each in answers)
    assert all(ticket.batch_id == each.batch_id for each in answers for ticket in each.tickets or ())
    assert feed.read == read


def test_the_list_is_told_of_while_it_is_read_however_long_it_is() -> None:
    """What 100,000 orders were told in one go takes no more memory than its last pages."""
    feed: Any = Feed([[f"b{number}"] for number in range(500)])
    wanted = {f"b{number}": 1 for number in range(500)}
    for number, page in enumerate(done_batches(feed, wanted)):
        assert ([each.batch_id for each in page], feed.read) == ([f"b{number}"], number + 1)
    assert feed.read == 500


def test_what_the_list_told_counts_where_it_breaks_off() -> None:
    feed: Any = Feed([["a"]], ServerError("HTTP 500"))
    assert [each.batch_id for page in done_batches(feed, {"a": 1, "b": 1}) for each in page] == ["a"]
