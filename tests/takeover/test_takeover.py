"""Taking over from a module of the shop that sends too, and giving back, whichever way the shop is reached (R23)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pymysql.cursors import Cursor
from sqlalchemy import delete, make_url, select, update
from typer.testing import CliRunner

from sfsync.engine.people import takeover as acts
from sfsync.engine.watch.doctor import examine_store
from sfsync.engine.watch.health import health_of
from sfsync.models import LogEntry, Store, Takeover
from sfsync.shops.base import ShopError, ShopMisconfigured
from sfsync.shops.prestashop.sample import build
from sfsync.shops.prestashop.sample_webservice.serving import served
from sfsync.shops.prestashop.sample_webservice.standin import KEY, Standin
from sfsync.shops.switches import Switches
from sfsync.testing import World
from sfsync_server.cli import app

SHIPPED, CANCELED = "SHOPPING_FLUX_STATUS_SHIPPED", "SHOPPING_FLUX_STATUS_CANCELED"
SYNC = "SHOPPINGFEED_ORDER_SYNC_ENABLED"
WHO = "claire"

Rows = list[tuple[Any, ...]]


@dataclass
class Place:
    """A world whose shop has the old module in it, and the account that its merchant gives for once; empty where the
    web service does it."""

    world: World
    account: str
    standin: Standin | None = None

    @property
    def store(self) -> Store:
        return Store.objects.select_related("state").get()

    def rows(self) -> Rows:
        """The whole table of settings, but the dates; no shop and shop 0 are alike."""
        table = self.world.shop.tables["configuration"].c
        rows = self.world.shop.rows(select(table.id_configuration, table.name, table.value, table.id_shop))
        return sorted((*row[:2], row[2] or "", row[3] or 0) for row in rows)

    def set_to(self, name: str) -> list[str]:
        return [value for _id, each, value, _shop in self.rows() if each == name]

    def take(self) -> list[str]:
        with acts.switches_of(self.store, self.account) as switches:
            return [each.name for each in acts.take_over(self.store, switches, WHO)]

    def give(self) -> acts.Return:
        with acts.switches_of(self.store, self.account) as switches:
            return acts.give_back(self.store, switches, WHO)

    def change(self, name: str, value: str) -> None:
        """By somebody else."""
        table = self.world.shop.tables["configuration"]
        self.world.shop.execute(update(table).where(table.c.name == name).values(value=value))

    def reset_module(self) -> None:
        """*Reset* in the list of modules: its settings are other rows, at their defaults."""
        table = self.world.shop.tables["configuration"]
        self.world.shop.execute(delete(table).where(table.c.name.in_((SHIPPED, CANCELED))))
        for name in (SHIPPED, CANCELED):
            self.world.shop.set_setting(name, "checked")


@pytest.fixture(params=["sqlite", "mariadb", "webservice"])
def place(request: pytest.FixtureRequest, db: None, tmp_path: Path) -> Iterator[Place]:
    database = request.getfixturevalue("mariadb_database") if request.param == "mariadb" else ""
    world = World(tmp_path, database=database)
    world.shop.install_old_module()
    if request.param != "webservice":
        yield Place(world, world.shop.url)
        return
    standin = Standin(world.shop)
    standin.behaviour.writable = True
    with served(standin) as url:
        world.store.shop_settings = {"connection": "webservice", "questions_per_hour": 100_000}
        world.store.shop_secrets = {"url": url, "key": KEY}
        world.store.save()
        yield Place(world, "", standin)


def test_taking_over_switches_off_what_sends_and_giving_back_restores_exactly_that(place: Place) -> None:
    """Both settings, of all shops and of one; nothing else of the table, whatever it holds."""
    place.world.shop.set_setting(SHIPPED, "checked", shop_id=1, group_id=1)
    place.world.shop.set_setting(SYNC, "1")
    before = place.rows()
    assert sorted(place.take()) == sorted([SHIPPED, CANCELED, SHIPPED, SYNC])
    assert (place.set_to(SHIPPED), place.set_to(CANCELED), place.set_to(SYNC)) == (["", ""], [""], ["0"])
    switched = {row[0] for row in before if row[1] in (SHIPPED, CANCELED, SYNC)}
    assert [row for row in place.rows() if row[0] not in switched] == [row for row in before if row[0] not in switched]
    assert (len(place.give().switched), place.rows()) == (4, before)
    assert not Takeover.objects.exists()


def test_the_next_sync_finds_that_nobody_else_sends(place: Place) -> None:
    """R23: before it stands aside, after it goes on; with the module reset it stands aside again, and says so once."""
    world = place.world
    assert [str(each.trouble) for each in world.sync().troubles] == ["another-sender"]
    place.take()
    assert world.sync().ok
    place.reset_module()
    for _ in range(2):
        world.advance(minutes=5)
        assert [str(each.trouble) for each in world.sync().troubles] == ["another-sender"]
    assert LogEntry.objects.filter(code="sender-back").count() == 1
    place.take()
    world.advance(minutes=5)
    assert world.sync().ok


def test_both_can_be_done_again_and_change_nothing_more(place: Place) -> None:
    before = place.rows()
    place.take()
    after = place.rows()
    assert (place.take(), place.rows()) == ([], after)
    place.give()
    assert (place.give(), place.rows()) == (acts.Return(), before)


def test_what_somebody_changed_since_is_left_as_it_is(place: Place) -> None:
    place.take()
    place.change(SHIPPED, "by hand")
    found = place.give()
    assert ([each.name for each in found.switched], found.left) == ([CANCELED], [SHIPPED])
    assert (place.set_to(SHIPPED), place.set_to(CANCELED)) == (["by hand"], ["checked"])


class Killed(Exception):
    """The process is gone."""


class DiesAfter:
    """Switches of which the process dies after so many changes."""

    def __init__(self, inner: Switches, changes: int) -> None:
        self.inner, self.left = inner, changes
        self.found, self.statement, self.close = inner.found, inner.statement, inner.close

    def put(self, switch: Any, value: str) -> None:
        if not self.left:
            raise Killed
        self.left -= 1
        self.inner.put(switch, value)


@pytest.mark.parametrize("changes", [0, 1])
def test_killed_in_the_middle_both_are_begun_again_and_come_to_the_same(place: Place, changes: int) -> None:
    """What was there is remembered before it is changed, and forgotten after it is restored."""
    before = place.rows()
    for act in (acts.take_over, acts.give_back):
        with acts.switches_of(place.store, place.account) as switches, pytest.raises(Killed):
            act(place.store, DiesAfter(switches, changes), WHO)
        assert Takeover.objects.get().switches
        place.take() if act is acts.take_over else place.give()
    assert place.rows() == before


def test_the_record_and_the_log_name_who_and_what_and_no_secret(place: Place) -> None:
    place.take()
    kept = Takeover.objects.get()
    assert (kept.who, {each["value"] for each in kept.switches}) == (WHO, {"checked"})
    entry = LogEntry.objects.get(code="taken-over")
    assert entry.params["who"] == WHO
    assert set(entry.params["names"].split(", ")) == {SHIPPED, CANCELED}
    place.give()
    assert LogEntry.objects.filter(code="given-back").exists()
    said = str(list(LogEntry.objects.values())) + str(list(Takeover.objects.values()))
    assert KEY not in said
    assert not place.account or place.account not in said


def test_the_doctor_says_that_it_holds_and_that_it_was_lost(place: Place) -> None:
    def verdicts() -> list[str]:
        [health] = health_of([place.store], place.world.now())
        found = examine_store(place.store, health, place.world.connections)
        return [f"{each.verdict} {each.code}" for each in found if each.code.startswith("takeover")]

    assert verdicts() == []
    place.take()
    place.world.sync()
    assert verdicts() == ["ok takeover-holds"]
    place.reset_module()
    place.world.advance(minutes=5)
    place.world.sync()
    assert verdicts() == ["warning takeover-lost"]


def test_a_key_that_may_not_change_settings_is_told_what_to_tick(db: None, tmp_path: Path) -> None:
    for place in place_by_key(tmp_path):
        assert place.standin
        place.standin.behaviour.writable = False
        before = place.rows()
        with pytest.raises(ShopMisconfigured, match=r"tick Modify \(PUT\) for configurations"):
            place.take()
        assert place.rows() == before


def test_an_error_that_came_after_the_work_was_done_is_none(db: None, tmp_path: Path) -> None:
    """500 does not mean “not done”: what stands there decides."""
    for place in place_by_key(tmp_path):
        standin = place.standin
        assert standin
        answer = standin._answer

        def late(request: Any, answer: Callable[[Any], Any] = answer) -> Any:
            done = answer(request)
            return done.__class__(500, done.headers, b'{"errors":[{"code":15}]}') if request.method == "PUT" else None

        standin.behaviour.instead = late
        assert sorted(place.take()) == [CANCELED, SHIPPED]


def test_through_the_web_service_it_holds_although_the_shop_caches(db: None, tmp_path: Path) -> None:
    for place in place_by_key(tmp_path):
        assert place.standin
        place.standin.behaviour.cached = True
        place.world.sync()
        place.take()
        place.world.advance(minutes=5)
        assert place.world.sync().ok


def place_by_key(folder: Path) -> Iterator[Place]:
    """The same as `place`, by the web service alone."""
    world = World(folder)
    world.shop.install_old_module()
    standin = Standin(world.shop)
    standin.behaviour.writable = True
    with served(standin) as url:
        world.store.shop_settings = {"connection": "webservice", "questions_per_hour": 100_000}
        world.store.shop_secrets = {"url": url, "key": KEY}
        world.store.save()
        yield Place(world, "", standin)


def test_by_sql_an_account_is_needed_and_another_database_is_not_touched(db: None, tmp_path: Path) -> None:
    world = World(tmp_path)
    world.shop.install_old_module()
    before = Place(world, "").rows()
    with pytest.raises(ShopMisconfigured, match="needs an account"):
        Place(world, "").take()
    elsewhere = build(f"sqlite:///{tmp_path / 'elsewhere.sqlite3'}", limit=1)
    elsewhere.set_setting(SHIPPED, "checked")
    with pytest.raises(ShopMisconfigured, match="is not in this database"):
        Place(world, elsewhere.url).take()
    assert Place(world, "").rows() == before
    elsewhere.close()


def test_an_account_of_the_server_that_may_not_write_changes_nothing(
    db: None, tmp_path: Path, mariadb_database: str, mariadb_server: Any
) -> None:
    import pymysql

    world = World(tmp_path, database=mariadb_database)
    world.shop.install_old_module()
    url = make_url(mariadb_database)
    connection = pymysql.connect(host="127.0.0.1", port=mariadb_server.port, user="root", autocommit=True)
    cursor: Cursor
    with connection, connection.cursor() as cursor:
        cursor.execute("CREATE USER 'looker'@'127.0.0.%' IDENTIFIED BY 'hunter2'")
        cursor.execute(f"GRANT SELECT ON `{url.database}`.* TO 'looker'@'127.0.0.%'")
        looker = url.set(username="looker", password="hunter2").render_as_string(hide_password=False)
        place = Place(world, looker)
        before = place.rows()
        try:
            with pytest.raises(ShopError) as refused:
                place.take()
        finally:
            cursor.execute("DROP USER 'looker'@'127.0.0.%'")
    assert "hunter2" not in str(refused.value)
    assert place.rows() == before


def command(*arguments: str, given: str = "", **environment: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments), input=given, env=environment)
    return result.exit_code, result.output


def test_the_command_shows_what_will_change_and_asks(place: Place) -> None:
    before = place.rows()
    given = {"SHOP_ACCOUNT": place.account} if place.account else {}
    status, said = command("takeover", "main", given="n\n", **given)
    assert (status, place.rows()) == (1, before)
    assert f"{SHIPPED} (all shops): “checked” → “”" in said
    status, said = command("takeover", "main", given="y\n", **given)
    assert (status, place.set_to(SHIPPED)) == (0, [""]), said
    assert "2 settings switched off." in said
    status, said = command("give-back", "main", "--yes", **given)
    assert (status, place.rows()) == (0, before), said
    assert f"{SHIPPED} (all shops): “” → “checked”" in said
    assert "2 settings restored." in said
    assert command("give-back", "main", "--yes", **given)[1].startswith("There is nothing to restore.")
    assert not place.account or place.account not in said


def test_the_statements_are_printed_for_who_does_it_by_hand(place: Place) -> None:
    """Run as they are, they do the same; and those that undo it undo it. Nothing is changed or remembered here."""
    before = place.rows()
    status, said = command("takeover", "main", "--print")
    assert (status, place.rows(), Takeover.objects.exists()) == (0, before, False)
    doing, undoing = said.split("-- to undo it:\n")
    for statements, wanted in ((doing, ["", ""]), (undoing, ["checked", "checked"])):
        for each in statements.splitlines():
            with place.world.shop.engine.begin() as connection:
                connection.exec_driver_sql(each.replace("%", "%%"))
        assert place.set_to(SHIPPED) + place.set_to(CANCELED) == wanted
    assert place.rows() == before


def test_the_account_is_read_from_the_input_and_never_from_the_command_line(db: None, tmp_path: Path) -> None:
    world = World(tmp_path)
    world.shop.install_old_module()
    status, said = command("takeover", "main", "--yes", "--account-stdin", given=f"{world.shop.url}\n")
    assert (status, "2 settings switched off." in said) == (0, True), said
    status, said = command("give-back", "main", "--yes", "--sql")
    assert (status, "There is no terminal to ask for the account." in said) == (2, True)
    status, said = command("give-back", "main", "--yes")
    assert (status, "needs an account of its database" in said) == (1, True)
    assert command("takeover", "nobody")[0] == 2


def test_a_setting_that_was_changed_between_the_look_and_the_act_is_not_touched(place: Place) -> None:
    with acts.switches_of(place.store, place.account) as switches:
        [shipped] = [each for each in switches.found() if each.name == SHIPPED]
        place.change(SHIPPED, "other")
        with pytest.raises(ShopMisconfigured):
            switches.put(shipped, "")
    assert place.set_to(SHIPPED) == ["other"]
