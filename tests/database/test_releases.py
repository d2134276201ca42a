"""Which versions were here is kept with the tables, whichever machine brought them up to date."""

from __future__ import annotations

import pytest

from sfsync.models import Release
from sfsync_server.migrating import note

pytestmark = pytest.mark.django_db


def test_a_version_that_was_skipped_is_named_once() -> None:
    Release.objects.all().delete()

    said = [note(version) for version in ("0.1.0", "0.2.0", "0.2.1", "0.2.1", "0.4.0", "0.4.0")]

    assert said[4] == ["From 0.2.1 to 0.4.0, a version was skipped: read its part of the changelog too."]
    assert [sentences for sentences in said if sentences] == [said[4]]
    assert [each.version for each in Release.objects.all()] == ["0.1.0", "0.2.0", "0.2.1", "0.4.0"]
