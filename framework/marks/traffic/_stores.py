"""The stores of an application: opened once, at the first use, and shared by all marks that name the same.

Not here: what a store is (``stores``), what is kept there (``marks.traffic._limits``, ``marks.traffic._idempotency``).
Floor 4.
"""

from __future__ import annotations

import collections.abc as cabc
import threading
import typing as t

from ...errors import SetupError
from ...stores.base import CircuitBreaker
from ...stores.redis import read_address

if t.TYPE_CHECKING:
    from ...config import Config
    from ...stores.redis import RedisStore
    from ...typing import Application

EXTENSION = "framework.stores"

_T = t.TypeVar("_T")
_lock = threading.RLock()


def once(app: Application, name: cabc.Hashable, make: cabc.Callable[[], _T]) -> _T:
    """Return what an application has under a name; made by the first who asks, and kept over changes of settings."""
    kept: dict[cabc.Hashable, t.Any] = app.extensions.setdefault(EXTENSION, {})
    if name not in kept:
        with _lock:
            if name not in kept:
                kept[name] = make()
    found: _T = kept[name]
    return found


def store_url(config: Config, kind: str) -> str | None:
    """Return where a kind of state is kept: ``<KIND>_STORE_URL``, otherwise ``STORE_URL``; ``None`` for the memory.

    :raises SetupError: The setting is not a URL of a store.
    :raises ImportError: The library that the store needs is not installed.
    """
    name = f"{kind}_STORE_URL"
    url = config[name]
    if url is None:
        name, url = "STORE_URL", config["STORE_URL"]
    if url in (None, "memory:"):
        return None
    checked = checked_url(url, f"The setting {name}")
    if "{}" in (config["STORE_PREFIX"] or "") and read_address(checked).form == "+cluster":
        raise SetupError(
            "The setting STORE_PREFIX holds '{}', which keeps keys that belong together from one slot of a cluster."
            " Take it out."
        )
    return checked


def checked_url(url: object, where: str) -> str:
    """The URL of a store in Redis.

    :param where: Who names it, for messages.
    :raises SetupError: It is none.
    :raises ImportError: The library that the store needs is not installed.
    """
    try:
        if not isinstance(url, str):
            raise ValueError(f"a {type(url).__name__} is not a URL")
        read_address(url)
    except ValueError as error:
        raise SetupError(
            f"{where} does not name a store: {error}. Set 'redis://host:port/database',"
            " 'redis+sentinel://host:port,host:port/service/database', 'redis+cluster://host:port,host:port', the same"
            " with 'rediss', 'valkey' or 'valkeys', or 'memory:' or None for the memory of the process."
        ) from None
    from ...stores.redis import import_redis

    import_redis()
    return url


def redis_store(app: Application, url: str) -> RedisStore:
    """The store in Redis at a URL. Its keys carry the name of the application, unless ``STORE_PREFIX`` says."""

    def make() -> RedisStore:
        from ...stores.redis import RedisStore

        prefix = app.config["STORE_PREFIX"]
        return RedisStore(
            url, prefix=f"framework:{app.name}:" if prefix is None else prefix, timeout=app.config["STORE_TIMEOUT"]
        )

    return once(app, ("redis", url), make)


def guard_of(app: Application, store: object, consequence: str) -> CircuitBreaker:
    """Return the circuit breaker before a store that may be away, for one use of it."""
    return once(
        app, ("guard", id(store), consequence), lambda: CircuitBreaker(f"The {type(store).__name__}", consequence)
    )
