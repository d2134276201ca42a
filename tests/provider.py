"""A company's own provider (OpenID Connect), on a real port."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from pytest_django import Settings

from sfsync_server.derived import providers
from sfsync_server.environment import Environment


class Provider(ThreadingHTTPServer):
    """Signs in whoever it is told to: `person` are the claims."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.person: dict[str, Any] = {}


class Answers(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        if self.path.startswith("/.well-known/"):
            pages = {name: f"{self.server.url}/{name.partition('_')[0]}" for name in (
                "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri",
            )}  # fmt: skip
            self.say({"issuer": self.server.url, **pages})
        elif self.path.startswith("/authorization?"):
            asked = parse_qs(urlsplit(self.path).query)
            self.send_response(302)
            back = urlencode({"code": "one-time", "state": asked["state"][0]})
            self.send_header("Location", f"{asked['redirect_uri'][0]}?{back}")
            self.end_headers()
        else:
            assert self.headers["Authorization"] == "Bearer access"
            self.say(self.server.person)

    def do_POST(self) -> None:
        given = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        assert given["code"] == ["one-time"]
        assert given["code_verifier"]
        now = int(time.time())
        claims = {
            "iss": self.server.url,
            "aud": "sfsync",
            "iat": now,
            "exp": now + 60,
            "sub": self.server.person["sub"],
        }
        token = jwt.encode(claims, "a-key-of-thirty-two-characters-!", algorithm="HS256")
        self.say({"access_token": "access", "token_type": "Bearer", "id_token": token})

    def say(self, answer: dict[str, Any]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_said: Any) -> None:
        """Nothing on the screen of the tests."""


@contextmanager
def offered(settings: Settings) -> Iterator[Provider]:
    """On the sign-in page."""
    with Provider() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        given = Environment(
            oidc_url=server.url, oidc_name="Acme", oidc_client_id="sfsync", oidc_roles="it=administrator"
        )
        apps = providers(given)
        settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": apps}}
        yield server
        server.shutdown()
