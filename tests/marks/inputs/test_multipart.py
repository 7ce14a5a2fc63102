"""``arguments(..., location="multipart")``: fields, files and objects of one form in one schema."""

from __future__ import annotations

import gc
import http.client
import io
import itertools
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
from urllib.parse import urlsplit

import marshmallow as ma
import pytest

import framework
from framework import (
    App,
    FileSize,
    FileType,
    Resource,
    Router,
    Schema,
    arguments,
    errors,
    fields,
    request,
    response,
    validate,
)
from framework.errors import SetupError
from tests.browsers import chromium, served

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


class PlaceSchema(Schema):
    """Where a picture was taken."""

    city = fields.String(required=True, validate=validate.Length(1, 40))
    height = fields.Integer()


class AlbumSchema(Schema):
    """A picture with its words."""

    title = fields.String(required=True)
    stars = fields.Integer()
    tags = fields.List(fields.String())
    place = fields.Nested(PlaceSchema)
    stops = fields.Nested(PlaceSchema, many=True)
    notes = fields.Dict(values=fields.Integer(), data_key="Notes")
    picture = fields.File(required=True, validate=[FileSize(10_000, min=1), FileType(["image/png"])])
    papers = fields.List(fields.File(validate=FileSize(1000)), validate=validate.Length(max=2))


def make_app(fast=True, **options):
    """One operation that takes an album; what was loaded is in ``app.seen``."""
    app = App("multipart")
    app.config.update(FAST_PATH=fast, TESTING=True)
    app.seen = []

    @app.route("/albums")
    class Albums(Resource):
        @arguments(AlbumSchema, location="multipart", **options)
        @response(201, {"size": fields.Integer()})
        def post(self, album):
            """Add an album."""
            app.seen.append(album)
            return {"size": len(album["picture"].read())}

    return app


@pytest.fixture(params=[True, False], ids=["fast", "plain"])
def app(request):
    """The application, with the fast path and without."""
    return make_app(request.param)


def sent(**others):
    """The parts of an album."""
    return {"title": "Sea", "picture": (io.BytesIO(PNG), "../sea.png"), **others}


def encoded(name, content):
    """A form of one file, as bytes."""
    head = f'--b\r\nContent-Disposition: form-data; name="{name}"; filename="x"\r\n\r\n'
    return head.encode() + content + b"\r\n--b--\r\n"


def blob(value):
    """A part of JSON as browsers send it: with a name."""
    return (io.BytesIO(json.dumps(value).encode()), "blob", "application/json")


# What comes in


def test_fields_files_and_objects_are_one_value(app):
    """Texts are read by the rules of texts, objects as JSON, files are files."""
    data = sent(stars="3", tags=["a", "b"], place='{"city": "Rome", "height": 21}', Notes='{"a": 1}')

    reply = app.test_client().post("/albums", data=data)

    assert (reply.status_code, reply.json) == (201, {"size": len(PNG)})
    album = app.seen[0]
    assert (album["title"], album["stars"], album["tags"]) == ("Sea", 3, ["a", "b"])
    assert album["place"] == {"city": "Rome", "height": 21}
    assert album["notes"] == {"a": 1}
    assert album["picture"].filename == "../sea.png"


@pytest.mark.parametrize("place", ['{"city": "Rome"}', blob], ids=["text", "file"])
def test_an_object_comes_as_text_or_as_a_file_of_json(app, place):
    """Programs send a part of JSON as text, browsers as a file that is called ``blob``."""
    part = place({"city": "Rome"}) if callable(place) else place

    assert app.test_client().post("/albums", data=sent(place=part)).status_code == 201
    assert app.seen[0]["place"] == {"city": "Rome"}


@pytest.mark.parametrize("stops", [['{"city": "A"}', '{"city": "B"}'], ['[{"city": "A"}, {"city": "B"}]']])
def test_several_objects_come_in_a_part_each_or_all_in_one(app, stops):
    """A list of objects is a part for each, or one part with the whole list."""
    assert app.test_client().post("/albums", data=sent(stops=stops)).status_code == 201
    assert app.seen[0]["stops"] == [{"city": "A"}, {"city": "B"}]


def test_all_that_is_wrong_is_told_at_once(app):
    """One 422 names every part, by its path."""
    data = sent(stars="3.5", place='{"city": 1, "x": 2}', stops=['{"city": "A"}', "{}"], zz="x")
    data["picture"] = (io.BytesIO(b"<svg onload=x>"), "sea.png", "image/png")

    reply = app.test_client().post("/albums", data=data)

    assert reply.status_code == 422
    assert reply.json["errors"] == {
        "form": {
            "stars": ["Not a valid integer."],
            "place": {"city": ["Not a valid string."], "x": ["Unknown field."]},
            "stops": {"1": {"city": ["Missing data for required field."]}},
            "picture": ["Not a file of type image/png."],
            "zz": ["Unknown field."],
        },
    }
    assert app.seen == []


@pytest.mark.parametrize(
    "place",
    [
        "{",
        "no json",
        "NaN",
        '{"city": "A"} x',
        "[" * 200 + "]" * 200,
        '{"city": "A", "city": "B"',
        (b'{"city": "A"}', "a.txt", "text/plain"),
        (b"\xff", "blob", "application/json"),
    ],
    ids=range(8),
)
def test_what_is_no_json_is_refused(app, place):
    """A part that is no JSON is 422, also one that only looks like it."""
    place = (io.BytesIO(place[0]), *place[1:]) if isinstance(place, tuple) else place
    reply = app.test_client().post("/albums", data=sent(place=place))

    assert reply.status_code == 422
    assert reply.json["errors"]["form"]["place"][0].startswith("Not valid JSON")


def test_types_in_parts_of_json_are_exact(app):
    """A number within an object is not a text, a text in a field is."""
    wrong = app.test_client().post("/albums", data=sent(place='{"city": "A", "height": "3"}'))

    assert wrong.json["errors"] == {"form": {"place": {"height": ["Not a valid integer."]}}}


def test_a_file_is_no_text_and_a_text_no_file(app):
    """A field that is sent as a file is refused, and a file that is sent as text."""
    data = {"title": (io.BytesIO(b"Sea"), "sea.txt"), "picture": "a picture"}

    reply = app.test_client().post("/albums", data=data)

    assert reply.json["errors"] == {"form": {"title": ["Not a valid string."], "picture": ["Not a valid file."]}}


def test_one_file_twice_is_refused(app):
    """A scalar that is given twice is refused, a file too."""
    data = sent(picture=[(io.BytesIO(PNG), "a.png"), (io.BytesIO(PNG), "b.png")])

    assert app.test_client().post("/albums", data=data).json["errors"] == {
        "form": {"picture": ["Given more than once."]}
    }


def test_an_input_without_a_choice_counts_as_none(app):
    """A browser sends a nameless empty part where nothing was chosen, also for an input of many files."""
    reply = app.test_client().post("/albums", data=sent(papers=[(io.BytesIO(b""), "")]))
    missing = app.test_client().post("/albums", data={"title": "Sea", "picture": (io.BytesIO(b""), "")})

    assert reply.status_code == 201
    assert app.seen[0].get("papers", []) == []
    assert missing.json["errors"] == {"form": {"picture": ["Missing data for required field."]}}


def test_how_many_files(app):
    """The count of files is a matter of ``Length``."""
    data = sent(papers=[(io.BytesIO(b"x"), str(number)) for number in range(3)])

    assert app.test_client().post("/albums", data=data).json["errors"] == {
        "form": {"papers": ["Longer than maximum length 2."]}
    }


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_marks_in_any_order(order):
    """A form beside query and headers: the order of the marks decides the order of the arguments alone."""
    app, seen = App("order"), []
    marks = [
        arguments(AlbumSchema, location="multipart"),
        arguments({"page": fields.Integer()}, location="query"),
        arguments({"x_key": fields.String()}, location="headers"),
    ]

    def post(*values):
        seen.append([set(value) for value in values])
        return {}

    for number in reversed(order):
        post = marks[number](post)
    app.post("/")(response(200)(post))
    app.test_client().post("/?page=1", data=sent(), headers={"X-Key": "k"})

    sets = [{"title", "picture"}, {"page"}, {"x_key"}]
    assert seen == [[sets[number] for number in order]]


def test_unknown_names_may_be_taken(app):
    """With ``EXCLUDE`` other parts are passed over, with ``INCLUDE`` they are there."""
    for policy, names in ((ma.EXCLUDE, {"title", "picture"}), (ma.INCLUDE, {"title", "picture", "other", "more"})):
        app = make_app(unknown=policy)
        data = sent(other="x", more=(io.BytesIO(b"x"), "x"))

        assert app.test_client(contract=False).post("/albums", data=data).status_code == 201
        assert set(app.seen[0]) == names


def test_on_a_router(app):
    """The mark holds for what is below a router that has it."""
    router = Router("r", marks=[arguments({"picture": fields.File(required=True)}, location="multipart")])

    @router.post("/")
    @response(200, {"name": fields.String()})
    def post(form):
        return {"name": form["picture"].filename}

    app = App("router")
    app.register_router(router)

    assert app.test_client().post("/", data={"picture": (io.BytesIO(b"x"), "x")}).json == {"name": "x"}


# Limits


def test_a_body_may_be_larger_for_one_operation():
    """``max_length`` stands in place of the setting, above it and below it."""
    app = App("limits")
    app.config["MAX_CONTENT_LENGTH"] = 5000

    for name, options in (("usual", {}), ("large", {"max_length": 20_000}), ("small", {"max_length": 1000})):

        @app.post(f"/{name}", endpoint=name)
        @arguments({"file": fields.File(required=True)}, location="files", **options)
        @response(200, {"size": fields.Integer()})
        def post(files):
            return {"size": len(files["file"].read())}

    client = app.test_client()

    def statuses(size):
        return [
            client.post(path, data={"file": (io.BytesIO(bytes(size)), "x")}).status_code
            for path in ("/usual", "/large", "/small")
        ]

    assert statuses(500) == [200, 200, 200]
    assert statuses(3000) == [200, 200, 413]
    assert statuses(10_000) == [413, 200, 413]
    assert statuses(30_000) == [413, 413, 413]


def test_a_json_body_may_be_larger_too():
    """``max_length`` holds for JSON, in place of both settings."""
    app = App("json")
    app.config.update(MAX_JSON_LENGTH=100)

    @app.post("/")
    @arguments({"a": fields.String()}, max_length=1000)
    @response(200)
    def post(data):
        return len(data["a"])

    client = app.test_client()

    assert client.post("/", json={"a": "x" * 500}).json == 500
    assert client.post("/", json={"a": "x" * 1000}).status_code == 413


@pytest.mark.parametrize("options", [{"location": "query"}, {"location": "headers"}])
def test_what_is_no_body_has_no_length(options):
    """``max_length`` where no body is read is a mistake, and so is none at all."""
    with pytest.raises(SetupError, match="limits no body"):
        arguments({"a": fields.String()}, max_length=10, **options)
    with pytest.raises(SetupError, match="limits no body"):
        arguments({"a": fields.String()}, max_length=0)


def test_a_part_that_is_too_large_is_413(app):
    """A file over its ``FileSize`` is refused while it arrives; the smaller limit of another part does not count."""
    reply = app.test_client().post("/albums", data=sent(picture=(io.BytesIO(PNG * 200), "a.png")))
    paper = app.test_client().post("/albums", data=sent(papers=[(io.BytesIO(bytes(1001)), "a")]))

    assert reply.status_code == paper.status_code == 413
    assert reply.json["detail"] == "The form part 'picture' is larger than 10000 bytes."
    assert "'papers'" in paper.json["detail"]


def test_a_part_of_json_is_as_long_as_json_may_be(app):
    """An object in a form is under the limit of JSON."""
    app.config["MAX_JSON_LENGTH"] = 100

    assert app.test_client().post("/albums", data=sent(place=blob({"city": "x" * 100}))).status_code == 413


def test_too_many_parts_are_413(app):
    """The setting ``MAX_FORM_PARTS`` holds."""
    app.config["MAX_FORM_PARTS"] = 5

    assert app.test_client().post("/albums", data=sent(tags=["x"] * 10)).status_code == 413


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=a", b"x"),
        ("multipart/form-data; boundary=a", b'--a\r\nContent-Disposition: form-data; name="title"\r\n\r\nSea'),
        ("multipart/form-data; boundary=a", b"--a\r\nContent-Disposition: form-data\r\n\r\nSea\r\n--a--\r\n"),
        (
            "multipart/form-data; boundary=a",
            b'--a\r\nContent-Disposition: form-data; name="title"\r\n\r\n\xff\r\n--a--\r\n',
        ),
        ("multipart/form-data; boundary=\xff", b"--\xff--\r\n"),
    ],
    ids=range(6),
)
def test_a_broken_form_is_400(app, content_type, body):
    """What is not a form is 400, not a form without parts."""
    reply = app.test_client(contract=False).post("/albums", data=body, content_type=content_type)

    assert reply.status_code in (400, 422)
    assert reply.status_code == 400 or content_type.endswith("\xff")


def test_another_media_type_is_415(app):
    """A form with files is ``multipart/form-data`` alone."""
    assert app.test_client().post("/albums", data={"title": "x"}).status_code == 415
    assert app.test_client().post("/albums", json={"title": "x"}).status_code == 415


class Kept(list):
    """Files made for parts of forms."""

    def __init__(self, monkeypatch):
        from framework.wrappers import Request

        make = Request._get_file_stream

        def noted(*arguments, **options):
            file = make(*arguments, **options)
            self.append(file)
            return file

        monkeypatch.setattr(Request, "_get_file_stream", noted)


@pytest.mark.parametrize("case", ["good", "refused", "too large", "broken", "error"])
def test_files_are_closed_in_every_case(app, monkeypatch, case):
    """Temporary files are closed when the request is over, whatever its end."""
    files = Kept(monkeypatch)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    data = sent(papers=[(io.BytesIO(b"x" * 900), "a"), (io.BytesIO(b"y"), "b")])
    if case == "refused":
        data["stars"] = "x"
    elif case == "too large":
        data["papers"][1] = (io.BytesIO(b"x" * 1001), "b")
    elif case == "error":
        app.seen = None
    client = app.test_client(contract=False)
    if case == "broken":
        body = b'--a\r\nContent-Disposition: form-data; name="picture"; filename="x"\r\n\r\nSea'
        status = client.post("/albums", data=body, content_type="multipart/form-data; boundary=a").status_code
    else:
        status = client.post("/albums", data=data).status_code

    assert status == {"good": 201, "refused": 422, "too large": 413, "broken": 400, "error": 500}[case]
    assert files
    assert all(file.closed for file in files)


def test_files_are_on_disk_and_leave_nothing(app, monkeypatch, tmp_path):
    """A large file is written to the folder of temporary files, where nothing is left."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    app, kinds = App("disk"), []

    @app.post("/")
    @arguments({"file": fields.File(required=True)}, location="multipart")
    @response(200, {"size": fields.Integer()})
    def post(form):
        kinds.append(getattr(form["file"].stream, "_rolled", True))
        return {"size": len(form["file"].read())}

    body = encoded("file", bytes(2_000_000))
    reply = app.test_client().post("/", data=body, content_type="multipart/form-data; boundary=b")

    assert reply.json == {"size": 2_000_000}
    assert kinds == [True]
    assert list(tmp_path.iterdir()) == []


def test_files_of_other_names_are_not_kept(app, monkeypatch):
    """A file that is refused by its name takes no place."""
    files = Kept(monkeypatch)
    reply = app.test_client().post("/albums", data=sent(nobody=(io.BytesIO(bytes(100_000)), "x")))

    assert reply.json["errors"] == {"files": {"nobody": ["Unknown field."]}}
    assert len(files) == 1


# Servers


def test_too_much_is_answered_before_it_has_come():
    """A part over its limit, and a body over its length, are 413 while the client has sent only a little of it."""
    head = (
        "POST /albums HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=a\r\n"
        "Content-Length: {length}\r\n\r\n"
    )
    part = b'--a\r\nContent-Disposition: form-data; name="picture"; filename="x"\r\n\r\n' + bytes(200_000)
    with served(make_app(max_length=300_000_000)) as address:
        port = urlsplit(address).port
        for length, body in ((200_000_000, part), (400_000_000, b"")):
            with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
                connection.sendall(head.format(length=length).encode() + body)
                reply = connection.recv(12)

            assert reply in (b"HTTP/1.1 413", b"HTTP/1.0 413")


def test_a_client_that_goes_away_leaves_nothing(monkeypatch):
    """Files of an upload that broke off are closed."""
    files = Kept(monkeypatch)
    app = make_app()
    head = (
        "POST /albums HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=a\r\n"
        'Content-Length: 100000\r\n\r\n--a\r\nContent-Disposition: form-data; name="picture"; filename="x"\r\n\r\nxx'
    )
    with (
        served(app) as address,
        socket.create_connection(("127.0.0.1", urlsplit(address).port), timeout=20) as connection,
    ):
        connection.sendall(head.encode() + bytes(5000))
        connection.shutdown(socket.SHUT_WR)
        reply = connection.recv(12)
    gc.collect()

    assert reply.endswith(b"400")
    assert files
    assert all(file.closed for file in files)


def test_a_form_over_a_real_server():
    """A multipart body over HTTP arrives whole."""
    app = make_app()
    body = (
        b'--b\r\nContent-Disposition: form-data; name="title"\r\n\r\nSea\r\n'
        b'--b\r\nContent-Disposition: form-data; name="place"\r\nContent-Type: application/json\r\n\r\n'
        b'{"city": "Rome"}\r\n'
        b'--b\r\nContent-Disposition: form-data; name="picture"; filename="a.png"\r\n\r\n' + PNG + b"\r\n--b--\r\n"
    )
    with served(app) as address:
        connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=20)
        connection.request("POST", "/albums", body, {"Content-Type": "multipart/form-data; boundary=b"})
        reply = connection.getresponse()
        text = reply.read()
        connection.close()

    assert (reply.status, json.loads(text)) == (201, {"size": len(PNG)})
    assert app.seen[0]["place"] == {"city": "Rome"}


MEASURED = """
import resource, sys
from werkzeug.serving import make_server
from framework import App, arguments, download, fields, response

app = App("measured")

@app.post("/")
@arguments({"file": fields.File(required=True)}, location="multipart", max_length=1_000_000_000)
@response(200)
def take(form):
    with open(sys.argv[1], "wb") as kept:
        form["file"].save(kept, 65536)
    return None

@app.get("/file")
@download()
def give():
    return sys.argv[1]

@app.get("/peak")
def peak():
    return {"peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}

server = make_server("127.0.0.1", 0, app)
print(server.port, flush=True)
server.serve_forever()
"""


def test_large_files_take_little_memory(tmp_path):
    """An upload and a download of many megabytes leave the server's memory where it was.

    ``UPLOAD_MEGABYTES`` makes them larger.
    """
    size = int(os.environ.get("UPLOAD_MEGABYTES", "40")) * 1_000_000
    head, tail = encoded("file", b"").split(b"\r\n\r\n")[0] + b"\r\n\r\n", b"\r\n--b--\r\n"
    chunk = bytes(range(250)) * 4000
    (tmp_path / "server.py").write_text(MEASURED)
    words = [sys.executable, str(tmp_path / "server.py"), str(tmp_path / "kept")]
    root = pathlib.Path(framework.__file__).parents[1]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment) as server:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", int(server.stdout.readline()), timeout=60)

            def ask(method, path, body=None, headers=None):
                connection.request(method, path, body, headers or {})
                return connection.getresponse()

            ask("POST", "/", head + chunk + tail, {"Content-Type": "multipart/form-data; boundary=b"}).read()
            before = json.loads(ask("GET", "/peak").read())["peak"]
            body = itertools.chain([head], itertools.repeat(chunk, size // len(chunk)), [tail])
            length = len(head) + len(tail) + size // len(chunk) * len(chunk)
            headers = {"Content-Type": "multipart/form-data; boundary=b", "Content-Length": str(length)}
            status = ask("POST", "/", body, headers)
            status.read()
            reply, got = ask("GET", "/file"), 0
            while piece := reply.read(1_000_000):
                got += len(piece)
            after = json.loads(ask("GET", "/peak").read())["peak"]
            connection.close()
        finally:
            server.terminate()

    assert status.status == 200
    assert got == size // len(chunk) * len(chunk)
    assert (after - before) / 1024 < 8  # kilobytes to megabytes


def test_a_form_in_a_browser(tmp_path):
    """A form of a page, and the same by a script with a part of JSON, are taken as Chromium sends them."""
    app = make_app()
    picture = tmp_path / "sea.png"
    picture.write_bytes(PNG)
    page_text = (
        '<form method=post action="/albums" enctype="multipart/form-data"><input name=title value=Sea>'
        "<input type=file name=picture><input type=file name=papers multiple><button>Send</button></form>"
    )
    script = """async () => {
        const form = new FormData(document.querySelector("form"));
        form.append("place", new Blob([JSON.stringify({city: "Rome"})], {type: "application/json"}));
        return (await fetch("/albums", {method: "POST", body: form})).status;
    }"""
    app.add_url_rule("/", view_func=lambda: page_text, endpoint="page")
    with served(app) as address, chromium() as browser:
        page = browser.new_page()
        page.goto(address)
        page.set_input_files("input[name=picture]", str(picture))
        status = page.evaluate(script)
        with page.expect_navigation():
            page.click("button")
        shown = page.inner_text("body")

    assert status == 201
    assert json.loads(shown) == {"size": len(PNG)}
    assert app.seen[0]["place"] == {"city": "Rome"}
    assert app.seen[1]["picture"].filename == "sea.png"


# The document


@pytest.mark.parametrize(
    ("version", "binary"), [("3.1.0", {"type": "string", "format": "binary"}), ("3.0.3", {"format": "binary"})]
)
def test_the_document_shows_the_form(version, binary):
    """The body is one form: files are bytes, objects are JSON, and each says what it may be."""
    app = make_app()
    app.config["OPENAPI_VERSION"] = version
    operation = app.openapi["paths"]["/albums"]["post"]

    (media,) = operation["requestBody"]["content"].items()
    schema = app.openapi["components"]["schemas"][media[1]["schema"]["$ref"].rpartition("/")[2]]
    assert media[0] == "multipart/form-data"
    assert media[1]["encoding"] == {
        "place": {"contentType": "application/json"},
        "stops": {"contentType": "application/json"},
        "Notes": {"contentType": "application/json"},
        "picture": {"contentType": "image/png"},
    }
    assert binary.items() <= schema["properties"]["picture"].items()
    assert schema["properties"]["picture"]["x-maxBytes"] == 10_000
    assert schema["required"] == ["title", "picture"]
    assert {"400", "413", "415", "422"} <= set(operation["responses"])


def test_a_parsed_form_stays_with_the_request(app):
    """What the mark has parsed is what ``request.form`` and ``request.files`` show."""
    app = App("request")

    @app.post("/")
    @arguments({"a": fields.String(), "file": fields.File()}, location="multipart")
    @response(200)
    def post(form):
        return [request.form["a"], request.files["file"].filename, form["file"] is request.files["file"]]

    assert app.test_client().post("/", data={"a": "1", "file": (io.BytesIO(b"x"), "x")}).json == ["1", "x", True]


def test_errors_of_the_parser_are_typed(app):
    """A broken form is an error that a handler of the application can take."""
    app.errorhandler(errors.BadRequest)(lambda error: ("mine", 400))
    reply = app.test_client(contract=False).post("/albums", data=b"x", content_type="multipart/form-data; boundary=a")

    assert (reply.status_code, reply.text) == (400, "mine")
