"""The record of people's acts: audit verify."""

from __future__ import annotations

import typer

from sfsync_server.commands import shown
from sfsync_server.help_layout import Group


def register(app: typer.Typer) -> None:
    audit = typer.Typer(cls=Group, help="The record of people's acts.", no_args_is_help=True)
    audit.command()(verify)
    audit.command()(seal)
    app.add_typer(audit, name="audit")


def verify() -> None:
    """Check that no line of the record was changed, removed or inserted; says which.

    Who can write to the database and has the secret key can write the whole record anew: keep the hash that this shows
    somewhere else.
    """
    from sfsync.models import ActEnds
    from sfsync.models.act import wrong_lines

    wrong = list(wrong_lines())
    if wrong:
        shown.stop("\n".join(wrong))
    ends = ActEnds.objects.get(pk=1)
    shown.say(
        f"The record is as it was written: lines {ends.after + 1} to {ends.last}, hash {ends.last_hash or 'none'}."
    )


def seal() -> None:
    """Seal the record anew, as it is: after the secret key was lost or replaced. The record says that it was done."""
    from sfsync.models.act import seal_again

    seal_again(shown.person())
    shown.say("The record is sealed. What it said before is believed from now on.")
