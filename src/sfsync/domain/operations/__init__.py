"""What a marketplace can be told about an order: one file per operation, each a value; the registry knows them all.

A new operation is a file like `deliver.py` and its line here: the engine, the pages, the settings and the commands ask
its properties, never its name.
"""

from sfsync.domain.operations.cancel import CANCEL
from sfsync.domain.operations.deliver import DELIVER
from sfsync.domain.operations.kind import OperationKind, UnknownOperationError
from sfsync.domain.operations.refund import REFUND
from sfsync.domain.operations.registry import (
    all_kinds,
    ends_order,
    forget,
    is_numbered,
    kind_of,
    kind_of_verb,
    meanings,
    names,
    numbered_kinds,
    register,
)
from sfsync.domain.operations.ship import SHIP

for _each in (SHIP, CANCEL, REFUND, DELIVER):
    register(_each)

__all__ = [
    "OperationKind",
    "UnknownOperationError",
    "all_kinds",
    "ends_order",
    "forget",
    "is_numbered",
    "kind_of",
    "kind_of_verb",
    "meanings",
    "names",
    "numbered_kinds",
    "register",
]
