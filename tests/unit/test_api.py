"""The public face: what other projects import is pinned, and the manual teaches nothing deeper."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sfsync import api
from sfsync.domain.operations import forget, kind_of, names

ROOT = Path(__file__).resolve().parents[2]
RUNNING = {"run_store", "Result", "Live", "Connections", "Busy"}
STORES = {"Store", "add_store", "change_settings"}
LOOKING = {"story_of", "Story", "Event", "health_of", "Health", "examine", "Finding"}
ROWS = {"Order", "MarketplaceOrder", "Told", "Task", "LogEntry", "Notice", "Process"}
PEOPLE = {"retry", "give_up", "done_by_hand", "send_now"}
OPERATIONS = {"OperationKind", "register_operation"}
SHOPS = {
    *("register_shop_kind", "ShopKind", "Around", "Setting", "Mistake", "Keys", "Numbers", "Texts"),
    *("OpenShop", "Reader", "Source", "Noticed", "Placed", "KnownOrders", "Group", "Note", "Weight"),
    *("Listing", "Seen", "Snapshot", "Parcel", "Item", "Status", "Carrier", "ShopFacts"),
    *("Problem", "ShopError", "ShopMisconfigured", "ShopUnavailable"),
}
FREE = ("sfsync.api", "sfsync.testing", "sfsync.shops.prestashop.sample", "sfsync.tasks", "sfsync.queues")
"""What the manual may name in code: the public face, what helps tests, and what Celery finds by name."""


def test_the_public_face_is_what_it_was() -> None:
    """A name that goes breaks somebody's project: it goes with a line in the changelog, and here."""
    assert set(api.__all__) == RUNNING | STORES | LOOKING | ROWS | PEOPLE | OPERATIONS | SHOPS


@pytest.mark.parametrize("name", sorted(api.__all__))
def test_everything_public_says_what_it_is_for(name: str) -> None:
    documented = getattr(api, name).__doc__ or ""
    assert documented.strip()
    assert not documented.startswith(f"{name}("), "a dataclass or model without a docstring writes its own signature"


@pytest.mark.parametrize(
    "page", ["README.md", *(str(each.relative_to(ROOT)) for each in (ROOT / "docs").rglob("*.md"))]
)
def test_the_manual_teaches_nothing_deeper(page: str) -> None:
    code = "\n".join(re.findall(r"^```python\n(.*?)^```", (ROOT / page).read_text("utf-8"), re.DOTALL | re.MULTILINE))
    imported = re.findall(r"^\s*(?:from|import) (sfsync[.\w]*)", code, re.MULTILINE)
    assert [name for name in imported if name not in FREE] == []


@pytest.mark.parametrize("verb", ["nope", "", "SHIP", "ship "])
def test_an_operation_that_the_api_does_not_have_is_not_registered(verb: str) -> None:
    """Its orders would stop every run that comes to send them."""
    kind = api.OperationKind(name="wrap", verb=verb, rank=5, label="Wrapped", noun="the wrapping")
    with pytest.raises(ValueError, match=f"The API has no operation “{verb}”; it has accept, "):
        api.register_operation(kind)
    assert "wrap" not in names()


def test_an_operation_of_the_api_is_registered() -> None:
    kind = api.OperationKind(name="take", verb="accept", rank=5, label="Taken", noun="the acceptance")
    api.register_operation(kind)
    assert kind_of("take") is kind
    forget("take")
