"""What stands before the pages: proxies whose word is taken, and the path under which they show us."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Callable, Iterable
from typing import Any

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
logger = logging.getLogger("sfsync.front")


def are_proxies(text: str) -> bool:
    """Addresses or networks, separated by commas; or `*`, which takes everybody's word."""
    try:
        _networks(text)
    except ValueError:
        return False
    return True


def _networks(text: str) -> list[Network]:
    named = [each.strip() for each in text.split(",") if each.strip()]
    return [ipaddress.ip_network(each, strict=False) for each in named if each != "*"]


class Front:
    """A WSGI application that hands on who really asked, and the path within ours."""

    def __init__(self, application: Application, *, proxies: str, path: str, https: bool) -> None:
        """`proxies` as in SFSYNC_PROXIES; `path` without a slash at its end, empty at the root of the host."""
        self.application, self.path, self.https = application, path, https
        self.networks, self.everybody = _networks(proxies), "*" in proxies
        self.doubted: set[str] = set()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        sender = str(environ.get("REMOTE_ADDR", ""))
        if self.everybody or self.trusts(sender):
            environ["REMOTE_ADDR"] = self.asker(sender, str(environ.get("HTTP_X_FORWARDED_FOR", "")))
        elif self.https and environ.get("HTTP_X_FORWARDED_PROTO") == "https":
            self.doubt(sender)
        environ["PATH_INFO"] = self.within(str(environ.get("PATH_INFO", "")))
        return self.application(environ, start_response)

    def trusts(self, address: str) -> bool:
        """A Unix socket has no address: only this machine's proxy is at its other end."""
        known = _address(address)
        return not address or (known is not None and any(known in network for network in self.networks))

    def asker(self, sender: str, forwarded: str) -> str:
        """The last hop that a trusted proxy named and that is none itself: what stands before it, anybody can write."""
        for hop in reversed(forwarded.split(",") if forwarded else []):
            address = _address(hop.strip())
            if address is None:
                break
            sender = str(address)
            if self.everybody or not self.trusts(sender):
                break
        return sender

    def within(self, path: str) -> str:
        """Some proxies strip the path under which they show us, some do not."""
        inside = self.path and (path == self.path or path.startswith(f"{self.path}/"))
        return (path[len(self.path) :] or "/") if inside else path

    def doubt(self, sender: str) -> None:
        """Once per address: its requests are redirected to HTTPS for ever, and nobody would know why."""
        if sender not in self.doubted and len(self.doubted) < 100:
            self.doubted.add(sender)
            logger.warning(
                "%s says that its requests came over HTTPS, and is not believed. If it is your proxy, add it to "
                "SFSYNC_PROXIES.",
                sender,
            )


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Of `192.0.2.7`, `192.0.2.7:4711`, `2001:db8::7` or `[2001:db8::7]:4711`."""
    bare = text[1:].partition("]")[0] if text.startswith("[") else text
    bare = bare.partition(":")[0] if bare.count(":") == 1 else bare
    try:
        return ipaddress.ip_address(bare)
    except ValueError:
        return None
