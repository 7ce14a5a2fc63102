"""The environment of the benchmark's calls is the one that real servers give."""

from __future__ import annotations

import ast
import http.client
import json
import re
import sys
from pathlib import Path

import pytest
import werkzeug.wrappers.request
import werkzeug.wsgi

import framework
from tests.benchmarks.calls import Question, environ_of
from tests.servers import free_port, running

COMMANDS = {
    "gunicorn": ["gunicorn", "--log-level", "error", "--bind", "127.0.0.1:{port}"],
    "granian": [
        *("granian", "--interface", "wsgi", "--log-level", "error", "--host", "127.0.0.1", "--no-ws"),
        *("--port", "{port}"),
    ],
    "waitress": ["waitress", "--listen", "127.0.0.1:{port}"],
}
QUESTIONS = [
    Question("/items/7", query="page=2&status=active"),
    Question("/items", "POST", body=b'{"name":"it"}'),
    Question("/guarded", token="a-token", headers=(("If-None-Match", '"1"'), ("Cookie", "session=x"))),
]
READERS = [
    *Path(framework.__file__).parent.rglob("*.py"),
    Path(werkzeug.wsgi.__file__),
    Path(werkzeug.wrappers.request.__file__),
]
METHODS = {"wsgi.input": ("read", "readline", "readlines", "__iter__"), "wsgi.errors": ("write", "writelines", "flush")}
WRITTEN_AS_KEY = re.compile(r"HTTP_[A-Z_]+[A-Z]|wsgi\.[a-z_]+")
# Where each server stands, what it says of its own workers, and what is left to it: granian wraps no files.
OWN = {
    "wsgi.file_wrapper",
    "SERVER_NAME",
    "SERVER_PORT",
    "REMOTE_PORT",
    "SERVER_SOFTWARE",
    "wsgi.multithread",
    "wsgi.multiprocess",
}


def keys_looked_at():
    """The constant keys by which the framework, and werkzeug's request below it, read an environment.

    Some keys reach the environment through a parameter: what is written as a key counts too.
    """
    keys = set()
    for path in READERS:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and WRITTEN_AS_KEY.fullmatch(node.value):
                keys.add(node.value)
            if isinstance(node, ast.Subscript):
                holder, key = node.value, node.slice
            elif isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn):
                holder, key = node.comparators[0], node.left
            elif isinstance(node, ast.Call) and node.args and getattr(node.func, "attr", "") in {"get", "pop"}:
                holder, key = node.func.value, node.args[0]
            else:
                continue
            if ast.unparse(holder) == "os.environ":
                continue
            if isinstance(key, ast.Constant) and getattr(holder, "attr", getattr(holder, "id", "")) == "environ":
                keys.add(key.value)
    return keys


def kind(key, value):
    """What a value of an environment is: its type where the protocol fixes it, or which of its methods it has."""
    if isinstance(value, (str, bool, tuple)):
        return type(value).__name__
    return [name for name in METHODS.get(key, ()) if hasattr(value, name)]


def shown(environ):
    """An environment as JSON: of each key the kind, and the value of a text or a truth."""
    return {
        name: [kind(name, value), value if isinstance(value, (str, bool)) else None] for name, value in environ.items()
    }


def application(environ, start_response):
    """Answer with the environment."""
    text = json.dumps(shown(environ)).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(text)))])
    return [text]


@pytest.fixture(scope="module", params=COMMANDS)
def server(request, tmp_path_factory):
    """A real server: its name and its answers, the environments of the questions."""
    port = free_port()
    command = [sys.executable, "-m", *(word.format(port=port) for word in COMMANDS[request.param])]
    with running([*command, f"{__name__}:application"], port, tmp_path_factory.mktemp("environ") / "log"):
        yield request.param, [ask(port, question) for question in QUESTIONS]


def ask(port, question):
    """Send a question over the wire with exactly its headers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    target = f"{question.path}?{question.query}" if question.query else question.path
    connection.putrequest(question.method, target, skip_host=True, skip_accept_encoding=True)
    for name, value in question.all_headers():
        connection.putheader(name, value)
    connection.endheaders(question.body or None)
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer


def test_looks_at_known_keys():
    """The search finds the keys that any request is read by."""
    assert {
        *("REQUEST_METHOD", "PATH_INFO", "QUERY_STRING", "CONTENT_TYPE", "CONTENT_LENGTH", "HTTP_AUTHORIZATION"),
        *("HTTP_ORIGIN", "wsgi.input", "wsgi.input_terminated", "wsgi.url_scheme", "wsgi.errors"),
    } <= keys_looked_at()


def test_servers_agree_with_benchmark(server):
    """On every key that is looked at, a real server gives what the benchmark gives."""
    name, environs = server
    keys = keys_looked_at() - OWN
    for question, real in zip(QUESTIONS, environs, strict=True):
        made = json.loads(json.dumps(shown(environ_of(question))))
        # A server may give an empty text, or none, for what the request does not have (PEP 3333).
        real = {key: value for key, value in real.items() if key in keys and value[1] != ""}
        made = {key: value for key, value in made.items() if key in keys and value[1] != ""}
        assert real == made, name


def test_benchmark_has_environ_of_gunicorn(server):
    """The benchmark's environment has the keys of gunicorn's sync worker, no more and no fewer."""
    name, environs = server
    if name == "gunicorn":
        for question, real in zip(QUESTIONS, environs, strict=True):
            assert set(environ_of(question)) == set(real)
