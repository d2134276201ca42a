"""The public surface of `shoppingfeed`: adding or taking away a name is a decision, made here."""

from __future__ import annotations

import subprocess
import sys
import types

import shoppingfeed

NAMES = [
    "Accept",
    "Accepted",
    "Account",
    "Acknowledge",
    "AmbiguousError",
    "ApiError",
    "AuthenticationError",
    "BatchTickets",
    "Cancel",
    "Client",
    "ContractError",
    "Deliver",
    "Document",
    "HttpTransport",
    "Ignored",
    "InvalidRequestError",
    "NoAnswerError",
    "NotFoundError",
    "NotSentError",
    "Order",
    "OrderError",
    "OrderFilters",
    "OrderOperation",
    "Outcome",
    "Place",
    "RateLimitedError",
    "Refund",
    "RefundedProduct",
    "Refuse",
    "Request",
    "Response",
    "ReturnInfo",
    "ServerError",
    "SharedPace",
    "Ship",
    "Shipment",
    "ShippedItem",
    "ShoppingFeedError",
    "Store",
    "StoreInfo",
    "TestItem",
    "Ticket",
    "TicketList",
    "TicketState",
    "Transport",
    "Unacknowledge",
    "channels",
    "chunks",
]


def test_these_names_are_public_and_no_others() -> None:
    assert sorted(shoppingfeed.__all__) == sorted(NAMES)
    visible = {
        name
        for name, value in vars(shoppingfeed).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }
    assert visible == set(NAMES) - {"channels"}


def test_importing_the_client_does_not_import_the_http_library() -> None:
    probe = "import sys, shoppingfeed; print([name for name in sys.modules if name.startswith(('httpx', 'django'))])"
    shown = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, timeout=30)
    assert shown.stdout.strip() == "[]"
