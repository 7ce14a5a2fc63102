"""Compressed bodies of requests: undone within limits where ``REQUEST_ENCODINGS`` allows, otherwise a 415."""

from __future__ import annotations

import gzip
import json
import sys

import brotli
import pytest
from backports import zstd

from framework import App, Schema, arguments, fields, idempotent, limit, request, response
from framework.errors import SetupError

ENCODE = {"gzip": gzip.compress, "x-gzip": gzip.compress, "br": brotli.compress, "zstd": zstd.compress}
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b"
PARTS = (
    b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\nRex\r\n'
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + b"x" * 100_000 + b"\r\n--b--\r\n"
)
WAYS = {
    "/json": ("application/json", b'{"name": "Rex"}', {"name": "Rex"}),
    "/form": (FORM, b"name=Rex", {"name": "Rex"}),
    "/upload": (MULTIPART, PARTS, {"name": "Rex", "size": 100_000}),
    "/pieces": ("text/plain", b"x" * 1_500_000, {"size": 1_500_000, "coding": None}),
}


class NameSchema(Schema):
    """A name."""

    name = fields.String(required=True)


@pytest.fixture(params=[True, False], ids=["fast", "plain"])
def app(request):
    """An application that decodes gzip and zstd."""
    app = App("encoded", root_path=".")
    app.config.update(REQUEST_ENCODINGS=["gzip", "zstd"], FAST_PATH=request.param)

    @app.post("/json")
    @arguments(NameSchema)
    @response(200, NameSchema)
    def read(value):
        return value

    return app


def send(client, path, body, coding, media_type="application/json", **headers):
    """A request with a body in a coding."""
    return client.post(path, data=body, content_type=media_type, headers={"Content-Encoding": coding, **headers})


@pytest.mark.parametrize("path", WAYS)
@pytest.mark.parametrize("coding", ENCODE)
def test_bodies_are_decoded_on_each_server(served, coding, path):
    """With a length and in chunks, however they are read."""
    media_type, body, answer = WAYS[path]
    encoded = ENCODE[coding](body)
    headers = {"Content-Type": media_type, "Content-Encoding": coding}
    chunks = (encoded[place : place + 1000] for place in range(0, len(encoded), 1000))

    for sent, options in ((encoded, {}), (chunks, {"encode_chunked": True})):
        status, _, got = served.ask("POST", path, sent, headers, **options)
        assert (status, json.loads(got)) == (200, answer)


@pytest.mark.parametrize("path", WAYS)
@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_bad_bodies_on_each_server(served, coding, path):
    """Over the limit a 413, cut off or garbage a 400; the next request is answered."""
    media_type, body, _ = WAYS[path]
    headers = {"Content-Type": media_type, "Content-Encoding": coding}
    encoded = ENCODE[coding](body)
    bomb = ENCODE[coding](body[:10] + b" " * 50_000_000 if path == "/json" else body[:3] + b"x" * 50_000_000)

    for wrong in (encoded[:-2], encoded + b"more", b"garbage of some length"):
        assert served.ask("POST", path, wrong, headers)[0] == 400
    assert served.ask("POST", path, bomb, headers)[0] == 413
    assert served.ask("POST", path, encoded, headers)[0] == 200


def test_other_codings_are_a_415(app):
    """A coding that is not allowed, and several of them, are refused with those that are."""
    client = app.test_client()
    body = b'{"name": "Rex"}'

    for coding in ("br", "gzip, gzip", "gzip,zstd", "deflate"):
        reply = send(client, "/json", body, coding)
        assert (reply.status_code, reply.headers["Accept-Encoding"]) == (415, "gzip, zstd, identity")
        assert reply.json["detail"].startswith("The content coding of the request body must be gzip or zstd or ide")
    assert send(client, "/json", body, "identity").status_code == 200


def test_nothing_is_decoded_without_the_setting(app):
    """By default a compressed body is a 415, and one that a handler reads by hand is as it was sent."""
    app.config["REQUEST_ENCODINGS"] = ()

    @app.post("/by-hand")
    def by_hand():
        return gzip.decompress(request.get_data())

    client = app.test_client()
    reply = send(client, "/json", gzip.compress(b'{"name": "Rex"}'), "gzip")

    assert (reply.status_code, reply.headers["Accept-Encoding"]) == (415, "identity")
    assert send(client, "/by-hand", gzip.compress(b"text"), "gzip").data == b"text"


def test_a_plain_view_reads_json(app):
    """``request.json`` and ``get_data`` have the decoded body; what is in another coding is refused by the first."""

    @app.post("/view")
    def view():
        return {"got": request.json, "length": request.content_length, "data": len(request.get_data())}

    client = app.test_client()
    assert send(client, "/view", gzip.compress(b"[1]"), "gzip").json == {"got": [1], "length": None, "data": 3}
    assert send(client, "/view", b"[1]", "br").status_code == 415


def test_each_limit_counts_what_was_decoded(app):
    """``MAX_JSON_LENGTH`` and the limit of a request hold for the body, not for what was sent of it."""
    app.config["MAX_JSON_LENGTH"] = 100

    @app.before_request
    def more():
        request.max_content_length = 90

    @app.post("/data")
    def data():
        return str(len(request.get_data()))

    client = app.test_client()
    assert send(client, "/data", gzip.compress(b"x" * 90), "gzip").data == b"90"
    for path, size in (("/data", 91), ("/json", 101)):
        reply = send(client, path, gzip.compress(b'{"name":"' + b"x" * size + b'"}'), "gzip")
        assert reply.status_code == 413


def test_idempotent_requests_are_told_apart_by_what_they_say(app):
    """One key, one body: also where its bytes were compressed in another way."""

    @app.post("/orders")
    @idempotent()
    @arguments(NameSchema)
    @response(201, NameSchema)
    def order(value):
        return value

    client = app.test_client()
    key = {"Idempotency-Key": '"1"'}
    first = send(client, "/orders", gzip.compress(b'{"name": "Rex"}', 1), "gzip", **key)
    again = send(client, "/orders", gzip.compress(b'{"name": "Rex"}', 9, mtime=5), "gzip", **key)
    other = send(client, "/orders", gzip.compress(b'{"name": "Ada"}'), "gzip", **key)

    assert [first.status_code, again.status_code, other.status_code] == [201, 201, 422]
    assert again.headers["Idempotency-Replayed"] == "true"


def test_refusals_before_the_body_read_nothing(app):
    """A limit refuses a request whose compressed body nobody has looked at."""

    @app.post("/limited")
    @limit("1/hour")
    @arguments(NameSchema)
    @response(200, NameSchema)
    def limited(value):
        return value

    client = app.test_client()
    assert send(client, "/limited", b"garbage", "gzip").status_code == 400
    assert send(client, "/limited", b"garbage", "gzip").status_code == 429


def test_the_document_says_it(app):
    """The body is described with the codings, which OpenAPI has no member for; without the setting nothing is said."""
    operation = app.openapi["paths"]["/json"]["post"]

    assert operation["requestBody"]["description"] == "May be sent compressed, with `Content-Encoding`: gzip or zstd."
    assert {"400", "413", "415"} <= operation["responses"].keys()
    app.config["REQUEST_ENCODINGS"] = ()
    assert "description" not in app.openapi["paths"]["/json"]["post"]["requestBody"]


def test_a_missing_library_is_found_at_freeze(app, monkeypatch):
    """What the setting names must be there."""
    monkeypatch.setitem(sys.modules, "brotli", None)
    monkeypatch.setattr("framework.http.codings.available", lambda: ("gzip",))
    app.config["REQUEST_ENCODINGS"] = ["gzip", "br"]

    with pytest.raises(SetupError, match=r"REQUEST_ENCODINGS names the coding 'br', .* Run 'pip install brotli'."):
        app.freeze()


def test_the_contract_reads_the_decoded_body(app):
    """A body that the document calls valid or not is judged as it was decoded."""
    client = app.test_client()

    assert send(client, "/json", gzip.compress(b'{"name": "Rex"}'), "gzip").status_code == 200
    assert send(client, "/json", gzip.compress(b'{"name": 1}'), "gzip").status_code == 422
