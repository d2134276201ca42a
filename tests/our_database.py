"""sfsync's own database as it was: taken, and put back behind its back, as a restored backup is."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db import models, transaction

Rows = list[tuple[type[models.Model], list[Any]]]


def back_up() -> Rows:
    """Everything in it. A model stands behind those that it points at."""
    pending, rows = list(apps.get_app_config("sfsync").get_models()), []
    while pending:
        model = next(each for each in pending if not _points_at(each) & set(pending) - {each})
        pending.remove(model)
        rows.append((model, list(model._base_manager.all())))
    return rows


def _points_at(model: type[models.Model]) -> set[Any]:
    return {field.related_model for field in model._meta.fields if field.related_model}


def restore(rows: Rows) -> None:
    with transaction.atomic():
        for model, _ in reversed(rows):
            everything = model._base_manager.all()
            everything._raw_delete(everything.db)
        for model, found in rows:
            model._base_manager.bulk_create(found)
