"""Real answers of PrestaShop 8.2.4 and 9.1.4 (`answers`)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from shoppingfeed import Response

FOLDER = Path(__file__).parent / "answers"
VERSIONS = ("8.2.4", "9.1.4")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer. `basic`: the key went in a header."""

    name: str
    method: str
    path: str
    host: str
    basic: bool
    body: bytes
    answer: Response


@cache
def exchange(version: str, name: str) -> Exchange:
    file = json.loads((FOLDER / version / f"{name}.json").read_text())
    method, _, path = file["request"].partition(" ")
    headers = {key.lower(): value for key, value in file["headers"].items()}
    answer = Response(file["status"], headers, file["body"].encode())
    body = file.get("request_body", "").encode()
    return Exchange(name, method, path, file.get("host", "shop.example"), "authorization" in file, body, answer)


def names(version: str) -> list[str]:
    return sorted(each.stem for each in (FOLDER / version).glob("*.json"))


def answer(version: str, name: str) -> Response:
    """Of 8.2.4 where that version has no recording of its own."""
    found = version if (FOLDER / version / f"{name}.json").exists() else VERSIONS[0]
    return exchange(found, name).answer


def rows(exchange: Exchange) -> list[dict[str, Any]]:
    """The rows of a recorded list."""
    document = json.loads(exchange.answer.body)
    return [] if document == [] else list(*document.values())
