"""Which role a provider's groups give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ROLES = ("administrator", "agency", "merchant", "read-only")
"""The most that a group can give comes first."""


def role_of(groups: Any, roles: Mapping[str, str]) -> str:
    """The highest role of any of the groups; none where no group has one. `groups` as the provider sent them: a list
    of names, or names separated by spaces or commas."""
    names = groups.replace(",", " ").split() if isinstance(groups, str) else groups
    given = {roles.get(name) for name in names or () if isinstance(name, str)}
    return next((role for role in ROLES if role in given), "")


def read_roles(text: str) -> dict[str, str]:
    """Of `group=role, another group=role`. Raises `ValueError` with what is wrong."""
    found = {}
    for each in filter(None, map(str.strip, text.split(","))):
        group, equals, role = map(str.strip, each.rpartition("="))
        if not equals or not group or role not in ROLES:
            raise ValueError(f"takes group=role, separated by commas; the roles are {', '.join(ROLES)}")
        found[group] = role
    return found
