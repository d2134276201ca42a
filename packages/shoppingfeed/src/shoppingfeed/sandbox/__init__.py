"""A local Shopping Feed with the contract of the real one, faults on demand, and a ledger of what it received.

from shoppingfeed.sandbox import Fault, ManualClock, Sandbox

sandbox = Sandbox(clock=ManualClock(), ticket_seconds=60)
sandbox.fault(Fault("accept-then-drop", operation="ship"))
transport = sandbox.transport()            # in-process, for a client
with sandbox.serve() as server: ...        # or over HTTP, at server.url
sandbox.ledger.belief(1078495000000)       # what the marketplace believes
"""

from shoppingfeed.sandbox.clock import ManualClock
from shoppingfeed.sandbox.command import run_server
from shoppingfeed.sandbox.faults import Fault, Kind
from shoppingfeed.sandbox.ledger import Accepted, Belief, Ignored, Ledger, Received
from shoppingfeed.sandbox.sandbox import InProcess, Sandbox
from shoppingfeed.sandbox.server import Server

__all__ = [
    "Accepted",
    "Belief",
    "Fault",
    "Ignored",
    "InProcess",
    "Kind",
    "Ledger",
    "ManualClock",
    "Received",
    "Sandbox",
    "Server",
    "run_server",
]
