"""What `make dist` builds: two wheels (the client stands alone, sfsync stands on it) and their bill of materials."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Collection, Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from shoppingfeed import Client

ROOT = Path(__file__).resolve().parents[2]
CLIENT = ROOT / "packages" / "shoppingfeed"
OURS = {"sfsync", "shoppingfeed"}
PINNED = r"^([a-z0-9._-]+)==([^\s;]+)"
WHAT_IT_IS = """
import json, sys
from shoppingfeed import Response

class Recorder:
    def send(self, request):
        self.user_agent = request.headers["User-Agent"]
        return Response(200, {}, b'{"timestamp": 1}')

recorder = Recorder()
Client("any", transport=recorder).ping()
modules = sorted({name.partition(".")[0] for name in sys.modules})
print(json.dumps({"user_agent": recorder.user_agent, "modules": modules}))
"""


LOOK = """
import django
django.setup()
from django.test import Client as Browser
from sfsync.shops.prestashop.bridge.pack import pack
from sfsync.shops.prestashop.sample import build

page = Browser(headers={"accept-language": "fr"}).get("/welcome/").content.decode()
style = b"".join(Browser().get("/static/sfsync/backoffice.css").streaming_content)
shop = build("sqlite:///shop.sqlite3", limit=3)
module = pack("https://shop.example/", "secret")
print("Mot de passe" in page, len(style) > 1000, len(module) > 1000, len(shop.order_ids()))
"""


def run(*command: str | Path, cwd: Path | None = None, seconds: float = 120, **environment: str) -> str:
    done = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def build(checkout: Path, folder: Path) -> Path:
    """What `make dist` makes, with the hatchling of this environment."""
    run("sh", checkout / "tools" / "dist", folder, PYTHON=sys.executable)
    return folder


def needed(name: str, extras: Collection[str] = ()) -> Iterator[metadata.Distribution]:
    """An installed distribution and all that it needs here in turn."""
    distribution = metadata.distribution(name)
    yield distribution
    for requirement in map(Requirement, distribution.requires or ()):
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield from needed(requirement.name, requirement.extras)


def copy(distribution: metadata.Distribution, site: Path) -> None:
    for file in distribution.files or ():
        target = (site / file).resolve()
        if target.is_relative_to(site):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(Path(str(file.locate())), target)


def packages(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as opened:
        return {name.partition("/")[0] for name in opened.namelist() if ".dist-info/" not in name}


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, tmp_path_factory.mktemp("dist"))


def environment(home: Path, needs: str, dist: Path, *names: str) -> Path:
    """The programs of a new environment that holds what a package `needs`, and these wheels: pip accepts no less."""
    run(sys.executable, "-m", "venv", "--without-pip", home)
    site = next(home.glob("lib/python*/site-packages"))
    for distribution in {each.name: each for each in needed(needs) if each.name not in OURS}.values():
        copy(distribution, site)
    wheels = [next(dist.glob(f"{name}-*.whl")) for name in names]
    pip = [sys.executable, "-m", "pip", "--python", home / "bin" / "python"]
    run(*pip, "install", "--quiet", "--no-index", *wheels)
    return home / "bin"


@pytest.fixture(scope="module")
def alone(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return environment(tmp_path_factory.mktemp("alone"), "httpx2", dist, "shoppingfeed")


def test_the_client_and_its_sandbox_need_nothing_but_httpx2(alone: Path) -> None:
    """What the README shows runs in an environment without Django, over HTTP, from order to ticket."""
    examples = re.findall(r"^```python\n(.*?)^```", (CLIENT / "README.md").read_text("utf-8"), re.M | re.S)

    *told, last = run(alone / "python", "-I", "-c", "\n".join([*examples, WHAT_IT_IS])).splitlines()
    seen = json.loads(last)

    assert told == ["1078495000000 succeed"]
    assert seen["user_agent"].startswith(f"shoppingfeed-python/{metadata.version('shoppingfeed')} ")
    assert {"shoppingfeed", "httpx2"} <= set(seen["modules"])
    assert not {"sfsync", "sfsync_server", "django", "sqlalchemy", "typer", "celery"} & set(seen["modules"])


def _interruptible() -> None:
    """Whatever started the tests: a shell lets what it starts in the background ignore Ctrl+C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("command", [["shoppingfeed-sandbox"], ["python", "-m", "shoppingfeed.sandbox"]])
def test_the_sandbox_runs_from_the_client_alone(alone: Path, command: list[str]) -> None:
    program, *arguments = command
    started = [str(alone / program), *arguments, "--port", "0", "--samples"]

    with subprocess.Popen(started, stdout=subprocess.PIPE, text=True, preexec_fn=_interruptible) as sandbox:
        assert sandbox.stdout is not None
        address = sandbox.stdout.readline().split()[-1]
        with Client("sandbox-token", base_url=address) as client:
            orders = list(client.store(10).orders())
        sandbox.send_signal(signal.SIGINT)
        ended = sandbox.wait(20)

    assert (len(orders), ended) == (20, 0)


def test_each_package_is_in_one_wheel_and_sfsync_asks_for_the_client(dist: Path) -> None:
    client, product = next(dist.glob("shoppingfeed-*.whl")), next(dist.glob("sfsync-*.whl"))

    assert packages(client) == {"shoppingfeed"}
    assert packages(product) == {"sfsync", "sfsync_server"}
    [asked] = metadata.Distribution.discover(name="sfsync", path=[str(product)])
    names = {Requirement(line).name for line in asked.requires or ()}
    assert "shoppingfeed" in names
    assert "httpx2" not in names


def test_sfsync_runs_from_its_wheels_with_all_that_it_shows(dist: Path, tmp_path: Path) -> None:
    """Pages, their French and their style, the shop's module, the sample shop: nothing was left in the checkout."""
    programs = environment(tmp_path / "sfsync", "sfsync", dist, "sfsync", "shoppingfeed")
    settings = {
        "SFSYNC_HOME": str(tmp_path),
        "SFSYNC_HTTPS": "false",
        "DJANGO_SETTINGS_MODULE": "sfsync_server.settings",
    }
    settings |= {"SFSYNC_ALLOWED_HOSTS": "testserver"}

    assert run(programs / "sfsync", "--version", cwd=tmp_path) == f"sfsync {metadata.version('sfsync')}\n"
    assert run(programs / "sfsync", "migrate", cwd=tmp_path, **settings) == "The tables are up to date.\n"
    assert run(programs / "python", "-I", "-c", LOOK, cwd=tmp_path, **settings) == "True True True 3\n"


@pytest.fixture(scope="module")
def wheels(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a package index would have: ours, and all that they need."""
    folder = tmp_path_factory.mktemp("wheels")
    pip = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:")
    run(*pip, "--requirement", dist / "requirements.txt", "--dest", folder, seconds=300)
    for wheel in dist.glob("*.whl"):
        shutil.copy2(wheel, folder)
    return folder


@pytest.mark.parametrize("installer", ["pipx", "uv"])
def test_one_line_installs_a_command_that_works(wheels: Path, tmp_path: Path, installer: str) -> None:
    """`pipx install sfsync`, `uv tool install sfsync`: an environment of its own, and its command on the path."""
    index = ["--no-index", f"--find-links={wheels}"]
    line = {
        "pipx": ("-m", "pipx", "install", f"--pip-args={' '.join(index)}", "--python", sys.executable, "sfsync"),
        "uv": ("-m", "uv", "tool", "install", "--quiet", *index, "--python", sys.executable, "sfsync"),
    }[installer]
    places = {
        f"{installer.upper()}_{name}": str(tmp_path / name)
        for name in ("HOME", "BIN_DIR", "MAN_DIR", "TOOL_DIR", "TOOL_BIN_DIR", "CACHE_DIR")
    }
    run(sys.executable, *line, cwd=tmp_path, seconds=300, **places)
    [command] = tmp_path.glob("*BIN_DIR/sfsync")
    home = {"SFSYNC_HOME": str(tmp_path / "home"), "DJANGO_SETTINGS_MODULE": "sfsync_server.settings"}
    assert run(command, "--version", cwd=tmp_path) == f"sfsync {metadata.version('sfsync')}\n"
    assert run(command, "migrate", cwd=tmp_path, **home) == "The tables are up to date.\n"


def test_two_builds_are_the_same_to_the_last_byte(dist: Path, tmp_path: Path) -> None:
    """In another folder, on another day, with another umask."""
    copied = tmp_path / "elsewhere"
    for name in ("src", "packages", "tools"):
        shutil.copytree(ROOT / name, copied / name, copy_function=shutil.copyfile, ignore=lambda *_: ["__pycache__"])
    for name in ("pyproject.toml", "requirements.lock", "README.md", "LICENSE"):
        shutil.copyfile(ROOT / name, copied / name)

    again = build(copied, tmp_path / "dist")

    assert sorted(each.name for each in again.iterdir()) == sorted(each.name for each in dist.iterdir())
    assert [each.name for each in dist.iterdir() if each.read_bytes() != (again / each.name).read_bytes()] == []


def test_the_bill_of_materials_names_every_locked_package(dist: Path) -> None:
    """With its version and hashes; requirements.txt has those that run, each as the lock file has it."""
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    bill = json.loads(next(dist.glob("sfsync-*.cdx.json")).read_text("utf-8"))
    scopes = {each["name"]: each["scope"] for each in bill["components"]}
    installed = (dist / "requirements.txt").read_text("utf-8")
    runs = set(re.findall(PINNED, installed, re.MULTILINE))

    named = {(each["name"], each["version"]) for each in bill["components"]}
    assert named == {*re.findall(PINNED, lock, re.MULTILINE), ("shoppingfeed", metadata.version("shoppingfeed"))}
    assert (scopes["django"], scopes["sqlparse"], scopes["celery"], scopes["kombu"]) == (
        *["required"] * 2,
        *["optional"] * 2,
    )
    assert (scopes["psycopg-binary"], scopes["pytest"], scopes["httpcore2"]) == ("optional", "excluded", "required")
    assert {name for name, _ in runs} == {name for name, scope in scopes.items() if scope != "excluded"} - OURS
    assert set(installed.splitlines()) <= set(lock.splitlines())
    assert sum(len(each.get("hashes", [])) for each in bill["components"]) == lock.count("--hash=sha256:")
