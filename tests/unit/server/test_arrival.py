"""When a request has arrived whole, told from its bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync_server.arrival import BODY, HEAD, Refused, asks_first, whole

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\nCONTENT-length:  5 \r\n\r\n"


@pytest.mark.parametrize(
    ("received", "length"),
    [
        (b"", None),
        (GET[:-1], None),
        (GET, len(GET)),
        (GET + b"GET /next", len(GET)),
        (POST, len(POST) + 5),
        (POST + b"12345", len(POST) + 5),
        (GET[:-2] + b"X-Content-Length: 5\r\n\r\n", len(GET) + len("X-Content-Length: 5\r\n")),
        (GET[:-2] + b"Content-Length: nine\r\n\r\n", len(GET) + len("Content-Length: nine\r\n")),
    ],
)
def test_a_request_is_whole_when_its_head_and_as_much_body_as_it_names_are_there(
    received: bytes, length: int | None
) -> None:
    assert whole(received) == length


@given(st.integers(0, len(POST) - 1))
def test_a_head_that_was_cut_anywhere_has_no_length_yet(cut: int) -> None:
    assert whole(POST[:cut]) is None


@pytest.mark.parametrize(
    ("received", "answer"),
    [
        (b"GET / HTTP/1.1\r\nX: " + b"x" * HEAD, "431 Request Header Fields Too Large"),
        (GET[:-2] + f"Content-Length: {BODY + 1}\r\n\r\n".encode(), "413 Content Too Large"),
        (GET[:-2] + b"Transfer-Encoding: chunked\r\n\r\n", "411 Length Required"),
    ],
)
def test_what_is_too_long_or_names_no_length_is_refused(received: bytes, answer: str) -> None:
    with pytest.raises(Refused, match=answer):
        whole(received)


def test_who_waits_for_a_word_before_the_body_is_known() -> None:
    assert asks_first(POST[:-2] + b"Expect: 100-continue\r\n\r\n")
    assert not asks_first(POST + b"\r\nExpect: 100-continue\r\n")
