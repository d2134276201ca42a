"""The file: a zip whose manifest names its members with their SHA-256, and whose database it is."""

from __future__ import annotations

import hashlib
import json
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import IO, Any

from sfsync_server.private_files import clear_dead, drafts_of, replacing

FORMAT = 1
MANIFEST = "manifest.json"
PIECE = 1 << 20
"""Bytes held at once, however large the database is."""
MOST_AT_ONCE = 1 << 20
"""Bytes of a member that is held whole."""
_UNREADABLE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, ValueError, LookupError)
"""What Python says to a zip that is not as it was written."""


class RefusedError(Exception):
    """A backup that cannot be put back, or a database that cannot be replaced; in a sentence."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds. `migrations` are `app.name`; `columns` those of each table that has a member of its own."""

    engine: str
    migrations: list[str]
    columns: dict[str, list[str]] = field(default_factory=dict)
    members: dict[str, str] = field(default_factory=dict)
    format: int = FORMAT
    version: str = field(default_factory=lambda: version("sfsync"))
    made: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))


class Writer:
    """Members are added one by one, in pieces; the manifest comes last."""

    def __init__(self, packed: zipfile.ZipFile) -> None:
        self.packed = packed
        self.digests: dict[str, str] = {}

    def add(self, name: str, pieces: Iterable[bytes]) -> None:
        digest = hashlib.sha256()
        with self.packed.open(name, "w", force_zip64=True) as member:
            for piece in pieces:
                digest.update(piece)
                member.write(piece)
        self.digests[name] = digest.hexdigest()

    def close(self, manifest: Manifest) -> None:
        manifest.members.update(self.digests)
        self.packed.writestr(MANIFEST, json.dumps(asdict(manifest)))


@contextmanager
def writing(file: Path) -> Iterator[Writer]:
    """A new backup, there once the block has ended well, for this account alone. Raises `RefusedError` for a place that
    holds anything but a backup."""
    if file.is_dir() or not file.name:
        raise RefusedError(f"{file} is a folder: name a file in it.")
    if file.exists() and not _is_backup(file):
        raise RefusedError(f"{file} is there, and is no backup of sfsync: it is left as it is. Name another file.")
    clear_dead(drafts_of(file))
    with replacing(file) as opened, zipfile.ZipFile(opened, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        yield Writer(packed)


def _is_backup(file: Path) -> bool:
    """By its table of contents; a device, a database and a key have none."""
    if not file.is_file():
        return False
    try:
        with zipfile.ZipFile(file) as packed:
            return MANIFEST in packed.namelist()
    except zipfile.BadZipFile:
        return False


@dataclass(frozen=True, slots=True)
class Reader:
    """A backup whose every byte has been compared with its manifest."""

    packed: zipfile.ZipFile
    manifest: Manifest

    def pieces(self, name: str) -> Iterator[bytes]:
        with self.packed.open(name) as member:
            yield from pieces_of(member)

    def whole(self, name: str) -> bytes:
        """A member that holds little. Raises `RefusedError`."""
        return _whole(self.packed, name)


@contextmanager
def reading(file: Path) -> Iterator[Reader]:
    """Raises `RefusedError` for a file that is damaged, cut off, or of a later sfsync."""
    if not file.is_file():
        raise RefusedError(f"{file} is no file.")
    with file.open("rb") as opened:
        reader = _checked(file, opened)
        with reader.packed:
            yield reader


def _checked(file: Path, opened: IO[bytes]) -> Reader:
    try:
        packed = zipfile.ZipFile(opened)
        told = json.loads(_whole(packed, MANIFEST))
        if told["format"] > FORMAT:
            raise RefusedError(f"{file} is a backup of sfsync {told['version']}: install that one to put it back.")
        reader = Reader(packed, _manifest(told))
        wrong = [name for name, digest in reader.manifest.members.items() if _digest(reader, name) != digest]
    except (*_UNREADABLE, TypeError, NotImplementedError):
        raise RefusedError(f"{file} is damaged, cut off, or no backup of sfsync.") from None
    if wrong:
        raise RefusedError(f"{file} is damaged: {', '.join(wrong)} is not what was written.")
    return reader


def _manifest(told: Mapping[str, Any]) -> Manifest:
    """Raises `TypeError` where a value is of another kind than was written."""
    manifest = Manifest(**told)
    tables = (manifest.columns, manifest.members)
    if not all(isinstance(each, dict) for each in tables):
        raise TypeError
    lists = (manifest.migrations, *manifest.columns.values())
    texts = (manifest.engine, manifest.version, manifest.made, *manifest.members.values(), *chain(*lists))
    if not (all(isinstance(each, list) for each in lists) and all(isinstance(each, str) for each in texts)):
        raise TypeError
    return manifest


def _whole(packed: zipfile.ZipFile, name: str) -> bytes:
    """It may be packed a thousand times smaller than it is. Raises `RefusedError`."""
    if packed.getinfo(name).file_size > MOST_AT_ONCE:
        raise RefusedError(f"{packed.filename} is no backup of sfsync: its {name} is too large.")
    return packed.read(name)


def _digest(reader: Reader, name: str) -> str:
    digest = hashlib.sha256()
    for piece in reader.pieces(name):
        digest.update(piece)
    return digest.hexdigest()


def pieces_of(opened: IO[bytes]) -> Iterator[bytes]:
    while piece := opened.read(PIECE):
        yield piece
