"""Stores behind Sentinels and in clusters, real ones: their URLs, all uses of them, and what a failover does."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time

import pytest
import redis
from marshmallow import fields

from framework import App, arguments, idempotent, limit, response, session
from framework.errors import SetupError
from framework.marks.traffic import store_url
from framework.serve import Health, cached, purge
from framework.sessions import StoreSessionInterface
from framework.stores._addresses import read_address
from framework.stores.base import CircuitBreaker, StoreAway
from framework.stores.memory import MemoryStore
from framework.stores.redis import RedisStore
from tests.servers import (
    SLOTS,
    free_port,
    port_for_a_node,
    redis_cluster,
    redis_process,
    redis_sentinels,
    redis_server,
)

STRATEGIES = ["fixed-window", "moving-window", "sliding-window-counter"]


def until(condition):
    """Wait for what comes by itself."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "It did not happen."
        time.sleep(0.02)


def in_threads(task, threads=8):
    """What a task returned in each of several threads at once."""
    results, barrier = [], threading.Barrier(threads)

    def run():
        barrier.wait(30)
        results.append(task())

    workers = [threading.Thread(target=run) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return results


def works(function):
    """Whether a call of a store went through."""
    try:
        function()
    except StoreAway:
        return False
    return True


# URLs


@pytest.mark.parametrize(
    ("url", "plain", "form", "hosts"),
    [
        ("redis://h/1", "redis://h/1", "", [("h", 6379)]),
        ("valkey://a:b@h:1/3?protocol=2", "redis://a:b@h:1/3?protocol=2", "", [("h", 1)]),
        ("valkeys://h", "rediss://h", "", [("h", 6379)]),
        ("unix:///run/redis.sock", "unix:///run/redis.sock", "", []),
        ("redis+sentinel://a,b:1/main", "redis://a:26379/0", "+sentinel", [("a", 26379), ("b", 1)]),
        ("valkeys+sentinel://[::1]:2/main/7", "rediss://[::1]:2/7", "+sentinel", [("::1", 2)]),
        ("rediss+cluster://:p%40@a,b:1/?protocol=2", "rediss://:p%40@a:6379/0?protocol=2", "+cluster", None),
        ("valkey+cluster://a:1", "redis://a:1/0", "+cluster", [("a", 1)]),
    ],
)
def test_urls(url, plain, form, hosts):
    """Redis and Valkey, with TLS and without, as one server, behind Sentinels and as a cluster."""
    address = read_address(url)

    assert (address.url, address.form) == (plain, form)
    assert list(address.hosts) == ([("a", 6379), ("b", 1)] if hosts is None else hosts)


def test_credentials_of_a_url():
    """What stands before the hosts is for the servers; the Sentinels get what the query says, and nothing else."""
    address = read_address("redis+sentinel://ann:pw@a/main/2?sentinel_username=eve&sentinel_password=x%26y&protocol=2")

    assert address.url == "redis://ann:pw@a:26379/2?protocol=2"
    assert address.sentinel_options == {"username": "eve", "password": "x&y"}
    assert read_address("redis+sentinel://ann:pw@a/main").sentinel_options == {}


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://:hunter2@h", "unknown scheme 'http'"),
        ("redis+nodes://:hunter2@h", "unknown scheme 'redis\\+nodes'"),
        ("ann:hunter2@h", "unknown scheme 'ann'"),
        ("redis://:hunter2@a,b", "redis\\+sentinel:// or redis\\+cluster://"),
        ("redis://:hunter2@a:none", "a port is not a number"),
        ("redis://:hunter2?x@a", "a port is not a number"),
        ("redis+sentinel://:hunter2@a", "names the service"),
        ("redis+sentinel://:hunter2@a/main/x", "database is not a number"),
        ("redis+sentinel://:hunter2@a,/main", "a host is empty"),
        ("redis+sentinel://:hunter2@a,:hunter2@b/main", "credentials are given once"),
        ("redis+cluster://:hunter2@a/1", "database 0 alone"),
        ("redis+cluster://a?sentinel_password=hunter2", "ends in \\+sentinel"),
    ],
)
def test_a_wrong_url_is_named_without_its_secrets(url, words):
    """A URL that is none is refused by the store and at freeze; the message says what is wrong and no password."""
    with pytest.raises(ValueError, match=words) as caught:
        RedisStore(url)
    assert "hunter2" not in str(caught.value)

    with pytest.raises(SetupError, match=words) as caught:
        store_url({"RATELIMIT_STORE_URL": None, "STORE_URL": url}, "RATELIMIT")
    assert "hunter2" not in str(caught.value)


def test_credentials_are_masked():
    """Settings and stores are shown without the passwords of servers and Sentinels."""
    url = "redis+sentinel://ann:hunter2@a:1,b:2/main/0?sentinel_password=hunter3&ssl_password=hunter4"
    app = App(__name__)
    app.config["STORE_URL"] = url

    assert app.config.shown("STORE_URL") == (
        "'redis+sentinel://ann:***@a:1,b:2/main/0?sentinel_password=***&ssl_password=***'"
    )
    assert repr(RedisStore(url)) == "RedisStore('a:1,b:2/main/0', prefix='framework:')"
    assert "hunter" not in repr(RedisStore("redis://h/0?password=hunter@2"))


def test_tls_is_for_sentinels_too():
    """With rediss the connections to the master and those to the Sentinels are encrypted."""
    pool = RedisStore("rediss+sentinel://a,b/main?ssl_cert_reqs=none").pool

    assert issubclass(pool.connection_class, redis.SSLConnection)
    assert pool.connection_kwargs["ssl_cert_reqs"] == "none"
    for sentinel in pool.sentinel_manager.sentinels:
        assert sentinel.connection_pool.connection_class is redis.SSLConnection
        assert sentinel.connection_pool.connection_kwargs["ssl_cert_reqs"] == "none"


def test_sentinels_and_servers_have_their_own_passwords():
    """A master with one password and a Sentinel with another are reached, and with a wrong one they are not."""
    with contextlib.ExitStack() as stack:
        master, watching = free_port(), free_port()
        stack.enter_context(redis_process(master, "--requirepass", "inner"))
        stack.enter_context(redis_process(watching, "--sentinel", "--requirepass", "outer"))
        with redis.Redis(port=watching, password="outer") as node:
            node.execute_command("SENTINEL", "MONITOR", "main", "127.0.0.1", str(master), "1")
            node.execute_command("SENTINEL", "SET", "main", "auth-pass", "inner")
        place = f"127.0.0.1:{watching}/main"
        store = RedisStore(f"redis+sentinel://:inner@{place}?sentinel_password=outer")
        store.set("a", b"1", 60)

        assert store.get("a") == b"1"
        assert not works(lambda: RedisStore(f"redis+sentinel://:inner@{place}").get("a"))
        assert not works(lambda: RedisStore(f"redis+sentinel://:outer@{place}?sentinel_password=outer").get("a"))
        store.close()


def test_valkey_is_spoken_to_as_redis(redis_url):
    """The schemes of Valkey are those of Redis under another name."""
    store = RedisStore(redis_url.replace("redis://", "valkey://"), prefix="valkey:")
    store.set("a", b"1", 60)

    assert store.get("a") == b"1"
    store.close()


# Uses


def make_app(**settings):
    """An application with limits, an idempotent operation, and a session."""
    app, carried = App(__name__), []
    app.config.update(STORE_TIMEOUT=10, **settings)

    for strategy in STRATEGIES:
        view = limit("40/hour", strategy=strategy, name=strategy)(response(200, None)(lambda: "done"))
        app.add_url_rule(f"/{strategy}", strategy, view)

    @app.post("/orders")
    @idempotent()
    @arguments({"name": fields.String()})
    @response(201, {"number": fields.Integer()})
    def order(data):
        carried.append(data)
        return {"number": len(carried)}

    @app.get("/cached")
    @cached(60, public=True, tags="number")
    @response(200, {"number": fields.Integer()})
    def number():
        carried.append(None)
        return {"number": len(carried)}

    @app.post("/session")
    def write():
        session["n"] = session.get("n", 0) + 1
        return {"n": session["n"]}

    app.session_interface = StoreSessionInterface(RedisStore(settings["STORE_URL"], timeout=10))
    return app, carried


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_limits_are_exact(group_url, strategy):
    """Eight threads of two applications, as two processes are, get as many calls through as the limit says."""
    clients = [make_app(STORE_URL=group_url)[0].test_client() for _ in range(2)]
    got = in_threads(lambda: [client.get(f"/{strategy}").status_code for client in clients for _ in range(5)])

    assert sorted(status for each in got for status in each) == [200] * 40 + [429] * 40
    reply = clients[0].get(f"/{strategy}")
    assert ";r=0;" in reply.headers["RateLimit"]
    assert 0 < int(reply.headers["Retry-After"]) <= 3600


def test_a_slot_that_no_node_has():
    """A cluster that stops for it is away as a whole; one that goes on lacks its keys alone, until it is back."""
    port = port_for_a_node()
    with one_node(port), redis.Redis(port=port) as node:
        store = RedisStore(f"redis+cluster://127.0.0.1:{port}", timeout=5)
        slot = store.client.keyslot("framework:a")
        store.set("b", b"1", 60)
        node.execute_command("CLUSTER", "DELSLOTS", slot)
        until(lambda: node.execute_command("CLUSTER INFO")["cluster_state"] == "fail")
        with pytest.raises(StoreAway, match="The cluster is down") as caught:
            store.get("b")
        assert caught.value.part is None

        node.config_set("cluster-require-full-coverage", "no")
        until(lambda: node.execute_command("CLUSTER INFO")["cluster_state"] == "ok")
        assert store.get("b") == b"1"
        with pytest.raises(StoreAway) as caught:
            store.get("a")
        assert caught.value.part is not None
        node.execute_command("CLUSTER", "ADDSLOTS", slot)
        until(lambda: works(lambda: store.set("a", b"1", 60)))
        store.close()


@pytest.mark.parametrize("name", ["}", "{}", "a{b}c", "{"])
def test_both_windows_are_in_one_slot(cluster, name):
    """Whatever braces are in the name of a limit, a cluster counts its sliding windows."""
    app = App(__name__)
    app.config.update(STORE_URL=cluster.url, STORE_PREFIX="braces:")
    marked = limit("2/hour", strategy="sliding-window-counter", name=name, shared=True, when_away="closed")
    app.add_url_rule("/", "view", marked(response(200, None)(lambda: "done")))
    client = app.test_client()

    assert [client.get("/").status_code for _ in range(3)] == [200, 200, 429]


def test_a_setting_that_parts_windows_is_refused():
    """STORE_PREFIX with an empty tag, and a cluster: found when the application is set up."""
    app = App(__name__)
    app.config.update(STORE_URL="redis+cluster://h", STORE_PREFIX="a{}:")
    app.add_url_rule("/", "view", limit("2/hour")(response(200, None)(lambda: "done")))

    with pytest.raises(SetupError, match="STORE_PREFIX"):
        app.freeze()


def test_a_prefix_that_parts_windows_is_refused():
    """A prefix with an empty tag would put keys that belong together into different slots."""
    with pytest.raises(ValueError, match="Invalid prefix"):
        RedisStore("redis+cluster://h", prefix="a{}:")


def test_an_order_is_carried_out_once(group_url):
    """Eight threads of two applications send the same key: one order, and all repetitions get its answer."""
    apps = [make_app(STORE_URL=group_url) for _ in range(2)]

    def send(client):
        while True:
            reply = client.post("/orders", json={"name": "a"}, headers={"Idempotency-Key": '"k"'})
            if reply.status_code != 409:
                return reply.status_code, reply.json["number"]

    got = in_threads(lambda: [send(app.test_client()) for app, _ in apps])

    assert sum(len(carried) for _, carried in apps) == 1
    assert {answer for each in got for answer in each} == {(201, 1)}


def test_cached_answers(group_url):
    """An answer that one application keeps is given by the other one, until one of them purges its tag."""
    (one, made), (other, made_too) = (make_app(STORE_URL=group_url) for _ in range(2))
    clients = [app.test_client() for app in (one, other)]
    assert [client.get("/cached").json for client in clients * 2] == [{"number": 1}] * 4
    assert (len(made), len(made_too)) == (1, 0)
    with other.app_context():
        assert purge("number") is True

    assert clients[0].get("/cached").json == {"number": 2}


def test_sessions(group_url):
    """A session that one application has written another one reads and writes."""
    (one, _), (other, _) = (make_app(STORE_URL=group_url) for _ in range(2))
    client = one.test_client()
    assert client.post("/session").json == {"n": 1}
    name = client.get_cookie("session").value
    client = other.test_client()
    client.set_cookie("session", name)

    assert client.post("/session").json == {"n": 2}


@pytest.mark.parametrize("kind", ["cluster", "sentinels"])
def test_connections_that_were_closed_are_not_missed(request, kind):
    """A server that has closed its connections and forgotten its scripts, as one that was restarted, is asked again."""
    group = request.getfixturevalue(kind)
    store = RedisStore(group.url, prefix="closed:", timeout=10)
    keys = [f"k{number}" for number in range(10)]
    for key in keys:
        store.set(key, b"1", 60)
    for port, _ in group.servers:
        with redis.Redis(port=port) as server:
            server.execute_command("CLIENT", "KILL", "TYPE", "normal")
            server.script_flush()

    assert [store.add(key, b"2", 60) for key in keys] == [b"1"] * 10
    store.close()


# Failover


def test_everything_works_again_after_a_failover(caplog):
    """The master is killed: 503 and uncounted calls until the Sentinels have made the replica the master, then work."""
    with redis_sentinels() as group:
        app, _ = make_app(STORE_URL=group.url)
        app.config["STORE_TIMEOUT"] = 0.25
        client = app.test_client()
        assert client.post("/session").json == {"n": 1}
        assert client.get("/fixed-window").status_code == 200
        with redis.Redis(port=group.servers[0][0]) as master:
            master.wait(1, 5000)  # so that the replica has the session: without it a failover may lose that
        group.servers[0][1].kill()

        assert client.post("/session").status_code == 503
        reply = client.post("/orders", json={"name": "a"}, headers={"Idempotency-Key": '"k"'})
        assert (reply.status_code, reply.json["code"]) == (503, "idempotency_unavailable")
        assert client.get("/fixed-window").status_code == 200
        assert "RateLimit" not in client.get("/fixed-window").headers

        until(lambda: client.post("/session").status_code == 200)
        until(lambda: "RateLimit" in client.get("/fixed-window").headers)
        key = {"Idempotency-Key": '"k"'}
        until(lambda: client.post("/orders", json={"name": "a"}, headers=key).status_code == 201)
        assert client.post("/session").json["n"] >= 3  # the session is still there
    told = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert sum("is away" in each for each in told) == sum("is back" in each for each in told) == 3
    assert not any(record.exc_info for record in caplog.records)


def test_a_node_takes_its_keys_alone(caplog):
    """A node of a cluster is killed: the keys of the others work on, and its own once its replica has taken over."""
    # Without this the cluster would stop as a whole while it votes.
    with redis_cluster("--cluster-require-full-coverage", "no", replicas=1) as group:
        store = RedisStore(group.url)
        keys = [f"k{number}" for number in range(30)]
        gone = f"127.0.0.1:{group.servers[0][0]}"
        theirs = [key for key in keys if store.client.get_node_from_key(store.prefix + key).name != gone]
        guard, logger = CircuitBreaker("The store", "Nothing."), logging.getLogger("test_groups")
        for key in keys:
            store.set(key, b"1", 60)
        with redis.Redis(port=group.servers[0][0]) as master:
            master.wait(1, 5000)
        group.servers[0][1].kill()

        for key in keys:
            if key in theirs:
                assert guard.run(logger, store.get, key) == b"1"
            else:
                with pytest.raises(StoreAway) as caught:
                    guard.run(logger, store.get, key)
                assert caught.value.part == gone

        until(lambda: works(lambda: [store.replace(key, b"1", b"2", 60) for key in keys]))
        assert {store.get(key) for key in keys} == {b"2"}
        store.close()
    told = [record.getMessage() for record in caplog.records if "is away" in record.getMessage()]
    assert len([each for each in told if gone in each]) == 1
    assert "The store is away" not in caplog.text


def test_a_new_master_is_asked_at_once():
    """A node is gone and its replica is the master by then: the call that learns so is answered."""
    with redis_cluster(replicas=1) as group:
        store = RedisStore(group.url, timeout=5)
        gone = f"127.0.0.1:{group.servers[0][0]}"
        keys = [f"k{number}" for number in range(30)]
        key = next(key for key in keys if store.client.get_node_from_key(store.prefix + key).name == gone)
        store.set(key, b"1", 60)
        with redis.Redis(port=group.servers[3][0]) as replica:
            replica.execute_command("CLUSTER", "FAILOVER")
            until(lambda: replica.info("replication")["role"] == "master")
        others = [redis.Redis(port=port) for port, _ in group.servers[1:3]]
        new = group.servers[3][0]
        until(lambda: all(node.execute_command("CLUSTER SLOTS")[0][2][1] == new for node in others))
        group.servers[0][1].kill()

        assert store.get(key) == b"1"
        store.close()
        for node in others:
            node.close()


def test_slots_move(cluster):
    """While a slot moves to another node, and after it has, each key is found: ASK and MOVED are followed."""
    store = RedisStore(cluster.url, prefix="{moving}:")
    store.set("old", b"1", 60)
    slot = store.client.keyslot("{moving}")
    source = store.client.get_node_from_key("{moving}")
    target = next(node for node in store.client.get_primaries() if node != source)
    there, here = (redis.Redis(node.host, node.port) for node in (target, source))
    source_id, target_id = here.execute_command("CLUSTER", "MYID"), there.execute_command("CLUSTER", "MYID")
    there.execute_command("CLUSTER", "SETSLOT", slot, "IMPORTING", source_id)
    here.execute_command("CLUSTER", "SETSLOT", slot, "MIGRATING", target_id)

    assert store.add("new", b"2", 60) is None
    assert (store.get("old"), store.get("new")) == (b"1", b"2")
    assert there.dbsize() >= 1
    here.execute_command("MIGRATE", target.host, target.port, "{moving}:old", 0, 5000)
    assert store.replace("old", b"1", b"3", 60)
    for node in (there, here):
        node.execute_command("CLUSTER", "SETSLOT", slot, "NODE", target_id)
        node.close()
    assert store.replace("old", b"3", b"4", 60)
    assert (store.get("old"), store.get("new"), store.increment("count", 60)[0]) == (b"4", b"2", 1)
    store.close()


@contextlib.contextmanager
def one_node(port):
    """A cluster of one node."""
    with redis_process(port, "--cluster-enabled", "yes"), redis.Redis(port=port) as node:
        node.execute_command("CLUSTER", "ADDSLOTS", *range(SLOTS))
        until(lambda: node.execute_command("CLUSTER INFO")["cluster_state"] == "ok")
        yield


def test_a_cluster_is_found_at_its_url():
    """A cluster that is there later than the application is used then; so is one that has moved to other addresses."""
    ports = [port_for_a_node() for _ in range(2)]
    store = RedisStore(f"redis+cluster://127.0.0.1:{ports[0]},127.0.0.1:{ports[1]}", timeout=5)
    assert not works(lambda: store.get("a"))
    for port in ports:
        with one_node(port):
            until(lambda: works(lambda: store.set("a", b"1", 60)))
            assert store.get("a") == b"1"
        assert not works(lambda: store.get("a"))
    store.close()


def test_a_server_that_is_not_a_cluster_is_named(redis_url):
    """The URL of a cluster with a single server at it: the error says what to write."""
    store = RedisStore(redis_url.replace("redis://", "redis+cluster://"))

    with pytest.raises(StoreAway, match="take redis://"):
        store.get("a")


@contextlib.contextmanager
def forwarder(ports):
    """A port that leads to the last of some ports, as a name or a balancer does that is changed at a failover."""
    open_ones = []

    def pump(source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def serve():
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.create_connection(("127.0.0.1", ports[-1]))
                open_ones.extend((client, server))
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=pump, args=pair, daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            for end in open_ones:
                end.close()


@pytest.mark.parametrize(
    "write", [lambda store: store.set("a", b"1", 60), lambda store: store.add("a", b"1", 60)], ids=["command", "script"]
)
@pytest.mark.parametrize("reason", ["replica", "alone"])
def test_a_server_that_takes_no_writes_is_left(write, reason):
    """A master that was demoted, or lost its replicas: the connection is closed, and the next one leads elsewhere."""
    with redis_server() as one, redis_server() as other:
        ports = [int(url.rpartition(":")[2].partition("/")[0]) for url in (other, one)]
        with forwarder(ports) as port, redis.Redis.from_url(one) as first:
            store = RedisStore(f"redis://127.0.0.1:{port}/0", timeout=5)
            store.set("b", b"1", 60)
            assert store.delete("b", b"1")
            if reason == "replica":
                first.replicaof("127.0.0.1", ports[0])
                until(lambda: first.info("replication")["master_link_status"] == "up")
            else:
                first.config_set("min-replicas-to-write", 1)
            with pytest.raises(StoreAway):
                write(store)

            ports.reverse()  # the name leads to the new master
            write(store)
            with redis.Redis.from_url(other) as second:
                assert second.get("framework:a") == b"1"
            store.close()


class PartlyAway(MemoryStore):
    """A store of which parts do not answer."""

    part = "node"

    def __init__(self):
        super().__init__()
        self.away = set()
        self.keys = []

    def add(self, key, value, ttl):
        self.keys.append(key)
        return super().add(key, value, ttl)

    def get(self, key):
        if key == "health":
            self.check(key)
        return super().get(key)

    def replace(self, key, old, value, ttl):
        self.check(key)
        return super().replace(key, old, value, ttl)

    def check(self, key):
        if key in self.away:
            error = StoreAway("The node does not answer.")
            error.part = self.part
            raise error


def test_answers_for_a_part_that_is_back_do_not_wait_for_another():
    """Two answers wait for two nodes: the second is kept as soon as its own node is back."""
    store, app = PartlyAway(), App(__name__)

    @app.post("/")
    @idempotent(store=store)
    @response(200, None)
    def view():
        store.away.add(store.keys[-1])
        return "done"

    client = app.test_client()
    for key in ('"a"', '"b"'):
        assert client.post("/", headers={"Idempotency-Key": key}).status_code == 200
    running = MemoryStore.get(store, store.keys[1])
    store.away.discard(store.keys[1])

    until(lambda: store.get(store.keys[1]) != running)
    store.away.clear()
    until(lambda: not any(thread.name == "framework-idempotency" for thread in threading.enumerate()))


@pytest.mark.parametrize(("part", "status"), [("node", 200), (None, 503)])
def test_a_process_is_ready_while_a_part_is_away(part, status):
    """A node that is away takes no process out of service; a store that is away as a whole does."""
    store, app = PartlyAway(), App(__name__)
    store.part = part
    store.away.add("health")
    Health(app, {"store": store})

    assert app.test_client().get("/readyz").status_code == status


def test_a_part_that_is_away_does_not_open_the_circuit():
    """However often one node does not answer, the store as a whole is asked."""
    guard, logger = CircuitBreaker("The store", "Nothing."), logging.getLogger("test_groups")

    def away():
        error = StoreAway("The node does not answer.")
        error.part = "node"
        raise error

    for _ in range(5):
        with pytest.raises(StoreAway, match="The node does not answer"):
            guard.run(logger, away)
    assert guard.run(logger, lambda: "there") == "there"
