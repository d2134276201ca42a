"""Promise 10: whatever texts a shop or the API has, nothing crashes, and nothing is injected in mail or log."""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sfsync.domain.tracking_numbers import recognise
from sfsync.shops.prestashop.tracking import clean_text, tracking_link
from shoppingfeed.sandbox import Fault
from tests.faults.deployment import Mailbox, RealWorld, real_world
from tests.faults.stage import Stage, Story

NASTY = [
    "'; DROP TABLE shoppingfeed_task_order; --",
    '"><script>alert(1)</script>',
    "<b>bold</b> &amp; {{ settings.SECRET_KEY }} {% debug %}",
    "\u202e321-TFELOT\u202c",
    "📦🚚-Ñandú-ßüß-日本",
    "x" * 64,
    "A\nBcc: thief@example.com\r\n\r\nhello",
    "\x1b[2J\x1b[31mred\x07",
    "%s %(message)s %d {0} $x",
    "null\x00byte",
    "  spaces  ",
    "-1",
]
ODD_NUMBERS = {
    "6A1'\"--": "6A1",
    "6A<script>2": "6A<script>2",
    "{{6A3}}%s{0}$x": "6A3}}%s{0}$x",
    "6A4@x\x1b[31m": "6A4@x[31m",
    "\u202e6A\u202c5": "6A5",
    "📦6A6-Ñandú-日本\x00": "6A6-Ñandú-日本",
}
"""Numbers of a form unknown, and what is told of them."""
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=64)


def shown_safely(text: str) -> bool:
    """On one line, and with nothing in it that a terminal would obey or that would turn its direction."""
    return all(each.isprintable() or each in "\n" for each in text)


def touched(story: Story, numbers: list[str]) -> dict[int, str]:
    """Orders shipped with these numbers, by order."""
    given_numbers = dict(zip(story.orders, numbers, strict=False))
    for order, number in given_numbers.items():
        story.shop.set_tracking(order, number)
    return given_numbers


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(numbers=st.lists(texts, min_size=8, max_size=8))
def test_any_text_may_stand_for_a_tracking_number(stage: Stage, numbers: list[str]) -> None:
    """R2: nothing stops at one; what is told is a number, and it has no sign that is a gap or cannot be seen."""
    story = stage.story()
    given_numbers = touched(story, numbers)
    report = story.sync(wait=30)
    assert report["troubles"] == []
    for order, number in given_numbers.items():
        told = recognise(number).numbers[:1]
        assert story.accepted(order) == [("ship", each) for each in told]
        assert all(each.isprintable() and not any(map(str.isspace, each)) for each in told)


@pytest.mark.parametrize("half", [0, 1])
def test_hostile_tracking_numbers_references_and_names(stage: Stage, half: int) -> None:
    """R2, R21: quotes, HTML, RTL marks, emoji, 64 characters, newlines; in the log as one line that obeys nobody."""
    story, some = stage.story(), NASTY[half * 6 : half * 6 + 6]
    tables, shop = story.shop.tables, story.shop
    for table, column in (("order_state_lang", "name"), ("carrier", "name"), ("shop", "name")):
        shop.execute(tables[table].update().values({column: some[0] + "\x00"}))
    for order, text in zip(story.orders, some, strict=False):
        listing, orders = tables["shoppingfeed_order"], tables["orders"]
        shop.execute(orders.update().where(orders.c.id_order == order).values(reference=text[:9]))
        shop.execute(listing.update().where(listing.c.id_order == order).values(id_order_marketplace=text))
    given_numbers = touched(story, [*ODD_NUMBERS])
    story.fault("refuse", message=f"{some[1]} \x1b[0m \u202e", times=3)
    assert story.sync(wait=30)["troubles"] == []
    for order, number in given_numbers.items():
        assert set(story.accepted(order)) == {("ship", ODD_NUMBERS[number])}
    for entry in story.facts()["log"]:
        assert "\n" not in entry["message"]
        assert "\x00" not in entry["message"]
    for arguments in (["tasks"], ["logs"], ["status"], ["why", str(story.orders[0])]):
        done = stage.victim.start("command", arguments=[*arguments, "--store", story.name]).wait()
        assert shown_safely(done.out), done.out


@pytest.mark.parametrize(
    "url",
    ["https://no-sign.example/track", "javascript:alert('@')", "//host/@", "data:text/html,@", "http://[@", " @ "],
)
def test_a_carrier_with_a_hostile_address(sqlite_stage: Stage, url: str) -> None:
    """The link is a web address or nothing, and the number in it is encoded."""
    story = sqlite_stage.story()
    story.shop.execute(story.shop.tables["carrier"].update().values(url=url))
    touched(story, [*ODD_NUMBERS])
    story.sync(wait=30)
    links = [each.item["trackingLink"] for each in sqlite_stage.sandbox.ledger.accepted if each.store == story.store_id]
    assert len(links) == 6
    assert all(not link or urlsplit(link).scheme == "https" for link in links)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(numbers=texts)
def test_a_number_in_a_carriers_address_stays_in_its_place(numbers: str) -> None:
    link = tracking_link("https://track.example/p?n=@&l=fr", clean_text(numbers))
    assert not link or (link.startswith("https://track.example/p?n=") and link.endswith("&l=fr"))
    assert not set(link) & set(" \"'<>\n\r\\")


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with closing(Mailbox()) as mailbox, mailbox.open():
        yield mailbox


@pytest.fixture
def mailing(tmp_path: Path, migrated: Path, mailbox: Mailbox) -> Iterator[RealWorld]:
    recipients = 'recipients = ["merchant@example.com"]'
    with real_world(tmp_path, migrated, store=recipients, smtp_url=mailbox.url, paced="false") as world:
        yield world


def test_no_text_of_a_stranger_gets_out_of_its_place_in_a_mail(mailing: RealWorld, mailbox: Mailbox) -> None:
    """R20: no header, no recipient, no markup, no control character comes from a reference or an API message."""
    listing, orders = mailing.shop.tables["shoppingfeed_order"], mailing.shop.tables["orders"]
    for text in NASTY:
        order = mailing.order()
        changed = listing.update().where(listing.c.id_order == order)
        mailing.shop.execute(changed.values(id_order_marketplace=text, name_marketplace=text[:50]))
        mailing.shop.execute(orders.update().where(orders.c.id_order == order).values(reference=text[:9]))
        mailing.shop.bulk_ship([order], "T-")
        feed_id = mailing.shop.feed_id(order)
        assert feed_id
        mailing.sandbox.fault(Fault("refuse", order_id=feed_id, message=text))
    mailing.deployment.run("sync", "--wait", "10")
    [mail] = mailbox.mails
    assert mailbox.recipients == [["merchant@example.com"]]
    assert set(mail.keys()) <= {
        *("Content-Type", "MIME-Version", "Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted", "X-Peer"),
        *("X-MailFrom", "X-RcptTo"),
    }
    plain, rich = (mail.get_body((kind,)) for kind in ("plain", "html"))
    assert plain
    assert rich
    page = rich.get_content()
    assert "<script" not in page
    assert html.escape("<b>bold</b>") in page
    said = plain.get_content().replace("\r\n", "\n")
    assert not any(unicodedata.category(each) in ("Cc", "Cf") and each != "\n" for each in said)
    assert not any(line.startswith("Bcc:") for line in said.splitlines())
