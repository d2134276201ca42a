"""Which role a provider's groups give, and in which group of stores."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

ROLES = ("administrator", "agency", "merchant", "read-only")
"""The most that a group can give comes first."""


def role_of(groups: Any, roles: Mapping[str, str]) -> str:
    """The highest role of any of the groups (`agency:acme`: in this group of stores); none where no group has one.
    `groups` as the provider sent them: a list of names, or names separated by spaces or commas."""
    names = groups.replace(",", " ").split() if isinstance(groups, str) else groups
    given = sorted({roles[name] for name in names or () if isinstance(name, str) and name in roles})
    return min(given, key=lambda role: ROLES.index(role.partition(":")[0]), default="")


def read_roles(text: str) -> dict[str, str]:
    """Of `group=role, another group=role:stores`, where `stores` is a group of stores. Raises `ValueError` with what is
    wrong."""
    found = {}
    for each in filter(None, map(str.strip, text.split(","))):
        group, equals, role = map(str.strip, each.rpartition("="))
        level, limited, stores = role.partition(":")
        odd = limited and (level == "administrator" or not re.fullmatch(r"[-\w]{1,64}", stores, re.ASCII))
        if not equals or not group or level not in ROLES or odd:
            raise ValueError(
                f"takes group=role or group=role:stores, separated by commas; the roles are {', '.join(ROLES)}, and "
                "stores is the name of a group of stores"
            )
        found[group] = role
    return found
