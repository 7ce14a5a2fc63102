"""``retired``: an operation on its way out says so in its answers and in the document, and its callers are counted.

Headers by RFC 9745 (``Deprecation``), RFC 8594 (``Sunset``) and RFC 8288 (``Link``). The command ``framework retired``
prints the counts.
Floor 5.
"""

from __future__ import annotations

import collections.abc as cabc
import datetime as dt
import json
import re
import threading
import typing as t
from urllib.parse import quote

from marshmallow import fields
from werkzeug.http import http_date

from ..errors import Gone, SetupError
from ..http.response import PreparedResponse, Reply
from ..marks.base import Call, Doc, Header, Mark, Outcome, Phase, Plan, Record, ReplyStep, Step, Steps
from ..marks.traffic import once, redis_store, store_url
from ..stores.base import CircuitBreaker, StoreAway
from ..stores.memory import MemoryStore
from ..texts import message

if t.TYPE_CHECKING:
    from ..context import Context
    from ..stores.base import Store
    from ..typing import Application

    Moment: t.TypeAlias = str | dt.date | dt.datetime
    Caller: t.TypeAlias = cabc.Callable[[Context], str]

KEPT = 90 * 24 * 3600.0
"""Seconds for which a count is kept, from the first call."""
MAX_CALLERS = 1000
"""The most callers of one operation that are counted apart."""
OTHERS = "(others)"
NOBODY = "(no user agent)"
_MAX_NAME = 200
_NOTED_AGAIN = 24 * 3600.0
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_IN_BRACES = re.compile(r"\{(\w+)\}")


class Retired(Gone):
    """The operation has been removed. The header `Link` leads to its replacement, if there is one."""


class RetiredMark(Mark):
    """An operation on its way out; see :func:`retired`."""

    nearest_counts = True

    phase = Phase.RETIRED

    def __init__(
        self,
        since: dt.datetime,
        until: dt.datetime | None,
        replaced_by: str | None,
        information: str | None,
        gone: bool,
        caller: Caller,
    ) -> None:
        self.since = since
        self.until = until
        self.replaced_by = replaced_by
        self.information = information
        self.gone = gone
        self.caller = caller

    def __repr__(self) -> str:
        return "retired()" if self.until is None else f"retired(until={self.until.isoformat()!r})"

    def run(self, plan: Plan) -> Steps:
        self._check_replacement(plan)
        label = plan.address
        caller = self.caller
        fixed = [("Deprecation", f"@{int(self.since.timestamp())}")]
        if self.until is not None:
            fixed.append(("Sunset", http_date(self.until)))

        def begin(ctx: Context, call: Call) -> None:
            counts_of(ctx.app).count(ctx, label, caller(ctx))
            if self.gone and dt.datetime.now(dt.UTC) >= t.cast(dt.datetime, self.until):
                raise Retired()

        def finish(ctx: Context, call: Call, reply: Reply) -> None:
            add = reply.add_header if type(reply) is PreparedResponse else reply.headers.add
            for name, value in fixed:
                add(name, value)
            for link in self._links(ctx, call):
                add("Link", link)

        return [Step(Phase.RETIRED, begin), ReplyStep(Phase.HEADERS, finish, errors=True)]

    def _links(self, ctx: Context, call: Call) -> cabc.Iterator[str]:
        if self.replaced_by is not None:
            values = call.view_args
            target = _IN_BRACES.sub(lambda found: quote(str(values[found[1]]), safe=""), self.replaced_by)
            yield f'<{self._absolute(ctx, target)}>; rel="successor-version"'
        if self.information is not None:
            yield f'<{self._absolute(ctx, self.information)}>; rel="deprecation"; type="text/html"'

    @staticmethod
    def _absolute(ctx: Context, target: str) -> str:
        """A path of the application below its prefix; a whole URL as it is."""
        root = ctx.request_environ.get("SCRIPT_NAME", "").rstrip("/")
        return root + target if target.startswith("/") else target

    def _check_replacement(self, plan: Plan) -> None:
        if self.replaced_by is None:
            return
        unknown = set(_IN_BRACES.findall(self.replaced_by)) - set(plan.rule.arguments)
        if unknown:
            raise SetupError(
                f"{plan.called} is retired in favour of {self.replaced_by!r}, and the route"
                f" {plan.rule.rule!r} has no variable {min(unknown)!r}. Use those that it has, or a path without any."
            )

    def document(self, plan: Plan) -> cabc.Iterable[Record]:
        extra = {} if self.until is None else {"x-sunset": self.until.date().isoformat()}
        yield Doc(deprecated=True, extra=extra)
        statuses: tuple[int | None, ...] = (None, 410) if self.gone else (None,)
        for status in statuses:
            yield Header(
                "Deprecation",
                fields.String(),
                message("headers.deprecation"),
                status=status,
                required=True,
            )
            if self.until is not None:
                text = message("headers.sunset")
                yield Header("Sunset", fields.String(), text, status=status, required=True)
            if self.replaced_by is not None or self.information is not None:
                text = message("headers.link.replacement")
                yield Header("Link", fields.String(), text, status=status)
        if self.gone:
            yield Outcome(410, error=Retired)


def retired(
    *,
    until: Moment | None = None,
    replaced_by: str | None = None,
    since: Moment | None = None,
    information: str | None = None,
    gone: bool = False,
    caller: Caller | None = None,
) -> RetiredMark:
    """Say that an operation is on its way out.

    Its answers, errors included, carry ``Deprecation``, and ``Sunset`` and ``Link`` where these are known; the document
    calls it deprecated. Calls are counted by caller.

    :param until: When it goes out of service: a date (the beginning of that day, UTC), a moment with its zone, or
        either as ISO text.
    :param replaced_by: The URL or path of what to use instead. ``{name}`` stands for that variable of the route.
    :param since: Since when it is on its way out. Default: no moment is known, and the header says ``@0``.
    :param information: The URL or path of a page to read more.
    :param gone: Whether it answers 410 from ``until`` on.
    :param caller: Takes the context and names who calls. Default: the ``User-Agent``.
    :raises SetupError: A moment is none, the moments are in the wrong order, or ``gone`` is given without ``until``.
    """
    begins, ends = moment(since, "since") or _EPOCH, moment(until, "until")
    if gone and ends is None:
        raise SetupError("retired(gone=True) needs to know when. Give 'until' as well.")
    if ends is not None and ends < begins:
        raise SetupError(f"retired() ends on {ends} and begins on {begins}. Give a 'since' before the 'until'.")
    for text in (replaced_by, information):
        if text is not None and not re.fullmatch(r"(?:/|[a-z][a-z0-9+.-]*://)[!#-;=?-~]*", text):
            raise SetupError(f"retired() got {text!r}. Give a path that begins with '/', or a whole URL.")
    return RetiredMark(begins, ends, replaced_by, information, gone, caller or user_agent)


def moment(value: Moment | None, name: str) -> dt.datetime | None:
    """A moment as one with its zone.

    :raises SetupError: It is none, or has no zone.
    """
    if isinstance(value, str):
        try:
            value = dt.date.fromisoformat(value) if len(value) == 10 else dt.datetime.fromisoformat(value)
        except ValueError:
            raise SetupError(f"retired({name}={value!r}) is not a date. Write it like '2026-12-31'.") from None
    if isinstance(value, dt.datetime):
        if value.tzinfo is None:
            raise SetupError(f"retired({name}={value!r}) has no zone. Give one, like tzinfo=datetime.UTC, or a date.")
        return value
    return None if value is None else dt.datetime(value.year, value.month, value.day, tzinfo=dt.UTC)


def user_agent(ctx: Context) -> str:
    """Return what the client calls itself, as text for a table: printable, and not too long."""
    name = ctx.request_environ.get("HTTP_USER_AGENT", "")
    return "".join(char for char in name if char.isprintable())[:_MAX_NAME].strip() or NOBODY


class Counts:
    """The counts of calls of retired operations by client, in a store.

    :param store: Where the counts are.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self._guard = CircuitBreaker(f"The {type(store).__name__}", "Calls of retired operations are not counted.")
        # (operation, caller) -> when the caller was put on the operation's list.
        self._noted: dict[tuple[str, str], float] = {}
        # Operation -> its list as it was last read, in bytes and in names.
        self._lists: dict[str, tuple[bytes, frozenset[str]]] = {}
        self._lock = threading.Lock()

    def count(self, ctx: Context, operation: str, caller: str) -> None:
        """Count a call. A store that is away loses it."""
        try:
            self._guard.run(ctx.app.logger, self._count, operation, caller)
        except StoreAway:
            return

    def _count(self, operation: str, caller: str) -> None:
        key, now = (operation, caller), dt.datetime.now(dt.UTC).timestamp()
        if self._noted.get(key, 0.0) + _NOTED_AGAIN < now:
            caller = self._note(operation, caller)
            with self._lock:
                if len(self._noted) >= 10 * MAX_CALLERS:
                    self._noted.clear()
                if caller != OTHERS:
                    self._noted[key] = now
        self.store.increment(self._key(operation, caller), KEPT)

    def _note(self, operation: str, caller: str) -> str:
        """Put a caller on the operation's list; a caller that finds it full counts as one of the others."""
        key = self._key(operation)
        while True:
            old = self.store.get(key)
            if old is not None and caller not in (there := self._names(operation, old)) and OTHERS in there:
                return OTHERS  # PERF: a list of a thousand names takes 2 ms to read and write
            known: list[str] = [] if old is None else json.loads(old)
            if caller not in known and len(known) >= MAX_CALLERS:
                caller = OTHERS
            new = json.dumps(known if caller in known else [*known, caller]).encode()
            if old is None:
                written = self.store.add(key, new, KEPT) is None
            else:
                written = self.store.replace(key, old, new, KEPT)
            if written:
                return caller

    def _names(self, operation: str, listed: bytes) -> frozenset[str]:
        """The callers on an operation's list."""
        last = self._lists.get(operation)
        if last is None or last[0] != listed:
            last = self._lists[operation] = (listed, frozenset(json.loads(listed)))
        return last[1]

    def of(self, operation: str) -> dict[str, int]:
        """Return how often each caller has called an operation, most often first.

        :raises StoreAway: The store does not answer.
        """
        listed = self.store.get(self._key(operation))
        found = {}
        for caller in json.loads(listed) if listed else ():
            count = self.store.get(self._key(operation, caller))
            if count is not None:
                found[caller] = int(count)
        return dict(sorted(found.items(), key=lambda item: -item[1]))

    @staticmethod
    def _key(operation: str, caller: str | None = None) -> str:
        return f"retired:{operation}" if caller is None else f"retired:{operation}:{caller}"


def counts_of(app: Application) -> Counts:
    """Return where an application counts: in the store of ``RETIRED_STORE_URL`` or ``STORE_URL``, or in this process.

    :raises SetupError: The setting is not a URL of a store.
    """
    url = store_url(app.config, "RETIRED")
    return once(app, ("retired", url), lambda: Counts(MemoryStore() if url is None else redis_store(app, url)))
