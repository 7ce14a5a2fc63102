"""WebSockets on real servers, with a client of the library websockets."""

from __future__ import annotations

import contextlib
import http.client
import json
import signal
import socket
import sys
import threading
import time

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.servers import free_port, running

APP = "tests.sockets.served:asgi"
SERVERS = {
    "uvicorn-websockets": f"-m uvicorn --ws websockets-sansio --loop asyncio --port {{port}} {APP}",
    "uvicorn-wsproto": f"-m uvicorn --ws wsproto --http h11 --loop uvloop --port {{port}} {APP}",
    "granian": f"-m granian --interface asgi --port {{port}} --workers-kill-timeout 15 {APP}",
    "hypercorn": f"-m hypercorn --workers 0 --bind 127.0.0.1:{{port}} --graceful-timeout 15 {APP}",
}


EACH = [
    *("uvicorn-websockets", "granian"),
    *(pytest.param(name, marks=pytest.mark.extended) for name in ("uvicorn-wsproto", "hypercorn")),
]


@contextlib.contextmanager
def serving(name, tmp_path):
    """Serve; the port, the process, and a function that gives the lines of the file."""
    port, log = free_port(), tmp_path / "log"

    def lines():
        return log.read_text().splitlines() if log.exists() else []

    with running([sys.executable, *SERVERS[name].format(port=port).split()], port, log) as process:
        yield port, process, lines


@pytest.fixture(scope="module", params=EACH)
def server(request, tmp_path_factory):
    """One of the servers: its name, its port, and the lines of the file."""
    with serving(request.param, tmp_path_factory.mktemp(request.param)) as (port, _, lines):
        yield request.param, port, lines


def opened(port, path="/market/prices/X", **options):
    """An open connection."""
    url = f"ws://127.0.0.1:{port}{path}"
    return connect(url, open_timeout=20, close_timeout=20, legacy=True, **options)


def ask(port, path, headers=None):
    """Make a request; status, headers and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with contextlib.closing(connection):
        connection.request("GET", path, headers=headers or {})
        reply = connection.getresponse()
        return reply.status, {name.lower(): value for name, value in reply.getheaders()}, json.loads(reply.read())


def until(is_so):
    """Wait until something is so."""
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def stalled(number):
    """Wait until a number does not grow for half a second."""
    last = None
    while (found := number()) != last:
        last = found
        time.sleep(0.5)


def vanish(connection):
    """Cut a connection off, without a word."""
    connection.socket.shutdown(socket.SHUT_RDWR)


def close_code(client):
    """Read to the end; the code."""
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            client.recv(timeout=20)
    return closed.value.rcvd and closed.value.rcvd.code


def refusal(port, path, **options):
    """The status that refuses a handshake, and the body."""
    with pytest.raises(InvalidStatus) as refused, opened(port, path, **options):
        pass
    return refused.value.response.status_code, refused.value.response.body


def test_messages_go_both_ways(server):
    """Values are loaded and dumped by the schemas, the subprotocol is the client's first that is known."""
    name, port, lines = server
    before = lines().count("teardown")
    with opened(port, subprotocols=["other", "prices.v1", "prices.v2"]) as client:
        assert client.subprotocol == "prices.v1"
        if name != "granian":  # it sends no headers with what it accepts
            assert len(client.response.headers["X-Request-ID"]) == 36
        for number in range(50):
            client.send(json.dumps({"number": str(number) if number == 0 else number}))
        answers = [json.loads(client.recv(timeout=20)) for _ in range(50)]
    assert answers[0]["code"] == "validation_failed"
    assert answers[1:] == [{"symbol": "X", "number": number} for number in range(1, 50)]
    until(lambda: lines().count("teardown") == before + 1)


@pytest.mark.parametrize(
    ("message", "code"),
    [("{", "bad_request"), ("[" * 5000, "bad_request"), ('{"number": 1, "number": 2}', "bad_request"), ("1", None)],
)
def test_messages_that_are_refused(server, message, code):
    """The client gets a problem object, and may go on."""
    _, port, _ = server
    with opened(port) as client:
        client.send(message)
        assert json.loads(client.recv(timeout=20))["code"] == (code or "validation_failed")
        client.send('{"number": 7}')
        assert json.loads(client.recv(timeout=20)) == {"symbol": "X", "number": 7}


@pytest.mark.parametrize(("message", "code"), [("x" * 2_097_152, 1009), (b"{}", 1003), ('{"number": 500}', 1011)])
def test_messages_that_end_the_connection(server, message, code):
    """One that is too long, one that is binary, and one that meets a fault of the handler, which is reported once."""
    _, port, lines = server
    before = [lines().count("closed"), lines().count("reported ValueError")]
    with opened(port) as client:
        client.send(message)
        assert close_code(client) == code
    until(lambda: lines().count("closed") == before[0] + 1)
    until(lambda: lines().count("reported ValueError") == before[1] + (code == 1011))


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/private", {}, 401),
        ("/private", {"Authorization": "Bearer wrong"}, 401),
        ("/nowhere", {}, 404),
        ("/count", {}, 400),
        ("/market/prices/X", {"Origin": "https://evil.example"}, 403),
        ("/market/prices/X", {"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_a_handshake_is_refused_like_a_request(server, path, headers, status):
    """The client gets the status, where the server can send it, and a 403 otherwise."""
    _, port, _ = server
    given, body = refusal(port, path, additional_headers=headers)
    assert given == status
    assert json.loads(body)["status"] == status


def test_marks_and_context(server):
    """Credentials open the connection; the user and ``g`` are there in the handler, whose end closes with 1000."""
    _, port, _ = server
    headers = {"Authorization": "Bearer secret", "Origin": f"http://127.0.0.1:{port}"}
    with opened(port, "/private", additional_headers=headers) as client:
        assert json.loads(client.recv(timeout=20)) == {"user": "secret", "g": "g"}
        assert close_code(client) == 1000


def test_a_client_that_leaves(server):
    """What the handler waits for is cancelled within a second or so, and the clean-up runs once."""
    _, port, lines = server
    before = [lines().count(word) for word in ("waits", "cancelled", "closed", "teardown")]
    client = opened(port)
    client.send('{"number": 60}')
    until(lambda: lines().count("waits") == before[0] + 1)
    vanish(client)
    until(lambda: lines().count("teardown") == before[3] + 1)
    after = [lines().count(word) for word in ("waits", "cancelled", "closed", "teardown")]
    assert after == [count + 1 for count in before]


def test_a_client_that_floods(server):
    """It is not read on while its messages wait, and none of them is lost."""
    _, port, _ = server
    message, sent = json.dumps("x" * 500_000), []

    with opened(port, "/flooded", compression=None) as client:

        def flood():
            for _ in range(200):
                client.send(message)
                sent.append(1)
            client.send('"end"')

        flooding = threading.Thread(target=flood)
        flooding.start()
        stalled(lambda: len(sent))
        assert 0 < len(sent) < 150
        ask(port, "/release")
        assert client.recv(timeout=30) == "200"
        flooding.join()


@pytest.mark.extended
def test_a_client_that_does_not_read(server):
    """``send`` waits for it, and ends with the connection."""
    _, port, _ = server
    client = opened(port, "/flooding")
    stalled(lambda: ask(port, "/count")[2]["sent"])
    assert ask(port, "/count")[2]["open"] == 1
    vanish(client)
    until(lambda: ask(port, "/count")[2]["open"] == 0)


def test_requests_without_an_upgrade(server):
    """A plain request for the address is a 426 that names the protocol."""
    _, port, _ = server
    status, headers, body = ask(port, "/market/prices/X")
    assert (status, headers["upgrade"], body["code"]) == (426, "websocket", "upgrade_required")


def test_no_more_than_the_cap(server):
    """Connections beyond ``MAX_WEBSOCKETS`` are refused, and what is closed makes room."""
    _, port, _ = server
    until(lambda: ask(port, "/count")[2]["open"] == 0)
    with contextlib.ExitStack() as stack:
        for _ in range(60):
            stack.enter_context(opened(port))
        assert refusal(port, "/market/prices/X")[0] == 503
    until(lambda: ask(port, "/count")[2]["open"] == 0)
    with opened(port):
        assert ask(port, "/count")[2]["open"] == 1


@pytest.mark.parametrize("name", EACH)
def test_a_server_that_ends(name, tmp_path):
    """Open connections are closed with 1001, their clean-up runs, and the process ends in time."""
    with serving(name, tmp_path) as (port, process, lines):
        assert ask(port, "/count")[0] == 200
        sockets = [opened(port) for _ in range(5)]
        for client in sockets[:2]:
            client.send('{"number": 60}')
        until(lambda: lines().count("waits") == 2)
        process.send_signal(signal.SIGTERM)
        codes = [close_code(client) for client in sockets]
        process.wait(15)
        # granian cuts WebSockets off when it ends.
        assert codes == [None if name == "granian" else 1001] * 5
        assert (lines().count("closed"), lines().count("teardown")) == (5, 5)


@pytest.mark.parametrize("kind", ["gunicorn", "granian", "waitress"])
def test_wsgi_servers(kind, tmp_path):
    """They have no WebSockets: the answer is a 426 that says so."""
    port, log = free_port(), tmp_path / "log"
    app = "tests.sockets.served:app"
    command = {
        "gunicorn": f"-m gunicorn --threads 2 --bind 127.0.0.1:{port} {app}",
        "granian": f"-m granian --interface wsgi --port {port} {app}",
        "waitress": f"-m waitress --listen 127.0.0.1:{port} {app}",
    }[kind]
    with running([sys.executable, *command.split()], port, log):
        status, headers, body = ask(port, "/market/prices/X")
        assert (status, body["code"]) == (426, "upgrade_required")
        assert headers.get("upgrade") == (None if kind == "waitress" else "websocket")
        status, headers, body = ask(port, "/market/prices/X", {"Upgrade": "websocket", "Connection": "Upgrade"})
        assert (status, body["detail"]) == (426, "The server takes no WebSocket connections.")
