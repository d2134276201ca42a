"""The record of people's acts: what is in it, and that no change of it goes unseen."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from django.utils.html import strip_tags
from pytest_django import Settings
from typer.testing import CliRunner

import sfsync
from sfsync.backoffice.kit.act_texts import details, said
from sfsync.engine.kit.journal import Journal
from sfsync.models import Act, ActEnds
from sfsync.models.act import KEPT, UNSEALED, forget_old, note, renew_seal, sealed_with, wrong_lines
from sfsync.models.log import Level
from sfsync.testing import World
from sfsync_server.cli import app
from tests.backoffice.conftest import PASSWORD
from tests.pages import text


def lines() -> list[tuple[str, str]]:
    return list(Act.objects.order_by("number").values_list("who", "what"))


def test_signing_in_and_failing_to_is_on_record(shop: World, merchant: Client) -> None:
    """With the address, and without what was typed in place of a name."""
    Act.objects.all().delete()
    ActEnds.objects.all().delete()
    door = Client(REMOTE_ADDR="198.51.100.1")
    door.post("/sign-in/", {"login": "claire", "password": "wrong"})
    door.post("/sign-in/", {"login": "my-secret-password", "password": "x"})
    door.post("/sign-in/", {"login": "claire", "password": PASSWORD})
    door.post("/sign-out/")
    assert lines() == [
        ("claire", "sign-in-failed"),
        ("", "sign-in-failed"),
        ("claire", "signed-in"),
        ("claire", "signed-out"),
    ]
    assert set(Act.objects.values_list("address", flat=True)) == {"198.51.100.1"}
    assert list(wrong_lines()) == []


def test_what_people_do_to_settings_people_orders_and_files_is_on_record(
    shop: World, merchant: Client, administrator: Client
) -> None:
    order = shop.ship(shop.order(), "T-1")
    shop.sync()
    merchant.post("/stores/main/settings/connection/", {"token": "other-token-1234", "do": "anyway"})
    merchant.post("/stores/main/settings/connection/test/", {"token": "other-token", "do": "api"})
    merchant.get("/stores/main/orders/export/")
    merchant.get(f"/stores/main/orders/{order}/evidence.json")
    administrator.post("/people/new/", {"username": "paul", "active": "on", "role": "merchant"})
    paul = User.objects.get(username="paul")
    administrator.post(f"/people/{paul.pk}/link/", {"factors": "on"})
    found = lines()
    for line in (
        ("claire", "person-settings"),
        ("claire", "person-tried"),
        ("claire", "exported"),
        ("root", "person-saved"),
        ("root", "link-made"),
    ):
        assert line in found
    assert {act.details["what_of"] for act in Act.objects.filter(what="exported")} == {"orders", "evidence"}
    assert "other-token-" not in str(list(Act.objects.values()))
    page = text(administrator.get("/record/"))
    assert "claire changed the settings" in page
    export = b"".join(administrator.get("/record/export/").streaming_content)  # type: ignore[arg-type]
    assert Act.objects.order_by("number").first().hash in export.decode()  # type: ignore[union-attr]
    assert list(wrong_lines()) == []


@pytest.mark.parametrize(("language", "line"), [
    ("en", "Invited or changed a person Active: yes Person: agency Role: Agency Stores: main, log"),
    ("fr", "Utilisateur invité ou modifié Compte actif : oui Personne : agency Rôle : Agence Boutiques : main, log"),
])  # fmt: skip
def test_the_page_says_what_was_done_in_the_readers_language(
    shop: World, sign_in: Callable[..., Client], language: str, line: str
) -> None:
    """Names that people gave stay as they are. Of the log's sentences it adds the orders alone."""
    note("root", "person-saved", person="agency", role="agency", group="", active=True, stores=["main", "log"])
    note("root", "person-retry", store="main", count=2, orders=[12, 34])
    browser = sign_in("root", administrator=True, language=language)
    page = " ".join(strip_tags(text(browser.get("/record/")).replace("<span", " <span")).replace("\xa0", " ").split())
    assert line in page
    assert {"en": "Orders: 12, 34", "fr": "Commandes : 12, 34"}[language] in page
    assert "count" not in page


def noted() -> Iterator[tuple[str, set[str]]]:
    """What the code puts on record by itself, and the names of what belongs to it."""
    for file in Path(sfsync.__path__[0]).parent.rglob("*.py"):
        for call in ast.walk(ast.parse(file.read_text())):
            match call:
                case ast.Call(func=ast.Name("note"), args=[_, ast.Constant(str(code)), *_], keywords=given):
                    yield code, {each.arg for each in given if each.arg} - {"store", "address"}


def test_whatever_is_put_on_record_has_words() -> None:
    found = list(noted())
    assert len(found) > 10
    for code, names in found:
        line = Act(what=code, details=dict.fromkeys(names, "x"))
        assert said(line) != code
        assert not {name for name, _value in details(line)} & names


def test_one_act_on_many_orders_is_one_line(shop: World) -> None:
    journal = Journal(shop.store, "person", "")
    for _ in range(3):
        journal.say(Level.INFO, "person-retry", None, who="claire")
    journal.flush()
    assert lines() == [("claire", "person-retry")]


def change(number: int) -> None:
    Act.objects.filter(number=number).update(who="somebody else")


def change_and_hash(number: int) -> None:
    change(number)
    act, before = Act.objects.get(number=number), Act.objects.get(number=number - 1)
    Act.objects.filter(number=number).update(hash=act.bound_to(before.hash))


def remove(number: int) -> None:
    Act.objects.filter(number=number).delete()


def insert(number: int) -> None:
    act = Act(number=number, at=timezone.now(), who="eve", what="signed-in")
    act.hash = act.bound_to(Act.objects.get(number=number - 1).hash)
    act.save(force_insert=True)


@pytest.mark.parametrize(("how", "number", "sentence"), [
    (change, 1, "Line 1 was changed."),
    (change, 3, "Line 3 was changed."),
    (change, 5, "Line 5 was changed."),
    (change_and_hash, 3, "Line 4 was changed."),
    (change_and_hash, 5, "Line 5 was changed."),
    (remove, 1, "Line 1 was removed."),
    (remove, 3, "Line 3 was removed."),
    (remove, 5, "Line 5 was removed."),
    (insert, 6, "Line 6 was inserted."),
])  # fmt: skip
def test_a_line_that_was_changed_removed_or_inserted_is_named(
    db: None, how: Callable[[int], None], number: int, sentence: str
) -> None:
    """Changed with its hash, the next line tells: it is bound to what stood there."""
    for each in range(5):
        note("claire", "signed-in", count=each)
    assert list(wrong_lines()) == []
    how(number)
    assert list(wrong_lines()) == [sentence]


def written_anew() -> None:
    """Line by line, with every hash as it should be, and the ends as they fit."""
    Act.objects.filter(number=2).update(who="somebody else")
    before = ""
    for act in Act.objects.order_by("number"):
        before = act.bound_to(before)
        Act.objects.filter(number=act.number).update(hash=before)
    ActEnds.objects.update(last_hash=before)


def end_cut_off() -> None:
    Act.objects.filter(number__gt=3).delete()
    ActEnds.objects.update(last=3, last_hash=Act.objects.get(number=3).hash)


def beginning_cut_off() -> None:
    ActEnds.objects.update(after=2, after_hash=Act.objects.get(number=2).hash)
    Act.objects.filter(number__lte=2).delete()


def emptied() -> None:
    Act.objects.all().delete()
    ActEnds.objects.all().delete()


@pytest.mark.parametrize("how", [written_anew, end_cut_off, beginning_cut_off, emptied])
def test_a_record_that_was_rewritten_cut_off_or_emptied_with_its_ends_is_not_sealed(
    db: None, how: Callable[[], None]
) -> None:
    """Nor does what sfsync writes afterwards seal it; a person who has the key says that it is believed."""
    User.objects.create_user("claire", last_login=timezone.now() - timedelta(hours=1))
    with time_machine.travel(timezone.now() - timedelta(hours=2)):
        for each in range(5):
            note("claire", "signed-in", count=each)
        assert list(wrong_lines()) == []
    how()
    assert list(wrong_lines()) == [UNSEALED]
    note("claire", "signed-in")
    assert list(wrong_lines()) == [UNSEALED]
    assert CliRunner().invoke(app, ["audit", "verify"]).exit_code == 1
    assert CliRunner().invoke(app, ["audit", "seal"]).exit_code == 0
    assert CliRunner().invoke(app, ["audit", "verify"]).exit_code == 0
    assert Act.objects.latest("number").what == "record-sealed"


def test_the_seal_outlasts_a_new_key_but_not_a_foreign_one(db: None, settings: Settings) -> None:
    """One machine has the new key, another has not yet; then the key is rotated."""
    for keys in (["old"], ["new", "old"], ["old"], ["new", "old"]):
        settings.SFSYNC_SECRET_KEYS = lambda keys=keys: keys
        note("claire", "signed-in")
        assert (list(wrong_lines()), sealed_with("old")) == ([], True)
    renew_seal()
    settings.SFSYNC_SECRET_KEYS = lambda: ["new"]
    assert (list(wrong_lines()), sealed_with("new")) == ([], True)
    settings.SFSYNC_SECRET_KEYS = lambda: ["foreign"]
    renew_seal()
    assert list(wrong_lines()) == [UNSEALED]


def test_lines_older_than_a_year_go_and_the_rest_still_proves_itself(db: None) -> None:
    for _ in range(3):
        note("claire", "signed-in")
    assert forget_old(timezone.now()) == 0
    assert forget_old(timezone.now() + KEPT + timedelta(days=1)) == 3
    note("claire", "signed-out")
    assert list(wrong_lines()) == []
    assert [act.number for act in Act.objects.all()] == [4]


def test_the_record_is_for_administrators(shop: World, merchant: Client) -> None:
    assert merchant.get("/record/").status_code == merchant.get("/record/export/").status_code == 403
