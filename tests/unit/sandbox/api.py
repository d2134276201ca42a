"""A few lines to talk to a sandbox in process, as a client would."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from shoppingfeed._transport import Request, Response
from shoppingfeed.sandbox import Sandbox


class Answer(NamedTuple):
    status: int
    document: Any
    headers: dict[str, str]


class Api:
    """Talks to store 10 of a sandbox; `timeout` is how many seconds it waits for an answer."""

    def __init__(self, sandbox: Sandbox, *, token: str = "sandbox-token", timeout: float = 30.0) -> None:
        self.sandbox = sandbox
        self.token = token
        self.transport = sandbox.transport(timeout)

    def raw(self, method: str, path: str, body: bytes = b"", **headers: str) -> Response:
        sent = {"Authorization": f"Bearer {self.token}", **{k.replace("_", "-"): v for k, v in headers.items()}}
        return self.transport.send(Request(method, f"https://api.example.com{path}", sent, body))

    def send(self, method: str, path: str, document: Any = None) -> Answer:
        body = b"" if document is None else json.dumps(document).encode()
        response = self.raw(method, path, body, content_type="application/json")
        return Answer(response.status, json.loads(response.body), dict(response.headers))

    def get(self, path: str) -> Any:
        answer = self.send("GET", path)
        assert answer.status == 200, answer
        return answer.document

    def operate(self, operation: str, *items: dict[str, Any], store: int = 10) -> Any:
        answer = self.send("POST", f"/v1/store/{store}/order/{operation}", {"order": list(items)})
        assert answer.status == 202, answer
        return answer.document

    def ship(self, *order_ids: int, number: str = "6A1", **more: Any) -> str:
        items = [{"id": id_, "carrier": "Colissimo", "trackingNumber": number, **more} for id_ in order_ids]
        return str(self.operate("ship", *items)["id"])

    def tickets(self, query: str = "") -> list[dict[str, Any]]:
        page = self.get(f"/v1/store/10/ticket?{query}")
        return list(page.get("_embedded", {}).get("ticket", []))

    def order(self, order_id: int) -> Any:
        return self.get(f"/v1/store/10/order/{order_id}")

    def control(self, method: str, path: str, document: Any = None) -> Answer:
        return self.send(method, f"/_sandbox/{path}", document)
