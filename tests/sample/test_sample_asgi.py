"""The sample behind an ASGI server, with a real database."""

from __future__ import annotations

import json
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.servers import free_port, running


@pytest.mark.parametrize(
    "command",
    ["-m uvicorn --port {port} sample_api.asgi:asgi", "-m granian --interface asgi --port {port} sample_api.asgi:asgi"],
)
def test_the_sample_runs_on_asgi(tmp_path, monkeypatch, command):
    """Users, articles and tags are written and read, many at a time."""
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/conduit.sqlite3")
    monkeypatch.setenv("SECRET_KEY", "secret" * 8)
    port = free_port()

    def ask(path, body=None, token=None):
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Token {token}"} if token else {})
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{port}/api{path}", data, headers)
        with urllib.request.urlopen(request, timeout=60) as reply:
            return json.load(reply)

    with running([sys.executable, *command.format(port=port).split()], port, tmp_path / "log"):
        user = {"username": "ann", "email": "ann@example.com", "password": "a long secret"}
        token = ask("/users", {"user": user})["user"]["token"]

        def write(number):
            article = {"title": f"Number {number}", "description": "d", "body": "b", "tagList": ["t"]}
            return ask("/articles", {"article": article}, token)["article"]["slug"]

        with ThreadPoolExecutor(8) as pool:
            slugs = set(pool.map(write, range(16)))
        listed = ask("/articles?limit=20")

    assert len(slugs) == 16
    assert {article["slug"] for article in listed["articles"]} == slugs
