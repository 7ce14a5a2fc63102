"""The addresses that deliveries may reach: public ones, and those that the application allows.

A subscriber chooses a URL, and with it what the application connects to: without a check it reaches the application's
own network (server-side request forgery). Not here: the connection (``webhooks._transport``).
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import ipaddress
import queue
import socket
import threading
import typing as t

from ..errors import SetupError

IPAddress: t.TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
AnyNetwork: t.TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolve: t.TypeAlias = cabc.Callable[[str, int], cabc.Iterable[str]]
"""A function that returns the addresses of a host, for a port."""

_CLOSED: t.Final[tuple[AnyNetwork, ...]] = tuple(
    map(
        ipaddress.ip_network,
        (
            "0.0.0.0/8",  # this network, RFC 1122
            "10.0.0.0/8",
            "100.64.0.0/10",  # carriers' networks, RFC 6598
            "127.0.0.0/8",
            "169.254.0.0/16",  # link-local: metadata of clouds
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",  # relays of 6to4
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/3",  # multicast, reserved, broadcast
        ),
    )
)
_OPEN_V6: t.Final = ipaddress.IPv6Network("2000::/3")
"""The only part of IPv6 that is given out: so ``::1``, ``fc00::/7``, ``fe80::/10``, ``ff00::/8``, IPv4-mapped addresses
and those of NAT64 (``64:ff9b::/96``, ``64:ff9b:1::/48``) are outside of it."""
_CLOSED_V6: t.Final = tuple(
    map(
        ipaddress.IPv6Network,
        (
            "2001::/23",  # protocols, among them Teredo, which holds an IPv4 address
            "2001:db8::/32",
            "2002::/16",  # 6to4, which holds an IPv4 address
            "3fff::/20",
        ),
    )
)


class AddressRefused(Exception):
    """A URL leads to where no delivery may go; the message is for its owner, and names no address."""


def is_public(address: IPAddress) -> bool:
    """Return whether an address is one of the internet, of which no part is an address inside of a network."""
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not any(address in network for network in _CLOSED)
    if address.scope_id is not None or address not in _OPEN_V6:
        return False
    return address.is_global and not any(address in network for network in _CLOSED_V6)


def networks_of(allow: cabc.Iterable[str]) -> tuple[AnyNetwork, ...]:
    """Return networks that are allowed although they are not public.

    :raises SetupError: One is not a network.
    """
    if isinstance(allow, str):
        raise SetupError(f"'allow' is the text {allow!r}. Give a list of networks, like ['10.1.0.0/16'].")
    found = []
    for text in allow:
        try:
            found.append(ipaddress.ip_network(text))
        except ValueError:
            raise SetupError(f"{text!r} in 'allow' is not a network. Write it like '10.1.0.0/16'.") from None
    return tuple(found)


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a host, as the system knows them.

    :raises OSError: There are none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def allowed_addresses(
    host: str, port: int, *, resolve: Resolve, allow: cabc.Sequence[AnyNetwork], seconds: float
) -> list[IPAddress]:
    """Resolve a host, and return those of its addresses that may be connected to.

    :param host: A name, or an address.
    :param seconds: How long it may take.
    :raises AddressRefused: There are addresses, and none of them may be connected to.
    :raises OSError: There are none, or they are not found in time.
    """
    try:
        found: list[str] = [str(ipaddress.ip_address(host))]
    except ValueError:
        found = list(_in_time(lambda: list(resolve(host, port)), seconds))
    addresses = [ipaddress.ip_address(each) for each in found]
    chosen = [each for each in addresses if is_public(each) or any(each in network for network in allow)]
    if addresses and not chosen:
        raise AddressRefused("The host has no public address.")
    if not chosen:
        raise OSError("The host has no address.")
    return chosen


def _in_time(function: cabc.Callable[[], list[str]], seconds: float) -> list[str]:
    """Call a function that cannot be ended, and wait for it no longer than that.

    :raises TimeoutError: It takes longer.
    """
    answer: queue.SimpleQueue[list[str] | Exception] = queue.SimpleQueue()

    def run() -> None:
        try:
            answer.put(function())
        except Exception as error:  # noqa: BLE001 - raised by the caller
            answer.put(error)

    threading.Thread(target=run, name="framework-webhooks-resolve", daemon=True).start()
    try:
        found = answer.get(timeout=max(seconds, 0.001))
    except queue.Empty:
        raise TimeoutError("The host was not resolved in time.") from None
    if isinstance(found, Exception):
        raise found
    return found
