"""The README's first shop, word for word, on a real MariaDB: from `sfsync migrate` to a mail that says what failed."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pymysql
import pytest
from sqlalchemy import make_url

from sfsync.shops.prestashop.sample import SampleShop, build
from sfsync.testing import CANCELED, SHIPPED
from shoppingfeed.sandbox import Fault, Sandbox
from tests.e2e.conftest import Inbox
from tests.e2e.machine import Answer, Machine
from tests.services import Server

pytestmark = pytest.mark.xdist_group("first-shop")
ROOT = Path(__file__).resolve().parents[2]
COUNTS = ["detected", "queued", "removed", "sent", "confirmed", "failed", "waiting", "in_flight", "requests"]


def block(language: str) -> str:
    """The README's code block in this language."""
    found: list[str] = re.findall(
        rf"^```{language}\n(.*?)^```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    assert len(found) == 1
    return found[0]


@dataclass
class Story:
    """What each command of the story answered, and the four orders it is about."""

    machine: Machine
    sandbox: Sandbox
    shop: SampleShop
    shipped: int
    untracked: int
    refused: int
    canceled: int
    answers: dict[str, Answer] = field(default_factory=dict)

    def say(self, name: str, *arguments: str) -> None:
        self.answers[name] = self.machine.sfsync(*arguments)

    def happen(self) -> None:
        """A morning in the back office: one order of each kind."""
        for order in (self.shipped, self.refused):
            self.shop.set_tracking(order, f"TRK-{order}")
            self.shop.set_status(order, SHIPPED)
        self.shop.set_status(self.untracked, SHIPPED)
        self.shop.set_status(self.canceled, CANCELED)
        self.sandbox.fault(Fault("refuse", order_id=self.shop.feed_id(self.refused) or 0, message="Unknown carrier"))


@pytest.fixture(scope="module")
def told(
    mariadb_server: Server, migrated_home: Path, tmp_path_factory: pytest.TempPathFactory, inbox: Inbox
) -> Iterator[Story]:
    database, reader = f"shop_{uuid4().hex[:12]}", f"reader_{uuid4().hex[:12]}"
    url = make_url(mariadb_server.database(database))
    shop = build(url.render_as_string(hide_password=False), limit=12)
    grant(url.port or 0, block("sql").replace("'reader'", f"'{reader}'").replace("shop.*", f"{database}.*"))
    sandbox = Sandbox()
    home = tmp_path_factory.mktemp("machine") / "home"
    shutil.copytree(migrated_home, home)
    with sandbox.serve() as feed:
        stores = block("toml").replace("your-shopping-feed-token", "sandbox-token").replace("//reader:", f"//{reader}:")
        stores = stores.replace("@127.0.0.1:3306/shop", f"@127.0.0.1:{url.port}/{database}")
        here = f'api_url = "{feed.url}"\ndelay_minutes = 0\nretry_minutes = 60\n\n[stores.main.shop]'
        shipped, untracked, refused, canceled = shop.order_ids()[:4]
        machine = Machine(home, {"smtp_url": inbox.url})
        story = Story(machine, sandbox, shop, shipped, untracked, refused, canceled)
        story.answers["apply"] = story.machine.apply(stores.replace("[stores.main.shop]", here))
        tell(story)
        yield story
    shop.close()
    mariadb_server.drop(database)


def grant(port: int, statements: str) -> None:
    root = pymysql.connect(host="127.0.0.1", port=port, user="root")
    with root, root.cursor() as cursor:
        for statement in filter(str.strip, statements.split(";")):
            cursor.execute(statement)


def tell(story: Story) -> None:
    story.say("apply again", "apply", "stores.toml")
    story.say("doctor", "doctor")
    story.say("problems", "doctor", "--problems")
    story.say("first run", "sync")
    story.happen()
    story.say("sync", "sync", "--wait", "20", "--json")
    story.say("status", "status")
    story.say("status --json", "status", "--json")
    story.say("tasks", "tasks")
    story.say("failed", "tasks", "--failed", "--json")
    story.say("why", "why", story.shop.order(story.shipped).reference)
    story.say("why untracked", "why", str(story.untracked))
    story.say("why refused", "why", f"MKT-{story.refused}", "--json")
    story.say("logs", "logs", "--order", str(story.canceled))
    story.say("errors", "logs", "--level", "error", "--text", "Unknown carrier", "--limit", "5", "--json")
    story.say("retry", "retry", str(story.refused))
    story.say("give up", "give-up", str(story.untracked))
    story.say("give up again", "give-up", str(story.untracked))
    story.say("second run", "sync", "--wait", "20")
    story.say("nothing left", "tasks", "--json")
    story.say("idle run", "sync", "--json")


def test_the_readme_can_be_followed(told: Story) -> None:
    """Its SELECT-only account, its file of stores and its commands make a shop that works at once."""
    assert told.answers["apply"] == Answer(0, "main: created\n", "")
    assert told.answers["apply again"] == Answer(0, "main: unchanged\n", "")
    doctor = told.answers["doctor"]
    assert (doctor.status, doctor.err) == (0, "")
    assert {line.split()[0] for line in doctor.out.splitlines()} == {"ok"}
    assert "main: shop: PrestaShop 8.2.1" in doctor.out
    assert "token accepted, store 10" in doctor.out
    assert "Shipped → Shipped" in doctor.out
    assert told.answers["problems"] == Answer(0, "Nothing is wrong.\n", "")
    assert told.answers["first run"].status == 0


def test_sync_counts_what_it_did(told: Story) -> None:
    """R4, R6, R16: two ships and a cancel are sent, one is refused, one has no tracking number."""
    answer = told.answers["sync"]
    assert answer.status == 0
    counts = answer.document["main"]
    assert list(counts) == COUNTS
    assert counts | {"requests": 0} == {
        "detected": 4,
        "queued": 0,
        "removed": 0,
        "sent": 3,
        "confirmed": 2,
        "failed": 2,
        "waiting": 1,
        "in_flight": 0,
        "requests": 0,
    }
    assert counts["requests"] <= 8


def test_the_marketplace_believes_what_the_shop_says(told: Story) -> None:
    """R1, R11: once each, and again only what was refused."""
    feed_ids = {order: told.shop.feed_id(order) for order in (told.shipped, told.refused, told.canceled)}
    beliefs = {order: told.sandbox.ledger.belief(feed_id or 0) for order, feed_id in feed_ids.items()}
    assert [belief.status for belief in beliefs.values() if belief] == ["shipped", "shipped", "cancelled"]
    assert told.sandbox.ledger.operations(told.shop.feed_id(told.untracked) or 0) == []
    assert told.sandbox.ledger.duplicates() == []


def test_one_mail_tells_both_failures(told: Story, inbox: Inbox) -> None:
    """R20: after two runs in which something failed; the retry went well and is not mailed."""
    assert len(inbox.mails) == 1
    [mail] = inbox.mails
    plain, page = mail.get_body(("plain",)), mail.get_body(("html",))
    assert (mail["to"], "2 orders need attention (" in str(mail["subject"])) == ("merchant@example.com", True)
    assert plain is not None
    assert page is not None
    for text in (plain.get_content(), page.get_content()):
        assert "Unknown carrier" in text
        assert "without a tracking number" in text
        assert "a-long-password" not in text


def test_why_tells_an_order_that_went_well(told: Story) -> None:
    """By its reference in the shop: seen, sent with which payload, confirmed, nothing waiting."""
    story = told.answers["why"].out
    said = [
        "“Shipped”",
        "Shipment sent to Shopping Feed.",
        f'"trackingNumber": "TRK-{told.shipped}"',
        " confirmed the shipment.",
    ]
    said += [f"On Amazon.fr: Shipped, tracking number TRK-{told.shipped}", "→ Up to date"]
    places = [story.index(each) for each in said]
    assert places == sorted(places)


def test_why_tells_what_to_do_about_one_that_failed(told: Story) -> None:
    """R4, by its number in the shop."""
    assert "Shipped without a tracking number: Amazon.fr was not updated." in told.answers["why untracked"].out
    assert "→ Shipped without a tracking number" in told.answers["why untracked"].out
    assert "Add the tracking number in the shop" in told.answers["why untracked"].out


def test_why_in_json(told: Story) -> None:
    """R16, by its reference on the marketplace: the reason and the next attempt."""
    [story] = told.answers["why refused"].document
    assert story["shop_order"] == told.refused
    assert story["shopping_feed_id"] == told.shop.feed_id(told.refused)
    assert [event["payload"]["trackingNumber"] for event in story["events"] if event["payload"]] == [
        f"TRK-{told.refused}"
    ]
    said = "Amazon.fr rejected the shipment: “Unknown carrier”. The marketplace does not know the carrier by this name."
    assert story["next"][0].startswith(f"{said} It is retried on ")


def test_status_shows_what_is_left(told: Story) -> None:
    head, line = told.answers["status"].out.splitlines()
    assert head.split()[:5] == ["store", "queued", "waiting", "in", "flight"]
    assert line.split()[:5] == ["main", "0", "1", "0", "1"]
    status = told.answers["status --json"].document["main"]
    assert (status["waiting"], status["failed"], status["alarms"], status["running"]) == (1, 1, [], "")
    assert status["last_outcome"] == "ok"
    assert status["last_run"] > status["oldest_waiting"]
    assert (status["scheduled"], status["next_run"]) == (False, None)
    assert line.endswith("at the next `sfsync sync`")


def test_tasks_show_what_failed(told: Story) -> None:
    """R16: one is parked, one is tried again by itself."""
    assert "retrying" in told.answers["tasks"].out
    untracked, refused = sorted(told.answers["failed"].document, key=lambda task: task["state"])
    assert (untracked["shop_order"], untracked["state"]) == (told.untracked, "failed")
    assert untracked["failure"] == "no-tracking"
    assert (refused["shop_order"], refused["state"], refused["attempts"]) == (told.refused, "retrying", 1)
    assert refused["reason"] == "Amazon.fr rejected the shipment: “Unknown carrier”"
    assert refused["advice"].startswith("Fix it in the shop")


def test_logs_can_be_narrowed(told: Story) -> None:
    """R21: by order, by level and by text."""
    lines = told.answers["logs"].out.splitlines()[1:]
    assert len(lines) == 3
    assert all(f" {told.canceled} " in line for line in lines)
    [entry] = told.answers["errors"].document
    assert (entry["level"], entry["order"], entry["process"]) == ("error", told.refused, "sync")


def test_a_person_retries_one_and_gives_up_the_other(told: Story) -> None:
    """R16: the retry does not wait for its hour; what was given up is not sent."""
    assert told.answers["retry"].out == "1 update will be retried by the next sync.\n"
    assert told.answers["give up"].out == "1 update dismissed.\n"
    assert "1 sent, 1 confirmed, 0 failed" in told.answers["second run"].out
    assert told.answers["give up again"].out.endswith("the marketplace was not updated.\n")
    assert told.answers["nothing left"].document == []


def test_a_run_with_nothing_to_do_asks_nothing(told: Story) -> None:
    """R11: and sends nothing again."""
    assert told.answers["idle run"].document["main"] == dict.fromkeys(COUNTS, 0)


def test_nothing_that_was_said_holds_a_secret(told: Story) -> None:
    secrets = ("a-long-password", "sandbox-token")
    for name, answer in told.answers.items():
        assert not [secret for secret in secrets if secret in answer.out + answer.err], name
