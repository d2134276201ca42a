"""Documents of orders: one multipart request (API page, upload-documents)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from shoppingfeed._operations import positive

MOST_FILES = 20
LARGEST_FILE = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Document:
    """A PDF of at most 2 MB that belongs to an order. Its repr does not show the content."""

    order_id: int
    content: bytes
    filename: str = "document.pdf"
    type: str = "invoice"

    def __post_init__(self) -> None:
        positive(self.order_id, "order_id")
        if len(self.content) > LARGEST_FILE:
            raise ValueError(f"{self.filename} has {len(self.content)} bytes; the API takes {LARGEST_FILE} a file")
        if b"%PDF-" not in self.content[:1024]:
            raise ValueError(f"{self.filename} is not a PDF")
        if not self.filename or not self.filename.isprintable() or '"' in self.filename:
            raise ValueError("a document's filename must be printable and without quotes")

    def __repr__(self) -> str:
        return f"Document({self.order_id}, {self.filename!r}, {self.type!r}, <{len(self.content)} bytes>)"


def multipart(documents: Sequence[Document]) -> tuple[bytes, str]:
    """The body and its content type: `files[]` in the order in which `body` names the documents."""
    if not 1 <= len(documents) <= MOST_FILES:
        raise ValueError(f"a request takes 1 to {MOST_FILES} documents, not {len(documents)}")
    by_order: dict[int, list[Document]] = {}
    for document in documents:
        by_order.setdefault(document.order_id, []).append(document)
    named = [{"id": order, "documents": [{"type": each.type} for each in own]} for order, own in by_order.items()]
    boundary = f"shoppingfeed-{secrets.token_hex(16)}"
    parts = [_file(boundary, each) for own in by_order.values() for each in own]
    parts.append(_part(boundary, 'name="body"', json.dumps({"order": named}).encode()))
    return b"".join(parts) + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def _file(boundary: str, document: Document) -> bytes:
    disposition = f'name="files[]"; filename="{document.filename}"\r\nContent-Type: application/pdf'
    return _part(boundary, disposition, document.content)


def _part(boundary: str, disposition: str, content: bytes) -> bytes:
    return f"--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n".encode() + content + b"\r\n"
