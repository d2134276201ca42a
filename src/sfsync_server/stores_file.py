"""`sfsync apply FILE`: the declarative file of stores, read whole and checked whole before anything is written."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction

from sfsync.db.secrets import Secret
from sfsync.engine.kit.connections import SHOP_KINDS
from sfsync.engine.people.change_settings import LONGEST, differences, in_words, judge_again
from sfsync.models import SettingChange, Store


class StoresFileError(Exception):
    """The file is wrong and nothing was changed. The message is a sentence a mistake, each naming its place."""


_STORE = {
    "store_id": "feed_store_id",
    "api_url": "api_url",
    "enabled": "enabled",
    "language": "language",
    "recipients": "recipients",
    "mode": "mode",
    "every_minutes": "every_minutes",
    "delay_minutes": "delay_minutes",
    "retry_minutes": "retry_minutes",
    "state_policy": "state_policy",
    "ship_without_tracking": "ship_without_tracking",
    "tries": "tries",
    "log_days": "log_days",
}
_SHOP = {"kind": "shop_kind", "prefix": "shop_prefix", "shop_id": "shop_id"}
_SECRETS = {"token": "token", "url": "shop_url"}
_PLACES = {field: key for key, field in _STORE.items()} | {field: f"shop.{key}" for key, field in _SHOP.items()}
_PLACES |= {"shop_url": "shop.url", "token": "token", "statuses": "statuses"}


@dataclass(slots=True)
class Applied:
    """What `apply` did to one store: the settings that changed, as `name: before → after` in words. Shows no secret."""

    store: str
    created: bool
    changes: list[str] = field(default_factory=list)


def apply(path: Path, *, who: str) -> list[Applied]:
    """Make the database's stores as the file says. Stores that it does not name are left alone. Idempotent.

    Raises `StoresFileError`; then nothing was written.
    """
    wanted = read(path)
    with transaction.atomic():
        mistakes: list[str] = []
        applied = [_apply(name, fields, who, mistakes) for name, fields in wanted.items()]
        mistakes += _beside_each_other(wanted)
        if mistakes:
            transaction.set_rollback(True)
            raise StoresFileError("\n".join(mistakes))
    return applied


def read(path: Path) -> dict[str, dict[str, Any]]:
    """Store name → the fields of its row that the file sets. Raises `StoresFileError`."""
    mistakes: list[str] = []
    stores = {
        name: _fields(f"stores.{name}", table, mistakes) for name, table in _tables(_load(path), mistakes).items()
    }
    if mistakes:
        raise StoresFileError("\n".join(mistakes))
    return stores


def _load(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_bytes().decode())
    except OSError as error:
        raise StoresFileError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise StoresFileError(f"{path} is not UTF-8 text.") from None
    except tomllib.TOMLDecodeError as error:
        raise StoresFileError(f"{path} is not TOML: {error}.") from None


def _tables(document: Mapping[str, Any], mistakes: list[str]) -> dict[str, dict[str, Any]]:
    mistakes += [f"{key}: unknown; a store is a table [stores.NAME]." for key in document if key != "stores"]
    stores = document.get("stores")
    if not isinstance(stores, dict) or not stores:
        mistakes.append("The file has no store: begin with a table [stores.NAME].")
        return {}
    mistakes += [f"stores.{name}: must be a table." for name, table in stores.items() if not isinstance(table, dict)]
    return {name: table for name, table in stores.items() if isinstance(table, dict)}


def _fields(place: str, table: Mapping[str, Any], mistakes: list[str]) -> dict[str, Any]:
    fields = _named(place, table, _STORE, {"token", "token_env", "shop", "statuses"}, mistakes)
    _secret(place, table, "token", fields, mistakes)
    shop = table.get("shop", {})
    if isinstance(shop, dict):
        fields |= _named(f"{place}.shop", shop, _SHOP, {"url", "url_env"}, mistakes)
        _secret(f"{place}.shop", shop, "url", fields, mistakes)
    else:
        mistakes.append(f"{place}.shop: must be a table.")
    if "statuses" in table:
        fields["statuses"] = table["statuses"]
    return fields


def _named(
    place: str, table: Mapping[str, Any], known: Mapping[str, str], others: set[str], mistakes: list[str]
) -> dict[str, Any]:
    for key in table:
        if key not in known and key not in others:
            mistakes.append(f"{place}.{key}: unknown setting; known are {', '.join(sorted({*known, *others}))}.")
    mistakes += [
        f"{place}.{key}: {sentence}"
        for key, value in table.items()
        if key in known and (sentence := _wrong_type(known[key], value))
    ]
    return {known[key]: value for key, value in table.items() if key in known}


def _wrong_type(field: str, value: Any) -> str:
    """A model field would make the best of "3", 3.7 or true; a file that means something else is told so."""
    match Store._meta.get_field(field):
        case models.BooleanField():
            return "" if isinstance(value, bool) else "must be true or false."
        case models.IntegerField():
            return "" if type(value) is int else "must be a whole number, without quotes."
        case models.CharField():
            return "" if isinstance(value, str) else "must be a text, in quotes."
    return ""


def _secret(place: str, table: Mapping[str, Any], key: str, fields: dict[str, Any], mistakes: list[str]) -> None:
    """A secret stands in the file (`token`), or in the environment variable that the file names (`token_env`)."""
    value, variable = table.get(key), table.get(f"{key}_env")
    if value is not None and variable is not None:
        mistakes.append(f"{place}: {key} or {key}_env, not both.")
    elif variable is not None:
        value = os.environ.get(str(variable))
        if not value:
            mistakes.append(f"{place}.{key}_env: the environment variable {variable} is not set.")
    if isinstance(value, str) and value.strip():
        fields[_SECRETS[key]] = Secret(value.strip())
    elif value is not None:
        mistakes.append(f"{place}.{key}: must be a text that is not empty.")


def _apply(name: str, fields: dict[str, Any], who: str, mistakes: list[str]) -> Applied:
    store = Store.objects.filter(name=name).first()
    created = store is None
    store = store or Store(name=name)
    changes = [] if created else differences(store, fields)
    for attribute, value in fields.items():
        setattr(store, attribute, value)
    wrong = _mistakes(store)
    mistakes += wrong
    if not wrong and (created or changes):
        # Only what the file says: a run may be moving the cursors of this very store.
        store.save(update_fields=None if created else [*(name for name, _, _ in changes), "updated_at"])
        SettingChange.objects.bulk_create(
            SettingChange(store=store, who=who, name=field, before=before[:LONGEST], after=after[:LONGEST])
            for field, before, after in changes or [("store", "", name)]
        )
        judge_again(store, [field for field, _before, _after in changes])
    said = [f"{_PLACES[field]}: {in_words(before)} → {in_words(after)}" for field, before, after in changes]
    return Applied(name, created, said)


def _mistakes(store: Store) -> list[str]:
    """Of the store by itself."""
    try:
        store.clean_fields()
        store.validate_unique()
    except ValidationError as error:
        return [
            f"stores.{store.name}.{_PLACES.get(name, name)}: {' '.join(_sentence(store, name, each) for each in wrong)}"
            for name, wrong in error.error_dict.items()
        ]
    required = {"token": store.token, "shop_url": store.shop_url}
    missing = [f"stores.{store.name}.{_PLACES[name]}: is missing." for name, value in required.items() if not value]
    if store.shop_kind not in SHOP_KINDS:
        known = ", ".join(SHOP_KINDS)
        missing.append(f"stores.{store.name}.shop.kind: there is no kind “{store.shop_kind}”; known are {known}.")
    return missing


def _sentence(store: Store, name: str, error: ValidationError) -> str:
    """Django's own, but where it does not say what would be right."""
    if error.code == "null":
        return "is missing."
    if error.code == "invalid_choice":
        known = ", ".join(f'"{value}"' for value, _label in getattr(Store._meta.get_field(name), "choices", ()))
        return f'there is no "{getattr(store, name)}"; known are {known}.'
    return " ".join(error.messages)


def _beside_each_other(names: Iterable[str]) -> Iterator[str]:
    """Mistakes of the stores among all others, when all are written: a file may swap two, or rename one."""
    for store in Store.objects.filter(name__in=names):
        try:
            store.clean()
        except ValidationError as error:
            yield f"stores.{store.name}: {' '.join(error.messages)}"
