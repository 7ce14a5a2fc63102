"""``limit``: how often a client may call.

Counting is done by the library ``limits``, loaded when an application with a limit freezes. The answers carry the
fields of the IETF draft "RateLimit header fields for HTTP" (draft-ietf-httpapi-ratelimit-headers, from version 08 on).
Not here: who the client is (``marks.traffic._clients``), the counters (``stores.counters``, the library).
Floor 4.
"""

from __future__ import annotations

import collections.abc as cabc
import typing as t

from marshmallow import fields

from ... import errors
from ...http.response import PreparedResponse
from ...stores.base import PAUSE, StoreAway
from ...stores.redis import RedisStore
from ...texts import message
from ..base import Call, Header, Key, Mark, Outcome, Phase, Plan, Record, ReplyStep, Step, Steps
from ._backend import Meter, Window, is_remote, known_strategy, open_meter, parse_windows
from ._clients import By, bounded, key_function, name_of, phase_of

if t.TYPE_CHECKING:
    from ...context import Context
    from ...http.response import Reply

Cost: t.TypeAlias = int | cabc.Callable[["Context"], int]

POLICY = message("headers.rate_limit_policy")
STATE = message("headers.rate_limit")

LIMITS: t.Final = Key["LimitPlan"]("limits")
"""The limits of an operation together, in ``Plan.notes``."""
COUNTED: t.Final = Key[list[tuple[Window, tuple[int, int]]]]("counted")
"""The rest of each limit after this request, with the seconds until it is full again, in ``Call.notes``."""


class RateLimitExceeded(errors.TooManyRequests):
    """The client has sent too many requests. `Retry-After` says in how many seconds it may retry."""

    description = message("rate_limit_exceeded.detail")


class RateLimitUnavailable(errors.ServiceUnavailable):
    """Rate limits are temporarily unavailable, and no request is let through unchecked."""

    description = message("rate_limit_unavailable.detail")


class Limit(Mark):
    """A limit on calls; see :func:`limit`."""

    def __init__(
        self,
        windows: tuple[str, ...],
        by: By,
        name: str | None,
        shared: bool,
        overrides: tuple[str, ...],
        cost: Cost,
        exempt: cabc.Callable[[Context], t.Any] | None,
        strategy: str | None,
        when_away: str | None,
        store: RedisStore | None,
    ) -> None:
        self.windows = windows
        self.by = by
        self.name = name
        self.shared = shared
        self.overrides = frozenset(overrides)
        self.cost = cost
        self.exempt = exempt
        self.strategy = strategy
        self.when_away = when_away
        self.store = store

    def __repr__(self) -> str:
        return f"limit({', '.join(map(repr, self.windows))})"

    def merge(self, inner: tuple[Mark, ...]) -> tuple[Mark, ...]:
        """An outer limit applies in addition to the inner ones, unless one of these overrides it by its name."""
        if self.name is not None and any(isinstance(mark, Limit) and self.name in mark.overrides for mark in inner):
            return inner
        return (self, *inner)

    def run(self, plan: Plan) -> Steps:
        limits = limits_of(plan)
        if not self.windows or not plan.config["RATELIMIT_ENABLED"]:
            return
        blocks = is_remote(plan.config, self.store)  # a setting that names no store is found now
        yield Step(phase_of(self.by), self._check_step(plan, limits.windows[id(self)], limits.tells), blocks)
        if limits.first is self and limits.tells:
            yield ReplyStep(Phase.HEADERS, tell_step(limits.policy), errors=True)

    def _check_step(self, plan: Plan, windows: tuple[Window, ...], tells: bool) -> cabc.Callable[[Context, Call], None]:
        key_of = key_function(self.by, plan)
        exempt = None if self.exempt is None else plan.ensure_sync(self.exempt)
        cost_of = plan.ensure_sync(self.cost) if callable(self.cost) else None
        fixed = 1 if callable(self.cost) else self.cost
        # All versions of an API count together: the first part of their endpoints is the version.
        is_version = getattr(plan.rule, "version", None) is not None
        endpoint = plan.endpoint.partition(".")[2] if is_version else plan.endpoint
        scope = f"{self.name}" if self.shared else f"{plan.method} {endpoint} {self.name or ''}"
        lets_pass = self.lets_pass(plan)
        strategy = known_strategy(self.strategy or plan.config["RATELIMIT_STRATEGY"])
        meter: Meter | None = None

        def check(ctx: Context, call: Call) -> None:
            nonlocal meter
            if exempt is not None and exempt(ctx):
                return
            cost = fixed if cost_of is None else cost_of(ctx)
            if cost < 1:
                return
            if meter is None:
                meter = open_meter(ctx.app, strategy, lets_pass, self.store)
            try:
                allowed, states = meter.take(windows, f"{scope}\n{bounded(key_of(ctx))}", cost, tells)
            except StoreAway:
                if lets_pass:
                    return
                raise RateLimitUnavailable(retry_after=max(1, round(PAUSE))) from None
            if tells:
                call.notes.setdefault(COUNTED, []).extend(zip(windows, states, strict=True))
            if not allowed:
                seconds = max((left for remaining, left in states if remaining < cost), default=1)
                raise RateLimitExceeded(retry_after=max(1, seconds))

        return check

    def lets_pass(self, plan: Plan) -> bool:
        """Return whether calls go on while the store is away.

        :raises SetupError: Neither the mark nor the setting says so in the words there are.
        """
        chosen = self.when_away or plan.config["RATELIMIT_WHEN_AWAY"]
        if chosen not in ("open", "closed"):
            raise errors.SetupError(
                f"{chosen!r} does not say what happens while the store of the limits is away. Set"
                " RATELIMIT_WHEN_AWAY, or 'when_away=', to 'open' (calls go on, uncounted) or 'closed' (503)."
            )
        return t.cast(bool, chosen == "open")

    def document(self, plan: Plan) -> cabc.Iterable[Record]:
        if not self.windows:
            return
        told: tuple[Header, ...] = ()
        if limits_of(plan).tells:
            told = (Header("RateLimit", fields.String(), STATE), Header("RateLimit-Policy", fields.String(), POLICY))
        yield from told
        yield Outcome(429, error=RateLimitExceeded, headers=told)
        if not self.lets_pass(plan) and is_remote(plan.config, self.store):
            yield Outcome(503, error=RateLimitUnavailable)


class LimitPlan:
    """The limits of one operation together.

    :param plan: The operation in the making.
    :raises SetupError: A limit does not fit.
    """

    def __init__(self, plan: Plan) -> None:
        marks = [mark for mark in plan.marks if isinstance(mark, Limit) and mark.windows]
        taken: set[str] = set()
        self.first = marks[0] if marks else None
        self.tells = bool(plan.config["RATELIMIT_HEADERS"])
        self.windows: dict[int, tuple[Window, ...]] = {}
        for mark in marks:
            cost = 1 if callable(mark.cost) else mark.cost
            name = mark.name or name_of(mark.by)
            self.windows[id(mark)] = parse_windows(mark.windows, name, cost, taken, plan.called)
        self.policy = ", ".join(window.policy for windows in self.windows.values() for window in windows)


def limits_of(plan: Plan) -> LimitPlan:
    """Return the limits of an operation together; collected when the first of them asks."""
    found = plan.notes.get(LIMITS)
    if found is None:
        found = plan.notes[LIMITS] = LimitPlan(plan)
    return found


def tell_step(policy: str) -> cabc.Callable[[Context, Call, Reply], None]:
    """The step that sends a client the rest of its limits. A client that is not counted gets nothing."""

    def tell(ctx: Context, call: Call, reply: Reply) -> None:
        counted = call.notes.get(COUNTED)
        if not counted:
            return
        state = ", ".join([f"{window.quoted};r={remaining};t={left}" for window, (remaining, left) in counted])
        if isinstance(reply, PreparedResponse):
            reply.add_header("RateLimit", state)
            reply.add_header("RateLimit-Policy", policy)
        else:
            reply.headers["RateLimit"] = state
            reply.headers["RateLimit-Policy"] = policy

    return tell


def limit(
    *windows: str,
    by: By = "address",
    name: str | None = None,
    shared: bool = False,
    overrides: str | cabc.Iterable[str] = (),
    cost: Cost = 1,
    exempt: cabc.Callable[[Context], t.Any] | None = None,
    strategy: t.Literal["fixed-window", "moving-window", "sliding-window-counter"] | None = None,
    when_away: t.Literal["open", "closed"] | None = None,
    store: RedisStore | None = None,
) -> Limit:
    """Let a client call so often and no more: ``limit("10/minute", "1000/day")``.

    Each operation counts for itself, unless the limit is shared. Several limits hold together, those of the
    handler, its class, its routers and the application.

    :param windows: How many calls in how much time, in the words of the library ``limits``: ``"10/minute"``,
        ``"5 per 2 hours"``. All of them apply.
    :param by: Who is one client: ``"address"`` (default), asked before anybody is authenticated; ``"user"``, asked
        after, the address without a user; or a function from the context to text, asked then too, the address for
        ``None``. An :class:`~framework.marks.traffic.Address` sets how many bits of an IPv6 address count.
    :param name: The name of the limit in the headers, and for ``overrides``.
    :param shared: Count together for all operations that have a shared limit of this name.
    :param overrides: Names of outer limits (of the class, a router, the application) that do not apply here.
    :param cost: What one call counts, or a function from the context to that; a call of less than 1 is not counted.
    :param exempt: A function from the context; calls for which it says yes are neither counted nor refused.
    :param strategy: How windows are counted. Default: ``RATELIMIT_STRATEGY``.
    :param when_away: Whether calls go on (``"open"``) or are answered 503 (``"closed"``) while the store is away.
        Default: ``RATELIMIT_WHEN_AWAY``.
    :param store: Where calls are counted. Default: ``RATELIMIT_STORE_URL``.
    :raises SetupError: The limit says nothing, is shared without a name, or has a store that cannot count.
    """
    replaced = (overrides,) if isinstance(overrides, str) else tuple(overrides)
    if not windows and not replaced:
        raise errors.SetupError("A limit needs a window, like limit('10/minute'), or outer limits that it overrides.")
    if store is not None and not isinstance(store, RedisStore):
        raise errors.SetupError(
            f"Calls cannot be counted in {store!r}. Give a RedisStore, or none for the memory of the process."
        )
    if shared and name is None:
        raise errors.SetupError("A limit that is shared needs a name: limit('10/minute', name='login', shared=True).")
    return Limit(windows, by, name, shared, replaced, cost, exempt, strategy, when_away, store)
