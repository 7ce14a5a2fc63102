"""The native application on real ASGI servers."""

from __future__ import annotations

import contextlib
import http.client
import json
import signal
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import h2.connection
import h2.errors
import h2.events
import httpx
import pytest

from tests.servers import free_port, running

SERVERS = {
    "uvicorn": "-m uvicorn --http h11 --loop asyncio --port {port} tests.asgi.served:asgi",
    "uvicorn-uvloop": "-m uvicorn --http httptools --loop uvloop --port {port} tests.asgi.served:asgi",
    "granian": "-m granian --interface asgi --port {port} --workers-kill-timeout 15 tests.asgi.served:asgi",
    "hypercorn": "-m hypercorn --workers 0 --bind 127.0.0.1:{port} --graceful-timeout 15 tests.asgi.served:asgi",
    "gunicorn": "-m gunicorn --worker-class asgi --bind 127.0.0.1:{port} tests.asgi.served:asgi",
}


@contextlib.contextmanager
def serving(name, tmp_path):
    """Serve; the port, the process, and a function that gives the lines of the file."""
    port, log = free_port(), tmp_path / "log"
    command = [sys.executable, *SERVERS[name].format(port=port).split()]

    def lines():
        return log.read_text().splitlines() if log.exists() else []

    with running(command, port, log) as process:
        yield port, process, lines


@pytest.fixture(scope="module", params=SERVERS)
def server(request, tmp_path_factory):
    """One of the servers, with the application: its port, and the lines of the file."""
    with serving(request.param, tmp_path_factory.mktemp(request.param)) as (port, _, lines):
        yield port, lines


def ask(port, path, method="GET", body=None, headers=()):
    """Make a request; status, headers and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with contextlib.closing(connection):
        connection.request(method, path, body, dict(headers), encode_chunked=not isinstance(body, (bytes, type(None))))
        reply = connection.getresponse()
        return reply.status, dict(reply.getheaders()), reply.read()


def until(is_so):
    """Wait until something is so."""
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def opened(port, path, beginning):
    """A connection on which a stream is open, of which something was read."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=30)
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    found = b""
    while beginning not in found:
        part = connection.recv(10_000)
        assert part, found
        found += part
    return connection


def test_requests_are_answered(server):
    """Bodies of both kinds go in and out, errors are problem objects, threads and loop answer alike."""
    port, _ = server
    kind = {"Content-Type": "application/json"}

    status, headers, body = ask(port, "/items", "POST", b'{"name": "Rex"}', kind)
    assert (status, json.loads(body)) == (201, {"name": "Rex", "path": "/items"})
    assert len({name.lower(): value for name, value in headers.items()}["x-request-id"]) == 36
    assert ask(port, "/items", "POST", b"{}", kind)[0] == 422
    assert json.loads(ask(port, "/items")[2]) == {"name": "Rex"}
    assert json.loads(ask(port, "/nowhere")[2])["code"] == "not_found"
    assert ask(port, "/items", "HEAD")[2] == b""
    assert ask(port, "/numbers")[2] == b"0\n1\n2\n"


def test_bodies_of_any_size(server):
    """A long body and one in chunks arrive as a whole; one over the limit is refused."""
    port, _ = server
    chunks = [b"x" * 50_000] * 20

    assert json.loads(ask(port, "/length", "POST", b"x" * 3_000_000)[2]) == {"length": 3_000_000}
    assert json.loads(ask(port, "/length", "POST", iter(chunks), {"Transfer-Encoding": "chunked"})[2]) == {
        "length": 1_000_000
    }
    assert ask(port, "/length", "POST", b"", {"Content-Length": "100000000"})[0] == 413


def test_requests_wait_together(server):
    """A hundred requests that each wait half a second are answered by one thread, all at the same time."""
    port, _ = server
    ask(port, "/items")
    with ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(lambda _: ask(port, "/sleep/0.5")[0], range(100)))

    assert answers == [200] * 100


@pytest.mark.parametrize("path", ["/sleep/60.0", "/quiet"])
def test_a_client_that_leaves_is_noticed(server, path):
    """What is awaited for it is cancelled, in a handler and in a stream that is quiet."""
    port, lines = server
    word = "cancelled" if path != "/quiet" else "closed"
    before = lines().count(word)
    if path == "/quiet":
        connection = opened(port, path, b"first")
    else:
        connection = socket.create_connection(("127.0.0.1", port), timeout=30)
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        time.sleep(0.2)
    connection.close()

    until(lambda: lines().count(word) == before + 1)
    assert ask(port, "/items")[0] == 200


def test_a_stream_that_fails_is_cut_off(server):
    """The client is not given the end of the body."""
    port, _ = server
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with contextlib.closing(connection):
        connection.request("GET", "/breaks")
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            connection.getresponse().read()


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_that_ends(name, tmp_path):
    """Streams of events get a last event, a request is answered to its end, then the shutdown functions run."""
    with serving(name, tmp_path) as (port, process, lines):
        assert ask(port, "/items")[0] == 200
        streams = [opened(port, "/quiet", b"first") for _ in range(20)]
        with ThreadPoolExecutor(1) as pool:
            slow = pool.submit(ask, port, "/sleep/1.0")
            time.sleep(0.3)
            process.send_signal(signal.SIGTERM)
            assert slow.result()[0] == 200
        for connection in streams:
            found = b""
            while part := connection.recv(10_000):
                found += part
                if b"event: shutdown" in found:
                    break
            assert b"event: shutdown" in found
            connection.close()
        process.wait(20)
        until(lambda: "end" in lines())
    assert lines().count("begin") == lines().count("end") == 1
    assert lines().count("closed") == 20


class TwoConnection:
    """A connection of HTTP/2."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.protocol = h2.connection.H2Connection()
        self.protocol.initiate_connection()
        self.received = {}
        """What has come of each stream: status and bytes."""

    def ask(self, path):
        """Begin a request; the number of its stream."""
        number = self.protocol.get_next_available_stream_id()
        names = {":method": "GET", ":path": path, ":scheme": "http", ":authority": "127.0.0.1"}
        self.protocol.send_headers(number, list(names.items()), end_stream=True)
        self.send()
        self.received[number] = (0, b"")
        return number

    def leave(self, number):
        """End a stream, and keep the connection."""
        self.protocol.reset_stream(number, h2.errors.ErrorCodes.CANCEL)
        self.send()

    def send(self):
        """Send what is to be sent."""
        self.socket.sendall(self.protocol.data_to_send())

    def until(self, is_so):
        """Read until something is so."""
        while not is_so():
            for event in self.protocol.receive_data(self.socket.recv(65_536)):
                if isinstance(event, h2.events.ResponseReceived):
                    self.received[event.stream_id] = (int(dict(event.headers)[b":status"]), b"")
                elif isinstance(event, h2.events.DataReceived):
                    status, body = self.received[event.stream_id]
                    self.received[event.stream_id] = (status, body + event.data)
            self.send()


@pytest.mark.parametrize("name", ["granian", "hypercorn"])
def test_http_2(name, tmp_path):
    """Requests of one connection are answered at the same time, with bodies; a client that ends one stream, or all, is
    noticed."""
    body = b"x" * 1_000_000
    with serving(name, tmp_path) as (port, _, lines), ThreadPoolExecutor(20) as pool:
        address = f"http://127.0.0.1:{port}"
        with httpx.Client(http1=False, http2=True, base_url=address, timeout=30) as client:
            assert client.get("/items").http_version == "HTTP/2"
            assert client.post("/length", content=body).json() == {"length": 1_000_000}
            answers = list(pool.map(lambda _: client.get("/sleep/0.2").json(), range(20)))
            assert answers == [{"slept": 0.2}] * 20

        connection = TwoConnection(port)
        quiet, slow = connection.ask("/quiet"), connection.ask("/sleep/60.0")
        connection.until(lambda: b"first" in connection.received[quiet][1])
        connection.leave(quiet)
        until(lambda: lines().count("closed") == 1)
        connection.leave(slow)
        until(lambda: lines().count("cancelled") == 1)
        connection.ask("/sleep/60.0")
        items = connection.ask("/items")
        connection.until(lambda: connection.received[items][1])
        assert connection.received[items][0] == 200
        connection.socket.close()
        until(lambda: lines().count("cancelled") == 2)
