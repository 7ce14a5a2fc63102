"""The access log: a record for each request, on real servers too, whatever its end; and what is never in it."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import logging
import os
import socket
import sys
import threading
import time

import pytest
from marshmallow import validate

from framework import App, Bearer, Resource, Schema, arguments, fields, limit, requires, response
from framework.observe import JSONFormatter
from framework.record import Observer
from tests.servers import free_port, running

SECONDS = 20
SERVERS = {
    "gunicorn": ["-m", "gunicorn", "--log-level", "error", "--bind", "127.0.0.1:{port}"],
    "gunicorn-threads": ["-m", "gunicorn", "--threads", "4", "--log-level", "error", "--bind", "127.0.0.1:{port}"],
    "granian": ["-m", "granian", "--interface", "wsgi", "--log-level", "error", "--port", "{port}"],
    "waitress": ["-m", "waitress", "--listen", "127.0.0.1:{port}"],
}


class Served:
    """A server and its access log."""

    def __init__(self, name, port, folder):
        self.name, self.port, self.folder = name, port, folder

    def ask(self, path, method="GET", body=None):
        """One request: the answer, with its body read."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        with contextlib.closing(connection):
            connection.request(method, path, body)
            answer = connection.getresponse()
            with contextlib.suppress(http.client.IncompleteRead):
                answer.read()
            return answer

    def record_of(self, path):
        """The only record of a path, once it is there."""
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            lines = (self.folder / "access").read_text().splitlines() if (self.folder / "access").exists() else []
            found = [record for record in map(json.loads, lines) if record["url.path"] == path]
            if found:
                assert len(found) == 1
                return found[0]
            time.sleep(0.02)
        raise AssertionError(f"no record of {path}")


@pytest.fixture(scope="module", params=SERVERS)
def served(request, tmp_path_factory):
    """Each server in turn."""
    folder, port = tmp_path_factory.mktemp("access"), free_port()
    command = [word.replace("{port}", str(port)) for word in SERVERS[request.param]]
    with running([sys.executable, *command, "tests.observe.served:app"], port, folder / "log"):
        yield Served(request.param, port, folder)


@pytest.mark.parametrize(
    ("path", "status", "ending", "size"),
    [
        ("/hello", 200, "answered", 18),
        ("/pets/7", 200, "answered", 8),
        ("/empty", 204, "answered", 0),
        ("/fails", 500, "answered", None),
        ("/nowhere", 404, "answered", None),
        ("/stream", 200, "streamed", 12),
        ("/file", 200, "answered", None),
        ("/deferred", 200, "answered", 3),
    ],
)
def test_each_end_is_recorded_under_each_server(served, path, status, ending, size):
    """The record of an answer, of a stream and of a file has its status, its end and the id that the client got."""
    answer = served.ask(path)
    record = served.record_of(path)

    assert (answer.status, record["http.response.status_code"], record["framework.ending"]) == (status, status, ending)
    assert record["request_id"] == answer.headers["X-Request-ID"]
    assert size is None or record["http.response.body.size"] == size


def test_a_request_with_a_body_is_recorded(served):
    """The size of a request's body is in its record."""
    served.ask("/size", "POST", b"x" * 1000)

    assert served.record_of("/size")["http.request.body.size"] == 1000


def test_a_client_that_leaves_is_recorded(served):
    """The record of a stream whose client has left says so, under each server."""
    with socket.create_connection(("127.0.0.1", served.port), timeout=SECONDS) as client:
        client.sendall(b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.recv(1000)
    record = served.record_of("/endless")

    assert record["framework.ending"] == "client_gone"
    assert record["http.response.body.size"] > 0


def test_a_stream_that_breaks_is_recorded(served):
    """The record of a stream that fails names the error."""
    served.ask("/breaks")

    assert served.record_of("/breaks")["error.type"] == "RuntimeError"


class Kept(logging.Handler):
    """Keeps what is logged."""

    def __init__(self):
        super().__init__()
        self.records = []

    def emit(self, record):
        """Keep a record."""
        self.records.append(record)


@pytest.fixture
def access():
    """The records of the access log."""
    kept, logger = Kept(), logging.getLogger("framework.access")
    logger.addHandler(kept)
    yield kept.records
    logger.removeHandler(kept)


class PetSchema(Schema):
    """A pet."""

    name = fields.String(required=True, validate=validate.Length(max=10))


@pytest.fixture
def app():
    """An application with users, limits and parameters."""
    app = App("logged")
    app.config.update(ACCESS_LOG="json")
    bearer = Bearer(verify=lambda token: {"id": 7, "name": "Ann"} if token == "secret-token" else None)

    @app.route("/pets/<name>")
    class Pets(Resource):
        @requires(bearer)
        @arguments(PetSchema)
        @response(200, PetSchema)
        def put(self, pet, name):
            """Replace a pet."""
            return pet

        @limit("1/hour")
        def get(self, name):
            """Get a pet."""
            return {"name": name}

    return app


def test_a_record_names_things_as_opentelemetry_does(app, access):
    """The members of a record, and their values."""
    app.test_client().put("/pets/rex", json={"name": "Rex"}, headers={"Authorization": "Bearer secret-token"})
    (record,) = access
    members = json.loads(JSONFormatter().format(record))

    assert members.pop("http.server.request.duration") >= 0
    assert members.pop("asctime").endswith("Z")
    assert members.pop("request_id") == record.request_id
    message = members.pop("message")
    assert message.startswith('127.0.0.1 7 "PUT /pets/rex" 200 14 ')
    assert members.pop("user_agent.original").startswith("Werkzeug")
    assert members == {
        "levelname": "INFO",
        "name": "framework.access",
        "http.request.method": "PUT",
        "http.route": "/pets/<name>",
        "url.path": "/pets/rex",
        "http.response.status_code": 200,
        "client.address": "127.0.0.1",
        "user.id": "7",
        "http.request.body.size": 15,
        "http.response.body.size": 14,
        "framework.operation_id": "putPets",
        "framework.ending": "answered",
    }


def test_secrets_are_never_in_it(app, access):
    """Queries, cookies, authorization and bodies are not logged, of good requests and of bad ones."""
    client = app.test_client()
    client.set_cookie("session", "cookie-secret")
    headers = {"Authorization": "Bearer secret-token", "X-Api-Key": "key-secret"}
    for body in ({"name": "body-secret"}, {"name": "body-secret" * 10}, {"body-secret": 1}):
        client.put("/pets/rex?key=query-secret", json=body, headers=headers)
    client.get("/nowhere?key=query-secret", headers=headers)

    assert len(access) == 4
    for record in access:
        assert "secret" not in JSONFormatter().format(record)


@pytest.mark.parametrize(
    ("method", "path", "error"),
    [
        ("GET", "/nowhere", "not_found"),
        ("DELETE", "/pets/rex", "method_not_allowed"),
        ("PUT", "/pets/rex", "credentials_missing"),
    ],
)
def test_an_error_is_named_by_its_code(app, access, method, path, error):
    """The record of a refused request has the code of the problem object that the client got."""
    reply = app.test_client().open(path, method=method)

    assert access[0].__dict__["error.type"] == reply.json["code"] == error


def test_a_limit_is_named(app, access):
    """The record of a request above its limit has the code of that error."""
    client = app.test_client()
    client.get("/pets/a")
    client.get("/pets/a")

    assert [record.__dict__.get("error.type") for record in access] == [None, "rate_limit_exceeded"]


def test_an_unhandled_error_is_named_by_its_class(app, access):
    """The record of a 500 has the class of what was raised."""

    @app.get("/fails")
    def fails():
        raise LookupError("x")

    app.test_client().get("/fails")

    assert access[0].__dict__["error.type"] == "LookupError"


def test_an_error_that_goes_on_to_the_server_is_recorded(app, access):
    """An exception that the application lets pass has its record too."""
    app.config["PROPAGATE_EXCEPTIONS"] = True

    @app.get("/fails")
    def fails():
        raise LookupError("x")

    with pytest.raises(LookupError):
        app.test_client().get("/fails")

    assert (access[0].__dict__["http.response.status_code"], access[0].__dict__["error.type"]) == (500, "LookupError")


def test_a_worker_that_is_ended_leaves_a_record(app, access):
    """A request whose worker the server ends is recorded as killed."""

    @app.get("/killed")
    def killed():
        raise SystemExit(1)

    with pytest.raises(SystemExit):
        app.test_client().get("/killed")

    assert (access[0].__dict__["framework.ending"], access[0].__dict__["error.type"]) == ("killed", "SystemExit")


def test_text_cannot_begin_a_line(app, capsys):
    """A line of the text form stays one line, whatever the client sends."""
    app.config["ACCESS_LOG"] = "text"
    formatted = []

    class Lines(logging.Handler):
        def emit(self, record):
            formatted.append(logging.Formatter("%(message)s").format(record))

    handler = Lines()
    logging.getLogger("framework.access").addHandler(handler)
    try:
        app.test_client().get("/a\nb\x1b[31m")
    finally:
        logging.getLogger("framework.access").removeHandler(handler)

    assert len(formatted) == 1
    assert formatted[0].isprintable()


def test_an_unknown_method_is_other(app, access):
    """A method that no standard names is ``_OTHER``; the log has the word itself as well."""
    app.test_client().open("/pets/a", method="BREW")

    record = access[0].__dict__
    assert (record["http.request.method"], record["http.request.method_original"]) == ("_OTHER", "BREW")


def test_good_answers_can_be_sampled(app, access):
    """With ``ACCESS_LOG_SAMPLE=0`` only errors are logged."""
    app.config["ACCESS_LOG_SAMPLE"] = 0
    client = app.test_client()
    for _ in range(5):
        client.get("/openapi.json")
    client.get("/nowhere")

    assert [record.__dict__["http.response.status_code"] for record in access] == [404]


def test_a_record_can_be_hidden_or_extended(app, access):
    """An application can leave a request out of the log, and add members of its own."""

    @app.get("/hidden")
    def hidden():
        request_record().is_hidden = True
        return ""

    @app.get("/more")
    def more():
        request_record().extra["shop.id"] = 3
        return ""

    def request_record():
        return request_context().record

    from framework.globals import request_ctx

    def request_context():
        return request_ctx

    client = app.test_client()
    client.get("/hidden")
    client.get("/more")

    assert [record.__dict__["shop.id"] for record in access] == [3]


def test_the_log_is_off_by_default(access):
    """Without the setting nothing is logged, and no request has a record."""
    app = App("quiet")
    seen = []

    @app.get("/")
    def view():
        from framework.globals import request_ctx

        seen.append(request_ctx.record)
        return ""

    app.test_client().get("/")

    assert (access, seen) == ([], [None])


def test_nothing_of_it_is_loaded_where_it_is_off():
    """An application without observers loads neither the record nor the wing."""
    import subprocess

    code = (
        "import sys\nfrom framework import App\napp = App('x')\n@app.get('/')\ndef v(): return {}\n"
        "app.test_client().get('/')\n"
        "print([name for name in sys.modules if name.startswith(('framework.observe', 'framework.record'))])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ran.stdout.strip() == "[]"


def test_the_logs_of_servers_are_silent(app):
    """Where this log is on, those of the servers are off, unless the setting says otherwise."""
    logger = logging.getLogger("gunicorn.access")
    logger.disabled = False
    try:
        app.config["ACCESS_LOG_REPLACES_SERVER"] = False
        app.test_client().get("/nowhere")
        assert not logger.disabled
        app.config["ACCESS_LOG_REPLACES_SERVER"] = True
        app.test_client().get("/nowhere")
        assert logger.disabled
    finally:
        logger.disabled = False


def test_a_moved_file_is_opened_anew(tmp_path, app):
    """A log that is rotated by moving it away goes on in a new file."""
    path = tmp_path / "access.log"
    app.config["ACCESS_LOG_FILE"] = str(path)
    client = app.test_client()
    try:
        client.get("/one")
        os.replace(path, tmp_path / "access.log.1")
        end = time.monotonic() + SECONDS
        while not path.exists() and time.monotonic() < end:  # it is looked for once a second
            client.get("/two")

        assert json.loads((tmp_path / "access.log.1").read_text().splitlines()[0])["url.path"] == "/one"
        assert json.loads(path.read_text().splitlines()[0])["url.path"] == "/two"
    finally:
        logger = logging.getLogger("framework.access")
        for handler in [each for each in logger.handlers if each.get_name()]:
            logger.removeHandler(handler)
            handler.close()


def test_lines_of_threads_stay_whole(tmp_path):
    """Records that several threads write at once are whole lines, and none is lost."""
    app = App("threads")
    app.config.update(ACCESS_LOG="json", ACCESS_LOG_FILE=str(tmp_path / "access.log"))
    app.add_url_rule("/", view_func=lambda: {"a": 1})
    app.freeze()

    def ask():
        client = app.test_client()
        for _ in range(50):
            client.get("/")

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = (tmp_path / "access.log").read_text().splitlines()
    logger = logging.getLogger("framework.access")
    for handler in [each for each in logger.handlers if each.get_name()]:
        logger.removeHandler(handler)
        handler.close()

    assert len({json.loads(line)["request_id"] for line in lines}) == 400


@pytest.mark.parametrize(
    "extra", [{"a": object()}, {"a": {1: 2}}, {"a": "\udcff"}, {"a": b"x"}, {"a": {1, 2}}, {"a": float("nan")}]
)
def test_any_value_becomes_json(extra):
    """A value that JSON does not know makes no log call fail."""
    record = logging.makeLogRecord({"msg": "hello %s", "args": ("you",), **extra})

    assert json.loads(JSONFormatter().format(record))["message"].strip("'") == "hello you"


def test_the_formatter_writes_exceptions():
    """The JSON form of a record with a traceback is one line that holds it."""
    try:
        raise RuntimeError("boom")
    except RuntimeError:
        record = logging.makeLogRecord({"msg": "x", "exc_info": sys.exc_info()})
    line = JSONFormatter().format(record)

    assert "\n" not in line
    assert "RuntimeError: boom" in json.loads(line)["exc_info"]


def test_an_observer_that_fails_is_logged(app, caplog):
    """An observer that raises neither breaks the request nor keeps others from their records."""
    moments = []

    class Broken(Observer):
        def begin(self, record):
            raise RuntimeError("begin")

        def end(self, record):
            raise RuntimeError("end")

    class Fine(Observer):
        def begin(self, record):
            moments.append("begin")

        def answer(self, record, reply):
            moments.append(reply.status_code)

        def leave(self, record):
            moments.append("leave")

        def end(self, record):
            moments.append("end")

    app.add_observer(Broken())
    app.add_observer(Fine())
    reply = app.test_client().get("/nowhere")

    assert reply.status_code == 404
    assert moments == ["begin", 404, "leave", "end"]
    assert sum("Exception in an observer" in record.getMessage() for record in caplog.records) == 2


@pytest.mark.wsgi_only("on ASGI the body is read before the application is called, and before the record begins")
def test_a_slow_request_says_where_its_time_went(app, caplog):
    """The log of slow requests names the parts; what waits for the body is not loading."""
    app.config["SLOW_REQUEST_TIME"] = 0

    @app.route("/slow")
    class Slow(Resource):
        @arguments(PetSchema)
        @response(200, PetSchema)
        def post(self, pet):
            """Wait."""
            with current_record().measure("database"):
                time.sleep(0.02)
            return pet

    def current_record():
        from framework.globals import request_ctx

        return request_ctx.record

    class Slowly(io.BytesIO):
        def read(self, size=-1):
            time.sleep(0.3)  # what the client takes to send it
            return super().read(size)

    app.test_client().post("/slow", input_stream=Slowly(b'{"name": "x"}'), content_type="application/json")
    (record,) = (each for each in caplog.records if each.name == "framework.slow")
    times = {name.rpartition(".")[2]: value for name, value in vars(record).items() if ".time." in name}

    assert set(times) == {"read", "load", "handler", "dump", "database"}
    assert times["handler"] >= times["database"] >= 0.02
    assert times["read"] >= 0.3 > times["load"]
    assert f"database {times['database'] * 1000:.0f}ms" in record.getMessage()


def test_answers_tell_their_times_in_debug_mode():
    """``Server-Timing`` is sent in debug mode, and otherwise where the setting says so."""
    app = App("timing")
    app.add_url_rule("/", view_func=lambda: {"a": 1})

    assert "Server-Timing" not in app.test_client().get("/").headers
    app.debug = True
    assert "total;dur=" in app.test_client().get("/").headers["Server-Timing"]
    assert "handler;dur=" in app.test_client().get("/").headers["Server-Timing"]
    app.config["SERVER_TIMING"] = False
    assert "Server-Timing" not in app.test_client().get("/").headers
