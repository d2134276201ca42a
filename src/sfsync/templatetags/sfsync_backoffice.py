"""How the pages show moments, ages, payloads and commands."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from django import template
from django.utils import formats, timezone
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from sfsync import texts
from sfsync.backoffice.kit.countdown import countdown
from sfsync.backoffice.kit.languages import LANGUAGES
from sfsync.backoffice.kit.layout import surroundings
from sfsync.backoffice.kit.reader_texts import grouped
from sfsync.domain.deadlines import Source
from sfsync.domain.marketplaces import marketplace as called

register = template.Library()
_ID = re.compile(r"\b[0-9a-f]{32}\b")


@register.filter
def when(moment: datetime | None) -> SafeString | str:
    """A moment in the reader's words: the time today, else the date and the time; exact on hover."""
    if moment is None:
        return "–"
    local, now = timezone.localtime(moment), timezone.localtime()
    if local.date() == now.date():
        text = _("today %(time)s") % {"time": formats.date_format(local, "H:i")}
    else:
        text = formats.date_format(local, _("j M H:i") if local.year == now.year else _("j M Y H:i"))
    exact = local.isoformat(sep=" ", timespec="seconds")
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), exact, text)


@register.simple_tag
def time_zone() -> str:
    """The zone that the page's times are in, with what it is ahead of UTC today: `Europe/Paris (UTC+1)`."""
    name, ahead = timezone.get_current_timezone_name(), timezone.localtime().strftime("%z")
    hours, minutes = int(ahead[1:3]), ahead[3:5]
    offset = f"UTC{ahead[0].replace('-', '−')}{hours}{f':{minutes}' if minutes != '00' else ''}"
    return name if name == "UTC" else f"{name} ({offset})"


@register.simple_tag(takes_context=True, name="surroundings")
def _surroundings(context: dict[str, Any]) -> dict[str, Any]:
    return surroundings(context["request"])


@register.simple_tag
def page_languages() -> tuple[tuple[str, str], ...]:
    return LANGUAGES


@register.filter
def marketplace(channel: str) -> str:
    """What it calls itself, where Shopping Feed has a technical name for it."""
    return called(channel)


@register.filter
def count(number: int) -> str:
    return grouped(number)


@register.filter
def percent(number: int) -> str:
    return _("%(number)s%%") % {"number": grouped(number)}


@register.filter
def ago(moment: datetime | None) -> str:
    """How long since, in one unit."""
    if moment is None:
        return "–"
    if (timezone.now() - moment).total_seconds() < 60:
        return _("less than a minute")
    return timesince(moment, depth=1)


@register.filter
def ship_by(order: Any) -> SafeString | str:
    """By when a marketplace order must be shipped: a day where no more is known."""
    if order.ship_by_from == Source.DAY:
        return formats.date_format(timezone.localtime(order.ship_by), "DATE_FORMAT")
    return when(order.ship_by)


@register.filter
def left(order: Any) -> str:
    """How long there is left to ship it."""
    return countdown(order.ship_by, order.ship_by_from, timezone.now()) if order.ship_by else ""


@register.filter
def stamp(moment: datetime | None) -> str:
    """To the second, for what is handed on: `2025-11-21 22:35:21`."""
    return texts.stamp(moment) or "–"


@register.filter
def pretty(payload: Any) -> str:
    return json.dumps(payload, ensure_ascii=False, indent=2, sort_keys=True)


@register.filter
def update(operation: str | None) -> str:
    """What Shopping Feed calls an operation, as a noun."""
    return texts.update(operation or "")


@register.filter
def ended(sentence: str) -> str:
    """With its full stop, where another one follows."""
    return texts.ended(sentence)


@register.filter
def marked(text: str) -> SafeString:
    """Escaped, with what stands between backticks as code, and the ids of batches and tickets shown by their start."""
    said = re.sub("`([^`]+)`", r"<code>\1</code>", escape(text))
    return mark_safe(_ID.sub(r'<span class="id" title="\g<0>">\g<0></span>', said))  # noqa: S308  escaped above


@register.filter
def seconds(duration: Any) -> str:
    """A `timedelta` as seconds, or minutes and seconds."""
    if duration is None:
        return "–"
    total = duration.total_seconds()
    if total < 60:
        return _("%(count)s s") % {"count": formats.localize(round(total, 1))}
    return _("%(minutes)s min %(seconds)s s") % {"minutes": int(total // 60), "seconds": int(total % 60)}


@register.inclusion_tag("sfsync/backoffice/parts/field.html")
def field(bound: Any, wide: bool = False) -> dict[str, Any]:
    """A form field with its label, what it means, and what is wrong with it. The first wrong one gets the focus."""
    widget = type(bound.field.widget).__name__
    if wrong := next((each.name for each in bound.form if each.errors), ""):
        bound.field.widget.attrs["autofocus"] = bound.name == wrong
    return {
        "field": bound,
        "group": widget in ("RadioSelect", "CheckboxSelectMultiple"),
        "box": widget == "CheckboxInput",
        "wide": wide,
    }


@register.filter
def name_of(statuses: Any, status: str) -> str:
    """A shop status by its name."""
    return str(statuses.name(status))


@register.filter
def color_of(statuses: Any, status: str) -> str:
    return str(statuses.color(status))
