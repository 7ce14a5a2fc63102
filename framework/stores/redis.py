"""A store in Redis, for applications that run in several processes: one server, behind Sentinels, or a cluster.

The library ``redis`` is imported when a store is made, not before. Works with Redis 6 and later, Valkey, and with
whatever speaks their protocol and runs Lua scripts.
Not here: the URLs (``stores._addresses``).
Floor 2.
"""

from __future__ import annotations

import hashlib
import logging
import select
import threading
import types
import typing as t

from ._addresses import StoreAddress
from ._addresses import read_address as read_address
from .base import CircuitBreaker, StoreAway, StoreSlow, check_ttl

PREFIX = "framework:"
TIMEOUT = 0.25
MAX_NODES = 1000
"""The greatest number of nodes of a cluster that a process remembers."""


class Script(t.NamedTuple):
    """A Lua script, and the name that a server knows it by once it has run there."""

    text: str | bytes
    sha: str

    @classmethod
    def of(cls, text: str | bytes) -> Script:
        """Return the script with its name."""
        raw = text.encode() if isinstance(text, str) else text
        return cls(text, hashlib.sha1(raw, usedforsecurity=False).hexdigest())


# Each script is one atomic step. A client that lost an answer sends the same again: that must not harm.
_ADD = Script.of("""
local present = redis.call('GET', KEYS[1])
if present then
    if present == ARGV[1] then return nil end
    return present
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return nil
""")
_REPLACE = Script.of("""
local present = redis.call('GET', KEYS[1])
if present ~= ARGV[1] and present ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
""")
_DELETE = Script.of("""
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
""")
_INCREMENT = Script.of("""
local count = redis.call('INCRBY', KEYS[1], ARGV[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
    left = tonumber(ARGV[2])
end
return {count, left}
""")

_NOT_A_MASTER = ("ReadOnlyError", "READONLY", "NOREPLICAS", "MASTERDOWN")
"""What a server answers, also from within a script, that is not a master, or has lost its replicas."""


class RedisStore:
    """A store in Redis or Valkey.

    :param url: Where it is: ``redis://[user:password@]host:port/database``, ``rediss://...`` over TLS,
        ``unix://path``; ``redis+sentinel://host:port,host:port/service/database`` for the master that Sentinels know;
        ``redis+cluster://host:port,host:port`` for a cluster. ``valkey`` in place of ``redis`` means the same.
    :param prefix: The text before each key, so that several applications can share a database. Default: ``framework:``.
    :param timeout: Seconds to wait for a connection or an answer, each. Default: 0.25.
    :raises ImportError: The library ``redis`` is not installed.
    :raises ValueError: The URL is none, or keys with the prefix cannot be spread over a cluster.
    """

    def __init__(self, url: str, *, prefix: str = PREFIX, timeout: float = TIMEOUT) -> None:
        redis = import_redis()
        try:
            address = read_address(url)
        except ValueError as error:
            raise ValueError(f"Invalid URL of a store: {error}.") from None
        if address.form == "+cluster" and "{}" in prefix:
            raise ValueError(f"Invalid prefix of a store in a cluster: {prefix!r}. Take one without '{{}}'.")
        self.url = url
        self.prefix = prefix
        self._unknown_script: type[Exception] = redis.exceptions.NoScriptError
        self._server = _Cluster(address, timeout) if address.form == "+cluster" else _Server(address, timeout)
        self.ask = self._server.execute

    def __repr__(self) -> str:
        place = self.url.partition("?")[0].rpartition("@")[2]  # no password
        return f"RedisStore({place!r}, prefix={self.prefix!r})"

    @property
    def is_cluster(self) -> bool:
        """Return whether keys are spread over several nodes: a script reaches those of one slot alone."""
        return isinstance(self._server, _Cluster)

    @property
    def client(self) -> t.Any:
        """The client of redis-py; for a cluster it is made at the first use."""
        return self._server.client

    @property
    def pool(self) -> t.Any:
        """The connections of the client; ``None`` for a cluster, whose nodes have their own."""
        return self._server.pool

    def get(self, key: str) -> bytes | None:
        """The value of a key; see :class:`~framework.stores.base.Store`."""
        return t.cast("bytes | None", self.ask("GET", self.prefix + key))

    def set(self, key: str, value: bytes, ttl: float) -> None:
        """Write a value; see :class:`~framework.stores.base.Store`."""
        self.ask("SET", self.prefix + key, value, "PX", milliseconds(ttl))

    def add(self, key: str, value: bytes, ttl: float) -> bytes | None:
        """Write a value where there is none; see :class:`~framework.stores.base.Store`."""
        return t.cast("bytes | None", self.run(_ADD, [self.prefix + key], [value, milliseconds(ttl)]))

    def replace(self, key: str, old: bytes, value: bytes, ttl: float) -> bool:
        """Write a value where another is; see :class:`~framework.stores.base.Store`."""
        return bool(self.run(_REPLACE, [self.prefix + key], [old, value, milliseconds(ttl)]))

    def delete(self, key: str, old: bytes | None = None) -> bool:
        """Remove an entry; see :class:`~framework.stores.base.Store`."""
        if old is None:
            return bool(self.ask("DEL", self.prefix + key))
        return bool(self.run(_DELETE, [self.prefix + key], [old]))

    def increment(self, key: str, ttl: float, by: int = 1) -> tuple[int, float]:
        """Add to a counter; see :class:`~framework.stores.base.Store`."""
        count, left = self.run(_INCREMENT, [self.prefix + key], [by, milliseconds(ttl)])
        return count, left / 1000

    def run(self, script: Script, keys: list[str], arguments: list[t.Any]) -> t.Any:
        """Run a script; a server that does not know it gets its text.

        :param script: The script.
        :param keys: Its keys as they are on the server, all in one slot of a cluster.
        :param arguments: Its arguments.
        :raises StoreAway: The server does not answer.
        """
        try:
            return self.ask("EVALSHA", script.sha, len(keys), *keys, *arguments)
        except self._unknown_script:
            return self.ask("EVAL", script.text, len(keys), *keys, *arguments)

    def close(self) -> None:
        """Close all connections. The next use opens new ones."""
        self._server.close()


class _Server:
    """One server: the one of the address, or the master that its Sentinels know.

    :param address: The address.
    :param timeout: Seconds to wait.
    """

    def __init__(self, address: StoreAddress, timeout: float) -> None:
        redis = import_redis()
        self._errors: type[Exception] = redis.RedisError
        self._slow: type[Exception] = redis.TimeoutError
        self._unknown_script: type[Exception] = redis.exceptions.NoScriptError
        self.pool: t.Any = (_sentinel_pool if address.form else _pool)(address, timeout)
        self.client: t.Any = redis.Redis(connection_pool=self.pool)

    def execute(self, *command: t.Any) -> t.Any:
        """Return what the server answers to a command.

        :raises StoreAway: It does not answer.
        """
        try:
            return self.client.execute_command(*command)
        except self._unknown_script:
            raise
        except self._slow as error:
            raise StoreSlow("Redis does not answer in time.") from error
        except self._errors as error:
            raise _away(error) from error

    def close(self) -> None:
        self.client.close()
        self.pool.disconnect()
        for sentinel in getattr(getattr(self.pool, "sentinel_manager", None), "sentinels", ()):
            sentinel.close()


class _WholeAway(Exception):
    """No node of the cluster answers, or all say that the cluster is down."""


class _NodeBreaker(CircuitBreaker):
    """A circuit breaker before one node. A node that is gone for good must not count as an open circuit forever."""

    def _tell(self, is_open: bool) -> None:
        pass


class _Cluster:
    """A cluster. A node that is away takes its keys with it, and none of the others.

    :param address: The address: nodes of which one at least answers, and tells the others.
    :param timeout: Seconds to wait.
    """

    pool = None

    def __init__(self, address: StoreAddress, timeout: float) -> None:
        self._address = address
        self._timeout = timeout
        self._redis = import_redis()
        self._lock = threading.Lock()
        self._client: t.Any = None
        self._failures = 0
        self._breakers: dict[str, CircuitBreaker] = {}
        self._logger = logging.getLogger("framework.stores")

    @property
    def client(self) -> t.Any:
        """The client.

        :raises StoreAway: No node answers.
        """
        return self._client or self._connect()

    def execute(self, *command: t.Any) -> t.Any:
        """Return what the node answers that has the key of a command.

        :raises StoreAway: It does not answer. The error names the node, if the others may answer.
        """
        client = self._client or self._connect()
        try:
            node: str = client.get_node_from_key(key_of(command)).name
        except self._redis.exceptions.SlotNotCoveredError:
            node = "without a name"
        breaker = self._breakers.get(node) or self._breaker(node)
        try:
            return breaker.run(self._logger, self._ask, client, command)
        except _WholeAway as error:
            raise StoreAway(str(error)) from error.__cause__
        except StoreAway as error:
            error.part = node
            raise

    def _breaker(self, node: str) -> CircuitBreaker:
        if len(self._breakers) >= MAX_NODES:
            self._breakers.clear()
        text = "Until it is back, or another node has its keys, they are not asked for."
        return self._breakers.setdefault(node, _NodeBreaker(f"The node {node} of the RedisStore", text))

    def _ask(self, client: t.Any, command: tuple[t.Any, ...]) -> t.Any:
        """Ask a node, and once more where the connection failed: redis-py has read anew then who has which slots.

        :raises _WholeAway: No node answers.
        :raises StoreAway: The node does not answer.
        """
        errors = self._redis.exceptions
        try:
            try:
                return client.execute_command(*command)
            except errors.ConnectionError:
                return client.execute_command(*command)
            except errors.SlotNotCoveredError:
                client.nodes_manager.initialize()
                return client.execute_command(*command)
        except errors.NoScriptError:
            raise
        except errors.TimeoutError as error:
            raise StoreSlow("Redis does not answer in time.") from error
        except errors.ClusterDownError as error:
            # Only a node without this slot says so of a slot; the others say that they have stopped.
            raise _away(error) if "slot" in str(error) else _WholeAway("The cluster is down.") from error
        except (errors.RedisError, errors.SlotNotCoveredError) as error:
            raise _away(error) from error
        except errors.RedisClusterException as error:
            self._client = None  # all nodes may have other addresses by now: those of the URL are asked again
            raise _WholeAway(str(_away(error))) from error

    def _connect(self) -> t.Any:
        """Make the client, which asks the nodes of the address who has which slots.

        :raises StoreAway: None of them answers.
        """
        failures = self._failures
        with self._lock:
            if self._client is not None:
                return self._client
            if self._failures != failures:  # another thread has tried meanwhile
                raise StoreAway("Redis does not answer.")
            try:
                self._client = _cluster_client(self._address, self._timeout)
            except (self._redis.RedisError, self._redis.exceptions.RedisClusterException) as error:
                self._failures += 1
                raise _away(error) from error
            return self._client

    def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()
            client.disconnect_connection_pools()


def key_of(command: tuple[t.Any, ...]) -> t.Any:
    """Return the first key of a command."""
    if command[0] in ("EVALSHA", "EVAL"):
        return command[3]
    return command[command.index("STREAMS") + 1 if command[0] == "XREAD" else 1]


def _away(error: Exception) -> StoreAway:
    if "Cluster mode is not enabled" in str(error):
        return StoreAway("The Redis is not a cluster: take redis:// in place of redis+cluster://.")
    return StoreAway(f"Redis does not answer ({type(error).__name__}).")


def _once_more() -> t.Any:
    """One more attempt: a connection that waited in the pool may have been closed by the other side."""
    redis = import_redis()
    return redis.retry.Retry(redis.backoff.NoBackoff(), 1, supported_errors=(redis.ConnectionError,))


def _pool(address: StoreAddress, timeout: float) -> t.Any:
    """Return connections to one server."""
    pool = import_redis().ConnectionPool.from_url(
        address.url, socket_timeout=timeout, socket_connect_timeout=timeout, retry=_once_more()
    )
    pool.connection_class = attentive(pool.connection_class)
    return pool


class _Sentinels:
    """The Sentinels of a pool. They are asked once: during a failover they know no master, nor will a moment later."""

    def __init__(self, asked: t.Any) -> None:
        self._asked = asked
        self.sentinels: list[t.Any] = asked.sentinels

    def discover_master(self, service: str) -> t.Any:
        """Return host and port of the master.

        :raises StoreAway: No Sentinel answers, or none knows a master that is up.
        """
        try:
            return self._asked.discover_master(service)
        except import_redis().sentinel.MasterNotFoundError as error:
            raise StoreAway("No Sentinel knows a master.") from error


def _sentinel_pool(address: StoreAddress, timeout: float) -> t.Any:
    """Return connections to a master. Each asks the Sentinels where that is when it is opened."""
    redis = import_redis()
    sentinel = redis.sentinel
    options = {"socket_timeout": timeout, "socket_connect_timeout": timeout, **redis.connection.parse_url(address.url)}
    del options["host"], options["port"]
    is_tls = options.pop("connection_class", None) is not None
    own = {name: value for name, value in options.items() if name.startswith(("socket_", "ssl_"))}
    own |= {**address.sentinel_options, "retry": _once_more()}
    if is_tls:
        own["ssl"] = True
    managed = sentinel.SentinelManagedSSLConnection if is_tls else sentinel.SentinelManagedConnection
    return sentinel.SentinelConnectionPool(
        address.service,
        _Sentinels(sentinel.Sentinel(list(address.hosts), sentinel_kwargs=own)),
        connection_class=attentive(managed),
        retry=_once_more(),
        **options,
    )


def _cluster_client(address: StoreAddress, timeout: float) -> t.Any:
    """Return a client of a cluster, which has asked who has which slots."""
    redis = import_redis()

    def make_pool(connection_class: t.Any = redis.Connection, **options: t.Any) -> t.Any:
        return redis.ConnectionPool(connection_class=attentive(connection_class), **options)

    return redis.cluster.RedisCluster(
        url=address.url,
        startup_nodes=[redis.cluster.ClusterNode(host, port) for host, port in address.hosts[1:]],
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        connection_pool_class=make_pool,
        retry=redis.retry.Retry(redis.backoff.NoBackoff(), 0),  # the library would wait; _Cluster tries again
        require_full_coverage=False,
    )


def attentive(connection_class: t.Any) -> t.Any:
    """Return a class of connections that looks once more, when the time is over, whether the answer is there.

    A thread that waits for its turn in a busy process learns late that its time is over; the answer may have come
    meanwhile. It is read from the same connection: nothing is sent twice.

    A connection to a server that takes no writes, as a master that has become a replica, is closed: the next one may
    lead to the server that does.

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
            except redis.ResponseError as error:
                if any(word in f"{type(error).__name__} {error}" for word in _NOT_A_MASTER):
                    self.disconnect()
                    raise redis.ConnectionError("The server takes no writes.") from error
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
