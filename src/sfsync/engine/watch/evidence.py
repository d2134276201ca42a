"""What can be shown to a marketplace, or to its support, of one order: what was seen, sent and answered, and when, with
what Shopping Feed itself lists of it. It holds no secret, and nothing of the customer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from sfsync import texts
from sfsync.db.secrets import SecretUnreadable
from sfsync.engine.kit.connections import Connections
from sfsync.engine.kit.trouble import stopped_by
from sfsync.engine.watch.story import Story, story_of
from sfsync.models import Order, Told
from shoppingfeed import NotFoundError, Shipment, ShoppingFeedError
from shoppingfeed import Order as FeedOrder


@dataclass(frozen=True, slots=True)
class AtFeed:
    """What Shopping Feed shows of an order. `silent`: why it could not be asked, in the active language."""

    order: FeedOrder | None = None
    shipments: Sequence[Shipment] = ()
    silent: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """`made_at`: when Shopping Feed was asked."""

    story: Story
    told: Sequence[Told]
    at_feed: AtFeed
    made_at: datetime

    @property
    def order(self) -> Order:
        return self.story.order

    def as_dict(self) -> dict[str, Any]:
        """For a file of JSON: dates in ISO 8601. Without the address of the shop's back office, which is nobody's
        business outside."""
        story = self.story.as_dict()
        del story["pages"]
        there = self.order.marketplace_order
        return {
            **story,
            "made_at": self.made_at.isoformat(timespec="seconds"),
            "shopping_feed_store": self.order.store.feed_store_id,
            "ordered_at": there.created_at.isoformat(),
            "ship_by": there.ship_by.isoformat() if there.ship_by else None,
            "events": [
                shown | {"ids": each.ids} for shown, each in zip(story["events"], self.story.events, strict=True)
            ],
            "told": [
                {"operation": each.operation, "key": each.number_there or "", "at": each.at.isoformat()}
                | {"how": each.how, "ticket": each.ticket}
                for each in self.told
            ],
            "at_shopping_feed": _feed_as_dict(self.at_feed),
        }


def _feed_as_dict(at_feed: AtFeed) -> dict[str, Any]:
    errors = at_feed.order.errors if at_feed.order else ()
    return {
        "silent": at_feed.silent,
        "status": at_feed.order.status if at_feed.order else None,
        "errors": [{"type": each.type, "message": each.message, "at": _iso(each.occurred_at)} for each in errors],
        "shipments": [
            {"carrier": each.carrier, "tracking_number": each.tracking_number, "tracking_link": each.tracking_link}
            | {"created_at": _iso(each.created_at)}
            for each in at_feed.shipments
        ],
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def evidence_of(order: Order, connections: Connections) -> Evidence:
    """Two requests. What Shopping Feed does not answer is said in the document, and fails nothing."""
    story = story_of(order)
    told = list(order.marketplace_order.told.all())
    return Evidence(story, told, _ask(order, connections), timezone.now())


def _ask(order: Order, connections: Connections) -> AtFeed:
    feed_id = order.marketplace_order.feed_id
    if feed_id is None:
        return AtFeed(silent=texts.reason("no-feed-id", {"channel": order.marketplace_order.channel}))
    try:
        feed = connections.client(order.store).store(order.store.feed_store_id)
        return AtFeed(feed.order(feed_id), feed.shipments(feed_id))
    except NotFoundError:
        return AtFeed(silent=_("Shopping Feed does not know this order."))
    except (ShoppingFeedError, SecretUnreadable) as error:
        return AtFeed(silent=texts.trouble(stopped_by(error).trouble))
