"""Everything a merchant can get wrong, checked, each with what to do (`sfsync doctor`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings
from django.core.mail import get_connection
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django.utils.translation import gettext as _

from sfsync import texts
from sfsync.engine.connections import Connections
from sfsync.engine.health import Alarm, Health, health_of
from sfsync.engine.notify import mail_again
from sfsync.engine.trouble import trouble_of
from sfsync.models import Store
from sfsync.models.secrets import SecretUnreadable
from sfsync.notify.smtp import NoMailServerError
from sfsync.shops.base import ShopError, Status
from shoppingfeed import NotFoundError, ShoppingFeedError


class Verdict(StrEnum):
    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was looked at, how it is, and what to do where it is not well. Never holds a secret."""

    subject: str
    verdict: Verdict
    text: str
    advice: str = ""

    def as_dict(self) -> dict[str, str]:
        return {"subject": self.subject, "verdict": self.verdict, "text": self.text, "advice": self.advice}


def examine(connections: Connections) -> Iterator[Finding]:
    """Each finding as it is made; a check that fails does not stop the others."""
    database = _database()
    yield database
    mail = _mail()
    yield mail
    if database.verdict is Verdict.WRONG:
        return
    if mail.verdict is Verdict.OK:
        mail_again()
    stores = list(Store.objects.all())
    if not stores:
        yield Finding(
            _("stores"),
            Verdict.WRONG,
            _("There is no store yet."),
            _("Write a file of stores and run `sfsync apply FILE`."),
        )
    for store in stores:
        yield from examine_store(store, connections, mail_well=mail.verdict is Verdict.OK)


def examine_store(store: Store, connections: Connections, *, mail_well: bool = False) -> Iterator[Finding]:
    """`mail_well`: the mail server has just answered."""
    statuses: list[Status] = []
    shop = _guarded(_("%(store)s: shop") % {"store": store.name}, lambda: _shop(store, connections, statuses))
    yield shop
    feed = _guarded(_("%(store)s: Shopping Feed") % {"store": store.name}, lambda: _feed(store, connections))
    yield feed
    if statuses:
        yield from _mapping(store, statuses)
    yield _recipients(store)
    well = {name for name, each in (("shop", shop), ("feed", feed)) if each.verdict is Verdict.OK}
    well |= {"mail"} if mail_well else set()
    yield from _alarms(store, health_of([store], timezone.now())[0], well)


_PROVED_GONE_BY = {
    "shop-unavailable": {"shop"},
    "shop-misconfigured": {"shop"},
    "token-refused": {"feed"},
    "store-unknown": {"feed"},
    "rate-limited": {"feed"},
    "api-unavailable": {"feed"},
    "secret-unreadable": {"shop", "feed"},
    "mail-failed": {"mail"},
}
"""What the last run ended on → what answers well when it is gone."""


def _alarms(store: Store, health: Health, well: set[str]) -> Iterator[Finding]:
    """What the last run ended on counts no longer where the same thing has just gone well."""
    for alarm in health.alarms:
        if alarm.code in (store.trouble, "mail-failed") and _PROVED_GONE_BY.get(alarm.code, {""}) <= well:
            yield _gone(store, health, alarm)
        else:
            yield Finding(store.name, Verdict.WARNING, alarm.sentence, alarm.advice)


def _gone(store: Store, health: Health, alarm: Alarm) -> Finding:
    text = _("The run of %(at)s ended with: “%(trouble)s” It works now, and the next run clears it.")
    at = texts.moment(health.last_run.isoformat()) if health.last_run else "?"
    return Finding(store.name, Verdict.OK, text % {"at": at, "trouble": texts.trouble(alarm.code) or alarm.sentence})


def _guarded(subject: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(subject, Verdict.OK, check())
    except (ShopError, ShoppingFeedError, SecretUnreadable) as error:
        trouble = trouble_of(error)
        return Finding(
            subject,
            Verdict.WRONG,
            texts.sentence(trouble.code, {"message": trouble.detail}),
            texts.advice(trouble.code),
        )


def _database() -> Finding:
    subject = _("database")
    try:
        plan = MigrationExecutor(connection).loader.graph.leaf_nodes()
        missing = MigrationExecutor(connection).migration_plan(plan)
    except DatabaseError as error:
        return Finding(
            subject, Verdict.WRONG, str(error).strip(), _("Check SFSYNC_DATABASE_URL and the database server.")
        )
    if missing:
        return Finding(subject, Verdict.WRONG, _("Its tables are not up to date."), _("Run `sfsync migrate`."))
    return Finding(subject, Verdict.OK, _("%(engine)s, tables up to date") % {"engine": connection.display_name})


def _mail() -> Finding:
    subject = _("mail")
    try:
        mail = get_connection(fail_silently=False)
        mail.open()
        mail.close()
    except NoMailServerError as error:
        return Finding(subject, Verdict.WARNING, str(error), _("Until then, failing orders are shown and not mailed."))
    except Exception as error:  # whatever the configured mail backend raises is what the merchant must read
        return Finding(
            subject,
            Verdict.WARNING,
            f"{_server()}{error}",
            texts.advice("mail-failed"),
        )
    return Finding(
        subject, Verdict.OK, _("the server at %(host)s answers") % {"host": getattr(settings, "EMAIL_HOST", "")}
    )


def _server() -> str:
    host = getattr(settings, "EMAIL_HOST", "")
    return f"{host}:{settings.EMAIL_PORT}: " if settings.EMAIL_BACKEND.endswith("smtp.EmailBackend") else ""


def _shop(store: Store, connections: Connections, statuses: list[Status]) -> str:
    shop = connections.shop(store)
    found = shop.probe()
    statuses += shop.statuses(store.language)
    return found


def _feed(store: Store, connections: Connections) -> str:
    account = connections.client(store).me()
    names = {each.id: each.name for each in account.stores}
    if store.feed_store_id not in names:
        opened = ", ".join(f"{store_id} ({name})" for store_id, name in names.items()) or "-"
        raise NotFoundError(
            _("The token does not open store %(store)s; it opens: %(opened)s.")
            % {"store": store.feed_store_id, "opened": opened}
        )
    return _("token accepted, store %(store)s is “%(name)s”") % {
        "store": store.feed_store_id,
        "name": names[store.feed_store_id],
    }


def _mapping(store: Store, statuses: list[Status]) -> Iterator[Finding]:
    """The mapping against the shop's real statuses (R6)."""
    subject = _("%(store)s: status mapping") % {"store": store.name}
    known = {each.status_id: each for each in statuses}
    mapped = {status for ids in store.statuses.values() for status in ids}
    unknown = sorted(mapped - known.keys())
    if not store.statuses.get("shipped"):
        yield Finding(
            subject,
            Verdict.WRONG,
            _("No status means “shipped”: nothing would be shipped."),
            _("Map the shop's shipped status in [stores.NAME.statuses]."),
        )
    if unknown:
        have = ", ".join(f"{each.status_id} {each.name}" for each in statuses if not each.deleted)
        yield Finding(
            subject,
            Verdict.WRONG,
            _("The shop has no status %(unknown)s.") % {"unknown": ", ".join(map(str, unknown))},
            _("Its statuses are: %(have)s.") % {"have": have},
        )
    if store.state_policy == "current":
        yield from (
            _unmapped(subject, each)
            for each in statuses
            if each.shipped and not each.deleted and each.status_id not in mapped
        )
    names = ", ".join(
        f"{known[status].name} → {word}" for word, ids in store.statuses.items() for status in ids if status in known
    )
    if names and not unknown:
        yield Finding(subject, Verdict.OK, names)


def _unmapped(subject: str, status: Status) -> Finding:
    text = _(
        "“%(name)s” (%(id)s) counts as shipped in the shop but is not mapped: an order that passes on to it before "
        "the run is not sent."
    )
    advice = _("Map it, or set state_policy to latest-mapped.")
    return Finding(subject, Verdict.WARNING, text % {"name": status.name, "id": status.status_id}, advice)


def _recipients(store: Store) -> Finding:
    subject = _("%(store)s: recipients") % {"store": store.name}
    if store.recipients:
        return Finding(subject, Verdict.OK, ", ".join(store.recipients))
    return Finding(subject, Verdict.WARNING, _("Nobody gets the mail about failing orders."), _("Set recipients."))
