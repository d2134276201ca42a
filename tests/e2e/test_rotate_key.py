"""`sfsync rotate-key` loses no secret: where the database is held, where several run at once, where it is killed."""

from __future__ import annotations

import signal
import sqlite3
import sys
from contextlib import closing

import pytest

from tests.e2e.machine import COMMAND, SECONDS, Answer, Machine

SECRETS = "the-token sqlite:///shop the-bridge"
ADD = """
from sfsync.models import Store
Store.objects.create(
    name="a", feed_store_id=1, token="the-token", shop_secrets={"url": "sqlite:///shop"}, bridge_secret="the-bridge"
)
"""
REVEAL = """
from sfsync.models import Store
a = Store.objects.get()
print(a.token.reveal(), a.shop_secrets["url"].reveal(), a.bridge_secret.reveal())
"""
IMPATIENT = """
from django.db import connections
connections.settings["default"]["OPTIONS"]["timeout"] = 0.1
"""
DIES = """
import os, signal, sys
from django.db.backends.signals import connection_created

def reached(moment):
    if moment == {moment!r}:
        os.kill(os.getpid(), signal.SIGKILL)

def heard(event, arguments):
    if event == "os.rename":
        reached(os.path.basename(arguments[1]))

def connected(connection, **_signal):
    connection.connection.set_trace_callback(lambda statement: reached(statement.split()[0]))

sys.addaudithook(heard)
connection_created.connect(connected)
"""
MOMENTS = ["former-secret-key", "secret-key", "UPDATE", "COMMIT"]
"""Before each of them, in this order."""
ROTATE = """
import sys
from sfsync_server.cli import main
sys.argv = ["sfsync", "rotate-key"]
main()
"""


def python(machine: Machine, *code: str) -> Answer:
    """A program that uses the models."""
    text = "\n".join(("import django", "django.setup()", *code))
    process = machine.start(sys.executable, "-c", text, DJANGO_SETTINGS_MODULE="sfsync_server.settings")
    out, err = process.communicate(timeout=SECONDS)
    return Answer(process.returncode, out, err)


def revealed(machine: Machine) -> str:
    answer = python(machine, REVEAL)
    assert answer.status == 0, answer.err
    return answer.out.strip()


def keys(machine: Machine) -> list[str]:
    """Of home: the one that holds, then the former ones."""
    paths = [machine.home / "secret-key", machine.home / "former-secret-key"]
    return [key for path in paths if path.exists() for key in path.read_text().split()]


@pytest.fixture
def machine(machine: Machine) -> Machine:
    """With a store that has a secret of every kind."""
    assert python(machine, ADD).status == 0
    return machine


def test_a_database_that_is_held_leaves_the_keys_as_they_are(machine: Machine) -> None:
    """However often it is tried."""
    before = keys(machine)
    with closing(sqlite3.connect(machine.database)) as other:
        other.execute("BEGIN EXCLUSIVE")
        for _ in range(2):
            tried = python(machine, IMPATIENT, ROTATE)
            assert (tried.status, "database is locked" in tried.err) == (1, True), tried
    assert keys(machine) == before
    assert revealed(machine) == SECRETS


def test_several_at_once_lose_nothing(machine: Machine) -> None:
    """One does it; another one says that it is in progress, or does it again afterwards."""
    for _ in range(3):
        together = [machine.start(COMMAND, "rotate-key") for _ in range(4)]
        said = [each.communicate(timeout=SECONDS)[1] for each in together]
        done = [each.returncode == 0 for each in together]
        assert any(done), said
        refused = [err for err, well in zip(said, done, strict=True) if not well]
        assert all("Another `sfsync rotate-key` is in progress. Nothing was changed." in err for err in refused), said
        assert revealed(machine) == SECRETS


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_at_any_moment_it_can_be_begun_again(machine: Machine, moment: str) -> None:
    """Twice in a row: the rows still need the first key, which is neither the key nor the one before it. So does the
    seal of the record."""
    assert machine.sfsync("audit", "seal").status == 0
    for _ in range(2):
        assert python(machine, DIES.format(moment=moment), ROTATE).status == -signal.SIGKILL
        assert revealed(machine) == SECRETS

    for _ in range(2):
        done = machine.sfsync("rotate-key")
        assert (done.status, "Secrets encrypted with the new key: 3." in done.out) == (0, True), done

    assert len(keys(machine)) == 2
    (machine.home / "former-secret-key").unlink()
    assert revealed(machine) == SECRETS
    assert machine.sfsync("audit", "verify").status == 0


def test_a_secret_that_no_key_decrypts_leaves_the_keys_as_they_are(machine: Machine) -> None:
    right = (machine.home / "secret-key").read_text()
    (machine.home / "secret-key").write_text("another-key-of-twenty-characters")

    tried = machine.sfsync("rotate-key")

    assert (tried.status, "cannot be decrypted" in tried.err) == (1, True), tried
    assert keys(machine) == ["another-key-of-twenty-characters"]
    (machine.home / "secret-key").write_text(right)
    assert revealed(machine) == SECRETS
