"""`sfsync demo`: the real command from outside, and its judge from inside, who must be able to say no."""

from __future__ import annotations

import io
import os
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from sfsync.testing import CANCELED, DELIVERED, PAID, PROCESSING, REFUNDED, SHIPPED
from sfsync_server.demo import clean
from sfsync_server.demo.mailbox import Mail, Mailbox
from sfsync_server.demo.scenes import Scene, beginning, play, put_back, refund_unknown, shipped, without_number
from sfsync_server.demo.screen import Screen
from sfsync_server.demo.stage import CHANNELS, Stage
from sfsync_server.demo.teller import Teller
from sfsync_server.demo.verdict import Expected, ShopOrder, differences, expected
from shoppingfeed import Client, Ship
from shoppingfeed.sandbox import Belief

COMMAND = Path(sys.executable).with_name("sfsync")
SECONDS = 120


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b"" for path in folder.rglob("*")}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """The command, run on a merchant's machine that has settings and a database of its own."""
    machine = tmp_path_factory.mktemp("machine")
    for name in ("home", "work", "tmp"):
        (machine / name).mkdir()
    (machine / "work" / "shop.sqlite3").write_bytes(b"precious")
    (machine / "work" / ".env").write_text(f"SFSYNC_DATABASE_URL=sqlite:///{machine / 'work' / 'shop.sqlite3'}\n")
    meddling = ("SFSYNC_", "DJANGO_", "COLUMNS", "LINES")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(meddling)}
    environment |= {
        "HOME": str(machine / "home"),
        "SFSYNC_HOME": str(machine / "home" / "sfsync"),
        "TMPDIR": str(machine / "tmp"),
        "HTTP_PROXY": "http://127.0.0.1:9",
        "LANG": "fr_FR.UTF-8",
        "LC_ALL": "",
    }
    before = contents(machine)
    result = subprocess.run(
        [COMMAND, "demo"],
        cwd=machine / "work",
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=SECONDS,
        check=False,
    )
    return SimpleNamespace(result=result, before=before, after=contents(machine))


def test_the_story_ends_well(told: SimpleNamespace) -> None:
    assert (told.result.returncode, told.result.stderr) == (0, "")
    assert "1016 of 1016 orders agree; 0 operations were sent twice." in told.result.stdout


def test_it_leaves_the_machine_as_it_was(told: SimpleNamespace) -> None:
    """Neither the settings of this deployment, nor its home, nor a temporary file is touched or left."""
    assert told.after == told.before


@pytest.mark.parametrize(
    "said",
    [
        "Amazon         shipped, tracking number 6A20394857261",
        "sfsync         order 8: Shipped without a tracking number: Rakuten was not updated.",
        "CDiscount      order 7: shipped, tracking number XP774411220FR",
        "Zalando        cancelled",
        "sfsync         Its status is not mapped, so nothing is sent.",
        "Leroy Merlin   shipped, delivered, tracking number GLS-50310042",
        "sfsync         Fnac does not accept the refund through Shopping Feed: nothing was sent.",
        "Zalando        refunded, tracking number 00340434161117",
        "sfsync         ManoMano rejected the shipment: “The buyer's address is being verified.”",
        "you            $ sfsync retry 14",
        "sfsync         Shopping Feed had not answered, but it did receive the update of the shipment.",
        "sfsync         1000 sent, 1000 confirmed, 0 failed",
        "10 × 202, 1 × 429",
    ],
)
def test_it_shows(told: SimpleNamespace, said: str) -> None:
    """R2, R4, R6, R9, R13, R13a, R16 and the rate limit, each as it happened."""
    assert said in told.result.stdout


def test_it_shows_the_mail_in_the_language_of_the_store(told: SimpleNamespace) -> None:
    """R20. The narration is English; what the merchant gets is theirs."""
    letter = "\n".join(line for line in told.result.stdout.splitlines() if line.lstrip().startswith("|"))
    assert "FLKTZDMKN (n° 14) | ManoMano MKT-14 | Expédiée | Nouvelle tentative le" in letter
    assert "The buyer's address is being verified." in letter
    assert "What to do" not in letter


def test_nothing_of_this_deployment_reaches_the_story(tmp_path: Path) -> None:
    theirs = {"sfsync_home": "/", "SFSYNC_TOKEN_FILE": "x", "https_proxy": "x", "DJANGO_SETTINGS_MODULE": "x", "A": "b"}
    assert clean(theirs, tmp_path) == {
        "A": "b",
        "SFSYNC_HOME": str(tmp_path),
        "TMPDIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "sfsync_server.settings",
    }


class Theatre:
    """A stage inside this test, and what was seen of it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.output = io.StringIO()

    def play(self, *scenes: Scene) -> int:
        return play(self.stage, Screen(Console(file=self.output, width=200)), scenes)


@pytest.fixture
def theatre(db: None, tmp_path: Path, settings: pytest.FixtureRequest) -> Iterator[Theatre]:
    with Mailbox() as mailbox:
        host, _, port = mailbox.url.removeprefix("smtp://").partition(":")
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = host, int(port)
        with Stage(tmp_path, mailbox.mails) as stage:
            yield Theatre(stage)


def only(t: Teller) -> int:
    """The feed id of the only order of the story so far."""
    (order_id,) = t.cast
    return t.stage.shop.feed_id(order_id) or 0


def test_a_good_day_is_status_0(theatre: Theatre) -> None:
    assert theatre.play(beginning, shipped) == 0
    assert "DIFFERS" not in theatre.output.getvalue()


def test_a_marketplace_that_believes_something_else_is_status_1(theatre: Theatre) -> None:
    def forget(t: Teller) -> None:
        t.stage.sandbox.add_order(only(t), channel="Amazon")

    assert theatre.play(shipped, forget) == 1
    said = theatre.output.getvalue()
    assert "DIFFERS: should be shipped; should have tracking number 6A20394857261" in said
    assert "15 of 16 orders agree; 0 operations were sent twice." in said
    assert "this is a fault of sfsync" in said


def test_a_marketplace_that_does_not_know_an_untouched_order_is_status_1(theatre: Theatre) -> None:
    """Orders that no scene is about are judged as well, and shown where they differ."""

    def lose(t: Teller) -> None:
        t.stage.sandbox.reset()

    assert theatre.play(lose) == 1
    assert theatre.output.getvalue().count("DIFFERS: the marketplace does not know the order") == 16


def test_an_operation_sent_twice_is_status_1(theatre: Theatre) -> None:
    """R13: both sides agree, and yet it is wrong."""

    def ship_again(t: Teller) -> None:
        with Client("sandbox-token", base_url=t.stage.server.url) as client:
            client.store(10).send([Ship(only(t), carrier="", tracking_number="6A20394857261")])

    assert theatre.play(shipped, ship_again) == 1
    said = theatre.output.getvalue()
    assert "DIFFERS" not in said
    assert "16 of 16 orders agree; 1 operations were sent twice." in said


@pytest.mark.parametrize("scene", [without_number, refund_unknown])
def test_a_merchant_who_was_not_told_is_status_1(theatre: Theatre, scene: Scene) -> None:
    """R4, R9: where the marketplace cannot know, the mail is the proof."""

    def lose_the_mail(t: Teller) -> None:
        theatre.stage.mails.clear()  # type: ignore[attr-defined]

    assert theatre.play(scene) == 0
    assert "told the merchant" in theatre.output.getvalue()
    assert theatre.play(lose_the_mail) == 1
    assert "DIFFERS: the merchant should have been told once, not 0 times" in theatre.output.getvalue()


def test_every_order_of_the_stage_can_be_asked_for_once(theatre: Theatre) -> None:
    orders = [theatre.stage.order(channel) for channel in CHANNELS]
    assert len(set(orders)) == len(CHANNELS)


def test_scenes_can_be_told_alone(theatre: Theatre) -> None:
    """Each one finds its own order: the story has no hidden thread."""
    assert theatre.play(put_back) == 0


ORDER = ShopOrder(6, "HHQRPQFTG", PAID, "", 900006, "Amazon")
BELIEF = Belief(900006, 10, "MKT-6", "Amazon", "waiting_shipment", (), delivered=False, cancelled=False, refunded=False)


@pytest.mark.parametrize(
    ("status", "number", "channel", "wanted"),
    [
        (PAID, "", "Amazon", Expected("waiting_shipment")),
        (PROCESSING, "", "Amazon", Expected("waiting_shipment")),
        (PROCESSING, "T1", "Amazon", Expected("shipped", "T1")),
        (SHIPPED, "T1", "Amazon", Expected("shipped", "T1")),
        (SHIPPED, "", "Amazon", Expected("waiting_shipment", told=True)),
        (DELIVERED, "T1", "Amazon", Expected("shipped", "T1", delivered=True)),
        (DELIVERED, "", "Amazon", Expected("waiting_shipment", told=True)),
        (CANCELED, "T1", "Amazon", Expected("cancelled")),
        (CANCELED, "", "Fnac", Expected("waiting_shipment", told=True)),
        (REFUNDED, "T1", "Zalando", Expected("refunded", None)),
        (REFUNDED, "T1", "Some Mirakl brand", Expected("refunded", None)),
        (REFUNDED, "T1", "Amazon", Expected("shipped", "T1", told=True)),
        (REFUNDED, "", "Amazon", Expected("waiting_shipment", told=True)),
    ],
)
def test_what_a_marketplace_should_believe(status: int, number: str, channel: str, wanted: Expected) -> None:
    """R2, R4, R6, R9, R13a, by the shop's rows alone."""
    assert expected(replace(ORDER, status=status, tracking_number=number, channel=channel)) == wanted


@pytest.mark.parametrize(
    ("wanted", "belief", "mails", "found"),
    [
        (Expected("waiting_shipment"), BELIEF, 0, ()),
        (Expected("waiting_shipment"), BELIEF, 5, ()),
        (Expected("waiting_shipment", told=True), BELIEF, 1, ()),
        (Expected("waiting_shipment", told=True), BELIEF, 2, ("the merchant should have been told once, not 2 times",)),
        (Expected("shipped"), None, 0, ("the marketplace does not know the order",)),
        (Expected("cancelled"), BELIEF, 0, ("should be cancelled",)),
        (Expected("shipped", "T2"), replace(BELIEF, status="shipped", tracking_numbers=("T1", "T2")), 0, ()),
        (
            Expected("shipped", "T2"),
            replace(BELIEF, status="shipped", tracking_numbers=("T1",)),
            0,
            ("should have tracking number T2",),
        ),
        (
            Expected("cancelled"),
            replace(BELIEF, status="cancelled", tracking_numbers=("T1",)),
            0,
            ("should have tracking number -",),
        ),
        (Expected("refunded", None), replace(BELIEF, status="refunded", tracking_numbers=("T1",)), 0, ()),
        (Expected("waiting_shipment", delivered=True), BELIEF, 0, ("should be delivered",)),
        (Expected("waiting_shipment"), replace(BELIEF, delivered=True), 0, ("should not be delivered",)),
    ],
)
def test_how_two_beliefs_differ(wanted: Expected, belief: Belief | None, mails: int, found: tuple[str, ...]) -> None:
    assert differences(wanted, belief, mails) == found


def test_the_mailbox_keeps_a_mail_as_it_was_written() -> None:
    """Accents, a line that is a dot, both parts: what the digest mail is made of."""
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = "Expédié : à vérifier", "sfsync@localhost", "merchant@example.com"
    mail.set_content("Numéro de suivi manquant\n.\n..fin\n")
    mail.add_alternative("<p>Numéro</p>", subtype="html")
    with Mailbox() as mailbox:
        host, _, port = mailbox.url.removeprefix("smtp://").partition(":")
        for _ in range(2):
            with smtplib.SMTP(host, int(port), timeout=10) as server:
                server.send_message(mail)
    kept = Mail("merchant@example.com", "Expédié : à vérifier", "Numéro de suivi manquant\n.\n..fin\n")
    assert [replace(each, text=each.text.replace("\r\n", "\n")) for each in mailbox.mails] == [kept, kept]
