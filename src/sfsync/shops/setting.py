"""A setting of a kind of shop, as data: it makes its form field, its key in the file of stores, its row of the manual
and its name in the history."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


def message(text: str) -> str:
    """Marks a text for the catalogue (import it `as _`): it is translated where it is shown."""
    return text


class Mistake(ValueError):
    """A value that a setting cannot have. `sentence` is a message id, filled with `params`; it holds no secret."""

    def __init__(self, sentence: str, **params: object) -> None:
        super().__init__(sentence % params if params else sentence)
        self.sentence, self.params = sentence, params


@dataclass(frozen=True, slots=True)
class Setting:
    """`label` and `help` are message ids. A setting whose `default` is None must be given.

    `when`: another setting and the value that it must have for this one to count (the kind of connection).
    `check` raises `Mistake`; `typed` too, for what is typed on a page, whose reader may not touch the server's files;
    and `beside`, which judges it with the value of every other setting. `goes_to`: of a secret, the setting that holds
    the address it is given for: it is asked for again when that names another host.
    """

    label: str
    help: str = ""
    type: type[str] | type[int] | type[bool] = str
    default: str | int | bool | None = None
    choices: Mapping[str, str] | None = None
    secret: bool = False
    when: tuple[str, str] | None = None
    check: Callable[[Any], None] | None = None
    typed: Callable[[Any], None] | None = None
    least: int | None = None
    most: int | None = None
    beside: Callable[[Any, Mapping[str, Any]], None] | None = None
    goes_to: str = ""

    def counts(self, values: Mapping[str, Any]) -> bool:
        """Among these values (`ShopKind.complete`)."""
        return self.when is None or values.get(self.when[0]) == self.when[1]
