"""Free what a run held when it ended, well or not: its claims go back to the queue, its unanswered sends to `ask`."""

from __future__ import annotations

from sfsync.models import Store, Task


def reap(store: Store, living: str) -> int:
    """Take every task of this store out of the hands of runs that are gone. `living` is the run that holds the store.

    A claim is simply free again. A request that was marked keeps its key and has no lease: nobody sends it again before
    the ticket list was asked (R13), and the late write of a run that only seemed dead finds its lease gone.
    """
    return Task.objects.filter(store=store).moving().exclude(lease__in=["", living]).update(lease="")
