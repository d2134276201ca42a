"""Questions on a terminal, in its language. Enter gives the answer in brackets, or the one of before."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from sfsync.questions import question
from sfsync_server.commands import hidden, shown

YES, NO = {"y", "yes", "o", "oui"}, {"n", "no", "non"}


def text(label: str, usual: str | None = None, *, shown_too: bool = True) -> str:
    """`usual` is shown where it says something; None where there must be an answer."""
    suffix = question("colon")
    given = typer.prompt(f"   {label}", default=usual, show_default=bool(usual) and shown_too, prompt_suffix=suffix)
    return str(given).strip()


def number(label: str, usual: int) -> int:
    while not (given := text(label, str(usual))).isdecimal():
        pass
    return int(given)


def again(label: str, before: str) -> str:
    """`before` may hold a password: it is kept, and not shown once more."""
    return text(question("kept", question=label), before, shown_too=False)


def secret(label: str, before: str = "") -> str:
    """Nothing is shown."""
    asked = question("kept", question=label) if before else label
    return hidden.ask(f"   {asked}{question('colon')}", may_be_empty=bool(before)) or before


def choice(label: str, choices: Sequence[tuple[str, str]], usual: str = "") -> str:
    for number, (_value, meant) in enumerate(choices, 1):
        shown.say(f"     {number}  {meant}")
    values = {str(number): value for number, (value, _meant) in enumerate(choices, 1)}
    default = next((number for number, value in values.items() if value == usual), "1")
    while (picked := text(label, default)) not in values:
        pass
    return values[picked]


def yes(label: str, *, usual: bool) -> bool:
    letters = question("yes-or-no" if usual else "no-or-yes")
    while (given := text(f"{label} [{letters}]", "").lower()) not in YES | NO | {""}:
        pass
    return given in YES if given else usual
