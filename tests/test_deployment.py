"""An application under real servers, each in a process of its own, and behind nginx."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import sys
import threading
import time

import pytest

from tests.servers import free_port, nginx_server, running

SECONDS = 20
GUNICORN = ["-m", "gunicorn", "--graceful-timeout", "1", "--log-level", "error", "--bind", "127.0.0.1:{port}"]
GEVENT = """
from gevent import monkey
monkey.patch_all()
from gevent.pywsgi import WSGIServer
from tests.deployed import app
WSGIServer(("127.0.0.1", {port}), app, log=None).serve_forever()
"""
EVENTLET = """
import warnings
warnings.simplefilter("ignore")
import eventlet
eventlet.monkey_patch()
from eventlet import wsgi
from tests.deployed import app
def serve(environ, start_response):
    environ["wsgi.input_terminated"] = "HTTP_TRANSFER_ENCODING" in environ
    return app(environ, start_response)
wsgi.server(eventlet.listen(("127.0.0.1", {port})), serve, log_output=False, debug=False)
"""
SERVERS = {
    "gunicorn": [*GUNICORN, "tests.deployed:app"],
    "gunicorn-threads": [*GUNICORN, "--threads", "4", "tests.deployed:app"],
    "gunicorn-gevent": [*GUNICORN, "--worker-class", "gevent", "tests.deployed:app"],
    "gevent": ["-c", GEVENT],
    "eventlet": ["-c", EVENTLET],
    "granian": [
        "-m",
        "granian",
        "--interface",
        "wsgi",
        "--log-level",
        "error",
        "--port",
        "{port}",
        "tests.deployed:app",
    ],
    "waitress": ["-m", "waitress", "--listen", "127.0.0.1:{port}", "tests.deployed:app"],
    "uvicorn": ["-m", "uvicorn", "--log-level", "critical", "--port", "{port}", "tests.deployed:asgi_app"],
}
ONE_AT_A_TIME = {"gunicorn"}
TAKES_BROKEN_CHUNKS = {"granian"}
"""Servers that tell an application that a body has ended, where its chunks are broken; the docs warn of them."""


class Served:
    """A server's address, and the paths of the requests that have ended."""

    def __init__(self, name, port, log, prefix=""):
        self.name, self.port, self.log, self.prefix = name, port, log, prefix

    def ask(self, method, path, body=None, headers=None, **options):
        """One request: status, headers, body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        with contextlib.closing(connection):
            connection.request(method, self.prefix + path, body, headers or {}, **options)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()

    def ended(self, path):
        """Wait until a request has ended."""
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            if path in self.log.read_text().splitlines():
                return True
            time.sleep(0.02)
        return False


def start(name, folder, application="app"):
    """A server of the table, for a ``with`` block."""
    port = free_port()
    log = folder / "ended"
    log.touch()
    words = [
        word.replace("{port}", str(port)).replace("deployed:app", f"deployed:{application}") for word in SERVERS[name]
    ]
    return Served(name, port, log), running([sys.executable, *words], port, log)


@pytest.fixture(scope="module", params=SERVERS)
def served(request, tmp_path_factory):
    """Each server in turn."""
    served, block = start(request.param, tmp_path_factory.mktemp("served"))
    with block:
        yield served


def test_an_application_runs_under_each_server(served):
    """Views, asynchronous ones too, resources, errors: the answers are those of the test client."""
    as_json = {"Content-Type": "application/json"}
    status, headers, body = served.ask("GET", "/where/")

    assert (status, headers["Content-Type"]) == (200, "application/json")
    assert json.loads(body) == {
        "url": f"http://127.0.0.1:{served.port}/where/", "root": "", "scheme": "http", "client": "127.0.0.1",
    }  # fmt: skip
    assert headers["Set-Cookie"].startswith("session=")
    assert served.ask("GET", "/async")[2] == b"asynchronous"
    assert served.ask("POST", "/points", '{"x": 1}', as_json)[::2] == (201, b'{"x":1}')
    assert served.ask("POST", "/points", '{"x": "1"}', as_json)[0] == 422
    assert served.ask("POST", "/points", "{", as_json)[0] == 400
    assert served.ask("QUERY", "/points", '{"x": 1}', as_json)[::2] == (200, b'[{"x":1}]')
    # eventlet says text/plain where the client says nothing.
    assert served.ask("QUERY", "/points")[0] == (415 if served.name == "eventlet" else 400)
    assert served.ask("GET", "/where")[1]["Location"] == f"http://127.0.0.1:{served.port}/where/"
    assert served.ask("DELETE", "/points")[0] == 405
    status, headers, body = served.ask("HEAD", "/parts")
    assert (status, body) == (200, b"")
    assert "/points" in json.loads(served.ask("GET", "/openapi.json")[2])["paths"]


def test_a_failure_shows_nothing(served):
    """An unhandled error is a 500 as problem object; the server goes on."""
    status, headers, body = served.ask("GET", "/fail")

    assert (status, headers["Content-Type"]) == (500, "application/problem+json")
    assert b"secret" not in body
    assert served.ask("GET", "/async")[0] == 200


def test_bodies_of_both_kinds_arrive(served):
    """With a length, and in chunks."""
    chunks = (b"x" * 10_000 for _ in range(30))

    assert served.ask("POST", "/size", b"x" * 300_000)[2] == b"300000"
    assert served.ask("POST", "/size", chunks, encode_chunked=True)[2] == b"300000"


WAYS_TO_READ = {
    "/points": b'{"x": 1}',
    "/form": b"x=1",
    "/upload": b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n1\r\n--b--\r\n',
    "/size": b"raw text",
    "/pieces": b"streamed text",
}
MEDIA_TYPES = {
    "/points": "application/json",
    "/form": "application/x-www-form-urlencoded",
    "/upload": "multipart/form-data; boundary=b",
}


def times_done(served, path):
    """How often a handler has got its body."""
    return served.log.read_text().splitlines().count(f"done {path}")


def sent_raw(served, path, head, body):
    """Send bytes, then no more; the status of the answer, ``None`` where there is none."""
    lines = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{head}\r\n"
    if path in MEDIA_TYPES:
        lines = lines.replace("\r\nHost", f"\r\nContent-Type: {MEDIA_TYPES[path]}\r\nHost", 1)
    with socket.create_connection(("127.0.0.1", served.port), timeout=SECONDS) as client:
        client.sendall(lines.encode() + b"\r\n" + body)
        client.shutdown(socket.SHUT_WR)
        try:
            status = client.recv(64).split(b" ")
        except ConnectionError:
            return None
    return int(status[1]) if len(status) > 1 else None


@pytest.mark.parametrize("path", WAYS_TO_READ)
def test_a_truncated_body_is_refused(served, path):
    """A body that is shorter than its ``Content-Length`` reaches no handler, however it is read."""
    body = WAYS_TO_READ[path]
    status, _, answer = served.ask("POST", path, body, {"Content-Type": MEDIA_TYPES.get(path, "text/plain")})
    assert status in (200, 201), answer
    before = times_done(served, path)

    # Some servers drop such a request themselves, and answer nothing.
    assert sent_raw(served, path, f"Content-Length: {len(body) + 3}\r\n", body) in (400, None)
    assert served.ask("GET", "/async")[0] == 200
    assert times_done(served, path) == before


@pytest.mark.parametrize("path", WAYS_TO_READ)
def test_broken_chunks_are_the_clients_fault(served, path):
    """A chunk size that is not a number is a 400, or the server's own refusal; never a 500, and nothing is carried
    out."""
    if served.name in TAKES_BROKEN_CHUNKS:
        return
    before = times_done(served, path)
    status = sent_raw(served, path, "Transfer-Encoding: chunked\r\n", b"zz\r\nx\r\n0\r\n\r\n")

    assert status in (400, None)
    assert times_done(served, path) == before
    assert served.ask("GET", "/async")[0] == 200


@pytest.mark.parametrize("path", WAYS_TO_READ)
def test_a_chunked_body_is_read_by_its_chunks(served, path):
    """Without a length the chunks say where the body ends."""
    headers = {"Content-Type": MEDIA_TYPES.get(path, "text/plain")}
    pieces = (bytes([byte]) for byte in WAYS_TO_READ[path])

    assert served.ask("POST", path, pieces, headers, encode_chunked=True)[0] in (200, 201)


def test_a_stream_arrives_in_order(served):
    """Parts are made with the request at hand, and the request ends with the last."""
    assert served.ask("GET", "/parts")[2] == b"/parts 0\n/parts 1\n/parts 2\n"
    assert served.ended("/parts")


def test_a_client_that_leaves_ends_its_stream(served):
    """The teardown of a stream without end runs when the client has gone."""
    with socket.create_connection(("127.0.0.1", served.port), timeout=SECONDS) as client:
        client.sendall(b"GET /endless HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"200" in client.recv(64)

    assert served.ended("/endless")
    assert served.ask("GET", "/async")[0] == 200


def test_requests_meet(served):
    """Two requests that wait for each other both end, wherever the server takes more than one at a time."""
    if served.name in ONE_AT_A_TIME:
        return
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(served.ask("GET", "/meet")[2])) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)

    assert answers == [b"met", b"met"]


NGINX = """
        location /api/ {{
            proxy_pass http://127.0.0.1:{upstream}/;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto https;
            proxy_set_header X-Forwarded-Host shop.example;
            proxy_set_header X-Forwarded-Prefix /api;
            proxy_buffering off;
        }}
"""


@pytest.fixture(scope="module")
def behind_nginx(tmp_path_factory):
    """The application under gunicorn, below ``/api`` of an nginx that ends TLS."""
    folder = tmp_path_factory.mktemp("nginx")
    upstream, block = start("gunicorn-threads", folder, "proxied")
    with block, nginx_server(folder, NGINX.format(upstream=upstream.port)) as port:
        yield Served("nginx", port, upstream.log, "/api")


def test_nginx_with_a_prefix(behind_nginx):
    """With ProxyFix the application knows the client, the scheme, the host and the prefix that the proxy took away."""
    _status, headers, body = behind_nginx.ask("GET", "/where/", headers={"X-Forwarded-For": "203.0.113.9"})

    assert json.loads(body) == {
        "url": "https://shop.example/api/where/", "root": "/api", "scheme": "https", "client": "127.0.0.1",
    }  # fmt: skip
    assert "; Secure" in headers["Set-Cookie"]
    assert behind_nginx.ask("GET", "/where")[1]["Location"] == "https://shop.example/api/where/"
    assert json.loads(behind_nginx.ask("GET", "/nowhere")[2])["type"].startswith("/api/docs/errors/")
    assert behind_nginx.ask("GET", "/docs")[0] == 200


def test_nginx_with_bodies_and_streams(behind_nginx):
    """Uploads pass, streams arrive, and one that the client leaves is ended through the proxy."""
    chunks = (b"x" * 10_000 for _ in range(30))
    assert behind_nginx.ask("POST", "/size", chunks, encode_chunked=True)[2] == b"300000"
    assert behind_nginx.ask("GET", "/parts")[2] == b"/parts 0\n/parts 1\n/parts 2\n"
    with socket.create_connection(("127.0.0.1", behind_nginx.port), timeout=SECONDS) as client:
        client.sendall(b"GET /api/endless HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"200" in client.recv(64)

    assert behind_nginx.ended("/endless")
