"""What becomes of a row that meets one with the same key when it is inserted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Conflict:
    """The row that was there stays. `keys`: the columns of the unique index that they meet in, of any where there are
    none; `within`: the column and the value that a partial index has for its condition.

    `take`: columns that it takes from the new row, if that is `earlier` in this column; `add`: those that are added up;
    `become`: those that get a value (0, or an empty text).
    """

    keys: tuple[str, ...] = ()
    within: tuple[str, str] | None = None
    take: tuple[str, ...] = ()
    add: tuple[str, ...] = ()
    become: Mapping[str, int | str] = field(default_factory=dict)
    earlier: str = ""

    def __str__(self) -> str:
        """The end of an INSERT whose target is called `t`."""
        condition = f" WHERE {self.within[0]} = '{self.within[1]}'" if self.within else ""
        target = f"({', '.join(self.keys)}){condition} " if self.keys else ""
        return f"ON CONFLICT {target}DO {self._action}"

    @property
    def _action(self) -> str:
        sets = [f"{name} = excluded.{name}" for name in self.take]
        sets += [f"{name} = t.{name} + excluded.{name}" for name in self.add]
        sets += [f"{name} = {value!r}" for name, value in self.become.items()]
        only = f" WHERE excluded.{self.earlier} < t.{self.earlier}" if self.earlier else ""
        return f"UPDATE SET {', '.join(sets)}{only}" if sets else "NOTHING"


KEEP = Conflict()
"""The row that is there stays as it is."""
