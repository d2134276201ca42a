"""docs/glossary.md: the words that we do not use are in no sentence that somebody reads."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
import pytest
import typer.main

from sfsync_server.cli import app
from tests.unit.test_project import ROOT, catalogues, translated

ROW = re.compile(r"^\| (English|French|Documents) \| (.+?) \| .+ \|$", re.MULTILINE)
GLOSSARY = ROOT / "docs" / "glossary.md"
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("packages/*/*.md")]


def banned(language: str) -> list[str]:
    words = ROW.findall(GLOSSARY.read_text(encoding="utf-8"))
    return [word for each, cell in words if each == language for word in re.findall(r"`([^`]+)`", cell)]


def uses(text: str, word: str) -> bool:
    """Whether `text` has the word, whole and in any case, outside of code and of the names of parameters."""
    plain = re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.DOTALL)
    plain = plain if "%(" in word else re.sub(r"%\(\w+\)s", "", plain)
    plain = plain.replace("\N{NO-BREAK SPACE}", " ")
    return (
        re.search(rf"(?<![\w-]){re.escape(word)}(?!\w)" if word[0].isalpha() else re.escape(word), plain, re.I)
        is not None
    )


def helps(command: click.Command, name: str = "sfsync") -> Iterator[tuple[str, str]]:
    """Each command with every help that it prints."""
    yield name, command.help or ""
    for each in command.params:
        yield name, getattr(each, "help", None) or ""
    for child, below in getattr(command, "commands", {}).items():
        yield from helps(below, f"{name} {child}")


@pytest.mark.parametrize("word", banned("English"))
def test_no_english_sentence_has_the_word(word: str) -> None:
    ours = {key: text for path in catalogues("en") for key, text in translated(path).items()}
    messages = {key: key if isinstance(key, str) else key[0] for path in catalogues("fr") for key in translated(path)}
    assert [each for each in (messages | ours).values() if uses(each, word)] == []


@pytest.mark.parametrize("word", banned("French"))
def test_no_french_sentence_has_the_word(word: str) -> None:
    assert [
        text for path in catalogues("fr") for key, text in translated(path).items() if key and uses(text, word)
    ] == []


@pytest.mark.parametrize("word", [*banned("English"), *banned("Documents")])
def test_no_help_of_a_command_has_the_word(word: str) -> None:
    assert [name for name, text in helps(typer.main.get_command(app)) if uses(text, word)] == []


@pytest.mark.parametrize("word", banned("Documents"))
def test_no_document_has_the_word(word: str) -> None:
    documents = (path for path in DOCUMENTS if path != GLOSSARY)
    assert [path.name for path in documents if uses(path.read_text(encoding="utf-8"), word)] == []


@pytest.mark.parametrize(
    ("text", "word", "found"),
    [
        ("The Marketplace knows it.", "the marketplace knows", True),
        ("Run `sfsync lease` now.", "lease", False),
        ("It was released.", "lease", False),
        ("SFSYNC_LEASE_SECONDS", "lease", False),
        ("Refused “%(operation)s”.", "“%(operation)s”", True),
        ("%(lease)s seconds", "lease", False),
        ("«\N{NO-BREAK SPACE}%(told)s\N{NO-BREAK SPACE}»", "« %(told)s »", True),
    ],
)
def test_a_word_is_found_whole_and_outside_of_code(text: str, word: str, found: bool) -> None:
    assert uses(text, word) is found


def test_the_glossary_names_words_to_avoid() -> None:
    """A table that nobody can read would forbid nothing."""
    assert min(len(banned(language)) for language in ("English", "French", "Documents")) >= 10
