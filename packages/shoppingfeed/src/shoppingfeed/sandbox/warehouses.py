"""The warehouses of a store: the default one is used where a shipment names none (api.md, *Tickets*)."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any

from shoppingfeed.sandbox.answers import ProblemError


class Warehouses:
    """By their numbers. The first one is the default, until another one is made so."""

    def __init__(self) -> None:
        self._kept: dict[int, dict[str, Any]] = {}
        self._numbers = count(1)

    def all(self) -> list[dict[str, Any]]:
        """Every warehouse, as they were added."""
        return list(self._kept.values())

    def find(self, number: int) -> dict[str, Any]:
        """Raises ProblemError 404."""
        if number not in self._kept:
            raise ProblemError(404, f"There is no warehouse {number}.")
        return self._kept[number]

    def add(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Raises ProblemError 422 for one without a name."""
        name, number = _name(given), next(self._numbers)
        self._kept[number] = {"id": number, "name": name, "address": given.get("address") or {}, "default": False}
        return self._chosen(number, bool(given.get("default")) or len(self._kept) == 1)

    def change(self, number: int, given: Mapping[str, Any]) -> dict[str, Any]:
        """Raises ProblemError."""
        before = self.find(number)
        self._kept[number] = before | {"name": _name(before | dict(given)), "address": given.get("address") or {}}
        return self._chosen(number, bool(given.get("default", before["default"])))

    def remove(self, number: int) -> None:
        """Raises ProblemError: the default one stays as long as there is another."""
        if self.find(number)["default"] and len(self._kept) > 1:
            raise ProblemError(409, f"The warehouse {number} is the default one: make another one that first.")
        del self._kept[number]

    def _chosen(self, number: int, default: bool) -> dict[str, Any]:
        for each in self._kept.values():
            each["default"] = (each["id"] == number) if default else each["default"]
        return self._kept[number]


def _name(given: Mapping[str, Any]) -> str:
    name = given.get("name")
    if not isinstance(name, str) or not name.strip():
        raise ProblemError(422, "A warehouse needs a 'name'.")
    return name
