"""Questions to a web service, in the way that works for this shop, and never with the key where it can be read."""

from __future__ import annotations

import json
import logging
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.shops.base import ShopError, ShopMisconfigured, ShopUnavailable
from sfsync.shops.prestashop.sample import SHIPPED
from sfsync.shops.prestashop.sample_webservice import recorded
from sfsync.shops.prestashop.sample_webservice.serving import served
from sfsync.shops.prestashop.sample_webservice.standin import KEY, Standin
from sfsync.shops.prestashop.webservice.address import FILLED, Question, after, any_of
from sfsync.shops.prestashop.webservice.answers import flag, number, rows_of, sound, text, texts
from sfsync.shops.prestashop.webservice.client import WebService
from sfsync.shops.prestashop.webservice.pace import Pace
from shoppingfeed import Request, Response
from tests.webservice.conftest import Ask, Says, client_of

LAST = Question("orders", {"id": after(0)}, ("id", "current_state"), most=5)


class Noting:
    """Hands every request on, and keeps it."""

    def __init__(self, standin: Standin) -> None:
        self.standin = standin
        self.requests: list[Request] = []

    def send(self, request: Request) -> Response:
        self.requests.append(request)
        return self.standin.send(request)

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def noting(standin: Standin) -> Noting:
    return Noting(standin)


def test_the_key_goes_in_a_header_where_it_arrives(ask: Ask, noting: Noting) -> None:
    assert len(ask(transport=noting).rows(LAST)) == 5
    assert [KEY in each.url for each in noting.requests] == [False]


def test_where_the_header_is_lost_the_key_goes_in_the_address_from_then_on(
    ask: Ask, noting: Noting, standin: Standin
) -> None:
    standin.behaviour.loses_authorization = True
    first = ask(transport=noting)
    first.rows(LAST)
    first.rows(LAST)
    assert [KEY in each.url for each in noting.requests] == [False, True, True]
    again = ask(transport=noting, memory=first.remember())
    again.rows(LAST)
    assert len(noting.requests) == 4
    assert "Authorization" not in noting.requests[-1].headers


def test_a_key_that_is_wrong_is_not_put_into_an_address(ask: Ask, noting: Noting) -> None:
    with pytest.raises(ShopMisconfigured) as error:
        ask(key="Z" * 32, transport=noting).rows(LAST)
    assert error.value.code == "webservice-key"
    assert len(noting.requests) == 1


def test_a_shop_without_rewriting_is_asked_at_its_dispatcher(ask: Ask, noting: Noting, standin: Standin) -> None:
    standin.behaviour.rewriting = False
    client = ask(transport=noting)
    client.rows(LAST)
    client.rows(LAST)
    paths = [urlsplit(each.url).path for each in noting.requests]
    assert paths == ["/api/orders", "/webservice/dispatcher.php", "/webservice/dispatcher.php"]
    assert client.remember()["rewritten"] is False


def test_plain_cgi_without_rewriting_needs_both(ask: Ask, standin: Standin) -> None:
    standin.behaviour.rewriting, standin.behaviour.loses_authorization = False, True
    assert len(ask().rows(LAST)) == 5


@pytest.mark.parametrize("address", ["https://shop.example", "https://shop.example/api/", " https://shop.example/api "])
def test_an_address_may_be_written_in_several_ways(address: str, ask: Ask, noting: Noting) -> None:
    ask(address, transport=noting).rows(LAST)
    assert noting.requests[0].url.startswith("https://shop.example/api/orders?")


def test_a_folder_belongs_to_the_address(ask: Ask, noting: Noting) -> None:
    with pytest.raises(ShopMisconfigured) as error:
        ask("https://shop.example/folder/", transport=noting).rows(LAST)
    assert error.value.code == "webservice-address"
    assert [urlsplit(each.url).path for each in noting.requests] == [
        "/folder/api/orders",
        "/folder/webservice/dispatcher.php",
    ]


@pytest.mark.parametrize(
    "address", ["", "shop.example", "ftp://shop.example", "https://", "https://[::1", "https://a:b"]
)
def test_what_is_no_address_is_told_at_once(address: str) -> None:
    with pytest.raises(ShopMisconfigured) as error:
        client_of(Says(Response(200, {})), address)
    assert error.value.code == "webservice-url"


def test_a_redirect_is_never_followed_and_its_location_never_shown(ask: Ask, noting: Noting, standin: Standin) -> None:
    standin.behaviour.loses_authorization, standin.behaviour.redirects = True, "www.shop.example"
    with pytest.raises(ShopMisconfigured) as error:
        ask(transport=noting, memory={"basic": False}).rows(LAST)
    assert error.value.code == "webservice-redirect"
    assert len(noting.requests) == 1
    assert "www.shop.example" in str(error.value)
    assert KEY not in repr(error.value)
    assert "ws_key" not in str(error.value)


def test_a_shop_that_is_not_there_is_a_redirect_too(ask: Ask) -> None:
    with pytest.raises(ShopMisconfigured, match="number of the shop") as error:
        ask(shop_id=99).rows(LAST)
    assert error.value.code == "webservice-redirect"


def test_every_question_names_the_shop_and_a_limit_and_is_percent_encoded(ask: Ask, noting: Noting) -> None:
    client = ask(transport=noting)
    client.rows(LAST)
    client.ids("order_carriers", {"id": after(0), "tracking_number": FILLED})
    client.ids("orders", {"current_state": any_of([4, 5])})
    client.rights()
    for request in noting.requests:
        query = urlsplit(request.url).query
        asked = parse_qs(query)
        assert asked["id_shop"] == ["1"]
        assert "limit" in asked or urlsplit(request.url).path == "/api/"
        assert not set("[]|>!,") & set(query)


def test_lists_of_ids_are_never_asked_for_twice_with_the_same_limit(ask: Ask, noting: Noting) -> None:
    """A shop's cache keeps answers by the text of their query."""
    client = ask(transport=noting)
    for _ in range(50):
        client.ids("orders", {"id": after(0)})
    assert len({each.url for each in noting.requests}) == 50


def test_a_cached_shop_shows_what_sql_wrote_in_its_lists_of_ids(ask: Ask, standin: Standin) -> None:
    standin.behaviour.cached = True
    client, order = ask(), standin.shop.order_ids()[0]
    assert order not in client.ids("orders", {"current_state": any_of([SHIPPED])})
    stale = client.rows(Question("orders", {"id": any_of([order])}, ("id", "current_state")))
    standin.shop.set_status(order, SHIPPED)
    assert order in client.ids("orders", {"current_state": any_of([SHIPPED])})
    assert client.rows(Question("orders", {"id": any_of([order])}, ("id", "current_state"))) == stale


@pytest.mark.parametrize("question", ["ids", "rows"])
def test_a_host_that_shows_one_page_again_and_again_is_asked_no_further(question: str) -> None:
    """It forgets what is to be skipped, as a cache does that looks at no more than the path."""
    everything = [{"id": number} for number in range(1, 20_001)]

    class Forgetful(Says):
        def send(self, request: Request) -> Response:
            most = int(parse_qs(urlsplit(request.url).query)["limit"][0].partition(",")[2])
            return Response(200, {}, json.dumps({"orders": everything[:most]}).encode())

    client = client_of(Forgetful(Response(200, {})), ceiling=50)
    with pytest.raises(ShopUnavailable) as error:
        client.ids("orders", {}) if question == "ids" else client.all_rows(LAST)
    assert (error.value.code, client.pace.asked) == ("webservice-answer", 2)


def test_more_rows_than_a_page_holds_are_all_read(ask: Ask, standin: Standin) -> None:
    ids = [number(each, "id") for each in ask().all_rows(Question("orders", {"id": after(0)}, ("id",), most=3))]
    assert ids == sorted(standin.shop.order_ids())
    assert len(standin.asked) == 4


REFUSED = {
    "no-key": (ShopMisconfigured, "webservice-authorization", "Enable CGI mode for PHP"),
    "wrong-key": (ShopMisconfigured, "webservice-key", "copy it whole"),
    "missing-right-to-resource": (ShopMisconfigured, "webservice-rights", "tick View (GET)"),
    "missing-right-to-method": (ShopMisconfigured, "webservice-rights", "tick View (GET)"),
    "unknown-resource": (ShopMisconfigured, "webservice-version", "1.6"),
    "web-service-off": (ShopMisconfigured, "webservice-off", "Enable PrestaShop's webservice"),
    "wrong-filter": (ShopMisconfigured, "webservice-question", "error 32"),
    "filter-on-computed-field": (ShopMisconfigured, "webservice-question", "error 34"),
    "unknown-shop-redirect": (ShopMisconfigured, "webservice-redirect", "spells it"),
    "wrong-host-redirect": (ShopMisconfigured, "webservice-redirect", "spells it"),
    "post-history-php-warning": (ShopUnavailable, "webservice-module", "PHP"),
    "resources-of-the-key-json": (ShopUnavailable, "webservice-broken", "error 500"),
    "missing-object": (ShopMisconfigured, "webservice-address", "error 404"),
}


@pytest.mark.parametrize(("name", "expected"), REFUSED.items())
def test_each_refusal_is_a_sentence_that_says_what_to_do(name: str, expected: tuple[type[ShopError], str, str]) -> None:
    answer = recorded.answer("9.1.4", name)
    with pytest.raises(expected[0]) as error:
        client_of(Says(answer)).rows(LAST)
    assert (error.value.code, expected[2] in str(error.value)) == (expected[1], True)
    assert "/var/www" not in str(error.value)


ERRORS = {
    (403, b"<h1>Forbidden</h1>"): "webservice-firewall",
    (406, b"Not Acceptable (mod_security)"): "webservice-firewall",
    (414, b"<h1>Request-URI Too Long</h1>"): "webservice-question",
    (429, b"slow down"): "webservice-busy",
    (503, b"<h1>Service Unavailable</h1>"): "webservice-busy",
    (500, b"<html>database away</html>"): "webservice-broken",
    (502, b"<h1>Bad Gateway</h1>"): "webservice-broken",
    (418, b"teapot"): "webservice-answer",
    (401, b"<errors><error><code><![CDATA[21]]></code></error></errors>"): "webservice-rights",
    (403, b'{"errors":[{"code":132,"message":"no"}]}'): "webservice-shop",
    (401, b'{"errors":[{"code":18,"message":"length"}]}'): "webservice-key",
    (200, b"<html>parked</html>"): "webservice-answer",
    (200, b'<?xml version="1.0"?><prestashop></prestashop>'): "webservice-version",
    (204, b""): "webservice-answer",
}


@pytest.mark.parametrize(("given_answer", "code"), ERRORS.items())
def test_whatever_a_host_answers_has_a_code(given_answer: tuple[int, bytes], code: str) -> None:
    status, body = given_answer
    with pytest.raises(ShopError) as error:
        client_of(Says(Response(status, {}, body))).rows(LAST)
    assert error.value.code == code


@pytest.mark.parametrize("sent", [True, False])
def test_a_shop_that_does_not_answer_is_unavailable_and_its_key_is_not_told(
    sent: bool, ask: Ask, standin: Standin
) -> None:
    standin.fail(sent=sent)
    with pytest.raises(ShopUnavailable) as error:
        ask(memory={"basic": False}).rows(LAST)
    assert error.value.code == "webservice-host"
    assert error.value.__context__ is None
    assert KEY not in str(error.value)


def test_the_key_is_in_no_repr_no_error_and_no_log(standin: Standin, caplog: pytest.LogCaptureFixture) -> None:
    """Not even in the log of the HTTP library, which writes whole addresses, and whole answers with their Location."""
    standin.behaviour.loses_authorization = True
    for name in ("httpx2", "httpcore2.http11", "httpcore2.connection"):
        caplog.set_level(logging.DEBUG, name)
    with served(standin) as address:
        client = WebService(address, KEY, shop_id=1, pace=Pace(1000, pause=lambda _seconds: None))
        assert len(client.rows(LAST)) == 5
        standin.behaviour.redirects = "elsewhere.example"
        with pytest.raises(ShopMisconfigured) as error:
            client.rows(LAST)
        client.close()
    assert "ws_key=***" in caplog.text
    assert KEY not in caplog.text + repr(client) + repr(error.value)


def test_a_connection_that_drops_is_a_shop_that_does_not_answer(standin: Standin) -> None:
    with served(standin) as address:
        client = WebService(address, KEY, shop_id=1, pace=Pace(1000, pause=lambda _seconds: None), timeout=5)
        client.rows(LAST)
        standin.fail(sent=True)
        with pytest.raises(ShopUnavailable) as error:
            client.rows(LAST)
        client.close()
    assert error.value.code == "webservice-host"


def test_nothing_is_sent_to_the_machines_own_network(ask: Ask, noting: Noting) -> None:
    with pytest.raises(ShopMisconfigured) as error:
        ask("https://169.254.169.254/", transport=noting).rows(LAST)
    assert (error.value.code, noting.requests) == ("webservice-url", [])


def test_the_version_is_what_the_shop_says(ask: Ask, standin: Standin) -> None:
    client = ask()
    client.rows(LAST)
    assert client.version == standin.version


def test_the_rights_of_the_key_are_read_resource_by_resource(ask: Ask, standin: Standin) -> None:
    standin.rights = frozenset({"orders", "carriers"})
    assert ask().rights() == dict.fromkeys(("orders", "carriers"), frozenset({"get", "head"}))


@pytest.mark.parametrize(
    "body", [b"", b"<html></html>", b"<prestashop/>", b'<!DOCTYPE a [<!ENTITY b "c">]><prestashop/>']
)
def test_a_list_of_rights_that_is_none_is_told(body: bytes) -> None:
    with pytest.raises(ShopError) as error:
        client_of(Says(Response(200, {}, body))).rights()
    assert error.value.code == "webservice-answer"


@given(
    st.binary(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["orders", "id", "x"]), inner, max_size=3)
        ),
    ).map(lambda document: json.dumps(document).encode())
)
def test_an_answer_of_any_shape_gives_rows_or_an_error_of_the_shop(body: bytes) -> None:
    code = ""
    try:
        read = [(number(row, "id"), text(row, "x"), texts(row, "x")) for row in rows_of(body, "orders")]
    except ShopError as error:
        read, code = [], error.code
    assert code in {"", "webservice-answer", "webservice-version"}
    assert all(type(each[0]) is int for each in read)


@pytest.mark.parametrize(
    ("value", "meant"), [(4, 4), ("4", 4), ("", 0), (None, 0), ("0", 0), (False, 0), ("2147483648", 2147483648)]
)
def test_numbers_come_in_any_of_the_forms_of_8_and_9(value: Any, meant: int) -> None:
    assert (number({"x": value}, "x"), flag({"x": value}, "x")) == (meant, bool(meant))


@pytest.mark.parametrize("value", [-1, 1.5, "4.5", "x", "٤", True, [], {}, "9" * 30, "9" * 19, 2**63])
def test_what_is_no_number_is_refused(value: Any) -> None:
    with pytest.raises(ShopUnavailable):
        number({"x": value}, "x")


def test_a_missing_field_is_refused_as_one_object_without_display_would_drop_it() -> None:
    with pytest.raises(ShopUnavailable, match="current_state"):
        number({"id": 1}, "current_state")


PHP_SAYS = [
    "<br />\n<b>Notice</b>:  Undefined index: x in <b>/home/shop/modules/a.php</b> on line <b>12</b><br />\n",
    "<br>\n<b>Deprecated</b>: Return type of A::b() should be c in <b>/a.php</b> on line <b>1</b><br />\n"
    "<br />\n<b>Warning</b>:  foreach() argument must be of type array in <b>/b.php</b> on line <b>34</b><br />\n",
    "\nPHP Warning:  a in /a.php on line 5\n\nWarning: a in /a.php on line 5\n",
]


@pytest.mark.parametrize("said", PHP_SAYS)
def test_what_php_says_before_an_answer_is_no_part_of_it(said: str) -> None:
    """A shared host that shows PHP's messages."""
    assert rows_of((said + '{"orders":[{"id":7}]}').encode(), "orders") == [{"id": 7}]
    assert rows_of(f"{said}[]".encode(), "orders") == []


@pytest.mark.parametrize("body", ['{"orders":[{"id":', "", "<html></html>", "Fatal error: a in /a.php on line 5"])
def test_an_answer_that_php_broke_off_is_none(body: str) -> None:
    with pytest.raises(ShopError):
        rows_of((PHP_SAYS[0] + body).encode(), "orders")


@pytest.mark.parametrize("wall", [" ", "\n", "x", " x", "<br />"])
def test_a_wall_of_what_php_might_say_is_searched_in_no_time(wall: str) -> None:
    """Four megabytes from a host that means ill: a search that grows with the square would last for hours."""
    with pytest.raises(ShopError):
        rows_of(("Warning: " + wall * (4_000_000 // len(wall))).encode(), "orders")


def test_half_a_character_of_1_6_becomes_one_that_can_be_kept() -> None:
    row = rows_of(b'{"orders":[{"id":1,"x":"a\\ud83db","y":"raw\x01\x02"}]}', "orders")[0]
    assert text(row, "x").encode() == b"a\xef\xbf\xbdb"
    assert sound("\U0001f600") == "\U0001f600"
