"""A store's settings: what they do is shown before they are saved, and who saved them is remembered."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from sqlalchemy import insert, update

from sfsync.db.secrets import Secret
from sfsync.engine.people.change_settings import change_settings
from sfsync.models import Cursor, LogEntry, SettingChange, Store, Task
from sfsync.testing import CANCELED, DELIVERED, PROCESSING, SHIPPED, World
from shoppingfeed.sandbox import Fault
from tests.pages import markup as text


def mapping(**changes: str) -> dict[str, str]:
    now = {"status-4": "shipped", "status-5": "delivered", "status-6": "canceled", "status-7": "refunded"}
    return now | {"state_policy": "current"} | {name.replace("_", "-", 1): word for name, word in changes.items()}


MAPPING, SENDING, MAILS = (f"/stores/main/settings/{name}" for name in ("", "sending/", "mails/"))


def test_the_mapping_shows_the_shops_own_statuses(shop: World, merchant: Client) -> None:
    page = text(merchant.get(MAPPING))
    for name in ("Payment accepted", "Processing in progress", "Shipped", "Awaiting Cash On Delivery validation"):
        assert name in page
    assert page.count("<select") == 13


def test_a_delivered_status_left_out_is_warned_about(shop: World, merchant: Client) -> None:
    """R6: it counts as shipped in the shop, but means nothing."""
    shop.store.statuses = {"shipped": [str(SHIPPED)]}
    shop.store.save()
    assert "“Delivered” comes after shipping but is not mapped" in text(merchant.get(MAPPING))
    shop.store.state_policy = "latest-mapped"
    shop.store.save()
    assert "comes after shipping" not in text(merchant.get(MAPPING))


def test_no_shipped_status_is_warned_about(shop: World, merchant: Client) -> None:
    page = text(merchant.post(MAPPING, mapping(status_4="") | {"do": "review"}))
    assert "No status is mapped to “Shipped”" in page


def test_the_effect_is_shown_before_saving(shop: World, merchant: Client) -> None:
    """Waiting orders are judged by the mapping that is not saved yet."""
    for _ in range(3):
        shop.ship(shop.order())
    shop.sync()
    page = text(merchant.post(SENDING, sending(without="always") | {"do": "review"}))
    assert "3 pending orders will now be sent as “Shipped”." in page
    page = text(merchant.post(MAPPING, mapping(status_4="canceled") | {"do": "review"}))
    assert "3 pending orders will now be sent as “Canceled”." in page
    page = text(merchant.post(MAPPING, mapping(status_4="") | {"do": "review"}))
    assert "3 orders blocked by a missing tracking number will be unblocked." in page
    shop.sandbox.fault(Fault("unreachable", times=None))
    shop.shop.set_status(shop.order(), CANCELED)
    shop.sync()
    page = text(merchant.post(MAPPING, mapping(status_6="") | {"do": "review"}))
    assert "1 pending order will no longer be sent." in page
    shop.store.refresh_from_db()
    assert shop.store.statuses["shipped"] == [str(SHIPPED)]
    assert SettingChange.objects.count() == 0


def test_before_the_first_run_the_effect_speaks_of_all_the_shops_orders(shop: World, merchant: Client) -> None:
    """Nothing waits yet, and yet much may be sent."""
    Cursor.objects.all().delete()
    page = text(merchant.post(MAPPING, mapping(status_4="canceled") | {"do": "review"}))
    assert "No sync has run yet. The first one looks at all orders of the last 90 days" in page
    shop.sync()
    page = text(merchant.post(MAPPING, mapping(status_4="canceled") | {"do": "review"}))
    assert "No sync has run yet" not in page


def test_what_the_effect_foretold_comes_true(shop: World, merchant: Client) -> None:
    """R4, R16: orders that failed without a number are judged anew; the one that still fails is not mailed again."""
    allowed, refused = shop.ship(shop.order()), shop.ship(shop.order())
    shop.sync()
    shop.advance(minutes=6)
    shop.sync()
    assert [task.parked for order in (allowed, refused) for task in shop.tasks(order)] == [True, True]
    told = len(shop.notices())
    parcels = shop.shop.tables["order_carrier"]
    shop.shop.execute(update(parcels).where(parcels.c.id_order == refused).values(id_carrier=1))
    carrier = shop.shop.order(allowed).carrier_id
    page = text(merchant.post(SENDING, sending(without="some", carriers=[carrier]) | {"do": "review"}))
    assert "1 pending order will now be sent as “Shipped”." in page
    merchant.post(SENDING, sending(without="some", carriers=[carrier]) | {"do": "save"})
    shop.advance(minutes=1)
    shop.sync(wait=5, store=Store.objects.get())
    assert (shop.accepted(allowed), shop.accepted(refused)) == ([("ship", "")], [])
    assert [task.parked for task in shop.tasks(refused)] == [True]
    assert len(shop.notices()) == told


def test_a_wrong_form_says_so_at_its_top(shop: World, merchant: Client) -> None:
    page = text(merchant.post(SENDING, sending(without="some", carriers=[]) | {"do": "review"}))
    assert "Nothing saved yet: please correct 1 field below." in page


def test_orders_that_stand_in_a_newly_mapped_status_are_named(shop: World, merchant: Client) -> None:
    order = shop.order()
    shop.shop.set_status(order, PROCESSING)
    shop.sync()
    page = text(merchant.post(MAPPING, mapping(status_3="shipped") | {"do": "review"}))
    assert "This change does not send the 1 orders that reached “Processing in progress” before it" in page


def test_the_history_calls_carriers_statuses_and_marketplaces_by_their_names(shop: World, merchant: Client) -> None:
    wanted = {
        "carriers": {"amazon": {"1": {"code": "DPD", "method": "Predict"}}, "*": {"2": "GLS"}},
        "ship_hours": {"amazon": 24},
        "reasons": {"6": "NoStock"},
    }
    change_settings(shop.store, wanted, "claire")
    shown = text(merchant.get("/stores/main/settings/history/"))
    for line in (
        "Amazon: Click and collect (1) → Code: DPD / Method: Predict",
        "All other marketplaces: My carrier (2) → GLS",
        "Amazon: 24",
        "Canceled (6): NoStock",
    ):
        assert line in shown


@pytest.mark.parametrize(("language", "line"), [
    ("en", "claire changed the settings: Switched on; Minutes between two syncs; Address of the shop."),
    ("fr", "claire a modifié les réglages\xa0: Activée\xa0; Intervalle entre deux synchronisations, en minutes\xa0;"),
])  # fmt: skip
def test_the_log_calls_settings_by_what_a_reader_knows_them_as(
    shop: World, sign_in: Callable[..., Client], language: str, line: str
) -> None:
    wanted = {"enabled": False, "every_minutes": 20, "shop.url": Secret("sqlite:////elsewhere")}
    change_settings(shop.store, wanted, "claire")
    assert line in text(sign_in("root", administrator=True, language=language).get("/stores/main/log/"))


def test_a_saved_mapping_is_recorded_with_who(shop: World, merchant: Client) -> None:
    page = text(merchant.post(MAPPING, mapping(status_3="shipped") | {"do": "save"}, follow=True))
    assert "Saved." in page
    shop.store.refresh_from_db()
    assert shop.store.statuses == {"shipped": ["3", "4"], "delivered": ["5"], "canceled": ["6"], "refunded": ["7"]}
    change = SettingChange.objects.get(name="statuses")
    assert change.who == "claire"
    assert LogEntry.objects.get(code="person-settings").params["names"] == "statuses"
    shown = text(merchant.get("/stores/main/settings/history/"))
    assert "Status mapping" in shown
    assert "Shipped: Processing in progress (3), Shipped (4); " in shown
    assert "; Delivered: Delivered (5)</td>" in shown


def test_the_reason_of_a_cancellation_stands_beside_its_status(shop: World, merchant: Client) -> None:
    """R28: only a status that is sent as cancelled has one; it is kept where the page did not ask, and goes with the
    mapping."""
    page = text(merchant.get(MAPPING))
    assert page.count("Reason sent to the marketplace") == 1
    for given, kept in [({"reason-6": " out of stock "}, {"6": "out of stock"}), ({}, {"6": "out of stock"})]:
        merchant.post(MAPPING, mapping() | given | {"do": "save"})
        shop.store.refresh_from_db()
        assert shop.store.reasons == kept
    merchant.post(MAPPING, mapping(status_6="") | {"reason-6": "out of stock", "do": "save"})
    shop.store.refresh_from_db()
    assert shop.store.reasons == {}


def test_the_effect_names_what_it_moves(shop: World, merchant: Client) -> None:
    """R6: as the shop calls it; a number that the shop does not know stays one."""
    shop.store.statuses = {"shipped": [str(SHIPPED), "77"]}
    shop.store.save()
    page = text(merchant.post(MAPPING, mapping(status_77="") | {"do": "review"}))
    assert "<del>Shipped: Shipped (4), #77</del>" in page
    assert "Canceled: Canceled (6)" in page


def fall_silent(world: World) -> None:
    """Under its own address, and minutes later, so that nothing of it is fresh."""
    file = Path(world.shop.url.removeprefix("sqlite:///"))
    file.rename(f"{file}.away")
    Store.objects.get().save()


def test_names_are_known_after_the_shop_has_fallen_silent(shop: World, merchant: Client) -> None:
    """R6: the page says that the shop is silent, and goes on naming what it knew."""
    merchant.post(MAPPING, mapping(status_3="shipped") | {"do": "save"})
    merchant.post(SENDING, sending(without="some", carriers=["2"]) | {"do": "save"})
    for url in (MAPPING, SENDING, "/stores/main/settings/history/"):
        merchant.get(url)
    fall_silent(shop)
    page = text(merchant.get(MAPPING))
    assert "Processing in progress" in page
    assert "#4" not in page
    assert "These names are the last known ones." in page
    page = text(merchant.get(SENDING))
    assert carriers_in(page)["My carrier (2)"]
    assert "These names are the last known ones." in page
    page = text(merchant.get("/stores/main/settings/history/"))
    assert "Processing in progress (3), Shipped (4)" in page
    assert "only with My carrier (2)" in page
    assert "The shop&#x27;s database" in page


def test_names_of_a_former_shop_are_forgotten(shop: World, merchant: Client, administrator: Client) -> None:
    text(merchant.get(MAPPING))
    fall_silent(shop)
    given = {"enabled": "on", "feed_store_id": 10, "api_url": shop.store.api_url, "shop.prefix": "other_"}
    administrator.post("/stores/main/settings/connection/", given | {"shop.shop_id": 1, "do": "anyway"})
    page = text(merchant.get(MAPPING))
    assert "#4" in page
    assert "Processing in progress" not in page


@pytest.mark.parametrize("url", [MAPPING, SENDING, MAILS, "/stores/main/settings/connection/"])
def test_what_is_wrong_is_said_by_the_page_and_not_by_the_browser(shop: World, merchant: Client, url: str) -> None:
    """R21: a browser's own words come in the browser's language."""
    forms = re.findall(r"<form[^>]*>", text(merchant.get(url)).split("<main")[1])
    assert forms
    assert all("novalidate" in each for each in forms)


def test_nothing_new_is_not_recorded(shop: World, merchant: Client) -> None:
    page = text(merchant.post(MAPPING, mapping() | {"do": "save"}, follow=True))
    assert "No changes to save" in page
    assert SettingChange.objects.count() == 0


def sending(**changes: object) -> dict[str, object]:
    now = {
        "mode": "batch",
        "every_minutes": 5,
        "delay_minutes": 5,
        "tries": 3,
        "retry_minutes": 5,
        "reconcile_hour": 4,
        "without": "never",
    }
    return now | changes


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"tries": 0}, "greater than or equal to 1"),
        ({"every_minutes": 9999}, "less than or equal to 1440"),
        ({"delay_minutes": "soon"}, "Enter a whole number."),
        ({"mode": "sometimes"}, "Select a valid choice."),
        ({"without": "some"}, "Select at least one carrier"),
        ({"without": "some", "carriers": ["99"]}, "Select a valid choice."),
    ],
)
def test_a_wrong_value_gets_a_sentence_beside_it(
    shop: World, merchant: Client, wrong: dict[str, object], sentence: str
) -> None:
    page = text(merchant.post(SENDING, sending(**wrong) | {"do": "save"}))
    assert sentence in page
    shop.store.refresh_from_db()
    assert (shop.store.tries, shop.store.every_minutes, shop.store.mode) == (3, 5, "batch")


def carriers_in(page: str) -> dict[str, bool]:
    """Name → chosen, of the check boxes."""
    boxes = re.findall(r'<input type="checkbox" name="carriers"([^>]*)> <span>(.*?)</span>', page, re.DOTALL)
    return {unescape(name): "checked" in attributes for attributes, name in boxes}


def test_carriers_that_need_no_number_are_chosen_by_name(shop: World, merchant: Client) -> None:
    """R4: click and collect."""
    assert carriers_in(text(merchant.get(SENDING))) == {
        "Click and collect (1)": False,
        "My carrier (2)": False,
        "My cheap carrier (3, not offered now)": False,
        "My light carrier (4, not offered now)": False,
    }
    review = text(merchant.post(SENDING, sending(without="some", carriers=["1", "2"]) | {"do": "review"}))
    assert "<del>never</del>" in review
    assert "<ins>only with Click and collect (1), My carrier (2)</ins>" in review
    assert carriers_in(review)["My carrier (2)"]
    merchant.post(SENDING, sending(without="some", carriers=["1", "2"]) | {"do": "save"})
    shop.store.refresh_from_db()
    assert shop.store.ship_without_tracking == ["1", "2"]
    assert [name for name, chosen in carriers_in(text(merchant.get(SENDING))).items() if chosen] == [
        "Click and collect (1)",
        "My carrier (2)",
    ]


def test_a_carrier_that_was_edited_in_the_shop_stays_chosen(shop: World, merchant: Client) -> None:
    """R4: an edit makes a new id; the number that is kept is the one that survives the next edit too."""
    carriers = shop.shop.tables["carrier"]
    old = carriers.c.id_carrier == 1
    columns: dict[str, Any] = dict.fromkeys((column.name for column in carriers.columns), 0)
    new = {"id_carrier": 9, "id_reference": 1, "name": "Click & collect", "active": 1}
    shop.shop.execute(update(carriers).where(old).values(deleted=1))
    shop.shop.execute(insert(carriers).values(columns | new))
    shop.store.ship_without_tracking = ["9", "77"]
    shop.store.save()
    page = carriers_in(text(merchant.get(SENDING)))
    assert page["Click & collect (1)"]
    assert page["unknown to the shop (77)"]
    assert len(page) == 5
    merchant.post(SENDING, sending(without="some", carriers=["1"]) | {"do": "save"})
    shop.store.refresh_from_db()
    assert shop.store.ship_without_tracking == ["1"]


def test_carriers_are_numbers_while_the_shop_is_silent(shop: World, merchant: Client) -> None:
    """R4: the setting can be changed all the same, and a sentence says why there are no names."""
    shop.store.ship_without_tracking = ["1", "5"]
    shop.store.shop_secrets = {"url": "mysql+pymysql://reader:pw@127.0.0.1:1/shop"}
    shop.store.save()
    page = text(merchant.get(SENDING))
    assert "The shop does not answer." in page
    assert "Their names cannot be shown now" in page
    assert 'value="1, 5"' in page
    wrong = text(merchant.post(SENDING, sending(without="some", carriers="DHL") | {"do": "save"}))
    assert "Carriers are numbers separated by commas." in wrong
    merchant.post(SENDING, sending(without="some", carriers="5, 1;7") | {"do": "save"})
    shop.store.refresh_from_db()
    assert shop.store.ship_without_tracking == ["1", "5", "7"]


def test_carriers_of_another_answer_are_not_judged(shop: World, merchant: Client) -> None:
    merchant.post(SENDING, sending(without="always", carriers=["99"]) | {"do": "save"})
    shop.store.refresh_from_db()
    assert shop.store.ship_without_tracking is True


def test_recipients_are_addresses_one_a_line(shop: World, merchant: Client) -> None:
    page = text(merchant.post(MAILS, {"recipients": "claire@example", "language": "fr", "log_days": 30}))
    assert "“claire@example” is not an email address." in page
    given = {"recipients": "a@example.com\r\nb@example.com\r\na@example.com", "language": "fr", "log_days": 30}
    merchant.post(MAILS, given)
    shop.store.refresh_from_db()
    assert shop.store.recipients == ["a@example.com", "b@example.com"]
    assert (shop.store.language, shop.store.log_days) == ("fr", 30)


def test_the_mapping_can_be_edited_while_the_shop_is_down(shop: World, merchant: Client) -> None:
    shop.store.shop_secrets = {"url": "mysql+pymysql://reader:pw@127.0.0.1:1/shop"}
    shop.store.save()
    page = text(merchant.get(MAPPING))
    assert "The shop does not answer." in page
    assert "#4" in page
    assert "comes after shipping" not in page
    assert str(DELIVERED) in shop.store.statuses["delivered"]
    assert Task.objects.count() == 0
