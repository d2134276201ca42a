"""While workers run, the former version's code works on the new version's tables: no migration may do what it cannot
stand (docs/operations.md, Upgrade without a stop)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

FREE = {
    *("CreateModel", "AlterModelOptions", "AlterModelManagers", "AlterModelTableComment"),
    *("AddIndex", "RemoveIndex", "RenameIndex", "AddIndexConcurrently", "RemoveIndexConcurrently"),
}
"""Old code does not notice these."""
WORDS_ONLY = {"verbose_name", "help_text", "choices", "validators", "default", "blank", "error_messages", "db_default"}
REASON = "old_code"
"""A migration that moves data says in this attribute why the former version's code stands it."""


def mistakes(migration: Any, before: ProjectState) -> Iterator[str]:
    """What of it the former version's code cannot stand. `before`: the models as they were."""
    state, new = before.clone(), set()
    gone_before = getattr(migration, "contracts", ())
    for operation in migration.operations:
        name = type(operation).__name__
        if isinstance(operation, migrations.CreateModel):
            new.add(operation.name_lower)
        on_new = getattr(operation, "model_name_lower", "") in new
        if not on_new and name not in FREE:
            yield from _mistakes_of(operation, state, gone_before, bool(getattr(migration, REASON, "")))
        operation.state_forwards("sfsync", state)


def _mistakes_of(operation: Operation, state: ProjectState, contracts: Any, explained: bool) -> Iterator[str]:
    match operation:
        case migrations.AddField(field=field, model_name=model, name=name):
            if not (field.null or field.has_db_default() or field.many_to_many):
                yield f"{model}.{name}: a new column that is neither null nor has a database default"
        case migrations.AlterField(field=field, model_name=model, name=name):
            former = state.models["sfsync", model.lower()].fields[name]
            yield from (f"{model}.{name}: {what}" for what in _narrower(former, field))
        case migrations.RunPython() | migrations.RunSQL():
            if not explained:
                yield f"{type(operation).__name__} without a sentence in `{REASON}`"
        case migrations.SeparateDatabaseAndState(database_operations=of_database, state_operations=of_models):
            yield from _left_behind(of_models, state)
            for each in of_database:
                if not (isinstance(each, migrations.RemoveField | migrations.DeleteModel) and contracts):
                    yield from _mistakes_of(each, state, contracts, explained)
        case _:
            yield f"{type(operation).__name__}: {operation.describe()}"


def _left_behind(of_models: Any, state: ProjectState) -> Iterator[str]:
    """A column that new code does not write any more, and the former version's still does."""
    for each in of_models:
        if isinstance(each, migrations.RemoveField):
            field = state.models["sfsync", each.model_name_lower].fields[each.name]
            if not (field.null or field.has_db_default()):
                yield f"{each.model_name}.{each.name}: left to a column that takes no row without it"
        elif not isinstance(each, migrations.DeleteModel):
            yield f"{type(each).__name__} of the models alone"


def _narrower(former: models.Field[Any, Any], field: models.Field[Any, Any]) -> Iterator[str]:
    (_, was, _, before), (_, now, _, after) = former.deconstruct(), field.deconstruct()
    if was != now:
        yield f"from {was} to {now}"
    if former.null and not field.null:
        yield "not null any more"
    if field.unique and not former.unique:
        yield "unique now"
    if former.max_length and (field.max_length or 0) < former.max_length:
        yield "shorter"
    if former.db_default != field.db_default and not field.has_db_default():
        yield "its database default is gone"
    known = WORDS_ONLY | {"null", "max_length", "unique", "db_index"}
    yield from (f"another {key}" for key in (before.keys() | after.keys()) - known if before.get(key) != after.get(key))


def test_no_migration_since_the_first_breaks_the_code_of_the_version_before() -> None:
    loader = MigrationLoader(None)
    ours = sorted(name for app, name in loader.disk_migrations if app == "sfsync")
    assert ours[0] == "0001_initial"
    for former, name in itertools.pairwise(ours):
        found = list(mistakes(loader.get_migration("sfsync", name), loader.project_state(("sfsync", former))))
        assert found == [], name


def state() -> ProjectState:
    return MigrationLoader(None).project_state(("sfsync", "0001_initial"))


def migration(*operations: Operation, **more: Any) -> Any:
    return type("Migration", (migrations.Migration,), {"operations": list(operations), **more})("0002", "sfsync")


ADDED = models.CharField(max_length=9, default="")
OLD = migrations.RemoveField("task", "looks")


@pytest.mark.parametrize(
    "operation",
    [
        migrations.AddField("store", "motto", models.TextField(null=True)),
        migrations.AddField("store", "motto", models.CharField(max_length=9, default="", db_default="")),
        migrations.AddIndex("store", models.Index(fields=["mode"], name="by_mode")),
        migrations.AlterField("store", "name", models.SlugField(max_length=99, unique=True, help_text="Longer")),
        migrations.SeparateDatabaseAndState(state_operations=[migrations.RemoveField("task", "sent_at")]),
        migrations.AlterModelOptions("store", {"ordering": ["name"]}),
    ],
)
def test_what_old_code_does_not_notice_may_be_done(operation: Operation) -> None:
    assert list(mistakes(migration(operation), state())) == []


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        (migrations.AddField("store", "motto", ADDED), "store.motto: a new column that is neither null"),
        (OLD, "RemoveField"),
        (migrations.SeparateDatabaseAndState(database_operations=[OLD]), "RemoveField"),
        (migrations.SeparateDatabaseAndState(state_operations=[OLD]), "task.looks: left to a column"),
        (migrations.RenameField("task", "looks", "seen"), "RenameField"),
        (migrations.RenameModel("Task", "Job"), "RenameModel"),
        (migrations.DeleteModel("Task"), "DeleteModel"),
        (migrations.AlterModelTable("task", "job"), "AlterModelTable"),
        (migrations.AlterField("store", "name", models.SlugField(max_length=9, unique=True)), "store.name: shorter"),
        (migrations.AlterField("task", "looks", models.TextField()), "task.looks: from "),
        (migrations.AlterField("task", "sent_at", models.DateTimeField()), "task.sent_at: not null any more"),
        (migrations.AlterField("task", "batch_id", models.CharField(max_length=255, unique=True)), "unique now"),
        (migrations.AlterField("task", "held", models.BooleanField(default=False)), "its database default is gone"),
        (migrations.AddConstraint("task", models.UniqueConstraint(fields=["lease"], name="one")), "AddConstraint"),
        (migrations.RemoveConstraint("task", "one_task_a_fact"), "RemoveConstraint"),
        (migrations.RunSQL("UPDATE sfsync_store SET tries = 1"), "RunSQL without a sentence"),
    ],
)
def test_what_old_code_cannot_stand_is_named(operation: Operation, said: str) -> None:
    [found] = mistakes(migration(operation), state())
    assert said in found


def test_a_new_table_may_be_as_it_likes() -> None:
    made = migrations.CreateModel("Motto", [("id", models.BigAutoField(primary_key=True))])
    assert list(mistakes(migration(made, migrations.AddField("motto", "text", ADDED)), state())) == []


def test_data_is_moved_with_a_reason_and_a_column_goes_once_nobody_knows_it() -> None:
    moved = migrations.RunSQL("UPDATE sfsync_store SET tries = 3 WHERE tries IS NULL")
    assert list(mistakes(migration(moved, old_code="It never read a null."), state())) == []
    gone = migrations.SeparateDatabaseAndState(database_operations=[OLD])
    assert list(mistakes(migration(gone, contracts=["0002"]), state())) == []
