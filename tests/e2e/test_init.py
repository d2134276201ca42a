"""`sfsync init` on a terminal: a wrong answer is said at once and asked again, and the end shows what would be sent."""

from __future__ import annotations

import os
import pty
import re
import select
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sfsync.domain.operations import meanings
from sfsync.shops.prestashop.sample import build
from sfsync.testing import SHIPPED
from shoppingfeed.sandbox import Sandbox, Server
from tests.e2e.machine import COMMAND, SECONDS, Machine


class Terminal:
    """A program on a terminal: what it says is waited for before it is answered."""

    def __init__(self, machine: Machine, *command: str, language: str = "C.UTF-8") -> None:
        self.screen, inner = pty.openpty()
        environment = machine.environment(TERM="dumb", LANG=language)
        self.program = subprocess.Popen(
            [COMMAND, *command],
            cwd=machine.home,
            env=environment,
            stdin=inner,
            stdout=inner,
            stderr=inner,
            start_new_session=True,
        )
        os.close(inner)
        self.said = ""

    def close(self) -> None:
        self.program.kill()
        self.program.wait()
        os.close(self.screen)

    def until(self, text: str) -> str:
        """What it said up to here and since the last answer."""
        deadline = time.monotonic() + SECONDS
        while text not in self.said:
            assert time.monotonic() < deadline, f"“{text}” was not said, but: {self.said}"
            if select.select([self.screen], [], [], 1)[0]:
                self.said += os.read(self.screen, 65_536).decode("utf-8", "replace")
        before, _, self.said = self.said.partition(text)
        return before + text

    def answer(self, question: str, text: str) -> str:
        said = self.until(question)
        os.write(self.screen, f"{text}\n".encode())
        return said


@pytest.fixture
def asking(machine: Machine, feed: Server) -> Iterator[Terminal]:
    terminal = Terminal(machine, "init", "--api-url", feed.url)
    with closing(terminal):
        yield terminal


def test_a_first_store_is_asked_for_tried_and_shown(
    asking: Terminal, machine: Machine, sandbox: Sandbox, tmp_path: Path
) -> None:
    shop = build(f"sqlite:///{tmp_path}/shop.sqlite3", limit=6)
    order = shop.order_ids()[0]
    shop.set_tracking(order, "TRK-1")
    shop.set_status(order, SHIPPED)

    asking.answer("Token: ", "no-such-token")
    refused = asking.answer("Continue anyway? [y/N]: ", "n")
    asking.answer("Token (Enter: as before): ", "sandbox-token")
    asking.answer("How the shop is read [1]: ", "1")
    asking.answer("Address of the shop: ", shop.url)
    found = asking.answer("Is that right? [Y/n]: ", "n")
    asking.answer("- for none [4]: ", "4, 999")
    unknown = asking.answer("- for none [4]: ", "4")
    for _ in range(len([*meanings()]) - 1):
        asking.answer("- for none [", "")
    asking.answer("separated by commas (none): ", "nobody")
    asking.answer("separated by commas (none): ", "me@example.com")
    end = asking.until("`sfsync doctor` checks the rest.")

    assert "token" in refused
    assert "6 marketplace orders" in found
    assert "The shop has no status 999." in unknown
    assert "1 update would be sent. Nothing was sent." in end
    assert "TRK-1" in end
    assert asking.program.wait(SECONDS) == 0
    assert sandbox.ledger.operations(shop.feed_id(order) or 0) == []
    assert machine.sfsync("sync").status == 0
    assert len(sandbox.ledger.operations(shop.feed_id(order) or 0)) == 1


def test_a_wrong_answer_costs_no_other(asking: Terminal, machine: Machine, tmp_path: Path) -> None:
    """What may be wrong is asked again, and Enter keeps each answer of before."""
    shop = build(f"sqlite:///{tmp_path}/shop.sqlite3", limit=1)
    asking.answer("Token: ", "sandbox-token")
    assert "Token accepted" in asking.answer("How the shop is read [1]: ", "2")
    asking.answer("Address of the shop: ", shop.url)
    asking.answer("Key of the shop's web service: ", "K" * 32)
    asking.answer("How the shop is read [2]: ", "1")
    sqlite3.connect(tmp_path / "empty.sqlite3").close()
    asking.answer("Address of the shop (Enter: as before): ", f"sqlite:///{tmp_path}/empty.sqlite3")
    asking.answer("Continue anyway? [y/N]: ", "n")
    asking.answer("How the shop is read [1]: ", "")
    asking.answer("Address of the shop (Enter: as before): ", shop.url)
    asking.answer("Prefix of the shop's tables [ps_]: ", "wrong_")
    asking.answer("Continue anyway? [y/N]: ", "n")
    asking.answer("How the shop is read [1]: ", "")
    asking.answer("Address of the shop (Enter: as before): ", "")
    asking.answer("Prefix of the shop's tables [wrong_]: ", "ps_")
    asking.answer("Is that right? [Y/n]: ", "")
    asking.answer("separated by commas (none): ", "")
    end = asking.until("`sfsync doctor` checks the rest.")
    assert "is saved" in end
    assert "Nothing would be sent now." in end


def test_a_shop_that_another_store_has_is_said_while_it_can_be_changed(
    asking: Terminal, machine: Machine, feed: Server, tmp_path: Path
) -> None:
    shop = build(f"sqlite:///{tmp_path}/shop.sqlite3", limit=1)
    asking.answer("Token: ", "sandbox-token")
    asking.answer("How the shop is read [1]: ", "1")
    asking.answer("Address of the shop: ", shop.url)
    asking.answer("Is that right? [Y/n]: ", "")
    asking.answer("separated by commas (none): ", "")
    asking.until("`sfsync doctor` checks the rest.")
    with closing(Terminal(machine, "init", "--name", "second", "--api-url", feed.url)) as second:
        second.answer("Token: ", "sandbox-token")
        second.answer("How the shop is read [1]: ", "1")
        second.answer("Address of the shop: ", shop.url)
        assert "everything would be sent twice" in second.until("How the shop is read [1]: ")


def test_a_shop_that_is_down_costs_the_statuses_only(asking: Terminal, machine: Machine) -> None:
    asking.answer("Token: ", "sandbox-token")
    asking.answer("How the shop is read [1]: ", "1")
    asking.answer("Address of the shop: ", "mysql+pymysql://reader:word@127.0.0.1:1/shop")
    asking.answer("Continue anyway? [y/N]: ", "y")
    said = asking.answer("separated by commas (none): ", "")
    assert "Say what they mean later" in said
    assert "is saved" in asking.until("`sfsync doctor` checks the rest.")


def test_it_asks_and_shows_in_the_language_of_the_terminal(machine: Machine, feed: Server, tmp_path: Path) -> None:
    shop = build(f"sqlite:///{tmp_path}/shop.sqlite3", limit=6)
    shop.bulk_ship(shop.order_ids()[:2], "TRK-")
    with closing(Terminal(machine, "init", "--api-url", feed.url, language="fr_FR.UTF-8")) as asking:
        asking.answer("Clé d’API (token)\xa0: ", "no-such-token")
        asking.answer("Continuer quand même\xa0? [o/N]\xa0: ", "non")
        asking.answer("(Entrée\xa0: inchangé)\xa0: ", "sandbox-token")
        assert "Comment accéder à la boutique" in asking.answer("[1]\xa0: ", "1")
        asking.answer("Adresse de la boutique\xa0: ", shop.url)
        asking.answer("[O/n]\xa0: ", "o")
        asking.answer("\xa0: ", "")
        end = asking.until("sfsync doctor")
    assert "main : 2 mises à jour seraient transmises. Rien n’a été transmis." in end
    assert re.search(r"Mise à jour +Shopping Feed +marketplace +Marketplace +Contenu", end)
    assert re.search(r"Expédiée +\d+ +MKT-\d +Amazon.fr +TRK-\d", end)


@pytest.mark.parametrize("name", ["a b", "é"])
def test_a_name_that_will_not_do_is_said_before_anything_is_asked(machine: Machine, name: str) -> None:
    screen, inner = pty.openpty()
    asked = subprocess.run(
        [COMMAND, "init", "--name", name], env=machine.environment(), stdin=inner, capture_output=True, text=True
    )
    os.close(inner)
    os.close(screen)
    assert (asked.returncode, "Token" in asked.stdout) == (2, False)


def test_without_a_terminal_it_asks_nothing(machine: Machine) -> None:
    answer = machine.sfsync("init")
    assert (answer.status, "sfsync apply FILE" in answer.err) == (2, True)


def test_what_was_typed_before_it_asked_is_not_lost(asking: Terminal, tmp_path: Path) -> None:
    """Hidden answers too: somebody types faster than it starts, or pastes all of them."""
    shop = build(f"sqlite:///{tmp_path}/shop.sqlite3", limit=6)
    os.write(asking.screen, f"no-such-token\nn\nsandbox-token\n1\n{shop.url}\ny\n\n".encode())
    assert "6 marketplace orders" in asking.until("`sfsync doctor` checks the rest.")
    assert asking.program.wait(SECONDS) == 0
