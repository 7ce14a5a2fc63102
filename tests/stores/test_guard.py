"""The circuit breaker before a store: what counts as away, and who asks meanwhile."""

from __future__ import annotations

import http.client
import logging
import os
import pathlib
import signal
import socket
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from framework.stores.base import CircuitBreaker, StoreAway, StoreSlow
from framework.stores.redis import RedisStore
from tests.servers import free_port, redis_server, running

ROOT = pathlib.Path(__file__).parents[2]
LOGGER = logging.getLogger("test_guard")


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self):
        return self.now


def slow():
    """A store that does not answer in time."""
    raise StoreSlow("No answer in time.")


def refused():
    """A store that is not there."""
    raise StoreAway("Refused.")


def fails(guard, function):
    """Whether the store was asked: what went wrong."""
    with pytest.raises(StoreAway) as caught:
        guard.run(LOGGER, function)
    return str(caught.value)


def test_one_time_out_does_not_open_the_circuit():
    """A store is away after three time-outs in a row; an answer in between starts anew."""
    clock = Clock()
    guard = CircuitBreaker("The store", "Nothing.", clock=clock)
    for _ in range(3):
        for _ in range(2):
            clock.now += 1
            assert fails(guard, slow) == "No answer in time."
        assert guard.run(LOGGER, lambda: "there") == "there"
    for _ in range(3):
        clock.now += 0.1
        assert fails(guard, slow) == "No answer in time."

    assert "a moment ago" in fails(guard, slow)


def test_a_refusal_opens_it_at_once():
    """A store that refuses the connection is away at the first."""
    guard = CircuitBreaker("The store", "Nothing.", clock=Clock())

    assert fails(guard, refused) == "Refused."
    assert "a moment ago" in fails(guard, refused)


def test_time_outs_side_by_side_count_once():
    """Thirty-two calls that time out together are one failure: all of them began before the first had failed."""
    guard = CircuitBreaker("The store", "Nothing.")
    barrier = threading.Barrier(32)

    def together():
        barrier.wait(20)
        slow()

    with ThreadPoolExecutor(32) as pool:
        assert set(pool.map(lambda _: fails(guard, together), range(32))) == {"No answer in time."}
    assert guard.run(LOGGER, lambda: "there") == "there"


def test_one_caller_probes():
    """When the pause is over one call asks, and all others do without, however long it takes."""
    clock = Clock()
    guard = CircuitBreaker("The store", "Nothing.", pause=1, clock=clock)
    fails(guard, refused)
    clock.now = 1.0
    inside, go_on = threading.Event(), threading.Event()

    def probe():
        inside.set()
        assert go_on.wait(20)
        return "back"

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(guard.run, LOGGER, probe)
        assert inside.wait(20)
        assert all("a moment ago" in fails(guard, refused) for _ in range(20))
        go_on.set()
        assert first.result() == "back"
    assert guard.run(LOGGER, lambda: "there") == "there"


def test_an_answer_that_came_late_is_taken():
    """What has arrived when a thread learns that its time is over is read; nothing is sent twice."""
    asked = []

    def serve(listener):
        connection, _ = listener.accept()
        with connection:
            while data := connection.recv(65536):
                asked.append(data)
                if b"GET" not in data:
                    connection.sendall(b"+OK\r\n" * data.count(b"*"))
                    continue
                arrived.set()
                assert answer.wait(20)
                connection.sendall(b"$5\r\nthere\r\n")
                answered.set()

    arrived, answer, answered = threading.Event(), threading.Event(), threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        store = RedisStore(f"redis://127.0.0.1:{listener.getsockname()[1]}/0?protocol=2", timeout=0.05)

        def busy(self):
            answer.set()  # the time is over, and the answer comes while the thread waits for its turn
            assert answered.wait(20)
            time.sleep(0.01)
            return original(self)

        connection_class = store.pool.connection_class
        original = connection_class._has_answer
        connection_class._has_answer = busy
        assert store.get("a") == b"there"
        store.close()
    assert sum(b"GET" in data for data in asked) == 1


def test_a_server_that_is_stopped_is_slow(redis_url):
    """A Redis that is stopped does not answer in time, and is used again when it goes on."""
    with redis_server() as url:
        store = RedisStore(url, timeout=0.1)
        pid = store.client.info()["process_id"]
        os.kill(pid, signal.SIGSTOP)
        try:
            with pytest.raises(StoreSlow):
                store.get("a")
        finally:
            os.kill(pid, signal.SIGCONT)
        wait_for(lambda: quiet(lambda: store.set("a", b"1", 60)))
        assert store.get("a") == b"1"
        store.close()


def quiet(function):
    """Whether a call of a store went through."""
    try:
        function()
    except StoreAway:
        return False
    return True


def wait_for(condition):
    """Wait for what comes by itself."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def log_in(port, path="/log-in"):
    """The status of one log-in."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST", path)
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.fixture
def workers(tmp_path, monkeypatch):
    """Two gunicorn processes, a Redis of their own, its process, and their log."""
    with redis_server() as url:
        store = RedisStore(url, timeout=10)
        pid = store.client.info()["process_id"]
        monkeypatch.setenv("WORKERS_REDIS", url)
        monkeypatch.setenv("WORKERS_TIMEOUT", "0.5")
        port = free_port()
        command = [sys.executable, "-m", "gunicorn", "--workers", "2", "--threads", "8", "--chdir", str(ROOT)]
        command += ["--bind", f"127.0.0.1:{port}", "--graceful-timeout", "1", "tests.marks.traffic.workers:app"]
        with running(command, port, tmp_path / "workers"):
            with ThreadPoolExecutor(16) as pool:  # both have opened their connections
                assert set(pool.map(lambda _: log_in(port, "/warm"), range(48))) == {200}
            try:
                yield port, pid, tmp_path / "workers.out", store
            finally:
                os.kill(pid, signal.SIGCONT)
                store.close()


def test_a_busy_moment_lets_nobody_past_the_limit(workers):
    """After one time-out in each of two busy workers the limit holds as soon as Redis goes on."""
    port, pid, log, store = workers
    os.kill(pid, signal.SIGSTOP)
    with ThreadPoolExecutor(8) as pool:
        during = list(pool.map(lambda _: log_in(port), range(8)))
    os.kill(pid, signal.SIGCONT)
    wait_for(lambda: quiet(store.client.ping))
    with ThreadPoolExecutor(16) as pool:
        after = list(pool.map(lambda _: log_in(port), range(48)))

    assert set(during) == {200}  # "open": what timed out went on
    assert after.count(200) <= 5
    assert after.count(429) == 48 - after.count(200)
    assert "is away" not in log.read_text()


def test_a_log_in_is_closed_while_redis_is_away(workers):
    """With "closed" no log-in gets through uncounted: 503 while Redis is stopped, the limit before and afterwards."""
    port, pid, log, _store = workers
    assert [log_in(port, "/closed") for _ in range(3)] == [200] * 3
    os.kill(pid, signal.SIGSTOP)
    with ThreadPoolExecutor(16) as pool:
        during = list(pool.map(lambda _: log_in(port, "/closed"), range(96)))
    os.kill(pid, signal.SIGCONT)
    wait_for(lambda: log_in(port, "/closed") != 503)
    wait_for(lambda: [log_in(port, "/closed") for _ in range(8)] == [429] * 8)

    assert set(during) == {503}
    told = log.read_text()
    assert 1 <= told.count("is away") <= 2  # each worker says it once
    assert "Traceback" not in told
