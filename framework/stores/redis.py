"""A store in Redis, for applications that run in several processes.

The library ``redis`` is imported when a store is made, not before. Works with Redis 6 and later, and with whatever
speaks its protocol and runs Lua scripts.
Floor 2.
"""

from __future__ import annotations

import collections.abc as cabc
import select
import types
import typing as t

from .base import StoreAway, StoreSlow, check_ttl

PREFIX = "framework:"
TIMEOUT = 0.25

# Each script is one atomic step. A client that lost an answer sends the same again: that must not harm.
_ADD = """
local present = redis.call('GET', KEYS[1])
if present then
    if present == ARGV[1] then return nil end
    return present
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return nil
"""
_REPLACE = """
local present = redis.call('GET', KEYS[1])
if present ~= ARGV[1] and present ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
"""
_DELETE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
"""
_INCREMENT = """
local count = redis.call('INCRBY', KEYS[1], ARGV[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
    left = tonumber(ARGV[2])
end
return {count, left}
"""


class RedisStore:
    """A store in Redis.

    :param url: Where it is: ``redis://[user:password@]host:port/database``, ``rediss://...`` over TLS,
        ``unix://path``.
    :param prefix: The text before each key, so that several applications can share a database. Default: ``framework:``.
    :param timeout: Seconds to wait for a connection or an answer, each. Default: 0.25.
    :raises ImportError: The library ``redis`` is not installed.
    :raises ValueError: The URL is none.
    """

    def __init__(self, url: str, *, prefix: str = PREFIX, timeout: float = TIMEOUT) -> None:
        redis = import_redis()
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        self.url = url
        self.prefix = prefix
        self._errors: type[Exception] = redis.RedisError
        self._slow: type[Exception] = redis.TimeoutError
        # One more attempt: a connection that waited in the pool may have been closed by the other side.
        self.pool: t.Any = redis.ConnectionPool.from_url(
            url,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
        )
        self.pool.connection_class = attentive(self.pool.connection_class)
        self.client: t.Any = redis.Redis(connection_pool=self.pool)
        self._add = self.client.register_script(_ADD)
        self._replace = self.client.register_script(_REPLACE)
        self._delete = self.client.register_script(_DELETE)
        self._increment = self.client.register_script(_INCREMENT)

    def __repr__(self) -> str:
        place = self.url.rpartition("@")[2]  # no password
        return f"RedisStore({place!r}, prefix={self.prefix!r})"

    def get(self, key: str) -> bytes | None:
        """The value of a key; see :class:`~framework.stores.base.Store`."""
        return t.cast("bytes | None", self._ask(self.client.get, self.prefix + key))

    def set(self, key: str, value: bytes, ttl: float) -> None:
        """Write a value; see :class:`~framework.stores.base.Store`."""
        self._ask(lambda: self.client.set(self.prefix + key, value, px=milliseconds(ttl)))

    def add(self, key: str, value: bytes, ttl: float) -> bytes | None:
        """Write a value where there is none; see :class:`~framework.stores.base.Store`."""
        return t.cast("bytes | None", self._ask(self._add, [self.prefix + key], [value, milliseconds(ttl)]))

    def replace(self, key: str, old: bytes, value: bytes, ttl: float) -> bool:
        """Write a value where another is; see :class:`~framework.stores.base.Store`."""
        return bool(self._ask(self._replace, [self.prefix + key], [old, value, milliseconds(ttl)]))

    def delete(self, key: str, old: bytes | None = None) -> bool:
        """Remove an entry; see :class:`~framework.stores.base.Store`."""
        if old is None:
            return bool(self._ask(self.client.delete, self.prefix + key))
        return bool(self._ask(self._delete, [self.prefix + key], [old]))

    def increment(self, key: str, ttl: float, by: int = 1) -> tuple[int, float]:
        """Add to a counter; see :class:`~framework.stores.base.Store`."""
        count, left = self._ask(self._increment, [self.prefix + key], [by, milliseconds(ttl)])
        return count, left / 1000

    def close(self) -> None:
        """Close all connections. The next use opens new ones."""
        self.client.close()
        self.pool.disconnect()

    def _ask(self, function: cabc.Callable[..., t.Any], *arguments: object) -> t.Any:
        try:
            return function(*arguments)
        except self._slow as error:
            raise StoreSlow("Redis does not answer in time.") from error
        except self._errors as error:
            raise StoreAway(f"Redis does not answer ({type(error).__name__}).") from error


def attentive(connection_class: t.Any) -> t.Any:
    """Return a class of connections that looks once more, when the time is over, whether the answer is there.

    A thread that waits for its turn in a busy process learns late that its time is over; the answer may have come
    meanwhile. It is read from the same connection: nothing is sent twice.

    :param connection_class: A class of the library.
    """
    redis = import_redis()

    class Attentive(connection_class):  # type: ignore[misc]
        """A connection whose answers are taken even if they are read late."""

        def read_response(self, *args: object, disconnect_on_error: bool = True, **kwargs: object) -> object:
            try:
                try:
                    return super().read_response(*args, disconnect_on_error=False, **kwargs)
                except redis.TimeoutError:
                    if not self._has_answer():
                        raise
                    return super().read_response(*args, disconnect_on_error=False, **kwargs)
            except redis.ResponseError:
                raise  # an answer, and the connection is good
            except BaseException:
                if disconnect_on_error:
                    self.disconnect()
                raise

        def _has_answer(self) -> bool:
            return self._sock is not None and bool(select.select([self._sock], [], [], 0)[0])

    return Attentive


def milliseconds(ttl: float) -> int:
    """Seconds as Redis wants them: whole milliseconds, 1 at least.

    :raises ValueError: It is 0 or less.
    """
    check_ttl(ttl)
    return max(1, round(ttl * 1000))


def import_redis() -> types.ModuleType:
    """The library.

    :raises ImportError: It is not installed.
    """
    try:
        import redis
    except ImportError as error:
        raise ImportError(
            "A store in Redis needs the library redis, which is not installed. Run 'pip install redis'."
        ) from error
    return redis
