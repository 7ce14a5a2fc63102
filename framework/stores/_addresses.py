"""URLs of stores: one server, a service that Sentinels watch, or a cluster; Redis and Valkey alike.

Not here: the connections (``stores.redis``). Nothing is imported for it but the standard library.
Floor 2.
"""

from __future__ import annotations

import re
import typing as t
import urllib.parse

SCHEMES: t.Final = {
    base + form: (tls, form)
    for base, tls in (("redis", False), ("rediss", True), ("valkey", False), ("valkeys", True))
    for form in ("", "+sentinel", "+cluster")
}
"""The schemes over TCP: whether they mean TLS, and what is at the address."""

PORT: t.Final = 6379
SENTINEL_PORT: t.Final = 26379

_OWN = re.compile(r"sentinel_(username|password)$")


class StoreAddress(t.NamedTuple):
    """The parts of a URL of a store."""

    url: str
    """The URL as redis-py reads it, with the first of the hosts."""
    form: str
    """``""`` for one server, ``"+sentinel"`` or ``"+cluster"``."""
    hosts: tuple[tuple[str, int], ...]
    """All hosts with their ports: servers, or Sentinels; none for a socket of Unix."""
    service: str
    """The name of the service that the Sentinels watch."""
    sentinel_options: dict[str, str]
    """``username`` and ``password`` for the Sentinels."""


def read_address(url: str) -> StoreAddress:
    """Return the parts of a URL.

    :raises ValueError: It is not the URL of a store. The message shows no part of it but the scheme.
    """
    scheme, mark, rest = url.partition("://")
    if scheme == "unix" and mark:
        return StoreAddress(url, "", (), "", {})
    if scheme not in SCHEMES or not mark:
        raise ValueError(f"unknown scheme {url.partition(':')[0][:20]!r}")
    tls, form = SCHEMES[scheme]
    place, path, query = _split(rest)
    user, at, hosts = place.rpartition("@")
    found = tuple(_host(host, SENTINEL_PORT if form == "+sentinel" else PORT) for host in hosts.split(","))
    if not form:
        if len(found) > 1:
            raise ValueError(f"several hosts need {scheme}+sentinel:// or {scheme}+cluster://")
        plain = f"{'rediss' if tls else 'redis'}://{rest}"
        return StoreAddress(plain, form, found, "", {})
    if "@" in user:
        raise ValueError("credentials are given once, before the first host, and '@' in them is written %40")
    if not all(host for host, _ in found):
        raise ValueError("a host is empty")
    options, own = _options(query, form)
    service, database = _path(path, form)
    host, port = found[0]
    first = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    plain = f"{'rediss' if tls else 'redis'}://{user}{at}{first}/{database}{options}"
    return StoreAddress(plain, form, found, service, own)


def _split(rest: str) -> tuple[str, str, str]:
    """Return what is before the path, the path, and the query."""
    before, _, query = rest.partition("?")
    place, _, path = before.partition("/")
    return place, path.strip("/"), query


def _host(text: str, default: int) -> tuple[str, int]:
    try:
        parts = urllib.parse.urlsplit(f"//{text}")
        return parts.hostname or "", parts.port or default
    except ValueError:
        raise ValueError("a port is not a number up to 65535, or a host is malformed") from None


def _options(query: str, form: str) -> tuple[str, dict[str, str]]:
    """Return the query for the servers, and the options for the Sentinels."""
    pairs = urllib.parse.parse_qsl(query, keep_blank_values=True)
    own = {found[1]: value for name, value in pairs if (found := _OWN.match(name))}
    if own and form != "+sentinel":
        raise ValueError("sentinel_username and sentinel_password need a scheme that ends in +sentinel")
    rest = urllib.parse.urlencode([(name, value) for name, value in pairs if not _OWN.match(name)])
    return f"?{rest}" if rest else "", own


def _path(path: str, form: str) -> tuple[str, str]:
    """Return the name of the service, and the database."""
    if form == "+cluster":
        if path not in ("", "0"):
            raise ValueError("a cluster has database 0 alone")
        return "", "0"
    service, _, database = path.partition("/")
    if not service:
        raise ValueError("the path names the service that the Sentinels watch: /service/database")
    if not re.fullmatch(r"[0-9]{0,5}", database):
        raise ValueError("the database is not a number: /service/database")
    return urllib.parse.unquote(service), database or "0"
