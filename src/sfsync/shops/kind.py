"""What makes a kind of shop: its settings, and how one is opened with them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sfsync.shops.base import Json, OpenShop, Problem
from sfsync.shops.keys import Keys, OrderKey, Texts
from sfsync.shops.setting import Setting
from sfsync.shops.switches import Switches


@dataclass(frozen=True, slots=True)
class Around:
    """What a shop is opened with beside its own settings: the store's number at Shopping Feed, how many seconds a
    question may take, what tells what the shop remembered when it was last followed (`OpenShop.memory`), how to wait
    for so many seconds between two questions, and whether orders of it are known by Shopping Feed's word alone."""

    feed_store_id: int
    timeout: float
    memory: Callable[[], Json | None] = lambda: None
    pause: Callable[[float], None] = time.sleep
    linked: Callable[[], bool] = lambda: False


def no_page(values: Mapping[str, Any], order: OrderKey) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class ShopKind:
    """`open` and `identity` get the value of every setting, secrets as plain texts.

    `open` raises `ShopMisconfigured` where the settings alone are wrong, and connects when it is first asked something.
    Two stores whose `identity` is the same are one shop; it holds no secret. `problems`: by
    `ShopError.code`, where there is more to say than that the shop does not answer. `orders`, `statuses` and `carriers`
    say what a key of each is. `sources`: what each source is called, message ids by its name. `order_page`: where the
    merchant sees an order in the shop's own back office, empty where that is not known; it gets every setting that is
    no secret. `bridge`: writes a module for the shop that posts the orders it touched to an address, signed with a
    secret. `returns`: the setting that says where the numbers of return labels stand, empty where none does.
    `switches`: opens the settings by which other modules of the shop send; an account that may change them is given for
    this once, or empty.
    """

    name: str
    label: str
    settings: Mapping[str, Setting]
    open: Callable[[Mapping[str, Any], Around], OpenShop]
    identity: Callable[[Mapping[str, Any]], str]
    problems: Mapping[str, Problem] = field(default_factory=dict)
    orders: Keys = field(default_factory=Texts)
    statuses: Keys = field(default_factory=Texts)
    carriers: Keys = field(default_factory=Texts)
    sources: Mapping[str, str] = field(default_factory=dict)
    order_page: Callable[[Mapping[str, Any], OrderKey], str] = no_page
    bridge: Callable[[str, str], bytes] | None = None
    returns: str = ""
    switches: Callable[[Mapping[str, Any], Around, str], Switches] | None = None

    def complete(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The value of each setting, its default where none was given."""
        return {key: values.get(key, setting.default) for key, setting in self.settings.items()}
