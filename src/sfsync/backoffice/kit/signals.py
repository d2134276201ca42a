"""What happens to people's access, for whoever signs them in (`sfsync.guard`)."""

from __future__ import annotations

from django.dispatch import Signal

access_renewed = Signal()
"""An administrator made a new link for `person`; `factors`: their second factors are to be removed."""
invitation_used = Signal()
"""`person` has chosen a password by a link."""
password_given = Signal()
"""`person` has just typed their password in `request`, and is about to be signed in."""
