"""The record of people's acts: audit verify."""

from __future__ import annotations

import typer

from sfsync_server.commands import shown


def register(app: typer.Typer) -> None:
    audit = typer.Typer(help="The record of people's acts.", no_args_is_help=True)
    audit.command()(verify)
    app.add_typer(audit, name="audit")


def verify() -> None:
    """Check that no line of the record was changed, removed or inserted; says which.

    Who can write to the database can also write the whole record anew: keep the hash that this shows somewhere else.
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
