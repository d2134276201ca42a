"""A person has the bridge written: by the command, on the page; and is told whether the shop was heard since."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone, translation
from pytest_django import Settings
from typer.testing import CliRunner

from sfsync.db.stored_secrets import StoredSecrets
from sfsync.engine.people import bridges
from sfsync.engine.watch.doctor import examine_store
from sfsync.engine.watch.health import health_of
from sfsync.models import LogEntry, Store, StoreState
from sfsync.models.hint import LATELY
from sfsync.shops.kinds import registered
from sfsync.shops.prestashop.kind import PRESTASHOP
from sfsync.testing import World
from sfsync_server.cli import app
from tests.backoffice.conftest import enter
from tests.pages import markup

CONNECTION = "/stores/main/settings/connection/"
BRIDGE = f"{CONNECTION}bridge/"


@pytest.fixture(autouse=True)
def at_home(settings: Settings) -> None:
    settings.SFSYNC = settings.SFSYNC | {"url": "https://sync.example.com"}


@pytest.fixture
def merchant(world: World) -> Client:
    cache.clear()
    user = User.objects.create_user("claire", password="correct-horse-battery")
    world.store.members.add(user)
    client = Client()
    enter(client, user)
    return client


def inside(zipped: bytes) -> tuple[str, str]:
    """The address and the secret in a module."""
    with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
        config = archive.read("sfsyncbridge/config.php").decode()
    found = re.search(r"'address' => '(.*)', 'secret' => '(.*)'", config)
    assert found
    return found[1], found[2]


def command(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["bridge", *arguments])
    return result.exit_code, result.output


def test_the_command_writes_a_module_for_its_owner_alone(world: World, tmp_path: Path) -> None:
    """With the same secret each time, which nothing but the file shows."""
    file = tmp_path / "bridge.zip"
    file.write_bytes(b"something that everybody could read")
    file.chmod(0o644)
    status, said = command("main", str(file))
    assert (status, file.stat().st_mode & 0o777) == (0, 0o600)
    address, secret = inside(file.read_bytes())
    assert address == "https://sync.example.com/hooks/main/"
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", secret)
    assert secret not in said
    assert "Modules › Module Manager › Upload a module" in said
    command("main", str(file))
    assert inside(file.read_bytes())[1] == secret
    assert list(LogEntry.objects.filter(code__startswith="bridge").values_list("code", flat=True)) == ["bridge-made"]
    assert secret not in str(list(LogEntry.objects.values()))
    assert list(tmp_path.glob(".bridge*")) == []


def test_a_new_secret_takes_the_place_of_the_former(world: World, tmp_path: Path) -> None:
    file = tmp_path / "bridge.zip"
    command("main", str(file))
    StoreState.objects.update(heard_at=timezone.now())
    former = inside(file.read_bytes())[1]
    assert command("main", str(file), "--renew")[0] == 0
    now = inside(file.read_bytes())[1]
    store = Store.objects.select_related("state").get()
    assert (now != former, store.bridge_secret.reveal() == now, store.state.heard_at) == (True, True, None)
    assert LogEntry.objects.filter(code="bridge-renewed").exists()


def test_the_secret_is_kept_encrypted_and_goes_along_when_the_key_is_changed(world: World, tmp_path: Path) -> None:
    command("main", str(tmp_path / "bridge.zip"))
    secret = inside((tmp_path / "bridge.zip").read_bytes())[1]
    with connection.cursor() as cursor:
        cursor.execute("SELECT bridge_secret FROM sfsync_store")
        [before] = cursor.fetchone()
        StoredSecrets().encrypt_again()
        cursor.execute("SELECT bridge_secret FROM sfsync_store")
        [after] = cursor.fetchone()
    assert secret[6:] not in before + after
    assert before != after
    assert Store.objects.get().bridge_secret.reveal() == secret


def test_without_an_address_of_our_own_none_is_written(world: World, tmp_path: Path, settings: Settings) -> None:
    settings.SFSYNC = settings.SFSYNC | {"url": None}
    status, said = command("main", str(tmp_path / "bridge.zip"))
    assert status == 1
    assert "sfsync does not know its own address" in said
    assert "SFSYNC_URL" in said
    assert not Store.objects.get().bridge_secret


def test_a_place_that_cannot_be_written_is_told(world: World, tmp_path: Path) -> None:
    status, said = command("main", str(tmp_path / "no" / "bridge.zip"))
    assert (status, "cannot be written: No such file or directory." in said) == (1, True)


def test_a_store_that_is_not_there_is_a_usage_error(world: World) -> None:
    assert command("nobody")[0] == 2


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://sync.example.com/", "https://sync.example.com/hooks/main/"),
        ("https://example.com/sync", "https://example.com/sync/hooks/main/"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/hooks/main/"),
    ],
)
def test_the_address_is_where_the_pages_are(world: World, settings: Settings, url: str, address: str) -> None:
    settings.SFSYNC = settings.SFSYNC | {"url": url}
    assert bridges.address(world.store) == address


def test_a_kind_of_shop_without_a_bridge_says_so(world: World) -> None:
    with registered(replace(PRESTASHOP, name="plain", bridge=None)) as plain:
        world.store.shop_kind = plain.name
        assert bridges.possible(world.store) == "bridge-unknown"
        with pytest.raises(bridges.NoBridge, match="bridge-unknown"):
            bridges.write(world.store, "claire")


def test_a_merchant_downloads_the_module_of_a_store_of_theirs(world: World, merchant: Client) -> None:
    """No page shows the secret, and no cache keeps the file."""
    assert "Not heard yet" not in markup(merchant.get(CONNECTION))
    answer = merchant.post(BRIDGE, {"do": "write"})
    assert (answer["Content-Type"], answer["Cache-Control"]) == ("application/zip", "no-store")
    assert answer["Content-Disposition"] == 'attachment; filename="sfsyncbridge.zip"'
    secret = inside(answer.content)[1]
    page = markup(merchant.get(CONNECTION))
    assert "Not heard yet. Upload the file in the shop" in page
    assert secret not in page + markup(merchant.get("/stores/main/settings/history/")) + markup(
        merchant.get("/stores/main/log/")
    )
    renewed = merchant.post(BRIDGE, {"do": "renew"})
    assert inside(renewed.content)[1] != secret
    StoreState.objects.update(heard_at=timezone.now())
    assert "Last heard on" in markup(merchant.get(CONNECTION))


def test_nobody_else_downloads_it(world: World) -> None:
    stranger = Client()
    assert stranger.post(BRIDGE, {"do": "write"})["Location"].startswith("/sign-in/")
    enter(stranger, User.objects.create_user("eve", password="correct-horse-battery"))
    assert stranger.post(BRIDGE, {"do": "write"}).status_code == 404
    assert not Store.objects.get().bridge_secret


@pytest.mark.parametrize(
    ("made", "heard", "verdict", "said"),
    [
        (None, None, "", ""),
        (timedelta(hours=1), None, "warning", "has not been heard yet"),
        (timedelta(days=9), timedelta(hours=1), "ok", "was last heard on"),
        (timedelta(days=9), LATELY + timedelta(hours=1), "warning", "and not since"),
    ],
)
def test_the_doctor_says_whether_the_bridge_was_heard_and_when(
    world: World, made: timedelta | None, heard: timedelta | None, verdict: str, said: str
) -> None:
    now = timezone.now()
    StoreState.objects.update(bridge_made_at=now - made if made else None, heard_at=now - heard if heard else None)
    store = Store.objects.select_related("state").get()
    [health] = health_of([store], now)
    found = [each for each in examine_store(store, health, world.connections) if each.about == "bridge"]
    assert [each.verdict for each in found] == ([verdict] if verdict else [])
    for each in found:
        assert said in each.text
        assert bool(each.advice) is (verdict == "warning")
        with translation.override("fr"):
            assert said not in each.text
