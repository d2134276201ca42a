"""The house holds: what is documented exists, what exists is documented, and nothing ties us to one machine."""

from __future__ import annotations

import ast
import gettext
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from sfsync.domain.operations import names

ROOT = Path(__file__).resolve().parents[2]
CLIENT = ROOT / "packages" / "shoppingfeed"
PYPROJECTS = {folder: tomllib.loads((folder / "pyproject.toml").read_text("utf-8")) for folder in (ROOT, CLIENT)}

# Written as patterns that do not match themselves.
MACHINE = re.compile(
    r"(?<![\w.~-])[/](?:work|root|Users)/"
    r"|pypi\.org|pythonhosted\.org|registry\.npmjs|npmjs\.com|deb\.debian\.org|proxy\.golang\.org|static\.crates\.io"
)


def read(path: str) -> str:
    """The text of a file of the project, which must be there and say something."""
    text = (ROOT / path).read_text("utf-8")
    assert text.strip(), f"{path} is empty"
    return text


def documents() -> list[Path]:
    """What speaks of the present: every page but the changelog, which may name what is gone."""
    pages = [page for place in ("*.md", "docs/**/*.md", "packages/*/*.md") for page in sorted(ROOT.glob(place))]
    return [page for page in pages if page.name != "CHANGELOG.md"]


def code_of(markdown: str) -> Iterator[str]:
    """The lines of code blocks, then the spans between backticks elsewhere."""
    blocks = re.findall(r"^```.*?\n(.*?)^```", markdown, re.DOTALL | re.MULTILINE)
    for block in blocks:
        yield from block.splitlines()
    prose = re.sub(r"^```.*?^```", "", markdown, flags=re.DOTALL | re.MULTILINE)
    yield from re.findall(r"`([^`]+)`", prose)


# --- dependencies -----------------------------------------------------------------------------------------------------


def requirements() -> dict[str, Requirement]:
    """What both distributions ask of others, by canonical name: to run, for the extras, and to work on them."""
    asked = [Requirement(line) for parsed in PYPROJECTS.values() for line in lines_of(parsed)]
    own = {parsed["project"]["name"] for parsed in PYPROJECTS.values()}
    return {canonicalize_name(each.name): each for each in asked if each.name not in own}


def lines_of(parsed: dict[str, Any]) -> Iterator[str]:
    yield from parsed["project"]["dependencies"]
    for group in ("optional-dependencies", "dependency-groups"):
        for lines in {**parsed["project"], **parsed}.get(group, {}).values():
            yield from lines


def test_every_dependency_says_why_it_is_there() -> None:
    """docs/dependencies.md has a full row for each dependency of pyproject.toml, and none for another package."""
    rows = re.findall(r"^\| `([^`]+)` \|(.*)\|$", read("docs/dependencies.md"), re.MULTILINE)

    assert {canonicalize_name(name) for name, _ in rows} == set(requirements())
    for name, cells in rows:
        assert all(cell.strip() for cell in cells.split("|")), f"the row of {name} has an empty cell"
        assert cells.count("|") >= 2, f"the row of {name} lacks what it replaces, who keeps it or what was passed over"


def test_lock_file_pins_every_dependency_with_hashes() -> None:
    """`make lock` was run after the last change of pyproject.toml."""
    lock = read("requirements.lock")
    pins = dict(re.findall(r"^([a-z0-9._-]+)==([^\s;]+)", lock, re.MULTILINE))

    for name, requirement in requirements().items():
        assert name in pins, f"requirements.lock lacks {name}: make lock"
        assert requirement.specifier.contains(pins[name], prereleases=True), f"requirements.lock: {name} {pins[name]}"
    for block in re.split(r"\n(?=[a-z0-9])", lock.strip()):
        assert "--hash=sha256:" in block, block.splitlines()[0]


# --- commands and settings --------------------------------------------------------------------------------------------


def commands() -> dict[str, set[str]]:
    """Each command by its full name (`sync`, or `group verb`), with its long options."""
    from sfsync_server.cli import app

    def walk(command: object, path: tuple[str, ...]) -> Iterator[tuple[str, set[str]]]:
        children = getattr(command, "commands", None)
        if children is not None:
            for name, child in children.items():
                if not child.hidden:
                    yield from walk(child, (*path, name))
            return
        options = {
            option
            for parameter in command.params  # type: ignore[attr-defined]
            if parameter.param_type_name == "option" and not parameter.hidden
            for option in (*parameter.opts, *parameter.secondary_opts)
            if option.startswith("--") and option != "--help"
        }
        yield " ".join(path), options

    found = dict(walk(typer.main.get_command(app), ()))
    assert "sync" in found, "the walk over the commands found no sync"
    return found


def chapters() -> dict[str, str]:
    """The text under each heading of docs/commands.md that names a command, like "## `sfsync sync`"."""
    parts = re.split(r"^#+ (.*)$", read("docs/commands.md"), flags=re.MULTILINE)
    titled = zip(parts[1::2], parts[2::2], strict=True)
    named = ((re.match(r"`?sfsync ([a-z][a-z-]*(?: [a-z][a-z-]*)*)", title), text) for title, text in titled)
    return {match[1]: text for match, text in named if match}


def test_manual_has_a_chapter_for_every_command_and_for_no_other() -> None:
    assert set(chapters()) == set(commands())


def test_manual_names_every_option_of_a_command_in_its_chapter() -> None:
    manual = chapters()
    unnamed = {
        f"{command} {option}"
        for command, options in commands().items()
        for option in options
        if not re.search(rf"{option}(?![\w-])", manual.get(command, ""))
    }
    assert unnamed == set()


def test_no_document_speaks_of_a_command_that_does_not_exist() -> None:
    known = {command.split()[0] for command in commands()}
    spoken = {
        (document.name, command)
        for document in documents()
        for line in code_of(document.read_text("utf-8"))
        for command in re.findall(r"(?<![\w-])sfsync ([a-z][a-z-]*)", line)
    }
    assert spoken, "no document shows a command"
    assert {(name, command) for name, command in spoken if command not in known} == set()


def settings() -> set[str]:
    """The name of every environment variable that the product reads."""
    from sfsync_server.environment import Environment

    prefix = Environment.model_config.get("env_prefix", "")
    assert prefix.upper() == "SFSYNC_"
    assert Environment.model_fields, "the settings class has no field"
    return {f"{prefix}{field}".upper() for field in Environment.model_fields}


def variables_in(text: str) -> set[str]:
    return set(re.findall(r"\bSFSYNC_[A-Z0-9_]*[A-Z0-9]\b", text))


def test_manual_names_every_setting() -> None:
    assert settings() - variables_in(read("docs/settings.md")) == set()


def test_no_document_speaks_of_a_setting_that_does_not_exist() -> None:
    """A secret may also be named with `_FILE`, for the file that holds it."""
    known = settings() | {f"{name}_FILE" for name in settings()}
    spoken = {(document.name, name) for document in documents() for name in variables_in(document.read_text("utf-8"))}
    assert {(document, name) for document, name in spoken if name not in known} == set()


# --- the project's own files ------------------------------------------------------------------------------------------


def project_files() -> list[Path]:
    """What is, or would be, committed; in an unpacked archive, everything outside hidden and built folders."""
    if (ROOT / ".git").exists():
        listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, timeout=30).stdout.decode()
        files = [ROOT / name for name in names.split("\0") if name]
    else:
        built = {
            ".venv",
            ".git",
            ".hypothesis",
            ".mypy_cache",
            ".ruff_cache",
            ".pytest_cache",
            "__pycache__",
            "htmlcov",
        }
        files = [path for path in ROOT.rglob("*") if built.isdisjoint(path.relative_to(ROOT).parts)]
    return [path for path in files if path.is_file()]


def test_no_file_is_tied_to_one_machine() -> None:
    """No absolute path of a development machine and no registry's host, in any text that we ship."""
    files = project_files()
    assert ROOT / "pyproject.toml" in files

    ties = [
        f"{path.relative_to(ROOT)}: {found[0]}"
        for path in files
        if (found := MACHINE.search(path.read_bytes().decode("utf-8", "ignore")))
    ]
    assert ties == []


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", read("Makefile"), re.MULTILINE))


def test_every_make_target_in_the_documents_exists() -> None:
    spoken = {
        (document.name, target)
        for document in documents()
        for line in code_of(document.read_text("utf-8"))
        for target in re.findall(r"^\s*(?:\$ )?make ([a-z][a-z-]*)", line)
    }
    assert {("README.md", "demo"), ("README.md", "test")} <= spoken, "the README does not show make demo and make test"
    assert {(name, target) for name, target in spoken if target not in make_targets()} == set()


def test_every_make_target_is_phony_and_in_the_help() -> None:
    makefile = read("Makefile")
    assert set(re.findall(r"^\.PHONY: ([a-z-]+)$", makefile, re.MULTILINE)) == make_targets()
    assert set(re.findall(r"^([a-z-]+):.* ## \S", makefile, re.MULTILINE)) == make_targets()


def test_continuous_integration_runs_what_a_person_runs() -> None:
    steps = [line for line in read(".ci/run").splitlines() if line and not line.startswith("#")]
    assert steps[-1] == "exec make check test"
    assert not [step for step in steps[:-1] if not re.match(r"set |cd ", step)]


def test_every_link_inside_the_documents_leads_somewhere() -> None:
    broken = [
        f"{document.relative_to(ROOT)}: {target}"
        for document in documents()
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", document.read_text("utf-8"))
        if "://" not in target and not target.startswith("mailto:") and not (document.parent / target).exists()
    ]
    assert broken == []


@pytest.mark.parametrize("folder", PYPROJECTS, ids=["sfsync", "shoppingfeed"])
def test_changelog_has_this_version(folder: Path) -> None:
    version = PYPROJECTS[folder]["project"]["version"]
    assert re.search(rf"^## \[?{re.escape(version)}\b", (folder / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)


def test_sfsync_takes_the_client_of_its_own_repository() -> None:
    asked = next(line for line in PYPROJECTS[ROOT]["project"]["dependencies"] if line.startswith("shoppingfeed"))
    assert Requirement(asked).specifier.contains(PYPROJECTS[CLIENT]["project"]["version"])


def test_the_client_needs_nothing_but_an_http_library() -> None:
    assert [Requirement(line).name for line in PYPROJECTS[CLIENT]["project"]["dependencies"]] == ["httpx2"]


# --- translations -----------------------------------------------------------------------------------------------------


def entries(catalogue: Path) -> Iterator[dict[str, str]]:
    """The entries of a .po file, by keyword (`msgctxt`, `msgid`, `msgstr[1]` ...), and `fuzzy` where marked so."""
    for block in catalogue.read_text("utf-8").split("\n\n"):
        entry: dict[str, str] = {}
        keyword = ""
        for line in block.splitlines():
            if line.startswith("#,") and "fuzzy" in line:
                entry["fuzzy"] = line
            if line.startswith("#") or not line.strip():
                continue
            if not line.startswith('"'):
                keyword, line = line.split(maxsplit=1)
            entry[keyword] = entry.get(keyword, "") + ast.literal_eval(line)
        if "msgid" in entry:
            yield entry


def translated(catalogue: Path) -> dict[str | tuple[str, int], str]:
    """What a compiler makes of a .po file: text by message, or by (message, plural form)."""
    texts: dict[str | tuple[str, int], str] = {}
    for entry in entries(catalogue):
        if "fuzzy" in entry and entry["msgid"]:
            continue
        message = f"{entry['msgctxt']}\x04{entry['msgid']}" if "msgctxt" in entry else entry["msgid"]
        for keyword, text in entry.items():
            if text and (form := re.fullmatch(r"msgstr(?:\[(\d)\])?", keyword)):
                texts[(message, int(form[1])) if form[1] else message] = text
    return texts


def catalogues(language: str) -> list[Path]:
    found = sorted(ROOT.glob(f"src/*/locale/{language}/LC_MESSAGES/*.po"))
    assert found, f"no catalogue in {language}"
    return found


def test_compiled_catalogues_say_what_their_sources_say() -> None:
    """`make messages` was run after the last edit."""
    for catalogue in catalogues("*"):
        with catalogue.with_suffix(".mo").open("rb") as compiled:
            shipped = vars(gettext.GNUTranslations(compiled))["_catalog"]
        assert shipped == translated(catalogue), f"{catalogue.relative_to(ROOT)}: make messages"


def test_french_is_complete() -> None:
    """R20: a French page or mail holds no English sentence, and no guessed one."""
    unfinished = [
        entry["msgid"]
        for catalogue in catalogues("fr")
        for entry in entries(catalogue)
        if entry["msgid"]
        and ("fuzzy" in entry or not all(text for keyword, text in entry.items() if keyword.startswith("msgstr")))
    ]
    assert unfinished == []


def python_of(*folders: str, without: tuple[str, ...]) -> dict[str, str]:
    """The sources under these folders of `src`, by their path."""
    files = {
        each.relative_to(ROOT / "src").as_posix(): each
        for name in folders
        for each in (ROOT / "src" / name).rglob("*.py")
    }
    return {path: file.read_text("utf-8") for path, file in files.items() if not path.startswith(without)}


def test_no_room_above_the_domain_names_an_operation() -> None:
    """What one is called and what it means it says itself: others can be added (the guide *Adding an operation*)."""
    rooms = ("sfsync/engine", "sfsync/backoffice", "sfsync/models", "sfsync/notify", "sfsync_server")
    sources = python_of(*rooms, without=("sfsync_server/demo/",))
    assert len(sources) > 100
    named = {
        (path, node.value)
        for path, source in sources.items()
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and node.value in names()
    }
    assert named == set()


def test_only_its_own_room_and_the_register_name_a_kind_of_shop() -> None:
    """Others can be added (the guide *Adding a kind of shop*)."""
    ours = ("sfsync/shops/prestashop/", "sfsync/shops/kinds.py", "sfsync/testing.py", "sfsync_server/demo/")
    sources = python_of("sfsync", "sfsync_server", without=ours)
    assert [path for path, source in sources.items() if re.search(r"prestashop|\bps_", source, re.IGNORECASE)] == []
