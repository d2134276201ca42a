"""What `deploy/` promises, read from its files: not root, nothing writable, no capability, and commands that exist."""

from __future__ import annotations

import configparser
import re
import shlex
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

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


@pytest.mark.parametrize("file", ["compose.yaml", "compose-fleet.yaml"])
def test_containers_have_no_capability_and_a_read_only_root(file: str) -> None:
    text = (DEPLOY / file).read_text("utf-8")
    for line in ("read_only: true", "cap_drop: [ALL]", '"no-new-privileges:true"', "127.0.0.1:8000:8000"):
        assert line in text, line


@pytest.mark.parametrize("file", ["sfsync.service", "sfsync-sync.service"])
def test_units_run_our_commands_as_an_account_of_their_own(file: str) -> None:
    from sfsync_server.cli import app

    service = unit(file)
    program, command = shlex.split(service["ExecStart"])

    assert (program, service["User"], service["EnvironmentFile"]) == (
        "/usr/bin/sfsync",
        "sfsync",
        "-/etc/sfsync/sfsync.env",
    )
    assert command in {each.name or getattr(each.callback, "__name__", "") for each in app.registered_commands}
    assert (service["NoNewPrivileges"], service["ProtectSystem"]) == ("yes", "strict")


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
