"""The kinds of shop that sfsync knows: one line each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sfsync.shops.base import Problem, ShopMisconfigured
from sfsync.shops.keys import OrderKey
from sfsync.shops.kind import ShopKind
from sfsync.shops.prestashop.kind import PRESTASHOP
from sfsync.shops.setting import Mistake
from sfsync.shops.setting import message as _

_OURS = {
    "hints": _("orders that the shop's bridge told of"),
    "parts": _("shop orders that form one marketplace order together"),
    "feed_links": _("orders that Shopping Feed itself knows by their number in the shop"),
}
"""Sources of every kind."""
_KINDS: dict[str, ShopKind] = {kind.name: kind for kind in (PRESTASHOP,)}


def register(kind: ShopKind) -> None:
    """For projects that bring a kind of their own, when they start. Raises `ValueError` where its name is taken."""
    if kind.name in _KINDS:
        raise ValueError(f"There is a kind of shop “{kind.name}” already.")
    _KINDS[kind.name] = kind


def forget(name: str) -> None:
    """For tests."""
    del _KINDS[name]


def names() -> list[str]:
    return list(_KINDS)


def default_name() -> str:
    """The kind of a store that names none."""
    return next(iter(_KINDS))


def named(name: str) -> ShopKind:
    """Raises `ShopMisconfigured`."""
    if name not in _KINDS:
        raise ShopMisconfigured(f"“{name}” is not a kind of shop; sfsync knows {', '.join(_KINDS)}.")
    return _KINDS[name]


def problem(name: str, code: str) -> Problem | None:
    """What a `ShopError.code` of this kind means, where it is known."""
    return _KINDS[name].problems.get(code) if name in _KINDS else None


def source(kind: str, name: str) -> str:
    """What people call a source of this kind of shop: a message id, its name where there is none."""
    return {**_OURS, **_KINDS[kind].sources}.get(name, name) if kind in _KINDS else name


def order_keys(name: str) -> set[str]:
    """What a person who writes this of an order may mean, with any kind of shop."""
    found = set()
    for kind in _KINDS.values():
        with suppress(Mistake):
            found.add(kind.orders.parse(name))
    return found


def plain_order(name: str, key: OrderKey) -> int | str:
    """An order's key as documents for machines have it, in a shop of this kind (known or not)."""
    return _KINDS[name].orders.plain(key) if name in _KINDS else key


@contextmanager
def registered(kind: ShopKind) -> Iterator[ShopKind]:
    """One more kind while the context lasts: for tests."""
    register(kind)
    try:
        yield kind
    finally:
        forget(kind.name)
