"""What a person does about a marketplace in trouble (R36): have everything that is held back sent at once."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from sfsync.domain.marketplaces import meant
from sfsync.engine.kit.journal import Journal
from sfsync.engine.outgoing.held_channels import release as let_go
from sfsync.engine.people.at_once import ask_run
from sfsync.models import ChannelTrouble, Store
from sfsync.models.log import Level


def release(store: Store, channel: str, who: str) -> int | None:
    """Returns of how many orders updates are due now, or None where nothing of this marketplace is held back, by its
    technical name or by what it calls itself.

    Five more refusals in a row hold it again.
    """
    with transaction.atomic():
        held = ChannelTrouble.objects.held().select_for_update(of=("self",)).filter(store=store)
        trouble = next((each for each in held if meant(channel, [each.channel])), None)
        if trouble is None:
            return None
        orders = let_go(trouble, timezone.now())
        journal = Journal(store, "person", "")
        journal.say(Level.INFO, "person-release", who=who, channel=trouble.channel)
        journal.flush()
    ask_run(store)
    return orders
