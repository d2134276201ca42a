"""Where a secret may travel, whatever way the host is spelt."""

from __future__ import annotations

import pytest

from sfsync.domain.hosts import is_forbidden, is_loopback, origin


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "169.254.1",
        "2852039166",
        "0xa9fea9fe",
        "0251.0376.0251.0376",
        "[fe80::1]",
        "fe80::1%eth0",
        "::ffff:169.254.169.254",
        "169.254.169.254.",
        "::169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::1",
        "::ffff:0:a9fe:a9fe",
        "168.63.129.16",
        "metadata.goog",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",
        "100.100.100.200",
        "192.0.0.192",
        "0.0.0.0",
        "metadata.google.internal",
        "METADATA.google.internal.",
        "instance-data.ec2.internal",
    ],
)
def test_the_machines_own_network_is_no_place_for_a_token(host: str) -> None:
    assert is_forbidden(host)


@pytest.mark.parametrize(
    "host", ["api.shopping-feed.com", "192.168.1.10", "10.0.0.8", "2001:db8::1", "169.254.example.com", "127.0.0.1"]
)
def test_other_hosts_are(host: str) -> None:
    assert not is_forbidden(host)


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "sandbox.localhost",
        "127.0.0.1",
        "127.8.9.1",
        "::1",
        "[::1]",
        "2130706433",
        "LOCALHOST",
        "localhost.",
    ],
)
def test_this_machine_is_known_by_every_name(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["localhost.example.com", "128.0.0.1", "example.com", ""])
def test_other_machines_are_not_this_one(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://api.example.com", "https://api.example.com/v2/", True),
        ("https://api.example.com", "https://API.example.com:443", True),
        ("https://api.example.com", "https://api.example.com.", True),
        ("https://api.example.com", "http://api.example.com", False),
        ("https://api.example.com", "https://api.example.com:8443", False),
        ("https://api.example.com", "https://api.example.com.evil.example", False),
        ("https://api.example.com", "https://api-example.com", False),
    ],
)
def test_a_token_is_given_for_scheme_host_and_port(one: str, other: str, same: bool) -> None:
    assert (origin(one) == origin(other)) is same
