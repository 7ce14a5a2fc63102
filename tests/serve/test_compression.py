"""Compression: which coding, which answers, what it does to tags, conditions, caches, streams and the document."""

from __future__ import annotations

import functools
import gzip
import io
import itertools
import json
import pathlib
import socket
import time
import zlib

import brotli
import cachecontrol
import pytest
import requests
from backports import zstd

from framework import (
    CORS,
    App,
    Resource,
    Response,
    Router,
    Schema,
    cache_control,
    download,
    etag,
    events,
    fields,
    idempotent,
    paginate,
    raises,
    request,
    response,
    send_file,
    session,
    stream,
)
from framework.errors import ContractViolation, NotFound, SetupError
from framework.http.codings import part_decoder
from framework.serve import compression
from framework.serve._compression import TYPES, choose, is_among
from tests.browsers import served as served_here
from tests.servers import nginx_server

DECODE = {"gzip": gzip.decompress, "br": brotli.decompress, "zstd": zstd.decompress}
LONG = {"name": "Rex " * 1000}


class NameSchema(Schema):
    """A name."""

    name = fields.String(required=True)


def make_app(*marks, **settings):
    """An application with these marks."""
    app = App("compressed", root_path=str(pathlib.Path(__file__).parent), static_folder=None, marks=marks)
    app.config.update(CONTRACT="raise", SECRET_KEY="a key for tests, long", **settings)

    @app.get("/long")
    @etag
    @response(200, NameSchema)
    def long():
        return LONG

    @app.get("/short")
    @etag
    @response(200, NameSchema)
    def short():
        return {"name": "Rex"}

    return app


@pytest.fixture(params=[True, False], ids=["fast", "plain"])
def app(request):
    """An application that compresses all its answers."""
    return make_app(compression(), FAST_PATH=request.param)


def get(app, path, accepted="gzip", method="GET", buffered=False, **headers):
    """A reply, as a client gets it that says what it accepts."""
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    if accepted is not None:
        told["Accept-Encoding"] = accepted
    return app.test_client(use_cookies=False).open(path, method=method, headers=told, buffered=buffered)


# Which coding


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", None),
        ("gzip", "gzip"),
        ("GZIP", "gzip"),
        ("x-gzip", "gzip"),
        ("gzip, br", "br"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("br;q=0.5, gzip", "gzip"),
        ("br;q=0.5, gzip;q=0.4", "br"),
        ("*", "zstd"),
        ("zstd;q=0, *", "br"),
        ("*;q=0", None),
        ("gzip;q=0", None),
        ("gzip;q=0.000", None),
        ("gzip;q=0.001", "gzip"),
        ("gzip;q=2", None),
        ("gzip;q=high", None),
        ("identity", None),
        ("identity, gzip", "gzip"),
        ("identity;q=1, gzip;q=0.5", None),
        ("identity;q=0.5, gzip;q=1", "gzip"),
        ("identity;q=0", None),
        ("deflate, compress", None),
        (",, gzip", "gzip"),
    ],
)
def test_the_coding_with_the_highest_weight_is_sent(header, expected):
    """RFC 9110, section 12.5.3; of several with one weight the server's first."""
    assert choose(header, ("zstd", "br", "gzip"))[0] == expected


@pytest.mark.parametrize("coding", DECODE)
def test_each_coding_gives_the_same_body(app, coding):
    """Whatever it is sent in, the body is the one of a client that accepts none."""
    plain, reply = get(app, "/long", None), get(app, "/long", coding)

    assert DECODE[coding](reply.data) == plain.data == reply.text.encode()
    assert reply.json == LONG
    assert reply.headers["Content-Encoding"] == coding
    assert len(reply.data) == int(reply.headers["Content-Length"]) < len(plain.data) / 10
    assert "Content-Encoding" not in plain.headers


def test_a_client_that_forbids_everything_gets_an_answer(app):
    """Where none of the codings is accepted the answer is sent as it is, also to a client that forbids that."""
    for header in ("identity;q=0", "*;q=0", "deflate, identity;q=0", "gzip;q=0, br;q=0, zstd;q=0, identity;q=0"):
        reply = get(app, "/long", header)
        assert (reply.status_code, reply.json) == (200, LONG)
        assert "Content-Encoding" not in reply.headers


def test_identity_that_is_forbidden_counts(app):
    """A short answer is encoded as well for a client that accepts a coding and nothing else."""
    assert get(app, "/short", "gzip, identity;q=0").headers["Content-Encoding"] == "gzip"
    assert get(app, "/short", "gzip, *;q=0").json == {"name": "Rex"}
    assert "Content-Encoding" not in get(app, "/short", "gzip").headers


def test_an_absurd_header_is_not_read(app):
    """A header of thousands of codings costs nothing."""
    assert "Content-Encoding" not in get(app, "/long", "gzip," * 5000).headers


# Which answers


@pytest.mark.parametrize(
    ("media_type", "expected"),
    [
        ("application/json", True),
        ("application/problem+json", True),
        ("application/json; charset=utf-8", True),
        ("Text/HTML", True),
        ("image/svg+xml", True),
        ("text/event-stream", True),
        ("application/jsonl", True),
        ("image/png", False),
        ("application/zip", False),
        ("application/octet-stream", False),
        ("font/woff2", False),
        ("video/mp4", False),
        ("", False),
    ],
)
def test_types_that_are_compressed(media_type, expected):
    """Text in its many forms, and nothing that is compressed already."""
    assert is_among(media_type, TYPES) is expected


def test_every_answer_that_could_have_been_compressed_says_so(app):
    """``Vary`` is on the short ones, the plain ones, the 304 and the errors."""
    tag = get(app, "/long").headers["ETag"]
    replies = [get(app, path, accepted) for path in ("/long", "/short", "/nowhere") for accepted in (None, "gzip", "")]
    replies.append(get(app, "/long", "gzip", If_None_Match=tag))

    assert replies[-1].status_code == 304
    assert {reply.headers["Vary"] for reply in replies} == {"Accept-Encoding"}


def test_answers_that_stay_as_they_are(app):
    """Other types, partial answers, what is encoded, what is not to be transformed, and what has a digest."""
    text = "Rex " * 1000
    cases = {
        "type": Response(text, content_type="image/png"),
        "none": Response(b"", content_type="text/plain"),
        "encoded": Response(text, headers={"Content-Encoding": "gzip"}),
        "range": Response(text, 206, headers={"Content-Range": "bytes 0-3999/4001"}),
        "transform": Response(text, headers={"Cache-Control": "max-age=1, no-transform"}),
        "digest": Response(text, headers={"Repr-Digest": "sha-256=:AAAA:"}),
    }

    @app.get("/case/<name>")
    def case(name):
        return cases[name]

    for name in cases:
        reply = get(app, f"/case/{name}")
        assert reply.headers.get("Content-Encoding") == ("gzip" if name == "encoded" else None), name
        assert reply.data == (b"" if name == "none" else text.encode()), name


def test_errors_and_unknown_paths_are_compressed():
    """On an application the mark acts on every answer, those of hooks and of nothing registered too."""
    app = make_app(compression(minimum=10), PROPAGATE_EXCEPTIONS=False)

    @app.get("/fail")
    def fail():
        raise ValueError

    @app.get("/missing")
    def missing():
        raise NotFound("x" * 500)

    for path, status in (("/nowhere", 404), ("/fail", 500), ("/missing", 404)):
        reply = get(app, path)
        assert (reply.status_code, reply.headers["Content-Encoding"], reply.json["status"]) == (status, "gzip", status)
    assert get(app, "/long", method="DELETE").headers["Content-Encoding"] == "gzip"


def test_the_nearest_mark_counts():
    """On a handler, a class, a router and an application: the one that is nearest, also for its router's misses."""
    inner = Router("inner", url_prefix="/inner", marks=[compression("br", minimum=0)])

    @inner.get("/router")
    @response(200, NameSchema)
    def router():
        return LONG

    @inner.get("/handler")
    @compression("zstd")
    @response(200, NameSchema)
    def handler():
        return LONG

    @compression("gzip", minimum=0)
    class Short(Resource):
        @response(200, NameSchema)
        def get(self):
            return {"name": "Rex"}

    app = make_app(compression("gzip"))
    app.register_router(inner)
    app.add_url_rule("/class", view_func=Short.as_view("class"))
    everything = "gzip, br, zstd"

    used = {path: get(app, path, everything).headers.get("Content-Encoding") for path in (
        "/long", "/short", "/class", "/inner/router", "/inner/handler", "/inner/nowhere", "/nowhere",
    )}  # fmt: skip
    assert used == {
        "/long": "gzip", "/short": None, "/class": "gzip", "/inner/router": "br", "/inner/handler": "zstd",
        "/inner/nowhere": "br", "/nowhere": None,
    }  # fmt: skip


def test_a_mark_on_a_handler_alone():
    """Without one on the application, only that operation is compressed, its refusals included."""
    app = make_app()

    @app.get("/one")
    @compression(minimum=0)
    @raises(NotFound)
    @response(200, NameSchema)
    def one():
        raise NotFound

    assert get(app, "/one").headers["Content-Encoding"] == "gzip"
    assert not {"Content-Encoding", "Vary"} & set(get(app, "/long").headers.keys())


def test_hooks_and_the_contract_see_the_answer_as_it_was_made(app):
    """The last thing of all: an ``after_request`` function reads JSON, and the contract of a server looks at it."""
    seen = []

    @app.after_request
    def look(reply):
        seen.append(reply.get_json())
        return reply

    @app.get("/wrong")
    @response(200, NameSchema)
    def wrong():
        return Response(json.dumps({"name": 1, "more": "x" * 5000}), content_type="application/json")

    assert get(app, "/long").headers["Content-Encoding"] == "gzip"
    assert seen == [LONG]
    app.config["PROPAGATE_EXCEPTIONS"] = False
    client = app.test_client(contract=None)
    with pytest.raises(ContractViolation, match="name"):
        client.get("/wrong", headers={"Accept-Encoding": "gzip"})
    status = []
    environ = {**app.test_request_context("/wrong", headers={"Accept-Encoding": "gzip"}).environ}
    list(app(environ, lambda line, headers: status.append((line, dict(headers).get("Content-Encoding")))))
    assert status == [("500 INTERNAL SERVER ERROR", None)]


def test_head_is_as_get(app):
    """The same headers without the body."""
    for path in ("/long", "/short"):
        shown, head = get(app, path), get(app, path, method="HEAD")
        told = [{**reply.headers, "X-Request-ID": None} for reply in (head, shown)]
        assert told[0] == told[1]
        assert head.data == b""


# Secrets (BREACH)


def test_answers_that_other_sites_can_ask_for_are_not_compressed(app):
    """With a cookie, or with what browsers send by themselves, only the own pages get a compressed answer."""
    own = {"Sec_Fetch_Site": "same-origin"}
    cross = {"Sec_Fetch_Site": "cross-site"}
    cookie, basic = {"Cookie": "session=x"}, {"Authorization": "Basic YTpi"}
    cases = [
        ({}, True),
        (cross, True),  # nothing of a user is in it
        ({"Authorization": "Bearer x", **cross}, True),  # a page cannot send it
        (cookie, False),
        (basic, False),
        ({**cookie, **cross}, False),
        ({**basic, **cross}, False),
        ({**cookie, "Sec_Fetch_Site": "same-site"}, False),
        ({**cookie, **own}, True),
        ({**basic, **own}, True),
        ({**cookie, "Origin": "http://localhost"}, True),
        ({**cookie, "Origin": "http://other.example"}, False),
        ({**cookie, "Origin": "https://app.example", "Sec_Fetch_Site": "same-site"}, True),
    ]
    app.config["CSRF_TRUSTED_ORIGINS"] = ["https://app.example"]

    for headers, expected in cases:
        reply = get(app, "/long", **headers)
        assert ("Content-Encoding" in reply.headers, reply.headers["Vary"]) == (expected, "Accept-Encoding"), headers


def test_an_answer_that_sets_a_cookie(app):
    """It begins what is secret, and is treated likewise."""

    @app.get("/login")
    @response(200, NameSchema)
    def login():
        session["user"] = 1
        return LONG

    assert "Content-Encoding" not in get(app, "/login").headers
    reply = get(app, "/login", Sec_Fetch_Site="same-origin")
    assert reply.headers["Content-Encoding"] == "gzip"
    assert reply.headers["Vary"] == "Cookie, Accept-Encoding"


def test_secrets_can_be_compressed_by_request():
    """An application that knows what it does says so."""
    assert get(make_app(compression(secrets=True)), "/long", Cookie="a=b").headers["Content-Encoding"] == "gzip"


# Tags and conditions


def test_each_coding_has_a_tag(app):
    """A strong tag gets the coding; a client that has the answer gets a 304 with the tag of what it has."""
    plain = get(app, "/long", None).headers["ETag"]
    tags = {coding: get(app, "/long", coding).headers["ETag"] for coding in DECODE}

    assert tags == {coding: f'{plain[:-1]}-{coding}"' for coding in DECODE}
    for coding, tag in tags.items():
        same = get(app, "/long", coding, If_None_Match=f'"other", {tag}')
        assert (same.status_code, same.headers["ETag"], same.data) == (304, tag, b"")
        assert get(app, "/long", coding, If_None_Match=f"W/{tag}").status_code == 304
        assert get(app, "/long", coding, If_None_Match=plain).headers["ETag"] == plain


def test_another_coding_is_another_representation(app):
    """Whoever has it in a coding that it does not accept now gets the whole answer."""
    tag = get(app, "/long", "gzip").headers["ETag"]

    for accepted in (None, "br", "identity", "gzip;q=0"):
        assert get(app, "/long", accepted, If_None_Match=tag).status_code == 200
    assert get(app, "/long", "gzip", If_None_Match=tag.replace("-gzip", "-br")).status_code == 200


def test_weak_tags_stay(app):
    """They are good for every coding."""

    @app.get("/weak")
    @etag(weak=True)
    @response(200, NameSchema)
    def weak():
        return LONG

    tag = get(app, "/weak").headers["ETag"]
    assert tag == get(app, "/weak", None).headers["ETag"]
    assert [get(app, "/weak", each, If_None_Match=tag).status_code for each in ("gzip", "br", None)] == [304] * 3


@pytest.mark.parametrize("version", [None, "version"])
def test_writes_are_guarded_by_any_tag(app, version):
    """A PUT with the tag of a compressed answer is held to its state: 200 the first time, 412 after it."""
    from framework import arguments, check_etag

    class Row:
        name, version = "Rex " * 1000, 1

    row = Row()

    @app.route("/row")
    class OneRow(Resource):
        @etag(version=version)
        @response(200, NameSchema)
        def get(self):
            return row

        @etag(version=version)
        @arguments(NameSchema)
        @response(200, NameSchema)
        def put(self, value):
            check_etag(row)
            row.name, row.version = value["name"], row.version + 1
            return row

    client = app.test_client()
    tag = get(app, "/row", "br").headers["ETag"]
    assert tag.endswith('-br"')

    def write(tag):
        headers = {"If-Match": tag, "Accept-Encoding": "gzip"}
        return client.put("/row", json={"name": "Ada " * 1000}, headers=headers)

    first = write(tag)
    assert (first.status_code, write(tag).status_code) == (200, 412)
    assert first.headers["ETag"].endswith('-gzip"')
    assert write(first.headers["ETag"]).status_code == 200
    assert get(app, "/row", "gzip", If_Match=tag).status_code == 412
    current = get(app, "/row", "gzip").headers["ETag"]
    assert get(app, "/row", "gzip", If_Match=current).status_code == 200
    absent = {"If-None-Match": current, "If-Match": current}
    assert client.put("/row", json={"name": "x"}, headers=absent).status_code == 412


def test_a_tag_that_looks_like_that_of_a_coding(app):
    """An application's own tag that ends in ``-gzip`` is still understood."""

    @app.get("/own")
    def own():
        reply = Response("short")
        reply.set_etag("report-gzip")
        return reply.make_conditional(request)

    assert get(app, "/own", If_None_Match='"report-gzip"').status_code == 304
    assert get(app, "/own", None, If_None_Match='"report-gzip"').status_code == 304


def test_malformed_conditions_stay_refused(app):
    """What is no list of tags is a 400 with compression as without; a huge one stays as it is."""
    assert get(app, "/long", If_None_Match='"a-gzip').status_code == 400
    assert get(app, "/long", If_Match='"a-gzip", x').status_code == 400
    assert get(app, "/long", If_None_Match=", ".join(['"a-gzip"'] * 20_000)).status_code == 200


def test_files_are_compressed_and_not_cut(app, tmp_path):
    """A whole file is compressed and offers no ranges; a range of it is as it is, by the tag of the file alone."""
    (tmp_path / "words.txt").write_text("Rex " * 10_000)

    @app.get("/file")
    @download("text/plain")
    def file():
        return tmp_path / "words.txt"

    @app.get("/sent")
    def sent():
        return send_file(tmp_path / "words.txt", conditional=True)

    get_whole = functools.partial(get, app, buffered=True)
    for path in ("/file", "/sent"):
        whole = get_whole(path)
        tag = whole.headers["ETag"]
        assert gzip.decompress(whole.data) == b"Rex " * 10_000
        assert (whole.headers.get("Accept-Ranges", "none"), "Content-Length" in whole.headers) == ("none", False)
        assert len(whole.data) < 1000  # not flushed block by block
        assert get_whole(path, If_None_Match=tag).status_code == 304
        part = get_whole(path, Range="bytes=0-3")
        assert (part.status_code, part.data) == (206, b"Rex ")
        assert get_whole(path, Range="bytes=0-3", If_Range=tag).status_code == 200
        assert get_whole(path, Range="bytes=0-3", If_Range=tag.replace("-gzip", "")).status_code == 206


# With other marks


def test_vary_is_merged():
    """With CORS, with what a handler says, and with ``cache_control``."""
    app = make_app(CORS("https://app.example"), compression())

    @app.get("/all")
    @cache_control(public=True, max_age=60, vary="Accept-Language")
    @response(200, NameSchema)
    def everything():
        return LONG

    reply = get(app, "/all", Origin="https://app.example")
    assert reply.headers["Content-Encoding"] == "gzip"
    assert reply.headers.getlist("Vary") == ["Accept-Language, Origin, Accept-Encoding"]
    assert get(app, "/long").headers["Vary"] == "Origin, Accept-Encoding"


def test_what_is_replayed_is_compressed_anew(app):
    """The answer that is kept for a key is the one that was made; each client gets it as it accepts it."""

    @app.post("/orders")
    @idempotent()
    @response(201, NameSchema)
    def order():
        return LONG

    client = app.test_client()
    replies = [
        client.post("/orders", headers={"Idempotency-Key": '"1"', "Accept-Encoding": each})
        for each in ("gzip", "", "br")
    ]
    assert [reply.headers.get("Content-Encoding") for reply in replies] == ["gzip", None, "br"]
    assert [reply.json for reply in replies] == [LONG] * 3


def test_pages_are_compressed(app):
    """The tag of a page covers its headers, encoded or not."""

    @app.get("/rows")
    @etag
    @paginate()
    @response(200, NameSchema(many=True))
    def rows(pagination_parameters):
        pagination_parameters.item_count = 1000
        return [LONG] * pagination_parameters.page_size

    reply = get(app, "/rows?page=2")
    assert reply.headers["Content-Encoding"] == "gzip"
    assert json.loads(reply.headers["X-Pagination"])["page"] == 2
    assert get(app, "/rows?page=2", If_None_Match=reply.headers["ETag"]).status_code == 304
    assert get(app, "/rows?page=3", If_None_Match=reply.headers["ETag"]).status_code == 200


# Caches


def test_the_cache_of_a_client(app):
    """A client with a cache asks with the tag that it has, gets a 304, and shows what it has decoded."""
    with served_here(app) as address, cachecontrol.CacheControl(requests.Session()) as client:
        for coding in ("gzip", "gzip", "br", "br", "gzip"):
            reply = client.get(f"{address}/long", headers={"Accept-Encoding": coding})
            # What the cache keeps is decoded by requests itself; it does not know of brotli without the library.
            assert reply.json() == LONG
            assert reply.headers["Content-Encoding"] == coding


NGINX = """
        location / {{
            proxy_pass {upstream};
            proxy_set_header Host $host;
            proxy_cache kept;
            add_header X-Cache $upstream_cache_status always;
        }}
"""


def test_a_shared_cache_keeps_codings_apart(app, tmp_path):
    """nginx gives each client what it accepts."""

    @app.get("/public")
    @cache_control(public=True, max_age=600)
    @etag
    @response(200, NameSchema)
    def public():
        return LONG

    settings = "proxy_cache_path kept keys_zone=kept:1m;"
    with served_here(app) as upstream, nginx_server(tmp_path, NGINX.format(upstream=upstream), settings) as port:
        seen = []
        for accepted in ("gzip", "identity", "br", "gzip", "identity", "br"):
            reply = requests.get(f"http://127.0.0.1:{port}/public", headers={"Accept-Encoding": accepted})
            assert reply.json() == LONG
            seen.append((reply.headers.get("Content-Encoding"), reply.headers["X-Cache"]))

    assert [coding for coding, _ in seen] == ["gzip", None, "br", "gzip", None, "br"]
    assert [state for _, state in seen[3:]] == ["HIT"] * 3


# Streams


def parts_of(app, path, accepted):
    """The parts of a stream, as they are sent."""
    reply = get(app, path, accepted)
    return reply, [part for part in reply.response if part]


@pytest.mark.parametrize("coding", DECODE)
def test_each_part_of_a_stream_is_sent_at_once(app, coding):
    """What is sent for a part holds all of it; together the parts are a whole body with its end."""

    @app.get("/events")
    @events(NameSchema, keep_alive=None)
    def some_events():
        return ({"name": f"event {number}"} for number in range(5))

    @app.get("/lines")
    @stream(NameSchema)
    def some_lines():
        return ({"name": f"line {number}"} for number in range(5))

    @app.get("/text")
    def some_text():
        return Response((f"text {number}\n" for number in range(5)), content_type="text/plain")

    for path, word in (("/events", "event"), ("/lines", "line"), ("/text", "text")):
        reply, parts = parts_of(app, path, coding)
        decode = part_decoder(coding)
        assert reply.headers["Content-Encoding"] == coding
        assert "Content-Length" not in reply.headers
        assert [f"{word} {number}" in decode(part).decode() for number, part in enumerate(parts[:5])] == [True] * 5
        assert DECODE[coding](b"".join(parts)) == get(app, path, None).data


def test_the_contract_looks_at_the_parts(app):
    """A part that is not as declared is found in the test client, compressed or not."""

    @app.get("/lines")
    @stream(NameSchema)
    def lines():
        yield {"name": "good"}
        yield {}

    reply = get(app, "/lines")
    with pytest.raises(ContractViolation):
        list(reply.response)


def test_a_stream_that_is_left_is_closed(app):
    """The generator is closed when the client goes, and one that breaks off sends no end."""
    closed = []

    @app.get("/lines")
    @stream(NameSchema)
    def lines():
        try:
            for number in itertools.count():
                yield {"name": str(number)}
        finally:
            closed.append(request.path)

    @app.get("/breaks")
    @stream(NameSchema)
    def breaks():
        yield {"name": "one"}
        raise ValueError("broken")

    reply = get(app, "/lines")
    next(iter(reply.response))
    reply.close()
    assert closed == ["/lines"]
    sent = b""
    with pytest.raises(ValueError, match="broken"):
        for part in get(app, "/breaks").response:
            sent += part
    inner = zlib.decompressobj(31)
    assert inner.decompress(sent) == b'{"name":"one"}\n'
    assert not inner.eof


def test_head_of_a_stream(app):
    """No part is made for it."""

    @app.get("/lines")
    @stream(NameSchema)
    def lines():
        raise AssertionError
        yield

    reply = get(app, "/lines", method="HEAD")
    assert (reply.headers["Content-Encoding"], reply.data) == ("gzip", b"")


# On real servers


def read_until(answer, decode, word, text=b""):
    """Read a chunked answer until something decoded is in it."""
    while word not in text:
        size = int(answer.readline(), 16)
        assert size, text
        text += decode(answer.read(size))
        answer.readline()
    return text


@pytest.mark.parametrize("coding", DECODE)
@pytest.mark.parametrize("path", ["events", "lines", "parts"])
def test_a_part_arrives_before_the_next_is_made(served, path, coding):
    """On each server the client has decoded the first part while the handler still waits; when the client leaves, the
    handler's iterable is closed."""
    kind = f"{path}-{coding}"
    with (
        socket.create_connection(("127.0.0.1", served.port), timeout=20) as client,
        client.makefile("rb") as answer,
    ):
        client.sendall(f"GET /{path}/{kind} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: {coding}\r\n\r\n".encode())
        head = b"".join(iter(answer.readline, b"\r\n")).lower()
        assert f"content-encoding: {coding}".encode() in head
        assert b"transfer-encoding: chunked" in head
        decode = part_decoder(coding)
        text = read_until(answer, decode, b"1")
        assert b"2" not in text
        (served.folder / f"go-{kind}").touch()
        read_until(answer, decode, b"2", text)
    (served.folder / f"leave-{kind}").touch()
    end = time.monotonic() + 20
    while f"closed {kind}" not in (served.folder / "log").read_text() and time.monotonic() < end:
        time.sleep(0.02)
    assert f"closed {kind}" in (served.folder / "log").read_text()


def test_tags_on_each_server(served):
    """What a client with a cache does: GET, GET again, PUT, PUT again."""
    accepted = {"Accept-Encoding": "gzip"}
    status, headers, body = served.ask("GET", "/name", headers=accepted)
    tag = headers["ETag"]
    assert (status, headers["Content-Encoding"]) == (200, "gzip")
    assert "name" in json.load(gzip.GzipFile(fileobj=io.BytesIO(body)))
    status, again, body = served.ask("GET", "/name", headers={**accepted, "If-None-Match": tag})
    assert (status, again["ETag"], again["Vary"], body) == (304, tag, "Accept-Encoding", b"")
    _, head, body = served.ask("HEAD", "/name", headers=accepted)
    assert (head["ETag"], head["Content-Encoding"], body) == (tag, "gzip", b"")
    sent = {**accepted, "If-Match": tag, "Content-Type": "application/json", "Content-Encoding": "gzip"}
    body = gzip.compress(json.dumps({"name": f"Ada {time.time()} " * 500}).encode())
    assert served.ask("PUT", "/name", body, sent)[0] == 200
    assert served.ask("PUT", "/name", body, sent)[0] == 412


# The document


def test_the_document_has_the_headers(app):
    """On each success whose type is compressed, whatever is installed here."""

    @app.get("/image")
    @download("image/png")
    def image():
        return b""

    @app.delete("/image")
    @response(204)
    def remove():
        return None

    paths = app.openapi["paths"]
    headers = paths["/long"]["get"]["responses"]["200"]["headers"]
    assert headers["Content-Encoding"]["schema"] == {"type": "string", "enum": ["zstd", "br", "gzip"]}
    assert "Vary" in headers
    for method, status in (("get", "200"), ("delete", "204")):
        assert "Content-Encoding" not in paths["/image"][method]["responses"][status].get("headers", {})


# Mistakes


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: compression("deflate"), "unknown coding 'deflate'"),
        (lambda: compression(minimum=-1), "minimum=-1"),
        (lambda: compression(minimum=True), "minimum=True"),
        (lambda: compression(types=["json"]), "media type 'json'"),
        (lambda: compression(make_app), r"Write @compression\(\)"),
    ],
)
def test_mistakes(make, text):
    """A wrong argument is refused where it is written."""
    with pytest.raises(SetupError, match=text):
        make()
