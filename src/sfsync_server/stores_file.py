"""`sfsync apply FILE`: the declarative file of stores, read whole and checked whole before anything is written."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction

from sfsync import texts
from sfsync.db.secrets import Secret, SecretUnreadable
from sfsync.engine.kit.connections import Connections
from sfsync.engine.people import shop_carriers
from sfsync.engine.people.change_settings import add_store, change_settings, in_words, keep_at_home, note_try
from sfsync.models import Store, named_settings
from sfsync.models.store import setting_fields
from sfsync.shops import kinds
from sfsync.shops.base import ShopError
from sfsync.shops.setting import Setting
from sfsync_server.given_files import read_given


class StoresFileError(Exception):
    """The file is wrong and nothing was changed. The message is a sentence a mistake, each naming its place."""


MOST_MEGABYTES = 16
"""Ten thousand stores take about eight."""
_SPELT = {"feed_store_id": "store_id"}
"""The keys of the file that are not the names of our fields."""
FIELDS = {_SPELT.get(field.name, field.name): field for field in setting_fields()}
_OTHERS = {"token", "token_env", "shop", "statuses"}


@dataclass(slots=True)
class Applied:
    """What `apply` did to one store: the settings that changed, as `name: before → after` in words. Shows no secret.
    `unasked`: why the shop could not be asked whether it has the carriers; empty where it was, or need not be."""

    store: str
    created: bool
    changes: list[str] = field(default_factory=list)
    unasked: str = ""


def apply(path: Path, *, who: str, connections: Connections | None = None) -> list[Applied]:
    """Make the database's stores as the file says. Stores that it does not name are left alone. Idempotent.

    `connections`: to ask the shops whether they have the carriers that the file newly names; None asks nobody.
    Raises `StoresFileError`; then nothing was written.
    """
    wanted = read(path)
    mistakes: list[str] = []
    unasked = {name: _ask(name, its, who, connections, mistakes) for name, its in wanted.items() if connections}
    with transaction.atomic():
        applied = [_apply(name, fields, who, mistakes) for name, fields in wanted.items()]
        mistakes += _beside_each_other(wanted)
        if mistakes:
            transaction.set_rollback(True)
            raise StoresFileError("\n".join(mistakes))
    return [replace(each, unasked=unasked.get(each.store, "")) for each in applied]


def _ask(name: str, wanted: dict[str, Any], who: str, connections: Connections, mistakes: list[str]) -> str:
    """R26: whether the shop has the carriers, unless something else is wrong; those that the file names by what they
    are called get their keys in `wanted`. Returns why it could not be asked."""
    store = Store.objects.filter(name=name).first()
    draft = copy(store) if store else Store(name=name)
    kind = wanted.get(named_settings.KIND, draft.shop_kind)
    named_settings.put(draft, named_settings.canonical(kind, wanted))
    known = store and (store.carriers == draft.carriers or _moved(store, wanted))
    if known or _mistakes(_without_names(draft)):
        return ""
    if store:
        note_try(store, draft, who)
    try:
        mistakes += [f"stores.{name}.carriers: {each}" for each in _strange(draft, wanted, connections)]
    except (ShopError, SecretUnreadable) as error:
        return str(error)
    finally:
        connections.done(draft)
    return ""


def _without_names(draft: Store) -> Store:
    """A carrier's name is no mistake before the shop was asked."""
    bare = copy(draft)
    if shop_carriers.names(draft):
        bare.carriers = {}
    return bare


def _strange(draft: Store, wanted: dict[str, Any], connections: Connections) -> Iterator[str]:
    """The carriers that the shop does not have. A name that could not be replaced is left out of `wanted`: it is a
    mistake already."""
    if shop_carriers.names(draft):
        carriers = connections.shop(draft).reader.carriers()
        draft.carriers = shop_carriers.by_key(draft, carriers)
        have = ", ".join(f"{each.carrier_id} {each.name}" for each in carriers)
        for given in (strange := shop_carriers.names(draft)):
            yield f"“{given}” is neither a carrier's number nor the name of exactly one. The shop has {have}."
        draft.carriers = wanted["carriers"] = {
            channel: {key: value for key, value in table.items() if key not in strange}
            for channel, table in draft.carriers.items()
        }
    if unknown := shop_carriers.not_in_shop(draft, connections):
        yield texts.sentence("carrier-unknown", {"unknown": ", ".join(unknown)})


def read(path: Path) -> dict[str, dict[str, Any]]:
    """Store name → its settings that the file gives, by their names. Raises `StoresFileError`."""
    mistakes: list[str] = []
    tables = _tables(_load(path), mistakes)
    kinds_now = dict(Store.objects.filter(name__in=tables).values_list("name", "shop_kind"))
    stores = {
        name: _settings(f"stores.{name}", table, kinds_now.get(name) or kinds.default_name(), mistakes)
        for name, table in tables.items()
    }
    if mistakes:
        raise StoresFileError("\n".join(mistakes))
    return stores


def _load(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(read_given(path, MOST_MEGABYTES).decode("utf-8-sig"))
    except OSError as error:
        raise StoresFileError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise StoresFileError(f"{path} is not UTF-8 text.") from None
    except tomllib.TOMLDecodeError as error:
        raise StoresFileError(f"{path} is not TOML: {error}.") from None
    except (RecursionError, ValueError):
        raise StoresFileError(f"{path} is nested too deeply, or has a number with too many digits.") from None


def _tables(document: Mapping[str, Any], mistakes: list[str]) -> dict[str, dict[str, Any]]:
    mistakes += [f"{key}: unknown; a store is a table [stores.NAME]." for key in document if key != "stores"]
    stores = document.get("stores")
    if not isinstance(stores, dict) or not stores:
        mistakes.append("The file has no store: begin with a table [stores.NAME].")
        return {}
    mistakes += [f"stores.{name}: must be a table." for name, table in stores.items() if not isinstance(table, dict)]
    return {name: table for name, table in stores.items() if isinstance(table, dict)}


def _settings(place: str, table: Mapping[str, Any], kind: str, mistakes: list[str]) -> dict[str, Any]:
    mistakes += _unknown(place, table, {*FIELDS, *_OTHERS})
    wrong = {key: _wrong_type(FIELDS[key], value) for key, value in table.items() if key in FIELDS}
    mistakes += [f"{place}.{key}: {sentence}" for key, sentence in wrong.items() if sentence]
    found = {field.name: table[key] for key, field in FIELDS.items() if key in table}
    found |= _secret(place, table, "token", mistakes)
    found |= _shop(f"{place}.shop", table.get("shop", {}), kind, mistakes)
    return found | ({"statuses": table["statuses"]} if "statuses" in table else {})


def _shop(place: str, table: Any, kind: str, mistakes: list[str]) -> dict[str, Any]:
    if not isinstance(table, dict):
        mistakes.append(f"{place}: must be a table.")
        return {}
    given = table.get("kind", kind)
    if given not in kinds.names():
        mistakes.append(f"{place}.kind: there is no kind “{given}”; known are {', '.join(kinds.names())}.")
        return {}
    known = kinds.named(given).settings
    mistakes += _unknown(place, table, {"kind", *_keys_of(known)})
    found: dict[str, Any] = {"kind": given} if "kind" in table else {}
    for key, setting in known.items():
        if setting.secret:
            found |= _secret(place, table, key, mistakes)
        elif key in table:
            found[key] = table[key]
            mistakes += [f"{place}.{key}: {each}" for each in [_wrong_shape(setting.type, table[key])] if each]
    return {f"shop.{key}": value for key, value in found.items()}


def _keys_of(settings: Mapping[str, Setting]) -> Iterator[str]:
    for key, setting in settings.items():
        yield key
        if setting.secret:
            yield f"{key}_env"


def _unknown(place: str, table: Mapping[str, Any], known: Collection[str]) -> list[str]:
    names = ", ".join(sorted(known))
    return [f"{place}.{key}: unknown setting; known are {names}." for key in table if key not in known]


def _wrong_type(field: models.Field[Any, Any], value: Any) -> str:
    """A model field would make the best of "3", 3.7 or true; a file that means something else is told so."""
    match field:
        case models.BooleanField():
            return _wrong_shape(bool, value)
        case models.IntegerField():
            return _wrong_shape(int, value)
        case models.CharField():
            return _wrong_shape(str, value)
    return ""


_SHAPES = {
    bool: "must be true or false.",
    int: "must be a whole number, without quotes.",
    str: "must be a text, in quotes.",
}


def _wrong_shape(wanted: type, value: Any) -> str:
    return "" if type(value) is wanted else _SHAPES[wanted]


def _secret(place: str, table: Mapping[str, Any], key: str, mistakes: list[str]) -> dict[str, Any]:
    """A secret stands in the file (`token`), or in the environment variable that the file names (`token_env`)."""
    value, variable = table.get(key), table.get(f"{key}_env")
    if value is not None and variable is not None:
        mistakes.append(f"{place}: {key} or {key}_env, not both.")
    elif variable is not None:
        value = os.environ.get(str(variable))
        if not value:
            mistakes.append(f"{place}.{key}_env: the environment variable {variable} is not set.")
    if isinstance(value, str) and value.strip():
        return {key: Secret(value.strip())}
    if value is not None:
        mistakes.append(f"{place}.{key}: must be a text that is not empty.")
    return {}


def _apply(name: str, wanted: dict[str, Any], who: str, mistakes: list[str]) -> Applied:
    store = Store.objects.filter(name=name).first()
    draft = copy(store) if store else Store(name=name)
    named_settings.put(draft, wanted)
    if wrong := [*_mistakes(draft), *(_moved(store, wanted) if store else [])] or _idle_reasons(draft, wanted):
        mistakes += wrong
        return Applied(name, created=not store)
    if not store:
        add_store(draft, who)
        return Applied(name, created=True)
    changes = change_settings(store, wanted, who, together=True)
    said = [f"{_SPELT.get(each, each)}: {in_words(before)} → {in_words(after)}" for each, before, after in changes]
    return Applied(name, created=False, changes=said)


def _idle_reasons(draft: Store, wanted: Mapping[str, Any]) -> list[str]:
    """R28: of those that the file gives."""
    given = named_settings.idle_reasons(draft) if "reasons" in wanted else []
    return [f"stores.{draft.name}.reasons: no reason is sent for status {each}: map it to canceled." for each in given]


def _moved(store: Store, wanted: Mapping[str, Any]) -> list[str]:
    try:
        keep_at_home(store, wanted)
    except ValidationError as error:
        return [
            f"stores.{store.name}.{name}: {sentence}" for name, its in error.message_dict.items() for sentence in its
        ]
    return []


def _mistakes(store: Store) -> list[str]:
    """Of the store by itself."""
    try:
        store.clean_fields()
        store.validate_unique()
    except ValidationError as error:
        return [
            f"stores.{store.name}.{_SPELT.get(name, name)}: {' '.join(_sentence(store, name, each) for each in wrong)}"
            for name, wrong in error.error_dict.items()
        ]
    missing = [*([] if store.token else ["token"]), *named_settings.missing(store)]
    return [f"stores.{store.name}.{name}: is missing." for name in missing]


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


def manual(settings: Mapping[str, Setting]) -> Iterator[str]:
    """The rows of docs/stores.md for a kind of shop."""
    for key, setting in settings.items():
        default = "must be given" if setting.default is None else f"`{json.dumps(setting.default)}`"
        only = f' Only with `{setting.when[0]} = "{setting.when[1]}"`.' if setting.when else ""
        yield f"| `{key}` | {default} | {setting.label}. {setting.help}{only} |"
        if setting.secret:
            instead = f"Instead of `{key}`: the name of the environment variable that holds it, when `apply` runs."
            yield f"| `{key}_env` | | {instead} |"
