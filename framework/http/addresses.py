"""Addresses of clients: whether they are in networks, and whether a connection is that of its client.

Floor 2.
"""

from __future__ import annotations

import collections.abc as cabc
import ipaddress
import typing as t

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

IPNetwork: t.TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

PROXY_FIX: t.Final = "werkzeug.proxy_fix.orig"
"""The key of the environment under which ``ProxyFix`` keeps what it has replaced."""


def is_in(text: str, networks: cabc.Iterable[IPNetwork]) -> bool:
    """Return whether an address is in one of some networks; never that of a Unix socket, which is no address.

    An IPv4 address that is written as IPv6 (RFC 4291, section 2.5.5.2) counts as IPv4.
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return any(address in network for network in networks)


def is_relayed(environ: WSGIEnvironment) -> bool:
    """Return whether a proxy has handed a request on and no ``ProxyFix`` says for whom."""
    return PROXY_FIX not in environ and ("HTTP_X_FORWARDED_FOR" in environ or "HTTP_FORWARDED" in environ)
