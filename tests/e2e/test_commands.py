"""The `sfsync` command on a machine where not everything is as it should be: what it says, and its exit statuses."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from sfsync.shops.prestashop.sample import SampleShop, build
from sfsync.testing import SHIPPED
from shoppingfeed import Client
from shoppingfeed.sandbox import Fault, Sandbox, Server
from tests.e2e.conftest import Inbox
from tests.e2e.machine import COMMAND, Machine, store_table
from tests.waiting import until

MakeShop = Callable[[str], SampleShop]


@pytest.fixture
def make_shop(tmp_path: Path) -> MakeShop:
    """A SQLite shop of six marketplace orders, by a name."""
    return lambda name: build(f"sqlite:///{tmp_path / name}.sqlite3", limit=6)


def ship(shop: SampleShop, order: int, number: str = "TRK-1") -> int:
    shop.set_tracking(order, number)
    shop.set_status(order, SHIPPED)
    return shop.feed_id(order) or 0


def test_a_command_before_migrate_says_what_to_run(tmp_path: Path) -> None:
    """Status 1, and a sentence instead of a traceback."""
    new = Machine(tmp_path)
    answer = new.sfsync("sync")
    assert answer.status == 1
    assert "Run `sfsync migrate`" in answer.err
    assert "Traceback" not in answer.err
    doctor = new.sfsync("doctor", "--json")
    assert doctor.status == 1
    read, database, mail = doctor.document
    assert f"home {tmp_path}; database {tmp_path}/sfsync.sqlite3" in read["text"]
    assert (database["verdict"], database["advice"]) == ("wrong", "Run `sfsync migrate`.")
    assert (mail["verdict"], mail["text"].split(".")[0]) == ("warning", "No mail server is set")


def test_without_a_store_there_is_nothing_to_run(machine: Machine) -> None:
    answer = machine.sfsync("sync")
    assert (answer.status, "sfsync apply FILE" in answer.err) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("retry",), "Say which order, or --all-failed, or which failures: --since, --channel, --reason."),
        (("why", "nothing-like-it"), "No marketplace order “nothing-like-it” is known."),
        (("logs", "--level", "loud"), "There is no level “loud”"),
        (("sync", "--store", "elsewhere"), "There is no store “elsewhere”. Stores: none yet."),
        (("apply", "missing.toml"), "missing.toml cannot be read"),
    ],
)
def test_a_wrong_usage_is_status_2(machine: Machine, arguments: tuple[str, ...], sentence: str) -> None:
    answer = machine.sfsync(*arguments)
    assert (answer.status, answer.out) == (2, "")
    assert sentence in answer.err


def test_a_wrong_setting_stops_every_command(machine: Machine, tmp_path: Path) -> None:
    """Status 2, a sentence for each, from wherever it comes, and no secret in any."""
    (machine.home / ".env").write_text("SFSYNC_TIMEOUT=never\n")
    (tmp_path / "smtp").write_text("smtp://user:secr/et-password@host:587\n")
    answer = machine.sfsync("status", smtp_url_file=str(tmp_path / "smtp"), database_url="mysql://u:secret@host/name")
    assert (answer.status, answer.out) == (2, "")
    assert {line.split()[0].rstrip(":") for line in answer.err.splitlines()} == {
        "SFSYNC_TIMEOUT",
        "SFSYNC_SMTP_URL",
        "SFSYNC_DATABASE_URL",
    }
    assert "secr" not in answer.err


def test_a_misspelt_setting_is_told_and_stops_nothing(machine: Machine) -> None:
    """Once, on stderr, with the name that is meant: what a machine reads stays JSON. The doctor tells it too."""
    (machine.home / ".env").write_text("SFSYNC_TIMEUOT=5\n")
    answer = machine.sfsync("status", "--json", databse_url="postgresql://u:tell-nobody@host/name")
    assert (answer.status, answer.document) == (0, {})
    assert answer.err.splitlines() == [
        "SFSYNC_DATABSE_URL is no setting of sfsync, and is ignored. Is SFSYNC_DATABASE_URL meant?",
        "SFSYNC_TIMEUOT is no setting of sfsync, and is ignored. Is SFSYNC_TIMEOUT meant?",
    ]
    findings = machine.sfsync("doctor", "--json").document
    assert (findings[0]["subject"], findings[0]["verdict"]) == ("settings", "warning")
    assert "SFSYNC_TIMEOUT meant?" in findings[0]["text"]


def test_createuser_without_a_terminal_says_how_to_give_the_password(machine: Machine) -> None:
    """Status 2, one sentence, and no warning of Python's."""
    answer = machine.sfsync("createuser", "claire")
    assert (answer.status, answer.out) == (2, "")
    assert answer.err.startswith("There is no terminal to ask for the password. Give it on the input, with --password-")
    assert "GetPassWarning" not in answer.err


def test_a_database_that_does_not_answer_is_a_sentence(machine: Machine) -> None:
    answer = machine.sfsync("status", database_url="postgresql://sfsync:our-password@127.0.0.1:9/sfsync")
    assert answer.status == 1
    assert "sfsync's own database cannot be used" in answer.err
    assert "our-password" not in answer.err


def test_apply_prints_what_it_changed_and_shows_no_secret(machine: Machine, make_shop: MakeShop) -> None:
    """Secrets may come from the environment; a wrong line changes nothing at all."""
    url = make_shop("shop").url
    machine.settings |= {"SF_TOKEN": "first-sandbox-token", "SHOP_URL": url}
    stores = store_table("main", "", "http://127.0.0.1:9").replace('token = "sandbox-token"', 'token_env = "SF_TOKEN"')
    stores = stores.replace('url = ""', 'url_env = "SHOP_URL"')
    assert machine.apply(stores).out == "main: created\n"

    machine.settings["SF_TOKEN"] = "second-sandbox-tick"
    wrong = machine.apply(stores.replace("store_id = 10", "store_id = 11\ntries = 0") + "[stores.other]\ntoken = 5\n")
    assert wrong.status == 2
    assert wrong.err.splitlines()[-1] == "Nothing was changed."
    assert {line.split(":")[0] for line in wrong.err.splitlines()[:-1]} == {"stores.other.token"}

    answer = machine.apply(stores.replace("store_id = 10", "store_id = 11\ndelay_minutes = 30"))
    assert (answer.status, answer.err) == (0, "")
    assert answer.out.splitlines() == [
        "main: changed",
        "  store_id: 10 → 11",
        "  delay_minutes: 5 → 30",
        "  token: …oken → …tick",
    ]
    del machine.settings["SHOP_URL"]
    unset = machine.apply(stores)
    assert (unset.status, "environment variable SHOP_URL is not set" in unset.err) == (2, True)


def test_one_store_in_trouble_does_not_stop_the_others(machine: Machine, feed: Server, make_shop: MakeShop) -> None:
    """Status 1; the reason and what to do for those that could not be processed, the counts of the one that was."""
    revoked, good = make_shop("revoked"), make_shop("good")
    stores = [
        store_table("a-gone", "mysql+pymysql://reader:shop-password@127.0.0.1:9/shop", feed.url),
        store_table("b-revoked", revoked.url, feed.url, token='"worthless"'),
        store_table("c-good", good.url, feed.url),
    ]
    assert machine.apply("".join(stores)).out == "a-gone: created\nb-revoked: created\nc-good: created\n"
    for shop in (revoked, good):
        ship(shop, shop.order_ids()[0])

    answer = machine.sfsync("sync", "--wait", "20", "--json")

    assert answer.status == 1
    gone, refused, report = answer.document.values()
    assert gone["error"].startswith("The shop does not answer. The database server 127.0.0.1:9")
    assert gone["advice"].startswith("Check that the shop's server runs.")
    assert refused["error"].startswith("Shopping Feed refused the token.")
    assert (refused["detected"], refused["sent"], refused["queued"]) == (1, 0, 1)
    assert (report["sent"], report["confirmed"], "error" in report) == (1, 1, False)
    assert "shop-password" not in answer.out + answer.err

    alone = machine.sfsync("sync", "--store", "c-good")
    assert (alone.status, alone.out[:20]) == (0, "c-good: 0 detected, ")
    shown = machine.sfsync("status").out
    assert "b-revoked: Shopping Feed refused the token." in shown
    assert "Enter a valid token" in shown


def test_a_second_run_at_the_same_time_exits_at_once(
    machine: Machine, sandbox: Sandbox, feed: Server, make_shop: MakeShop
) -> None:
    """R22: it says who holds the store, and is no error: a long first run must not mail from the crontab."""
    shop = make_shop("shop")
    machine.apply(store_table("main", shop.url, feed.url))
    feed_id = ship(shop, shop.order_ids()[0])
    sandbox.fault(Fault("stuck", order_id=feed_id))
    first = machine.start(COMMAND, "sync", "--wait", "60", "--json")
    until(lambda: sandbox.ledger.operations(feed_id), "the first run sends")

    second = machine.sfsync("sync", "--wait", "60", "--json")

    assert second.status == 0
    assert second.document["main"]["held_by"].startswith(f"process {first.pid} on ")
    assert f"process {first.pid} on" in machine.sfsync("status", "--json").document["main"]["running"]
    assert first.poll() is None
    sandbox.release()
    out, err = first.communicate(timeout=60)
    assert (first.returncode, '"confirmed": 1' in out, err) == (0, True, "")


def test_doctor_finds_each_wrong_thing(machine: Machine, feed: Server, make_shop: MakeShop, tmp_path: Path) -> None:
    """One store for each mistake; each finding says what to do, and none stops the others."""
    url = make_shop("shop").url
    closed = "mysql+pymysql://reader:shop-password@127.0.0.1:9/shop"
    stores = [
        store_table("host", closed, feed.url),
        store_table("file", f"sqlite:///{tmp_path}/nowhere.sqlite3", feed.url),
        store_table("prefix", url, feed.url, shop='prefix = "shop_"'),
        store_table("shop", url, feed.url, shop="shop_id = 7"),
        store_table("token", url, feed.url, token='"worthless-token"'),
        store_table("account", url, feed.url, store_id="99"),
        store_table("api", url, "http://127.0.0.1:9"),
        store_table("unknown", make_shop("second").url, feed.url, statuses="shipped = [4, 444]"),
        store_table("unshipped", make_shop("third").url, feed.url, statuses="canceled = [6]", recipients="[]"),
    ]
    assert machine.apply("".join(stores)).status == 0

    answer = machine.sfsync("doctor", "--json", smtp_url="smtp://127.0.0.1:9")

    assert answer.status == 1
    found = {(each["subject"], each["text"], each["verdict"], each["advice"]) for each in answer.document}
    wrong = {subject: (text, advice) for subject, text, verdict, advice in found if verdict == "wrong"}
    expected = {
        "host: shop": "The database server 127.0.0.1:9 does not answer",
        "file: shop": "nowhere.sqlite3",
        "prefix: shop": "no PrestaShop tables with the prefix 'shop_', but with 'ps_'",
        "shop: shop": "There is no shop 7",
        "token: Shopping Feed": "Shopping Feed refused the token",
        "account: Shopping Feed": "The token does not open store 99; it opens: 10 (Store 10)",
        "api: Shopping Feed": "Shopping Feed cannot be reached",
        "unknown: status mapping": "The shop has no status 444",
        "unshipped: status mapping": "No status is mapped to “Shipped”",
    }
    assert set(wrong) == set(expected)
    for subject, sentence in expected.items():
        text, advice = wrong[subject]
        assert sentence in text, subject
        assert advice, subject
    assert wrong["account: Shopping Feed"][1].startswith(
        "Check the Shopping Feed store number (store_id) in the settings"
    )
    warned = {subject: text for subject, text, verdict, _ in found if verdict == "warning"}
    assert set(warned) == {"email", "unknown: status mapping", "unshipped: status mapping", "unshipped: recipients"}
    assert "counts as shipped in the shop but is not mapped" in warned["unknown: status mapping"]

    one = machine.sfsync("doctor", "--json", "--problems", "--store", "token").document
    subjects = [(each["subject"], each["verdict"]) for each in one]
    assert subjects == [("email", "warning"), ("token: Shopping Feed", "wrong")]
    misspelt = machine.sfsync("doctor", "--store", "tokens")
    assert (misspelt.status, "There is no store “tokens”. Stores: token, " in misspelt.err) == (2, True)
    assert "shop-password" not in answer.out + answer.err


def test_failed_updates_are_retried_all_at_once(machine: Machine, feed: Server, make_shop: MakeShop) -> None:
    """R4, R16: three orders without a tracking number; then the store allows it, and the next run sends all."""
    shop = make_shop("shop")
    machine.apply(store_table("main", shop.url, feed.url, delay_minutes="0"))
    for order in shop.order_ids()[:3]:
        shop.set_status(order, SHIPPED)
    assert machine.sfsync("sync", "--json").document["main"]["failed"] == 3

    machine.apply(store_table("main", shop.url, feed.url, delay_minutes="0", ship_without_tracking="true"))
    assert machine.sfsync("tasks", "--limit", "2").out.splitlines()[-1] == "… and 1 more; see --limit."
    assert machine.sfsync("retry", "--all-failed").out == "3 updates will be retried by the next sync.\n"
    assert machine.sfsync("sync", "--wait", "20", "--json").document["main"]["confirmed"] == 3


def test_a_mail_that_cannot_be_sent_is_kept_and_sent_later(
    machine: Machine, feed: Server, make_shop: MakeShop, inbox: Inbox
) -> None:
    """R20, in French: the mail server is down for a run, then one mail comes."""
    shop = make_shop("shop")
    machine.apply(store_table("main", shop.url, feed.url, delay_minutes="0", language='"fr"'))
    shop.set_status(shop.order_ids()[0], SHIPPED)
    refused = machine.sfsync("sync", smtp_url="smtp://127.0.0.1:9")
    assert (refused.status, "SFSYNC_SMTP_URL" in refused.err) == (1, True)
    [alarm] = machine.sfsync("status", "--json").document["main"]["alarms"]
    assert alarm["code"] == "mail-failed"

    with sqlite3.connect(machine.database) as database:
        database.execute("UPDATE sfsync_store_state SET mail_retry_at = NULL")
    assert machine.sfsync("sync", smtp_url=inbox.url, mail_from="sfsync@example.com").status == 0

    [mail] = inbox.mails
    assert (mail["from"], mail["to"]) == ("sfsync@example.com", "merchant@example.com")
    assert "commande" in str(mail["subject"])
    assert machine.sfsync("status", "--json").document["main"]["alarms"] == []


def test_commands_speak_french_where_the_machine_does(machine: Machine) -> None:
    answer = machine.sfsync("doctor", LANG="fr_FR.UTF-8")
    assert answer.status == 1
    assert "Aucun serveur de messagerie" in answer.out


def test_the_sandbox_answers_until_it_is_stopped(machine: Machine) -> None:
    process = machine.start(COMMAND, "sandbox", "--port", "0", "--token", "my-own-token", "--store", "12")
    assert process.stdout
    address = process.stdout.readline().split()[-1]
    with Client("my-own-token", base_url=address) as client:
        assert [store.id for store in client.me().stores] == [12]
    process.terminate()
    process.communicate(timeout=30)
    assert process.poll() is not None
