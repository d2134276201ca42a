"""What the project asks of those who join it is what the build runs."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def read(path: str) -> str:
    return (ROOT / path).read_text("utf-8")


def test_every_python_that_is_allowed_is_tried() -> None:
    """The workflow's Pythons begin with the oldest one of pyproject.toml and leave none out."""
    oldest = tomllib.loads(read("pyproject.toml"))["project"]["requires-python"].removeprefix(">=3.")
    matrix = re.search(r"python: \[(.*)\]", read(".github/workflows/ci.yml"))
    assert matrix
    tried = [int(version) for version in re.findall(r'"3\.(\d+)"', matrix[1])]
    assert tried == list(range(int(oldest), tried[-1] + 1))
    assert len(tried) >= 4


def test_the_workflow_runs_what_a_person_runs() -> None:
    assert re.search(r"run: make check test\b", read(".github/workflows/ci.yml"))


def test_hooks_before_a_commit_are_commands_of_make_check() -> None:
    """A hook from elsewhere would have versions of its own."""
    config = read(".pre-commit-config.yaml")
    entries = re.findall(r"^ +entry: (.+)$", config, re.MULTILINE)
    checks = re.findall(r"^\t@\$\(BIN\)/(.+)$", read("Makefile"), re.MULTILINE)

    assert "make check" in entries
    for entry in entries:
        assert entry == "make check" or entry.removeprefix(".venv/bin/") in checks, entry
    assert re.findall(r"repo: (.+)$", config, re.MULTILINE) == ["local"]


@pytest.mark.parametrize("changelog", ["CHANGELOG.md", "packages/shoppingfeed/CHANGELOG.md"])
def test_versions_in_the_changelog_have_their_dates(changelog: str) -> None:
    """Only the newest may lack one: it is not released yet."""
    sections = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - (.+)$", read(changelog), re.MULTILINE)
    assert len(sections) == len(re.findall(r"^## ", read(changelog), re.MULTILINE))

    released = sections[1:] if sections[0][1] == "unreleased" else sections
    dates = [date.fromisoformat(told) for _, told in released]
    assert dates == sorted(dates, reverse=True)


def decisions() -> list[Path]:
    return sorted((ROOT / "docs/decisions").glob("[0-9]*.md"))


def test_the_index_lists_every_decision_by_its_title() -> None:
    listed = re.findall(r"^\| \[(\d+)\]\(([\w.-]+)\) \| (.+) \|$", read("docs/decisions/README.md"), re.MULTILINE)
    titled = [(str(n), page.name, f"# {n}. ") for n, page in enumerate(decisions(), 1)]

    assert [(number, name) for number, name, _ in listed] == [(number, name) for number, name, _ in titled]
    for (_, name, title), (_, _, start) in zip(listed, titled, strict=True):
        assert read(f"docs/decisions/{name}").splitlines()[0] == start + title


def test_every_decision_says_why_what_follows_and_what_was_passed_over() -> None:
    for page in decisions():
        headings = re.findall(r"^## (.+)$", page.read_text("utf-8"), re.MULTILINE)
        assert headings == ["Context", "Decision", "Consequences", "Passed over"], page.name


def test_every_answer_to_an_open_question_names_tests_that_exist() -> None:
    lines = read("docs/decisions/0012-open-questions.md").splitlines()
    answers = [line for line in lines if re.search(r"\| R\d+[ab]?(, R\d+)? \|", line)]
    assert len(answers) >= 19

    for answer in answers:
        proofs = re.findall(r"`([\w/]+\.py)::(\w+)`", answer)
        assert proofs or "| R23 | not built yet" in answer, answer
        for file, test in proofs:
            assert f"def {test}(" in read(f"tests/{file}"), f"{file}::{test}"
