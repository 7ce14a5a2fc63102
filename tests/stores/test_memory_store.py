"""The store in memory: its bounds."""

from __future__ import annotations

import pytest

from framework.stores.base import ValueTooLarge
from framework.stores.memory import ENTRY_BYTES, MemoryStore


class Clock:
    """A clock that a test sets."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def test_the_number_of_entries_is_bounded():
    """The entry whose last use is longest ago goes first; reading is a use."""
    store = MemoryStore(max_entries=3)
    for key in "abc":
        store.set(key, b"1", 60)
    store.get("a")
    store.set("d", b"1", 60)

    assert [key for key in "abcd" if store.get(key)] == ["a", "c", "d"]
    assert len(store) == 3


def test_the_number_of_bytes_is_bounded():
    """Large values push others out, and the count of bytes comes back down."""
    store = MemoryStore(max_bytes=10_000)
    for number in range(50):
        store.set(f"k{number}", b"x" * 2000, 60)

    assert store.size <= 10_000
    assert store.get("k49") is not None
    assert store.get("k0") is None
    for number in range(50):
        store.delete(f"k{number}")
    assert (len(store), store.size) == (0, 0)


def test_writing_over_counts_once():
    """The bytes of a value that was written over are given back."""
    store = MemoryStore()
    for size in (1000, 10, 500):
        store.set("a", b"x" * size, 60)
    store.replace("a", b"x" * 500, b"y" * 7, 60)

    assert store.size == 7 + 4 + ENTRY_BYTES


def test_a_value_that_can_never_fit_is_refused():
    """It is refused before anything else is thrown out."""
    store = MemoryStore(max_bytes=1000)
    store.set("a", b"1", 60)

    with pytest.raises(ValueTooLarge):
        store.set("b", b"x" * 1000, 60)
    with pytest.raises(ValueTooLarge):
        store.replace("a", b"1", b"x" * 1000, 60)
    assert store.get("a") == b"1"


def test_what_has_expired_goes_before_what_lives():
    """A full store drops entries that have expired, however lately they were used."""
    clock = Clock()
    store = MemoryStore(max_entries=3, clock=clock)
    store.set("lives", b"1", 60)
    store.set("expired", b"1", 1)
    store.set("also expired", b"1", 1)
    clock.now += 2
    store.set("new", b"1", 60)

    assert store.get("lives") == b"1"
    assert len(store) == 2


def test_expiry_is_exact():
    """An entry lives until its time, and not at it."""
    clock = Clock()
    store = MemoryStore(clock=clock)
    store.set("a", b"1", 10)
    clock.now += 9.999

    assert store.get("a") == b"1"
    clock.now += 0.001
    assert store.get("a") is None
    assert len(store) == 0


def test_clear_removes_everything():
    """An emptied store has room again."""
    store = MemoryStore()
    store.set("a", b"1", 10)
    store.clear()

    assert (store.get("a"), len(store), store.size) == (None, 0, 0)


@pytest.mark.parametrize("limits", [{"max_entries": 0}, {"max_bytes": 0}])
def test_a_store_needs_room(limits):
    """A store without room is a mistake."""
    with pytest.raises(ValueError, match="room for one entry"):
        MemoryStore(**limits)
