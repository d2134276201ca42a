"""What failed because the shop did not list its order any more is tried again once the shop does (R39): a list may be
away for longer than an update waits for it. What a person gave up stays so."""

from __future__ import annotations

from sfsync.db.among import among
from sfsync.domain.errors import Failure
from sfsync.engine.kit.context import Run
from sfsync.engine.outgoing.reading import read
from sfsync.models import MarketplaceOrder, Notice, Task
from sfsync.models.log import Level
from sfsync.models.task import TaskQuerySet
from sfsync.shops.base import PAGE


def try_relisted(run: Run) -> None:
    """Before what is due is sent. One statement where nothing failed so. Raises `ShopError`."""
    failed = Task.objects.filter(store=run.store, failure=Failure.UNLISTED).parked()
    orders = MarketplaceOrder.objects.filter(pk__in=failed.values("order")).order_by("-pk")[:PAGE]
    if known := {each.pk: each.claim for each in orders}:
        groups = read(run.shop, known).groups
        _try_again(run, failed, [pk for pk, group in groups.items() if group.living])


def _try_again(run: Run, failed: TaskQuerySet, back: list[int]) -> None:
    """Its mail, where none went out, is not news any more."""
    if not back:
        return
    now = run.clock()
    with run.lease.writing("listed"):
        failed.filter(order__in=among(back)).update(failed_at=None, update_at=now, date_upd=now)
        unmailed = Notice.objects.filter(store=run.store, order__in=among(back), mailed_at=None)
        unmailed.filter(code=Failure.UNLISTED.value).delete()
        for order in back:
            run.journal.say(Level.INFO, "listed-again", order)
        run.journal.flush()
    run.tally.touched = True
