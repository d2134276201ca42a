"""The zip that a merchant uploads in *Modules › Upload a module*."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from importlib.resources import files

FOLDER = "sfsyncbridge"
_CONFIG = """<?php
defined('_PS_VERSION_') || exit;

return ['address' => '{address}', 'secret' => '{secret}'];
"""


def pack(address: str, secret: str) -> bytes:
    """One folder, as PrestaShop wants it. `address`: where the module posts; `secret`: what it signs with. Both are in
    the zip, which is as secret as they are."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for source in sorted(files(__package__).joinpath("module").iterdir(), key=lambda each: each.name):
            if source.name.endswith(".php"):
                _add(archive, source.name, source.read_text("utf-8"))
        _add(archive, "config.php", _CONFIG.format(address=_quoted(address), secret=_quoted(secret)))
    return packed.getvalue()


def _add(archive: zipfile.ZipFile, name: str, text: str) -> None:
    """PHP's cache of compiled files goes by their dates: each zip has its own."""
    entry = zipfile.ZipInfo(f"{FOLDER}/{name}", datetime.now(UTC).timetuple()[:6])
    entry.external_attr = 0o100644 << 16
    archive.writestr(entry, text, zipfile.ZIP_DEFLATED)


def _quoted(text: str) -> str:
    """Between single quotes of PHP."""
    return text.replace("\\", "\\\\").replace("'", "\\'")
