"""``Channel``: what readers get, in which order, and what happens where they come again."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import random
import subprocess
import sys
import threading
import time
import tracemalloc

import pytest

from framework import Event
from framework.channels import Channel, InvalidEvent
from framework.channels._hub import WOKEN_AT_ONCE
from framework.errors import SetupError

SECONDS = 30
"""A bound on waiting for what does come; no test passes or fails by a shorter one."""


def wait_for(condition):
    """Wait until something is true."""
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def in_thread(function):
    """Run a function in a thread; the thread and the list of what it returns."""
    found = []
    thread = threading.Thread(target=lambda: found.append(function()), daemon=True)
    thread.start()
    return thread, found


def take(subscription, number):
    """The next events of a subscription."""
    return [next(subscription) for _ in range(number)]


# What readers get


def test_readers_get_events_in_order(make):
    """All readers get all events that are published after they came, in one order, with ids, types and times."""
    channel = make()
    readers = [channel.subscribe() for _ in range(3)]
    ids = [
        channel.publish({"price": 1.5}, event="price", retry=100),
        channel.publish("text\nof two lines"),
        channel.publish([1, None, True], event="list"),
    ]
    late = channel.subscribe()
    last = channel.publish({"last": 1})

    expected = [
        Event({"price": 1.5}, ids[0], "price", 100),
        Event("text\nof two lines", ids[1]),
        Event([1, None, True], ids[2], "list"),
        Event({"last": 1}, last),
    ]
    assert [take(reader, 4) for reader in readers] == [expected] * 3
    assert until(late, last)[-1] == expected[3]
    assert len(set(ids)) == 3


def until(reader, last):
    """The events of a reader up to the one with an id."""
    found = []
    while not found or found[-1].id != last:
        found.append(next(reader))
    return found


def test_events_are_those_of_the_moment_of_publishing(make):
    """What the publisher changes afterwards changes nothing; what is JSON is what readers get, in memory too."""
    channel = make()
    reader, data = channel.subscribe(), {"tags": ("a", "b")}
    channel.publish(data)
    data["tags"] = None

    assert next(reader).data == {"tags": ["a", "b"]}


def test_a_coroutine_reads_what_a_thread_publishes(make):
    """A task that waits is woken by a thread, and a thread by a task."""
    channel = make()

    async def main():
        reader, other = channel.subscribe(), channel.subscribe()
        thread, found = in_thread(lambda: [each.data for each in take(other, 2)])
        waiting = asyncio.create_task(anext(reader))
        await asyncio.sleep(0.02)
        publisher, _ = in_thread(lambda: channel.publish(1))
        first = await asyncio.wait_for(waiting, SECONDS)
        await channel.publish_async(2)
        second = await asyncio.wait_for(anext(reader), SECONDS)
        for each in (thread, publisher):
            await asyncio.to_thread(each.join, SECONDS)
        await reader.aclose()
        return [first.data, second.data], found

    assert asyncio.run(main()) == ([1, 2], [[1, 2]])


def test_a_filter_is_for_one_reader(make):
    """``where`` lets events through for one reader, in threads and in coroutines alike."""
    channel = make()

    async def main():
        even, everything = channel.subscribe(where=lambda event: event.data % 2 == 0), channel.subscribe()
        waiting = asyncio.create_task(anext(even))
        await asyncio.sleep(0)
        for number in (1, 3, 4, 5, 6):
            await channel.publish_async(number)
        return [(await waiting).data, (await anext(even)).data], [(await anext(everything)).data for _ in range(5)]

    assert asyncio.run(main()) == ([4, 6], [1, 3, 4, 5, 6])
    reader = channel.subscribe(where=lambda event: event.event == "mine")
    channel.publish(1)
    channel.publish(2, event="mine")
    assert next(reader).data == 2


def test_an_error_of_a_filter_is_raised_in_its_reader(make):
    """A filter that fails fails its reader, and no other and no publisher; the reader may go on."""
    channel = make()

    async def main():
        broken, good = channel.subscribe(where=lambda event: event.data["a"]), channel.subscribe()
        waiting = [asyncio.create_task(anext(each)) for each in (broken, good)]
        await asyncio.sleep(0)
        await channel.publish_async({})
        assert (await waiting[1]).data == {}
        with pytest.raises(KeyError):
            await waiting[0]
        await channel.publish_async({"a": 1})
        return (await anext(broken)).data

    assert asyncio.run(main()) == {"a": 1}


# Coming again


def test_a_reader_that_comes_again_gets_what_came_meanwhile(make):
    """From each id on, the rest follows: each event once, and then the new ones."""
    channel = make()
    ids = [channel.publish(number) for number in range(5)]

    for place, seen in enumerate(ids):
        reader = channel.subscribe(seen)
        assert [each.data for each in take(reader, 4 - place)] == list(range(place + 1, 5))
        reader.close()
    reader = channel.subscribe(ids[-1])
    channel.publish("new")
    assert next(reader).data == "new"


@pytest.mark.parametrize("seen", ["nonsense", "00000000-7", "99999999999999-0", "1-1", "é\n\0", "-", "1" * 5000])
def test_an_unknown_id_is_said_to_be_one(make, seen):
    """A reader with an id that is not known gets ``reset``, and then the whole history."""
    channel = make(history=3)
    ids = [channel.publish(number) for number in range(5)]
    reader = channel.subscribe(seen)
    found = take(reader, 4)

    assert (found[0].event, found[0].data, found[0].id) == ("reset", {}, ids[1])
    assert [each.id for each in found[1:]] == ids[2:]


def test_history_is_bounded(make):
    """An id just before the history has lost nothing; one before that is answered with ``reset``."""
    channel = make(history=3)
    ids = [channel.publish(number) for number in range(6)]

    assert [each.id for each in take(channel.subscribe(ids[2]), 3)] == ids[3:]
    assert [each.event for each in take(channel.subscribe(ids[1]), 4)] == ["reset", None, None, None]


def test_without_a_history(make):
    """With ``history=0`` nothing is sent again: who has missed something is told so."""
    channel = make(history=0)
    reader = channel.subscribe()
    ids = [channel.publish(number) for number in range(2)]
    take(reader, 2)
    again, known = channel.subscribe(ids[0]), channel.subscribe(ids[1])
    channel.publish("new")

    assert [each.event or each.data for each in take(again, 2)] == ["reset", "new"]
    assert next(known).data == "new"


def test_events_have_a_time_to_live(make):
    """What is older than ``ttl`` is not sent again, and is said to be missing."""
    channel = make(ttl=0.2)
    listening = channel.subscribe()
    old = channel.publish("old")
    gone = channel.publish("missed")
    take(listening, 2)
    time.sleep(0.3)
    new = channel.publish("new")
    take(listening, 1)

    assert [each.event or each.data for each in take(channel.subscribe(old), 2)] == ["reset", "new"]
    assert next(channel.subscribe(gone)).id == new  # nothing is missing after that
    assert [each.id for each in take(channel.subscribe("nonsense"), 2)][1] == new


def test_replay_is_exact_under_a_storm(make):
    """Threads and tasks that leave and come again while events are published get each of them once, in order."""
    number = 600
    channel = make(history=number + 1)
    ids, seen = [], {}

    def again(name, seed, subscription):
        """The next subscription, after some events."""
        found = seen[name] = []
        chance = random.Random(seed)
        while True:
            count = yield subscription, chance.randrange(1, 12)
            del count
            subscription.close()
            subscription = channel.subscribe(found[-1])

    def in_a_thread(name, seed, subscription):
        steps = again(name, seed, subscription)
        subscription, count = next(steps)
        while True:
            for _ in range(count):
                event = next(subscription)
                seen[name].append(event.id)
                if event.event == "end":
                    return
            subscription, count = steps.send(None)

    async def in_a_task(name, seed, subscription):
        steps = again(name, seed, subscription)
        subscription, count = next(steps)
        while True:
            for _ in range(count):
                event = await anext(subscription)
                seen[name].append(event.id)
                if event.event == "end":
                    return
            subscription, count = steps.send(None)

    async def tasks(subscriptions):
        await asyncio.gather(*(in_a_task(f"task {place}", place, each) for place, each in enumerate(subscriptions)))

    first = [channel.subscribe() for _ in range(16)]
    threads = [
        in_thread(lambda each=each, n=n: in_a_thread(f"thread {n}", n, each))[0] for n, each in enumerate(first[:8])
    ]
    threads.append(in_thread(lambda: asyncio.run(tasks(first[8:])))[0])
    publishers = [in_thread(lambda: [channel.publish(n) for n in range(number // 2)]) for _ in range(2)]
    for thread, found in publishers:
        thread.join(SECONDS)
        ids += found[0]
    ids.append(channel.publish("end", event="end"))
    for thread in threads:
        thread.join(SECONDS)

    ids.sort(key=lambda each: [int(part, 16) for part in each.split("-")] if "-" in each else each)
    assert len(seen) == 16
    assert [name for name, found in seen.items() if found != ids] == []


# Slow readers


def test_a_slow_reader_is_disconnected(make):
    """A reader that is further behind than history and backlog together gets no more: its stream ends."""
    channel = make(history=2, backlog=3)
    reader, quick = channel.subscribe(), channel.subscribe()
    for number in range(5):
        channel.publish(number)
        next(quick)
    assert next(reader).data == 0
    for number in range(5, 7):
        channel.publish(number)
        next(quick)

    assert list(reader) == []
    assert channel.subscribers == 1


def test_a_slow_reader_may_skip(make):
    """With ``slow="skip"`` it gets the number of those that it has missed, and goes on with the history."""
    channel = make(history=2, backlog=3, slow="skip")
    reader, quick = channel.subscribe(), channel.subscribe()
    channel.publish("first")
    assert next(reader).data == "first"
    for number in range(20):
        channel.publish(number)
    until(quick, channel.publish("last"))

    assert [(each.event, each.data) for each in take(reader, 3)] == [
        ("skipped", {"skipped": 19}),
        (None, 19),
        (None, "last"),
    ]


def test_a_replay_is_not_slow(make):
    """Who comes again for the oldest of the history has the whole backlog still, and then no more."""
    channel = make(history=5, backlog=5)
    quick = channel.subscribe()
    ids = [channel.publish(number) for number in range(10)]
    take(quick, 10)
    reader, other = channel.subscribe(ids[4]), channel.subscribe(ids[4])
    for number in range(5):
        channel.publish(number)
    take(quick, 5)

    assert len(take(reader, 10)) == 10
    channel.publish("one more")
    next(quick)
    assert list(other) == []


# Ends


def test_closing_ends_a_wait(make):
    """``close`` in another thread ends the wait of a thread or of a task; the number of subscribers goes down."""
    channel = make()
    reader = channel.subscribe()
    thread, found = in_thread(lambda: list(reader))
    wait_for(lambda: channel._source.hub._threads)
    reader.close()
    thread.join(SECONDS)
    assert found == [[]]

    async def main():
        other = channel.subscribe()

        async def read():
            return [each async for each in other]

        task = asyncio.create_task(read())
        await asyncio.sleep(0.02)
        await asyncio.to_thread(other.close)
        return await asyncio.wait_for(task, SECONDS)

    assert asyncio.run(main()) == []
    assert channel.subscribers == 0


def test_the_end_of_the_process_ends_waits(make, end_of_streams):
    """All that wait end at once where the process ends its streams, and a new subscription ends too."""
    channel = make()
    thread, found = in_thread(lambda: list(channel.subscribe()))
    wait_for(lambda: channel._source.hub._threads)

    async def main():
        task = asyncio.create_task(anext(channel.subscribe(), "over"))
        await asyncio.sleep(0.02)
        assert end_of_streams() == 0  # a channel is not a stream
        return await asyncio.wait_for(task, SECONDS)

    assert asyncio.run(main()) == "over"
    thread.join(SECONDS)
    assert found == [[]]
    assert list(channel.subscribe()) == []
    assert channel.subscribers == 0


def test_a_channel_that_is_closed_ends_its_streams(make):
    """``Channel.close`` ends the streams of the process, and those that come after it."""
    channel = make()
    thread, found = in_thread(lambda: list(channel.subscribe()))
    wait_for(lambda: channel._source.hub._threads)
    channel.close()
    thread.join(SECONDS)

    assert found == [[]]
    assert list(channel.subscribe()) == []


def test_a_forgotten_subscription_is_not_counted(make):
    """A subscription that nothing holds any more has ended."""
    channel = make()
    reader = channel.subscribe()
    assert channel.subscribers == 1
    del reader
    gc.collect()

    assert channel.subscribers == 0


def test_a_cancelled_wait_loses_nothing(make):
    """A task that gives up waiting gets the event the next time, however often it has waited."""
    channel = make()

    async def main():
        reader = channel.subscribe()
        for _ in range(20):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(anext(reader), 0.001)
        hub = channel._source.hub
        waiting = hub.waiters_of(asyncio.get_running_loop()).waiting
        assert len(waiting) == 0
        task = asyncio.create_task(anext(reader))
        await asyncio.sleep(0)
        await channel.publish_async("one")
        await channel.publish_async("two")
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            return [(await task).data]
        return [(await anext(reader)).data, (await anext(reader)).data]

    assert asyncio.run(main()) in (["one", "two"], ["one"])


def test_an_event_just_before_a_wait_is_not_missed(make, monkeypatch):
    """What is published after a reader has found nothing, and before it waits, is seen."""
    channel = make()
    hub, news = channel._source.hub, []
    channel.publish("first")
    ready = channel.subscribe("nonsense")
    take(ready, 2)

    def publish():
        if not news:
            thread, _ = in_thread(lambda: channel.publish("news"))
            thread.join(SECONDS)
            news.append(1)
            wait_for(lambda: hub.log.read(hub.log.end - 1).data == "news")

    def before(function):
        def called(*arguments):
            publish()
            return function(*arguments)

        return called

    monkeypatch.setattr(hub, "wait_in_thread", before(hub.wait_in_thread))
    reader = channel.subscribe()
    thread, found = in_thread(lambda: next(reader).data)
    thread.join(SECONDS)
    assert found == ["news"]

    news.clear()
    monkeypatch.setattr(hub, "waiters_of", before(hub.waiters_of))

    async def main():
        return (await asyncio.wait_for(anext(channel.subscribe()), SECONDS)).data

    assert asyncio.run(main()) == "news"


def test_a_thread_of_a_loop_is_not_blocked(make):
    """``for`` in a coroutine, which would stop all others, says so instead of waiting."""
    channel = make()

    async def main():
        next(channel.subscribe())

    with pytest.raises(RuntimeError, match="Write 'async for'"):
        asyncio.run(main())


# Loops


def test_readers_are_woken_in_slices():
    """While a thousand tasks are woken the loop does other things: no more than a slice at a time."""
    channel, number = Channel("slices"), 1000

    async def main():
        ran, steps, seen = set(), [], 0

        async def read(name):
            nonlocal seen
            reader = channel.subscribe()
            for _ in range(2):
                await anext(reader)
                ran.add(name)
                seen += 1

        tasks = [asyncio.create_task(read(name)) for name in range(number)]
        await asyncio.sleep(0.05)
        channel.publish(1)
        while seen < 2 * number:
            ran.clear()
            await asyncio.sleep(0)  # once around the loop
            steps.append(len(ran))
            if ran and steps.count(0) == len(steps) - 1:
                channel.publish(2)  # in the middle of a round
        await asyncio.gather(*tasks)
        return steps

    steps = asyncio.run(main())
    assert sum(steps) >= number
    assert max(steps) <= WOKEN_AT_ONCE


def test_a_loop_is_called_once_for_many_events():
    """However many events are published before a loop runs, it is called once; those who came first are woken first."""
    channel = Channel("once")

    class Counting(asyncio.SelectorEventLoop):
        calls = 0

        def call_soon_threadsafe(self, *arguments, **options):
            self.calls += 1
            return super().call_soon_threadsafe(*arguments, **options)

    async def main():
        order = []

        async def read(name):
            async for event in channel.subscribe():
                if event.data == 0:
                    order.append(name)
                if event.data == 49:
                    return

        tasks = [asyncio.create_task(read(name)) for name in range(300)]
        await asyncio.sleep(0.02)
        before = asyncio.get_running_loop().calls
        for number in range(50):
            channel.publish(number)
        calls = asyncio.get_running_loop().calls - before
        await asyncio.gather(*tasks)
        return order, calls

    with asyncio.Runner(loop_factory=Counting) as runner:
        order, calls = runner.run(main())
    assert order == list(range(300))
    assert calls == 1


def test_a_filter_that_refuses_much_does_not_hold_the_loop():
    """Readers whose filter refuses thousands of events are looked at in turns; none of them is woken."""
    channel, number = Channel("filters", backlog=5000), 3000

    async def main():
        looked, steps = 0, []

        def never(event):
            nonlocal looked
            looked += 1
            return event.data == "end"

        tasks = [asyncio.create_task(anext(channel.subscribe(where=never))) for _ in range(4)]
        await asyncio.sleep(0.02)
        for each in range(number):
            channel.publish(each)
        while looked < 4 * number:
            before = looked
            await asyncio.sleep(0)
            steps.append(looked - before)
        assert not any(task.done() for task in tasks)
        channel.publish("end")
        await asyncio.gather(*tasks)
        return steps

    assert max(asyncio.run(main())) <= 4 * 100


def test_a_long_replay_lets_others_run():
    """A task that has much to read lets the others of its loop run in between."""
    channel = Channel("turns")
    first = channel.publish(0)
    for number in range(500):
        channel.publish(number)

    async def main():
        order = []

        async def read(name):
            reader = channel.subscribe(first)
            for _ in range(500):
                await anext(reader)
                order.append(name)

        await asyncio.gather(read("a"), read("b"))
        return order

    order = asyncio.run(main())
    assert "b" in order[:100]


def test_an_idle_subscription_is_small():
    """A subscription costs less than 300 bytes, and less than 600 with its place among those that wait."""
    channel, number = Channel("small"), 2000
    channel.publish({"price": 1})

    async def main():
        tracemalloc.start()
        try:
            before = tracemalloc.get_traced_memory()[0]
            readers = [channel.subscribe() for _ in range(number)]
            subscribed = tracemalloc.get_traced_memory()[0] - before
            steps = [anext(each) for each in readers]
            made = tracemalloc.get_traced_memory()[0]
            for each in steps:
                each.send(None)
            waiting = tracemalloc.get_traced_memory()[0] - made
        finally:
            tracemalloc.stop()
        for each in steps:
            each.close()
        return subscribed / number, waiting / number

    subscribed, waiting = asyncio.run(main())
    assert subscribed < 300
    assert subscribed + waiting < 600, (subscribed, waiting)


# Mistakes


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"name": "a b"}, "Invalid name of a channel"),
        ({"name": "{a}"}, "Invalid name of a channel"),
        ({"history": -1}, "Invalid limits"),
        ({"backlog": 0}, "Invalid limits"),
        ({"ttl": 0}, "Invalid limits"),
        ({"slow": "wait"}, "Known values: 'disconnect', 'skip'"),
        ({"store": 7}, "Invalid store"),
        ({"events": {"reset": None}}, "streams send it themselves"),
    ],
)
def test_what_cannot_be_is_refused(options, words):
    """A channel says at once which of its arguments cannot be."""
    with pytest.raises(SetupError, match=words):
        Channel(**({"name": "prices"} | options))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((object(),), "cannot be written as JSON"),
        ((float("nan"),), "cannot be written as JSON"),
        (({"a": 1}, "a\nb"), "line break"),
        (({"a": 1}, "reset"), "[Ss]treams send it themselves"),
        (({"a": 1}, "shutdown"), "[Ss]treams send it themselves"),
    ],
)
def test_events_that_cannot_be_sent_are_refused(make, arguments, words):
    """What no stream could send is refused where it is published, and nobody gets it."""
    channel = make()
    reader = channel.subscribe()
    with pytest.raises(InvalidEvent, match=words):
        channel.publish(*arguments)
    channel.publish("good")

    assert next(reader).data == "good"


# Forks

FORKED = """
import os, sys
from framework.channels import Channel
url = sys.argv[1] or None
channel = Channel("forked", store=url)
readers = [channel.subscribe() for _ in range(3)]
seen = channel.publish("before")
assert next(readers[0]).data == "before"
pid = os.fork()
if pid == 0:
    status = 1
    try:
        assert channel.subscribers == 0
        assert list(readers[1]) == []
        del readers
        reader = channel.subscribe(seen)
        if url is None:
            assert next(reader).event == "reset"
        mine = channel.publish("after")
        assert next(reader) == ("after", mine, None, None)
        assert url is not None or mine.partition("-")[0] != seen.partition("-")[0]
        status = 0
    finally:
        os._exit(status)
assert os.waitpid(pid, 0)[1] == 0
channel.publish("parent")
found = [next(readers[2]).data for _ in range(2 if url is None else 3)]
assert found == ["before", *([] if url is None else ["after"]), "parent"], found
"""


@pytest.mark.parametrize("kind", ["memory", "redis"])
def test_a_forked_process_begins_anew(kind, request):
    """A fork has no readers of its parent, and listens by itself; ids of its parent's memory are unknown to it."""
    url = "" if kind == "memory" else request.getfixturevalue("redis_url")
    ran = subprocess.run([sys.executable, "-c", FORKED, url], capture_output=True, text=True, timeout=SECONDS)

    assert (ran.returncode, ran.stderr) == (0, "")
    assert os.name == "posix"
