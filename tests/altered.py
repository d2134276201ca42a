"""Something that is as it was, but for a few of its parts: shops and readers that behave oddly in one point."""

from __future__ import annotations

from typing import Any


class Altered:
    """`Altered(shop, reader=another)` answers as the shop does, with another reader."""

    def __init__(self, inner: Any, **parts: Any) -> None:
        self.inner, self.parts = inner, parts

    def __getattr__(self, name: str) -> Any:
        return self.parts[name] if name in self.parts else getattr(self.inner, name)
