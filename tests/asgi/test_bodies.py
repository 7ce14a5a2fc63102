"""Bodies of requests on ASGI: read while they arrive, within their limits and in time, from clients that may leave."""

from __future__ import annotations

import asyncio
import hashlib
import json
import tracemalloc
from urllib.parse import unquote

import pytest

from framework import App, Resource, arguments, fields, request, response
from framework.record import Observer

from .talk import MODES, Talk, ask, scope_of, serving

JSON = ("Content-Type", "application/json")


@pytest.fixture(params=MODES)
def mode(request):
    """How requests are run."""
    return request.param


@pytest.fixture
def app():
    app = App("bodies", static_folder=None)
    app.config.update(REQUEST_ID_HEADER=None, MAX_CONTENT_LENGTH=1_000_000)
    app.calls = []

    @app.route("/async")
    class Async(Resource):
        @arguments({"text": fields.String(required=True)})
        @response(200, {"size": fields.Integer()})
        async def post(self, data):
            app.calls.append("async")
            return {"size": len(data["text"])}

    @app.route("/sync")
    class Sync(Resource):
        @arguments({"text": fields.String(required=True)})
        @response(200, {"size": fields.Integer()})
        def post(self, data):
            app.calls.append("sync")
            return {"size": len(data["text"])}

    @app.post("/digest")
    async def digest():
        found = hashlib.sha256()
        while part := request.stream.read(8192):
            found.update(part)
        return {"digest": found.hexdigest()}

    @app.post("/upload")
    async def upload():
        file = request.files["file"]
        return {"name": file.filename, "size": len(file.read())}

    return app


def body_of(size):
    """A JSON body with a text of some size."""
    return json.dumps({"text": "x" * size}).encode()


@pytest.mark.parametrize("path", ["/async", "/sync"])
@pytest.mark.parametrize("size", [1, 65_000, 300_000])
@pytest.mark.parametrize("announced", [True, False])
def test_a_body_in_parts_is_one_body(app, mode, path, size, announced):
    """Parts of any size are read to the end, with and without their length."""
    body = body_of(size)
    headers = [JSON, ("Content-Length", len(body)) if announced else ("Transfer-Encoding", "chunked")]
    asgi = serving(app, mode)

    async def main():
        parts = [body[start : start + 9_999] for start in range(0, len(body), 9_999)]
        talk = Talk(asgi, scope_of(path, "POST", headers), parts)
        await talk.task
        return talk.answer

    status, _, answer = asyncio.run(main())
    assert (status, json.loads(answer)) == (200, {"size": size})


@pytest.mark.parametrize("path", ["/async", "/sync"])
@pytest.mark.parametrize("announced", [True, False])
def test_a_body_over_the_limit_is_refused(app, mode, path, announced):
    """Neither its announced nor its true length may be above ``MAX_CONTENT_LENGTH``; the rest is not waited for."""
    headers = [JSON, ("Content-Length", 2_000_000) if announced else ("Transfer-Encoding", "chunked")]
    asgi = serving(app, mode)

    async def main():
        parts = [] if announced else [b"x" * 100_000] * 11
        talk = Talk(asgi, scope_of(path, "POST", headers), parts, ends=False)
        await talk.task
        return talk.answer

    assert asyncio.run(main())[0] == 413
    assert app.calls == []


@pytest.mark.parametrize("path", ["/async", "/sync"])
@pytest.mark.parametrize(("parts", "status"), [([b'{"te'], 408), ([b"x" * 70_000], 408), ([], 408)])
def test_a_body_that_stops_is_a_408(app, mode, path, parts, status):
    """The next part has its time, at the beginning of a body and later."""
    app.config["ASGI_PART_TIMEOUT"] = 0.05
    asgi = serving(app, mode)

    async def main():
        headers = [JSON, ("Content-Length", 100_000)]
        talk = Talk(asgi, scope_of(path, "POST", headers), parts, ends=False)
        await talk.task
        return talk.answer

    found, headers, body = asyncio.run(main())
    assert (found, json.loads(body)["status"]) == (status, status)
    assert dict(headers)["content-type"] == "application/problem+json"
    assert app.calls == []


def test_a_body_that_takes_too_long_is_a_408(app, mode):
    """A client that sends a byte from time to time is given up too, after ``ASGI_BODY_TIMEOUT``."""
    app.config["ASGI_BODY_TIMEOUT"] = 0.2
    asgi = serving(app, mode)

    async def main():
        talk = Talk(asgi, scope_of("/async", "POST", [JSON, ("Content-Length", 100_000)]), [b"{"], ends=False)
        while not talk.task.done():
            talk.send(b" ", more=True)
            await asyncio.sleep(0.01)
        await talk.task
        return talk.answer

    assert asyncio.run(main())[0] == 408


@pytest.mark.parametrize("path", ["/async", "/sync", "/digest"])
@pytest.mark.parametrize("first", [b"{", b"x" * 70_000])
def test_a_client_that_leaves_with_its_body_gets_nothing_done(app, mode, path, first):
    """No handler sees half of a body, and no error reaches the server."""
    asgi = serving(app, mode)

    async def main():
        talk = Talk(asgi, scope_of(path, "POST", [JSON, ("Content-Length", 100_000)]), [first], ends=False)
        await asyncio.sleep(0.02)
        talk.leave()
        await talk.task
        return talk.messages

    messages = asyncio.run(main())
    assert not messages or messages[0]["status"] == 400
    assert app.calls == []


def test_clients_that_send_nothing_hold_no_thread(app):
    """Requests whose bodies do not come wait for these without a thread of the pool."""
    asgi = serving(app, "greenlets", threads=1, queue=0)

    async def main():
        await ask(asgi, "/nowhere")
        waiting = [
            Talk(asgi, scope_of("/sync", "POST", [JSON, ("Content-Length", 12)]), (b"",), ends=False) for _ in range(50)
        ]
        await asyncio.sleep(0.02)
        answer = await ask(asgi, "/sync", "POST", [JSON], b'{"text":"x"}')
        for talk in waiting:
            talk.leave()
        await asyncio.gather(*(talk.task for talk in waiting))
        return answer

    assert asyncio.run(main())[0] == 200


def test_a_large_body_is_not_held_in_memory(app, mode):
    """What a handler reads in parts is fetched from the server in parts, and lies on disk where it has to wait."""
    app.config["MAX_CONTENT_LENGTH"] = None
    asgi, size, part = serving(app, mode), 30_000_000, b"x" * 100_000
    received = 0

    async def main():
        nonlocal received

        async def receive():
            nonlocal received
            received += len(part)
            await asyncio.sleep(0)
            return {"type": "http.request", "body": part, "more_body": received < size}

        said = []

        async def send(message):
            said.append(message)

        await ask(asgi, "/nowhere")
        tracemalloc.start()
        await asgi(scope_of("/digest", "POST", [("Content-Length", size)]), receive, send)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return said, peak

    said, peak = asyncio.run(main())
    assert json.loads(said[1]["body"])["digest"] == hashlib.sha256(b"x" * size).hexdigest()
    assert peak < 3_000_000


@pytest.mark.parametrize("path", ["/async", "/sync", "/long", "/raw"])
@pytest.mark.parametrize("announced", [True, False])
def test_json_is_not_stored_beyond_its_own_limit(app, mode, path, announced):
    """Of JSON no more than ``MAX_JSON_LENGTH`` is read ahead; what may read more, finds all of it."""
    app.config.update(MAX_JSON_LENGTH=100_000, MAX_CONTENT_LENGTH=1_000_000)

    @app.route("/long")
    class Long(Resource):
        @arguments({"text": fields.String(required=True)}, max_length=900_000)
        @response(200, {"size": fields.Integer()})
        async def post(self, data):
            return {"size": len(data["text"])}

    @app.post("/raw")
    async def raw():
        return {"size": len(json.loads(request.get_data())["text"])}

    body = body_of(800_000)
    headers = [JSON, ("Content-Length", len(body)) if announced else ("Transfer-Encoding", "chunked")]
    asgi = serving(app, mode)
    parts = [body[start : start + 10_000] for start in range(0, len(body), 10_000)]

    async def main():
        await ask(asgi, "/nowhere")
        talk = Talk(asgi, scope_of(path, "POST", headers), parts)
        await talk.task
        return talk.answer, len(parts) - talk.unread

    (status, _, answer), taken = asyncio.run(main())
    if path in ("/long", "/raw"):
        assert (status, json.loads(answer)) == (200, {"size": 800_000})
    else:
        assert status == 413
        assert taken <= (0 if announced else 12)
        assert app.calls == []


def test_the_time_that_a_body_takes_is_noted(app, mode):
    """A record has the time that was waited for the body, and begins before it."""
    ended = []

    class Seen(Observer):
        wants_times = True

        def end(self, record):
            ended.append(record)

    app.add_observer(Seen())
    asgi = serving(app, mode)

    async def main():
        talk = Talk(asgi, scope_of("/async", "POST", [JSON, ("Content-Length", 15)]), [b'{"text":'], ends=False)
        await asyncio.sleep(0.05)
        talk.send(b'"abcd"}')
        await talk.task
        return talk.answer

    assert asyncio.run(main())[0] == 200
    (record,) = ended
    assert record.times["read"] >= 0.04
    assert record.duration >= record.times["read"]


def test_uploads(app, mode):
    """A file of a form is read from parts of the body."""
    asgi = serving(app, mode)
    app.config["MAX_CONTENT_LENGTH"] = 10_000_000
    body = b"\r\n".join(
        [
            b"--end",
            b'Content-Disposition: form-data; name="file"; filename="a.bin"',
            b"Content-Type: application/octet-stream",
            b"",
            b"x" * 3_000_000,
            b"--end--",
            b"",
        ]
    )
    headers = [("Content-Type", "multipart/form-data; boundary=end"), ("Content-Length", len(body))]

    async def main():
        parts = [body[start : start + 65_536] for start in range(0, len(body), 65_536)]
        talk = Talk(asgi, scope_of("/upload", "POST", headers), parts)
        await talk.task
        return talk.answer

    status, _, answer = asyncio.run(main())
    assert (status, json.loads(answer)) == (200, {"name": "a.bin", "size": 3_000_000})


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        ([("X-Real_User", "me"), ("X-Other", "1")], {"HTTP_X_OTHER": "1"}),
        ([("X-Real-User", "me"), ("X_Real_User", "you")], {"HTTP_X_REAL_USER": "me"}),
        ([("Proxy", "http://evil")], {}),
        ([("Accept", "a"), ("Accept", "b")], {"HTTP_ACCEPT": "a,b"}),
        ([("Cookie", "a=1"), ("Cookie", "b=2")], {"HTTP_COOKIE": "a=1; b=2"}),
        ([("Content-Type", "text/plain")], {"CONTENT_TYPE": "text/plain"}),
    ],
)
def test_headers_become_the_environment(app, headers, wanted):
    """Repeated ones are joined; a name that would pass for that of a trusted header is left out."""

    @app.get("/environ")
    async def environ():
        found = {name: value for name, value in request.environ.items() if name.startswith(("HTTP_", "CONTENT"))}
        return dict(found)

    assert json.loads(asyncio.run(ask(serving(app, "greenlets"), "/environ", headers=headers))[2]) == wanted


@pytest.mark.parametrize(
    ("raw", "status"),
    [(b"/named/a%2Fb", 404), (b"/named/%C3%A9", 200), (b"/named/%FF", 400), (b"/named/a%20b", 200), (b"/named/%", 200)],
)
def test_paths_are_those_of_wsgi(app, mode, raw, status):
    """The bytes of the path reach the application as the client has sent them, whatever a server decodes."""

    @app.get("/named/<name>")
    async def named(name):
        return {"name": name}

    found, _, body = asyncio.run(ask(serving(app, mode), unquote(raw.decode()), raw_path=raw))
    assert found == status
    if status == 200:
        assert json.loads(body) == {"name": unquote(raw.decode())[7:]}


@pytest.mark.parametrize(("root", "path"), [("/api", "/api/where"), ("/api", "/where"), ("", "/where")])
def test_the_root_path_is_the_script_name(app, mode, root, path):
    """With the path below it, whether a server repeats it in the path or not."""

    @app.get("/where")
    async def where():
        return {"script": request.script_root, "path": request.path}

    answer = json.loads(asyncio.run(ask(serving(app, mode), path, root_path=root))[2])
    assert answer == {"script": root, "path": "/where"}


def test_a_query_of_any_bytes_is_that_of_wsgi(app, mode):
    """Bytes outside ASCII reach the application, as they do on WSGI."""
    asgi = serving(app, mode)

    async def main():
        talk = Talk(asgi, {**scope_of("/nowhere"), "query_string": b"name=\xff\xc3\xa9"})
        await talk.task
        return talk.answer[0], json.loads(talk.answer[2])["code"]

    plain = app.test_client().get("/nowhere", query_string="name=\xff\xc3\xa9")

    assert asyncio.run(main()) == (plain.status_code, plain.json["code"])


def test_a_header_that_is_repeated_often_is_refused(app, mode):
    """A header that is repeated more than a hundred times is a 400; the application is not called."""
    asgi = serving(app, mode)

    async def main():
        talk = Talk(asgi, scope_of("/nowhere", headers=[("X-Many", "1")] * 102))
        await talk.task
        return talk.answer[0]

    assert asyncio.run(main()) == 400


@pytest.mark.parametrize("length", ["9" * 5000, "\xb2", "abc", "-1", " ", "1_0"])
def test_a_length_that_is_no_number_is_no_500(app, mode, length):
    """A ``Content-Length`` that a server has let pass is the application's to refuse."""
    asgi = serving(app, mode)

    async def main():
        scope = scope_of("/async", "POST", [JSON])
        scope["headers"].append((b"content-length", length.encode("latin-1")))
        talk = Talk(asgi, scope, (b"{}",))
        await talk.task
        return talk.answer[0]

    assert 400 <= asyncio.run(main()) < 500
