"""The outsides of a store tried, as they would be used: its shop, its token, the mail server. Nothing is changed."""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from sfsync.conf import conf
from sfsync.db.secrets import SecretElsewhere, SecretUnreadable
from sfsync.domain.trouble import Trouble
from sfsync.engine.find.feed_links import FeedLinks, named_in_shop
from sfsync.engine.kit.connections import Connections
from sfsync.engine.kit.trouble import stopped_by
from sfsync.engine.people.first_day import account
from sfsync.engine.watch import refused_mail
from sfsync.engine.watch.finding import Finding, Verdict
from sfsync.engine.watch.rehearsal import rehearse_run
from sfsync.models import Store
from sfsync.notify.smtp import NoMailServerError, answers, rehearse
from sfsync.shops import kinds
from sfsync.shops.base import Note, OpenShop, ShopError, ShopMisconfigured, Weight
from shoppingfeed import ShoppingFeedError


def try_shop(store: Store, connections: Connections) -> Finding:
    """Does the shop answer, with every right that is needed, and every query of a run?"""

    def check() -> list[Finding]:
        shop = connections.shop(store)
        facts = shop.reader.probe()
        linked = _named_in_shop(store, connections, shop)
        if facts.unlisted and not linked:
            raise _unlisted(*facts.unlisted)
        rehearse_run(store, shop, {*(facts.unlisted or ())[:1], *(note.code for note in facts.notes)})
        counts = facts.known_by | ({} if linked is None else {FeedLinks.name: linked})
        known_by = {kinds.source(store.shop_kind, name): count for name, count in counts.items()}
        params = asdict(facts) | {"known_by": known_by, "count": max(_count(facts.known_by), linked or 0)}
        return [Finding("shop", Verdict.OK, "shop-answers", params, store.name)]

    return guarded("shop", store, check)[0]


def _named_in_shop(store: Store, connections: Connections, shop: OpenShop) -> int | None:
    """None where Shopping Feed does not say: that is another finding."""
    since = timezone.now() - timedelta(days=conf().sweep_days)
    try:
        return named_in_shop(store, shop, connections.client(store).store(store.feed_store_id), since)
    except (ShoppingFeedError, SecretUnreadable, SecretElsewhere):
        return None


def _count(known_by: Mapping[str, int | None]) -> int:
    return sum(each or 0 for each in known_by.values())


def _unlisted(code: str, text: str) -> ShopMisconfigured:
    error = ShopMisconfigured(text)
    error.code = code
    return error


def noted(store: Store, tried: Finding) -> list[Finding]:
    """What a shop that answers has told of itself beside, each for a line."""
    return [told_by_shop(store, Note(**each)) for each in tried.params.get("notes", ())]


def told_by_shop(store: Store, note: Note) -> Finding:
    params = {"message": note.evidence, "kind": store.shop_kind, "note": note.code}
    if note.weight is Weight.BLOCKS:
        return Finding("shop", Verdict.WRONG, Trouble.ANOTHER_SENDER, params, store.name)
    verdict = Verdict.OK if note.weight is Weight.OK else Verdict.WARNING
    return Finding("shop", verdict, note.code, params, store.name)


def try_feed(store: Store, connections: Connections) -> Finding:
    """Does Shopping Feed accept the token, and does it open the store?"""

    return guarded("feed", store, lambda: [_opened(store, _names(store, connections))])[0]


def try_token(store: Store, connections: Connections) -> Finding:
    """Does Shopping Feed accept the token, and is it plain which store it is for? Else `names` are those to choose
    from, by their numbers."""

    def check() -> list[Finding]:
        names = _names(store, connections)
        number = account(names, store.feed_store_id or 0)
        if number:
            return [_accepted(store, number, names[number])]
        code = "account-unchosen" if names else "token-opens-nothing"
        return [Finding("feed", Verdict.WRONG, code, {"names": names}, store.name)]

    return guarded("feed", store, check)[0]


def _names(store: Store, connections: Connections) -> dict[int, str]:
    """Of the stores that the token opens."""
    return {each.id: each.name for each in connections.client(store).me().stores}


def _accepted(store: Store, number: int, name: str) -> Finding:
    return Finding("feed", Verdict.OK, "token-accepted", {"store": number, "name": name}, store.name)


def _opened(store: Store, names: dict[int, str]) -> Finding:
    number = store.feed_store_id
    if number in names:
        return _accepted(store, number, names[number])
    opened = ", ".join(f"{each} ({name})" for each, name in names.items()) or "-"
    return Finding("feed", Verdict.WRONG, "store-not-opened", {"store": number, "opened": opened}, store.name)


def guarded(about: str, store: Store, check: Callable[[], list[Finding]]) -> list[Finding]:
    """`cause` is the shop's own code of what is wrong, where it has one; its `kind` of shop knows what it means."""
    try:
        return check()
    except Exception as error:  # one of ours among them: a check that fails does not stop the others
        stopped = stopped_by(error)
        cause = error.code if isinstance(error, ShopError) else ""
        params = {"message": stopped.detail, "cause": cause, "kind": store.shop_kind}
        return [Finding(about, Verdict.WRONG, stopped.trouble, params, store.name)]


def try_mail(recipients: set[str]) -> Finding:
    """Does the mail server answer? `recipients`: whom it is asked about, though nothing is sent."""
    try:
        rehearse(settings.DEFAULT_FROM_EMAIL, recipients)
    except NoMailServerError:
        return Finding("mail", Verdict.WARNING, "mail-unset")
    except smtplib.SMTPRecipientsRefused as error:
        return Finding("mail", Verdict.WARNING, "recipient-refused", refused_mail.told(answers(error)))
    except Exception as error:  # whatever the configured mail backend raises is what the merchant must read
        return Finding("mail", Verdict.WARNING, "mail-away", {"message": f"{_server()}{error}"})
    return Finding("mail", Verdict.OK, "mail-answers", {"host": getattr(settings, "EMAIL_HOST", "")})


def _server() -> str:
    host = getattr(settings, "EMAIL_HOST", "")
    return (
        f"{host}:{settings.EMAIL_PORT}: "
        if settings.EMAIL_BACKEND.endswith(("smtp.EmailBackend", "smtp.Server"))
        else ""
    )
