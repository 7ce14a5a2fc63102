"""Channels under WSGI servers: clients that come, leave and come again, and processes that end."""

from __future__ import annotations

import contextlib
import gc
import http.client
import json
import signal
import socket
import sys
import threading
import time
from urllib.parse import urlsplit

import pytest

from framework import App, events, raises
from framework.channels import Channel
from framework.errors import NotFound
from tests.browsers import served
from tests.servers import free_port, running

SECONDS = 30
"""A bound on waiting for what does come; no test passes or fails by a shorter one."""

APP = "tests.channels.streamed:app"
SERVERS = {
    "gunicorn": ["-m", "gunicorn", "--threads", "8", "--graceful-timeout", "5", "--bind", "127.0.0.1:{port}", APP],
    "gunicorn-workers": [
        *("-m", "gunicorn", "--threads", "8", "--workers", "2", "--preload", "--graceful-timeout", "5"),
        *("--bind", "127.0.0.1:{port}", APP),
    ],
    "granian": ["-m", "granian", "--interface", "wsgi", "--blocking-threads", "8", "--port", "{port}", APP],
    "waitress": ["-m", "waitress", "--threads", "8", "--listen", "127.0.0.1:{port}", APP],
}
UVICORN = ["-m", "uvicorn", "--log-level", "error", "--port", "{port}", f"{APP}.asgi"]


def wait_for(condition):
    """Wait until something is true."""
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


class Client:
    """A client of server-sent events, as a browser is one: it keeps the last id."""

    def __init__(self, port, path="/prices"):
        self.port, self.path, self.last = port, path, None
        self.connect()

    def connect(self):
        """Come, or come again."""
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        self.connection.request("GET", self.path, headers={} if self.last is None else {"Last-Event-ID": self.last})
        self.reply = self.connection.getresponse()
        assert (self.reply.status, self.reply.headers["Content-Type"]) == (200, "text/event-stream")

    def next(self):
        """The next event: its type and its data; nothing at the end."""
        event = {}
        while line := self.reply.readline().decode():
            name, _, value = line.rstrip("\n").partition(": ")
            if name == "id":
                self.last = value
            elif name:
                event[name] = value
            elif "data" in event:
                return event.get("event"), json.loads(event["data"])
        return None

    def close(self):
        """Leave."""
        self.reply.close()
        self.connection.close()


def ask(port, method, path, body=None):
    """One request: its JSON."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)) as connection:
        headers = {"Content-Type": "application/json"}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        return json.loads(connection.getresponse().read())


def price(number):
    """A price."""
    return {"symbol": "X", "price": float(number)}


@pytest.mark.parametrize("name", SERVERS)
def test_clients_of_a_server_get_each_event_once(name, tmp_path, monkeypatch, redis_url):
    """Clients come again with ``Last-Event-ID`` at any process of a server, and get each event once, in order.

    A process that ends sends a last event, and all streams end in time.
    """
    monkeypatch.setenv("CHANNEL_STORE", redis_url.replace("/0", f"/{list(SERVERS).index(name) + 1}"))
    port = free_port()
    words = [word.replace("{port}", str(port)) for word in SERVERS[name]]
    with running([sys.executable, *words], port, tmp_path / "log") as process:
        clients = [Client(port) for _ in range(3)]
        found = [[] for _ in clients]
        first = ask(port, "POST", "/prices", price(0))["id"]
        for client in clients:
            while client.last != first:  # the streams have begun when their clients get something
                client.next()
        for number in range(1, 13):
            ask(port, "POST", "/prices", price(number))
            for place, client in enumerate(clients):
                if (number + place) % 3 == 0:
                    while not found[place] or found[place][-1] != ("price", price(number)):
                        found[place].append(client.next())
                    client.close()
                elif (number + place) % 3 == 1 and number > 1:
                    client.connect()
        for client in clients:
            client.close()
            client.connect()
        ask(port, "POST", "/prices", price(13))
        for place, client in enumerate(clients):
            while found[place][-1] != ("price", price(13)):
                found[place].append(client.next())
        process.send_signal(signal.SIGTERM)
        last = [client.next() for client in clients]
        process.wait(SECONDS)
        ends = [client.next() for client in clients]
        for client in clients:
            client.close()

    assert found == [[("price", price(number)) for number in range(1, 14)]] * 3
    assert last == [("shutdown", {})] * 3
    assert ends == [None] * 3


@pytest.mark.parametrize("path", ["/prices", "/mine/X"])
@pytest.mark.parametrize("name", ["gunicorn", "waitress", "uvicorn"])
def test_a_client_that_leaves_a_quiet_channel_frees_its_thread(name, path, tmp_path, monkeypatch):
    """When clients leave, their subscriptions end although nothing is published, within a generator too."""
    monkeypatch.setenv("PLAIN", "1")
    port = free_port()
    words = [word.replace("{port}", str(port)) for word in {**SERVERS, "uvicorn": UVICORN}[name]]
    with running([sys.executable, *words], port, tmp_path / "log"):
        assert ask(port, "GET", "/subscribers")["subscribers"] == 0
        clients = [Client(port, path) for _ in range(5)]
        wait_for(lambda: ask(port, "GET", "/subscribers")["subscribers"] == 5)
        for client in clients:
            client.connection.sock and client.connection.sock.shutdown(socket.SHUT_RDWR)
            client.close()
        wait_for(lambda: ask(port, "GET", "/subscribers")["subscribers"] == 0)


@pytest.mark.parametrize("kind", ["direct", "generator", "async generator"])
def test_the_end_of_a_stream_ends_its_wait(kind):
    """A subscription that waits for its next event ends when its client has left: no thread goes on."""
    channel, app, ended = Channel("quiet"), App("quiet"), threading.Event()
    app.teardown_request(lambda error: ended.set())

    @app.get("/")
    @events(keep_alive=0.02)
    def quiet():
        async def asynchronous():
            async for event in channel.subscribe():
                yield event

        def plain():
            yield from channel.subscribe()

        return {"direct": channel.subscribe, "generator": plain, "async generator": asynchronous}[kind]()

    with served(app) as address:
        where = urlsplit(address)
        client = socket.create_connection((where.hostname, where.port))
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        wait_for(lambda: channel.subscribers == 1)
        client.close()
        wait_for(lambda: channel.subscribers == 0)
        assert ended.wait(SECONDS)
    names = [thread.name for thread in threading.enumerate()]
    assert "framework-stream" not in names


def test_requests_without_a_stream_leave_no_subscription():
    """``HEAD``, and a handler that fails after it has subscribed, leave none; a stream of WSGI needs no event loop."""
    channel, app = Channel("heads"), App("heads")

    @app.get("/")
    @events(keep_alive=0.02)
    def stream():
        return channel.subscribe()

    @app.get("/fails")
    @events()
    @raises(NotFound)
    def fails():
        changes = channel.subscribe()
        raise NotFound(repr(changes))

    client = app.test_client()
    assert client.head("/").status_code == 200
    gc.collect()
    assert channel.subscribers == 0
    assert client.get("/fails").status_code == 404
    gc.collect()
    assert channel.subscribers == 0

    reply = client.get("/")
    assert channel.subscribers == 1
    assert channel._source.hub._loops == {}
    reply.close()
    wait_for(lambda: channel.subscribers == 0)
