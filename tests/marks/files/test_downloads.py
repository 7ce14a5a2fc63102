"""``download``: files, whole and in ranges."""

from __future__ import annotations

import datetime as dt
import email
import http.client
import io
import os
from urllib.parse import urlsplit

import pytest

from framework import App, Download, Resource, arguments, download, errors, etag, fields, response
from framework.errors import SetupError
from framework.testing import AppClient
from tests.answers import sent_headers
from tests.browsers import served

CONTENT = bytes(range(256)) * 40


class Reader(AppClient):
    """A client that reads each answer to its end, and closes it."""

    def open(self, *arguments, **options):
        return super().open(*arguments, **{"buffered": True, **options})


def reader_of(app):
    """Such a client of an application."""
    app.test_client_class = Reader
    return app.test_client()


@pytest.fixture
def paper(tmp_path):
    """A file on disk, changed in the year 2020."""
    path = tmp_path / "my paper.pdf"
    path.write_bytes(CONTENT)
    os.utime(path, (1_600_000_000, 1_600_000_000))
    return path


def make_app(source, fast=True):
    """An application that sends a file."""
    app = App("downloads")
    app.config.update(FAST_PATH=fast, TESTING=True)

    @app.route("/paper")
    class Paper(Resource):
        @download("application/pdf")
        def get(self):
            """Fetch the paper."""
            return source() if callable(source) else source

    return app


@pytest.fixture(params=[True, False], ids=["fast", "plain"])
def client(request, paper):
    """A client of such an application."""
    return reader_of(make_app(paper, request.param))


def test_the_whole_file(client):
    """A file is sent with its name, its version, its time and its length."""
    reply = client.get("/paper")

    assert (reply.status_code, reply.data) == (200, CONTENT)
    headers = reply.headers
    assert headers["Content-Type"] == "application/pdf"
    assert headers["Content-Disposition"] == 'attachment; filename="my paper.pdf"'
    assert headers["Content-Length"] == str(len(CONTENT))
    assert headers["Last-Modified"] == "Sun, 13 Sep 2020 12:26:40 GMT"
    assert headers["Accept-Ranges"] == "bytes"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["ETag"].startswith('"')


def test_head_says_the_same_without_a_body(client):
    """HEAD has the headers of GET, and knows no ranges."""
    whole, head = client.get("/paper"), client.head("/paper", headers={"Range": "bytes=0-1"})

    assert (head.status_code, head.data) == (200, b"")
    assert sorted(sent_headers(head)) == sorted(sent_headers(whole))


def test_a_range(client):
    """One range is 206, with what it is."""
    reply = client.get("/paper", headers={"Range": "bytes=10-19"})

    assert (reply.status_code, reply.data) == (206, CONTENT[10:20])
    assert reply.headers["Content-Range"] == f"bytes 10-19/{len(CONTENT)}"
    assert reply.headers["Content-Length"] == "10"


def test_several_ranges(client):
    """Several ranges are parts of one body, each with its place."""
    reply = client.get("/paper", headers={"Range": "bytes=0-9, 100-119, -5"})
    message = email.message_from_bytes(f"Content-Type: {reply.content_type}\r\n\r\n".encode() + reply.data)

    assert reply.status_code == 206
    assert "Content-Range" not in reply.headers
    assert len(reply.data) == reply.content_length
    parts = [(part["Content-Range"], part.get_content_type()) for part in message.get_payload()]
    size = len(CONTENT)
    assert parts == [
        (f"bytes {place}/{size}", "application/pdf") for place in ("0-9", "100-119", f"{size - 5}-{size - 1}")
    ]


def test_a_range_that_is_not_there(client):
    """A range behind the end is 416, with the length."""
    reply = client.get("/paper", headers={"Range": "bytes=999999-"})

    assert reply.status_code == 416
    assert reply.headers["Content-Range"] == f"bytes */{len(CONTENT)}"


@pytest.mark.parametrize("header", ["lines=0-1", "bytes=x", "bytes=9-1", "bytes=" + "0-0,2-2," * 200])
def test_what_is_no_range_is_passed_over(client, header):
    """A header that asks for nothing clear gets the whole."""
    assert client.get("/paper", headers={"Range": header}).data == CONTENT


def test_conditions(client):
    """Who has this version is told so; who wants another one gets 412; what is malformed is 400."""
    version, date = (client.head("/paper").headers[name] for name in ("ETag", "Last-Modified"))

    def status(**headers):
        return client.get("/paper", headers={name.replace("_", "-"): text for name, text in headers.items()})

    assert status(If_None_Match=version).status_code == 304
    assert "Content-Type" not in status(If_None_Match=version).headers
    assert status(If_None_Match='"x"').status_code == 200
    assert status(If_Modified_Since=date).status_code == 304
    assert status(If_Match='"x"').status_code == 412
    assert status(If_Match="x").status_code == 400
    assert status(If_Unmodified_Since="Sun, 13 Sep 2009 12:26:40 GMT").status_code == 412
    assert status(If_None_Match=version, Range="bytes=0-1").status_code == 304


def test_if_range(client):
    """A part of this version is sent; of another version the whole."""
    version, date = (client.head("/paper").headers[name] for name in ("ETag", "Last-Modified"))

    def status(text):
        return client.get("/paper", headers={"Range": "bytes=0-1", "If-Range": text}).status_code

    assert status(version) == status(date) == 206
    assert status('"x"') == status(f"W/{version}") == status("Sun, 13 Sep 2009 12:26:40 GMT") == 200


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("make", [lambda: CONTENT, lambda: io.BytesIO(CONTENT), lambda: Download(CONTENT)])
def test_bytes_and_open_files(make, fast):
    """Bytes and files that are open are sent like files on disk, ranges too."""
    client = reader_of(make_app(make, fast))

    assert client.get("/paper").data == CONTENT
    assert client.get("/paper", headers={"Range": "bytes=-3"}).data == CONTENT[-3:]
    assert client.get("/paper").headers["Content-Disposition"] == "attachment"


def test_what_a_download_says(paper):
    """Name, media type, version and time may be the handler's."""
    moment = dt.datetime(2001, 2, 3, tzinfo=dt.UTC)
    source = Download(
        paper, name="\u00fc.pdf", content_type="application/pdf", inline=True, etag="v1", last_modified=moment
    )
    headers = reader_of(make_app(source)).get("/paper").headers

    assert headers["Content-Disposition"] == "inline; filename=\"_.pdf\"; filename*=UTF-8''%C3%BC.pdf"
    assert headers["ETag"] == '"v1"'
    assert headers["Last-Modified"] == "Sat, 03 Feb 2001 00:00:00 GMT"


def test_a_file_that_is_gone(tmp_path):
    """A file that is not there, and a folder, are 404."""
    for path in (tmp_path / "gone", tmp_path, tmp_path / "gone" / "x"):
        assert reader_of(make_app(path)).get("/paper").status_code == 404


@pytest.mark.parametrize("wrong", [None, 3, {"a": 1}, Download(b"", etag='"')])
def test_what_is_no_file(wrong):
    """A handler that returns no file, or a version that is none, is told so."""
    with pytest.raises((TypeError, ValueError), match=r"Paper\.get"):
        reader_of(make_app(wrong)).get("/paper")


def test_a_report_that_is_made_by_post():
    """A POST answers with a file too, without ranges and conditions."""
    app = App("report")

    @app.post("/")
    @arguments({"a": fields.Integer()})
    @download("text/csv")
    def post(data):
        return Download(b"a,b\n", name="report.csv")

    reply = reader_of(app).post("/", json={}, headers={"Range": "bytes=0-0"})

    assert (reply.status_code, reply.data) == (200, b"a,b\n")
    assert reply.headers["Accept-Ranges"] == "none"
    assert "206" not in app.openapi["paths"]["/"]["post"]["responses"]


@pytest.mark.parametrize("first", [True, False])
def test_beside_a_version_of_the_resource(first, paper):
    """With ``etag``, in any order, the version is that of the file."""
    app = App("both")
    marks = [etag, download("application/pdf")]

    def get():
        return paper

    for mark in marks if first else reversed(marks):
        get = mark(get)
    app.get("/")(get)
    client = reader_of(app)
    version = client.get("/").headers["ETag"]

    assert client.get("/", headers={"If-None-Match": version}).status_code == 304
    assert client.get("/", headers={"Range": "bytes=0-1"}).status_code == 206


def test_the_web_server_may_send_it(paper):
    """With ``USE_X_SENDFILE`` the server in front is told the path."""
    app = make_app(paper)
    app.config["USE_X_SENDFILE"] = True
    reply = reader_of(app).get("/paper")

    assert (reply.data, reply.headers["X-Sendfile"]) == (b"", str(paper))


def test_what_is_no_media_type():
    """A media type without a slash is a mistake."""
    with pytest.raises(SetupError, match="media types"):
        download("pdf")


def test_beside_another_answer(paper):
    """Other statuses stay what they are."""
    app = App("other")

    @app.get("/<int:number>")
    @download("application/pdf")
    @response(202, {"ready": fields.Boolean()})
    def get(number):
        if number == 1:
            return {"ready": False}, 202
        raise errors.NotFound("No paper.")

    assert reader_of(app).get("/1").json == {"ready": False}
    assert reader_of(app).get("/2").status_code == 404


def test_files_are_closed_in_every_case(paper):
    """A file is closed when it has been sent, when nothing of it is sent, and when the client goes away."""
    opened = []

    def source():
        opened.append(paper.open("rb"))
        return Download(opened[-1], etag="v")

    app = make_app(source)
    client = reader_of(app)
    client.get("/paper")
    client.head("/paper")
    client.get("/paper", headers={"If-None-Match": '"v"'})
    client.get("/paper", headers={"If-Match": '"x"'})
    client.get("/paper", headers={"Range": "bytes=99999-"})
    client.get("/paper", headers={"Range": "bytes=0-1,5-6"})
    with client.get("/paper", buffered=False):
        pass

    assert len(opened) == 7
    assert all(file.closed for file in opened)


def test_an_interrupted_download_goes_on(tmp_path):
    """A client that was cut off asks for the rest of the same version, and has the file; of a new one it gets all."""
    path = tmp_path / "large.bin"
    content = os.urandom(3_000_000)
    path.write_bytes(content)
    with served(make_app(path)) as address:
        netloc = urlsplit(address).netloc

        def ask(headers):
            connection = http.client.HTTPConnection(netloc, timeout=20)
            connection.request("GET", "/paper", headers=headers)
            return connection, connection.getresponse()

        connection, reply = ask({})
        version, got = reply.headers["ETag"], reply.read(1_000_000)
        connection.close()  # in the middle
        connection, reply = ask({"Range": f"bytes={len(got)}-", "If-Range": version})
        status, rest = reply.status, reply.read()
        connection.close()
        path.write_bytes(b"new")
        connection, reply = ask({"Range": f"bytes={len(got)}-", "If-Range": version})
        changed = reply.status, reply.read()
        connection.close()

    assert status == 206
    assert got + rest == content
    assert changed == (200, b"new")


def test_the_document_shows_the_file(paper):
    """The document has the bytes, the parts, the conditions and the refusals."""
    app = make_app(paper)
    operation = app.openapi["paths"]["/paper"]["get"]
    responses = operation["responses"]

    binary = {"schema": {"type": "string", "format": "binary"}}
    assert responses["200"]["content"] == {"application/pdf": binary}
    assert responses["206"]["content"] == {"application/pdf": binary, "multipart/byteranges": binary}
    assert {"Content-Disposition", "ETag", "Accept-Ranges"} <= set(responses["200"]["headers"])
    assert "Content-Range" in responses["206"]["headers"]
    assert "Content-Range" in responses["416"]["headers"]
    assert {"304", "400", "404", "412"} <= set(responses)
    assert {"Range", "If-Range", "If-None-Match"} <= {each["name"] for each in operation["parameters"]}
