"""The rules for bad input, on real ASGI servers: each test of ``tests/test_bad_input.py`` is run against their port."""

from __future__ import annotations

import contextlib
import http.client
import inspect
import itertools
import socket
import sys
import time
from urllib.parse import quote

import pytest

from tests import test_bad_input as rules
from tests.servers import free_port, running

from .hostile import app as plain

SERVERS = {
    "uvicorn": "-m uvicorn --http h11 --loop asyncio --port {port} tests.asgi.hostile:asgi",
    "uvicorn-uvloop": "-m uvicorn --http httptools --loop uvloop --port {port} tests.asgi.hostile:asgi",
    "granian": "-m granian --interface asgi --port {port} tests.asgi.hostile:asgi",
}
WITHIN = {
    *("test_limits_are_settings", "test_memory_is_bounded", "test_a_body_longer_than_it_says"),
    *(
        "test_long_json_is_413_unread",
        "test_long_json_in_chunks_is_413_read_in_part",
        "test_plain_views_have_the_limit_too",
    ),
    *("test_any_body_over_16_mib_is_413", "test_a_form_in_chunks_over_16_mib_is_413"),
    "test_endless_chunks_over_a_socket",  # below, for the limit of any body
}
"""Rules that look into the process: at its settings, its memory, or at the bytes that it has read."""
RULES = [name for name in vars(rules) if name.startswith("test_") and name not in WITHIN]
SERVERS_OWN = {
    *("test_a_body_shorter_than_it_says", "test_a_bad_content_length_is_no_500"),
    *("test_ten_thousand_names", "test_a_long_unknown_name_is_not_repeated_often"),  # in a long request line
}
"""Rules whose requests a server may refuse all by itself."""


class RefusedByServer(Exception):
    """The server itself has refused a request, before the application."""


class Remote:
    """The application of a server, called as a WSGI application is."""

    config = plain.config
    test_request_context = plain.test_request_context

    def __init__(self, port):
        self.port = port
        self.answers = 0
        """The number of answers that the application has given."""

    def __call__(self, environ, start_response):
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as link:
            with contextlib.suppress(OSError):  # it may have answered and gone
                link.sendall(head_of(environ))
                for part in parts_of(environ):
                    link.sendall(part)
            reply = http.client.HTTPResponse(link, method=environ["REQUEST_METHOD"])
            try:
                reply.begin()
                body = reply.read()
            except (http.client.HTTPException, ConnectionError):
                raise RefusedByServer from None
        if reply.getheader("X-Request-ID") is None:
            assert 400 <= reply.status < 500 or reply.status == 501
            raise RefusedByServer
        self.answers += 1
        start_response(f"{reply.status} {reply.reason}", spelt(reply.getheaders()))
        return [body]


def spelt(headers):
    """Headers with the capital letters that the rules look for."""
    return [(name.title(), value) for name, value in headers]


def head_of(environ):
    """The bytes before the body, whatever is in them."""
    path = quote(environ["PATH_INFO"].encode("latin-1"), safe="/%!$&'()*+,;=:@~") or "/"
    query = environ.get("QUERY_STRING", "").replace(" ", "%20")
    lines = [f"{environ['REQUEST_METHOD']} {path}{'?' if query else ''}{query} {environ['SERVER_PROTOCOL']}"]
    given = {name: value for name, value in environ.items() if name.startswith("HTTP_")}
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if name in environ:
            given[f"HTTP_{name}"] = environ[name]
    lines += [f"{name[5:].replace('_', '-').title()}: {value}" for name, value in given.items()]
    return "\r\n".join([*lines, "", ""]).encode("utf-8" if "\u0665" in str(given) else "latin-1")


def parts_of(environ):
    """The body: as it is, or in chunks."""
    stream, is_chunked = environ["wsgi.input"], environ.get("HTTP_TRANSFER_ENCODING") == "chunked"
    while part := stream.read(65_536):
        yield b"%x\r\n%s\r\n" % (len(part), part) if is_chunked else part
    if is_chunked:
        yield b"0\r\n\r\n"


@pytest.fixture(scope="module", params=SERVERS)
def remote(request, tmp_path_factory):
    """A real server with the application."""
    port = free_port()
    command = [sys.executable, *SERVERS[request.param].format(port=port).split()]
    log = tmp_path_factory.mktemp("hostile") / "log"
    with running(command, port, log):
        yield Remote(port)
    assert "Traceback" not in log.with_suffix(".out").read_text()


def cases_of(function):
    """The arguments of a test, for each of its parameters."""
    sets = []
    for mark in getattr(function, "pytestmark", []):
        if mark.name == "parametrize":
            names, values = mark.args
            names = [name.strip() for name in names.split(",")]
            sets.append([dict(zip(names, value if len(names) > 1 else [value], strict=True)) for value in values])
    for chosen in itertools.product(*sets):
        yield {name: value for each in chosen for name, value in each.items()}


def talk(port, *parts):
    """Send parts over a socket, as ``rules.talk`` does; one that is closed on one side is closed for these servers."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as link:
        sent, answer = 0, b""
        with contextlib.suppress(OSError):
            for part in parts:
                link.sendall(part)
                sent += len(part)
        with contextlib.suppress(OSError):
            while part := link.recv(65_536):
                answer += part
    return answer, sent


@pytest.mark.parametrize("name", RULES)
def test_bad_input(remote, name, monkeypatch):
    """A rule for bad input holds on a real server, which may refuse by itself what is not HTTP, and lives on."""
    monkeypatch.setattr(rules, "talk", talk)
    function = getattr(rules, name)
    wanted = inspect.signature(function).parameters
    fixtures = {each: value for each, value in {"app": remote, "port": remote.port}.items() if each in wanted}
    before = remote.answers
    for case in cases_of(function):
        if case == {"length": "15, 15"}:
            continue  # twice the same length is that length (RFC 9110, section 8.6)
        try:
            function(**fixtures, **case)
        except RefusedByServer:
            pass
        except AssertionError as error:
            error.add_note(f"With {case!r:.300}")
            raise

    assert "app" not in wanted or remote.answers > before or name in SERVERS_OWN
    assert is_alive(remote)


def is_alive(remote):
    """Whether a request of a thread is answered."""
    answer, _ = talk(remote.port, b"GET /alive HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    return answer.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(("count", "path"), [(1, "/pets"), (1, "/plain"), (40, "/pets")])
def test_a_body_that_stops_is_a_408(remote, count, path):
    """A client that stops in its body gets a 408 after ``ASGI_PART_TIMEOUT``; forty of them hold no thread."""
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"
    with contextlib.ExitStack() as stack:
        links = [
            stack.enter_context(socket.create_connection(("127.0.0.1", remote.port), timeout=20)) for _ in range(count)
        ]
        for link in links:
            link.sendall(head.encode() + b'{"name":')
        assert is_alive(remote)
        answers = [link.recv(65_536) for link in links]

    assert {answer.split(b"\r\n")[0].split()[1] for answer in answers} == {b"408"}
    assert all(b"application/problem+json" in answer for answer in answers)


def test_a_body_that_trickles_is_a_408(remote):
    """A client that sends a byte in time, again and again, gets a 408 after ``ASGI_BODY_TIMEOUT``."""
    with socket.create_connection(("127.0.0.1", remote.port), timeout=20) as link:
        link.sendall(rules.HEADERS + b"Content-Length: 10000\r\n\r\n")
        link.setblocking(False)
        answer, begun = b"", time.monotonic()
        while not answer and time.monotonic() < begun + 20:
            with contextlib.suppress(BlockingIOError):
                answer = link.recv(65_536)
            with contextlib.suppress(OSError):
                link.send(b" ")
            time.sleep(0.2)

    assert answer.startswith(b"HTTP/1.1 408")
    assert is_alive(remote)


def test_endless_chunks(remote):
    """A body in chunks over ``MAX_CONTENT_LENGTH`` is answered with 413 when the limit is reached, not at its end."""
    chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    answer, sent = talk(remote.port, rules.HEADERS + b"Transfer-Encoding: chunked\r\n\r\n", *[chunk] * 1000)

    assert b" 413 " in answer.split(b"\r\n")[0] or answer == b""
    assert sent < 40 * rules.MEBIBYTE
    assert is_alive(remote)


def test_clients_that_leave_in_their_body(remote):
    """A hundred clients that leave in the middle of a body leave a server that answers."""
    for number in range(100):
        with socket.create_connection(("127.0.0.1", remote.port), timeout=20) as link:
            link.sendall(rules.HEADERS + b'Content-Length: 100\r\n\r\n{"name":' + b" " * (number % 50))

    assert is_alive(remote)
