"""The questions of `sfsync init`. What does not work is asked again, and Enter keeps what was right."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import get_language, gettext

from sfsync.db.secrets import Secret
from sfsync.domain.operations import meanings
from sfsync.domain.proposed_statuses import propose
from sfsync.engine.kit.connections import Connections, Live
from sfsync.engine.people.change_settings import add_store
from sfsync.engine.people.first_day import needed, to_correct
from sfsync.engine.watch.connection_tests import try_shop, try_token
from sfsync.engine.watch.finding import Finding, Verdict
from sfsync.models import Store, named_settings
from sfsync.questions import question
from sfsync.shops import kinds
from sfsync.shops.base import ShopError, Status
from sfsync.shops.setting import Setting
from sfsync.texts import joined
from sfsync_server.commands import asking, rehearsing, shown


def ask_for(name: str, api_url: str) -> None:
    """Until the store is saved; then what would be sent is shown."""
    store, connections = _begun(name, api_url), Live()
    _ask_feed(store, connections)
    _ask_shop(store, connections)
    _ask_statuses(store, connections)
    _ask_recipients(store)
    add_store(store, shown.person())
    shown.say(question("saved", store=name))
    rehearsing.show([store], connections, as_json=False)
    shown.say(question("next"))


def _begun(name: str, api_url: str) -> Store:
    """What the command line says must be right before anything is asked."""
    if Store.objects.filter(name=name).exists():
        shown.stop(f"There is a store “{name}” already. Give another name with --name.", shown.USAGE)
    store = Store(name=name, language=get_language() or "en", **({"api_url": api_url} if api_url else {}))
    try:
        store.clean_fields(exclude={each.name for each in store._meta.fields} - {"name", "api_url"})
    except ValidationError as error:
        shown.stop(" ".join(error.messages), shown.USAGE)
    return store


def _ask_feed(store: Store, connections: Connections) -> None:
    """Until Shopping Feed accepts the token, and it is plain which of its stores this is."""
    shown.say(question("feed"))
    while not _well(_try_answer(store, connections)):
        pass


def _try_answer(store: Store, connections: Connections) -> Finding:
    store.token = Secret(asking.secret(question("token"), store.token.reveal() if store.token else ""))
    store.feed_store_id = 0
    found = try_token(store, connections)
    if names := found.params.get("names"):
        choices = [(str(number), f"{name} ({number})") for number, name in names.items()]
        store.feed_store_id = int(asking.choice(question("account"), choices))
        found = try_token(store, connections)
    store.feed_store_id = found.params.get("store", 0)
    return found


def _ask_shop(store: Store, connections: Connections) -> None:
    """Until the shop answers."""
    shown.say(question("shop"))
    _ask_settings(store, needed(store.kind))
    while (wrong := _wrong(store, connections)) is not None:
        _ask_settings(store, to_correct(store.kind, wrong))


def _wrong(store: Store, connections: Connections) -> Collection[str] | None:
    """The keys of the settings to correct, none of them where nobody knows which; None where all is well. It is said
    why."""
    if mistakes := named_settings.mistakes(store):
        shown.say(_sentences(mistakes), "yellow")
        return [key for name in mistakes if (key := named_settings.key_of(name))]
    try:
        store.clean()
    except ValidationError as error:
        shown.say(f"   {' '.join(error.messages)}", "yellow")
        return []
    found = try_shop(store, connections)
    return None if _well(found) else _corrects(found)


def _sentences(mistakes: dict[str, list[ValidationError]]) -> str:
    return "   " + " ".join(text for errors in mistakes.values() for each in errors for text in each.messages)


def _corrects(found: Finding) -> tuple[str, ...]:
    problem = kinds.problem(found.params.get("kind", ""), found.params.get("cause", ""))
    return problem.corrects if problem else ()


def _ask_settings(store: Store, asked: Collection[str]) -> None:
    """These, and what an answer to one of them makes necessary."""
    for key, setting in store.kind.settings.items():
        name = f"{named_settings.PREFIX}{key}"
        if key in named_settings.counting(store) and (key in asked or name in named_settings.missing(store)):
            given = _ask(setting, named_settings.get(store, name))
            named_settings.put(store, {name: Secret(str(given)) if setting.secret else given})


def _ask(setting: Setting, now: Any) -> str | int:
    if setting.help:
        shown.say(f"   {gettext(setting.help)}")
    label = gettext(setting.label)
    if setting.secret:
        return _ask_secret(setting, label, now.reveal() if now else "")
    if setting.choices:
        return asking.choice(label, [(value, gettext(text)) for value, text in setting.choices.items()], now)
    return asking.number(label, now) if setting.type is int else asking.text(label, now)


def _ask_secret(setting: Setting, label: str, before: str) -> str:
    """A key is not shown; an address is, even with a password in it: nobody gets a long one right unseen."""
    if setting.goes_to:
        return asking.secret(label, before)
    return asking.again(label, before) if before else asking.text(label)


def _well(found: Finding) -> bool:
    """Or left for later by whoever answers. It is said."""
    said = joined(found.text, found.advice)
    shown.say(f"   {said[:1].upper()}{said[1:]}", "green" if found.verdict is Verdict.OK else "yellow")
    return found.verdict is not Verdict.WRONG or asking.yes(question("anyway"), usual=False)


def _ask_statuses(store: Store, connections: Connections) -> None:
    """The proposal is shown with the shop's own names; each meaning can be given other ids."""
    shown.say(question("statuses"))
    statuses = _statuses_of(store, connections)
    store.statuses = propose(statuses)
    if not statuses:
        shown.say(f"   {question('unseen')}", "yellow")
    elif not _confirmed(statuses, store.statuses):
        known = {str(each.status_id) for each in statuses}
        store.statuses = {word: _ask_numbers(word, store.statuses.get(word, []), known) for word in meanings()}


def _statuses_of(store: Store, connections: Connections) -> list[Status]:
    """None of a shop that does not answer: somebody went on all the same."""
    try:
        found = connections.shop(store).reader.statuses(store.language)
    except ShopError:
        return []
    return [each for each in found if not each.deleted]


def _ask_numbers(word: str, proposed: Sequence[str], known: set[str]) -> list[str]:
    """Until the shop has them all."""
    while True:
        given = asking.text(question("meaning", meaning=_label(word)), ",".join(proposed) or "-")
        numbers = [each for each in map(str.strip, given.split(",")) if each not in ("", "-")]
        unknown = [each for each in numbers if each not in known]
        if not unknown:
            return numbers
        shown.say(f"   {question('unknown', numbers=', '.join(unknown))}", "yellow")


def _confirmed(statuses: Sequence[Status], proposed: dict[str, list[str]]) -> bool:
    meant = {key: _label(word) for word, keys in proposed.items() for key in keys}
    rows = [(each.status_id, each.name, meant.get(each.status_id, "")) for each in statuses]
    shown.print_table([question(each) for each in ("number", "status", "means")], rows, empty="")
    return asking.yes(question("right"), usual=True)


def _label(word: str) -> str:
    return gettext(meanings()[word].label)


def _ask_recipients(store: Store) -> None:
    shown.say(question("mails"))
    while True:
        given = asking.text(question("recipients"), "")
        store.recipients = [each.strip() for each in given.split(",") if each.strip()]
        try:
            return store.clean_fields()
        except ValidationError as error:
            shown.say(f"   {' '.join(error.messages)}", "yellow")
