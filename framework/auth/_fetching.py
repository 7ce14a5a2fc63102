"""One small document from a URL: https, no redirects, a bounded body, a bounded time.

Not here: what it is for (``auth._jwks``). Floor 7.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
import typing as t
import urllib.parse

from ._errors import setup_error


class FetchFailed(Exception):
    """The document cannot be had; the text says why, for the log."""


class FetchAddress(t.NamedTuple):
    """The parts of a URL that may be fetched."""

    secure: bool
    host: str
    port: int
    target: str
    """Path and query."""
    shown: str
    """The URL without its query, for the log."""


def address_of(url: object) -> FetchAddress:
    """Return the parts of a URL.

    :raises SetupError: It is not one with ``https``, or with ``http`` and a loopback address.
    """
    try:
        if not isinstance(url, str) or not url.isascii() or any(letter <= " " for letter in url):
            raise ValueError
        parts = urllib.parse.urlsplit(url)
        secure, host, port = parts.scheme == "https", parts.hostname or "", parts.port
    except ValueError:
        raise setup_error(
            f"Invalid URL of keys: {url!r}. Give an address like 'https://id.example.org/keys'."
        ) from None
    if parts.scheme not in ("https", "http") or not host or "@" in parts.netloc or parts.fragment:
        raise setup_error(
            "Invalid URL of keys. Give an address like 'https://id.example.org/keys', without a user and a fragment."
        )
    if not secure and not is_loopback(host):
        raise setup_error(
            f"The keys at {host!r} would be fetched without TLS, and everyone on the way could put others in their"
            " place. Use https; http is for loopback addresses alone."
        )
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    shown = urllib.parse.urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))
    return FetchAddress(secure, host, port or (443 if secure else 80), target, shown)


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def fetch(address: FetchAddress, timeout: float, max_length: int, context: ssl.SSLContext | None) -> bytes:
    """Return the body of a 200.

    :param timeout: Seconds for all of it, however slowly it comes.
    :param max_length: The longest body, in bytes.
    :param context: How servers prove who they are. Default: by the certificates of the system.
    :raises FetchFailed: There is none.
    """
    connection: http.client.HTTPConnection
    if address.secure:
        connection = http.client.HTTPSConnection(address.host, address.port, timeout=timeout, context=context)
    else:
        connection = http.client.HTTPConnection(address.host, address.port, timeout=timeout)
    over = threading.Event()
    sockets: list[socket.socket] = []

    def end() -> None:
        over.set()
        for sock in sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(timeout, end)
    timer.daemon = True
    timer.start()
    try:
        connection.connect()
        sockets.append(connection.sock)  # the connection forgets it when an answer has no length
        if over.is_set():
            raise FetchFailed(f"it took more than {timeout} seconds")
        headers = {"Accept": "application/jwk-set+json, application/json", "User-Agent": "framework"}
        connection.request("GET", address.target, headers=headers)
        response = connection.getresponse()
        if response.status != 200:
            raise FetchFailed(f"the status is {response.status}")
        body = response.read(max_length + 1)
        if len(body) > max_length:
            raise FetchFailed(f"the body has more than {max_length} bytes")
        if over.is_set():
            raise FetchFailed(f"it took more than {timeout} seconds")
        if response.length:
            raise FetchFailed("the body was cut")
        return body
    except (OSError, http.client.HTTPException, ValueError) as error:
        if over.is_set() or isinstance(error, TimeoutError):
            raise FetchFailed(f"it took more than {timeout} seconds") from error
        raise FetchFailed(f"{type(error).__name__}") from error
    finally:
        timer.cancel()
        connection.close()
