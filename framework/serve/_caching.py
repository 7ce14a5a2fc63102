"""``cached``: answers that are kept on the server for a while, so that their handler is not called each time.

Kept is the answer as the handler and its schema made it; what is per request (limits, CORS, compression, 304) is added
to each. Not here: how long clients and proxies keep answers (``marks.conditional._cache_control``).
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import os
import re
import string
import time
import typing as t

import msgspec
from marshmallow import fields
from werkzeug.exceptions import HTTPException
from werkzeug.wsgi import get_host

from ..context import current
from ..errors import SetupError
from ..helpers import may_block
from ..http.idempotency import fingerprint
from ..http.reading import query_values
from ..http.response import PreparedResponse, add_header, add_vary, body_of, header_of, header_pairs_of
from ..http.semantics import SELECTS
from ..marks.base import (
    REPLAY,
    REPRESENTATION_HEADERS,
    Call,
    Header,
    Key,
    Mark,
    Phase,
    Plan,
    Record,
    ReplyStep,
    Step,
    Steps,
    marks_of,
)
from ..marks.inputs import ArgumentsMark, query_key
from ..marks.responses import ResponseMark
from ..marks.traffic import guard_of, key_function, once, redis_store, store_url, tenant_function
from ..resources.pairs import ALIAS, names_of
from ..stores.base import CircuitBreaker, Store, StoreError, ValueTooLarge
from ..stores.memory import MemoryStore
from ..texts import message
from ._deadlines import remaining

if t.TYPE_CHECKING:
    import logging
    from types import TracebackType

    from ..context import Context
    from ..http.response import Reply
    from ..marks.base import AroundFactory
    from ..typing import Application

    Owner: t.TypeAlias = cabc.Callable[[Context], str | None]

LARGEST: t.Final = 4 * 1024 * 1024
"""The most bytes of an answer that is kept."""
LONGEST: t.Final = 7 * 24 * 3600
"""The most seconds for which an answer is kept, the time included for which it is stale."""
LEASE: t.Final = 30.0
"""Seconds after which another request may make an answer that the first has not finished."""

_NAME: t.Final = "framework"
_PASS: t.Final = b"pass"
_PASS_SECONDS: t.Final = 2.0
_PAUSES: t.Final = (0.005, 0.1)
_MADE: t.Final = ("ETag", "Last-Modified", "Link", "Vary")
_NOT_KEPT: t.Final = frozenset({"set-cookie", "content-length", "age", "cache-status"})
_CREDENTIALS: t.Final = ("HTTP_AUTHORIZATION", "HTTP_COOKIE", "REMOTE_USER")
_HEADER: t.Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONSEQUENCE: t.Final = "Cached answers are made anew meanwhile."


class KeptAnswer(msgspec.Struct, frozen=True, array_like=True):
    """An answer in the store."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    made: float
    """When it was made, by the clock of the machine."""
    fresh: float
    """Until when it is given without being made anew."""
    tags: dict[str, bytes]
    """The generation of each of its tags, as it was before the handler was called."""


_encode: t.Final = msgspec.msgpack.encode
_decoder: t.Final = msgspec.msgpack.Decoder(KeptAnswer)


class AnswerStore:
    """The store of answers of an application. Where it is away, nothing is found and nothing is kept.

    :param store: The store.
    :param guard: The circuit breaker before it.
    :param logger: Where the breaker says that the store is away.
    """

    def __init__(self, store: Store, guard: CircuitBreaker, logger: logging.Logger) -> None:
        self._store = store
        self._guard = guard
        self._logger = logger

    def ask(self, function: str, *arguments: object) -> t.Any:
        """Call a method of the store.

        :raises StoreAway: It does not answer.
        """
        return self._guard.run(self._logger, getattr(self._store, function), *arguments)

    def find(self, place: str) -> KeptAnswer | None:
        """Return the answer that is kept in a place, if none of its tags was purged.

        :raises StoreAway: The store does not answer.
        """
        record: bytes | None = self.ask("get", place)
        if record is None:
            return None
        try:
            found = _decoder.decode(record)
        except msgspec.DecodeError:  # of another version of the framework
            return None
        return found if all(self.ask("get", _tag_key(tag)) == known for tag, known in found.tags.items()) else None

    def generations(self, tags: cabc.Iterable[str]) -> dict[str, bytes]:
        """Return the generation of each tag; one that has none gets one, so that its loss is noticed.

        :raises StoreAway: The store does not answer.
        """
        found = {}
        for tag in tags:
            made = os.urandom(8)
            found[tag] = self.ask("get", _tag_key(tag)) or self.ask("add", _tag_key(tag), made, 2 * LONGEST) or made
        return found


def _tag_key(tag: str) -> str:
    return f"cached:tag:{fingerprint([tag.encode('utf-8', 'surrogatepass')]).hex()}"


def open_store(app: Application, own: Store | None) -> AnswerStore:
    """Return the store of answers of an application; opened at the first use.

    :param own: The one that a mark was given.
    """
    url = None if own is not None else store_url(app.config, "CACHE")

    def make() -> AnswerStore:
        store = own  # an empty one is false
        if store is None:
            store = MemoryStore() if url is None else redis_store(app, url)
        return AnswerStore(store, guard_of(app, store, _CONSEQUENCE), app.logger)

    return once(app, ("cached", url if own is None else id(own)), make)


class Flight:
    """A request that makes an answer while others wait for it.

    :param lock: The key of the store that says so; ``None`` where others make the same side by side.
    :param tags: The generations of the answer's tags, before the handler is called.
    """

    def __init__(self, answers: AnswerStore, place: str, lock: bytes | None, tags: dict[str, bytes], why: str) -> None:
        self.answers = answers
        self.place = place
        self.tags = tags
        self.why = why
        """The member of ``Cache-Status`` that says why the handler is called."""
        self.names: frozenset[str] | None = None
        """The headers that the handler has set, in lower case; ``None``: its answer must not be kept."""
        self._lock = lock

    def end(self, kept: bytes | None, seconds: float, *, made: bool) -> bool:
        """Keep the answer, or let those go who wait for it; return whether it was kept.

        :param kept: The record; ``None``: it cannot be kept.
        :param seconds: How long it is kept.
        :param made: Whether there is an answer of the handler.
        """
        lock, self._lock = self._lock, None
        stored = False
        try:
            if kept is not None:
                with contextlib.suppress(ValueTooLarge):
                    self.answers.ask("set", self.place, kept, seconds)
                    stored = True
            if lock is None:
                return stored
            if stored or not made:
                self.answers.ask("delete", f"{self.place}:lock", lock)
            else:
                self.answers.ask("replace", f"{self.place}:lock", lock, _PASS, _PASS_SECONDS)
        except StoreError:  # the guard logs it, and the lock ends by itself
            pass
        return stored


_FLIGHT: t.Final = Key[Flight]("flight")
_FORWARDED: t.Final = Key[str]("why the handler answers")


class CachedMark(Mark):
    """Answers that are kept; see :func:`cached`."""

    nearest_counts = True
    around_phase = Phase.HANDLER

    def __init__(
        self,
        seconds: float,
        *,
        vary: tuple[str, ...],
        public: bool,
        by: Owner | None,
        statuses: tuple[int, ...],
        stale: float,
        tags: tuple[str, ...],
        wait: float,
        store: Store | None,
    ) -> None:
        self.seconds = seconds
        self.varies = vary
        self.public = public
        self.by = by
        self.statuses = statuses
        self.stale = stale
        self.tags = tags
        self.wait = wait
        self.store = store

    def __repr__(self) -> str:
        return f"cached({self.seconds!r})"

    def applies(self, plan: Plan) -> bool:
        """Return whether the operation is one whose answers can be kept.

        :raises SetupError: The mark is on one whose answers cannot.
        """
        outcomes = [mark.outcome for mark in plan.marks if isinstance(mark, ResponseMark)]
        is_whole = not any(each.items is not None or each.is_binary for each in outcomes)
        is_known = plan.method != "QUERY" or any(
            isinstance(mark, ArgumentsMark) and "json" in mark.places and mark.applies(plan) for mark in plan.marks
        )
        if names_of(plan.rule) is ALIAS:
            return False  # a POST that does what a QUERY does is a POST to all caches
        if self in marks_of(plan.handler):
            if plan.method not in SELECTS:
                raise SetupError(
                    f"{plan.called} ({plan.address}) is marked cached, and only answers to GET and QUERY are kept. Take"
                    " the mark away."
                )
            if not is_known:
                raise SetupError(
                    f"{plan.called} ({plan.address}) is marked cached, and no mark reads the body of the QUERY, which"
                    " says what is asked for. Declare it with @arguments, or take the mark away."
                )
            if not is_whole:
                raise SetupError(
                    f"{plan.called} ({plan.address}) is marked cached, and its answer is made while it is sent. Take"
                    " the mark away."
                )
        return plan.method in SELECTS and is_known and is_whole

    def run(self, plan: Plan) -> Steps:
        if not self.applies(plan):
            return
        if self.store is None:
            store_url(plan.config, "CACHE")  # a setting that names no store is found now
        names = {name for _, name, _, _ in map_of_tags(self.tags) if name is not None}
        unknown = names - set(plan.rule.arguments)
        if unknown:
            raise SetupError(
                f"{self!r} on {plan.called} ({plan.address}) has a tag with {{{min(unknown)}}}, which is not a variable"
                " of the path."
            )
        # One request waits for the answer to another, whatever the store.
        yield Step(Phase.PRECONDITION, self._look_step(plan), blocks=True)
        yield ReplyStep(Phase.HEADERS, self._keep_step(plan), errors=True, blocks=True)

    def around(self, plan: Plan) -> AroundFactory | None:
        if not self.applies(plan):
            return None
        known = frozenset(("accept", *(name.lower() for name in self._names_in_key(plan))))

        def land(ctx: Context, call: Call) -> Landing | None:
            flight = call.notes.get(_FLIGHT)
            return Landing(ctx, call, flight, known) if flight else None

        may_block(land)
        return land

    def document(self, plan: Plan) -> cabc.Iterable[Record]:
        if not self.applies(plan):
            return
        declared = {mark.outcome.status for mark in plan.marks if isinstance(mark, ResponseMark)} or {200}
        for status in sorted(declared.intersection(self.statuses)):
            yield Header("Cache-Status", fields.String(), message("headers.cache_status"), status=status)
            yield Header("Age", fields.Integer(), message("headers.age"), status=status)
            if self.varies:
                yield Header("Vary", fields.String(), message("headers.vary"), status=status)

    # Finding

    def _look_step(self, plan: Plan) -> cabc.Callable[[Context, Call], PreparedResponse | None]:
        place_of = self._place_function(plan)

        def look(ctx: Context, call: Call) -> PreparedResponse | None:
            place = place_of(ctx, call)
            if place is None:
                call.notes[_FORWARDED] = "fwd=bypass"
                return None
            answers = open_store(ctx.app, self.store)
            try:
                return self._find(answers, place, call, is_head=ctx.request_environ["REQUEST_METHOD"] == "HEAD")
            except StoreError:  # away, which the guard logs, or too small: the handler answers
                call.notes[_FORWARDED] = "fwd=bypass"
                return None

        return look

    def _find(self, answers: AnswerStore, place: str, call: Call, *, is_head: bool) -> PreparedResponse | None:
        """Return an answer that is kept; ``None``: this request makes it.

        :raises StoreError: The store does not answer, or is too small.
        :raises DeadlineExceeded: The time of the request is over.
        """
        token, ends = os.urandom(8), time.monotonic() + t.cast(float, remaining(self.wait))
        pause, longest = _PAUSES
        waited = False
        while True:
            found = answers.find(place)
            now = time.time()
            if found is not None and now < found.fresh:
                return self._given(found, now, call, waited=waited)
            if is_head:  # a handler may leave the body out
                call.notes[_FORWARDED] = "fwd=uri-miss"
                return None
            lock: bytes | None = answers.ask("add", f"{place}:lock", token, LEASE)
            if lock is None:
                found = answers.find(place)  # another request may have made it since
                if found is not None and now < found.fresh:
                    answers.ask("delete", f"{place}:lock", token)
                    return self._given(found, now, call, waited=waited)
            if lock is None or lock == _PASS or (found is None and time.monotonic() >= ends):
                remaining()  # a handler that cannot end in time is not called
                tags = answers.generations(tag.format_map(call.view_args) for tag in self.tags)
                why = "fwd=uri-miss" if found is None else "fwd=stale"
                call.notes[_FLIGHT] = Flight(answers, place, token if lock is None else None, tags, why)
                return None
            if found is not None:
                return self._given(found, now, call)
            waited = True
            time.sleep(pause)
            pause = min(2 * pause, longest)

    def _given(self, found: KeptAnswer, now: float, call: Call, *, waited: bool = False) -> PreparedResponse:
        status = f"{_NAME}; {'fwd=uri-miss; collapsed' if waited else 'hit'}; ttl={int(found.fresh - now)}"
        age = str(max(0, int(now - found.made)))
        reply = PreparedResponse(found.status, [*found.headers, ("Age", age), ("Cache-Status", status)], found.body)
        call.notes[REPLAY] = reply
        return reply

    # Keys

    def _place_function(self, plan: Plan) -> cabc.Callable[[Context, Call], str | None]:
        """Return what finds the place of the answer to a request; ``None`` for one that nothing is kept for."""
        owner_of = self._owner_function(plan)
        tenant_of = tenant_function("user", plan)
        keys = tuple(f"HTTP_{name.upper().replace('-', '_')}" for name in self._names_in_key(plan))
        guarded = tuple(key for key in _CREDENTIALS if key not in keys)
        is_query = plan.method == "QUERY"

        def place_of(ctx: Context, call: Call) -> str | None:
            environ = ctx.request_environ
            if not self.public and ctx.user is None and self.by is None and any(key in environ for key in guarded):
                return None  # the handler may read by hand who it is
            owner = owner_of(ctx)
            if owner is None:
                return None
            tenant = "" if tenant_of is None else str(tenant_of(ctx))
            kind = "" if ctx.media_type is None else ctx.media_type.name
            parts = [call.operation.endpoint, call.operation.address, kind, owner, tenant, get_host(environ)]
            parts += [environ["wsgi.url_scheme"], environ.get("SCRIPT_NAME", ""), environ.get("PATH_INFO", "")]
            parts += [f"{key in environ:d}{environ.get(key, '')}" for key in keys]
            parts += query_parts(environ.get("QUERY_STRING", ""))
            if is_query:
                parts.append(query_key(ctx, call).decode("latin-1"))
            return "cached:" + fingerprint(part.encode("utf-8", "surrogatepass") for part in parts).hex()

        return place_of

    def _names_in_key(self, plan: Plan) -> tuple[str, ...]:
        """Return the headers that the answer depends on, as the marks of the operation say."""
        named = [name for mark in plan.marks for name in getattr(mark, "varies", ())]
        return tuple({name.lower(): name for name in (*self.varies, *named)}.values())

    def _owner_function(self, plan: Plan) -> Owner:
        if self.public:
            return lambda ctx: ""
        if self.by is not None:
            ask = plan.ensure_sync(self.by)

            def own(ctx: Context) -> str | None:
                given = ask(ctx)
                return None if given is None else f"by:{given}"

            return own
        user_of = key_function("user", plan)
        return lambda ctx: "" if ctx.user is None else user_of(ctx)

    # Keeping

    def _keep_step(self, plan: Plan) -> cabc.Callable[[Context, Call, Reply], None]:
        def keep(ctx: Context, call: Call, reply: Reply) -> None:
            if self.varies:
                add_vary(reply, self.varies)
            flight = call.notes.pop(_FLIGHT, None)
            if flight is None:
                why = call.notes.get(_FORWARDED)
                if why is not None:
                    add_header(reply, "Cache-Status", f"{_NAME}; {why}")
                return
            # A 304 is for this client; kept is the answer in whose place it is sent, which has the tag too.
            whole = call.reply if reply.status_code == 304 and call.reply is not None else reply
            record = None
            made = {name.lower() for name in (*(plan.notes.get(REPRESENTATION_HEADERS) or ()), *_MADE)}
            if call.reply is not None and flight.names is not None and self._may_keep(ctx, whole):
                record = self._record(whole, made | flight.names, flight.tags)
            stored = flight.end(record, self.seconds + self.stale, made=call.begun)
            add_header(reply, "Cache-Status", f"{_NAME}; {flight.why}{'; stored' if stored else ''}")

        return keep

    def _may_keep(self, ctx: Context, reply: Reply) -> bool:
        if reply.status_code not in self.statuses or header_of(reply, "Set-Cookie") is not None:
            return False
        session = ctx._session
        # What a session says is one client's own, and what is written to it leaves as a cookie.
        return session is None or (not session.modified and (self.public or ctx.user is not None))

    def _record(self, reply: Reply, names: cabc.Container[str], tags: dict[str, bytes]) -> bytes | None:
        body = body_of(reply)
        if body is None or len(body) > LARGEST:
            return None
        headers = [(name, value) for name, value in header_pairs_of(reply) if name.lower() in names]
        now = time.time()
        return _encode(KeptAnswer(reply.status_code, headers, body, now, now + self.seconds, tags))


class Landing:
    """The context manager around a handler whose answer others wait for: an exception lets them go at once.

    :param known: The headers of the request that the place depends on, in lower case.
    """

    __slots__ = ("_call", "_ctx", "_flight", "_known")

    def __init__(self, ctx: Context, call: Call, flight: Flight, known: frozenset[str]) -> None:
        self._ctx = ctx
        self._call = call
        self._flight = flight
        self._known = known

    def __enter__(self) -> None:
        """Do nothing: the flight has begun where nothing was found."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        reply = self._call.reply
        if error is not None or reply is None:
            self._flight.end(None, 0, made=True)
            return
        # The handler's own headers: marks have added nothing so far.
        pairs = [(name.lower(), value.lower()) for name, value in header_pairs_of(reply)]
        told = [value for name, value in pairs if name == "cache-control"]
        varies = {word.strip() for name, value in pairs if name == "vary" for word in value.split(",")}
        if not (
            any("no-store" in value for value in told) or varies - self._known or self._ctx._after_request_functions
        ):
            self._flight.names = frozenset(name for name, _ in pairs) - _NOT_KEPT


def query_parts(query: str) -> list[str]:
    """Return the names and values of a query, such that the order of different names does not matter."""
    try:
        values = query_values({"QUERY_STRING": query})
    except HTTPException:
        return [query]
    return [text for name in sorted(values) for text in (name, str(len(values[name])), *values[name])]


def map_of_tags(tags: cabc.Iterable[str]) -> cabc.Iterator[tuple[str, str | None, str | None, str | None]]:
    """Return the parts of tags, as :meth:`string.Formatter.parse` gives them."""
    for tag in tags:
        yield from string.Formatter().parse(tag)


def cached(
    seconds: float,
    *,
    vary: str | cabc.Iterable[str] = (),
    public: bool = False,
    by: Owner | None = None,
    statuses: cabc.Iterable[int] = (200,),
    stale: float = 0,
    tags: str | cabc.Iterable[str] = (),
    wait: float = 5,
    store: Store | None = None,
) -> CachedMark:
    """Keep answers to GET on the server, so that the handler is not called for each request.

    Answers are never shared between users. Authentication, permissions, limits and inputs are checked for every
    request, before anything that is kept is given. Of several requests for an answer that is not there one makes it,
    and the others wait. Where the store is away, the handler answers.

    :param seconds: How long an answer is fresh.
    :param vary: Headers of the request that the answer depends on; they go into ``Vary`` too. Known without: host,
        path, query, user, tenant, version, the media type of ``produces``, and what ``cache_control(vary=...)`` names.
    :param public: Whether one answer is good for every user.
    :param by: A function of the context that names whose answer it is, in place of the user; ``None`` from it: this
        request is answered by the handler.
    :param statuses: The statuses of answers that are kept, below 400.
    :param stale: Seconds for which a stale answer is given while one request makes a new one.
    :param tags: Names by which :func:`purge` forgets answers; ``"pet:{pet_id}"`` has a value of the path.
    :param wait: Seconds for which a request waits for the one that makes its answer; then it makes one itself.
    :param store: Where answers are kept. Default: ``CACHE_STORE_URL``.
    :raises SetupError: A value is not what it should be.
    """
    for name, value in (("seconds", seconds), ("stale", stale), ("wait", wait)):
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= LONGEST:
            raise SetupError(f"cached got {name}={value!r}. Give seconds from 0 to {LONGEST}.")
    if not seconds or seconds + stale > LONGEST:
        raise SetupError(
            f"cached({seconds!r}, stale={stale!r}) keeps answers for no time, or for more than {LONGEST} s."
        )
    names = (vary,) if isinstance(vary, str) else tuple(vary)
    for name in names:
        if not isinstance(name, str) or not _HEADER.fullmatch(name):
            raise SetupError(f"cached got vary={name!r}, which is not the name of a header.")
    kept = tuple(statuses)
    if not kept or any(not isinstance(each, int) or not 200 <= each < 400 or each in (206, 304) for each in kept):
        raise SetupError(
            f"cached got statuses={kept!r}. Give some below 400, without 206 and 304: errors are not kept."
        )
    if by is not None and (public or not callable(by)):
        raise SetupError(f"cached got by={by!r}. Give a function of the context, and not 'public' with it.")
    if store is not None and not isinstance(store, Store):
        raise SetupError(f"{store!r} is not a store. Give a MemoryStore, a RedisStore, or set CACHE_STORE_URL.")
    labels = (tags,) if isinstance(tags, str) else tuple(tags)
    return CachedMark(
        seconds, vary=names, public=public, by=by, statuses=kept, stale=stale, tags=labels, wait=wait, store=store
    )


def purge(*tags: str) -> bool:
    """Forget the answers that are kept under some tags, in every process that shares the store.

    An answer that is being made meanwhile is not kept either. Call it when the write is done: after the commit.

    :param tags: The tags, as answers have them: ``"pet:7"``.
    :return: Whether it is done. ``False``: the store is away, and what it keeps may be given once it is back, for as
        long as it is fresh or stale.
    :raises RuntimeError: There is no current application.
    """
    app = current().app
    marks = (mark for operation in app.operations for mark in operation.marks if isinstance(mark, CachedMark))
    done = True
    for answers in {open_store(app, mark.store): None for mark in marks}:
        try:
            for tag in tags:
                answers.ask("set", _tag_key(tag), os.urandom(8), 2 * LONGEST)
        except StoreError:
            done = False
    if not done:
        app.logger.error("Cached answers could not be purged: %s. They are given until they expire.", ", ".join(tags))
    return done
