"""What stops a command before it begins."""

from __future__ import annotations


class SettingsError(Exception):
    """A setting is wrong. The message is a line a setting: which, what was given (never a secret), what it takes."""


USABLE_AGAIN = "The database can be used again."


def cannot_be_used(said: str) -> str:
    return f"sfsync's own database cannot be used: {said.strip()}"


def unusable(error: Exception) -> str:
    """What our own database said, and what to do."""
    from sfsync.engine.kit.trouble import disk_full

    advice = "Its disk is full: free space on it. Nothing was lost." if disk_full(error) else _ADVICE
    return f"{cannot_be_used(str(error))}\n{advice}"


_ADVICE = (
    "Run `sfsync migrate` if its tables were never made; else check SFSYNC_DATABASE_URL, where it is set, and that "
    "database's server. Nothing was lost."
)
