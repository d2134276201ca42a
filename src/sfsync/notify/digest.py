"""The digest mail (R20): every failing order of a store, why, and what to do, in the store's language."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.encoding import punycode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from sfsync import texts
from sfsync.advice import NOTHING_TO_DO
from sfsync.domain.errors import Failure
from sfsync.domain.marketplaces import marketplace
from sfsync.domain.refusals import Refusal, Where
from sfsync.models import MarketplaceOrder, Notice, Order, Store
from sfsync.notify.links import order_page, store_page
from sfsync.notify.plain import one_line
from sfsync.outside_pages import matching_page, order_at_feed, order_in_shop
from sfsync.refusal_texts import advice, cause, refusal_of

ROWS = 25
"""Orders of one kind shown in full; the others follow by reference, so that a bad day stays readable."""
LONGEST_NAME, LONGEST_SENTENCE = 120, 600
"""Characters shown of a reference or a channel, and of a sentence with the API's message in it."""
_FAILURES = frozenset(failure.value for failure in Failure)
About = tuple[Notice, MarketplaceOrder]


_REASONS = {
    **dict.fromkeys(("ticket-failed", "ticket-canceled", "request-refused", "ignored"), "rejected"),
    **dict.fromkeys(("no-tracking", "spoilt-tracking"), "untracked"),
    "unsupported": "by-hand",
    "refused-there": "rejected",
    "cancelled-there": "cancelled",
    "at-risk": "at-risk",
    "late": "late",
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """What stops the whole store, or a marketplace. `since`: empty where it is over. `detail`: what was seen of it, for
    whoever mends it; empty where nothing was."""

    sentence: str
    advice: str
    asks: bool
    since: str
    detail: str


@dataclass(frozen=True, slots=True)
class Row:
    """One order. `operation`: what the marketplace should hear, or heard. `retry_at`: empty where no try is planned,
    `url` where no address of the back office is set. `elsewhere`: its other pages, and on whose site."""

    name: str
    number: str
    channel: str
    reference: str
    operation: str
    retry_at: str
    parked: bool
    url: str
    elsewhere: list[tuple[str, str]]
    ids: str


@dataclass(frozen=True, slots=True)
class Reason:
    sentence: str
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class Section:
    """The orders that need the same thing done: the first in full, the `rest` by reference, nobody left out.

    `asks`: there is something to do. The same of `Trouble`."""

    advice: str
    asks: bool
    reasons: list[Reason]
    rest: list[Reason]
    rest_count: int
    failing: bool


def compose(
    store: Store, notices: Sequence[Notice], new_carriers: Sequence[tuple[str, str]] = ()
) -> EmailMultiAlternatives:
    """One mail of all `notices`, ready to send, from `DEFAULT_FROM_EMAIL` to the store's recipients.

    `new_carriers`: marketplaces, and the carriers that went out to them for the first time and that they have not
    confirmed (R26).
    The same notices always make the same `Message-ID`: a mail sent twice because the first answer was lost can be
    recognised. Reads `notice.order.shop_order`, so prefetch its `shop_orders` with the notices.
    """
    with translation.override(store.language):
        context = _context(store, notices) | {
            "new_carriers": _new_carriers(new_carriers),
            "matching_url": matching_page(store),
        }
        mail = EmailMultiAlternatives(
            subject=f"[sfsync] {context['headline']}",
            body=spaced(render_to_string("sfsync/mail/digest.txt", context)),
            from_email=settings.DEFAULT_FROM_EMAIL,
            to=list(store.recipients),
            headers={"Message-ID": _message_id(store, notices), "Auto-Submitted": "auto-generated"},
        )
        mail.attach_alternative(flush_left(render_to_string("sfsync/mail/digest.html", context)), "text/html")
    return mail


def flush_left(html: str) -> str:
    """Without the indentation: mail programs cut a mail at about 100 kB."""
    return re.sub(r"\n\s+", "\n", html)


def spaced(text: str) -> str:
    """Blank lines one at a time: the template leaves more where it has nothing to say."""
    return re.sub(r"\n{3,}", "\n\n", text)


def _context(store: Store, notices: Sequence[Notice]) -> dict[str, object]:
    troubles = [notice for notice in notices if notice.order is None]
    about = [(notice, notice.order) for notice in notices if notice.order is not None]
    codes = {order.pk: notice.code for notice, order in reversed(about)}
    sections = _sections(store, about)
    return {
        "language": store.language,
        "headline": _headline(one_line(store.name, LONGEST_NAME), troubles, codes),
        "troubles": [_trouble(notice) for notice in troubles],
        "failures": [section for section in sections if section.failing],
        "warnings": [section for section in sections if not section.failing],
        "zone": timezone.get_current_timezone(),
        "store_url": store_page(store),
    }


def _new_carriers(pairs: Iterable[tuple[str, str]]) -> list[str]:
    """A line per carrier."""
    channels: dict[str, list[str]] = defaultdict(list)
    for channel, carrier in pairs:
        channels[one_line(carrier, LONGEST_NAME)].append(one_line(marketplace(channel), LONGEST_NAME))
    text = _("“%(carrier)s”: %(channels)s")
    return [text % {"carrier": carrier, "channels": ", ".join(its)} for carrier, its in channels.items()]


def _headline(store: str, troubles: Sequence[Notice], codes: Mapping[int, str]) -> str:
    """`codes`: what each order needs attention for. A marketplace in trouble blocks nothing but itself, and what others
    sent blocks nothing at all."""
    orders, what = len(codes), ", ".join(_counted(codes.values()))
    text = ngettext(
        "%(orders)s order needs attention (%(what)s)", "%(orders)s orders need attention (%(what)s)", orders
    )
    waiting = text % {"orders": orders, "what": what}
    blocked = [notice for notice in troubles if notice.code not in _NOT_BLOCKED]
    if not blocked and orders:
        return _("%(store)s: %(waiting)s") % {"store": store, "waiting": waiting}
    if not blocked:
        return _of_one(store, troubles[-1])
    if not orders:
        return _("%(store)s: synchronisation is blocked") % {"store": store}
    return _("%(store)s: synchronisation is blocked, and %(waiting)s") % {"store": store, "waiting": waiting}


_NOT_BLOCKED = {
    "channel-held": gettext_noop("%(store)s: %(channel)s refuses every update"),
    "channel-freed": gettext_noop("%(store)s: %(channel)s accepts updates again"),
    "database-behind": gettext_noop("%(store)s: updates that sfsync did not know of"),
}


def _of_one(store: str, notice: Notice) -> str:
    named = {"store": store, "channel": one_line(marketplace(notice.params.get("channel", "")), LONGEST_NAME)}
    return _(_NOT_BLOCKED[notice.code]) % named


def _counted(codes: Iterable[str]) -> Iterator[str]:
    """How many for which reason, the largest first."""
    counts = Counter(_REASONS.get(code, "other") for code in codes)
    for reason, count in counts.most_common():
        texts_of = {
            "rejected": ngettext("%(count)s rejected", "%(count)s rejected", count),
            "untracked": ngettext("%(count)s without a tracking number", "%(count)s without a tracking number", count),
            "by-hand": ngettext("%(count)s to do on the marketplace", "%(count)s to do on the marketplace", count),
            "late": ngettext("%(count)s late", "%(count)s late", count),
            "at-risk": ngettext("%(count)s to ship soon", "%(count)s to ship soon", count),
            "cancelled": ngettext(
                "%(count)s cancelled by the marketplace", "%(count)s cancelled by the marketplace", count
            ),
            "other": ngettext("%(count)s to check", "%(count)s to check", count),
        }
        yield texts_of[reason] % {"count": count}


def _trouble(notice: Notice) -> Trouble:
    since = "" if notice.code == "channel-freed" else texts.moment(notice.created_at.isoformat())
    stopped = texts.trouble(notice.code)
    detail = one_line(notice.params.get("message", ""), LONGEST_SENTENCE) if stopped else ""
    known = _refusal(notice)
    asks = _asks(notice.code, known)
    said = texts.joined(stopped or _sentence(notice), cause(known))
    return Trouble(said, advice(notice.code, known), asks, since, texts.ended(detail))


def _asks(code: str, known: Refusal | None) -> bool:
    """Somebody is to do something about it."""
    return code not in NOTHING_TO_DO and not (known and known.act is Where.WAIT)


def _sentence(notice: Notice) -> str:
    return one_line(texts.reason(notice.code, _params(notice)), LONGEST_SENTENCE)


def _params(notice: Notice) -> dict[str, Any]:
    return {"channel": notice.order.channel if notice.order else "", **notice.params}


def _sections(store: Store, about: Iterable[About]) -> list[Section]:
    """One section a code and known answer (R35), the largest first."""
    alike: dict[tuple[str, str], list[About]] = defaultdict(list)
    for notice, order in about:
        known = _refusal(notice)
        alike[notice.code, known.key if known else ""].append((notice, order))
    return [_section(store, code, its) for (code, _key), its in sorted(alike.items(), key=lambda item: -len(item[1]))]


def _refusal(notice: Notice) -> Refusal | None:
    return refusal_of(notice.code, _params(notice))


def _section(store: Store, code: str, about: list[About]) -> Section:
    known = _refusal(about[0][0])
    by_sentence: dict[str, list[Row]] = defaultdict(list)
    for notice, order in about:
        by_sentence[texts.joined(_sentence(notice), cause(known))].append(_row(store, notice, order))
    common_first = sorted(by_sentence.items(), key=lambda item: -len(item[1]))
    pairs = [(sentence, row) for sentence, rows in common_first for row in rows]
    rest_count = max(len(pairs) - ROWS, 0)
    asks, first, rest = _asks(code, known), _reasons(pairs[:ROWS]), _reasons(pairs[ROWS:])
    return Section(advice(code, known), asks, first, rest, rest_count, code in _FAILURES)


def _reasons(pairs: Iterable[tuple[str, Row]]) -> list[Reason]:
    rows: dict[str, list[Row]] = defaultdict(list)
    for sentence, row in pairs:
        rows[sentence].append(row)
    return [Reason(sentence, alike) for sentence, alike in rows.items()]


def _row(store: Store, notice: Notice, order: MarketplaceOrder) -> Row:
    params, here = notice.params, order.shop_order
    return Row(
        name=one_line(here or order, LONGEST_NAME),
        number=here.key if here and here.shop_reference else "",
        channel=one_line(marketplace(order.channel), LONGEST_NAME),
        reference=one_line(order.reference, LONGEST_NAME),
        operation=one_line(texts.label(str(params.get("operation", ""))), LONGEST_NAME),
        retry_at=one_line(texts.moment(str(params.get("retry_at") or "")), LONGEST_NAME),
        parked=bool(params.get("parked")),
        url=order_page(store, here) if here else "",
        elsewhere=list(_elsewhere(store, order, here)),
        ids=one_line(texts.ids(params), LONGEST_SENTENCE),
    )


def _elsewhere(store: Store, order: MarketplaceOrder, here: Order | None) -> Iterator[tuple[str, str]]:
    if here and (page := order_in_shop(store, here)):
        yield store.kind_label, page
    if page := order_at_feed(store, order):
        yield "Shopping Feed", page


def _message_id(store: Store, notices: Iterable[Notice]) -> str:
    told = [(notice.pk, notice.key, notice.created_at.isoformat()) for notice in notices]
    return message_id((store.feed_store_id, store.name, told))


def message_id(told: object) -> str:
    """Of the mail that tells this."""
    mark = hashlib.sha256(repr(told).encode("utf-8", "replace")).hexdigest()[:32]
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].partition("@")[2]
    return f"<sfsync.{mark}@{punycode(domain) or 'localhost'}>"
