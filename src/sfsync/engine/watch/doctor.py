"""Everything a merchant can get wrong, checked, each with what to do (`sfsync doctor`)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django.utils.functional import lazy

from sfsync import texts
from sfsync.conf import conf
from sfsync.domain.operations import meanings
from sfsync.domain.trouble import Act, Trouble
from sfsync.engine.kit.connections import Connections
from sfsync.engine.kit.judge import judge
from sfsync.engine.kit.shared_pace import lost_pace
from sfsync.engine.kit.trouble import disk_full
from sfsync.engine.people.shop_carriers import damaged, not_in_shop
from sfsync.engine.watch.connection_tests import guarded, noted, told_by_shop, try_feed, try_mail, try_shop
from sfsync.engine.watch.finding import Finding, Verdict
from sfsync.engine.watch.health import Alarm, Health, health_of, trial_write
from sfsync.engine.watch.notify import mail_again
from sfsync.models import Store, StoreState, Takeover
from sfsync.models.hint import LATELY
from sfsync.models.store import StatePolicy
from sfsync.shops.base import Status
from sfsync.shops.keys import StatusKey, in_order

MAILS_TRIED = 20
"""Stores whose recipients are tried again where their mail failed."""


def examine(
    connections: Connections, language: str = "", *, tries: int | None = None, named: str = ""
) -> Iterator[Finding]:
    """Each finding as it is made; a check that fails does not stop the others. `language`: see `examine_store`.

    `tries`: the connections of so many stores are tried; of the others it tells what their last run left undone.
    `named`: the only store that is looked at.
    """
    database = _database()
    yield database
    yield from _files()
    yield from (*_clock(), *_pace()) if database.verdict is Verdict.OK else ()
    stores = [] if database.verdict is Verdict.WRONG else _stores(named)
    unreached = _unreached(stores)
    mail = try_mail({address for store in unreached for address in store.recipients})
    yield mail
    if database.verdict is Verdict.WRONG:
        return
    if mail.verdict is Verdict.OK:
        mail_again(unreached, timezone.now())
    if not stores:
        yield Finding("stores", Verdict.WRONG, "no-store")
    mailed = {store.pk for store in unreached}
    for number, (store, health) in enumerate(zip(stores, health_of(stores, timezone.now()), strict=True)):
        tried = [database, mail] if store.pk in mailed else [database]
        if tries is None or number < tries:
            yield from examine_store(store, health, connections, language, tried=tried)
        else:
            yield from (each for each in _recorded(store, health, tried) if each.verdict is not Verdict.OK)


def _stores(named: str) -> list[Store]:
    stores = Store.objects.select_related("state", "takeover")
    return list(stores.filter(name=named) if named else stores)


def examine_store(
    store: Store, health: Health, connections: Connections, language: str = "", *, tried: Sequence[Finding] = ()
) -> Iterator[Finding]:
    """`language`: of the names of the shop's statuses, the store's own if empty. `tried`: what was found just now of
    what the store needs, too."""
    shop = try_shop(store, connections)
    yield shop
    feed = try_feed(store, connections)
    yield feed
    notes: list[Finding] = []
    if shop.verdict is Verdict.OK:
        notes = guarded("shop", store, lambda: _notes(store, connections, shop))
        yield from notes
        yield from guarded("mapping", store, lambda: _mapping(store, connections, language or store.language))
    yield from _recorded(store, health, [shop, feed, *notes, *tried])


def _recorded(store: Store, health: Health, tried: Sequence[Finding]) -> Iterator[Finding]:
    """What is known without asking anybody."""
    yield _recipients(store)
    yield from _bridge(store)
    yield from _takeover(store)
    yield from _alarms(store, health, tried)


def answering(tried: Iterable[Finding]) -> set[Act]:
    """The acts that have just gone well."""
    return {Act(each.about) for each in tried if each.verdict is Verdict.OK}


def _over(code: str, well: set[Act]) -> bool:
    trouble = Trouble.named(code)
    return trouble is not None and trouble.over(well)


def forget_trouble(store: Store, well: set[Act]) -> None:
    """What the last run ended on is taken off the store where it was just proved gone; the run's record keeps it."""
    trouble = store.state.trouble
    if _over(trouble, well):
        gone = {"trouble": "", "trouble_text": "", "trouble_since": None}
        StoreState.objects.filter(pk=store.pk, trouble=trouble).update(**gone)


def _alarms(store: Store, health: Health, tried: Sequence[Finding]) -> Iterator[Finding]:
    """What the last run ended on counts no longer where the same thing has just gone well, and is not said again where
    it was just found."""
    well, found = answering(tried), {each.code for each in tried}
    for alarm in health.alarms:
        if _over(alarm.code, well):
            yield _gone(store, health, alarm)
        elif alarm.code not in found:
            yield Finding("store", Verdict.WARNING, alarm.code, alarm.params, store.name)


def _gone(store: Store, health: Health, alarm: Alarm) -> Finding:
    at = health.last_run.isoformat() if health.last_run else "?"
    ended_on = lazy(lambda: texts.trouble(alarm.code) or alarm.sentence, str)()
    return Finding("store", Verdict.OK, "trouble-over", {"at": at, "trouble": ended_on}, store.name)


def _notes(store: Store, connections: Connections, shop: Finding) -> list[Finding]:
    """Who else sends for this shop (R23), what cannot be seen, and what is good to know: of the shop as it was just
    found."""
    return [*(told_by_shop(store, each) for each in connections.shop(store).in_the_way()), *noted(store, shop)]


def _database() -> Finding:
    try:
        plan = MigrationExecutor(connection).loader.graph.leaf_nodes()
        missing = MigrationExecutor(connection).migration_plan(plan)
        if not missing:
            trial_write()
    except DatabaseError as error:
        code = "disk-full" if disk_full(error) else "database-away"
        return Finding("database", Verdict.WRONG, code, {"message": str(error).strip()})
    if missing:
        return Finding("database", Verdict.WRONG, "tables-old")
    return Finding("database", Verdict.OK, "tables-new", {"engine": connection.display_name})


OTHERS = 0o077
"""Of a file's mode: what is not its owner's."""


def _files() -> Iterator[Finding]:
    """What other accounts of the machine may open: the database holds sessions and orders, the folder the key."""
    home, database = conf().home, settings.DATABASES["default"]
    kept = [f"{database['NAME']}{ending}" for ending in ("", "-wal", "-shm")] if connection.vendor == "sqlite" else []
    kept += [home, f"{home}/secret-key", f"{home}/former-secret-key"] if home else []
    exposed = [path for path in kept if os.path.exists(path) and os.stat(path).st_mode & OTHERS]
    if exposed:
        yield Finding("files", Verdict.WARNING, "files-open", {"paths": ", ".join(exposed)})


def _clock() -> Iterator[Finding]:
    """A machine that is off sends nothing."""
    now = judge()
    if now.wrong:
        yield Finding("clock", Verdict.WRONG, Trouble.CLOCK_WRONG, {"message": now.seen})


def _pace() -> Iterator[Finding]:
    """Where several workers count their requests together."""
    if lost := lost_pace(now=True):
        yield Finding("pace", Verdict.WARNING, "pace-lost", {"message": lost})


def _unreached(stores: list[Store]) -> list[Store]:
    """Whose mail could not be sent, to all or to some: only the same addresses show whether it can be sent now."""
    return [store for store in stores if store.state.mail_trouble or store.state.refused][:MAILS_TRIED]


def _mapping(store: Store, connections: Connections, language: str) -> list[Finding]:
    """The mapping against the shop's real statuses (R6)."""
    known = {each.status_id: each for each in connections.shop(store).reader.statuses(language)}
    mapped = {status for ids in store.statuses.values() for status in ids}
    found: list[tuple[Verdict, str, dict[str, Any]]] = []
    if not store.statuses.get("shipped"):
        found.append((Verdict.WRONG, "no-shipped", {}))
    if unknown := in_order(store.kind.statuses, mapped - known.keys()):
        have = ", ".join(f"{each.status_id} {each.name}" for each in known.values() if not each.deleted)
        found.append((Verdict.WRONG, "status-unknown", {"unknown": ", ".join(unknown), "have": have}))
    if store.state_policy == StatePolicy.CURRENT:
        found += [(Verdict.WARNING, "status-left-out", each) for each in _left_out(known, mapped)]
    if strange := not_in_shop(store, connections):
        found.append((Verdict.WARNING, "carrier-unknown", {"unknown": ", ".join(strange)}))
    for name, sent in damaged(store, connections.shop(store).reader.carriers()):
        found.append((Verdict.WARNING, "carrier-damaged", {"name": name, "sent": sent}))
    if mapped and not unknown:
        found.append((Verdict.OK, "mapped", {"message": lazy(lambda: _meanings(store, known), str)()}))
    return [Finding("mapping", verdict, code, params, store.name) for verdict, code, params in found]


def _left_out(known: dict[StatusKey, Status], mapped: set[StatusKey]) -> list[dict[str, Any]]:
    return [
        {"name": each.name, "id": number}
        for number, each in known.items()
        if each.shipped and not each.deleted and number not in mapped
    ]


def _meanings(store: Store, known: dict[StatusKey, Status]) -> str:
    return ", ".join(
        f"{known[status].name} → {texts.label(meanings()[word].name)}"
        for word, ids in store.statuses.items()
        for status in ids
    )


def _recipients(store: Store) -> Finding:
    if store.recipients:
        return Finding("recipients", Verdict.OK, "recipients", {"message": ", ".join(store.recipients)}, store.name)
    return Finding("recipients", Verdict.WARNING, "no-recipients", {}, store.name)


def _bridge(store: Store) -> Iterator[Finding]:
    """Of a shop without one nothing is said: it is looked at all the same."""
    heard, made = store.state.heard_at, store.state.bridge_made_at
    if heard:
        lately = heard > timezone.now() - LATELY
        verdict, code = (Verdict.OK, "bridge-heard") if lately else (Verdict.WARNING, "bridge-silent")
        yield Finding("bridge", verdict, code, {"at": heard.isoformat()}, store.name)
    elif made:
        yield Finding("bridge", Verdict.WARNING, "bridge-unheard", {"at": made.isoformat()}, store.name)


def _takeover(store: Store) -> Iterator[Finding]:
    """R23: what was switched off in the shop for us, as the last run found it."""
    taken: Takeover | None = getattr(store, "takeover", None)
    if taken and taken.back_at:
        params = {"since": taken.taken_at.isoformat(), "at": taken.back_at.isoformat()}
        yield Finding("shop", Verdict.WARNING, "takeover-lost", params, store.name)
    elif taken:
        yield Finding("shop", Verdict.OK, "takeover-holds", {"at": taken.taken_at.isoformat()}, store.name)
