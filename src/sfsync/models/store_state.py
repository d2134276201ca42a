"""What runs remember of a store, apart from its settings: a run writes it, and nobody edits it."""

from __future__ import annotations

from django.db import models

from sfsync.models.store import Store


class StoreState(models.Model):
    """One to one, made with its store: what troubles the store as a whole, its mails, and what is done now and then.

    `dispatch`: the word that the last dispatch left; `dispatched_on`: the database in which whatever left before is
    listed by now (`engine.outgoing.sender`).
    `caught_up_at`: when Shopping Feed was last asked for all that this database may not know, `caught_up_to` the newest
    marketplace order that there was then, `known_tickets` those of the newest tickets that were no news to take over.
    `bridge_made_at`: when the shop's bridge got its present secret, `heard_at`: when it last said something.
    `mail_trouble`: why no mail went out at all. `refused`: recipients that were refused while others got the mail.
    `carriers`: those that have gone out to each marketplace, and whether people know (`carriers.Sent`).
    """

    store = models.OneToOneField(Store, on_delete=models.CASCADE, primary_key=True, related_name="state")
    adopted_at = models.DateTimeField(null=True)
    dispatch = models.CharField(max_length=32, default="", blank=True)
    dispatched_on = models.CharField(max_length=255, default="", blank=True)
    caught_up_at = models.DateTimeField(null=True)
    caught_up_to = models.BigIntegerField(default=0)
    known_tickets = models.JSONField(default=list, blank=True)
    trouble = models.CharField(max_length=32, default="", blank=True)
    trouble_text = models.TextField(default="", blank=True)
    trouble_since = models.DateTimeField(null=True)
    mail_trouble = models.TextField(default="", blank=True)
    mail_retry_at = models.DateTimeField(null=True)
    mail_tries = models.PositiveSmallIntegerField(default=0)
    refused = models.JSONField(default=dict, blank=True)
    carriers = models.JSONField(default=dict, blank=True)
    alarms_at = models.DateTimeField(null=True)
    pruned_at = models.DateTimeField(null=True)
    deadlines_at = models.DateTimeField(null=True)
    watched_at = models.DateTimeField(null=True)
    reconciled_at = models.DateTimeField(null=True)
    bridge_made_at = models.DateTimeField(null=True)
    heard_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "sfsync_store_state"

    def __str__(self) -> str:
        return f"{self.store}: {self.trouble or 'ok'}"
