"""What the engine says, put together from its `sentences` in the active language: in the log, on pages and in mails."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from enum import IntEnum, auto
from functools import lru_cache
from typing import Any

from django.utils import formats, timezone
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_noop as _  # only marks: `gettext` translates when it is said

from sfsync.advice import ADVICE
from sfsync.domain.carrier_forms import Family
from sfsync.domain.marketplaces import marketplace
from sfsync.domain.operations import kind_of, names
from sfsync.sentences import NAMELESS, SENTENCES, THERE, TROUBLES

_IDS = {
    "ticket": _("ticket %(ticket)s"),
    "batch": _("batch %(batch)s"),
    "feed_id": _("Shopping Feed id %(feed_id)s"),
}

TIMES = {"at", "since", "sent_at", "until"}
"""The parameters that are moments, as ISO text."""
FIGURES = {
    *("seconds", "detected", "sent", "confirmed", "failed", "removed", "requests"),
    *("orders", "tasks", "entries", "notices", "found", "closed"),
}
"""The parameters that are numbers to read; the commands write them plainly."""

_as_stamps: ContextVar[bool] = ContextVar("as_stamps", default=False)
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_TWO_STOPS = re.compile(r"(?<!\.)\.\.(?!\.)")
_ENDS = (".", "!", "?", "…", ";", ".”", "!”", "?”")


def update(operation: str) -> str:
    """An operation as a noun with its article: “the shipment”. One that nobody knows has its name in quotes."""
    if operation in names():
        return gettext(kind_of(operation).noun)
    return gettext("“%(name)s”") % {"name": operation} if operation else gettext("the update")


def of_update(operation: str) -> str:
    """The same after “of”."""
    if operation in names() and (said := kind_of(operation).of_noun):
        return gettext(said)
    return gettext("of %(operation)s") % {"operation": update(operation)}


def update_sent(operation: str) -> str:
    """That it has left for Shopping Feed, as a sentence."""
    if operation in names() and (said := kind_of(operation).sent):
        return gettext(said)
    return gettext("Sent to Shopping Feed: %(operation)s.") % {"operation": update(operation)}


def label(operation: str) -> str:
    """The state that an order has after it, as people choose it for a status."""
    return gettext(kind_of(operation).label) if operation in names() else operation


def outgoing(payload: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What goes out with an update, each value with its name; what is empty is left out."""
    values = {
        gettext("Tracking number"): payload.get("trackingNumber"),
        gettext("Carrier"): payload.get("carrier"),
        gettext("Tracking link"): payload.get("trackingLink"),
        gettext("Return number"): (payload.get("returnInfo") or {}).get("trackingNumber"),
        gettext("Reason"): payload.get("reason"),
    }
    return [(name, str(value)) for name, value in values.items() if value]


_UPDATES = {"operation": update, "of_operation": of_update, "update_sent": update_sent, "label": label}
"""The parameters that are made of the operation."""


def moment(iso: str) -> str:
    """A time of the log in the current time zone and the active language. What is no time is shown as it is."""
    try:
        local = timezone.localtime(datetime.fromisoformat(iso))
    except (ValueError, OverflowError):
        return iso
    return stamp(local) if _as_stamps.get() else formats.date_format(local, gettext("j F Y, H:i"))


def grouped(number: float | str) -> str:
    """A number as the active language writes it: 1,234.5, and in French 1 234,5 with narrow no-break spaces."""
    return formats.number_format(number, force_grouping=True).replace("\xa0", "\u202f")


def stamp(at: datetime | None) -> str:
    """A moment in the current time zone, as the commands write it: `2025-11-21 22:35:21`. Empty for none."""
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M:%S") if at else ""


@contextmanager
def moments_as_stamps() -> Iterator[None]:
    """Inside, sentences write their moments like the columns beside them (`stamp`)."""
    before = _as_stamps.set(True)
    try:
        yield
    finally:
        _as_stamps.reset(before)


def ended(text: str) -> str:
    """`text` with the full stop that it may lack, and never with two."""
    text = _TWO_STOPS.sub(".", text.strip())
    return text if not text or text.endswith(_ENDS) else f"{text}."


def joined(*sentences: str) -> str:
    """Sentences one after the other, where one of them may be what somebody else said; empty ones are left out."""
    return " ".join(filter(None, map(ended, sentences)))


def sentence(code: str, params: Mapping[str, Any], language: str | None = None) -> str:
    """What happened, in the active language, which who says many of them may name. A code from another version is shown
    as it is."""
    if code == "shop-answers":
        return shop_facts(params)
    if code == "run-done" and "seconds" in params:
        return _sync_done(params)
    if code == "seen-status" and params.get("tracking_number"):
        code = "seen-both"
    if code == "person-settings":
        params = {**params, "names": settings(str(params.get("names", "")), params.get("kind"))}
    return _said(SENTENCES.get(code) or _why(code), code, params, language=language)


def without_message(code: str, params: Mapping[str, Any]) -> str:
    """The same where what somebody else said stands apart, in his own words."""
    return ended(_said(SENTENCES.get(code) or _why(code), code, params, Message.APART))


def _sync_done(params: Mapping[str, Any]) -> str:
    """How long a sync took and what it did, without what there was none of."""
    done = ", ".join(
        filter(None, (_tally(name, params.get(name, 0)) for name in ("sent", "confirmed", "failed", "removed")))
    )
    text = (
        gettext("Sync finished (%(seconds)s s): %(done)s.")
        if done
        else gettext("Sync finished (%(seconds)s s): no change.")
    )
    return text % {"seconds": _figure(params["seconds"]), "done": done}


def _tally(name: str, count: int) -> str:
    texts = {
        "sent": ngettext("%(count)s update sent", "%(count)s updates sent", count),
        "confirmed": ngettext("%(count)s confirmed", "%(count)s confirmed", count),
        "failed": ngettext("%(count)s failed", "%(count)s failed", count),
        "removed": ngettext("%(count)s skipped", "%(count)s skipped", count),
    }
    return texts[name] % {"count": _figure(count)} if count else ""


def ids(params: Mapping[str, Any]) -> str:
    """What a support team asks for, “ticket 17, batch f20a”; empty where there is none."""
    return ", ".join(gettext(text) % params for name, text in _IDS.items() if params.get(name))


def shop_facts(facts: Mapping[str, Any]) -> str:
    """What a shop says of itself (`ShopFacts`), in the active language."""
    count = facts["count"]
    text = ngettext(
        "%(software)s %(version)s, shop “%(shop)s”, %(count)s marketplace order.",
        "%(software)s %(version)s, shop “%(shop)s”, %(count)s marketplace orders.",
        count,
    )
    said = text % {**facts, "version": facts["version"] or gettext("of unknown version"), "count": grouped(count)}
    parts = [
        gettext("%(source)s: %(count)s") % {"source": gettext(source), "count": _found(number)}
        for source, number in facts["known_by"].items()
    ]
    return f"{said.removesuffix('.')} ({gettext('; ').join(parts)})." if len(parts) > 1 else said


def _found(number: int | None) -> str:
    return gettext("not there") if number is None else grouped(number)


def reason(code: str, params: Mapping[str, Any]) -> str:
    """The same for the code of a notice or of a task's failure, which may also be a code of the log (`no-answer`)."""
    return _said(_why(code) or SENTENCES.get(code), code, params)


def trouble(code: str) -> str:
    """What stops a whole store, in one sentence without what was seen; empty for any other code."""
    return gettext(TROUBLES[code]) if code in TROUBLES else ""


def store_state(code: str, channel: str = "") -> str:
    """The same of whatever several stores can be told of together (`domain.shared_alarms`). `channel`: the marketplace,
    where it is one."""
    held = gettext("%(channel)s refuses every update") % {"channel": channel} if channel else ""
    others = {
        "silent": gettext("No sync for too long"),
        "overdue": gettext("Updates have been waiting for too long"),
        "database-behind": gettext("Updates that sfsync had no record of"),
        "channel-held": held or gettext("A marketplace refuses every update"),
    }
    return others.get(code) or trouble(code)


def by_hand(operation: str, channel: str) -> str:
    """What a person has to do on the marketplace's own site (`MarketplaceOrder.by_hand`)."""
    said = kind_of(operation).by_hand if operation in names() else ""
    return _said(said or _why("unsupported"), "unsupported", {"operation": operation, "channel": channel})


def held_back(channel: str) -> str:
    """R36: why an update waits although nothing is wrong with it."""
    return gettext("Held back: %(channel)s refuses every update at present.") % {"channel": marketplace(channel)}


def contradiction(because: str, operation: str, channel: str) -> str:
    """R8, R11: the shop has gone back on what the marketplace was told, whatever its status is called."""
    return _said(_why(because), because, {"operation": operation, "channel": channel})


def _why(code: str) -> str | None:
    return SENTENCES.get(f"failed-{code}") or SENTENCES.get(f"nothing-{code}")


class Message(IntEnum):
    """What becomes of the message in a sentence that has a place for one."""

    SAID = auto()
    MISSING = auto()
    """None came: “no reason given” is said, without the quotes around it."""
    APART = auto()
    """It is shown by itself, so the sentence ends before it."""


def _said(
    text: str | None,
    code: str,
    params: Mapping[str, Any],
    message: Message = Message.SAID,
    language: str | None = None,
) -> str:
    if text is None:
        return f"{code} {dict(params)}" if params else code
    if not params.get("message"):
        text, message = TROUBLES.get(code, text), Message.MISSING
    if not params.get("status"):
        text = NAMELESS.get(code.removeprefix("nothing-"), text)
    operation = str(params.get("operation") or "")
    given = (operation in names(), bool(params.get("channel")))
    template, ours, theirs = _prepared(language or get_language(), text, operation, message, given)
    if not theirs:
        return template
    try:
        values = {name: _shown(name, params, code, template) for name in theirs}
        return (template % (ours | values)).strip()
    except (KeyError, ValueError, TypeError):
        return f"{template} {dict(params)}"


_PARAMETER = re.compile(r"%\((\w+)\)")
_QUOTED_MESSAGE = re.compile(r"(?:“|«\s)%\(message\)s(?:”|\s»)")
_LED_TO_MESSAGE = re.compile(r"\s*[:(]?\s*(?:“|«\s)?%\(message\)s(?:”|\s»)?\)?\.?")


@lru_cache(maxsize=2048)
def _prepared(
    _language: str | None, text: str, operation: str, message: Message, given: tuple[bool, bool]
) -> tuple[str, dict[str, str], list[str]]:
    """A sentence translated, those of its parameters that are the same whatever it is said of, and the names of the
    others; finished, where there are no others. Once per language: a run says the same few sentences of a hundred
    thousand orders.

    `given`: the operation is a known one; the marketplace is known.
    """
    template = gettext(text)
    if message is Message.MISSING:
        template = _QUOTED_MESSAGE.sub("%(message)s", template)
    if message is Message.APART:
        template = _LED_TO_MESSAGE.sub(".", template)
    named = _PARAMETER.findall(template)
    ours = {name: _UPDATES[name](operation) for name in named if name in _UPDATES}
    _known, with_channel = given
    if not with_channel:
        ours["channel"] = _marketplace(template.startswith("%(channel)s"))
    theirs = [name for name in named if name not in ours]
    return (template if theirs else (template % ours).strip()), ours, theirs


def _shown(name: str, params: Mapping[str, Any], code: str, text: str) -> Any:
    value = params[name]
    if name in TIMES:
        return moment(str(value))
    if name in FIGURES:
        return _figure(value)
    if name in _OTHERS:
        return _OTHERS[name](str(value))
    return _fitted(str(value or ""), code, text) if name == "message" else value


COMMAND_LINE = "command line"
"""Who is not known by name, or follows the name in brackets: as it is kept."""


def who(kept: str) -> str:
    """A person as records keep them, for a reader."""
    if kept == COMMAND_LINE:
        return gettext("command line")
    name, _bracket, place = kept.partition(f" ({COMMAND_LINE})")
    return gettext("%(name)s (command line)") % {"name": name} if _bracket and not place else kept


def settings(kept: str, kind: str | None = None) -> str:
    """Settings as the log keeps them (`enabled, shop.url`), as a reader knows them. `kind`: that of the shop."""
    from sfsync.models import Store, named_settings

    store = Store(shop_kind=kind) if kind else Store()
    return gettext("; ").join(named_settings.label(store, name) for name in kept.split(", "))


def _owner(family: str) -> str:
    """Whose tracking number it is."""
    return gettext("a postal operator") if family == Family.A_POST else family


def there(status: str) -> str:
    """What an order is on its marketplace, as it stands in a sentence. An unknown status is shown as it is."""
    return gettext(THERE[status]) if status in THERE else f"“{status}”"


def _settings(kept: str) -> str:
    """Settings by what the pages call them; what is none stays as it is."""
    from sfsync.models import Store, named_settings

    return ", ".join(named_settings.label(Store(), name) for name in kept.split(", "))


_OTHERS: Mapping[str, Callable[[str], str]] = {
    "source": gettext,
    "who": who,
    "names": _settings,
    "owner": _owner,
    "there": there,
    "channel": marketplace,
}
"""Parameters with words of their own in each language."""


def _figure(value: Any) -> str:
    """A number as people read it; the commands write it plainly, and what is none is left alone."""
    return grouped(str(value)) if _NUMBER.fullmatch(str(value)) and not _as_stamps.get() else str(value)


def _marketplace(first: bool) -> str:
    """Where it is not known which one, as it stands in a sentence."""
    return gettext("The marketplace") if first else gettext("the marketplace")


def _fitted(message: str, code: str, text: str) -> str:
    """What somebody else said, as it fits into `text`: a sentence beside others, or a part of one."""
    if code in TROUBLES:
        return ended(message)
    message = message or gettext("no reason given")
    after = text.partition("%(message)s")[2]
    if after.startswith(" "):
        return ended(message)
    return message.removesuffix(".") if after.startswith(")") else message


def advice(code: str) -> str:
    """What to do about it, in the active language; empty where there is nothing to do."""
    return gettext(ADVICE[code]) if code in ADVICE else ""
