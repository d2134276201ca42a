"""The one way to change a store's settings, for forms, files and commands: checked by the model's rules, recorded with
who, logged where merchants look.

Settings go by their names (`sfsync.models.named_settings`): `tries`, `shop.url`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import copy
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from sfsync import texts
from sfsync.db.secrets import Secret, SecretUnreadable
from sfsync.domain.errors import Failure
from sfsync.domain.hosts import origin
from sfsync.domain.operations import meanings
from sfsync.engine.kit.journal import Journal
from sfsync.engine.people.at_once import ask_run
from sfsync.models import SettingChange, Store, Task, named_settings
from sfsync.models.log import Level
from sfsync.shops import kinds

Difference = tuple[str, Any, Any]
"""A setting's name, and its value before and after, as the record keeps it."""


def add_store(store: Store, who: str) -> None:
    """Save a new store. What it holds was checked."""
    with transaction.atomic():
        store.save()
        _record(store, who, [("store", None, store.name)])
        _log(store, "person-added", who=who)


def change_settings(store: Store, wanted: Mapping[str, Any], who: str, *, together: bool = False) -> list[Difference]:
    """Save what differs, and return it. Raises `ValidationError`, then nothing is saved.

    `together`: other stores change with this one, and the caller judges them beside each other (`Store.clean`).
    """
    with transaction.atomic():
        _lock(store)
        wanted = named_settings.canonical(wanted.get(named_settings.KIND, store.shop_kind), wanted)
        keep_at_home(store, wanted)
        _judge(draft := copy(store), wanted, together)
        changes = differences(store, wanted)
        if not changes:
            return []
        names = [name for name, _before, _after in changes]
        fields = {named_settings.field_of(draft, name) for name in names}
        if named_settings.KIND in names:
            fields |= {"shop_settings", "shop_secrets"}
        named_settings.put(store, wanted)
        store.save(update_fields=[*fields, "updated_at"])
        _record(store, who, changes)
        _log(store, "person-settings", who=who, names=", ".join(names), kind=store.shop_kind)
        judge_again(store, names)
        if store.enabled and WHEN.intersection(names):
            ask_run(store)
    return changes


def keep_at_home(store: Store, wanted: Mapping[str, Any]) -> None:
    """A secret goes only to the host that it was given for: for another one it is to be given again. What is no address
    at all is left to the model's rules.

    Raises `ValidationError`.
    """
    _keep_shops_at_home(store, wanted)
    before, after = _origin(store.api_url), _origin(wanted.get("api_url", store.api_url))
    if after not in (None, before) and store.token and "token" not in wanted:
        sentence = gettext("The token was given for %(host)s: enter it again to use it at another address.")
        raise ValidationError({"token": sentence % {"host": before[1] if before else store.api_url}})


def _keep_shops_at_home(store: Store, wanted: Mapping[str, Any]) -> None:
    if wanted.get(named_settings.KIND, store.shop_kind) != store.shop_kind or store.shop_kind not in kinds.names():
        return
    for name, address in named_settings.homes(store).items():
        given = named_settings.get(store, name) and name not in wanted and address in wanted
        before = _origin(named_settings.get(store, address)) if given else None
        if given and before != _origin(wanted[address]):
            raise ValidationError({name: _elsewhere(named_settings.label(store, name))})


def _elsewhere(label: str) -> str:
    return gettext("“%(setting)s” was given for another address: enter it again to use it there.") % {"setting": label}


def _origin(address: Any) -> tuple[str, str, int | None] | None:
    """Of a secret as well; None where it cannot be read, which is nobody's home."""
    try:
        return origin(address.reveal() if isinstance(address, Secret) else address)
    except (SecretUnreadable, ValueError):
        return None


def note_try(store: Store, tried: Store, who: str) -> None:
    """Who made us speak to which hosts, whether or not anything was saved."""
    places = [("Shopping Feed", origin(tried.api_url)[1])]
    if tried.shop_identity:
        places.append((tried.kind.label, _shop_host(tried)))
    hosts = ", ".join(f"{name} ({host})" if host else name for name, host in places)
    _log(store, "person-tried", who=who, hosts=hosts)


def _shop_host(store: Store) -> str:
    """Empty where its settings name none."""
    named = (_origin(named_settings.get(store, address)) for address in named_settings.homes(store).values())
    return next((host for _scheme, host, _port in filter(None, named)), "")


def _lock(store: Store) -> None:
    """The shop's settings share a column: two people who change one each must not undo each other's."""
    shop = ("shop_kind", "shop_settings", "shop_secrets")
    store.refresh_from_db(fields=shop, from_queryset=Store.objects.select_for_update())


def _judge(draft: Store, wanted: Mapping[str, Any], together: bool) -> None:
    named_settings.put(draft, wanted)
    draft.clean_fields()
    draft.validate_unique()
    if not together:
        draft.clean()


def _record(store: Store, who: str, changes: Iterable[Difference]) -> None:
    SettingChange.objects.bulk_create(
        SettingChange(store=store, who=who, name=name, before=before, after=after) for name, before, after in changes
    )


def _log(store: Store, code: str, **params: Any) -> None:
    journal = Journal(store, "person", "")
    journal.say(Level.INFO, code, **params)
    journal.flush()


def differences(store: Store, wanted: Mapping[str, Any]) -> list[Difference]:
    """What would change, in no language (`in_words`). A secret shows as its last characters."""
    former = _former(store, wanted)
    moved = {"token"} if _token_is_elsewhere(store, wanted.get("api_url", store.api_url)) else set()
    return [
        _difference(former[name], name, value)
        for name, value in wanted.items()
        if name in moved or _new(former[name], value)
    ]


def _token_is_elsewhere(store: Store, url: str) -> bool:
    """The same text given again, for another host, is a change."""
    try:
        store.token.reveal_for(url)
    except SecretUnreadable:
        return True
    return False


def _former(store: Store, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What another kind of shop starts with is what was there before."""
    draft = copy(store)
    before = {name: store.shop_kind for name in wanted if name == named_settings.KIND}
    named_settings.put(draft, {name: wanted[name] for name in before})
    return before | {name: named_settings.get(draft, name) for name in wanted if name not in before}


def _new(before: Any, value: Any) -> bool:
    """A secret whose key is lost is another one: giving it again is how it is put right."""
    try:
        return bool(before != value)
    except SecretUnreadable:
        return True


def _difference(before: Any, name: str, value: Any) -> Difference:
    if not isinstance(value, Secret):
        return name, before, value
    former, new = hint(before), hint(value)
    return name, {"secret": former}, {"secret": new, "replaced": True} if former == new else {"secret": new}


def hint(secret: Secret) -> str:
    """The last characters of a secret, as far as it can be read."""
    try:
        return secret.hint if secret else ""
    except SecretUnreadable:
        return "…"


def in_words(recorded: Any, named: Callable[[Any], str] = str) -> str:
    """A value of the record as people of the active language read it: "Shipped: 4, 22; Canceled: 6".

    `named`: how the members of a list are called.
    """
    match recorded:
        case None:
            return ""
        case bool():
            return gettext("yes") if recorded else gettext("no")
        case {"secret": _secret, "replaced": True}:
            return gettext("replaced")
        case {"secret": secret}:
            return str(secret)
        case list():
            return _listed(recorded, named) or gettext("none")
        case dict():
            meant = (_meant(word, ids, named) for word, ids in _in_order(recorded) if ids)
            return gettext("; ").join(meant) or gettext("none")
    return str(recorded)


def _in_order(recorded: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """As people choose them: PostgreSQL keeps a JSON object in an order of its own."""
    known = list(meanings())
    return sorted(recorded.items(), key=lambda each: known.index(each[0]) if each[0] in known else len(known))


def _meant(word: str, statuses: Any, named: Callable[[Any], str]) -> str:
    meaning = texts.label(meanings()[word].name) if word in meanings() else word
    if not isinstance(statuses, list):
        return gettext("%(meaning)s: %(statuses)s") % {"meaning": meaning, "statuses": in_words(statuses)}
    return gettext("%(meaning)s: %(statuses)s") % {"meaning": meaning, "statuses": _listed(statuses, named)}


def _listed(values: Any, named: Callable[[Any], str]) -> str:
    """What is no list was refused, and is shown as it was written."""
    return ", ".join(map(named, values)) if isinstance(values, list) else str(values)


WHEN = {"mode", "every_minutes", "enabled"}
"""When it runs: what the last run planned is out of date."""
DECIDING = {"statuses", "state_policy", "ship_without_tracking"}


def judge_again(store: Store, changed: Iterable[str]) -> None:
    """An update that failed for want of a tracking number (R4) is due again: other settings may allow it, or drop it.
    Where they do not, it fails as before, and is not told a second time."""
    if DECIDING.intersection(changed):
        parked = Task.objects.filter(store=store, failure=Failure.NO_TRACKING).parked()
        parked.update(failed_at=None, update_at=timezone.now())
