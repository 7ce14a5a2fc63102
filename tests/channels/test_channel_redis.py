"""Channels over a real Redis: servers that go away, several processes, other programs."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time

import pytest

from framework import App, nonblocking
from framework.channels import Channel, ChannelUnavailable, Subscription, _redis
from framework.channels._log import Log
from framework.channels._redis import RedisSource
from framework.channels._types import Draft, EventTypes
from framework.stores.base import StoreAway
from framework.stores.redis import RedisStore
from tests.asgi.talk import ask, serving
from tests.servers import free_port, redis_process

SECONDS = 30
"""A bound on waiting for what does come; no test passes or fails by a shorter one."""

PUBLISHER = """
import sys
from framework.channels import Channel
channel = Channel(sys.argv[2], store=sys.argv[1])
sys.stdin.readline()
for number in range(300):
    channel.publish([sys.argv[3], number])
"""


@pytest.fixture
def channels():
    """A function that makes channels, which are closed at the end."""
    made = []

    def make(name, url, **options):
        made.append(Channel(name, store=url, **options))
        return made[-1]

    yield make
    for channel in made:
        channel.close()


def wait_for(condition):
    """Wait until something is true."""
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def publish(channel, data):
    """Publish as soon as the server is there."""
    end = time.monotonic() + SECONDS
    while True:
        try:
            return channel.publish(data)
        except ChannelUnavailable:
            assert time.monotonic() < end
            time.sleep(0.02)


def readers():
    """The threads of this process that read a channel."""
    return [thread for thread in threading.enumerate() if thread.name == "framework-channel"]


def test_processes_publish_in_one_order(redis_url, channels):
    """Two processes publish at once: all readers get the events in the same order, those of each process in its own."""
    pair = [channels("order", redis_url), channels("order", redis_url)]
    subscriptions = [channel.subscribe() for channel in pair]
    command = [sys.executable, "-c", PUBLISHER, redis_url, "order"]
    processes = [subprocess.Popen([*command, name], stdin=subprocess.PIPE, text=True) for name in "ab"]
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    found = [[next(each) for _ in range(600)] for each in subscriptions]
    for process in processes:
        process.communicate(timeout=SECONDS)

    assert found[0] == found[1]
    for name in "ab":
        assert [event.data[1] for event in found[0] if event.data[0] == name] == list(range(300))
    keys = [tuple(map(int, event.id.split("-"))) for event in found[0]]
    assert keys == sorted(set(keys))


def test_all_readers_of_a_process_share_a_thread(redis_url, channels):
    """However many subscriptions there are, one thread reads the channel; it ends some time after the last of them."""
    before = len(readers())
    channel = channels("threads", redis_url)
    subscriptions = [channel.subscribe() for _ in range(50)]
    first = channel.publish(1)
    assert {next(each).id for each in subscriptions} == {first}
    assert len(readers()) == before + 1


def test_the_thread_ends_and_begins_again(redis_url, channels, monkeypatch):
    """After the last reader the thread ends and the events are forgotten; the next reader has them all the same."""
    monkeypatch.setattr(_redis, "BLOCK", 0.05)
    monkeypatch.setattr(_redis, "LINGER", 0.1)
    channel = channels("linger", redis_url)
    with_first = channel.subscribe()
    first = channel.publish(1)
    next(with_first)
    with_first.close()
    wait_for(lambda: channel._source._reader is None)
    assert len(channel._source.hub.log) == 0
    second = channel.publish(2)

    assert next(channel.subscribe(first)).id == second


def test_nothing_is_lost_where_the_server_is_killed(tmp_path, channels, caplog):
    """Where a server is killed and is back with its data, threads and tasks wait, and go on with the next event."""
    port = free_port()
    keeps = ("--appendonly", "yes", "--appendfsync", "always", "--dir", str(tmp_path))
    channel = channels("killed", f"redis://127.0.0.1:{port}/0")
    found, other = [], []

    def read():
        found.extend(event.data for event in [next(subscription) for _ in range(20)])

    async def read_too(subscription):
        other.extend([(await anext(subscription)).data for _ in range(20)])

    with redis_process(port, *keeps) as server:
        subscription, second = channel.subscribe(), channel.subscribe()
        threads = [threading.Thread(target=read), threading.Thread(target=lambda: asyncio.run(read_too(second)))]
        for thread in threads:
            thread.start()
        for number in range(10):
            publish(channel, number)
        server.kill()
        server.wait()
    with pytest.raises(StoreAway):
        channel.publish("lost")
    wait_for(lambda: "is away" in caplog.text)
    with redis_process(port, *keeps):
        publisher = Channel("killed", store=f"redis://127.0.0.1:{port}/0")
        for number in range(10, 20):
            publish(publisher, number)
        for thread in threads:
            thread.join(SECONDS)
        assert publish(channel, "last")
        assert caplog.text.count("is away") == 1

    assert found == list(range(20))
    assert other == list(range(20))


def test_a_server_that_has_lost_its_data_is_said_to_have(channels, caplog):
    """A server that comes back empty may have lost events: readers get ``reset``, and then what it has."""
    port = free_port()
    channel = channels("emptied", f"redis://127.0.0.1:{port}/0")
    with redis_process(port) as server:
        subscription = channel.subscribe()
        publish(channel, 1)
        assert next(subscription).data == 1
        server.kill()
        server.wait()
    wait_for(lambda: "is away" in caplog.text)
    with redis_process(port):
        publish(channel, 2)
        found = [next(subscription), next(subscription)]
        wait_for(lambda: "is back" in caplog.text)
        assert caplog.text.count("is away") == 1

    assert [(event.event, event.data) for event in found] == [("reset", {}), (None, 2)]


def test_what_is_trimmed_meanwhile_is_said_to_be(redis_url):
    """A reader goes on where it was, if the server still has that; otherwise it gets ``reset``, and what is kept."""
    store = RedisStore(redis_url)
    source = RedisSource("trimmed", store, Log(2, 2, 60), EventTypes("trimmed", None), skips=False)
    subscription = Subscription(source.hub, None, None)
    source.load(store)
    source.publish(Draft("0", None, None))
    source.listen(store)
    source.publish(Draft("1", None, None))
    source.load(store)  # the connection is new
    source.listen(store)
    assert [next(subscription).data for _ in range(2)] == [0, 1]

    for number in range(2, 5):
        source.publish(Draft(str(number), None, None))
    store.client.xtrim(source.key, maxlen=2, approximate=False)
    source.load(store)
    found = [next(subscription) for _ in range(3)]

    store.client.xdel(source.key, source.hub.last)  # as a failover loses the last event, and not those before it
    source.publish(Draft("5", None, None))
    source.load(store)
    found += [next(subscription) for _ in range(2)]
    store.close()

    assert [event.event or event.data for event in found] == ["reset", 3, 4, "reset", 5]


def test_an_id_that_another_process_has_sent_already(redis_url, channels):
    """A client that has seen more than this process has read yet gets what follows, and nothing twice."""
    channel = channels("ahead", redis_url)
    warm = channel.subscribe()
    first = channel.publish(1)
    next(warm)
    hub = channel._source.hub
    milliseconds, number = map(int, first.split("-"))
    ahead = f"{milliseconds}-{number + 5}"
    assert hub.key_of(ahead) is not None
    subscription = channel.subscribe(ahead)
    store = RedisStore(redis_url)
    store.client.xadd(channel._source.key, {"d": '"seen"'}, id=f"{milliseconds}-{number + 3}")
    store.client.xadd(channel._source.key, {"d": '"seen too"'}, id=ahead)
    store.client.xadd(channel._source.key, {"d": '"new"'})
    store.close()

    assert next(subscription).data == "new"
    assert hub.key_of(f"{milliseconds + 3_600_000}-0") is None


def test_a_command_that_is_sent_twice_publishes_once(redis_url, channels):
    """The library repeats a command whose answer was lost; the event is published once, under its first id."""
    channel = channels("twice", redis_url)
    source, sent = channel._source, []
    run = source._store.run

    def twice(script, keys, values):
        sent.append([run(script, keys, values), run(script, keys, values)])
        return sent[-1][1]

    source._store.run = twice
    name = channel.publish(1)
    channel.publish(2)
    store = RedisStore(redis_url)
    length = store.client.xlen(source.key)
    store.close()

    assert length == 2
    assert [len(set(each)) for each in sent] == [1, 1]
    assert sent[0][0].decode() == name


def test_the_stream_is_bounded_and_expires(redis_url, channels):
    """The key in Redis has a time to live, and is trimmed to what readers can get, in steps of the server's."""
    channel = channels("bounded", redis_url, history=10, backlog=10, ttl=60)
    for number in range(500):
        channel.publish(number)
    store = RedisStore(redis_url)
    length, left = store.client.xlen(channel._source.key), store.client.pttl(channel._source.key)
    key = channel._source.key
    store.close()

    assert 21 <= length <= 200
    assert 0 < left <= 60_000
    assert key == "framework:channel:{bounded}"


def test_other_programs_may_publish(redis_url, channels, caplog):
    """An entry with ``d`` (and ``e``, ``r``) is an event, whoever has written it; another is left out and logged."""
    channel = channels("others", redis_url)
    subscription = channel.subscribe()
    channel.publish(0)
    store = RedisStore(redis_url)
    for fields in ({"x": "1"}, {"d": "{"}, {"d": "1", "e": "a\nb"}, {"d": "1", "r": "soon"}):
        store.client.xadd(channel._source.key, fields)
    store.client.xadd(channel._source.key, {"d": '{"a": 1}', "e": "price", "r": "50"})
    store.close()
    found = [next(subscription), next(subscription)]

    assert found[0].data == 0
    assert found[1][0::2] == ({"a": 1}, "price")
    assert found[1].retry == 50
    assert caplog.text.count("is not an event") == 4


def test_a_loop_does_not_wait_for_redis(redis_url, channels):
    """``publish`` in a coroutine says that it would wait, and what to write; ``publish_async`` leaves the loop free."""
    channel = channels("loops", redis_url)

    async def main():
        with pytest.raises(RuntimeError, match=r"await channel\.publish_async"):
            channel.publish(1)
        subscription = channel.subscribe()
        name = await channel.publish_async(2)
        return name == (await anext(subscription)).id

    assert asyncio.run(main())


@pytest.mark.parametrize("group", ["cluster", "sentinels"])
def test_groups_of_servers(group, request, channels):
    """A channel is at home in a cluster and behind Sentinels: the URL alone says so."""
    url = request.getfixturevalue(group).url
    channel = channels(f"group-{group}", url)
    subscription = channel.subscribe()
    ids = [channel.publish(number) for number in range(3)]

    assert [next(subscription).id for _ in range(3)] == ids
    assert next(channel.subscribe(ids[1])).id == ids[2]


def test_without_a_server(channels):
    """Nobody listens: publishing is a 503 and a StoreAway, and a reader waits until it is closed."""
    channel = channels("nowhere", f"redis://127.0.0.1:{free_port()}/0")
    with pytest.raises(ChannelUnavailable) as caught:
        channel.publish(1)
    subscription = channel.subscribe("1-1")
    found = []
    thread = threading.Thread(target=lambda: found.append(list(subscription)))
    thread.start()
    wait_for(lambda: channel._source.hub._threads)
    subscription.close()
    thread.join(SECONDS)

    assert (caught.value.code, isinstance(caught.value, StoreAway)) == (503, True)
    assert found == [[]]


def test_plain_functions_on_a_loop_may_publish(redis_url, channels):
    """A plain hook that an ASGI server runs on its loop publishes: it waits, and the loop does not."""
    channel, app = channels("plain", redis_url), App("plain", static_folder=None)
    subscription, ran = channel.subscribe(), []

    @app.before_request
    @nonblocking
    def announce():
        ran.append(threading.get_ident())
        channel.publish("news")

    @app.get("/")
    async def home():
        return {}

    async def main():
        asgi = serving(app, "greenlets")
        statuses = [
            (await ask(asgi, "/"))[0] for _ in range(2)
        ]  # the first request builds the application, in a thread
        return threading.get_ident(), statuses

    loop, statuses = asyncio.run(main())
    assert (statuses, ran[1]) == ([200, 200], loop)
    assert [next(subscription).data for _ in range(2)] == ["news", "news"]
