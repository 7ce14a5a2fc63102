"""The store in Redis: what its users see of the server, and what happens when it is away."""

from __future__ import annotations

import logging
import socket
import subprocess
import sys

import pytest

from framework.stores.base import CircuitBreaker, StoreAway
from framework.stores.redis import RedisStore
from tests.servers import free_port, redis_server


def test_keys_carry_the_prefix(redis_url):
    """Two stores with prefixes of their own share a database and see nothing of one another."""
    one, other = RedisStore(redis_url, prefix="one:"), RedisStore(redis_url, prefix="other:")
    one.set("a", b"1", 60)

    assert other.get("a") is None
    assert one.client.keys("*") == [b"one:a"]
    assert 0 < one.client.pttl("one:a") <= 60_000
    one.close()
    other.close()


def test_every_entry_expires(redis_url):
    """Whatever writes, the key in Redis has a time to live."""
    store = RedisStore(redis_url, prefix="ttl:")
    store.set("set", b"0", 60)
    store.add("add", b"0", 60)
    store.replace("set", b"0", b"1", 60)
    store.increment("count", 60)

    assert all(0 < store.client.pttl(f"ttl:{key}") <= 60_000 for key in ("set", "add", "count"))
    store.close()


def test_the_password_is_not_shown():
    """The text of a store names its place and not its credentials."""
    store = RedisStore("redis://user:secret@127.0.0.1:1/0")

    assert repr(store) == "RedisStore('127.0.0.1:1/0', prefix='framework:')"


@pytest.mark.parametrize("url", ["redis://{}/0", "redis+sentinel://{},{}/main", "redis+cluster://{},{}"])
def test_nobody_listens(url):
    """A server that is not there is StoreAway, for every method."""
    store = RedisStore(url.format(*(f"127.0.0.1:{free_port()}" for _ in range(2))))

    for call in (
        lambda: store.get("a"),
        lambda: store.set("a", b"1", 1),
        lambda: store.add("a", b"1", 1),
        lambda: store.replace("a", b"1", b"2", 1),
        lambda: store.delete("a"),
        lambda: store.delete("a", b"1"),
        lambda: store.increment("a", 1),
    ):
        with pytest.raises(StoreAway, match=r"Redis does not answer|No Sentinel knows a master") as caught:
            call()
        assert caught.value.part is None


@pytest.mark.parametrize("url", ["redis://{}/0", "redis+sentinel://{}/main", "redis+cluster://{}"])
def test_a_server_that_never_answers_is_not_waited_for(url):
    """A server that takes the connection and says nothing is StoreAway after the timeout."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(8)
        store = RedisStore(url.format(f"127.0.0.1:{silent.getsockname()[1]}"), timeout=0.05)

        with pytest.raises(StoreAway):
            store.get("a")
        store.close()


def test_a_store_comes_back():
    """Connections of a server that has gone are not used for the next one."""
    with redis_server() as url:
        store = RedisStore(url, timeout=5)
        store.set("a", b"1", 60)
        for connection in store.client.client_list():
            store.client.execute_command("CLIENT", "KILL", "ID", connection["id"], "SKIPME", "no")

        assert store.get("a") == b"1"
        store.client.script_flush()  # as after a restart
        assert store.add("a", b"2", 60) == b"1"
        store.close()


def test_the_library_is_imported_when_used():
    """Neither the front door nor the store's module loads redis or limits."""
    code = (
        "import sys, framework, framework.stores.redis, framework.stores.memory;"
        "sys.exit(bool({'redis', 'limits'} & set(sys.modules)))"
    )

    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_a_missing_library_is_named(monkeypatch):
    """Without the library the error says what to install."""
    monkeypatch.setitem(sys.modules, "redis", None)

    with pytest.raises(ImportError, match="'pip install redis'"):
        RedisStore("redis://127.0.0.1/0")


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self):
        return self.now


def test_a_guard_asks_seldom_and_logs_once(caplog):
    """While a store is away it is asked once per pause; its going and its coming back are logged once each."""
    clock, asked = Clock(), []
    guard = CircuitBreaker("The store", "Nothing is counted.", pause=1, clock=clock)
    logger = logging.getLogger("test_guard")

    def away():
        asked.append(clock.now)
        raise StoreAway("No answer.")

    for clock.now in (0.0, 0.1, 0.9, 1.0, 1.5, 2.5):
        with pytest.raises(StoreAway):
            guard.run(logger, away)

    assert asked == [0.0, 1.0, 2.5]
    assert [record.getMessage() for record in caplog.records] == [
        "The store is away: No answer. Nothing is counted. This is logged once."
    ]
    caplog.clear()
    clock.now = 4
    assert [guard.run(logger, lambda value: value, 7) for _ in range(2)] == [7, 7]
    assert [record.getMessage() for record in caplog.records] == ["The store is back."]
