"""Request ids: whose are taken, where they are found, and that no log record of a request lacks one."""

from __future__ import annotations

import copy
import logging
import pickle
import re
import threading
import uuid

import pytest
from werkzeug.middleware.proxy_fix import ProxyFix

from framework import (
    App,
    Resource,
    Schema,
    after_response,
    always_after_response,
    arguments,
    callback,
    copy_current_request_context,
    fields,
    request,
    response,
)
from framework.errors import APIError, NotFound
from framework.logging import default_handler
from framework.observe import propagation_headers

UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


class PetSchema(Schema):
    """A pet."""

    name = fields.String(required=True)


@pytest.fixture
def app():
    """An application with an answer of each kind."""
    app = App("ids")

    @app.get("/dict")
    def plain():
        return {"id": request.request_id}

    @app.get("/text")
    def text():
        return request.request_id

    @app.get("/stream")
    def stream():
        def parts():
            yield request.request_id

        return parts()

    @app.get("/own")
    def own():
        return {}, 200, {"x-request-id": "own"}

    @app.get("/own-response")
    def own_response():
        answer = app.response_class("x")
        answer.headers["X-Request-Id"] = "own"
        return answer

    @app.get("/fails")
    def fails():
        raise RuntimeError("boom")

    @app.get("/gone")
    def gone():
        raise NotFound("No such pet.", request_id="mine")

    @app.route("/pets")
    class Pets(Resource):
        @arguments(PetSchema)
        @response(201, PetSchema)
        def post(self, pet):
            """Add a pet."""
            return pet

    return app


@pytest.mark.parametrize(
    "path", ["/dict", "/text", "/stream", "/fails", "/nowhere", "/dict/", "/openapi.json", "/docs"]
)
def test_each_answer_has_an_id(app, path):
    """An answer of any kind has the id, a UUID of version 7, once."""
    reply = app.test_client().get(path)

    (found,) = reply.headers.getlist("X-Request-ID")
    assert UUID7.fullmatch(found)
    assert uuid.UUID(found).version == 7


@pytest.mark.parametrize("path", ["/dict", "/text", "/stream"])
def test_the_handler_sees_the_id_of_the_answer(app, path):
    """The id in the context is the one that the answer carries."""
    reply = app.test_client().get(path)

    assert reply.headers["X-Request-ID"] in reply.text


@pytest.mark.parametrize("method", ["OPTIONS", "HEAD", "DELETE", "POST"])
def test_answers_to_other_methods_have_an_id(app, method):
    """Automatic answers, refusals of a method and of a body have an id."""
    assert "X-Request-ID" in app.test_client().open("/pets" if method == "POST" else "/dict", method=method).headers


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/fails"), ("GET", "/nowhere"), ("DELETE", "/dict"), ("POST", "/pets")]
)
def test_a_problem_has_the_id_of_its_answer(app, method, path):
    """The member ``request_id`` of a problem object is the id in the header."""
    reply = app.test_client().open(path, method=method, json={} if method == "POST" else None)

    assert reply.json["request_id"] == reply.headers["X-Request-ID"]


def test_a_member_of_an_error_stays(app):
    """An error with a member ``request_id`` of its own keeps it."""
    assert app.test_client().get("/gone").json["request_id"] == "mine"


def test_a_long_problem_keeps_its_id(app):
    """An error whose text is cut to ``MAX_ERROR_LENGTH`` is valid JSON and still has the id."""
    app.config["MAX_ERROR_LENGTH"] = 500

    @app.get("/long")
    def long():
        raise APIError("x" * 100_000)

    reply = app.test_client().get("/long")

    assert reply.json["request_id"] == reply.headers["X-Request-ID"]


@pytest.mark.parametrize("path", ["/own", "/own-response"])
def test_a_header_of_the_application_stays(app, path):
    """A header of the same name that a view sets is sent alone."""
    assert app.test_client().get(path).headers.getlist("X-Request-ID") == ["own"]


def test_a_kept_response_gets_the_id_of_each_request(app):
    """A response object that a view answers with again and again has the id of the request at hand."""
    kept = app.response_class("kept")

    @app.get("/kept")
    def view():
        return kept

    client = app.test_client()

    assert client.get("/kept").headers["X-Request-ID"] != client.get("/kept").headers["X-Request-ID"]


def test_a_client_gives_no_id_by_default(app):
    """The id of a client is not taken unless the settings say so."""
    reply = app.test_client().get("/dict", headers={"X-Request-ID": "theirs"})

    assert UUID7.fullmatch(reply.headers["X-Request-ID"])


@pytest.mark.parametrize("sent", ["a", "01J-x_y.Z", "a" * 128])
def test_a_trusted_id_is_taken(app, sent):
    """With ``REQUEST_ID_TRUST='*'`` a well-formed id is the request's."""
    app.config["REQUEST_ID_TRUST"] = "*"

    assert app.test_client().get("/dict", headers={"X-Request-ID": sent}).json == {"id": sent}


@pytest.mark.parametrize("sent", ["", "a b", "a" * 129, 'a"b', "a\u00e9", "<script>", "a,b", "a/b", "a\tb"])
def test_an_id_that_is_not_well_formed_is_never_taken(app, sent):
    """What is no id does not reach an answer or a log, whoever sends it."""
    app.config["REQUEST_ID_TRUST"] = "*"
    reply = app.test_client().get("/nowhere", headers={"X-Request-ID": sent})

    assert UUID7.fullmatch(reply.headers["X-Request-ID"])
    assert UUID7.fullmatch(reply.json["request_id"])


@pytest.mark.parametrize(
    ("address", "taken"),
    [
        ("10.1.2.3", True),
        ("::ffff:10.1.2.3", True),
        ("2001:db8::7", True),
        ("11.1.2.3", False),
        ("", False),
        ("unix:", False),
    ],
)
def test_networks_say_whose_id_is_taken(app, address, taken):
    """The id of a connection from a named network is taken, that of another is not."""
    app.config["REQUEST_ID_TRUST"] = ["10.0.0.0/8", "2001:db8::/32"]
    reply = app.test_client().get(
        "/dict", headers={"X-Request-ID": "theirs"}, environ_overrides={"REMOTE_ADDR": address}
    )

    assert (reply.json["id"] == "theirs") is taken


def test_the_connection_is_asked_behind_a_proxy(app):
    """With ``ProxyFix`` the address of the proxy counts, and not the one that a client can write."""
    app.config["REQUEST_ID_TRUST"] = ["10.0.0.0/8"]
    app.wsgi_app = ProxyFix(app.wsgi_app)
    client = app.test_client()

    def ask(proxy, client_address):
        headers = {"X-Request-ID": "theirs", "X-Forwarded-For": client_address}
        return client.get("/dict", headers=headers, environ_overrides={"REMOTE_ADDR": proxy}).json["id"]

    assert ask("10.0.0.1", "198.51.100.7") == "theirs"
    assert ask("198.51.100.7", "10.0.0.1") != "theirs"


def test_another_header_can_carry_the_id(app):
    """``REQUEST_ID_HEADER`` names the header of requests and answers."""
    app.config.update(REQUEST_ID_HEADER="X-Correlation-ID", REQUEST_ID_TRUST="*")
    reply = app.test_client().get("/dict", headers={"X-Correlation-ID": "c1"})

    assert reply.headers["X-Correlation-ID"] == "c1"
    assert "X-Request-ID" not in reply.headers


def test_ids_can_be_off(app):
    """With ``REQUEST_ID_HEADER=None`` there is no header, no member, no id, and nothing in the document."""
    app.config["REQUEST_ID_HEADER"] = None
    client = app.test_client()
    document = app.openapi

    assert "X-Request-ID" not in client.get("/dict").headers
    assert client.get("/dict").json == {"id": None}
    assert "request_id" not in client.get("/nowhere").json
    assert "headers" not in document["components"]
    assert "request_id" not in document["components"]["schemas"]["Problem"]["properties"]


@pytest.mark.parametrize("value", ["", "a b", "X:Y", 7])
def test_a_wrong_header_is_refused(app, value):
    """A setting that is no name of a header fails where it is written."""
    with pytest.raises(ValueError, match="REQUEST_ID_HEADER"):
        app.config["REQUEST_ID_HEADER"] = value


@pytest.mark.parametrize("value", ["all", ["300.0.0.0/8"], "10.0.0.0/8", [7]])
def test_wrong_networks_are_refused(app, value):
    """A setting that names no networks fails where it is written."""
    with pytest.raises(ValueError, match="REQUEST_ID_TRUST"):
        app.config["REQUEST_ID_TRUST"] = value


def test_the_document_has_one_shared_header(app):
    """Each answer of an operation refers to one component."""
    document = app.openapi
    reference = {"$ref": "#/components/headers/X-Request-ID"}
    answers = [
        document["components"]["responses"][answer["$ref"].rpartition("/")[2]] if "$ref" in answer else answer
        for answer in document["paths"]["/pets"]["post"]["responses"].values()
    ]

    assert [answer["headers"]["X-Request-ID"] for answer in answers] == [reference] * len(answers)
    assert len(answers) > 3
    assert set(document["components"]["headers"]) == {"X-Request-ID"}


def test_a_header_that_a_mark_declares_is_described_as_it_says():
    """A declared header of the same name, however it is spelt, is in the document once and with its own words."""
    app = App("declared")

    @app.get("/pets")
    @response(200, PetSchema, headers={"x-request-id": fields.String(metadata={"description": "Ours."})})
    def pets():
        """Show pets."""

    headers = app.openapi["paths"]["/pets"]["get"]["responses"]["200"]["headers"]
    assert headers == {"x-request-id": {"description": "Ours.", "schema": {"type": "string"}}}


def test_a_receiver_promises_no_id():
    """The answers to webhooks and callbacks are those of others; a document of webhooks alone has no header."""
    app, caller = App("webhooks"), App("callbacks")
    app.webhook("pet.sold", PetSchema, responses={200: "Thank you."})

    @caller.post("/pets")
    @callback("sold", "{$request.query.url}", PetSchema)
    @response(201, PetSchema)
    def add():
        """Add a pet."""

    sold = caller.openapi["paths"]["/pets"]["post"]["callbacks"]["sold"]["{$request.query.url}"]["post"]
    answers = [app.openapi["webhooks"]["pet.sold"]["post"]["responses"], sold["responses"]]
    assert [answer for each in answers for answer in each.values() if "headers" in answer] == []
    assert "headers" not in app.openapi["components"]
    assert "X-Request-ID" in caller.openapi["components"]["headers"]


def test_mounted_applications_share_the_id(app):
    """An application that is called by another has its id, so that both log about one request."""
    outer = App("outer")

    @outer.route("/inner/<path:path>")
    def mounted(path):
        return outer.response_class.from_app(app, {**request.environ, "PATH_INFO": f"/{path}"}, buffered=True)

    reply = outer.test_client().get("/inner/dict")

    assert reply.headers.getlist("X-Request-ID") == [reply.json["id"]]


class Kept(logging.Handler):
    """Keeps the records of a log."""

    def __init__(self):
        super().__init__()
        self.records = []

    def emit(self, record):
        """Keep a record."""
        self.records.append(record)


@pytest.fixture
def records():
    """All that is logged."""
    kept, root = Kept(), logging.getLogger()
    level = root.level
    root.addHandler(kept)
    root.setLevel(logging.DEBUG)
    yield kept.records
    root.removeHandler(kept)
    root.setLevel(level)


def test_all_that_is_logged_about_a_request_has_its_id(app, records):
    """Hooks, handlers, other libraries, threads, streams, unhandled errors, teardown and deferred work: each record."""
    app.config["ACCESS_LOG"] = "json"
    foreign = logging.getLogger("some.library")

    @app.before_request
    def before():
        app.logger.info("before")

    @app.teardown_request
    def teardown(error):
        app.logger.info("teardown")

    @app.get("/busy")
    def busy():
        foreign.warning("library")
        work = threading.Thread(target=copy_current_request_context(lambda: foreign.info("thread")))
        work.start()
        work.join()
        always_after_response(foreign.info, "deferred")
        always_after_response(lambda: 1 / 0)

        def parts():
            foreign.info("stream")
            yield b"x"

        return parts()

    @app.get("/breaks")
    def breaks():
        always_after_response(foreign.info, "deferred after an error")
        raise RuntimeError("boom")

    client = app.test_client()
    for path, count in (("/busy", 9), ("/breaks", 5)):
        records.clear()
        reply = client.get(path)
        reply.get_data()
        reply.close()
        assert {record.request_id for record in records} == {reply.headers["X-Request-ID"]}, [
            (record.getMessage(), record.request_id) for record in records
        ]
        assert len(records) == count, [record.getMessage() for record in records]


def test_a_record_outside_of_requests_has_no_id(app, records):
    """What is logged outside of requests has ``-``, so that a format may name the attribute."""
    logging.getLogger("x").info("outside")

    (record,) = records
    assert logging.Formatter("%(request_id)s %(trace_id)s %(span_id)s").format(record) == "- - -"


def test_an_id_of_ones_own_may_be_logged(app, records):
    """``extra={'request_id': ...}`` of an application that had ids before works, and counts."""

    @app.get("/extra")
    def extra():
        app.logger.info("x", extra={"request_id": "mine"})
        return ""

    app.test_client().get("/extra")

    assert [record.request_id for record in records if record.getMessage() == "x"] == ["mine"]


def test_records_can_be_copied_and_pickled(app, records):
    """Handlers that hand records to another thread or process keep the id."""

    @app.get("/log")
    def log():
        app.logger.warning("x")
        return ""

    reply = app.test_client().get("/log")
    (record,) = (each for each in records if each.getMessage() == "x")

    for made in (copy.copy(record), pickle.loads(pickle.dumps(record))):
        assert made.request_id == reply.headers["X-Request-ID"]


def test_the_default_log_names_the_request(app, records):
    """The line of an unhandled error in the default log ends with the id that the client got."""
    reply = app.test_client().get("/fails")
    (line,) = (default_handler.format(record) for record in records if record.levelno == logging.ERROR)

    assert f"Exception on /fails [GET] (request {reply.json['request_id']})\nTraceback" in line


@pytest.mark.parametrize(
    "sent",
    [
        "00-" + "0" * 32 + "-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        PARENT.replace("00-", "ff-", 1),
        PARENT.upper(),
        PARENT + "-more",
        PARENT + "0",
        PARENT[:-1],
        "x",
    ],
)
def test_a_trace_that_is_not_well_formed_is_none(app, sent):
    """A ``traceparent`` that breaks W3C Trace Context, section 3.2, is ignored."""
    with app.test_request_context("/dict", headers={"traceparent": sent}):
        assert request.trace is None


def test_a_trace_goes_on_to_other_services(app):
    """The headers for a call to another service are the id and the ``traceparent`` of the caller."""
    with app.test_request_context("/dict", headers={"traceparent": PARENT}):
        headers = propagation_headers()

        assert headers == {"X-Request-ID": request.request_id, "traceparent": PARENT}
    assert propagation_headers() == {}


def test_a_later_version_of_traceparent_is_read(app):
    """A version above 00 may have further parts, which are not passed on (section 3.2.3)."""
    with app.test_request_context("/dict", headers={"traceparent": "cc" + PARENT[2:] + "-what-comes"}):
        assert str(request.trace) == PARENT


def test_records_carry_the_trace(app, records):
    """What is logged has the ids of the trace that the request is part of, deferred functions included."""

    @app.get("/traced")
    def traced():
        app.logger.warning("in")
        after_response(app.logger.warning, "after")
        return ""

    app.test_client().get("/traced", headers={"traceparent": PARENT})
    found = {(record.trace_id, record.span_id) for record in records if record.name == app.name}

    assert found == {("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7")}
