"""The story, scene by scene, and its end: what every marketplace now believes beside what the shop says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from rich.text import Text

from sfsync.testing import CANCELED, DELIVERED, PROCESSING, REFUNDED, SHIPPED
from sfsync_server.demo.screen import Screen
from sfsync_server.demo.stage import RATE_LIMIT, Stage
from sfsync_server.demo.teller import Teller, believed, number_of
from sfsync_server.demo.verdict import Comparison, Line, compare
from shoppingfeed.sandbox import Fault

MANY = 1000
_AGREES = Text("agrees", "green")
Scene = Callable[[Teller], None]


def beginning(t: Teller) -> None:
    t.scene("The shop, before anything happens", "The first run learns which orders came from marketplaces.")
    t.run()


def shipped(t: Teller) -> None:
    t.scene("Shipped, with a tracking number", "A good day: the marketplace hears of both at once.")
    order = t.order("Amazon")
    t.set_tracking(order, "6A20394857261")
    t.set_status(order, SHIPPED)
    t.run()


def without_number(t: Teller) -> None:
    t.scene(
        "Shipped, without a tracking number",
        "The merchant has five minutes to fill it in. Then the update fails, and a mail says so; a number that comes "
        "late sends it by itself. One of these two orders gets its number, the other never does.",
    )
    late, never = t.order("CDiscount"), t.order("Rakuten")
    t.set_status(late, SHIPPED)
    t.set_status(never, SHIPPED)
    t.run()
    t.run()
    t.set_tracking(late, "XP774411220FR")
    t.run(minutes=55)


def canceled(t: Teller) -> None:
    t.scene(
        "Shipped, then cancelled before the run", "Only the status at the time of the run counts: one cancel, no ship."
    )
    order = t.order("Zalando")
    t.set_tracking(order, "00340434161094")
    t.set_status(order, SHIPPED)
    t.set_status(order, CANCELED)
    t.run()


def put_back(t: Teller) -> None:
    t.scene(
        "Shipped by mistake, without a number, and put back before the run",
        "The marketplace never hears of it.",
    )
    order = t.order("eBay")
    t.set_status(order, SHIPPED)
    t.set_status(order, PROCESSING)
    t.run()


def delivered(t: Teller) -> None:
    t.scene(
        "Shipped, and delivered before the run",
        "Delivered implies shipped: the ship goes first, with its number, and the deliver once that is confirmed.",
    )
    order = t.order("Leroy Merlin")
    t.set_tracking(order, "GLS-50310042")
    t.set_status(order, SHIPPED)
    t.set_status(order, DELIVERED)
    t.run()


def refunded(t: Teller) -> None:
    t.scene("A refund, where the marketplace takes refunds", "Shipped, confirmed, returned, refunded.")
    _ship_and_refund(t, "Zalando", "00340434161117")


def refund_unknown(t: Teller) -> None:
    t.scene(
        "A refund, where the marketplace takes none",
        "Nothing is sent; the merchant is told once to do it on the marketplace's own site, and not again.",
    )
    _ship_and_refund(t, "Fnac", "8J00123456789")
    t.run()


def _ship_and_refund(t: Teller, channel: str, number: str) -> None:
    order = t.order(channel)
    t.set_tracking(order, number)
    t.set_status(order, SHIPPED)
    t.run()
    t.set_status(order, REFUNDED)
    t.run()


def refused(t: Teller) -> None:
    t.scene(
        "Refused by the marketplace",
        "The mail says why and when the next try is; the merchant clears it up, and does not wait for it.",
    )
    order = t.order("ManoMano")
    reason = "The buyer's address is being verified."
    t.stage.sandbox.fault(Fault("refuse", order_id=t.stage.shop.feed_id(order) or 0, message=reason))
    t.set_tracking(order, "MM-2291-7730")
    t.set_status(order, SHIPPED)
    t.run(read=True)
    t.retry(order)
    t.run(minutes=2)


def unanswered(t: Teller) -> None:
    t.scene(
        "An answer that never came",
        "Shopping Feed accepts the request, then the connection breaks. sfsync asks the ticket list before it sends "
        "anything again, and finds that it had arrived.",
    )
    order = t.order("BackMarket")
    t.stage.sandbox.fault(Fault("accept-then-drop", operation="ship"))
    t.set_tracking(order, "CY918273645FR")
    t.set_status(order, SHIPPED)
    t.run()


def rush(t: Teller) -> None:
    requests, seconds = RATE_LIMIT
    t.scene(
        f"{MANY} orders at once",
        f"Shopping Feed takes {requests} requests every {seconds} seconds. 100 orders go in one request, at a pace "
        "that avoids a refusal (429); here another program with the same token causes one, which is waited out.",
    )
    orders = t.stage.add_orders(MANY, "Amazon")
    t.stage.shop.bulk_ship(orders, "6B")
    t.screen.line("shop", f"Orders {orders[0]} to {orders[-1]} from Amazon: all shipped, each with its number.")
    t.stage.sandbox.fault(Fault("status", status=429, seconds=1, operation="ship", after=3))
    t.run_many()


STORY: tuple[Scene, ...] = (
    *(beginning, shipped, without_number, canceled, put_back, delivered, refunded),
    *(refund_unknown, refused, unanswered, rush),
)


def play(stage: Stage, screen: Screen, scenes: Iterable[Scene] = STORY) -> int:
    """Tell the story and judge its end. Returns the exit status: 0 when both sides agree and nothing was sent twice."""
    teller = Teller(stage, screen)
    screen.say("A PrestaShop with real rows, a local Shopping Feed, a mailbox. No account, no network.", "bold")
    screen.say(f"The sandbox listens on {stage.server.url} until the end.", "dim")
    for scene in scenes:
        scene(teller)
    return judge(teller)


def judge(t: Teller) -> int:
    """The table, the verdict, and what to try next."""
    t.screen.heading(
        "What the shop says, and what each marketplace believes",
        "By the shop's own rows, and by what Shopping Feed received. Where the marketplace cannot be told, or must not "
        "be told without a tracking number, the merchant has had one mail.",
    )
    comparison = compare(t.stage)
    own = [line for line in comparison.lines if line.order.order_id in t.cast]
    others = [line for line in comparison.lines if line.order.order_id not in t.cast]
    columns = ("order", "marketplace", "the shop says", "number", "it believes", "number", "so")
    t.screen.table(columns, [*(_row(t, line) for line in own), *_sums(t, others)])
    _conclude(t.screen, comparison)
    return 0 if comparison.agrees else 1


def _row(t: Teller, line: Line) -> tuple[object, ...]:
    order = line.order
    shop = (t.status_names[order.status], order.tracking_number)
    return (order.order_id, order.channel, *shop, believed(line.belief), number_of(line.belief), _verdict(line))


def _sums(t: Teller, lines: list[Line]) -> list[tuple[object, ...]]:
    """Orders that nobody looks at one by one; whichever differs has a row of its own."""
    alike = Counter(
        (
            line.order.channel,
            t.status_names[line.order.status],
            _each(line.order.tracking_number),
            believed(line.belief),
        )
        for line in lines
        if not line.differences
    )
    sums: list[tuple[object, ...]] = [
        (f"+ {count}", channel, status, number, belief, number, _AGREES)
        for (channel, status, number, belief), count in alike.items()
    ]
    return sums + [_row(t, line) for line in lines if line.differences]


def _each(number: str) -> str:
    return "one each" if number else ""


def _verdict(line: Line) -> Text:
    if line.differences:
        return Text(f"DIFFERS: {'; '.join(line.differences)}", "bold red")
    return Text("told the merchant", "yellow") if line.expected.told else _AGREES


def _conclude(screen: Screen, comparison: Comparison) -> None:
    wrong = sum(bool(line.differences) for line in comparison.lines)
    total = len(comparison.lines)
    screen.say()
    screen.say(f"{total - wrong} of {total} orders agree; {comparison.duplicates} operations were sent twice.", "bold")
    if not comparison.agrees:
        screen.say("The marketplaces do not believe what the shop says: this is a fault of sfsync.", "bold red")
        return
    screen.say(
        "Next: `sfsync demo --serve` (or make demo ARGS=--serve) opens the back office on this data; "
        "`sfsync sandbox` starts a Shopping Feed to play with; README.md has your own shop in five minutes."
    )
