"""``stream`` and ``events``: what is sent, when it is sent, and that everything ends exactly once."""

from __future__ import annotations

import asyncio
import http.client
import json
import queue
import socket
import threading
import time
from urllib.parse import urlsplit

import pytest

from framework import (
    App,
    Event,
    Resource,
    Schema,
    events,
    fields,
    g,
    last_event_id,
    raises,
    request,
    response,
    stream,
)
from framework._ending import ending
from framework.errors import ContractViolation, NotFound, SetupError
from tests.browsers import chromium, served


class PetSchema(Schema):
    """A pet."""

    id = fields.Integer()
    name = fields.String()


PET = "#/components/schemas/Pet"
PETS = [{"id": 1, "name": "Rex", "secret": "x"}, {"id": 2, "name": "Tom\nCat\u2028é"}]


@pytest.fixture(params=[True, False], ids=["fast", "plain"])
def app(request):
    """An application without routes, which notes down the ends of its contexts."""
    app = App("streams")
    app.config.update(FAST_PATH=request.param, TESTING=True)
    app.ends = []
    app.teardown_request(lambda error: app.ends.append(error))
    return app


def read_events(text):
    """What a client reads of a stream, by the rules of the HTML standard."""
    found = []
    for block in text.split("\n\n"):
        event = {}
        for line in block.split("\n"):
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if name == "data" and "data" in event:
                event["data"] += "\n" + value
            elif name:
                event[name] = value
        if event:
            found.append(event)
    return found


def wait_for(condition, seconds=10):
    """Wait until something is true."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


# JSON Lines


def test_lines(app):
    """Each part is a line of JSON, dumped with the schema."""

    @app.get("/pets")
    @stream(PetSchema)
    def pets():
        yield from PETS

    reply = app.test_client().get("/pets")

    assert reply.headers["Content-Type"] == "application/jsonl"
    lines = reply.data.split(b"\n")
    assert [json.loads(line) for line in lines[:-1]] == [{"id": 1, "name": "Rex"}, PETS[1]]
    assert lines[-1] == b""


def test_values_without_a_schema(app):
    """Without a schema the parts are JSON as they are, also where the provider indents."""
    app.json.compact = False

    @app.get("/")
    @stream()
    def parts():
        return [{"a": [1, 2]}, None, "text"]

    lines = app.test_client().get("/").data.splitlines()

    assert [json.loads(line) for line in lines] == [{"a": [1, 2]}, None, "text"]


def test_parts_are_sent_as_they_are_made():
    """A client has the first part before the second is made, over a real server."""
    app, go = App("slow"), threading.Event()

    @app.get("/")
    @stream(PetSchema)
    def parts():
        yield PETS[0]
        go.wait(10)
        yield PETS[1]

    with served(app) as address:
        connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=10)
        connection.request("GET", "/")
        reply = connection.getresponse()
        first = reply.readline()
        go.set()
        rest = reply.read()
        connection.close()

    assert json.loads(first) == {"id": 1, "name": "Rex"}
    assert json.loads(rest)["id"] == 2


def test_the_request_lives_in_the_generator(app):
    """The generator has its request and ``g``, and the context ends once, after it."""
    seen = []

    @app.get("/")
    @stream()
    def parts():
        g.name = "of the request"
        for _ in range(2):
            seen.append(list(app.ends))
            yield [request.path, g.name]

    assert app.test_client().get("/").data.splitlines() == [b'["/","of the request"]'] * 2
    assert seen == [[], []]
    assert app.ends == [None]


def test_headers_and_statuses(app):
    """The handler may set headers; proxies are told to send at once, caches to keep nothing."""

    @app.get("/")
    @stream(PetSchema, status_code=203, headers={"X-Total": fields.Integer()})
    def parts():
        return iter(PETS), {"X-Total": "2"}

    reply = app.test_client().get("/")

    assert reply.status_code == 203
    assert reply.headers["X-Total"] == "2"
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["X-Accel-Buffering"] == "no"


def test_an_error_before_the_stream_is_an_answer(app):
    """What the handler raises before it returns its parts is answered as ever."""

    class Pets(Resource):
        """Pets."""

        @stream(PetSchema)
        @raises(NotFound)
        def get(self):
            """Stream pets."""
            raise NotFound("No pets.")

    app.add_url_rule("/", view_func=Pets.as_view("pets"))

    assert app.test_client().get("/").status_code == 404
    assert len(app.ends) == 1


def test_an_error_within_breaks_off(app):
    """What a generator raises reaches the server, which cuts the connection; the context ends once."""
    closed = []

    @app.get("/")
    @stream(PetSchema)
    def parts():
        try:
            yield PETS[0]
            raise ValueError("in the middle")
        finally:
            closed.append(True)

    reply = app.test_client().get("/")
    with pytest.raises(ValueError, match="in the middle"):
        reply.get_data()
    reply.close()

    assert closed == [True]
    assert len(app.ends) == 1
    assert isinstance(app.ends[0], ValueError)


@pytest.mark.parametrize("mark", [stream(), events(), events(keep_alive=None)], ids=repr)
def test_what_has_no_parts_is_refused(app, mark):
    """A text or an object where a stream is declared is a mistake of the handler."""

    @app.get("/")
    @mark
    def parts():
        return {"id": 1}

    with pytest.raises(TypeError, match=r"declares a stream\. Return an iterable"):
        app.test_client().get("/")


def test_asynchronous_generators(app):
    """An asynchronous generator runs in one event loop, with the request's context, and is closed."""
    closed = []

    @app.get("/")
    @stream()
    def parts():
        async def made():
            lock = asyncio.Lock()
            try:
                for number in range(3):
                    async with lock:
                        await asyncio.sleep(0)
                        yield [number, request.path]
            finally:
                closed.append(True)

        return made()

    client = app.test_client()
    assert [json.loads(line) for line in client.get("/").data.splitlines()] == [[0, "/"], [1, "/"], [2, "/"]]

    reply = client.get("/")
    next(iter(reply.iter_encoded()))
    reply.close()

    assert closed == [True, True]
    assert app.ends == [None, None]


def test_schemas_of_many_are_refused():
    """A stream dumps one part at a time."""
    with pytest.raises(SetupError, match="leave 'many' out"):
        stream(PetSchema(many=True))


def test_head_of_a_stream(app):
    """``HEAD`` has the headers; the generator does not run."""

    @app.get("/")
    @events(PetSchema)
    def parts():
        yield pytest.fail("ran")

    reply = app.test_client().head("/")

    assert (reply.content_type, reply.data) == ("text/event-stream", b"")
    assert app.ends == [None]


# Server-sent events


def test_events(app):
    """Data is JSON of the schema; ids, types and the time to wait are fields; lines are kept apart."""

    @app.get("/")
    @events(PetSchema, retry=3000)
    def parts():
        yield PETS[0]
        yield Event(PETS[1], id=7, event="moved", retry=100)

    reply = app.test_client().get("/")
    found = read_events(reply.text)

    assert reply.headers["Content-Type"] == "text/event-stream"
    assert found[0] == {"retry": "3000"}
    assert found[1] == {"data": '{"id":1,"name":"Rex"}'}
    assert {key: found[2][key] for key in ("id", "event", "retry")} == {"id": "7", "event": "moved", "retry": "100"}
    assert json.loads(found[2]["data"]) == PETS[1]


def test_text_without_a_schema(app):
    """Text is sent as it is, line by line, whatever ends its lines."""

    @app.get("/")
    @events()
    def parts():
        yield "one\ntwo\r\nthree\rdata: four"
        yield {"a": 1}

    assert read_events(app.test_client().get("/").text) == [
        {"data": "one\ntwo\nthree\ndata: four"},
        {"data": '{"a":1}'},
    ]


@pytest.mark.parametrize("event", [Event("x", id="1\ndata: y"), Event("x", event="a\rb"), Event("x", id="a\0b")])
def test_no_event_within_an_event(app, event):
    """An id or type with a line break, which the client would read as another field, is refused."""

    @app.get("/")
    @events(keep_alive=None)
    def parts():
        yield event

    with pytest.raises(ValueError, match="has a"):
        app.test_client().get("/").get_data()


@pytest.mark.parametrize(("sent", "seen"), [(None, None), ("7", "7"), ("é", "é"), ("x" * 1001, None)])
def test_where_a_client_was(app, sent, seen):
    """``Last-Event-ID`` says what the client has seen."""

    @app.get("/")
    @events()
    def parts():
        yield {"seen": last_event_id()}

    headers = {} if sent is None else {"Last-Event-ID": sent.encode().decode("latin-1")}
    found = read_events(app.test_client().get("/", headers=headers).text)

    assert json.loads(found[0]["data"]) == {"seen": seen}


def test_a_quiet_stream_is_kept_alive(app):
    """While nothing happens comments are sent, and the events come through in order."""
    go = threading.Event()

    @app.get("/")
    @events(keep_alive=0.02)
    def parts():
        yield "one"
        go.wait(10)
        yield request.path

    parts_sent = iter(app.test_client().get("/").iter_encoded())
    first = next(parts_sent)
    comments = [next(parts_sent), next(parts_sent)]
    go.set()
    rest = [part for part in parts_sent if part != b":\n\n"]

    assert first == b"data: one\n\n"
    assert comments == [b":\n\n", b":\n\n"]
    assert rest == [b"data: /\n\n"]
    assert app.ends == [None]


@pytest.mark.parametrize("keep_alive", [0.02, None])
def test_a_client_that_leaves_is_noticed(keep_alive):
    """When the connection is gone the generator is closed, and the context ends once, after it."""
    app, order, news = App("leaving"), [], queue.SimpleQueue()
    app.teardown_request(lambda error: order.append("context"))

    @app.get("/")
    @events(keep_alive=keep_alive)
    def parts():
        try:
            while True:
                try:
                    yield news.get(timeout=0.05)
                except queue.Empty:
                    if keep_alive is None:
                        yield "nothing new"
                    else:
                        yield "tick" if order else "tock"
        finally:
            order.append("generator")

    with served(app) as address:
        where = urlsplit(address)
        client = socket.create_connection((where.hostname, where.port))
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.")
        client.close()
        assert wait_for(lambda: len(order) == 2)

    assert order == ["generator", "context"]


def test_the_context_waits_for_a_generator_that_is_busy(app):
    """A client leaves while the generator waits: the call returns, and the context ends when the generator does."""
    go, order = threading.Event(), []
    app.teardown_request(lambda error: order.append("context"))

    @app.get("/")
    @events(keep_alive=0.02)
    def parts():
        try:
            yield "one"
            go.wait(10)
            order.append(request.path)
            yield "two"
        finally:
            order.append("closed")

    reply = app.test_client().get("/")
    made = iter(reply.iter_encoded())
    assert [next(made), next(made)] == [b"data: one\n\n", b":\n\n"]
    reply.close()
    assert order == []
    go.set()

    assert wait_for(lambda: len(order) == 3)
    assert order == ["/", "closed", "context"]


def test_an_error_while_it_is_kept_alive(app):
    """What the generator raises in its thread reaches the server, after what it had sent."""

    @app.get("/")
    @events(keep_alive=5)
    def parts():
        yield "one"
        raise ValueError("in the thread")

    reply = app.test_client().get("/")
    made = iter(reply.iter_encoded())
    assert next(made) == b"data: one\n\n"
    with pytest.raises(ValueError, match="in the thread"):
        next(made)
    reply.close()

    assert len(app.ends) == 1
    assert isinstance(app.ends[0], ValueError)


@pytest.mark.parametrize("keep_alive", [0, -1])
def test_a_time_that_is_none(keep_alive):
    """Comments without a pause are refused."""
    with pytest.raises(SetupError, match="is not a time"):
        events(keep_alive=keep_alive)


def test_no_thread_is_left(app):
    """When a stream has ended its thread has too."""

    @app.get("/")
    @events()
    def parts():
        yield "one"

    app.test_client().get("/").get_data()

    assert not [thread for thread in threading.enumerate() if thread.name == "framework-stream"]


# The document, and a browser


def test_the_document_has_the_parts(app):
    """Media type, the schema of a part, and the header are in the document."""

    @app.get("/lines")
    @stream(PetSchema)
    def lines():
        """Stream pets."""

    @app.get("/news")
    @events(PetSchema)
    def news():
        """Stream news."""

    paths = app.openapi["paths"]
    content = paths["/news"]["get"]["responses"]["200"]["content"]

    own, server = content["text/event-stream"]["itemSchema"]["anyOf"]
    data = {"type": "string", "contentMediaType": "application/json", "contentSchema": {"$ref": PET}}
    assert (own["properties"]["data"], own["required"]) == (data, ["data"])
    assert server["properties"]["event"] == {"enum": ["reset", "shutdown", "skipped"]}
    assert paths["/lines"]["get"]["responses"]["200"]["content"] == {"application/jsonl": {"itemSchema": {"$ref": PET}}}
    assert [each["name"] for each in paths["/news"]["get"]["parameters"]] == ["Last-Event-ID"]


@pytest.mark.parametrize("mark", [stream, events])
def test_parts_are_held_to_what_is_declared(app, mark):
    """A part that does not fit its schema fails the test that reads it, with a remedy."""

    @app.get("/")
    @mark({"id": fields.Integer(), "kind": fields.String(required=True)})
    def parts():
        yield {"id": 1, "kind": "dog"}
        yield {"id": 2}

    reply = app.test_client().get("/")
    made = iter(reply.iter_encoded())

    assert b"dog" in next(made)
    with pytest.raises(ContractViolation, match="does not fit its schema"):
        next(made)
    reply.close()
    assert len(app.ends) == 1


class SoldSchema(Schema):
    """A pet that was sold."""

    pet_id = fields.Integer(required=True)


TYPES = {"added": PetSchema, "sold": SoldSchema}


def changing(app, *parts):
    """Let an application send events of types, and return what a client gets."""

    @app.get("/")
    @events(types=TYPES, keep_alive=None)
    def changes():
        yield from parts

    return app.test_client()


def test_events_of_types_are_dumped_by_their_own_schema(app):
    """Each event has the schema of its type, in what is sent and in the document."""
    client = changing(app, Event(PETS[0], event="added"), Event({"pet_id": "7", "x": 1}, event="sold", id=1))
    content = app.openapi["paths"]["/"]["get"]["responses"]["200"]["content"]["text/event-stream"]
    branches = content["itemSchema"]["oneOf"]

    assert client.get("/").data.split(b"\n\n")[:2] == [
        b'event: added\ndata: {"id":1,"name":"Rex"}',
        b'event: sold\nid: 1\ndata: {"pet_id":7}',
    ]
    assert [each["properties"]["event"] for each in branches[:2]] == [{"const": "added"}, {"const": "sold"}]
    assert [each["properties"]["data"]["contentSchema"]["$ref"] for each in branches[:2]] == [
        PET,
        "#/components/schemas/Sold",
    ]
    assert all(each["required"] == ["event", "data"] for each in branches)


@pytest.mark.parametrize("part", [Event({"id": 1}, event="moved"), Event({"id": 1}), {"id": 1}])
def test_an_event_of_no_declared_type_is_an_error(app, part):
    """What has none of the types is refused where it is made, and the types are named."""
    client = changing(app, part)

    with pytest.raises(TypeError, match=r"changes.* declares added, sold"):
        client.get("/").data


@pytest.mark.parametrize(
    "arguments",
    [{"types": {}}, {"types": {"reset": PetSchema}}, {"types": {"": PetSchema}}, {"types": {"a\nb": PetSchema}}],
)
def test_types_that_cannot_be_are_refused(arguments):
    """A type needs a name of one line, which is not one of the server's."""
    with pytest.raises(SetupError, match="types"):
        events(**arguments)
    with pytest.raises(SetupError, match="one of both"):
        events(PetSchema, types=TYPES)


def test_an_event_is_held_to_the_schema_of_its_type(app):
    """Data that do not fit the schema of their own type fail the test that reads them."""

    @app.get("/")
    @events(
        types={"a": {"x": fields.Integer(required=True)}, "b": {"y": fields.Integer(required=True)}}, keep_alive=None
    )
    def parts():
        yield Event({"x": 1}, event="a")
        yield Event({"x": 1}, event="b")

    made = iter(app.test_client().get("/").iter_encoded())
    assert b'{"x":1}' in next(made)
    with pytest.raises(ContractViolation, match="does not fit its schema"):
        next(made)


def test_a_type_of_the_server_with_other_data_is_refused(app):
    """An event that looks like one of the server's and is not fails the test that reads it."""

    @app.get("/")
    @events(PetSchema, keep_alive=None)
    def parts():
        yield Event({"id": 1}, event="reset")

    with pytest.raises(ContractViolation, match="'reset'"):
        next(iter(app.test_client().get("/").iter_encoded()))


def test_a_stream_beside_an_answer(app):
    """A handler may return a stream or, with another status, a finished answer."""

    @app.get("/")
    @stream(PetSchema)
    @response(202, PetSchema)
    def parts():
        return {"id": 1, "name": "Rex"}, 202

    assert app.test_client().get("/").json == {"id": 1, "name": "Rex"}


def test_a_real_browser_listens():
    """An EventSource in Chromium gets the events, comes again by itself, and says where it was."""
    app = App("browser")

    @app.get("/")
    def index():
        return "<!doctype html><title>A page</title>"

    @app.get("/news")
    @events({"number": fields.Integer()}, retry=10)
    def news():
        first = int(last_event_id() or 0) + 1
        for number in range(first, first + 2):
            yield Event({"number": number}, id=number, event="step")

    script = """() => new Promise(done => {
        const seen = [], source = new EventSource("/news");
        source.addEventListener("step", event => {
            seen.push([JSON.parse(event.data).number, event.lastEventId]);
            if (seen.length === 5) { source.close(); done(seen); }
        });
    })"""
    with chromium() as browser, served(app) as address:
        page = browser.new_page()
        page.goto(address)
        seen = page.evaluate(script)

    assert seen == [[number, str(number)] for number in range(1, 6)]


@pytest.mark.parametrize("keep_alive", [None, 60])
def test_a_process_that_ends_ends_streams_of_events(keep_alive, monkeypatch):
    """A stream gets a last event in place of its next one, which the contract passes; its generator is closed."""
    app, closed = App("ending"), threading.Event()

    @app.get("/numbers")
    @events({"number": fields.Integer(required=True)}, keep_alive=keep_alive)
    def numbers():
        try:
            for number in range(1000):
                yield {"number": number}
        finally:
            closed.set()

    reply = app.test_client().get("/numbers")
    parts = iter(reply.response)
    assert next(parts) == b'data: {"number":0}\n\n'
    monkeypatch.setattr(ending, "ends_streams", True)
    rest = list(parts)
    reply.close()

    assert rest[-1] == b"event: shutdown\ndata: {}\n\n"
    assert len(rest) <= 2
    assert closed.wait(10)


def test_a_process_that_ends_lets_lines_go_on(monkeypatch):
    """A part of the lines would pass for all of them: they go to their own end, or break off when the time is over."""
    app, closed = App("ending"), []

    @app.get("/lines")
    @stream()
    def lines():
        try:
            yield 1
            yield 2
            yield 3
        finally:
            closed.append(True)

    client = app.test_client()
    monkeypatch.setattr(ending, "ends_streams", True)
    assert client.get("/lines").data == b"1\n2\n3\n"
    parts = iter(client.get("/lines").response)
    assert next(parts) == b"1\n"
    monkeypatch.setattr(ending, "is_over", True)
    monkeypatch.setattr(ending, "seconds_to_hold", 0)
    with pytest.raises(ConnectionResetError):
        next(parts)
    assert closed == [True, True]


@pytest.mark.parametrize("colour", ["plain", "async"])
def test_the_headers_of_a_quiet_stream_leave(app, colour):
    """A client has the headers before the first event: a comment goes ahead of an event that does not come."""
    is_there = threading.Event()

    @app.get("/plain")
    @events(PetSchema, keep_alive=3600)
    def plain():
        assert is_there.wait(60)
        yield PETS[0]

    @app.get("/async")
    @events(PetSchema, keep_alive=3600)
    async def waiting():
        while not is_there.is_set():
            await asyncio.sleep(0.01)
        yield PETS[0]

    with served(app) as address:
        connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
        connection.request("GET", f"/{colour}")
        reply = connection.getresponse()
        assert reply.readline() + reply.readline() == b":\n\n"
        is_there.set()
        assert reply.readline() == b'data: {"id":1,"name":"Rex"}\n'
        reply.read()
        connection.close()
