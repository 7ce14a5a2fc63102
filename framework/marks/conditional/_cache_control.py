"""``cache_control``: how long and by whom an answer may be kept; and what applies by default.

Answers to authenticated requests are not kept (``no-store``) unless a mark or the handler says otherwise.
Not here: whether what was kept is still current (``marks.conditional._etags``).
Floor 4.
"""

from __future__ import annotations

import collections.abc as cabc
import datetime as dt
import typing as t

from marshmallow import fields

from ...errors import SetupError
from ...http.response import add_vary, header_of, set_default_header, set_header
from ...http.semantics import READS
from ...texts import message
from ..base import Call, Header, Mark, Phase, Plan, Record, ReplyStep, Security, Steps

if t.TYPE_CHECKING:
    from ...context import Context
    from ...http.response import Reply

Seconds: t.TypeAlias = int | dt.timedelta

NO_STORE = "no-store"


class Directives(t.TypedDict, total=False):
    """The directives of ``Cache-Control`` in an answer (RFC 9111, section 5.2.2; RFC 5861; RFC 8246)."""

    public: bool
    """Any cache may keep it, also where it would not by itself."""
    private: bool
    """Only the cache of the one client may keep it."""
    no_cache: bool
    """It is kept, and asked for each time whether it is current."""
    no_store: bool
    """No cache keeps it."""
    max_age: Seconds
    """The time for which it is fresh."""
    s_maxage: Seconds
    """Likewise, in shared caches."""
    must_revalidate: bool
    """Once it is stale it is not used without asking."""
    proxy_revalidate: bool
    """Likewise, in shared caches."""
    must_understand: bool
    """Only a cache that knows the status keeps it."""
    no_transform: bool
    """No proxy changes the body."""
    immutable: bool
    """As long as it is fresh it does not change."""
    stale_while_revalidate: Seconds
    """The time for which a stale one may be used while a new one is fetched."""
    stale_if_error: Seconds
    """The time for which a stale one may be used when fetching fails."""


_SECONDS = frozenset({"max_age", "s_maxage", "stale_while_revalidate", "stale_if_error"})
_ORDER = tuple(Directives.__annotations__)
# What makes no sense together; the second is what the first speaks against.
_AGAINST = {
    "no_store": {*_SECONDS, "public", "no_cache", "must_revalidate", "proxy_revalidate", "immutable"},
    "private": {"public", "s_maxage", "proxy_revalidate"},
    "no_cache": {"immutable", "stale_while_revalidate"},
}


class CacheControlMark(Mark):
    """The directives for caches; see :func:`cache_control`."""

    nearest_counts = True

    phase = Phase.HEADERS

    def __init__(self, vary: tuple[str, ...], directives: cabc.Mapping[str, t.Any]) -> None:
        self.varies = vary
        self.text = directives_text(directives)
        """The header; empty where only ``vary`` is given."""
        self.stores = not directives.get("no_store")

    def __repr__(self) -> str:
        return f"cache_control({self.text!r})"

    def run(self, plan: Plan) -> Steps:
        safe = plan.method in READS
        text = self.text if safe or not self.stores else ""

        def tell(ctx: Context, call: Call, reply: Reply) -> None:
            if self.text and header_of(reply, "Cache-Control") is None:
                # What was said is meant for the representation, not for whatever went wrong.
                told = NO_STORE if reply.status_code >= 400 else text
                if told:
                    set_header(reply, "Cache-Control", told)
            if safe and self.stores:
                names = [*self.varies, *credentials(call.operation.security)] if self.text else self.varies
                if names:
                    add_vary(reply, names)

        yield ReplyStep(self.phase, tell, errors=True)

    def document(self, plan: Plan) -> cabc.Iterable[Record]:
        if self.text and (plan.method in READS or not self.stores):
            yield header_record(self.text)
        if self.varies and plan.method in READS and self.stores:
            yield Header("Vary", fields.String(), message("headers.vary"))


def cache_control(*, vary: str | cabc.Iterable[str] = (), **directives: t.Unpack[Directives]) -> CacheControlMark:
    """Say who may keep the answers to GET, and for how long (RFC 9111).

    Answers to other methods get ``no_store`` alone, errors always. A handler that sets ``Cache-Control`` itself is left
    alone. On an operation with a security scheme the header of the credentials goes into ``Vary``.

    :param vary: Headers of the request that the answer depends on, for ``Vary``.
    :param directives: See :class:`Directives`: ``public``, ``private``, ``no_cache``, ``no_store``,
        ``must_revalidate``, ``immutable`` and others are booleans; ``max_age``, ``s_maxage``,
        ``stale_while_revalidate`` and ``stale_if_error`` seconds, or a ``timedelta``.
    :raises SetupError: One is unknown, has a wrong value, or speaks against another.
    """
    names = (vary,) if isinstance(vary, str) else tuple(vary)
    if not names and not any(value is not False for value in directives.values()):
        raise SetupError("cache_control says nothing. Give it a directive, like max_age=60 or no_store=True.")
    return CacheControlMark(names, directives)


def directives_text(directives: cabc.Mapping[str, t.Any]) -> str:
    """The value of ``Cache-Control``.

    :raises SetupError: A directive is unknown, has a wrong value, or speaks against another.
    """
    made = {name: text for name in directives if (text := directive_text(name, directives[name])) is not None}
    for name, others in _AGAINST.items():
        wrong = others & made.keys()
        if name in made and wrong:
            raise SetupError(
                f"cache_control says {name!r} and {min(wrong)!r}, which speak against each other. Leave one out."
            )
    if "immutable" in made and "max_age" not in made:
        raise SetupError("cache_control says 'immutable' and not how long. Give 'max_age' too.")
    if made.keys() & {"stale_while_revalidate", "stale_if_error"} and not made.keys() & {"max_age", "s_maxage"}:
        raise SetupError(
            "cache_control says what may be done with a stale answer, and never makes one stale: give 'max_age' too."
        )
    return ", ".join(made[name] for name in _ORDER if name in made)


def directive_text(name: str, value: object) -> str | None:
    """One directive as it is written; ``None`` for one that is switched off.

    :raises SetupError: It is unknown, or has a wrong value.
    """
    if name not in _ORDER:
        raise SetupError(f"cache_control got the unknown directive {name!r}. It takes {', '.join(_ORDER)} and vary.")
    written = name.replace("_", "-")
    if name not in _SECONDS:
        if not isinstance(value, bool):
            raise SetupError(f"cache_control got {name}={value!r}. Give True or False.")
        return written if value else None
    seconds = value.total_seconds() if isinstance(value, dt.timedelta) else value
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 <= seconds < 2**31:
        raise SetupError(f"cache_control got {name}={value!r}. Give seconds from 0 on, or a timedelta.")
    return f"{written}={int(seconds)}"


def header_record(text: str) -> Header:
    """Return what the document says of ``Cache-Control``."""
    return Header("Cache-Control", fields.String(metadata={"example": text}), message("headers.cache_control"))


# What holds without a mark.


def credentials(security: cabc.Iterable[Security]) -> list[str]:
    """The names of the request headers that carry the credentials of some schemes."""
    names: dict[str, None] = {}
    for record in security:
        scheme = record.scheme
        if scheme.get("type") != "apiKey":
            names["Authorization"] = None
        elif scheme.get("in") == "header":
            names[str(scheme["name"])] = None
        elif scheme.get("in") == "cookie":
            names["Cookie"] = None
    return list(names)


def default_steps(marks: cabc.Iterable[Mark], security: cabc.Sequence[Security]) -> list[ReplyStep]:
    """The step that keeps answers to authenticated requests out of caches; none where a mark says otherwise.

    :param security: What the operation asks for; nothing for operations that are open.
    """
    if not security or any(isinstance(mark, CacheControlMark) and mark.text for mark in marks):
        return []
    names = credentials(security)
    keys = [f"HTTP_{name.upper().replace('-', '_')}" for name in names]
    # Where one may also come without credentials, only who sends some is known to get an answer of his own.
    always = not any(record.optional for record in security)
    in_query = any(record.scheme.get("in") == "query" for record in security)

    def tell(ctx: Context, call: Call, reply: Reply) -> None:
        environ = ctx.request_environ
        if (
            always
            or ctx.user is not None
            or any(key in environ for key in keys)
            or (in_query and environ.get("QUERY_STRING"))
        ):
            set_default_header(reply, "Cache-Control", NO_STORE)
        elif names and environ["REQUEST_METHOD"] in READS and header_of(reply, "Cache-Control") is None:
            add_vary(reply, names)

    return [ReplyStep(Phase.HEADERS, tell, errors=True)]


def default_headers(marks: cabc.Iterable[Mark], security: cabc.Sequence[Security]) -> tuple[Header, ...]:
    """Return what :func:`default_steps` adds to the document."""
    return (header_record(NO_STORE),) if default_steps(marks, security) else ()
