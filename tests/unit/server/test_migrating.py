"""What an upgrade may leave out, and what it may not."""

from __future__ import annotations

import pytest

from sfsync_server.migrating import skips


@pytest.mark.parametrize(
    ("old", "new", "skipped"),
    [
        ("0.1.0", "0.1.0", False),
        ("0.1.0", "0.1.9", False),
        ("0.1.0", "0.2.0rc1", False),
        ("0.1.0", "0.3.0", True),
        ("0.3.0", "0.1.0", False),
        ("0.9.0", "1.0.0", False),
        ("0.9.0", "2.0.0", True),
        ("1.9.3", "2.4.0", False),
    ],
)
def test_one_minor_or_one_major_version_at_a_time(old: str, new: str, skipped: bool) -> None:
    assert skips(old, new) is skipped
