"""What `deploy/` promises, read from its files: not root, nothing writable, no capability, and commands that exist."""

from __future__ import annotations

import configparser
import json
import re
import shlex
import subprocess
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml

from sfsync_server.environment import Environment
from sfsync_server.healthy import name, ready

DEPLOY = Path(__file__).resolve().parents[3] / "deploy"


def unit(file: str) -> dict[str, str]:
    parsed = configparser.ConfigParser(strict=False, interpolation=None)
    parsed.optionxform = str  # type: ignore[assignment, method-assign]
    parsed.read(DEPLOY / "systemd" / file)
    return dict(parsed["Service"])


def test_the_image_runs_as_nobody_in_particular() -> None:
    build, run = re.split(r"^FROM .*$", (DEPLOY / "Containerfile").read_text("utf-8"), flags=re.MULTILINE)[1:]

    assert "--require-hashes" in build
    assert "FROM scratch" in (DEPLOY / "Containerfile").read_text("utf-8")
    assert "USER 10001:10001" in run
    assert "HEALTHCHECK" in run
    assert "VOLUME /data" in run
    assert "pip" not in run


def test_the_image_builds_with_what_the_lock_file_pins() -> None:
    """`hatchling` and all that it asks for, with hashes: nothing else comes into the stage that builds."""
    pinned = subprocess.run(
        ["sh", DEPLOY.parent / "tools/build-requirements"], capture_output=True, text=True, check=True
    )
    lock = (DEPLOY.parent / "requirements.lock").read_text("utf-8")
    blocks = {block.partition("==")[0]: block for block in re.split(r"\n(?=[a-z0-9])", lock)}
    asked = {name for name, block in blocks.items() if re.search(r"^    #(?: via|  ) hatchling$", block, re.MULTILINE)}
    assert {*re.findall(r"^([a-z0-9._-]+)==", pinned.stdout, re.MULTILINE)} == asked | {"hatchling"}
    assert pinned.stdout.count("==") * 2 <= pinned.stdout.count("==") + pinned.stdout.count("--hash=sha256:")


SERVICE_KEYS = {
    *("build", "image", "command", "entrypoint", "environment", "ports", "volumes", "depends_on", "restart"),
    *("read_only", "tmpfs", "cap_drop", "security_opt", "stop_grace_period", "healthcheck"),
}
"""Those of the Compose Specification that our files use: https://github.com/compose-spec/compose-spec/blob/main/05-services.md"""


@pytest.fixture(params=["compose.yaml", "compose-fleet.yaml"])
def compose(request: pytest.FixtureRequest) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((DEPLOY / request.param).read_text("utf-8"))
    return read


def test_compose_files_have_the_health_check_of_the_image(compose: dict[str, Any]) -> None:
    """podman builds an image without its own, unless it is told to build Docker's format."""
    found = re.search(r"^HEALTHCHECK .* CMD (.*)$", (DEPLOY / "Containerfile").read_text("utf-8"), re.MULTILINE)
    serving = [each for each in compose["services"].values() if "ports" in each]
    assert found
    assert [each["healthcheck"]["test"] for each in serving] == [["CMD", *json.loads(found[1])]]


def test_compose_files_name_what_is_there(compose: dict[str, Any]) -> None:
    """Services, volumes, settings, commands: each name leads somewhere, and none is misspelt."""
    services = compose["services"]
    assert {key for each in services.values() for key in each} <= SERVICE_KEYS
    assert {key for key in compose if not key.startswith("x-")} <= {"services", "volumes"}
    for service in services.values():
        assert set(service.get("depends_on", ())) <= services.keys()
        assert {each.partition(":")[0] for each in service.get("volumes", ())} <= compose["volumes"].keys()
    for service in [each for each in services.values() if "build" in each]:
        assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
        assert {
            name.removeprefix("SFSYNC_").lower() for name in service["environment"]
        } <= Environment.model_fields.keys()
        program = service.get("entrypoint", ["sfsync"])
        known = commands() if program == ["sfsync"] else {"-A"}
        assert (service.get("command") or program[1:] or ["up"])[0] in known
        assert program[2:3] in ([], ["sfsync_server.celery"])
        for each in service["tmpfs"]:
            assert each.partition(":")[2] in ("", "uid=10001,gid=10001,mode=0700")


def commands() -> set[str]:
    from sfsync_server.cli import app

    return {each.name or getattr(each.callback, "__name__", "") for each in app.registered_commands}


@pytest.mark.parametrize("file", ["compose.yaml", "compose-fleet.yaml"])
def test_containers_have_no_capability_and_a_read_only_root(file: str) -> None:
    text = (DEPLOY / file).read_text("utf-8")
    for line in ("read_only: true", "cap_drop: [ALL]", '"no-new-privileges:true"', "127.0.0.1:8000:8000"):
        assert line in text, line


@pytest.mark.parametrize("file", ["sfsync.service", "sfsync-sync.service"])
def test_units_run_our_commands_as_an_account_of_their_own(file: str) -> None:
    service = unit(file)
    program, command = shlex.split(service["ExecStart"])

    assert (program, service["User"], service["EnvironmentFile"]) == (
        "/usr/bin/sfsync",
        "sfsync",
        "-/etc/sfsync/sfsync.env",
    )
    assert command in commands()
    assert (service["NoNewPrivileges"], service["ProtectSystem"]) == ("yes", "strict")


@pytest.mark.parametrize("file", ["sfsync.service", "sfsync-sync.service"])
def test_units_and_package_agree_on_account_and_places(file: str) -> None:
    service, install = unit(file), (DEPLOY / "debian" / "postinst").read_text("utf-8")
    home = f"/var/lib/{service['StateDirectory']}"

    assert service["Environment"] == f"SFSYNC_HOME={home}"
    assert (service["WorkingDirectory"], service["StateDirectoryMode"]) == (home, "0700")
    assert f"--home-dir {home} " in install
    assert f"--mode 0700 --owner {service['User']} --group {service['Group']} {home}" in install
    assert f"chown root:{service['Group']} {service['EnvironmentFile'].removeprefix('-')}" in install
    for script in ("sfsync", "postrm"):
        assert home in (DEPLOY / "debian" / script).read_text("utf-8")


def test_the_packages_settings_are_settings() -> None:
    written = (DEPLOY / "debian" / "sfsync.env").read_text("utf-8")
    named = re.findall(r"^#?SFSYNC_([A-Z_]+)=", written, re.MULTILINE)
    assert named
    assert {name.lower() for name in named} <= Environment.model_fields.keys()


def test_the_timer_starts_its_service_and_takes_the_place_of_the_other() -> None:
    """On the timer: on its service, the other one would be stopped minutes later, by the first run."""
    assert (DEPLOY / "systemd" / "sfsync-sync.service").is_file()
    parsed = configparser.ConfigParser(strict=False, interpolation=None)
    parsed.read(DEPLOY / "systemd" / "sfsync-sync.timer")
    assert parsed["Unit"]["Conflicts"] == "sfsync.service"


class Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        known = (self.path, self.headers["Host"]) == ("/readyz", "sync.example.com")
        self.send_response(200 if known else 503)
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        """Nothing is logged."""


def test_the_health_check_asks_by_a_name_that_the_pages_answer_to(monkeypatch: pytest.MonkeyPatch) -> None:
    with HTTPServer(("127.0.0.1", 0), Pages) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("SFSYNC_ALLOWED_HOSTS", "sync.example.com, localhost")
        assert ready(server.server_port)
        monkeypatch.setenv("SFSYNC_ALLOWED_HOSTS", "*")
        assert (name(), ready(server.server_port)) == ("localhost", False)
        server.shutdown()
    assert not ready(server.server_port)
