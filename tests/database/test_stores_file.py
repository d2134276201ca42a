"""`sfsync apply`: the file becomes the database's stores, whole or not at all, again and again to the same effect."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from sfsync.models import LogEntry, SettingChange, Store, StoreState, named_settings
from sfsync_server.stores_file import StoresFileError, apply

pytestmark = pytest.mark.django_db

MAIN = """
[stores.main]
token = "the-token-of-main"
store_id = 10

[stores.main.shop]
url = "mysql+pymysql://reader:shop-password@db/shop"

[stores.main.statuses]
shipped = [4]
"""
EVERYTHING = """
[stores.main]
token = "the-token-of-main"
store_id = 1078495000000
api_url = "https://sandbox.example.com"
enabled = false
language = "fr"
recipients = ["a@example.com", "b@example.com"]
mode = "realtime"
every_minutes = 15
delay_minutes = 0
retry_minutes = 30
state_policy = "latest-mapped"
ship_without_tracking = [3, 4]
tries = 5
log_days = 30
shop.kind = "prestashop"
shop.url = "sqlite:////srv/shop.sqlite3"
shop.prefix = "shop_"
shop.shop_id = 2
statuses = { shipped = [4, 20], delivered = [5], canceled = [6], refunded = [7] }
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "stores.toml"


def applied(file: Path, text: str) -> list[tuple[str, bool, list[str]]]:
    file.write_text(text, "utf-8")
    return [(each.store, each.created, each.changes) for each in apply(file, who="jane (command line)")]


def mistakes(file: Path, text: str) -> list[str]:
    """The sentences, when nothing was written."""
    before = list(Store.objects.values()), SettingChange.objects.count()
    with pytest.raises(StoresFileError) as refused:
        applied(file, text)
    assert (list(Store.objects.values()), SettingChange.objects.count()) == before
    assert "shop-password" not in str(refused.value)
    return str(refused.value).splitlines()


def test_a_store_needs_little(file: Path) -> None:
    """What the file does not say has a default."""
    assert applied(file, MAIN) == [("main", True, [])]
    store = Store.objects.get()
    assert (store.token.reveal(), store.feed_store_id) == ("the-token-of-main", 10)
    assert store.shop_secrets["url"].reveal() == "mysql+pymysql://reader:shop-password@db/shop"
    assert [named_settings.get(store, f"shop.{key}") for key in ("prefix", "shop_id")] == ["ps_", 1]
    assert (store.mode, store.every_minutes, store.delay_minutes, store.tries) == ("batch", 5, 5, 3)
    assert (store.api_url, store.enabled, store.language) == ("https://api.shopping-feed.com", True, "en")


def test_every_key_arrives_where_it_belongs(file: Path) -> None:
    applied(file, EVERYTHING)
    store = Store.objects.get()
    assert store.feed_store_id == 1_078_495_000_000
    assert (store.api_url, store.enabled, store.language) == ("https://sandbox.example.com", False, "fr")
    assert store.recipients == ["a@example.com", "b@example.com"]
    assert (store.mode, store.every_minutes, store.delay_minutes, store.retry_minutes) == ("realtime", 15, 0, 30)
    assert (store.state_policy, store.ship_without_tracking) == ("latest-mapped", ["3", "4"])
    assert (store.tries, store.log_days) == (5, 30)
    assert (store.shop_kind, store.shop_settings) == ("prestashop", {"prefix": "shop_", "shop_id": 2})
    assert store.statuses == {"shipped": ["4", "20"], "delivered": ["5"], "canceled": ["6"], "refunded": ["7"]}


@pytest.mark.parametrize("text", [MAIN, EVERYTHING])
def test_applying_again_changes_nothing(file: Path, text: str) -> None:
    applied(file, text)
    row = Store.objects.values().get()
    assert applied(file, text) == [("main", False, [])]
    assert Store.objects.values().get() == row
    assert SettingChange.objects.count() == 1


def test_what_changed_is_said_and_recorded_without_secrets(file: Path) -> None:
    """Who, what, before and after, in words; a secret by its last characters, as replaced where they are the same."""
    applied(file, MAIN)
    new = MAIN.replace("the-token-of-main", "another-token-here").replace("shop-password@db", "new-password@db2")
    new = new.replace("store_id = 10", "store_id = 10\nrecipients = ['a@example.com']").replace("[4]", "[4, 20]")

    [(_, created, changes)] = applied(file, new)

    assert not created
    assert changes == [
        "recipients: none → a@example.com",
        "token: …main → …here",
        "shop.url: …shop → replaced",
        "statuses: Shipped: 4 → Shipped: 4, 20",
    ]
    recorded = SettingChange.objects.order_by("id").values_list("who", "name", "before", "after")
    assert list(recorded) == [
        ("jane (command line)", "store", None, "main"),
        ("jane (command line)", "recipients", [], ["a@example.com"]),
        ("jane (command line)", "token", {"secret": "…main"}, {"secret": "…here"}),
        ("jane (command line)", "shop.url", {"secret": "…shop"}, {"secret": "…shop", "replaced": True}),
        ("jane (command line)", "statuses", {"shipped": ["4"]}, {"shipped": ["4", "20"]}),
    ]
    assert list(LogEntry.objects.order_by("id").values_list("code", "params")) == [
        ("person-added", {"who": "jane (command line)"}),
        (
            "person-settings",
            {"who": "jane (command line)", "names": "recipients, token, shop.url, statuses", "kind": "prestashop"},
        ),
    ]
    said = LogEntry.objects.get(code="person-settings").message
    assert said.endswith("changed the settings: Recipients; Token; Address of the shop; Status mapping.")


def test_what_the_file_does_not_say_stays(file: Path) -> None:
    """A setting that was changed elsewhere, and a store that the file does not name."""
    applied(file, MAIN)
    Store.objects.update(delay_minutes=60)
    applied(file, MAIN.replace("main", "other").replace("= 10", "= 11"))
    assert applied(file, MAIN) == [("main", False, [])]
    assert list(Store.objects.values_list("name", "delay_minutes")) == [("main", 60), ("other", 5)]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("store_id = 10", "", "stores.main.store_id: is missing."),
        ("store_id = 10", 'store_id = "10"', "stores.main.store_id: must be a whole number, without quotes."),
        ("store_id = 10", "store_id = 10\ntries = true", "stores.main.tries: must be a whole number, without quotes."),
        ("store_id = 10", "store_id = 10\ndelay_minutes = 2.5", "stores.main.delay_minutes: must be a whole number"),
        ("store_id = 10", "store_id = 0", "stores.main.store_id: Ensure this value is greater than or equal to 1."),
        ("store_id = 10", "store_id = 10\ntries = 0", "stores.main.tries: Ensure this value is greater"),
        ("store_id = 10", "store_id = 10\nevery_minutes = 0", "stores.main.every_minutes: Ensure this value is"),
        ("store_id = 10", 'store_id = 10\nenabled = "no"', "stores.main.enabled: must be true or false."),
        ("store_id = 10", "store_id = 10\nlanguage = 1", "stores.main.language: must be a text, in quotes."),
        (
            "store_id = 10",
            'store_id = 10\nlanguage = "de"',
            'stores.main.language: there is no "de"; known are "en", "fr".',
        ),
        ("store_id = 10", 'store_id = 10\nmode = "fast"', 'stores.main.mode: there is no "fast"; known are "batch", '),
        ("store_id = 10", 'store_id = 10\nstate_policy = "all"', 'stores.main.state_policy: there is no "all"; known'),
        ("store_id = 10", 'store_id = 10\nrecipients = ["x"]', "stores.main.recipients: “x” is not an email address."),
        ("store_id = 10", 'store_id = 10\nrecipients = "x@y.fr"', "stores.main.recipients: Recipients are a list"),
        ("store_id = 10", 'store_id = 10\napi_url = "ftp://x"', "stores.main.api_url: The API's address starts with"),
        ("store_id = 10", "store_id = 10\nship_without_tracking = 3", "stores.main.ship_without_tracking: Shipping"),
        (
            "store_id = 10",
            'store_id = 10\ncarriers = ""',
            "stores.main.carriers: The carriers are tables, one for each",
        ),
        (
            "store_id = 10",
            "store_id = 10\ncarriers = []",
            "stores.main.carriers: The carriers are tables, one for each",
        ),
        ("store_id = 10", 'store_id = 10\nreasons = ""', "stores.main.reasons: The reasons are a table: of the shop's"),
        ("store_id = 10", "store_id = 10\nreasons = []", "stores.main.reasons: The reasons are a table: of the shop's"),
        (
            "store_id = 10",
            'store_id = 10\nreasons = { 9 = "late" }',
            "stores.main.reasons: no reason is sent for status 9: map it to canceled.",
        ),
        (
            "store_id = 10",
            'store_id = 10\nship_hours = ""',
            "stores.main.ship_hours: The hours to ship are a table: of",
        ),
        (
            "store_id = 10",
            "store_id = 10\nship_hours = []",
            "stores.main.ship_hours: The hours to ship are a table: of",
        ),
        ("store_id = 10", 'store_id = 10\ndeadline_steps = ""', "stores.main.deadline_steps: The alerts before a"),
        ("store_id = 10", "store_id = 10\ndeadline_steps = {}", "stores.main.deadline_steps: The alerts before a"),
        ("store_id = 10", "store_id = 10\nrecipients = {}", "stores.main.recipients: Recipients are a list of email"),
        ("store_id = 10", 'store_id = 10\nrecipients = ""', "stores.main.recipients: Recipients are a list of email"),
        ("store_id = 10", 'store_id = 10\nship_without_tracking = ""', "stores.main.ship_without_tracking: Shipping"),
        ("store_id = 10", 'store_id = 10\nstatuses = ""', "stores.main.statuses: The status mapping is a table of"),
        ("store_id = 10", "store_id = 10\nstatuses = []", "stores.main.statuses: The status mapping is a table of"),
        ("store_id = 10", 'store_id = 10\napi_url = "https://["', "stores.main.api_url: That is not an address."),
        (
            "store_id = 10",
            'store_id = 10\napi_url = "https://h:99999"',
            "stores.main.api_url: That is not an address.",
        ),
        ("store_id = 10", "store_id = 10\ndelay = 5", "stores.main.delay: unknown setting; known are api_url, "),
        ("store_id = 10", 'store_id = 10\ntoken_env = "X"', "stores.main: token or token_env, not both."),
        ('token = "the-token-of-main"', "", "stores.main.token: is missing."),
        (
            "store_id = 10",
            'store_id = 10\napi_url = "https://x.fr/?y=1"',
            "stores.main.api_url: The API's address has no",
        ),
        ('"the-token-of-main"', '"the token"', "stores.main.token: The token has spaces or characters"),
        ('"the-token-of-main"', '"clé-secrète"', "stores.main.token: The token has spaces or characters"),
        ('token = "the-token-of-main"', 'token = " "', "stores.main.token: must be a text that is not empty."),
        ('token = "the-token-of-main"', 'token = ""', "stores.main.token: must be a text that is not empty."),
        ('token = "the-token-of-main"', 'token_env = "SF_NOPE"', "stores.main.token_env: the environment variable SF_"),
        ('url = "mysql+pymysql://reader:shop-password@db/shop"', "", "stores.main.shop.url: is missing."),
        ("mysql+pymysql://", "postgresql://", "stores.main.shop.url: The shop's address starts with mysql+pymysql://"),
        ("shop-password@db", "shop-password/@db", "stores.main.shop.url: "),
        ("[stores.main.shop]", '[stores.main.shop]\nprefix = "ps_; DROP"', "stores.main.shop.prefix: A table prefix"),
        ("[stores.main.shop]", "[stores.main.shop]\nshop_id = 0", "stores.main.shop.shop_id: Ensure this value"),
        ("[stores.main.shop]", '[stores.main.shop]\nkind = "magento"', "stores.main.shop.kind: there is no kind “mag"),
        ("[stores.main.shop]", "[stores.main.shop]\nport = 3306", "stores.main.shop.port: unknown setting; known are"),
        ("shipped = [4]", "sent = [4]", "stores.main.statuses: “sent” is not one of shipped, canceled, refunded,"),
        ("shipped = [4]", "shipped = 4", "stores.main.statuses: The statuses mapped to “shipped” are a list"),
        ("shipped = [4]", "shipped = [4]\ncanceled = [4]", "stores.main.statuses: Status 4 is mapped to shipped and"),
        ("stores.main", 'stores."no spaces"', "stores.no spaces.name: Enter a valid “slug”"),
        ("[stores.main]", "title = 1\n[stores.main]", "title: unknown; a store is a table [stores.NAME]."),
        ("[stores.main]", "[stores.main", "stores.toml is not TOML: "),
        ("[stores.main]", f"a = {'[' * 3000}\n[stores.main]", "stores.toml is nested too deeply, or has a number with"),
        ("[stores.main]", f"a = {'9' * 5000}\n[stores.main]", "stores.toml is nested too deeply, or has a number with"),
        (MAIN, "stores = 1", "The file has no store: begin with a table [stores.NAME]."),
        (MAIN, "[stores]\nmain = 1", "stores.main: must be a table."),
        (MAIN, '[stores.main]\nshop = "here"', "stores.main.shop: must be a table."),
    ],
)
def test_a_wrong_line_changes_nothing(file: Path, old: str, new: str, sentence: str) -> None:
    """Its place and what it takes; a right store in the same file is not written either."""
    other = "" if old == MAIN else MAIN.replace("main", "fine").replace("= 10", "= 99")
    text = MAIN.partition("[stores.main.statuses]")[0] if "statuses = " in new else MAIN
    said = mistakes(file, text.replace(old, new) + other)
    assert len(said) == 1
    assert said[0].startswith(sentence) or sentence in said[0].removeprefix(str(file.parent))


def test_all_mistakes_are_told_at_once(file: Path) -> None:
    text = MAIN.replace("store_id = 10", 'store_id = "10"\ncolour = "red"\nenabled = 1')
    assert len(mistakes(file, text + MAIN.replace("main", "other").replace("token =", "tokens ="))) == 4


def test_a_file_that_cannot_be_read(file: Path) -> None:
    with pytest.raises(StoresFileError, match=r"stores\.toml cannot be read: No such file or directory\."):
        apply(file, who="jane")
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(StoresFileError, match=r"stores\.toml is not UTF-8 text\."):
        apply(file, who="jane")


def test_secrets_may_come_from_the_environment(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SF_TOKEN", "token-from-outside")
    monkeypatch.setenv("SHOP_URL", "sqlite:////srv/shop.sqlite3")
    text = MAIN.replace('token = "the-token-of-main"', 'token_env = "SF_TOKEN"')
    applied(file, text.replace('url = "mysql+pymysql://reader:shop-password@db/shop"', 'url_env = "SHOP_URL"'))
    store = Store.objects.get()
    assert (store.token.reveal(), store.shop_secrets["url"].reveal()) == (
        "token-from-outside",
        "sqlite:////srv/shop.sqlite3",
    )


def test_a_store_renamed_in_the_file_does_not_send_everything_twice(file: Path) -> None:
    """The former one is still there: it has to be switched off, in the same file or before."""
    applied(file, MAIN)
    renamed = MAIN.replace("stores.main", "stores.renamed")
    [said] = mistakes(file, renamed)
    same = "This store connects the same shop and the same Shopping Feed account as “main”"
    assert said.startswith(f"stores.renamed: {same}")
    applied(file, renamed + "[stores.main]\nenabled = false\n")
    assert list(Store.objects.values_list("name", "enabled")) == [("main", False), ("renamed", True)]


def test_applying_again_mends_a_lost_key(file: Path, settings: Settings) -> None:
    """As the advice says: the secrets of the file take the place of those that can no longer be read."""
    applied(file, MAIN)
    settings.SFSYNC_SECRET_KEYS = lambda: ["quite another key"]
    [(_, _, changes)] = applied(file, MAIN)
    assert changes == ["token: … → …main", "shop.url: … → …shop"]
    assert Store.objects.get().token.reveal() == "the-token-of-main"


def test_two_stores_may_swap_their_shops(file: Path) -> None:
    """They are judged beside each other when both are written."""
    two = MAIN + MAIN.replace("stores.main", "stores.other").replace("db/shop", "db/another")
    applied(file, two)
    swapped = two.replace("db/another", "db/X").replace("db/shop", "db/another").replace("db/X", "db/shop")
    assert [len(changes) for _, _, changes in applied(file, swapped)] == [1, 1]


def test_white_space_around_a_secret_is_none_of_it(file: Path) -> None:
    applied(file, MAIN.replace("the-token-of-main", " the-token-of-main\\n"))
    assert Store.objects.get().token.reveal() == "the-token-of-main"


def test_what_a_run_under_way_remembers_stays_when_the_file_is_applied(file: Path) -> None:
    """R22: the settings are written, and what the run wrote since they were read stays."""
    applied(file, MAIN)
    moved: list[int] = []

    def run(execute: Callable[..., Any], sql: str, *arguments: Any) -> Any:
        if sql.startswith("UPDATE") and not moved:
            moved.append(99)
            StoreState.objects.update(mail_tries=99)
        return execute(sql, *arguments)

    with connection.execute_wrapper(run):
        applied(file, MAIN.replace("[4]", "[4, 20]"))
    store = Store.objects.get()
    assert (store.state.mail_tries, store.statuses) == (99, {"shipped": ["4", "20"]})


def test_a_mistake_about_a_store_that_exists_is_said_like_any_other(file: Path) -> None:
    """`shipped = 4` is not a list."""
    applied(file, MAIN)
    [sentence] = mistakes(file, MAIN.replace("shipped = [4]", "shipped = 4"))
    assert "The statuses mapped to “shipped” are a list of the shop's status ids." in sentence


@pytest.mark.parametrize("address", ["https://[", "https://h:99999"])
def test_what_is_no_address_is_one_sentence_about_a_store_that_exists_too(file: Path, address: str) -> None:
    """Its token is not asked for again: there is no other host that it would go to."""
    applied(file, MAIN)
    said = mistakes(file, MAIN.replace("store_id = 10", f'store_id = 10\napi_url = "{address}"'))
    assert said == ["stores.main.api_url: That is not an address."]
