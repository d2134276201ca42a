"""What other projects may import. Everything else moves without notice; a change here is told in the changelog.

Import it when Django's apps are ready: in a view, a command, a task or `AppConfig.ready`.
"""

from sfsync.domain.operations import OperationKind
from sfsync.domain.orders import Item, Parcel, Seen, Snapshot
from sfsync.engine.kit.connections import Connections, Live
from sfsync.engine.kit.lease import Busy
from sfsync.engine.outgoing.prepare import register_operation
from sfsync.engine.people.acts import done_by_hand, give_up, retry
from sfsync.engine.people.at_once import send_now
from sfsync.engine.people.change_settings import add_store, change_settings
from sfsync.engine.run import Result, run_store
from sfsync.engine.watch.doctor import examine
from sfsync.engine.watch.finding import Finding
from sfsync.engine.watch.health import Health, health_of
from sfsync.engine.watch.story import Event, Story, story_of
from sfsync.models import LogEntry, MarketplaceOrder, Notice, Order, Process, Store, Task, Told
from sfsync.shops.base import (
    Carrier,
    Group,
    KnownOrders,
    Listing,
    Note,
    Noticed,
    OpenShop,
    Placed,
    Problem,
    Reader,
    ShopError,
    ShopFacts,
    ShopMisconfigured,
    ShopUnavailable,
    Source,
    Status,
    Weight,
)
from sfsync.shops.keys import Keys, Numbers, Texts
from sfsync.shops.kind import Around, ShopKind
from sfsync.shops.kinds import register as register_shop_kind
from sfsync.shops.setting import Mistake, Setting

__all__ = [
    "Around",
    "Busy",
    "Carrier",
    "Connections",
    "Event",
    "Finding",
    "Group",
    "Health",
    "Item",
    "Keys",
    "KnownOrders",
    "Listing",
    "Live",
    "LogEntry",
    "MarketplaceOrder",
    "Mistake",
    "Note",
    "Notice",
    "Noticed",
    "Numbers",
    "OpenShop",
    "OperationKind",
    "Order",
    "Parcel",
    "Placed",
    "Problem",
    "Process",
    "Reader",
    "Result",
    "Seen",
    "Setting",
    "ShopError",
    "ShopFacts",
    "ShopKind",
    "ShopMisconfigured",
    "ShopUnavailable",
    "Snapshot",
    "Source",
    "Status",
    "Store",
    "Story",
    "Task",
    "Texts",
    "Told",
    "Weight",
    "add_store",
    "change_settings",
    "done_by_hand",
    "examine",
    "give_up",
    "health_of",
    "register_operation",
    "register_shop_kind",
    "retry",
    "run_store",
    "send_now",
    "story_of",
]
