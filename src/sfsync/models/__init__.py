"""What is kept: stores, orders, tasks, processes, their log, and what the merchant must hear."""

from sfsync.models.act import Act, ActEnds
from sfsync.models.channel_trouble import ChannelTrouble
from sfsync.models.cursor import Cursor
from sfsync.models.figure import AnswerFigure, DayFigure
from sfsync.models.finding import Finding
from sfsync.models.hint import Hint
from sfsync.models.log import LogEntry
from sfsync.models.marketplace_order import MarketplaceOrder
from sfsync.models.notice import Notice
from sfsync.models.order import Order
from sfsync.models.pace_place import PacePlace
from sfsync.models.preference import Preference
from sfsync.models.process import MachineClock, Process, Scheduler
from sfsync.models.release import Release
from sfsync.models.role import Role
from sfsync.models.shared_alarm import SharedAlarm
from sfsync.models.store import SettingChange, Store
from sfsync.models.store_state import StoreState
from sfsync.models.takeover import Takeover
from sfsync.models.task import Action, Task
from sfsync.models.told import How, Told

__all__ = [
    "Act",
    "ActEnds",
    "Action",
    "AnswerFigure",
    "ChannelTrouble",
    "Cursor",
    "DayFigure",
    "Finding",
    "Hint",
    "How",
    "LogEntry",
    "MachineClock",
    "MarketplaceOrder",
    "Notice",
    "Order",
    "PacePlace",
    "Preference",
    "Process",
    "Release",
    "Role",
    "Scheduler",
    "SettingChange",
    "SharedAlarm",
    "Store",
    "StoreState",
    "Takeover",
    "Task",
    "Told",
]
