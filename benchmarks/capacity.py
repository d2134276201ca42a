"""What a fleet needs: the calculation of docs/capacity.md."""

from __future__ import annotations

from dataclasses import dataclass

EVERY = 300.0
"""Seconds between two passes of a store, as the settings have it."""
BUSY = 0.7
"""The share of its cores that a fleet should use: the rest is for changes, peaks and the takeover of a machine."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one pass that finds nothing: CPU and clock seconds of a worker, statements, and a worker's resident MB."""

    cpu: float
    seconds: float
    ours: float
    shop: float
    worker_mb: float


@dataclass(frozen=True, slots=True)
class Needs:
    """What so many stores need. `connections`: to our database."""

    stores: int
    passes: float
    cores: float
    workers: int
    connections: int
    statements: float
    memory_gb: float


def needs(stores: int, cost: Cost) -> Needs:
    """Workers are as many as there are passes under way, and so many that their cores are not all busy."""
    passes = stores / EVERY
    cores = passes * cost.cpu / BUSY
    workers = max(-int(-passes * cost.seconds / BUSY // 1), -int(-cores // 1), 1)
    return Needs(
        stores=stores,
        passes=passes,
        cores=cores,
        workers=workers,
        connections=workers,
        statements=passes * cost.ours,
        memory_gb=workers * cost.worker_mb / 1024,
    )
