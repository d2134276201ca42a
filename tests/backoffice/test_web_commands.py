"""`sfsync createuser`, `sfsync rotate-key` and `sfsync serve`, as a person types them."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from typer.testing import CliRunner

from sfsync.models import Act, Role, Store
from sfsync.testing import World
from sfsync_server.cli import app

DEADLINE = 30


def createuser(*arguments: str, password: str = "a-good-password-9") -> tuple[int, str]:
    result = CliRunner().invoke(app, ["createuser", *arguments, "--password-stdin"], input=f"{password}\n")
    return result.exit_code, " ".join(result.output.split())


def test_createuser_makes_a_merchant_of_a_store(world: World) -> None:
    status, said = createuser("claire", "--store", "main", "--email", "claire@example.com")
    assert (status, said) == (0, "Created claire (user; stores: main).")
    user = User.objects.get(username="claire")
    assert user.check_password("a-good-password-9")
    assert list(Store.objects.filter(members=user)) == [world.store]
    assert not user.is_staff
    assert Act.objects.values_list("what", "details__person", "details__stores").get() == (
        *("person-saved", "claire"),
        ["main"],
    )


def test_createuser_makes_an_administrator(db: None) -> None:
    assert createuser("root", "--admin") == (0, "Created root (administrator).")
    assert User.objects.get().is_staff


def test_createuser_makes_an_agency(db: None) -> None:
    assert createuser("ada", "--agency", "--group", "acme") == (0, "Created ada (agency; stores: all of acme).")
    assert Role.objects.values_list("level", "group").get() == ("agency", "acme")


@pytest.mark.parametrize(
    ("arguments", "password", "sentence"),
    [
        (["claire"], "12345678", "too common"),
        (["claire", "--store", "nowhere"], "a-good-password-9", "There is no store “nowhere”"),
        (["claire", "--email", "nonsense"], "a-good-password-9", "valid email"),
        (["claire", "--agency"], "a-good-password-9", "--agency takes --group"),
        (["claire", "--group", "a b"], "a-good-password-9", "valid “slug”"),
        (["claire"], "", "The first line of the input holds no password."),
        (["taken"], "a-good-password-9", "The name “taken” is already taken."),
    ],
)
def test_createuser_refuses_with_a_sentence(db: None, arguments: list[str], password: str, sentence: str) -> None:
    User.objects.create_user("Taken")
    status, said = createuser(*arguments, password=password)
    assert status == 2
    assert sentence in said
    assert User.objects.count() == 1


class Deployment:
    """A home of its own, and the real command."""

    def __init__(self, home: Path) -> None:
        self.home = home
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SFSYNC_", "DJANGO_"))}
        self.environment = kept | {"SFSYNC_HOME": str(home)}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        command = [str(Path(sys.executable).parent / "sfsync"), *arguments]
        return subprocess.Popen(
            command, env=self.environment, cwd=self.home, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )

    def run(self, *arguments: str) -> str:
        process = self.start(*arguments)
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 0, output
        return output

    def begin(self, code: str) -> subprocess.Popen[str]:
        """A program that uses the models, left running."""
        text = f"import django; django.setup()\nfrom sfsync.models import Store\n{code}"
        environment = self.environment | {"DJANGO_SETTINGS_MODULE": "sfsync_server.settings"}
        command, pipe = [sys.executable, "-c", text], subprocess.PIPE
        return subprocess.Popen(command, env=environment, cwd=self.home, text=True, stdin=pipe, stdout=pipe)

    def python(self, code: str) -> str:
        process = self.begin(code)
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        return output.strip()


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a deployment with its tables and nothing in them, to copy."""
    home = tmp_path_factory.mktemp("migrated")
    Deployment(home).run("migrate")
    return home


@pytest.fixture
def deployment(migrated: Path, tmp_path: Path) -> Deployment:
    return Deployment(shutil.copytree(migrated, tmp_path, dirs_exist_ok=True))


def test_rotate_key_encrypts_every_secret_again(deployment: Deployment) -> None:
    """The former key decrypts until the next rotation; after two, nothing needs it any more."""
    deployment.python(
        "Store.objects.create(name='a', feed_store_id=1, token='the-token', shop_secrets={'url': 'sqlite:///x'})"
    )
    reveal = "s = Store.objects.get(); print(s.token.reveal(), s.shop_secrets['url'].reveal())"
    keys = {(deployment.home / "secret-key").read_text()}
    for _ in range(2):
        said = deployment.run("rotate-key")
        assert "Secrets encrypted with the new key: 2." in said
        keys.add((deployment.home / "secret-key").read_text())
        assert deployment.python(reveal) == "the-token sqlite:///x"
    assert len(keys) == 3
    acts = "from sfsync.models import Act; print(*Act.objects.values_list('what', flat=True))"
    assert deployment.python(acts) == "key-changed key-changed"
    (deployment.home / "former-secret-key").unlink()
    assert deployment.python(reveal) == "the-token sqlite:///x"
    assert (deployment.home / "secret-key").stat().st_mode & 0o077 == 0


def test_rotate_key_with_a_key_of_ones_own(deployment: Deployment) -> None:
    deployment.python("Store.objects.create(name='a', feed_store_id=1, token='the-token')")
    former = (deployment.home / "secret-key").read_text()
    deployment.environment |= {"SFSYNC_SECRET_KEY": "n" * 50, "SFSYNC_FORMER_SECRET_KEYS": former}
    assert "Secrets encrypted with the current key: 1." in deployment.run("rotate-key")
    del deployment.environment["SFSYNC_FORMER_SECRET_KEYS"]
    assert deployment.python("print(Store.objects.get().token.reveal())") == "the-token"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def served(deployment: Deployment) -> Iterator[str]:
    port = free_port()
    process = deployment.start("serve", "--port", str(port), "--workers", "1")
    yield f"http://127.0.0.1:{port}"
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=DEADLINE)
    assert process.returncode == 0, output
    assert f"http://localhost:{port}/" in output
    assert "Plain HTTP, for this machine only." in output


def test_what_other_machines_need_is_said_with_the_address(deployment: Deployment) -> None:
    """Every page leads to https there: without a proxy nobody would see one."""
    process = deployment.start("serve", "--host", "0.0.0.0", "--port", "0", "--workers", "1")
    assert process.stdout
    said = [process.stdout.readline() for _line in range(2)]
    process.terminate()
    process.communicate(timeout=DEADLINE)
    assert "put a proxy with TLS in front, or set SFSYNC_HTTPS=false" in said[1]


def fetch(url: str) -> tuple[int, str]:
    until = time.monotonic() + DEADLINE
    while True:
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except urllib.error.URLError:
            if time.monotonic() > until:
                raise


def test_serve_answers_with_pages_and_static_files_and_stops_cleanly(served: str) -> None:
    assert fetch(f"{served}/healthz") == (200, "ok\n")
    assert fetch(f"{served}/readyz")[0] == 200
    status, page = fetch(f"{served}/")
    assert status == 200
    assert "The first administrator" in page
    files = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
    assert len(files) >= 4
    assert {fetch(f"{served}{file}")[0] for file in files} == {200}
    assert fetch(f"{served}/nowhere/")[0] == 404


def test_a_process_that_runs_goes_on_after_a_rotation(deployment: Deployment) -> None:
    """It reads the keys anew; what it encrypts itself is readable to others."""
    deployment.python("Store.objects.create(name='a', feed_store_id=1, token='the-token')")
    waits = (
        "import sys; s = Store.objects.get(); print(s.token.reveal(), flush=True); sys.stdin.readline(); "
        "s = Store.objects.get(); print(s.token.reveal()); s.save()"
    )
    process = deployment.begin(waits)
    assert process.stdout is not None
    assert process.stdout.readline() == "the-token\n"
    deployment.run("rotate-key")
    output, _ = process.communicate("go on\n", timeout=DEADLINE)
    assert output == "the-token\n"
    (deployment.home / "former-secret-key").unlink()
    assert deployment.python("print(Store.objects.get().token.reveal())") == "the-token"
