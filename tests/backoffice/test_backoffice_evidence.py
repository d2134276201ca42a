"""The evidence of an order: a file to print or hand on, in the reader's language, without secrets."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import translation
from typer.testing import CliRunner

from sfsync.engine.outgoing.conclude import ToldFact, remember
from sfsync.models import How
from sfsync.testing import World
from sfsync_server.cli import app
from shoppingfeed.sandbox import Fault
from tests.full_disk import no_file_larger_than
from tests.pages import markup, text

People = Callable[..., Client]


@pytest.fixture
def told(shop: World) -> int:
    """An order that was refused once, and confirmed then."""
    order = shop.ship(shop.order(), "T-1")
    shop.sandbox.fault(Fault("refuse", order_id=shop.feed_id(order), message="Unknown carrier"))
    shop.sync(wait=5)
    shop.advance(minutes=6)
    shop.sync(wait=5)
    assert shop.told(order) == [("ship", "T-1")]
    return order


def test_it_holds_what_was_sent_and_answered_and_what_shopping_feed_lists(
    shop: World, told: int, merchant: Client
) -> None:
    """R21: with the numbers that a support team asks for."""
    answer = merchant.get(f"/stores/main/orders/{told}/evidence.html")
    assert f'filename="order-main-{told}.html"' in answer["Content-Disposition"]
    page = text(answer)
    [fact] = shop.row(told).marketplace_order.told.all()
    shipments = page[page.index("Shipments that Shopping Feed lists") : page.index("What happened")]
    for said in ("Unknown carrier", "Shipment sent to Shopping Feed.", fact.ticket, str(shop.feed_id(told))):
        assert said in page
    assert shipments.count("<bdi>T-1</bdi>") == 1


@pytest.mark.parametrize(("language", "named"), [("en", "the shipment: Late"), ("fr", "l’expédition\xa0: Late")])
def test_what_was_refused_there_is_named_in_the_readers_language(
    shop: World, sign_in: People, language: str, named: str
) -> None:
    shop.sandbox.fault(Fault("refuse-later", operation="ship", seconds=600, message="Late"))
    order = shop.ship(shop.order(), "T-1")
    shop.sync(wait=5)
    shop.advance(hours=1)
    reader = sign_in("claire", shop.store, language=language)
    assert f"<bdi>{named}</bdi>" in text(reader.get(f"/stores/main/orders/{order}/evidence.html"))


def test_the_order_page_leads_to_it(shop: World, told: int, merchant: Client) -> None:
    assert f'href="/stores/main/orders/{told}/evidence.html"' in markup(merchant.get(f"/stores/main/orders/{told}/"))


def test_as_json_it_says_the_same(shop: World, told: int, merchant: Client) -> None:
    found = json.loads(merchant.get(f"/stores/main/orders/{told}/evidence.json").content)
    assert [each["tracking_number"] for each in found["at_shopping_feed"]["shipments"]] == ["T-1"]
    assert [(each["operation"], each["key"], each["how"]) for each in found["told"]] == [("ship", "T-1", "ticket")]
    assert found["at_shopping_feed"]["status"] == "shipped"
    assert any("ticket" in each["ids"] for each in found["events"])


@pytest.mark.parametrize("form", ["html", "json"])
def test_it_holds_no_secret(shop: World, told: int, merchant: Client, form: str) -> None:
    """Nor the address of the shop's back office, whose folder is one."""
    shop.store.shop_settings = shop.store.shop_settings | {"admin_url": "https://shop.example/admin-hidden"}
    shop.store.save()
    content = merchant.get(f"/stores/main/orders/{told}/evidence.{form}").content.decode()
    for secret in ("sandbox-token", "admin-hidden", "sqlite", shop.store.api_url):
        assert secret not in content


def test_somebody_elses_order_is_unknown(shop: World, told: int, sign_in: People) -> None:
    for form in ("html", "json"):
        assert sign_in(f"paul-{form}").get(f"/stores/main/orders/{told}/evidence.{form}").status_code == 404
        assert Client().get(f"/stores/main/orders/{told}/evidence.{form}").status_code == 302


def test_there_is_no_other_form(shop: World, told: int, merchant: Client) -> None:
    assert merchant.get(f"/stores/main/orders/{told}/evidence.pdf").status_code == 404


def test_it_speaks_the_readers_language(shop: World, told: int, sign_in: People) -> None:
    page = text(sign_in("chloé", shop.store, language="fr").get(f"/stores/main/orders/{told}/evidence.html"))
    assert "Expéditions enregistrées chez Shopping Feed" in page
    assert "Expédition transmise à Shopping Feed." in page


def test_it_is_made_although_shopping_feed_is_away(shop: World, told: int, merchant: Client) -> None:
    """And says so, without telling a merchant how a host answered."""
    shop.store.api_url = "http://127.0.0.1:1"
    shop.store.token = type(shop.store.token)("sandbox-token")
    shop.store.save()
    page = text(merchant.get(f"/stores/main/orders/{told}/evidence.html"))
    assert "Shopping Feed could not be asked: Shopping Feed cannot be reached" in page
    assert "127.0.0.1" not in page


def test_what_a_stranger_wrote_is_shown_and_not_run(shop: World, merchant: Client) -> None:
    order = shop.ship(shop.order(), "T-2")
    message = "<script>alert(1)</script>\u202e"
    shop.sandbox.fault(Fault("refuse", order_id=shop.feed_id(order), times=None, message=message))
    shop.sync(wait=5)
    page = markup(merchant.get(f"/stores/main/orders/{order}/evidence.html"))
    assert "&lt;script&gt;" in page
    assert "\u202e" not in page


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["why", *map(str, arguments)])


@pytest.mark.parametrize(("form", "language", "said"), [("html", "fr", "Ce qui s’est passé"), ("json", "en", "T-1")])
def test_the_command_writes_it_in_the_readers_language(
    shop: World, told: int, tmp_path: Path, form: str, language: str, said: str
) -> None:
    path = tmp_path / f"evidence.{form}"
    with translation.override(language):
        assert str(path) in run(told, "--evidence", path).output.replace("\n", "")
    assert said in path.read_text(encoding="utf-8")


def test_the_command_says_what_is_wrong(shop: World, told: int, tmp_path: Path) -> None:
    wrong = run(told, "--evidence", tmp_path / "evidence.pdf")
    assert (wrong.exit_code, "ends in .html or .json" in wrong.output) == (2, True)
    nowhere = run(told, "--evidence", tmp_path / "no" / "evidence.html")
    assert (nowhere.exit_code, "cannot be written" in nowhere.output) == (1, True)


def test_the_file_is_for_its_owner_alone_and_replaced_as_a_whole(shop: World, told: int, tmp_path: Path) -> None:
    """Whatever was there: its mode goes, and whoever has the former one open goes on reading that."""
    path = tmp_path / "evidence.json"
    path.write_text("the former one")
    path.chmod(0o644)
    with path.open() as opened:
        assert run(told, "--evidence", path).exit_code == 0
        assert opened.read() == "the former one"
    assert path.stat().st_mode & 0o777 == 0o600
    assert "T-1" in path.read_text("utf-8")
    assert list(tmp_path.glob("*evidence.json*")) == [path]


def test_a_full_disk_leaves_the_former_file(shop: World, told: int, tmp_path: Path) -> None:
    """A real limit of the process stands for it: nothing of the file may be larger than a hundred bytes."""
    path = tmp_path / "evidence.json"
    path.write_text("the former one")
    with no_file_larger_than(100):
        full = run(told, "--evidence", path)
    assert (full.exit_code, "cannot be written" in full.output) == (1, True)
    assert path.read_text() == "the former one"
    assert list(tmp_path.glob("*evidence.json*")) == [path]


def test_what_the_marketplace_knew_before_us_is_not_claimed_to_be_ours(shop: World, merchant: Client) -> None:
    """R32: it counts with the shop's number, which the marketplace may not have."""
    order = shop.order()
    shop.sync()
    shop.ship(order, "T-9")
    there = shop.row(order).marketplace_order
    remember(shop.now(), How.ADOPTED, [ToldFact(there.pk, "ship", "T-9")])
    page = text(merchant.get(f"/stores/main/orders/{order}/evidence.html"))
    assert "(seen on the marketplace)" in page
    assert "T-9" not in page
