"""A store's settings by their names: a field of the store (`tries`), or `shop.KEY`, one of its kind of shop's."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext

from sfsync.db.secrets import Secret, SecretUnreadable
from sfsync.domain import operations
from sfsync.domain.carriers import EVERYWHERE, plain
from sfsync.domain.marketplaces import listed
from sfsync.shops import kinds
from sfsync.shops.base import ShopMisconfigured
from sfsync.shops.keys import Keys
from sfsync.shops.setting import Mistake, Setting

if TYPE_CHECKING:
    from sfsync.models.store import Store

PREFIX = "shop."
KIND = "shop.kind"
KEYED = ("statuses", "ship_without_tracking", "carriers", "reasons")
"""The settings that hold keys of the shop."""


def key_of(name: str) -> str:
    """The key of a setting of the shop; empty for any other name."""
    return name.removeprefix(PREFIX) if name.startswith(PREFIX) and name != KIND else ""


def field_of(store: Store, name: str) -> str:
    """The model's field that holds a setting."""
    if not (key := key_of(name)):
        return "shop_kind" if name == KIND else name
    return "shop_secrets" if store.kind.settings[key].secret else "shop_settings"


def get(store: Store, name: str) -> Any:
    """A secret of the shop that was never given is an empty one."""
    field, key = field_of(store, name), key_of(name)
    if not key:
        return getattr(store, field)
    default = Secret() if field == "shop_secrets" else store.kind.settings[key].default
    return getattr(store, field).get(key, default)


def put(store: Store, wanted: Mapping[str, Any]) -> None:
    """Another kind of shop starts without settings: what was given for the former one is for no other."""
    if wanted.get(KIND, store.shop_kind) != store.shop_kind:
        store.shop_kind, store.shop_settings, store.shop_secrets = wanted[KIND], {}, {}
    for name, value in wanted.items():
        field, key = field_of(store, name), key_of(name)
        setattr(store, field, getattr(store, field) | {key: value} if key else value)


def canonical(kind: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """These settings with the shop's keys as the kind spells them: `[4]` and `["4"]` are one. What is no key of this
    kind stays as it is, for `mistakes` to tell."""
    if kind not in kinds.names():
        return dict(wanted)
    statuses, carriers = kinds.named(kind).statuses, kinds.named(kind).carriers
    found = dict(wanted)
    if isinstance(mapping := wanted.get("statuses"), dict):
        found["statuses"] = {word: _canonical(statuses, given) for word, given in mapping.items()}
    if "ship_without_tracking" in wanted:
        found["ship_without_tracking"] = _canonical(carriers, wanted["ship_without_tracking"])
    if isinstance(book := wanted.get("carriers"), dict):
        found["carriers"] = {channel: _keyed(carriers, table) for channel, table in book.items()}
    if "reasons" in wanted:
        found["reasons"] = _keyed(statuses, wanted["reasons"])
    return found


def _keyed(keys: Keys, given: Any) -> Any:
    return {_key(keys, key): value for key, value in given.items()} if isinstance(given, dict) else given


def _canonical(keys: Keys, given: Any) -> Any:
    return [_key(keys, each) for each in given] if isinstance(given, list) else given


def _key(keys: Keys, given: Any) -> Any:
    try:
        return keys.parse(given)
    except Mistake:
        return given


def label(store: Store, name: str) -> str:
    """What a setting is called, in the active language; a name that is none stays as it is."""
    if setting := _of_shop(store, name):
        return gettext(setting.label)
    field = _of_ours(store, name)
    return str(field.verbose_name) if field else name


def choices(store: Store, name: str) -> dict[str, str]:
    """What the values of a setting are called, in the active language; empty where they are not a few."""
    if setting := _of_shop(store, name):
        return {value: gettext(text) for value, text in (setting.choices or {}).items()}
    field = _of_ours(store, name)
    return {value: str(text) for value, text in getattr(field, "choices", None) or ()}


def _of_shop(store: Store, name: str) -> Setting | None:
    try:
        return store.kind.settings.get(key_of(name))
    except ShopMisconfigured:
        return None


def _of_ours(store: Store, name: str) -> Any:
    try:
        return store._meta.get_field("shop_kind" if name == KIND else name)
    except FieldDoesNotExist:
        return None


def revealed(store: Store) -> dict[str, Any]:
    """The value of each of the shop's settings, secrets as plain texts. Raises `SecretUnreadable`."""
    texts = {key: _text(each) for key, each in store.shop_secrets.items()}
    return store.kind.complete(store.shop_settings | texts)


def _text(secret: Secret | str) -> str:
    return secret.reveal() if isinstance(secret, Secret) else secret


def counting(store: Store) -> dict[str, Setting]:
    """The shop's settings that count with the values that the others have."""
    values = store.kind.complete(store.shop_settings)
    return {key: setting for key, setting in store.kind.settings.items() if setting.counts(values)}


def missing(store: Store) -> list[str]:
    """The names of the shop's settings that must be given and are not."""
    given = {key for key, value in store.shop_settings.items() if value not in (None, "")}
    given |= {key for key, secret in store.shop_secrets.items() if secret}
    return [f"{PREFIX}{key}" for key, each in counting(store).items() if each.default is None and key not in given]


def mistakes(store: Store) -> dict[str, list[ValidationError]]:
    """What is wrong with the shop's settings that were given, by their names."""
    try:
        known = counting(store)
    except ShopMisconfigured:
        return {KIND: [_unknown(store.shop_kind, kinds.names())]}
    found = {f"{PREFIX}{key}": list(wrong(setting, get(store, f"{PREFIX}{key}"))) for key, setting in known.items()}
    for name, errors in beside_each_other(store).items():
        found[name] += errors
    lists = store.statuses.values() if isinstance(store.statuses, dict) else ()
    found["statuses"] = [error for some in lists for error in _no_keys(store.kind.statuses, some)]
    found["ship_without_tracking"] = list(_no_keys(store.kind.carriers, store.ship_without_tracking))
    tables = store.carriers.values() if isinstance(store.carriers, dict) else ()
    found["carriers"] = [error for table in tables for error in _no_keys(store.kind.carriers, _keys_of(table))]
    found["carriers"] += [_no_channel(family) for family in _keys_of(store.carriers) if not _is_channel(store, family)]
    found["ship_hours"] = [_no_channel(each) for each in _keys_of(store.ship_hours) if not _is_channel(store, each)]
    found["reasons"] = list(_no_keys(store.kind.statuses, _keys_of(store.reasons)))
    return {name: errors for name, errors in found.items() if errors}


def idle_reasons(store: Store) -> list[str]:
    """The statuses that have a reason (R28) and mean nothing that carries one."""
    carrying = {word for word, kind in operations.meanings().items() if kind.gives_reason}
    mapped = {status for word in carrying for status in store.statuses.get(word, ())}
    return [status for status in store.reasons if status not in mapped]


def beside_each_other(store: Store) -> dict[str, list[ValidationError]]:
    """What is wrong with settings, by their names, because of what others say: with kept ones as well."""
    judged = {key: setting.beside for key, setting in counting(store).items() if setting.beside}
    found: dict[str, list[ValidationError]] = {}
    try:
        values = revealed(store) if judged else {}
    except SecretUnreadable:
        return {}
    for key, check in judged.items():
        try:
            _judged = check(values[key], values) if values[key] else None
        except Mistake as mistake:
            found[f"{PREFIX}{key}"] = [_as_told(mistake)]
    return found


def homes(store: Store) -> dict[str, str]:
    """The secrets of the shop that are given for one host, and the settings that name it, by their names."""
    settings = store.kind.settings
    return {f"{PREFIX}{key}": f"{PREFIX}{each.goes_to}" for key, each in settings.items() if each.goes_to}


def _is_channel(store: Store, family: Any) -> bool:
    """A marketplace of the list, or one that orders of this store come from."""
    name = plain(str(family))
    if name == EVERYWHERE or (name.isalnum() and listed(name)):
        return True
    from sfsync.models.marketplace_order import MarketplaceOrder

    seen = MarketplaceOrder.objects.filter(store=store.pk).values_list("channel", flat=True).distinct()
    return bool(name) and any(plain(each).startswith(name) for each in seen)


def _no_channel(family: Any) -> ValidationError:
    text = gettext(
        "No order of this store comes from a marketplace “%(channel)s”, and the API knows none of that name."
    )
    return ValidationError(text % {"channel": family})


def _keys_of(table: Any) -> list[Any]:
    return list(table) if isinstance(table, dict) else []


def _no_keys(keys: Keys, given: Any) -> Iterator[ValidationError]:
    """Of a list of texts; whatever else it may be is judged by the field's own validator."""
    for each in given if isinstance(given, list) else ():
        try:
            _parsed = keys.parse(each) if isinstance(each, str) else ""
        except Mistake as mistake:
            yield ValidationError(gettext(mistake.sentence) % mistake.params)


def _unknown(value: str, known: Collection[str]) -> ValidationError:
    text = gettext("there is no “%(value)s”; possible values are %(known)s.")
    return ValidationError(text % {"value": value, "known": ", ".join(known)})


def wrong(setting: Setting, value: Any) -> Iterator[ValidationError]:
    """A secret whose key is lost cannot be judged: it is told where it is used."""
    try:
        text = _text(value) if setting.secret else value
    except SecretUnreadable:
        return
    if text is None or (setting.secret and not text):
        return
    if type(text) is not setting.type:
        yield ValidationError(gettext("This setting cannot have this value."))
        return
    if setting.choices and text not in setting.choices:
        yield _unknown(str(text), setting.choices)
    for check in [*limits(setting), *checks(setting)]:
        try:
            check(text)
        except ValidationError as error:
            yield error


def limits(setting: Setting) -> list[Any]:
    """As validators of Django's."""
    least = [] if setting.least is None else [MinValueValidator(setting.least)]
    return least + ([] if setting.most is None else [MaxValueValidator(setting.most)])


def checks(setting: Setting, *, typed: bool = False) -> list[Any]:
    """The setting's own, as validators of Django's. `typed`: for what is typed on a page."""
    found = [setting.check, setting.typed if typed else None]
    return [_validator(check) for check in found if check]


def _validator(check: Any) -> Any:
    def validator(value: Any) -> None:
        try:
            check(value)
        except Mistake as mistake:
            raise _as_told(mistake) from None

    return validator


def _as_told(mistake: Mistake) -> ValidationError:
    text = gettext(mistake.sentence)
    return ValidationError(text % mistake.params if mistake.params else text)
