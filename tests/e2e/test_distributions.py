"""The two wheels of this repository: the client stands alone, and sfsync stands on it."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from shoppingfeed import Client

ROOT = Path(__file__).resolve().parents[2]
CLIENT = ROOT / "packages" / "shoppingfeed"
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


def run(*command: str | Path, cwd: Path | None = None) -> str:
    done = subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def build(source: Path, folder: Path) -> Path:
    """The wheel of a distribution, made with the hatchling of this environment."""
    run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder, cwd=source)
    return next(folder.glob("*.whl"))


def needed(name: str) -> Iterator[metadata.Distribution]:
    """An installed distribution and all that it needs here in turn."""
    distribution = metadata.distribution(name)
    yield distribution
    for requirement in map(Requirement, distribution.requires or ()):
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield from needed(requirement.name)


def copy(distribution: metadata.Distribution, site: Path) -> None:
    for file in distribution.files or ():
        target = (site / file).resolve()
        if target.is_relative_to(site) and file.suffix != ".pyc":
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(Path(str(file.locate())), target)


def packages(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as opened:
        return {name.partition("/")[0] for name in opened.namelist() if ".dist-info/" not in name}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(CLIENT, tmp_path_factory.mktemp("shoppingfeed"))


@pytest.fixture(scope="module")
def alone(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment that holds httpx2 with what it needs, and the client: pip accepts no less."""
    home = tmp_path_factory.mktemp("alone")
    run(sys.executable, "-m", "venv", "--without-pip", home)
    site = next(home.glob("lib/python*/site-packages"))
    for distribution in needed("httpx2"):
        copy(distribution, site)
    run(sys.executable, "-m", "pip", "--python", home / "bin" / "python", "install", "--quiet", "--no-index", wheel)
    return home / "bin"


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


def test_each_package_is_in_one_wheel_and_sfsync_asks_for_the_client(wheel: Path, tmp_path: Path) -> None:
    product = build(ROOT, tmp_path)

    assert packages(wheel) == {"shoppingfeed"}
    assert packages(product) == {"sfsync", "sfsync_server"}
    [asked] = metadata.Distribution.discover(name="sfsync", path=[str(product)])
    names = {Requirement(line).name for line in asked.requires or ()}
    assert "shoppingfeed" in names
    assert "httpx2" not in names
