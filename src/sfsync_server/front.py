"""What stands before the pages: proxies whose word is taken, and the path under which they show us."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Callable, Iterable
from typing import Any

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
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
    return [_plain_network(ipaddress.ip_network(each, strict=False)) for each in named if each != "*"]


def both_forms(text: str) -> str:
    """The same proxies for a server that compares texts: each address of IPv4 also as IPv6 writes it."""
    networks = [str(each) for each in _networks(text)]
    mapped = [f"::ffff:{each.network_address}/{each.prefixlen + 96}" for each in _networks(text) if each.version == 4]
    return ",".join((["*"] if "*" in text else []) + networks + mapped)


def _plain_network(network: Network) -> Network:
    """`::ffff:10.0.0.0/104` is 10.0.0.0/8: what listens on IPv6 alone calls every IPv4 address so."""
    mapped = network.network_address.ipv4_mapped if isinstance(network, ipaddress.IPv6Network) else None
    if mapped is None or network.prefixlen < 96:
        return network
    return ipaddress.ip_network((int(mapped), network.prefixlen - 96))


class Front:
    """A WSGI application that hands on who really asked, and the path within ours."""

    def __init__(self, application: Application, *, proxies: str, path: str, https: bool) -> None:
        """`proxies` as in SFSYNC_PROXIES; `path` without a slash at its end, empty at the root of the host."""
        self.application, self.path, self.https = application, path, https
        self.networks, self.everybody = _networks(proxies), "*" in proxies
        self.doubted: set[str] = set()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        sender = environ["REMOTE_ADDR"] = _plain(str(environ.get("REMOTE_ADDR", "")))
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


def _plain(text: str) -> str:
    """An address as it is usually written; what is none stays as it is."""
    return str(_address(text) or text)


def _address(text: str) -> Address | None:
    """Of `192.0.2.7`, `192.0.2.7:4711`, `2001:db8::7`, `[2001:db8::7]:4711` or `::ffff:192.0.2.7`, which is IPv4."""
    bare = text[1:].partition("]")[0] if text.startswith("[") else text
    bare = bare.partition(":")[0] if bare.count(":") == 1 else bare
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return None
    return (address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None) or address
