"""Reading what was posted to an operation: JSON, or the multipart form of upload-documents (api.md, *Operations*)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from email.message import Message
from email.parser import HeaderParser
from typing import Any, NamedTuple

from shoppingfeed.sandbox.answers import ProblemError

MOST_ITEMS = 100
MOST_FILES = 20
LARGEST_FILE = 2 * 1024 * 1024


class Named(NamedTuple):
    """One item of an operation and the order it names: by id, or (deprecated) by reference and channel."""

    order_id: int | None
    reference: str
    channel: str
    item: Mapping[str, Any]

    def __str__(self) -> str:
        return f"'{self.reference}' of {self.channel}" if self.order_id is None else str(self.order_id)


class Upload(NamedTuple):
    """One file of a form."""

    name: str
    content: bytes


def read_items(operation: str, content_type: str, body: bytes) -> list[Named]:
    """The items of a posted operation. Raises ProblemError: 400 when it is no JSON, 413 or 422 when it is wrong."""
    if operation != "upload-documents":
        return _named_items(operation, read_json(body))
    text, uploads = _read_form(content_type, body)
    return _with_uploads(_named_items(operation, read_json(text)), uploads)


def read_json(body: bytes) -> Any:
    """The JSON of a body. Raises ProblemError 400 when it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise ProblemError(400, "The body of the request is not JSON.") from None


def _named_items(operation: str, document: Any) -> list[Named]:
    items = document.get("order") if isinstance(document, dict) else None
    if not isinstance(items, list):
        raise ProblemError(422, "The body must be an object with a list 'order'.")
    if not 0 < len(items) <= MOST_ITEMS:
        raise ProblemError(422, f"A request takes 1 to {MOST_ITEMS} orders, not {len(items)}.")
    return [_named(operation, position, item) for position, item in enumerate(items)]


def _named(operation: str, position: int, item: Any) -> Named:
    where = f"The order at position {position}"
    if not isinstance(item, dict):
        raise ProblemError(422, f"{where} is not an object.")
    if complaint := _complaint(operation, item):
        raise ProblemError(422, f"{where}: {complaint}")
    reference, channel = str(item.get("reference") or ""), str(item.get("channelName") or "")
    if item.get("id") is not None:
        return Named(_order_id(item["id"], where), reference, channel, item)
    if not reference or not channel:
        raise ProblemError(422, f"{where} has no 'id'.")
    return Named(None, reference, channel, item)


def _order_id(value: Any, where: str) -> int:
    text = value.strip() if isinstance(value, str) else str(value)
    if isinstance(value, bool) or not text.removeprefix("-").isdecimal() or len(text) > 18:
        raise ProblemError(422, f"{where}: 'id' is not a number.")
    return int(text)


def _complaint(operation: str, item: Mapping[str, Any]) -> str:
    if operation == "ship":
        if not isinstance(item.get("returnInfo") or {}, dict):
            return "'returnInfo' is not an object."
        return _complaint_of_lines("items", "id", item.get("items"))
    if operation == "refund":
        refund = item.get("refund")
        if not isinstance(refund, dict):
            return "'refund' is missing."
        return _complaint_of_lines("products", "reference", refund.get("products"))
    if operation == "acknowledge" and item.get("status", "success") not in ("success", "error"):
        return "'status' is 'success' or 'error'."
    return ""


def _complaint_of_lines(name: str, key: str, lines: Any) -> str:
    if not isinstance(lines or [], list):
        return f"'{name}' is not a list."
    for line in lines or []:
        if not isinstance(line, dict) or key not in line or not _is_quantity(line.get("quantity")):
            return f"each of '{name}' needs '{key}' and a 'quantity' from 0."
    return ""


def _is_quantity(value: Any) -> bool:
    text = str(value)
    return text.isdecimal() and len(text) <= 9


def _with_uploads(items: list[Named], uploads: list[Upload]) -> list[Named]:
    """The items, each document with the name and size of its file, in the order of the files."""
    announced = [_documents(named) for named in items]
    count = sum(map(len, announced))
    if count != len(uploads):
        raise ProblemError(422, f"{count} document(s) are announced, and {len(uploads)} file(s) sent.")
    files = iter(uploads)
    return [
        named._replace(item={**named.item, "documents": [_document(one, next(files)) for one in documents]})
        for named, documents in zip(items, announced, strict=True)
    ]


def _documents(named: Named) -> list[Any]:
    documents = named.item.get("documents")
    if not isinstance(documents, list) or not documents:
        raise ProblemError(422, f"The order {named} announces no 'documents'.")
    return documents


def _document(document: Any, upload: Upload) -> dict[str, Any]:
    if not isinstance(document, dict) or not document.get("type"):
        raise ProblemError(422, "A document has no 'type'.")
    return {**document, "name": upload.name, "size": len(upload.content)}


def _read_form(content_type: str, body: bytes) -> tuple[bytes, list[Upload]]:
    """The `body` field and the `files[]` of a form."""
    text, uploads = b"", []
    for headers, content in _parts(content_type, body):
        name = headers.get_param("name", header="content-disposition")
        if name == "body":
            text = content
        elif name in {"files[]", "files"} or (isinstance(name, str) and name.startswith("files[")):
            uploads.append(Upload(headers.get_filename() or "", content))
    _check_uploads(uploads)
    return text, uploads


def _check_uploads(uploads: list[Upload]) -> None:
    if len(uploads) > MOST_FILES:
        raise ProblemError(422, f"A request takes at most {MOST_FILES} files, not {len(uploads)}.")
    for upload in uploads:
        if len(upload.content) > LARGEST_FILE:
            raise ProblemError(413, f"The file '{upload.name[:80]}' is larger than 2 MB.")
        if not upload.content.startswith(b"%PDF-"):
            raise ProblemError(422, f"The file '{upload.name[:80]}' is not a PDF.")


def _parts(content_type: str, body: bytes) -> list[tuple[Message, bytes]]:
    header = Message()
    header["content-type"] = content_type.replace("\r", " ").replace("\n", " ")
    if header.get_content_type() != "multipart/form-data":
        raise ProblemError(422, "upload-documents takes a form of the type multipart/form-data.")
    boundary = header.get_param("boundary")
    # Without a boundary in the header, the first line of the body tells it.
    mark = b"--" + boundary.encode() if isinstance(boundary, str) else body.split(b"\r\n", 1)[0]
    pieces = (b"\r\n" + body).split(b"\r\n" + mark)
    if len(pieces) < 3 or len(mark) < 3:
        raise ProblemError(400, "The form has no parts: its boundary was not found.")
    return [_part(piece) for piece in pieces[1:-1]]


def _part(piece: bytes) -> tuple[Message, bytes]:
    head, _, content = piece.partition(b"\r\n\r\n")
    return HeaderParser().parsestr(head.strip().decode("utf-8", "replace")), content
