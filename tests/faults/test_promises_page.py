"""docs/promises.md and docs/faults.md are true: every test that they name is there, and every one here is named."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
DOCS = HERE.parent.parent / "docs"
NAME = re.compile(r"`([\w./]+\.py)::(\w+)`")
NAMED = NAME.findall((DOCS / "promises.md").read_text())
FAULTS = [line.split("|")[1:3] for line in (DOCS / "faults.md").read_text().splitlines() if line.startswith("| ")]


def test_every_proof_that_the_page_names_is_there() -> None:
    missing = [name for file, name in NAMED if f"def {name}(" not in (HERE / file).read_text()]
    assert (missing, len(NAMED) > 30) == ([], True)


def test_every_proof_is_named_by_the_page() -> None:
    files = [file for file in sorted(HERE.glob("test_*.py")) if file != Path(__file__)]
    written = {name for file in files for name in re.findall(r"^def (test_\w+)\(", file.read_text(), re.MULTILINE)}
    assert written == {name for file, name in NAMED if not file.startswith("..")}


def test_every_fault_that_was_found_has_proofs_that_are_there() -> None:
    """All of them, each in its line; one is not mended, and says so."""
    lines = {int(fault.split()[0]): proofs for fault, proofs in FAULTS if fault.strip() != "fault"}
    unproved = [number for number, proofs in lines.items() if not NAME.search(proofs)]
    named = [each for proofs in lines.values() for each in NAME.findall(proofs)]
    missing = [name for file, name in named if f"def {name}(" not in (HERE.parent / file).read_text()]
    assert (list(lines), unproved, missing) == (list(range(1, 40)), [7], [])
