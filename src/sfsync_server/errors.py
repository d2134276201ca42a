"""What stops a command before it begins."""

from __future__ import annotations


class SettingsError(Exception):
    """A setting is wrong. The message is a line a setting: which, what was given (never a secret), what it takes."""
