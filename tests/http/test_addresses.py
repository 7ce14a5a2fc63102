"""Addresses in networks, and requests that a proxy has handed on."""

from __future__ import annotations

import ipaddress

import pytest

from framework.http.addresses import PROXY_FIX, is_in, is_relayed

NETWORKS = [ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("2001:db8::/32")]


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("127.0.0.1", True),
        ("::ffff:127.0.0.1", True),
        ("2001:db8::7", True),
        ("10.0.0.1", False),
        ("::1", False),
        ("", False),
        ("unix:", False),
        ("127.0.0.1, 10.0.0.1", False),
    ],
)
def test_an_address_is_in_its_networks(address, found):
    """IPv4 that is written as IPv6 counts as IPv4; what is no address is in no network."""
    assert is_in(address, NETWORKS) is found


@pytest.mark.parametrize("header", ["HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED"])
def test_a_relayed_request_is_known(header):
    """A header of a proxy that nothing reads says that the connection is not the client's."""
    assert is_relayed({header: "127.0.0.1"})
    assert not is_relayed({header: "127.0.0.1", PROXY_FIX: {}})
    assert not is_relayed({})
