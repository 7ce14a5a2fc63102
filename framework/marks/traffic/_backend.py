"""Counting of calls: the library ``limits`` with a storage of the application.

The library is imported when an application with a limit freezes, not before.
Not here: what is limited, and what is answered (``marks.traffic._limits``).
Floor 4.
"""

from __future__ import annotations

import collections.abc as cabc
import math
import time
import typing as t

from ...errors import SetupError
from ...stores.base import CircuitBreaker
from ._stores import guard_of, once, redis_store, store_url

if t.TYPE_CHECKING:
    from ...config import Config
    from ...stores.counters import MemoryCounters
    from ...stores.redis import RedisStore
    from ...typing import Application

State: t.TypeAlias = tuple[int, int]
"""The rest of a window: calls, and whole seconds until there are more."""


class Item(t.NamedTuple):
    """A window as the strategies of the library ask for it. Its own class makes the name of a key anew each time."""

    amount: int
    seconds: int
    suffix: str

    def key_for(self, key: str) -> str:
        """The name of a counter."""
        return key + self.suffix

    def get_expiry(self) -> int:
        """Its length in seconds."""
        return self.seconds


class Window(t.NamedTuple):
    """One window of a limit."""

    item: Item
    quoted: str
    """Its name in the headers, a quoted string."""
    policy: str
    """Its item of ``RateLimit-Policy``."""


def import_limits() -> t.Any:
    """The library.

    :raises ImportError: It is not installed.
    """
    try:
        import limits
    except ImportError as error:
        raise ImportError(
            "The mark 'limit' needs the library limits, which is not installed. Run 'pip install limits'."
        ) from error
    return limits


def parse_windows(texts: cabc.Iterable[str], name: str, cost: int, taken: set[str], where: str) -> tuple[Window, ...]:
    """The windows of one limit, the shortest first: one that is used up keeps the longer ones from being counted.

    :param texts: As the user wrote them.
    :param name: What the limit is called.
    :param cost: What one call counts.
    :param taken: The names in use in this operation; new ones are added.
    :param where: The handler, for messages.
    :raises SetupError: A window is none, or lets no call through.
    """
    limits = import_limits()
    items: list[t.Any] = []
    for text in texts:
        try:
            items += limits.parse_many(text)
        except (ValueError, TypeError):
            raise SetupError(
                f"{where}: {text!r} is not a window of a limit. Write a number and a time, like '10/minute',"
                " '1000/day' or '5 per 2 hours'."
            ) from None
    made = []
    for item in sorted(items, key=lambda item: t.cast(int, item.get_expiry())):
        if item.amount < max(1, cost):
            raise SetupError(
                f"{where}: the limit {item} lets no call through, as each one counts {cost}. Raise the number, or take"
                " the route away."
            )
        unit = item.GRANULARITY.name
        label = base = f"{name}-{unit}" if item.multiples == 1 else f"{name}-{item.multiples}-{unit}"
        for number in range(2, 1000):
            if label not in taken:
                break
            label = f"{base}-{number}"
        taken.add(label)
        quoted = quote(label, where)
        seconds = item.get_expiry()
        exact = Item(item.amount, seconds, f"\n{item.amount}/{seconds}")
        made.append(Window(exact, quoted, f"{quoted};q={item.amount};w={seconds}"))
    return tuple(made)


def quote(text: str, where: str) -> str:
    """A string as structured fields write it (RFC 9651, section 3.3.3).

    :raises SetupError: It holds what such a string cannot hold.
    """
    if not (text.isascii() and text.isprintable()):
        raise SetupError(
            f"{where}: {text!r} cannot be the name of a limit: it is sent in a header. Use printable ASCII."
        )
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def is_remote(config: Config, own: RedisStore | None) -> bool:
    """Return whether calls are counted somewhere that may be away.

    :param own: The store of the limit itself.
    """
    return own is not None or store_url(config, "RATELIMIT") is not None


class Strategy(t.Protocol):
    """A strategy of the library, or the counters of the framework, which are asked alike. The library asks an
    :class:`Item` for no more than it has, and names its own class."""

    def hit(self, item: t.Any, *identifiers: str, cost: int) -> bool:
        """Count a call, if it may go on."""

    def get_window_stats(self, item: t.Any, *identifiers: str) -> tuple[float, int]:
        """Return when the window ends, and how many calls are left."""


class Meter:
    """Counts calls by one strategy in one storage.

    :param strategy: The library's rate limiter.
    """

    def __init__(self, strategy: Strategy) -> None:
        self._hit = strategy.hit
        self._stats = strategy.get_window_stats

    def take(self, windows: tuple[Window, ...], key: str, cost: int, tells: bool) -> tuple[bool, cabc.Sequence[State]]:
        """Count one call.

        :param windows: All of them must have room.
        :param key: Whose call it is, and of what.
        :param cost: How much it counts.
        :param tells: Whether the states are wanted even if it is let through.
        :return: Whether it is let through; the state of each window.
        :raises StoreAway: The storage does not answer.
        """
        allowed = True
        for window in windows:
            if not self._hit(window.item, key, cost=cost):
                allowed = False
                break
        if allowed and not tells:
            return True, ()
        now = time.time()
        states = []
        for window in windows:
            reset, remaining = self._stats(window.item, key)
            # Redis tells whole seconds, rounded: never more than the window has.
            left = min(math.ceil(reset - now), window.item.seconds)
            states.append((max(0, remaining), max(0, left)))
        return allowed, states


class MemoryMeter(Meter):
    """Counts calls by fixed windows in memory, as the library does it, in one step for each window.

    :param counters: The counters.
    """

    # PERF: what most applications use: 1.5 us for a window, where the library's two calls take 4.

    def __init__(self, counters: MemoryCounters) -> None:
        self._count = counters.count
        self._clock = counters.clock

    def take(self, windows: tuple[Window, ...], key: str, cost: int, tells: bool) -> tuple[bool, cabc.Sequence[State]]:
        now = self._clock()
        allowed = True
        states = []
        for window in windows:
            amount, seconds, suffix = window.item
            # A window after one that has refused is looked at, and not counted.
            count, expires = self._count(key + suffix, seconds, cost if allowed else 0, now)
            states.append((amount - count if count < amount else 0, math.ceil(expires - now)))
            if count > amount:
                allowed = False
        return allowed, states


class RemoteMeter(Meter):
    """Counts calls in a storage that may be away.

    :param strategy: The library's rate limiter.
    :param app: The application, for its log.
    :param guard: The circuit breaker before the storage.
    """

    def __init__(self, strategy: Strategy, app: Application, guard: CircuitBreaker) -> None:
        super().__init__(strategy)
        self._app = app
        self._guard = guard

    def take(self, windows: tuple[Window, ...], key: str, cost: int, tells: bool) -> tuple[bool, cabc.Sequence[State]]:
        return self._guard.run(self._app.logger, super().take, windows, key, cost, tells)


def known_strategy(name: str) -> str:
    """The name of a strategy.

    :raises SetupError: There is no such.
    """
    import_limits()
    from limits.strategies import STRATEGIES

    if name not in STRATEGIES:
        raise SetupError(
            f"{name!r} is not a strategy of counting. Set RATELIMIT_STRATEGY, or 'strategy=', to one of"
            f" {', '.join(sorted(STRATEGIES))}."
        )
    return name


def open_meter(app: Application, strategy: str, lets_pass: bool, own: RedisStore | None) -> Meter:
    """The meter of an application for a strategy.

    :param lets_pass: Whether calls go on while the storage is away, for the log.
    :param own: The store of the limit itself. Default: as the settings say.
    """
    from limits.strategies import STRATEGIES

    url = store_url(app.config, "RATELIMIT")
    store = own
    if store is None and url is not None:
        store = redis_store(app, url)
    if store is None:
        from ...stores.counters import MemoryCounters

        counters = once(app, "counters", lambda: MemoryCounters(app.config["RATELIMIT_MAX_KEYS"]))
        if strategy == "fixed-window":
            return MemoryMeter(counters)
        return Meter(STRATEGIES[strategy](counters))
    from ...stores.counters import RedisCounters

    shared = store
    storage = once(app, ("limits", id(store)), lambda: RedisCounters(shared))
    then = "Calls go on uncounted." if lets_pass else "Limited calls are answered with 503."
    return RemoteMeter(STRATEGIES[strategy](storage), app, guard_of(app, store, then))
