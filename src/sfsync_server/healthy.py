"""`python -m sfsync_server.healthy`: does the back office of this container answer, and are its tables up to date?"""

from __future__ import annotations

import os
import sys
from contextlib import closing
from http.client import HTTPConnection, HTTPException

from sfsync_server.environment import load


def name() -> str:
    """One that the pages answer to: the first of SFSYNC_ALLOWED_HOSTS."""
    first = load().allowed_hosts.split(",")[0].strip().removeprefix(".")
    return first if first and first != "*" else "localhost"


def ready(port: int) -> bool:
    with closing(HTTPConnection("127.0.0.1", port, timeout=4)) as connection:
        try:
            connection.request("GET", "/readyz", headers={"Host": name()})
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False


if __name__ == "__main__":
    sys.exit(0 if ready(int(os.environ.get("PORT", "8000"))) else 1)
