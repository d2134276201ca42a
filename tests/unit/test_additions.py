"""What is added to the house comes in by its value alone: a kind of shop, made up here, goes through the file of
stores, the pages, the manual, the doctor and a run, and no line of `src/` knows of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from typer.testing import CliRunner

from sfsync.domain.orders import Item, Parcel, Seen, Snapshot
from sfsync.engine.kit.connections import Live
from sfsync.engine.run import run_store
from sfsync.engine.watch.connection_tests import try_shop
from sfsync.models import LogEntry, SettingChange, Store, named_settings
from sfsync.shops import kinds
from sfsync.shops.base import (
    Carrier,
    KnownOrders,
    Listing,
    Note,
    Noticed,
    Placed,
    Reader,
    ShopFacts,
    ShopMisconfigured,
    Source,
    Status,
)
from sfsync.shops.kind import Around, ShopKind
from sfsync.shops.setting import Mistake, Setting
from sfsync_server import stores_file
from sfsync_server.cli import app
from sfsync_server.stores_file import StoresFileError
from shoppingfeed.sandbox import ManualClock, Sandbox
from tests.backoffice.conftest import enter

pytestmark = pytest.mark.django_db

PACKED, GONE = "packed", "gone / away"
ORDER = "2026/17"


@dataclass
class Ledger:
    """A shop that is a book in memory: its keys are texts, and an order's status history is a list."""

    histories: dict[str, list[str]] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    opened_with: list[dict[str, Any]] = field(default_factory=list)

    def open(self, values: Mapping[str, Any], around: Around) -> Ledger:
        if values["desk"] == 13:
            raise ShopMisconfigured("There is no desk 13.")
        self.opened_with.append(dict(values))
        return self

    @property
    def reader(self) -> Reader:
        return self

    @property
    def sources(self) -> list[Source]:
        return [Pages(self)]

    def listed(self, keys: Collection[str]) -> list[Listing]:
        at = datetime.now(UTC) - timedelta(hours=1)
        return [
            Listing(number, key, f"A-{key}", 9000 + number, f"M-{key}", "Amazon", at)
            for number, key in enumerate(self.histories, 1)
            if key in keys
        ]

    def in_the_way(self) -> list[Note]:
        return []

    def pulse(self) -> None:
        return None

    def memory(self) -> dict[str, int]:
        return {"opened": len(self.opened_with)}

    def look(self, keys: Collection[str]) -> dict[str, Seen]:
        return {key: each.seen for key, each in self.read(keys).items()}

    def read(self, keys: Collection[str]) -> dict[str, Snapshot]:
        return {key: self._snapshot(key) for key in keys if key in self.histories}

    def _snapshot(self, key: str) -> Snapshot:
        history, number = tuple(self.histories[key]), self.numbers.get(key)
        parcels = (Parcel(number, "pigeon", "Pigeon"),) if number else ()
        return Snapshot(key, history[-1], history, parcels, version=len(history))

    def removed(self, versions: Collection[int]) -> tuple[int, ...]:
        return ()

    def placed(self, keys: Collection[str]) -> dict[str, Placed]:
        return {}

    def contents(self, keys: Collection[str]) -> dict[str, dict[str, list[Item]]]:
        return {}

    def statuses(self, language: str) -> list[Status]:
        return [Status(PACKED, "Packed"), Status(GONE, "Gone", shipped=True)]

    def carriers(self) -> list[Carrier]:
        return [Carrier("pigeon", "Pigeon")]

    def probe(self) -> ShopFacts:
        return ShopFacts("Ledger", "", "Paper and co", {"book": len(self.histories)})

    def close(self) -> None:
        """Nothing is open."""


class Pages(Source):
    """Everything is noticed by turning the pages."""

    name, lists = "pages", True

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def after(self, cursor: int | None, orders: KnownOrders) -> Iterator[Noticed]:
        ledger, now = self.ledger, hash(str((self.ledger.histories, self.ledger.numbers)))
        yield Noticed(listings=ledger.listed(ledger.histories))
        if now != cursor:
            yield Noticed(sightings=ledger.look(ledger.histories), cursor=now)


def no_spaces(value: str) -> None:
    if " " in value:
        raise Mistake("A key has no spaces, and this one has %(count)s.", count=value.count(" "))


SETTINGS = {
    "connection": Setting("How the ledger is read", choices={"book": "the book", "wire": "the wire"}, default="book"),
    "shelf": Setting("Shelf of the ledger", "Where it stands.", when=("connection", "book")),
    "key": Setting(
        "Key of the wire", "Whoever runs it has it.", secret=True, when=("connection", "wire"), check=no_spaces
    ),
    "desk": Setting("Number of the desk", "1, unless there are more.", int, 1, least=1, most=99),
}


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    cache.clear()
    made = Ledger()
    kind = ShopKind("ledger", "Ledger", SETTINGS, made.open, lambda values: f"{values['shelf']} {values['desk']}")
    with kinds.registered(kind):
        yield made


@pytest.fixture
def administrator(db: None) -> Client:
    client = Client(headers={"accept-language": "en"})
    enter(client, User.objects.create_user("root", is_staff=True, is_superuser=True))
    return client


TOML = """
[stores.paper]
token = "the-token-of-paper"
store_id = 10
recipients = ["merchant@example.com"]
[stores.paper.shop]
kind = "ledger"
shelf = "third"
[stores.paper.statuses]
shipped = ["gone / away"]
"""


@pytest.fixture
def apply(ledger: Ledger, tmp_path: Path) -> Callable[[str], list[str]]:
    def write(text: str) -> list[str]:
        (tmp_path / "stores.toml").write_text(text, "utf-8")
        return [change for each in stores_file.apply(tmp_path / "stores.toml", who="jane") for change in each.changes]

    return write


def paper() -> Store:
    return Store.objects.get(name="paper")


def page(response: Any) -> str:
    assert response.status_code == 200, response
    return str(response.content.decode())


SOURCES = Path(__file__).resolve().parents[2] / "src"
OWN = ("sfsync/shops/prestashop/", "sfsync/shops/kinds.py", "sfsync/testing.py", "sfsync_server/demo/")
"""Where the name of a kind of shop may stand: its folder, the registry, the demo and its testing world."""


def test_no_other_line_knows_the_name_of_a_kind_of_shop() -> None:
    named = re.compile(r"prestashop|\bps_", re.IGNORECASE)
    others = [each for each in SOURCES.rglob("*.py") if not each.relative_to(SOURCES).as_posix().startswith(OWN)]
    assert len(others) > 100
    assert [each.name for each in others if named.search(each.read_text("utf-8"))] == []


# --- the file of stores -----------------------------------------------------------------------------------------------


def test_a_made_up_kind_of_shop_is_set_up_by_the_file_of_stores(apply: Callable[[str], list[str]]) -> None:
    assert apply(TOML) == []
    assert named_settings.revealed(paper()) == {"connection": "book", "shelf": "third", "key": None, "desk": 1}
    wire = TOML.replace('shelf = "third"', 'connection = "wire"\nkey = "a-long-secret-key"\ndesk = 4')
    assert apply(wire) == [
        "shop.connection: book → wire",
        "shop.key:  → …-key",
        "shop.desk: 1 → 4",
    ]
    assert apply(wire) == []
    assert "a-long-secret-key" not in str(list(Store.objects.values_list("shop_settings", "shop_secrets")))
    assert named_settings.revealed(paper())["shelf"] == "third"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("", "stores.paper.shop.shelf: is missing."),
        ("desk = 3.5", "stores.paper.shop.desk: must be a whole number, without quotes."),
        ("desk = true", "stores.paper.shop.desk: must be a whole number, without quotes."),
        ('shelf = "a"\ndesk = 100', "stores.paper.shop.desk: Ensure this value is less than or equal to 99."),
        ("shelf = 3", "stores.paper.shop.shelf: must be a text, in quotes."),
        (
            'prefix = "ps_"',
            "stores.paper.shop.prefix: unknown setting; known are connection, desk, key, key_env, kind, ",
        ),
        ('connection = "wire"', "stores.paper.shop.key: is missing."),
        (
            'connection = "tube"\nshelf = "a"',
            "stores.paper.shop.connection: there is no “tube”; possible values are book, wire.",
        ),
        ('connection = "wire"\nkey = "a b c"', "stores.paper.shop.key: A key has no spaces, and this one has 2."),
        (
            'connection = "wire"\nkey_env = "NO_SUCH"',
            "stores.paper.shop.key_env: the environment variable NO_SUCH is not",
        ),
    ],
)
def test_a_wrong_line_of_a_made_up_kind_of_shop_is_told_with_its_place(
    apply: Callable[[str], list[str]], line: str, sentence: str
) -> None:
    with pytest.raises(StoresFileError) as refused:
        apply(TOML.replace('shelf = "third"', line))
    assert str(refused.value).startswith(sentence)
    assert not Store.objects.exists()


def test_a_store_that_becomes_another_kind_of_shop_takes_nothing_with_it(apply: Callable[[str], list[str]]) -> None:
    """A secret that was given for one shop is for no other."""
    apply(TOML.replace('shelf = "third"', 'connection = "wire"\nkey = "a-long-secret-key"'))
    other = TOML.replace(
        'kind = "ledger"\nshelf = "third"', f'kind = "{kinds.default_name()}"\nurl = "mysql://db/shop"'
    )
    with pytest.raises(StoresFileError, match="“gone / away” is not one of the shop's numbers"):
        apply(other)
    other = other.replace('"gone / away"', "4")
    assert apply(other)[0].startswith("shop.kind: ledger → ")
    assert list(paper().shop_secrets) == ["url"]
    assert paper().shop_settings == {}


def test_two_stores_of_one_made_up_shop_would_send_everything_twice(apply: Callable[[str], list[str]]) -> None:
    with pytest.raises(StoresFileError, match="everything would be sent twice"):
        apply(TOML + TOML.replace("stores.paper", "stores.twin"))
    apply(TOML + TOML.replace("stores.paper", "stores.twin").replace('"third"', '"fourth"'))
    assert Store.objects.count() == 2


# --- the manual, the pages, the doctor --------------------------------------------------------------------------------


def test_the_settings_make_the_rows_of_the_manual() -> None:
    assert list(stores_file.manual(SETTINGS))[1:] == [
        '| `shelf` | must be given | Shelf of the ledger. Where it stands. Only with `connection = "book"`. |',
        '| `key` | must be given | Key of the wire. Whoever runs it has it. Only with `connection = "wire"`. |',
        "| `key_env` | | Instead of `key`: the name of the environment variable that holds it, when `apply` runs. |",
        "| `desk` | `1` | Number of the desk. 1, unless there are more. |",
    ]


def test_the_settings_make_the_form_and_the_history(apply: Callable[[str], list[str]], administrator: Client) -> None:
    apply(TOML)
    address = "/stores/paper/settings/connection/"
    form = page(administrator.get(address))
    assert all(setting.label in form for setting in SETTINGS.values())
    given = {"enabled": "on", "feed_store_id": 10, "api_url": paper().api_url, "do": "anyway", "kept": ""}
    wrong = given | {"shop.connection": "wire", "shop.shelf": "", "shop.key": "a b", "shop.desk": 400}
    refused = page(administrator.post(address, wrong))
    assert "A key has no spaces, and this one has 1." in refused
    assert "less than or equal to 99" in refused
    right = given | {"shop.connection": "wire", "shop.shelf": "third", "shop.key": "a-long-secret-key", "shop.desk": 7}
    assert administrator.post(address, right).status_code == 302
    now = named_settings.revealed(paper())
    assert now == {"connection": "wire", "shelf": "third", "key": "a-long-secret-key", "desk": 7}
    history = page(administrator.get("/stores/paper/settings/history/"))
    assert "Number of the desk" in history
    assert "the wire" in history
    assert "a-long-secret-key" not in form + history + str(list(SettingChange.objects.values()))
    assert "shop.desk" in LogEntry.objects.get(code="person-settings").params["names"]


def test_a_store_of_a_made_up_kind_is_added_on_a_page(ledger: Ledger, administrator: Client) -> None:
    assert "Ledger" in page(administrator.get("/new-store/"))
    form = page(administrator.get("/new-store/?kind=ledger"))
    assert "Shelf of the ledger" in form
    given = {"name": "paper", "language": "en", "enabled": "on", "feed_store_id": 10, "token": "the-token-of-paper"}
    given |= {"api_url": "https://api.shopping-feed.com", "kept": "", "do": "anyway", "kind": "ledger"}
    shop = {"shop.connection": "book", "shop.shelf": "", "shop.key": "", "shop.desk": 1}
    assert "Required." in page(administrator.post("/new-store/", given | shop))
    answer = administrator.post("/new-store/", given | shop | {"shop.shelf": "third"})
    assert answer["Location"] == "/stores/paper/settings/"
    assert (paper().shop_kind, paper().shop_settings["shelf"]) == ("ledger", "third")
    assert "Packed" in page(administrator.get("/stores/paper/settings/"))


def test_the_doctor_opens_a_made_up_shop(ledger: Ledger, apply: Callable[[str], list[str]]) -> None:
    ledger.histories = {ORDER: [PACKED]}
    apply(TOML)
    found = try_shop(paper(), Live())
    assert (found.verdict, found.subject) == ("ok", "paper: shop")
    assert found.text == "Ledger of unknown version, shop “Paper and co”, 1 marketplace order."
    apply(TOML.replace("[stores.paper.statuses]", "desk = 13\n[stores.paper.statuses]"))
    found = try_shop(paper(), Live())
    assert (found.verdict, found.code) == ("wrong", "shop-misconfigured")
    assert "There is no desk 13." in found.text


# --- a run ------------------------------------------------------------------------------------------------------------


def test_an_order_of_a_made_up_shop_is_shipped(
    ledger: Ledger, apply: Callable[[str], list[str]], administrator: Client
) -> None:
    """R1, R2, R12: seen in the shop, told to the marketplace, confirmed; pages and commands know it by its own key."""
    clock = ManualClock(timezone.now().timestamp())
    sandbox = Sandbox(clock=clock)
    ledger.histories = {ORDER: [PACKED]}
    apply(
        TOML.replace("the-token-of-paper", "sandbox-token").replace(
            "store_id = 10", 'store_id = 10\napi_url = "http://localhost"'
        )
    )

    def stop(seconds: float) -> bool:
        clock.advance(seconds)
        return False

    def sync() -> None:
        now = lambda: datetime.fromtimestamp(clock(), UTC)  # noqa: E731
        assert run_store(paper(), Live(sandbox.transport()), wait=10, clock=now, stop=stop).ok

    sync()
    ledger.histories[ORDER].append(GONE)
    ledger.numbers[ORDER] = "COO-1"
    sync()
    assert [(each.operation, each.tracking_number) for each in sandbox.ledger.operations(9001)] == [("ship", "COO-1")]
    assert ledger.opened_with[-1] == {"connection": "book", "shelf": "third", "key": None, "desk": 1}
    listed = administrator.get("/stores/paper/orders/")
    address = re.search(r'href="(/stores/paper/orders/~[^"]+)"', page(listed))
    assert address
    told = page(administrator.get(address[1]))
    assert f"Order {ORDER}" in told
    assert "“Gone” is sent as “Shipped”." in told
    assert f">{ORDER}</a>" in page(administrator.get("/stores/paper/log/"))
    assert administrator.get(f"/stores/paper/orders/{ORDER}/").status_code == 404
    command = CliRunner().invoke(app, ["why", ORDER, "--json"])
    [story] = json.loads(command.stdout)
    assert (story["shop_order"], story["shipped_sent"]) == (ORDER, True)


def test_the_mapping_of_a_made_up_shop_is_chosen_on_its_page(
    apply: Callable[[str], list[str]], administrator: Client
) -> None:
    """A status that is called “gone / away” has a field of its own."""
    apply(TOML)
    address = "/stores/paper/settings/"
    names = re.findall(r'name="(status-[^"]+)"', page(administrator.get(address)))
    assert len(names) == 2
    given = dict.fromkeys(names, "") | {names[0]: "shipped", "state_policy": "current", "do": "save"}
    assert administrator.post(address, given).status_code == 302
    assert paper().statuses == {"shipped": [PACKED]}


def test_a_carrier_of_a_made_up_shop_may_go_without_a_number(apply: Callable[[str], list[str]]) -> None:
    assert apply(TOML) == []
    with_carrier = TOML.replace("store_id = 10", 'store_id = 10\nship_without_tracking = ["pigeon"]')
    assert apply(with_carrier) == ["ship_without_tracking: no → pigeon"]
    assert apply(with_carrier) == []
