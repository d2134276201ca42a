"""What runs remember of a store, apart from its settings: a run writes it, and nobody edits it."""

from __future__ import annotations

from django.db import models

from sfsync.models.store import Store


class StoreState(models.Model):
    """One to one, made with its store: what troubles the store as a whole, its mails, and what is done now and then."""

    store = models.OneToOneField(Store, on_delete=models.CASCADE, primary_key=True, related_name="state")
    adopted_at = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=32, default="", blank=True)
    trouble_text = models.TextField(default="", blank=True)
    trouble_since = models.DateTimeField(null=True)
    mail_trouble = models.TextField(default="", blank=True)
    mail_retry_at = models.DateTimeField(null=True)
    mail_tries = models.PositiveSmallIntegerField(default=0)
    alarms_at = models.DateTimeField(null=True)
    pruned_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "sfsync_store_state"

    def __str__(self) -> str:
        return f"{self.store}: {self.trouble or 'ok'}"
