"""Which hosts a secret may travel to: never to a cloud's own addresses, and in clear only within this machine."""

from __future__ import annotations

import ipaddress
import socket
from contextlib import suppress
from urllib.parse import urlsplit

_METADATA_NAMES = {
    *("metadata", "metadata.goog", "metadata.google.internal"),
    *("instance-data", "instance-data.ec2.internal"),
}
_METADATA = {
    ipaddress.ip_address(each)
    for each in (
        *("100.100.100.200", "192.0.0.192", "168.63.129.16"),
        *("fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254"),
    )
}
_CARRIERS = tuple(ipaddress.ip_network(each) for each in ("::/96", "::ffff:0:0:0/96", "64:ff9b::/96"))
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port: what a secret is given for."""
    parts = urlsplit(url)
    default = {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, (parts.hostname or "").rstrip("."), parts.port or default


def origin_text(url: str) -> str:
    """The same in one text: `https://api.example.com:443`."""
    scheme, host, port = origin(url)
    return f"{scheme}://{host.lower()}:{port}"


def is_loopback(host: str) -> bool:
    """This machine, by its name or its address."""
    host = host.lower().rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    address = literal(host)
    return address is not None and address.is_loopback


def is_forbidden(host: str) -> bool:
    """Link-local, or where clouds hand out credentials: nothing of a merchant's is there."""
    address = literal(host)
    return host.lower().rstrip(".") in _METADATA_NAMES or (address is not None and forbidden(address))


def forbidden(address: Address) -> bool:
    return address.is_link_local or address.is_multicast or address.is_unspecified or address in _METADATA


def leads_to_forbidden(host: str) -> bool:
    """Asks the resolver: a name may lead where its address could not be given. An unknown name leads nowhere."""
    with suppress(OSError, UnicodeError):
        for *_, place in socket.getaddrinfo(host, None):
            address = literal(str(place[0]))
            if address is not None and forbidden(address):
                return True
    return False


def literal(host: str) -> Address | None:
    """The address that a host's text is, in any spelling that a resolver takes (`169.254.1`, `0xa9fea9fe`, IPv6)."""
    try:
        found: Address = ipaddress.ip_address(host.strip("[]").partition("%")[0].rstrip("."))
    except ValueError:
        return _any_spelling(host)
    return _inside(found) if isinstance(found, ipaddress.IPv6Address) else found


def _inside(address: ipaddress.IPv6Address) -> Address:
    """The IPv4 address that an IPv6 one carries: mapped, translated, compatible, NAT64 or 6to4; else itself."""
    carried = address.ipv4_mapped or address.sixtofour
    if carried is None and any(address in network for network in _CARRIERS) and int(address) > 1:
        carried = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return carried or address


def _any_spelling(host: str) -> ipaddress.IPv4Address | None:
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host)) if host and host[0].isdigit() else None
    except OSError:
        return None
