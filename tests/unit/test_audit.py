"""`make audit` says what is known of a package, what is not, and that nothing is where nobody answers."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

SPEC = spec_from_file_location("audit", Path(__file__).resolve().parents[2] / "tools" / "audit.py")
assert SPEC
assert SPEC.loader
audit = module_from_spec(SPEC)
SPEC.loader.exec_module(audit)

WELL = {"name": "django", "version": "5.2", "vulns": []}
UNKNOWN = {"name": "httpx2", "skip_reason": "Dependency not found on PyPI"}
HURT = {"name": "celery", "version": "5.5", "vulns": [{"id": "PYSEC-1", "fix_versions": ["5.6"]}]}


@pytest.mark.parametrize(
    ("dependencies", "status", "sentence"),
    [
        ([WELL, WELL], 0, "2 packages, no advisory."),
        ([WELL, HURT], 1, "celery 5.5: PYSEC-1, mended in 5.6"),
        ([WELL, UNKNOWN], 1, "Not found in PyPI's advisories, so nothing is known of them: httpx2."),
        ([UNKNOWN, UNKNOWN], 2, "PyPI's advisories cannot be reached from here: not one package could be looked up."),
        ([], 2, "PyPI's advisories cannot be reached from here: not one package could be looked up."),
    ],
)
def test_nothing_is_claimed_that_nobody_answered(
    dependencies: list[dict[str, Any]], status: int, sentence: str
) -> None:
    assert audit.verdict(dependencies) == (status, [sentence])
