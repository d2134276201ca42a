"""The operations there are, by name."""

from __future__ import annotations

from collections.abc import Sequence

from sfsync.domain.operations.kind import OperationKind, UnknownOperationError

_KINDS: dict[str, OperationKind] = {}
_NUMBERED: list[OperationKind] = []
"""Asked of every order, so kept."""


def register(kind: OperationKind) -> None:
    """Raises `ValueError` where its name or its settings' word is taken."""
    if kind.name in _KINDS or (kind.meaning and kind.meaning in meanings()):
        raise ValueError(f"There is an operation “{kind.name}”, or one that means “{kind.meaning}”, already.")
    _KINDS[kind.name] = kind
    _keep_numbered()


def forget(name: str) -> None:
    _KINDS.pop(name)
    _keep_numbered()


def _keep_numbered() -> None:
    _NUMBERED[:] = [kind for kind in _KINDS.values() if kind.numbered]


def numbered_kinds() -> Sequence[OperationKind]:
    """Those that are told once per tracking number."""
    return _NUMBERED


def kind_of(name: str) -> OperationKind:
    """Raises `UnknownOperationError`."""
    try:
        return _KINDS[name]
    except KeyError:
        raise UnknownOperationError(f"There is no operation “{name}”.") from None


def kind_of_verb(verb: str | None) -> OperationKind | None:
    """The operation that the API calls so; None for one that sfsync does not send."""
    return next((kind for kind in _KINDS.values() if kind.verb == verb), None)


def is_numbered(name: str) -> bool:
    """It is told once per tracking number. An unknown one is not."""
    return name in _KINDS and _KINDS[name].numbered


def ends_order(name: str) -> bool:
    """No change is looked for after it. After an unknown one it is."""
    return name in _KINDS and _KINDS[name].ends_order


def all_kinds() -> tuple[OperationKind, ...]:
    """As they are registered."""
    return tuple(_KINDS.values())


def names() -> frozenset[str]:
    return frozenset(_KINDS)


def meanings() -> dict[str, OperationKind]:
    """The settings' word of each operation that a status can ask for."""
    return {kind.meaning: kind for kind in _KINDS.values() if kind.meaning}
