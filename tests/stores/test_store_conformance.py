"""The stores: one set of rules, held in memory, in a real Redis, behind real Sentinels and in a real cluster."""

from __future__ import annotations

import threading
import time

import pytest

from framework.stores.base import Store
from framework.stores.memory import MemoryStore
from tests.conftest import clean


@pytest.fixture(params=["memory", "redis", "cluster", "sentinels"])
def store(request):
    """An empty store of each kind."""
    if request.param == "memory":
        yield MemoryStore()
        return
    found = request.getfixturevalue("redis_url" if request.param == "redis" else request.param)
    yield from clean(getattr(found, "url", found))


def until(condition):
    """Wait for what comes by itself."""
    deadline = time.monotonic() + 20
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("It did not happen.")
        time.sleep(0.005)


def test_both_are_stores(store):
    """Both have the methods of the protocol."""
    assert isinstance(store, Store)


def test_a_value_is_kept(store):
    """What was set is found under its key, byte for byte, and under no other."""
    store.set("a", b"\x00\xff\r\n", 60)

    assert store.get("a") == b"\x00\xff\r\n"
    assert store.get("b") is None


def test_set_writes_over(store):
    """A second set replaces the value."""
    store.set("a", b"1", 60)
    store.set("a", b"2", 60)

    assert store.get("a") == b"2"


def test_an_empty_value_is_a_value(store):
    """No bytes are something else than no entry."""
    store.set("a", b"", 60)

    assert store.get("a") == b""
    assert store.add("a", b"x", 60) == b""


def test_keys_may_hold_anything(store):
    """Any text is a key, spaces, colons and other alphabets included."""
    for number, key in enumerate(["a b", "a:b", "ключ", "{a}b", "x" * 500]):
        store.set(key, b"%d" % number, 60)

    assert [store.get(key) for key in ["a b", "a:b", "ключ", "{a}b", "x" * 500]] == [b"0", b"1", b"2", b"3", b"4"]


def test_add_writes_where_nothing_is(store):
    """Add returns None when it wrote, and the present value when it did not."""
    assert store.add("a", b"1", 60) is None
    assert store.add("a", b"2", 60) == b"1"
    assert store.get("a") == b"1"


def test_adding_the_same_value_again_counts_as_written(store):
    """A client that lost the answer of its add may ask again."""
    store.add("a", b"mine", 60)

    assert store.add("a", b"mine", 60) is None


def test_replace_compares(store):
    """Replace writes where the old value is, and nowhere else."""
    store.set("a", b"1", 60)

    assert store.replace("a", b"0", b"9", 60) is False
    assert store.get("a") == b"1"
    assert store.replace("a", b"1", b"2", 60) is True
    assert store.get("a") == b"2"
    assert store.replace("missing", b"1", b"2", 60) is False
    assert store.get("missing") is None


def test_delete(store):
    """Delete says whether there was something."""
    store.set("a", b"1", 60)

    assert store.delete("a") is True
    assert store.delete("a") is False
    assert store.get("a") is None


def test_delete_compares(store):
    """Delete with an old value leaves another one alone."""
    store.set("a", b"1", 60)

    assert store.delete("a", b"0") is False
    assert store.get("a") == b"1"
    assert store.delete("a", b"1") is True
    assert store.delete("a", b"1") is False


def test_increment_counts(store):
    """A counter starts at 0, adds up, and says how long it lives."""
    first, second, third = store.increment("n", 60), store.increment("n", 600), store.increment("n", 60, by=5)

    assert (first[0], second[0], third[0]) == (1, 2, 7)
    assert 0 < third[1] <= second[1] <= first[1] <= 60  # the first call alone sets the time
    assert store.get("n") == b"7"


def test_entries_expire(store):
    """Whatever wrote it, an entry is gone after its time, and may be added anew."""
    store.set("set", b"1", 0.03)
    store.add("add", b"1", 0.03)
    store.set("replace", b"0", 60)
    store.replace("replace", b"0", b"1", 0.03)
    store.increment("count", 0.03)

    until(lambda: not any(store.get(key) for key in ("set", "add", "replace", "count")))

    assert store.add("add", b"2", 60) is None
    assert store.increment("count", 60)[0] == 1
    assert store.delete("set") is False


def test_an_entry_that_expired_is_not_replaced(store):
    """The lease of a claim ends by itself: its owner has lost it."""
    store.add("a", b"1", 0.03)
    until(lambda: store.get("a") is None)

    assert store.replace("a", b"1", b"2", 60) is False
    assert store.delete("a", b"1") is False


@pytest.mark.parametrize("ttl", [0, -1])
def test_a_time_to_live_is_more_than_zero(store, ttl):
    """An entry that would be gone at once is a mistake of the caller."""
    for call in (
        lambda: store.set("a", b"1", ttl),
        lambda: store.add("a", b"1", ttl),
        lambda: store.replace("a", b"0", b"1", ttl),
        lambda: store.increment("a", ttl),
    ):
        with pytest.raises(ValueError, match="time to live"):
            call()


def race(task, threads=8, rounds=50):
    """Run a task in several threads at once, over and over; all that it returned."""
    results = []
    barrier = threading.Barrier(threads)

    def run(number):
        for turn in range(rounds):
            barrier.wait(30)
            results.append((turn, task(number, turn)))

    workers = [threading.Thread(target=run, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return results


def test_one_of_many_adds(store):
    """Of threads that add under one key at the same time exactly one succeeds, and all others see its value."""
    results = race(lambda number, turn: store.add(f"k{turn}", b"%d" % number, 60))

    for turn in range(50):
        told = [result for at, result in results if at == turn]
        assert told.count(None) == 1
        assert {value for value in told if value is not None} == {store.get(f"k{turn}")}


def test_one_of_many_replaces(store):
    """Of threads that replace one value at the same time exactly one succeeds."""
    for turn in range(50):
        store.set(f"k{turn}", b"old", 60)
    results = race(lambda number, turn: store.replace(f"k{turn}", b"old", b"%d" % number, 60))

    assert [sum(result for at, result in results if at == turn) for turn in range(50)] == [1] * 50


def test_no_increment_is_lost(store):
    """Each of many increments at the same time gets a number of its own."""
    results = race(lambda number, turn: store.increment("n", 60)[0])

    assert sorted(result for _, result in results) == list(range(1, 401))
