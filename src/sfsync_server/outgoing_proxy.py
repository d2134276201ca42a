"""The proxy for requests to Shopping Feed (`SFSYNC_OUTGOING_PROXY`)."""

from __future__ import annotations

from importlib.util import find_spec
from urllib.parse import urlsplit

from sfsync_server.own_database import NOT_AN_ADDRESS

WEB, SOCKS = {"http", "https"}, {"socks5", "socks5h"}


def check_proxy(text: str) -> None:
    """Raises `ValueError` with a sentence, never with a piece of the password."""
    try:
        url = urlsplit(text)
        impossible = url.port == 0 or text.split() != [text]
    except ValueError:
        raise ValueError(NOT_AN_ADDRESS) from None
    if url.scheme not in WEB | SOCKS or not url.hostname or impossible:
        raise ValueError("takes http://host:port, https://host:port or socks5://host:port")
    if url.scheme in SOCKS and find_spec("socksio") is None:
        raise ValueError("names a SOCKS proxy, which needs the package socksio: pip install socksio")
