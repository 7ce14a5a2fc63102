"""Load shedding: how many at once, the refusal at once, and that every end gives its place back."""

from __future__ import annotations

import contextlib
import http.client
import sys
import threading

import pytest

from framework import App, Bearer, Resource, Schema, fields, requires, response
from framework.errors import SetupError
from framework.serve import concurrency
from tests.servers import free_port, running

SECONDS = 20


class PetSchema(Schema):
    """A pet."""

    id = fields.Integer()


class Gate:
    """A handler that waits until it is let go."""

    def __init__(self):
        self.entered, self.open = threading.Semaphore(0), threading.Event()

    def __call__(self):
        self.entered.release()
        self.open.wait(SECONDS)
        return {}


def ask(app, path, replies):
    """Make a request in a thread."""
    thread = threading.Thread(target=lambda: replies.append(app.test_client().get(path).status_code))
    thread.start()
    return thread


def test_requests_above_the_limit_are_refused_at_once():
    """While the limit is reached, others get a 503 with ``Retry-After``; then there is room again."""
    app, gate, replies = App("shed", static_folder=None), Gate(), []

    @app.get("/slow")
    @concurrency(2, retry_after=3)
    def slow():
        return gate()

    app.freeze()
    threads = [ask(app, "/slow", replies) for _ in range(2)]
    for _ in threads:
        gate.entered.acquire()
    refused = app.test_client().get("/slow")
    gate.open.set()
    for thread in threads:
        thread.join()

    assert (refused.status_code, refused.json["code"], refused.headers["Retry-After"]) == (503, "overloaded", "3")
    assert replies == [200, 200]
    assert app.test_client().get("/slow").status_code == 200


@pytest.mark.parametrize("path", ["/fine", "/fails", "/refused", "/stream", "/left", "/broken"])
def test_every_end_gives_the_place_back(path):
    """After errors, refusals and streams, read to the end or not, nothing is counted any more."""
    app = App("ends", static_folder=None)
    mark = concurrency(1)

    @app.get("/fine")
    @mark
    def fine():
        return {}

    @app.get("/fails")
    @mark
    def fails():
        raise RuntimeError("boom")

    @app.get("/refused")
    @mark
    @requires(Bearer(lambda token: None))
    def refused():
        return {}

    @app.get("/stream")
    @mark
    def stream():
        return iter([b"a", b"b"])

    @app.get("/left")
    @mark
    def left():
        return iter([b"a", b"b"])

    @app.get("/broken")
    @mark
    def broken():
        def parts():
            yield b"a"
            raise RuntimeError("boom")

        return parts()

    client = app.test_client()
    for _ in range(3):
        with contextlib.suppress(RuntimeError):
            reply = client.get(path)
            if path == "/left":
                assert mark.count == 1
                reply.close()
            reply.get_data()
        assert reply.status_code != 503
        assert mark.count == 0


def test_a_limit_of_the_application_counts_all_of_it():
    """``MAX_CONCURRENT_REQUESTS`` counts the operations together, next to limits of single ones."""
    app, gate, replies = App("all", static_folder=None), Gate(), []
    app.config["MAX_CONCURRENT_REQUESTS"] = 2

    @app.get("/slow")
    def slow():
        return gate()

    @app.get("/quick")
    def quick():
        return {}

    app.freeze()
    threads = [ask(app, "/slow", replies)]
    gate.entered.acquire()
    assert app.test_client().get("/quick").status_code == 200
    threads.append(ask(app, "/slow", replies))
    gate.entered.acquire()
    assert app.test_client().get("/quick").status_code == 503
    gate.open.set()
    for thread in threads:
        thread.join()

    assert app.test_client().get("/quick").status_code == 200


def test_a_refusal_comes_before_everything():
    """Nobody is authenticated and no body is read for a request that is refused."""
    app, asked = App("first", static_folder=None), []
    mark = concurrency(1)
    mark.count = 1

    @app.post("/pets")
    @requires(Bearer(lambda token: asked.append(token)))
    @mark
    def view():
        return {}

    reply = app.test_client().post("/pets", data=b"{", headers={"Authorization": "Bearer t"})

    assert (reply.status_code, asked) == (503, [])


def test_it_is_in_the_document():
    """The 503 is declared with its header."""
    app = App("documented", static_folder=None)

    @app.route("/pets")
    class Pets(Resource):
        @concurrency(5)
        @response(200, PetSchema)
        def get(self):
            """Get."""
            return {}

    answer = app.openapi["paths"]["/pets"]["get"]["responses"]["503"]

    assert "Retry-After" in answer["headers"]


def test_a_shed_request_is_recorded(caplog):
    """The access log says that a request was shed."""
    import logging

    app = App("logged", static_folder=None)
    app.config["ACCESS_LOG"] = "json"
    mark = concurrency(1)
    mark.count = 1

    @app.get("/")
    @mark
    def view():
        return {}

    with caplog.at_level(logging.INFO, "framework.access"):
        app.test_client().get("/")

    assert [record.__dict__["framework.ending"] for record in caplog.records if record.name == "framework.access"] == [
        "shed"
    ]


@pytest.mark.parametrize("limit", [0, -1])
def test_a_wrong_limit_is_refused(limit):
    """A limit that lets nothing through fails where it is written."""
    with pytest.raises(SetupError, match="at once"):
        concurrency(limit)


SERVED = """
import threading, time
from framework import App
app = App("served", static_folder=None)
app.config["MAX_CONCURRENT_REQUESTS"] = 3
@app.get("/slow")
def slow():
    time.sleep(1)
    return {}
"""


def test_a_server_sheds_under_load(tmp_path):
    """Under gunicorn with more threads than the limit, each request is answered by 200 or by 503, and none hangs."""
    (tmp_path / "served.py").write_text(SERVED)
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--threads", "16", "--log-level", "error", "-b", f"127.0.0.1:{port}"]
    statuses = []

    def ask():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
        with contextlib.closing(connection):
            connection.request("GET", "/slow", headers={"Connection": "close"})
            statuses.append(connection.getresponse().status)

    with running([*command, "served:app"], port, tmp_path / "log"):
        threads = [threading.Thread(target=ask) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert set(statuses) == {200, 503}
    assert len(statuses) == 12
    assert statuses.count(200) >= 3
