"""The names of requests: an id for each, and the trace that it is part of.

Nothing here knows the current request; ``Context.request_id`` asks it, ``logging`` writes it into records.
Floor 2.
"""

from __future__ import annotations

import collections.abc as cabc
import ipaddress
import random
import re
import time
import typing as t

from .addresses import PROXY_FIX, IPNetwork, is_in
from .response import PreparedResponse, Response, adding

if t.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from ..typing import Settings
    from .response import Reply

WELL_FORMED: t.Final = re.compile(r"[A-Za-z0-9._-]{1,128}")
"""The ids that are taken from a client."""

_KEY: t.Final = "framework.request_id"
_TRACEPARENT: t.Final = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?"
)


class TraceParent(t.NamedTuple):
    """The position of a request in a trace, as ``traceparent`` says it (W3C Trace Context, section 3.2)."""

    trace_id: str
    """32 hexadecimal digits."""
    span_id: str
    """16 hexadecimal digits: the span of the caller."""
    flags: int
    """Bit 0: the caller records its spans."""

    def __str__(self) -> str:
        return f"00-{self.trace_id}-{self.span_id}-{self.flags:02x}"


class RequestIds:
    """The ids of an application's requests.

    :param header: The header that carries an id in requests and answers.
    :param trust: The connections whose header is taken: ``None`` for none, networks, or ``"*"`` for all.
    """

    def __init__(self, header: str, trust: t.Literal["*"] | cabc.Iterable[str] | None) -> None:
        self.header = header
        self._key = "HTTP_" + header.upper().replace("-", "_")
        self._begin = (0, "")
        self._trusts_all = trust == "*"
        self._networks = () if trust is None or trust == "*" else tuple(map(_network, trust))

    def id_of(self, environ: WSGIEnvironment) -> str:
        """Return the id of a request, given at the first call.

        :param environ: The environment of the request, where the id is kept: applications that are mounted in one
            another have one id for it.
        """
        known: str | None = environ.get(_KEY)
        if known is not None:
            return known
        sent = environ.get(self._key) if self._trusts_all or self._networks else None
        if sent is None or not WELL_FORMED.fullmatch(sent) or not self._is_trusted(environ):
            # PERF: a UUID of version 7 (RFC 9562, section 5.7) in 0.4 us; the class of Python takes 4. Its random bits
            # need not be secret, for an id gives no right.
            now, (then, begin) = time.time_ns() // 1_000_000, self._begin
            if now != then:
                begin = f"{now >> 16:08x}-{now & 0xFFFF:04x}-7"
                self._begin = now, begin
            bits = f"{random.getrandbits(72):018x}"
            sent = f"{begin}{bits[:3]}-8{bits[3:6]}-{bits[6:]}"
        environ[_KEY] = sent
        return sent

    def send(self, reply: Reply, environ: WSGIEnvironment, start_response: StartResponse) -> cabc.Iterable[bytes]:
        """Send an answer with the header; one of the same name that the application set stays.

        The answer itself is not changed: an application may send one object again and again.
        """
        pair = self.header, environ.get(_KEY) or self.id_of(environ)
        if isinstance(reply, PreparedResponse) or type(reply).__call__ is Response.__call__:
            return reply(environ, start_response, pair)  # type: ignore[call-arg]
        return reply(environ, adding(start_response, pair))

    def _is_trusted(self, environ: WSGIEnvironment) -> bool:
        """Return whether the header may be taken: asked of the connection, whatever ``ProxyFix`` says."""
        if self._trusts_all:
            return True
        connection = environ.get(PROXY_FIX) or environ
        return is_in(connection.get("REMOTE_ADDR") or "", self._networks)


def _network(text: str) -> IPNetwork:
    return ipaddress.ip_network(text, strict=False)


def make_request_ids(config: Settings) -> RequestIds | None:
    """Return what names the requests; ``None`` where ``REQUEST_ID_HEADER`` switches that off."""
    header = config["REQUEST_ID_HEADER"]
    return None if header is None else RequestIds(header, config["REQUEST_ID_TRUST"])


def known_id(environ: WSGIEnvironment) -> str | None:
    """Return the id of a request, where it has been given one."""
    return environ.get(_KEY)


def trace_parent(environ: WSGIEnvironment) -> TraceParent | None:
    """Return the trace that a request says it is part of; ``None`` where it says nothing, or nothing well-formed."""
    sent: str = environ.get("HTTP_TRACEPARENT", "")
    found = _TRACEPARENT.fullmatch(sent)
    if found is None or (found[4] and sent.startswith("00")):  # only a later version has more parts
        return None
    return TraceParent(found[1], found[2], int(found[3], 16))
