"""Whatever a machine hands to `sfsync` at its start is worked with, or is one sentence and a status: real processes."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from tests import services
from tests.e2e.machine import COMMAND, SECONDS, Answer, Machine
from tests.waiting import until

NO_STORE = "There is no enabled store."


def run(machine: Machine, shell: str, **settings: str) -> Answer:
    """A line of shell in the machine's home, in which `sfsync` is the command."""
    done = subprocess.run(
        ["/bin/sh", "-c", shell.replace("sfsync", str(COMMAND))],
        cwd=machine.home,
        env=machine.environment(**settings),
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=SECONDS,
        check=False,
    )
    return Answer(done.returncode, done.stdout, done.stderr)


def write(name: str, text: str, encoding: str = "utf-8") -> Callable[[Path], object]:
    return lambda home: (home / name).write_bytes(text.encode(encoding))


DOTENV = "SFSYNC_TIMEOUT=never\nSFSYNC_MAIL_FROM=é@example.com\n"
READ = "SFSYNC_TIMEOUT is “never”, but takes a number from 1 to 60."


@pytest.mark.parametrize(
    ("prepare", "shell", "status", "sentence"),
    [
        # --- .env
        (write(".env", DOTENV), "sfsync status", 2, READ),
        (write(".env", DOTENV, "utf-8-sig"), "sfsync status", 2, READ),
        (write(".env", DOTENV.replace("\n", "\r\n")), "sfsync status", 2, READ),
        (write(".env", DOTENV, "utf-16"), "sfsync status", 2, "/.env is not UTF-8 text: save it with that encoding."),
        (write(".env", DOTENV, "latin-1"), "sfsync status", 2, "/.env is not UTF-8 text: save it with that encoding."),
        (
            write(".env", "\nSFSYNC_URL='unclosed\n"),
            "sfsync status",
            0,
            "Line 2 of .env is not NAME=value, and is ignored.",
        ),
        (lambda home: (home / ".env").mkdir(), "sfsync status", 0, NO_STORE),
        # --- the environment
        (None, "SFSYNC_MAIL_FROM=$(printf '\\351@x') sfsync status", 2, "SFSYNC_MAIL_FROM is not UTF-8 text."),
        (write("s", "smtp://é", "utf-16"), "SFSYNC_SMTP_URL_FILE=s sfsync status", 2, "which is not UTF-8 text"),
        (write("s", "smtp://host", "utf-8-sig"), "SFSYNC_SMTP_URL_FILE=s sfsync status", 0, NO_STORE),
        (
            write("s", "\n"),
            "SFSYNC_SECRET_KEY_FILE=s sfsync status",
            2,
            "SFSYNC_SECRET_KEY_FILE names s, which is empty.",
        ),
        (None, "SFSYNC_SECRET_KEY_FILE= sfsync status", 2, "SFSYNC_SECRET_KEY_FILE is empty, but takes the name of a"),
        (
            None,
            "DJANGO_SETTINGS_MODULE=nope sfsync status",
            2,
            "DJANGO_SETTINGS_MODULE is “nope”: No module named 'nope'",
        ),
        (None, "DJANGO_SETTINGS_MODULE=json sfsync status", 2, "“json”, whose INSTALLED_APPS do not have sfsync."),
        (None, "DJANGO_SETTINGS_MODULE= sfsync status", 0, NO_STORE),
        (write("of_mine.py", "1 +"), "PYTHONPATH=. DJANGO_SETTINGS_MODULE=of_mine sfsync status", 2, "“of_mine”: "),
        (None, "SFSYNC_PROXIES=nginx sfsync status", 2, "takes addresses or networks, separated by commas, or *."),
        (None, "SFSYNC_DATABASE_URL='postgresql://h/n?pool=1' sfsync status", 2, "SFSYNC_DATABASE_URL takes no pool"),
        # --- home
        (None, "env -u HOME -u SFSYNC_HOME unshare --user --map-user=4242 sfsync status", 2, "(4242) has no home"),
        (write("f", ""), "SFSYNC_HOME=f sfsync status", 2, "SFSYNC_HOME (f) cannot be used: "),
        (None, "SFSYNC_HOME=~nobody-here sfsync status", 2, "SFSYNC_HOME is “~nobody-here”, but takes a folder."),
        (write("secret-key", "é" * 30, "utf-16"), "sfsync status", 2, "/secret-key is not UTF-8 text"),
        (None, "SFSYNC_DATABASE_URL=sqlite:///no/such/file sfsync status", 1, "unable to open database file"),
        (None, "mkdir umask; umask 777; SFSYNC_HOME=umask sfsync migrate", 0, "The tables are up to date."),
        # --- arguments and files that are named
        (None, "sfsync status --store $(printf '\\351')", 2, "'\\udce9' is not UTF-8 text."),
        (write("s.toml", "[stores.a]\ntoken = 5", "utf-8-sig"), "sfsync apply s.toml", 2, "stores.a.token: must be"),
        (write("s.toml", "[stores.a]", "utf-16"), "sfsync apply s.toml", 2, "s.toml is not UTF-8 text."),
        (None, "sfsync apply .", 2, ". cannot be read: Is a directory."),
        (None, "sfsync apply /dev/zero", 2, "/dev/zero cannot be read: it is a device, and no file."),
        (None, "truncate --size 17M s.toml; sfsync apply s.toml", 2, "s.toml cannot be read: it is larger than 16 MB."),
        (None, "cat /dev/zero | sfsync apply /dev/stdin", 2, "/dev/stdin cannot be read: it is larger than 16 MB."),
        (None, "echo '[stores.a]' | sfsync apply /dev/stdin", 2, "stores.a"),
        (None, "SFSYNC_SECRET_KEY_FILE=/dev/zero sfsync status", 2, "cannot be read: it is a device, and no file."),
        (None, "truncate --size 2M .env; sfsync status", 2, ".env cannot be read: it is larger than 1 MB."),
        (None, "sfsync restore --yes /dev/zero", 1, "/dev/zero is no file."),
        (None, "sfsync sandbox --port 0 --shop /dev/zero", 1, "/dev/zero is no file."),
        (None, "mkfifo f; sfsync backup f; test -p f", 0, "f is there, and is no backup of sfsync"),
        # --- the input
        (None, "sfsync createuser claire --password-stdin <&-", 2, "The first line of the input holds no password."),
        (None, "sfsync createuser c --password-stdin </dev/zero", 2, "The first line of the input is too long."),
        (None, "sfsync takeover main --account-stdin </dev/zero", 2, "no store"),
        (None, "sfsync createuser claire <&-", 2, "There is no terminal to ask for the password."),
        (None, "printf 'p\\351' | sfsync createuser claire --password-stdin", 2, "on the input is not UTF-8 text."),
        (None, "printf '\\357\\273\\277a-good-pass-9\\r\\n' | sfsync createuser c --password-stdin", 0, "Created c"),
        # --- the output
        (None, "sfsync doctor >/dev/full", 1, "The output cannot be written: No space left on device."),
        (None, "sfsync status --json >/dev/full", 1, "The output cannot be written: No space left on device."),
        (None, "sfsync --help >/dev/full", 1, "The output cannot be written: No space left on device."),
        (None, "sfsync status --json >&-", 0, ""),
        (None, "sfsync status --store elsewhere 2>&-", 2, ""),
        (None, "sfsync status --store elsewhere 2>/dev/full", 2, ""),
        (None, "(sfsync status --json; echo $? >said) | true; read said <said; exit $said", 1, ""),
        (None, "PYTHONIOENCODING=latin-1 sfsync doctor", 1, "? Write a file of stores"),
        (None, "PYTHONIOENCODING=ascii sfsync doctor", 1, "? Write a file of stores"),
        (None, "PYTHONIOENCODING=ascii sfsync doctor --json", 1, '"verdict": "wrong"'),
    ],
)
def test_what_a_machine_hands_over_is_worked_with_or_one_sentence(
    machine: Machine, prepare: Callable[[Path], object] | None, shell: str, status: int, sentence: str
) -> None:
    if prepare:
        prepare(machine.home)
    answer = run(machine, shell)
    assert (answer.status, answer.err) == (status, answer.err)
    assert sentence in answer.out + answer.err
    assert "Traceback" not in answer.out + answer.err
    assert "Exception ignored" not in answer.err


def test_a_closed_output_never_leads_into_the_database(machine: Machine) -> None:
    """The first file that a program opens gets the first free number, and 1 is where it prints."""
    answer = run(machine, "sfsync createuser claire --store elsewhere >&- 2>&- <&-; sfsync doctor >&- 2>&-")
    assert answer.status == 1
    assert machine.sfsync("status").status == 0
    assert machine.database.read_bytes()[:15] == b"SQLite format 3"


@pytest.mark.parametrize(
    ("hosts", "query"),
    [
        ("127.0.0.1:{port}", ""),
        ("127.0.0.1:9,127.0.0.1:{port}", "?target_session_attrs=read-write"),
        ("", "?host=127.0.0.1&port={port}"),
    ],
)
def test_several_servers_may_keep_the_database(tmp_path: Path, hosts: str, query: str) -> None:
    """The first that answers, and that may be written to."""
    server = services.postgres()
    name = f"ways_in_{uuid4().hex}"
    server.database(name)
    url = f"postgresql://postgres@{hosts}/{name}{query}".format(port=server.port)
    machine = Machine(tmp_path, {"database_url": url})
    assert machine.sfsync("migrate").status == 0
    assert NO_STORE in machine.sfsync("status").out
    assert python(machine, LIMITS).split() == ["1min", "30s", "90s"]
    server.drop(name)


LIMITS = """
import django
django.setup()
from django.db import connection
with connection.cursor() as cursor:
    for limit in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
        cursor.execute(f"SHOW {limit}")
        print(*cursor.fetchone())
"""


def python(machine: Machine, script: str) -> str:
    started = machine.start(sys.executable, "-c", script, DJANGO_SETTINGS_MODULE="sfsync_server.settings")
    out, err = started.communicate(timeout=SECONDS)
    assert started.returncode == 0, err
    return out


@pytest.fixture
def served(machine: Machine) -> Iterator[Callable[..., str]]:
    """Starts `sfsync serve`, and gives its address."""
    started: list[subprocess.Popen[str]] = []

    def serve(**settings: str) -> str:
        started.append(machine.start(COMMAND, "serve", "--port=0", "--workers=1", **settings))
        said = started[0].stdout.readline() if started[0].stdout else ""
        return f"http://127.0.0.1:{said.strip().rstrip('/').rpartition(':')[2]}"

    yield serve
    for process in started:
        process.terminate()
        process.communicate(timeout=SECONDS)


def fetch(url: str) -> tuple[int, str]:
    """The status, and the page or where it sends to."""
    address = urlsplit(url)
    connection = HTTPConnection(address.hostname or "", address.port or 80, timeout=SECONDS)
    with closing(connection):
        connection.request("GET", address.path)
        answer = connection.getresponse()
        return answer.status, answer.headers.get("Location") or answer.read().decode()


def test_a_path_in_front_of_the_pages_holds_for_all_of_them(served: Callable[..., str]) -> None:
    """Whether the proxy strips it or not."""
    base = served(url="https://shop.example.com/sync", https="false")
    until(lambda: answers(f"{base}/healthz"), "the pages answer")
    for path in ("/sync", ""):
        assert fetch(f"{base}{path}/") == (302, "/sync/sign-in/?next=/sync/")
        assert fetch(f"{base}{path}/sign-in/") == (302, "/sync/welcome/")  # nobody can sign in yet
        status, page = fetch(f"{base}{path}/welcome/")
        [style] = re.findall(r'href="([^"]+backoffice[^"]*\.css)"', page)
        assert (status, style.startswith("/sync/static/")) == (200, True)
        assert fetch(f"{base}{path}{style.removeprefix('/sync')}")[0] == 200


def answers(url: str) -> bool:
    try:
        return fetch(url)[0] == 200
    except OSError:
        return False
