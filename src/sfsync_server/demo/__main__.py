"""The process that tells the story. It is started by `sfsync_server.demo.tell`, which gives it a home of its own."""

from __future__ import annotations

import io
import logging
import os
import sys
from pathlib import Path

from sfsync_server.demo.mailbox import Mailbox


def main(port: int | None = None) -> int:
    """With a `port`, the back office is served on the story's data at its end."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    with Mailbox() as mailbox:
        os.environ["SFSYNC_SMTP_URL"] = mailbox.url
        _set_up()
        from sfsync_server.demo.scenes import play
        from sfsync_server.demo.screen import Screen
        from sfsync_server.demo.stage import Stage

        with Stage(Path(os.environ["SFSYNC_HOME"]), mailbox.mails, language=_language()) as stage:
            verdict = play(stage, Screen())
            if port is None or verdict:
                return verdict
            from sfsync_server.demo.visit import receive

            return receive(Screen(), port, stage.clock.ahead)


def _set_up() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    logging.getLogger("sfsync").setLevel(logging.CRITICAL)  # the story shows the log itself
    call_command("migrate", interactive=False, verbosity=0)


def _language() -> str:
    """Of the mails, which go out in the store's language."""
    spoken = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or "en"
    return "fr" if spoken.startswith("fr") else "en"


if __name__ == "__main__":
    try:
        sys.exit(main(*map(int, sys.argv[1:])))
    except KeyboardInterrupt:
        sys.exit(130)
