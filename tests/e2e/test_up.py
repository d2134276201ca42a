"""`sfsync up` on a new machine: a tree of processes, the first visit, and what happens when a part dies."""

from __future__ import annotations

import re
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from http.client import HTTPConnection, HTTPException
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

import psutil
import pytest

from tests.e2e.machine import COMMAND, Answer, Machine
from tests.waiting import until

PROCESSOR_SECONDS = 5.0
"""The time that a machine with nothing else to do takes, measured where others have a share of it."""


class Up:
    """A running `sfsync up`, whose two outputs go to a file."""

    def __init__(self, machine: Machine, **settings: str) -> None:
        self.log = machine.home / "up.log"
        with self.log.open("w") as output:
            command, environment = [COMMAND, "up", "--port", "0"], machine.environment(**settings)
            self.root = subprocess.Popen(command, cwd=machine.home, env=environment, stdout=output, stderr=output)
        self.process = psutil.Process(self.root.pid)
        self.port = int(until(lambda: re.search(r"http://localhost:(\d+)/", self.told()), "it says where it is")[1])

    def told(self) -> str:
        return self.log.read_text("utf-8")

    def get(
        self, path: str, body: str | None = None, cookies: str = "", **headers: str
    ) -> tuple[int, SimpleCookie, str]:
        """Status 0 where nobody listens yet. A form where there is a `body`."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        with (
            closing(HTTPConnection("localhost", self.port, timeout=20)) as connection,
            suppress(OSError, HTTPException),
        ):
            connection.request("POST" if body else "GET", path, body, {"Cookie": cookies} | kind | headers)
            answer = connection.getresponse()
            kept = SimpleCookie("; ".join(answer.headers.get_all("Set-Cookie", [])))
            return answer.status, kept, answer.read().decode()
        return 0, SimpleCookie(), ""

    def parts(self) -> dict[str, psutil.Process]:
        """The living children of the root, by what they run."""
        found: dict[str, psutil.Process] = {}
        for child in self.process.children():
            with suppress(psutil.Error):
                found |= dict.fromkeys(child.cmdline()[3:4], child)
        return found

    def processor_seconds(self) -> float:
        total = 0.0
        for each in (self.process, *self.process.children(recursive=True)):
            with suppress(psutil.Error):
                total += sum(each.cpu_times()[:4])
        return total


@pytest.fixture
def fresh(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def up(request: pytest.FixtureRequest) -> Iterator[Up]:
    """On a new machine, or on one that has its tables."""
    running = Up(request.getfixturevalue(getattr(request, "param", "fresh")))
    everything = running.process.children
    yield running
    for each in [*everything(recursive=True), running.process] if running.process.is_running() else []:
        with suppress(psutil.Error):
            each.kill()
    running.root.wait()


def test_a_new_machine_is_ready_and_its_first_visitor_becomes_the_administrator(up: Up) -> None:
    """The code works once; what dies is started again; SIGTERM ends the whole tree with status 0."""
    until(lambda: up.get("/readyz")[0] in (200, 503), "the pages answer")
    assert up.processor_seconds() < PROCESSOR_SECONDS
    until(lambda: up.get("/readyz")[0] == 200, "the tables are made")
    code = until(lambda: re.search(r"for this code, once: (\S+)", up.told()), "the log shows the code")[1]

    assert up.get("/sign-in/")[0] == 302
    assert up.get("/sign-in/", SCRIPT_NAME="/elsewhere")[0] == 302  # where it is mounted is no stranger's to say
    _status, cookies, page = up.get("/welcome/")
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert token
    given = {"csrfmiddlewaretoken": token[1], "code": code.lower(), "username": "claire", "password": "a-good-one-9"}
    form, cookie = urlencode(given), f"csrftoken={cookies['csrftoken'].value}"
    assert "This is not the code." in up.get("/welcome/", form.replace(code[:4].lower(), "zzzz"), cookie)[2]
    status, session, _page = up.get("/welcome/", form, cookie)
    assert status == 302
    assert up.get("/", cookies=f"sessionid={session['sessionid'].value}")[0] == 200
    assert (up.get("/welcome/", form, cookie)[0], up.get("/sign-in/")[0]) == (404, 200)

    until(lambda: {"run", "sfsync_server.wsgi"} <= up.parts().keys(), "both parts run")
    before = {name: part.pid for name, part in up.parts().items()}
    for part in up.parts().values():
        part.kill()

    def again() -> bool:
        after = {name: part.pid for name, part in up.parts().items()}
        others = after.keys() == before.keys() and not after.items() & before.items()
        return others and up.get("/readyz")[0] == 200

    until(again, "both parts are there again")
    assert "The service ended (SIGKILL); it starts again in 1 s." in up.told()

    tree = up.process.children(recursive=True)
    up.root.send_signal(signal.SIGTERM)
    assert up.root.wait(20) == 0
    assert psutil.wait_procs(tree, timeout=20)[1] == []
    assert "Traceback" not in up.told()


@pytest.mark.parametrize("up", ["machine"], indirect=True)
def test_no_part_goes_on_when_the_root_is_killed(up: Up) -> None:
    until(lambda: "sfsync_server.wsgi" in up.parts() and up.get("/healthz")[0] == 200, "the pages answer")
    tree = up.process.children(recursive=True)
    up.root.kill()
    assert psutil.wait_procs(tree, timeout=20)[1] == []


@pytest.mark.parametrize("own", ["sqlite", "postgresql"])
def test_of_several_that_start_at_once_one_makes_the_tables(
    fresh: Machine, own: str, request: pytest.FixtureRequest
) -> None:
    """The others wait for it, and nothing is done twice; with PostgreSQL they may be on several machines."""
    if own == "postgresql":
        fresh.settings["database_url"] = request.getfixturevalue("postgres_database")

    started = [fresh.start(COMMAND, "migrate") for _ in range(2)]

    ended = [(each.communicate(timeout=60), each.returncode) for each in started]
    assert ended == [(("The tables are up to date.\n", ""), 0)] * 2
    assert fresh.sfsync("status").status == 0


def test_the_database_of_a_newer_sfsync_is_left_alone(machine: Machine) -> None:
    """`sfsync up` ends with status 2 and a sentence; so does `sfsync migrate`."""
    with closing(sqlite3.connect(machine.database)) as database, database:
        database.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('sfsync', '0099_later', '2030-01-01')"
        )
    before = _dump(machine)

    refused: list[Answer] = [machine.sfsync("up", "--port", "0"), machine.sfsync("migrate")]

    assert [answer.status for answer in refused] == [2, 2]
    for answer in refused:
        assert "does not know its 0099_later" in " ".join(answer.err.split())
    assert _dump(machine) == before


def _dump(machine: Machine) -> list[str]:
    with closing(sqlite3.connect(machine.database)) as database:
        return list(database.iterdump())


@pytest.mark.parametrize("up", ["machine"], indirect=True)
def test_requests_that_are_never_finished_hold_up_nobody(up: Up) -> None:
    """Heads of which one byte came, and forms whose body never follows: more of them than there are threads."""
    until(lambda: up.get("/readyz")[0] == 200, "the pages answer")
    form = b"POST /sign-in/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n"
    with ExitStack() as unfinished:
        for number in range(40):
            half = unfinished.enter_context(socket.create_connection(("127.0.0.1", up.port)))
            half.sendall(form if number % 2 else b"G")
        until(lambda: up.get("/welcome/")[0] == 200, "a page is shown", seconds=15)
