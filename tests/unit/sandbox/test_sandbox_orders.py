"""Lists of orders, their filters and pages, and the samples (api.md, Orders)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

import pytest

from shoppingfeed.sandbox import Sandbox
from tests.unit.sandbox.api import Api


def ids(page: Any) -> list[int]:
    return [order["id"] for order in page.get("_embedded", {}).get("order", [])]


@pytest.fixture
def shop(sandbox: Sandbox) -> Api:
    sandbox.add_order(1, reference="A-1", channel="Amazon", status="shipped", created_at="2026-01-01T10:00:00+00:00")
    sandbox.add_order(2, reference="A-1", channel="eBay", store_reference="501", created_at="2026-01-02T10:00:00+00:00")
    sandbox.add_order(3, channel="Zalando", fulfilled_by="channel", created_at="2026-01-03T10:00:00+00:00")
    sandbox.add_order(1078495000000, fulfilled_by="undefined", status="cancelled", created_at="2026-01-04T10:00:00Z")
    return Api(sandbox)


def test_a_list_tells_its_pages_and_its_orders(shop: Api) -> None:
    page = shop.get("/v1/store/10/order")

    assert ids(page) == [1, 2, 3, 1078495000000]
    assert [page[name] for name in ("page", "limit", "pages", "count", "total")] == [1, 200, 1, 4, 4]
    assert "next" not in page["_links"]
    assert page["_embedded"]["order"][3]["_links"]["self"]["href"] == "/v1/store/10/order/1078495000000"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status=shipped", [1]),
        ("status=shipped,cancelled", [1, 1078495000000]),
        ("status=refunded", []),
        ("since=2026-01-03T10:00:00Z", [3, 1078495000000]),
        ("until=" + quote("2026-01-02T11:00:00+01:00"), [1, 2]),
        ("until=2026-01-02T11:00:00+01:00", [1, 2]),
        ("since=2026-01-02&until=2026-01-03", [2]),
        ("reference=A-1", [1, 2]),
        ("reference=A-1,SF-3", [1, 2, 3]),
        ("reference=A-1&status=shipped", [1]),
        ("storeReference=501", [2]),
        ("storeReference=501&reference=A-1", [2]),
        ("storeReference=999", []),
        ("acknowledgment=acknowledged", [2]),
        ("acknowledgment=unacknowledged", [1, 3, 1078495000000]),
        ("fulfilledBy=channel", [3]),
        ("fulfilledBy=store,undefined", [1, 2, 1078495000000]),
        ("isTest=true", []),
        ("isTest=0", [1, 2, 3, 1078495000000]),
        ("channelId=1", []),
        ("error=ship", []),
    ],
)
def test_the_filters_of_a_list(shop: Api, query: str, found: list[int]) -> None:
    assert ids(shop.get(f"/v1/store/10/order?{query}")) == found


def test_a_channel_is_filtered_by_the_id_it_shows(shop: Api) -> None:
    channel = shop.order(2)["channelId"]

    assert ids(shop.get(f"/v1/store/10/order?channelId={channel}")) == [2]


@pytest.mark.parametrize(
    "query",
    ["status=lost", "since=yesterday", "acknowledgment=maybe", "page=0", "page=x", "limit=-1", f"page={'9' * 5000}"],
)
def test_a_filter_that_makes_no_sense_is_a_400(shop: Api, query: str) -> None:
    assert shop.send("GET", f"/v1/store/10/order?{query}").status == 400


def test_an_empty_list_has_no_embedded(shop: Api) -> None:
    page = shop.get("/v1/store/10/order?page=9")

    assert "_embedded" not in page
    assert (page["count"], page["total"]) == (0, 4)


def test_following_next_verbatim_walks_every_page_with_its_filters(sandbox: Sandbox, api: Api) -> None:
    for order_id in range(1, 8):
        sandbox.add_order(order_id, status="shipped" if order_id % 2 else "cancelled")
    path, seen = "/v1/store/10/order?status=shipped,refunded&limit=3", []

    while path:
        page = api.get(path)
        seen.append(ids(page))
        path = page["_links"].get("next", {}).get("href")

    assert seen == [[1, 3, 5], [7]]
    assert page["_links"]["prev"]["href"] == "/v1/store/10/order?status=shipped%2Crefunded&limit=3&page=1"


def test_a_page_holds_at_most_a_thousand(sandbox: Sandbox, api: Api) -> None:
    for order_id in range(1, 1_102):
        sandbox.add_order(order_id)

    page = api.get("/v1/store/10/order?limit=5000")

    assert (page["limit"], page["count"], page["pages"]) == (1000, 1000, 2)


def test_the_twenty_samples_keep_their_real_shapes(sandbox: Sandbox, api: Api) -> None:
    loaded = sandbox.load_samples()

    assert len(set(loaded)) == 20
    ebay, amazon = api.order(1078495000000), api.order(6290304940)
    assert ebay["reference"] == "EBAY-REST-12345"
    assert "fulfilledBy" not in ebay
    assert "anonymized" not in amazon
    assert amazon["storeId"] == 10
    assert api.order(7130000000)["acknowledgedAt"] == ""


def keys(documents: Iterable[Any]) -> set[str]:
    return {key for document in documents for key in document}


def test_an_order_that_was_added_has_every_key_that_a_real_one_has(sandbox: Sandbox, api: Api) -> None:
    sandbox.add_store(11)
    sandbox.load_samples(11)
    real = api.get("/v1/store/11/order")["_embedded"]["order"]
    sandbox.add_order(1)
    [listed] = api.get("/v1/store/10/order")["_embedded"]["order"]

    assert api.order(1) == listed
    assert keys(real) == set(listed)
    assert keys(order["shipment"] for order in real) - {"type"} == set(listed["shipment"])
    assert keys(item for order in real for item in order["items"]) | {"id"} == keys(listed["items"])


def test_an_item_of_a_sample_has_its_id_only_where_the_order_is_asked_for(sandbox: Sandbox, api: Api) -> None:
    sandbox.load_samples()
    listed = api.get("/v1/store/10/order")["_embedded"]["order"]

    alone = [api.order(order["id"])["items"] for order in listed]

    assert not any("id" in item for order in listed for item in order["items"])
    numbers = [item["id"] for items in alone for item in items]
    assert len(set(numbers)) == len(numbers) == 21
    for order, items in zip(listed, alone, strict=True):
        assert all({"commission", "ecotaxAmount", "additionalFields"} <= set(item) for item in items)
        assert [{key: item[key] for key in said} for said, item in zip(order["items"], items, strict=True)] == order[
            "items"
        ]


def test_two_samples_share_an_id_so_one_gets_the_next(sandbox: Sandbox) -> None:
    sandbox.load_samples()

    beliefs = [sandbox.ledger.belief(order_id) for order_id in (18089105066, 18089105067)]

    assert [(b.reference, b.channel) for b in beliefs if b] == [
        ("221005T026057147-27855152-A", "alltricks"),
        ("221005T026057147-27855152-A", "miravia"),
    ]


def test_samples_go_to_the_store_that_is_named(sandbox: Sandbox) -> None:
    sandbox.add_store(11)

    sandbox.load_samples(11)

    assert len(sandbox.market.stores[10].shelf) == 0
    assert len(sandbox.market.stores[11].shelf) == 20


def test_adding_an_order_again_replaces_it_under_its_new_names(sandbox: Sandbox, api: Api) -> None:
    sandbox.add_order(1, reference="OLD", store_reference="7")
    sandbox.add_order(1, reference="NEW")

    assert ids(api.get("/v1/store/10/order?reference=OLD")) == []
    assert ids(api.get("/v1/store/10/order?storeReference=7")) == []
    assert ids(api.get("/v1/store/10/order?reference=NEW")) == [1]


@pytest.mark.parametrize("wrong", [{"status": "lost"}, {"fulfilled_by": "nobody"}, {"store": 99}, {"created_at": "x"}])
def test_an_order_that_makes_no_sense_is_refused(sandbox: Sandbox, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        sandbox.add_order(1, **wrong)


def test_orders_can_be_given_at_the_start() -> None:
    sandbox = Sandbox(orders=[{"order_id": 5, "channel": "Fnac"}])

    belief = sandbox.ledger.belief(5)

    assert belief is not None
    assert (belief.channel, belief.status, belief.tracking_numbers) == ("Fnac", "waiting_shipment", ())
