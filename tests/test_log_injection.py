"""What a client sends begins no line of its own in the log, whichever line of the framework it goes into."""

from __future__ import annotations

import json
import shlex
import subprocess

import pytest

from framework import (
    App,
    after_response,
    arguments,
    etag,
    fields,
    idempotent,
    limit,
    response,
    session,
)
from framework.errors import ContractViolation
from framework.logging import printable
from framework.openapi.contract._blame import quoted
from framework.sessions import StoreSessionInterface
from framework.stores.redis import RedisStore
from framework.versions import retired
from tests.servers import free_port

FORGED = "[2026-01-01 00:00:00,000] INFO in auth: logged in"
BREAKS = ["\n", "\r", "\r\n", "\x0b", "\x0c", "\x1b[2J", "\x85", "\u2028"]


def make_app(**settings):
    """An application that writes each of its log lines at some path."""
    app = App("logs")
    app.config.update(SECRET_KEY="k" * 16, **settings)

    @app.route("/fail/<name>", methods=["GET", "POST"])
    def fail(name):
        raise LookupError

    @app.post("/echo/<name>")
    @arguments({"text": fields.String()}, unknown="include")
    @response(200, {"text": fields.Integer()})
    def echo(data, name):
        return data  # the name and the value of a member that nobody declared

    @app.post("/header/<name>")
    @response(200)
    def header(name):
        return {}, 299

    @app.post("/late/<name>")
    def late(name):
        after_response({}.__getitem__, name)
        return {}

    @app.post("/session/<name>")
    def touch(name):
        session["name"] = name
        return {}

    @app.put("/etag/<name>")
    @etag()
    @response(200, {"text": fields.String()})
    def put(name):
        return {"text": name}

    @app.post("/limited/<name>")
    @limit("1/minute", store=RedisStore(f"redis://127.0.0.1:{free_port()}/0"))
    @idempotent(store=RedisStore(f"redis://127.0.0.1:{free_port()}/0"))
    @response(200)
    def limited(name):
        return {}

    @app.get("/retired/<name>")
    @retired()
    @response(200, {"text": fields.String()})
    def old(name):
        return {"texts": name}

    return app


PATHS = [
    ("GET", "/fail/"),
    ("POST", "/fail/"),
    ("POST", "/echo/"),
    ("POST", "/header/"),
    ("POST", "/late/"),
    ("POST", "/session/"),
    ("PUT", "/etag/"),
    ("POST", "/limited/"),
    ("GET", "/retired/"),
]


@pytest.mark.parametrize("line_break", BREAKS, ids=ascii)
@pytest.mark.parametrize("debug", [False, True])
def test_no_line_of_the_log_is_the_clients(line_break, debug, caplog):
    """Line breaks in path, query, headers, host, method, body, names of members and keys stay within their line."""
    evil = f"a{line_break}{FORGED}"
    wire = evil.encode().decode("latin-1")
    app = make_app(CONTRACT="log", DEBUG=debug, PROPAGATE_EXCEPTIONS=False)
    away = make_app(CONTRACT="log", PROPAGATE_EXCEPTIONS=False)
    away.session_interface = StoreSessionInterface(RedisStore(f"redis://127.0.0.1:{free_port()}/0"))
    for each in (app, away):
        client = each.test_client(contract=False)
        for method, path in PATHS:
            body = json.dumps({"text": evil, evil: evil, "n": {evil: 1}}, ensure_ascii=False)
            environ = {
                "PATH_INFO": path + wire,
                "QUERY_STRING": f"q={wire}",
                "HTTP_USER_AGENT": wire,
                "HTTP_X_OTHER": wire,
                "HTTP_IDEMPOTENCY_KEY": wire,
                "HTTP_IF_MATCH": "*",
                "HTTP_COOKIE": f"session={wire}",
                "CONTENT_TYPE": "application/json",
            }
            for host in ("localhost", wire):
                overrides = {**environ, "HTTP_HOST": host}
                client.open(path + "a", method=method, data=body, environ_overrides=overrides)
        client.open("/fail/a", method="GET", environ_overrides={"REQUEST_METHOD": f"GE{wire}T"})

    lines = [line for record in caplog.records for line in record.getMessage().splitlines()]
    assert any("Exception on" in line for line in lines)
    assert not [line for line in lines if line.startswith(FORGED[:10])]
    assert not [line for line in lines for char in line if not char.isprintable()]


def test_a_server_that_raises_violations_escapes_too():
    """The text of a violation, which lands in a log as well, has no line of the client's."""
    app = make_app(CONTRACT="raise")
    with pytest.raises(ContractViolation) as caught:
        app.test_client().post("/echo/a", json={"text": "1", f"x\n{FORGED}": f"y\n{FORGED}"}, headers={"X-A": "1"})

    assert not [line for line in str(caught.value).splitlines() if line.startswith(FORGED[:10])]


@pytest.mark.parametrize("word", ["plain", "it's", "a\nb", "it's\\\n\x1b", "\u2028é\x85", ""])
def test_a_curl_line_is_one_line(word):
    """What does not print is written so that bash reads the very same word."""
    text = quoted(word)

    assert text.isprintable()
    read = subprocess.run(["bash", "-c", f"printf %s {text}"], capture_output=True, env={"LC_ALL": "C.UTF-8"})
    assert read.stdout.decode() == word
    assert word != "plain" or text == shlex.quote(word)


def test_printable():
    """Text that prints is left as it is; other text is escaped as Python does it."""
    assert printable("/pets/ü 'x'") == "/pets/ü 'x'"
    assert printable("a\nb\x1b") == "a\\nb\\x1b"
