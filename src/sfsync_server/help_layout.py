"""How `sfsync --help` is laid out: commands by what they are for, one line each; and a flag says no type."""

from __future__ import annotations

import re
from typing import Any

from typer.core import TyperGroup

PANELS = {
    "Begin": ("init", "up", "sandbox", "demo"),
    "Set up": ("apply", "doctor", "rehearse", "bridge", "takeover", "give-back", "createuser", "migrate"),
    "Run": ("sync", "run", "serve", "reconcile"),
    "Look": ("status", "tasks", "why", "logs", "audit"),
    "Act": ("retry", "give-up", "done", "release", "fleet"),
    "Keep": ("backup", "restore", "rotate-key"),
}
WIDEST = 64
"""Letters of a line beside the longest name, in a terminal of 80 columns."""


class Group(TyperGroup):
    """Commands, each with its first sentence in the list."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        command = super().get_command(ctx, cmd_name)
        if command:
            command.help = flowing(command.help or "")
            command.short_help = first_sentence(command.help)
            for option in command.get_params(ctx):
                _say_no_type_of_a_flag(option)
        return command


class Commands(Group):
    """Those of `sfsync`, in panels."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [name for names in PANELS.values() for name in names]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        command: Any = super().get_command(ctx, cmd_name)
        if command:
            command.rich_help_panel = next(panel for panel, names in PANELS.items() if cmd_name in names)
        return command

    def get_params(self, ctx: Any) -> list[Any]:
        params = super().get_params(ctx)
        for option in params:
            _say_no_type_of_a_flag(option)
        return params


def flowing(text: str) -> str:
    """Paragraphs that break where the terminal is full, not where the source is."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def first_sentence(text: str) -> str:
    return re.split(r"(?<=\.)\s", text, maxsplit=1)[0]


def _say_no_type_of_a_flag(option: Any) -> None:
    if getattr(option, "is_flag", False):
        option.metavar = ""
