"""Values: compared by what they hold, and never changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True)
def value(cls: type[T]) -> type[T]:
    """A frozen dataclass for what is made of every order. That nobody changes one is checked by the type checker alone:
    refusing it at run time as well would make each field three times as dear to fill."""
    return dataclass(slots=True, unsafe_hash=True)(cls)
