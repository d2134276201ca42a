"""The stock admin, for raw rows only; the merchant's screens are `sfsync.backoffice`. Secrets are never shown."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.http import HttpRequest

from sfsync.models import (
    ChannelTrouble,
    Cursor,
    DayFigure,
    Finding,
    Hint,
    LogEntry,
    MarketplaceOrder,
    Notice,
    Order,
    Process,
    SettingChange,
    Store,
    StoreState,
    Takeover,
    Task,
    Told,
)


class Uncounted(Paginator):  # type: ignore[type-arg]
    """Counting a million rows for a page number costs more than the page."""

    count = 10_000


class Rows(admin.ModelAdmin):  # type: ignore[type-arg]
    """To look at, not to change: the engine owns these rows."""

    show_full_result_count = False
    list_per_page = 50
    paginator = Uncounted

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Store)
class StoreRows(Rows):
    list_display = ("name", "enabled", "mode", "feed_store_id")
    exclude = ("token", "shop_secrets", "bridge_secret")


@admin.register(StoreState)
class StateRows(Rows):
    list_display = ("store", "trouble", "trouble_since", "mail_trouble")
    list_select_related = ("store",)
    ordering = ("store",)


@admin.register(Order)
class OrderRows(Rows):
    list_display = ("key", "store", "shop_reference", "marketplace_order", "seen_status", "seen_tracking")
    list_select_related = ("store", "marketplace_order")
    ordering = ("-id",)


@admin.register(MarketplaceOrder)
class MarketplaceOrderRows(Rows):
    list_display = ("feed_id", "store", "channel", "reference", "confirmed_operation", "confirmed_at")
    list_select_related = ("store",)
    ordering = ("-id",)


@admin.register(Told)
class ToldRows(Rows):
    list_display = ("order", "operation", "key", "how", "ticket", "at")
    list_select_related = ("order",)
    ordering = ("-id",)


@admin.register(Task)
class TaskRows(Rows):
    list_display = ("id", "order", "action", "operation", "update_at", "failure", "failed_at")
    list_select_related = ("order",)
    ordering = ("-id",)


@admin.register(ChannelTrouble, Cursor, DayFigure, Finding, Hint, Notice, Process, SettingChange, Takeover)
class OtherRows(Rows):
    ordering = ("-pk",)


@admin.register(LogEntry)
class LogRows(Rows):
    list_display = ("at", "store", "level", "code", "message")
    list_select_related = ("store",)
    ordering = ("-id",)
