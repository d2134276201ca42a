"""Pages of long lists that cost the same at row 50 and at row 1,000,000: the next page starts after a known row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any, Generic, TypeVar

from django.db.models import DateTimeField, Model, Q, QuerySet

SIZE = 50
LARGEST = 2**63
Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Ordering:
    """By `field`, then by id. A field that may be null must be filtered before."""

    field: str
    descending: bool = True

    def names(self, backwards: bool) -> list[str]:
        sign = "-" if self.descending != backwards else ""
        return [f"{sign}{self.field}", f"{sign}id"] if self.field != "id" else [f"{sign}id"]

    def column(self, model: type[Model]) -> Any:
        """The field itself; it may be one of a row that the sorted one points to."""
        path, _, name = self.field.rpartition("__")
        for step in filter(None, path.split("__")):
            model = model._meta.get_field(step).related_model  # type: ignore[assignment]
        return model._meta.get_field(name)

    def value(self, row: Model) -> Any:
        return attrgetter(self.field.replace("__", "."))(row)

    def beyond(self, mark: Mark) -> Q:
        side = "lt" if self.descending != mark.backwards else "gt"
        if self.field == "id":
            return Q(**{f"id__{side}": mark.id})
        further = Q(**{f"{self.field}__{side}": mark.value}) | Q(**{self.field: mark.value, f"id__{side}": mark.id})
        return Q(**{f"{self.field}__{side}e": mark.value}) & further


@dataclass(frozen=True, slots=True)
class Mark:
    """The row that a page starts after, or ends before."""

    backwards: bool
    value: Any
    id: int

    @classmethod
    def read(cls, text: str) -> Mark | None:
        """From the address bar: None for what makes no sense, which shows the first page."""
        try:
            side, value, row_id = text.split("_", 2)
            marked: Any = datetime.fromisoformat(value) if "-" in value else int(value)
            return cls(side == "b", marked, int(row_id))
        except ValueError:
            return None

    def fits(self, field: Any) -> bool:
        """The value is one of this column, and the database can hold it."""
        if isinstance(field, DateTimeField):
            return isinstance(self.value, datetime) and self.value.tzinfo is not None and self.id < LARGEST
        return isinstance(self.value, int) and max(abs(self.value), self.id) < LARGEST

    def __str__(self) -> str:
        value = self.value.isoformat() if isinstance(self.value, datetime) else self.value
        return f"{'b' if self.backwards else 'a'}_{value}_{self.id}"


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """`before` and `after` are the marks of the neighbouring pages, empty where there is none."""

    rows: Sequence[Row]
    before: str
    after: str


def page_of(rows: QuerySet[Row], ordering: Ordering, mark: str, size: int = SIZE) -> Page[Row]:
    start = Mark.read(mark) if mark else None
    if start and not start.fits(ordering.column(rows.model)):
        start = None
    backwards = bool(start and start.backwards)
    chosen = rows.filter(ordering.beyond(start)) if start else rows
    found = list(chosen.order_by(*ordering.names(backwards))[: size + 1])
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    if not found:
        return Page(found, "", "")
    has_before, has_after = (more, True) if backwards else (start is not None, more)
    return Page(
        found,
        _mark(found[0], ordering, backwards=True) if has_before else "",
        _mark(found[-1], ordering, backwards=False) if has_after else "",
    )


def every(rows: QuerySet[Row], ordering: Ordering, chunk: int = 2000) -> Iterator[list[Row]]:
    """All rows, a chunk at a time, without a long transaction."""
    mark = ""
    while True:
        page = page_of(rows, ordering, mark, chunk)
        if page.rows:
            yield list(page.rows)
        mark = page.after
        if not mark:
            return


def _mark(row: Model, ordering: Ordering, *, backwards: bool) -> str:
    return str(Mark(backwards, ordering.value(row), row.pk))
