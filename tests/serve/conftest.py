"""Real servers, each in a process of its own."""

from __future__ import annotations

import contextlib
import http.client
import sys

import pytest

from tests.servers import free_port, running

GUNICORN = ["-m", "gunicorn", "--graceful-timeout", "1", "--log-level", "error", "--bind", "127.0.0.1:{port}"]
APP = "tests.serve.wired:app"
SERVERS = {
    "gunicorn": [*GUNICORN, APP],
    "gunicorn-threads": [*GUNICORN, "--threads", "4", APP],
    "granian": ["-m", "granian", "--interface", "wsgi", "--log-level", "error", "--port", "{port}", APP],
    "waitress": ["-m", "waitress", "--listen", "127.0.0.1:{port}", APP],
}


class Served:
    """A server's address, and the folder that it runs in."""

    def __init__(self, name, port, folder):
        self.name, self.port, self.folder = name, port, folder

    @contextlib.contextmanager
    def connection(self):
        """A connection, closed at the end."""
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            yield connection

    def ask(self, method, path, body=None, headers=None, **options):
        """One request: status, headers, body as it was sent."""
        with self.connection() as connection:
            connection.request(method, path, body, headers or {}, **options)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()


@pytest.fixture(scope="module", params=SERVERS)
def served(request, tmp_path_factory):
    """Each server in turn."""
    port, folder = free_port(), tmp_path_factory.mktemp("served")
    words = [word.replace("{port}", str(port)) for word in SERVERS[request.param]]
    (folder / "log").touch()
    with running([sys.executable, *words], port, folder / "log"):
        yield Served(request.param, port, folder)
