"""The floor: the bare client posts the payloads of a file in requests of 100 and reads every ticket. No database.

python -m benchmarks.floor URL PAYLOADS [--paced]
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from shoppingfeed import Client, Ship, chunks
from shoppingfeed.sandbox.state import DEFAULT_STORE, DEFAULT_TOKEN


def main(url: str, payloads: Path, *, paced: bool) -> dict[str, int]:
    """What was sent, confirmed and asked; the same words as those of `sfsync sync --json`."""
    with Client(DEFAULT_TOKEN, base_url=url, pace=paced) as client:
        store = client.store(DEFAULT_STORE)
        sent = [answer.accepted for answer in store.send_many(chunks(_ships(payloads))) if answer.accepted]
        answers = store.batches(accepted.batch_id for accepted in sent)
        confirmed = sum(ticket.succeeded for answer in answers for ticket in answer.tickets or ())
        return {"sent": len(sent), "confirmed": confirmed, "requests": client.requests}


def _ships(payloads: Path) -> Iterator[Ship]:
    with payloads.open(encoding="utf-8") as lines:
        for line in lines:
            item = json.loads(line)
            yield Ship(
                int(item["id"]),
                carrier=item["carrier"],
                tracking_number=item["trackingNumber"],
                tracking_link=item["trackingLink"],
            )


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]), paced="--paced" in sys.argv[3:])))
