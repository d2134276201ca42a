"""Diagnostics: what the doctor found in the reader's language, what needs a person, and a report for whoever helps."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sfsync import texts
from sfsync.models import MarketplaceOrder, Process, Store, StoreState
from sfsync.testing import SHIPPED, World
from shoppingfeed.sandbox import Fault
from tests.pages import text

URL = "/stores/main/diagnostics/"
WELL = "Everything is OK."


def report_in(page: str) -> str:
    [report] = re.findall(r'<textarea id="report"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    return str(report)


def findings_in(page: str) -> list[tuple[str, str, str]]:
    """Subject, sentence and advice of each."""
    items = re.findall(r'<li class="(?:ok|warning|wrong)">(.*?)</li>', page, re.DOTALL)
    pattern = r'<strong>(.*?)</strong></p><p class="long">(.*?)</p>(?:<p class="advice">(.*?)</p>)?'
    return [re.findall(pattern, each, re.DOTALL)[0] for each in items]


@pytest.fixture
def jeanne(shop: World, sign_in: Callable[..., Client]) -> Client:
    return sign_in("jeanne", shop.store, language="fr")


# --- all is well, or not ----------------------------------------------------------------------------------------------


def test_all_is_well_where_nothing_is_to_do(shop: World, merchant: Client) -> None:
    assert WELL in text(merchant.get(URL))


def test_all_is_not_well_while_an_order_needs_a_person(shop: World, merchant: Client) -> None:
    """R16: the connections may be right, and an update has failed all the same."""
    for _ in range(2):
        shop.sandbox.fault(
            Fault("refuse", message="Unknown carrier", order_id=shop.feed_id(shop.ship(shop.order(), "T1")))
        )
    Store.objects.update(tries=1)
    shop.sync(wait=10, store=Store.objects.get())
    page = text(merchant.get(URL))
    assert WELL not in page
    assert "1 thing to check." in page
    assert '<a href="/stores/main/orders/?state=failed">2 orders need attention.</a>' in page


def test_all_is_not_well_while_an_order_is_to_be_done_by_hand(
    shop: World, merchant: Client, administrator: Client
) -> None:
    """R9: its marketplace does not take the operation from us."""
    shop.sync()
    order = MarketplaceOrder.objects.filter(pk=MarketplaceOrder.objects.values("pk")[:1])
    order.update(by_hand="refund")
    page = text(merchant.get(URL))
    assert WELL not in page
    assert '<a href="/stores/main/orders/?state=by-hand">1 order needs to be handled on the marketplace.</a>' in page
    assert "by hand 1," in report_in(page)
    assert "main: 1 order needs to be handled on the marketplace." in text(administrator.get("/diagnostics/"))


# --- the reader's language --------------------------------------------------------------------------------------------


def test_what_is_well_is_said_in_the_readers_language(shop: World, jeanne: Client) -> None:
    said = {subject: sentence for subject, sentence, _advice in findings_in(text(jeanne.get(URL)))}
    assert said["main\u00a0: boutique"].startswith("La boutique répond")
    assert "Expédiée" in said["main\u00a0: correspondance des statuts"]
    assert "shipped" not in said["main\u00a0: correspondance des statuts"]


@pytest.mark.parametrize(
    ("statuses", "sentence"),
    [
        ({"delivered": ["5"]}, "Aucun statut n’est associé à «\u00a0Expédiée\u00a0»"),
        ({"shipped": [str(SHIPPED)]}, "marque la commande comme expédiée dans la boutique"),
    ],
)
def test_what_is_wrong_with_the_mapping_is_said_in_the_readers_language(
    shop: World, jeanne: Client, statuses: dict[str, list[str]], sentence: str
) -> None:
    """R6."""
    Store.objects.update(statuses=statuses)
    assert any(sentence in said for _subject, said, _advice in findings_in(text(jeanne.get(URL))))


def test_the_advice_of_a_page_speaks_of_no_file_and_no_command(shop: World, administrator: Client) -> None:
    Store.objects.update(statuses={"delivered": ["5", "77"]}, recipients=[], feed_store_id=99)
    for url in (URL, "/diagnostics/"):
        found = findings_in(text(administrator.get(url)))
        advice = {sentence: todo for _subject, sentence, todo in found}
        assert advice["No status is mapped to “Shipped”: nothing would be shipped."].startswith(
            "Choose in Settings › Statuses"
        )
        assert not any(word in todo for todo in advice.values() for word in ("sfsync doctor", "[stores.", "store_id"))
        assert any(each.startswith("The shop has no status 77. It has: 1 ") for each in advice)


def test_a_trouble_that_is_over_is_told_in_the_readers_language(shop: World, jeanne: Client) -> None:
    """R22: with the time of the run that met it; the report says the same in English."""
    shop.sync()
    StoreState.objects.update(trouble="token-refused", trouble_text="401 Not Authorized")
    finished = Process.objects.get().finished_at
    page = text(jeanne.get(URL))
    [sentence] = [said for _subject, said, _advice in findings_in(page) if "Tout fonctionne à présent" in said]
    assert "Shopping Feed a refusé la clé d’API." in sentence
    assert f"The sync of {texts.stamp(finished)} ended with: “Shopping Feed refused the token.”" in report_in(page)


# --- the report -------------------------------------------------------------------------------------------------------


def test_the_report_is_english_on_every_page(shop: World, merchant: Client, jeanne: Client) -> None:
    """Numbers and moments too: the two differ in the language of the page and of the shop's own names alone."""
    shop.sync()
    Store.objects.update(recipients=[], shop_secrets={"url": "mysql+pymysql://reader:hunter2secret@127.0.0.1:1/shop"})
    moment = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
    english, french = (moment.sub("MOMENT", report_in(text(each.get(URL)))) for each in (merchant, jeanne))
    assert english == french.replace("page in fr", "page in en")
    assert "[warning] main: recipients: Nobody receives alerts about failing orders." in french
    assert "last run MOMENT ok" in french
    assert f"{timezone.now():%Y}-" not in french
    assert "hunter2secret" not in french


def test_many_stores_cost_a_fixed_number_of_statements(shop: World, administrator: Client) -> None:
    """The connections of the first ten are tried; of the others stands there what their last run left."""
    for number in range(14):
        shop.add_store(f"s{number:02}", feed_store_id=100 + number, shop_url=shop.shop.url, recipients=[])
    StoreState.objects.filter(store__name="s13").update(trouble="token-refused", trouble_text="no")
    with CaptureQueriesContext(connection) as asked:
        page = text(administrator.get("/diagnostics/"))
    assert len(asked) <= 30 + 3 * 10  # of each that is tried: its cursors, its open orders, and its newest ones
    assert "The connections of the first 10 stores were tested." in page
    assert "s13: recipients" in page
    assert "s03: shop" in page
    assert "s13: shop" not in page
