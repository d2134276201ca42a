"""The manual names what is there: the rules with tests that exist, the stores' keys with their real defaults."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest
from django.db.models import Field

from sfsync.conf import Conf
from sfsync.models import Store
from sfsync.models.store import setting_fields
from sfsync.shops import kinds
from sfsync_server import stores_file

ROOT = Path(__file__).resolve().parents[2]
RULES = [f"R{number}" for number in (*range(1, 29), *range(32, 40))] + ["R13a", "R13b"]


def rows(page: str) -> dict[str, list[str]]:
    """Cells of each table row, by the name in its first cell: a code span, or a rule in bold."""
    text = (ROOT / "docs" / page).read_text("utf-8")
    lines = re.findall(r"^\| (.*) \|$", text, re.MULTILINE)
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)] for line in lines]
    named = ((re.match(r"`([\w.]+)`|\*\*(R\d+[ab]?)\*\*", row[0]), row) for row in cells)
    return {match[1] or match[2]: row for match, row in named if match}


TEMPLATES = sorted((ROOT / "src/sfsync/templates/sfsync").rglob("*.html"))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_two_landmarks_of_a_page_have_one_name(template: Path) -> None:
    """A person who goes from landmark to landmark by ear could not tell them apart."""
    tags = re.findall(r"<(?:section|nav|aside|[a-z]+ [^>]*role=\"(?:region|navigation)\")[^>]*>", template.read_text())
    names = [match[1] for tag in tags if (match := re.search(r'aria-label(?:ledby)?="([^"]+)"', tag))]
    assert len(names) == len(set(names))


def test_every_rule_is_proved_by_tests_that_exist() -> None:
    """A row each; the tests it names are there. What is not done yet says so."""
    page = rows("rules.md")
    assert set(page) == set(RULES)
    for rule, cells in page.items():
        proofs = re.findall(r"`([\w/]+\.py)::(\w+)`", cells[2])
        assert proofs or "Not yet" in cells[1], rule
        for file, test in proofs:
            assert f"def {test}(" in (ROOT / "tests" / file).read_text("utf-8"), f"{rule}: {file}::{test}"


OF_SHOPS = {key: setting for name in kinds.names() for key, setting in kinds.named(name).settings.items()}


def test_every_key_of_the_stores_file_is_explained() -> None:
    meanings = {"shipped", "delivered", "canceled", "refunded"}
    secrets = {f"{key}_env" for key, setting in OF_SHOPS.items() if setting.secret}
    assert set(rows("stores.md")) == {*stores_file.FIELDS, "token", "token_env", *OF_SHOPS, *secrets, *meanings}


@pytest.mark.parametrize("key", sorted({*stores_file.FIELDS, "token"}))
def test_a_key_of_the_stores_file_has_the_default_that_is_told(key: str) -> None:
    field = stores_file.FIELDS.get(key) or Store._meta.get_field(key)
    assert isinstance(field, Field)
    told = rows("stores.md")[key][1].strip("`").strip('"')
    if told == "must be given":
        assert not field.has_default() or not field.get_default()
    else:
        assert told == str(field.get_default()).replace("True", "true").replace("False", "false")


@pytest.mark.parametrize("kind", kinds.names())
def test_the_manual_has_the_rows_that_the_settings_of_a_kind_of_shop_make(kind: str) -> None:
    page = (ROOT / "docs" / "stores.md").read_text("utf-8")
    settings = kinds.named(kind).settings
    assert settings
    assert [row for row in stores_file.manual(settings) if row not in page.splitlines()] == []


@pytest.mark.parametrize("field", setting_fields(), ids=lambda field: field.name)
def test_a_setting_has_its_label_and_its_help_on_its_field(field: Field[object, object]) -> None:
    """They make the form and the history; without them Django would make one up of the field's name."""
    assert field.verbose_name != field.name.replace("_", " ")
    assert field.help_text


def test_every_name_of_the_django_setting_is_told_with_its_default() -> None:
    told = {name: cells[1] for name, cells in rows("django.md").items()}
    assert told == {
        field.name: f"{field.default:g}" if isinstance(field.default, float) else str(field.default)
        for field in fields(Conf)
    }
