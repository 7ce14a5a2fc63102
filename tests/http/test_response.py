"""The small answer of a declared operation."""

from __future__ import annotations

import pytest
from werkzeug.test import create_environ, run_wsgi_app
from werkzeug.wrappers import Response as BaseResponse

from framework import Response
from framework.http.request_ids import RequestIds
from framework.http.response import PreparedResponse, status_line


def send(answer, method="GET"):
    """The status, headers and body that an answer sends."""
    body, status, headers = run_wsgi_app(answer, create_environ(method=method))
    return status, sorted(headers.to_wsgi_list()), b"".join(body)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("status", [200, 201, 202, 204, 304, 404, 418, 500])
def test_it_sends_what_a_response_sends(status, method):
    """A wire answer sends byte for byte what a full response of the same content sends."""
    headers = [("Content-Type", "application/json"), ("X-A", "1"), ("X-A", "2")]
    wire = PreparedResponse(status, list(headers), b'{"a": 1}')
    full = BaseResponse(b'{"a": 1}', status, headers)
    if status == 204:
        del full.headers["Content-Type"]  # what has no body has no type

    assert send(wire, method) == send(full, method)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("status", [200, 204, 304, 418])
def test_it_becomes_a_response(status, method):
    """The full response of a wire answer sends the same."""
    wire = PreparedResponse(status, [("Content-Type", "application/json"), ("X-A", "1"), ("X-A", "2")], b"{}")
    response = wire.to_response(Response)

    assert type(response) is Response
    assert send(response, method) == send(wire, method)


def test_headers_are_made_on_touch():
    """The headers may be read and changed, and are sent as changed."""
    wire = PreparedResponse(200, [("X-A", "1")], b"")
    wire.headers["X-A"] = "2"
    wire.headers.add("X-B", "3")

    assert [item for item in send(wire)[1] if item[0].startswith("X")] == [("X-A", "2"), ("X-B", "3")]
    with pytest.raises(ValueError, match="newline"):
        wire.headers["X-C"] = "a\r\nb"


@pytest.mark.parametrize(
    "status, line", [(200, "200 OK"), (404, "404 NOT FOUND"), (418, "418 I'M A TEAPOT"), (299, "299 UNKNOWN")]
)
def test_status_lines(status, line):
    """A status line is written as werkzeug writes it."""
    assert status_line(status) == line == BaseResponse(status=status).status


class Own(Response):
    """A class with a constructor of its own."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.made = True


@pytest.mark.parametrize("status", [200, 201, 204, 304, 404, 599])
@pytest.mark.parametrize("touched", [False, True])
def test_a_response_is_made_as_by_its_constructor(status, touched):
    """It has what the constructor sets, nothing shared with another, and a constructor of one's own is called."""

    def prepared():
        made = PreparedResponse(status, [("Content-Type", "text/plain"), ("X-A", "1")], b"text")
        if touched:
            made.headers["Content-Length"] = "9"
        return made

    quick, usual = prepared().to_response(Response), prepared().to_response(Own)

    assert usual.made
    assert vars(quick) == {name: value for name, value in vars(usual).items() if name != "made"}
    assert quick.headers.get("Content-Length") == (None if status in (204, 304) else "4")
    assert send(quick) == send(usual)
    quick.headers["X-A"] = "2"
    quick.call_on_close(lambda: None)
    other = prepared().to_response(Response)
    assert other.headers["X-A"] == "1"
    assert other._on_close == []


class Chunked(Response):
    """Writes its body in its own way."""

    def iter_encoded(self):
        return iter([b"own"])


class Unmeasured(Response):
    """Does not say its length."""

    automatically_set_content_length = False


CLOSED = []


def closing(response):
    """Ask to be told of the end."""
    response.call_on_close(lambda: CLOSED.append(response.status_code))
    return response


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "make",
    [
        lambda cls: cls("text"),
        lambda cls: cls(b"text", 201, {"X-A": "1"}),
        lambda cls: cls("text", "299 Own words"),
        lambda cls: cls("text", 204),
        lambda cls: cls("text", 304),
        lambda cls: cls("text", 199),
        lambda cls: cls(["te", b"xt"]),
        lambda cls: cls(iter(["te", "xt"])),
        lambda cls: cls(),
        lambda cls: cls("text", headers={"Content-Length": "4"}),
        lambda cls: cls("text", 302, {"Location": "/\u00e9"}),
        lambda cls: cls("text", headers={"Content-Location": "/\u00e9"}),
        lambda cls: cls([b"text"], direct_passthrough=True),
        lambda cls: closing(cls("text")),
    ],
)
@pytest.mark.parametrize("cls", [Response, Own, Chunked, Unmeasured])
def test_a_response_is_sent_as_werkzeug_sends_it(cls, make, method):
    """Status, headers, body and what is called at the end are the same, whatever the class overrides."""

    class Werkzeug(cls):
        __call__ = BaseResponse.__call__

    def sent(response):
        CLOSED.clear()
        environ = create_environ(method=method)
        body, status, headers = run_wsgi_app(response, environ, buffered=True)
        return b"".join(body), status, list(headers), list(CLOSED)

    assert sent(make(cls)) == sent(make(Werkzeug))


@pytest.mark.parametrize("make", [Response, Own, PreparedResponse])
@pytest.mark.parametrize("own", [[], [("x-one", "own")], [("X-Two", "2")]])
@pytest.mark.parametrize("status", [200, 204, 404])
def test_a_further_header_is_sent_unless_there_is_one(make, own, status):
    """A response of any class is sent with a header that it lacks, and keeps its own; it is not changed by that."""
    headers = [("Content-Type", "text/plain"), *own]
    answer = make(status, headers, b"x") if make is PreparedResponse else make(b"x", status, headers)
    sent = []
    ids = RequestIds("X-One", "*")
    for _ in range(2):
        environ = {**create_environ(), "HTTP_X_ONE": "asked"}
        ids.send(answer, environ, lambda status, headers, exc_info=None: sent.append(headers))

    expected = ["own"] if own[:1] == [("x-one", "own")] else ["asked"]
    assert [[value for name, value in each if name.lower() == "x-one"] for each in sent] == [expected] * 2


def test_a_status_that_a_class_computes_is_sent():
    """The status of a class with a property of its own is that of the property."""

    class Teapot(Response):
        status = property(lambda self: "418 I'M A TEAPOT", lambda self, value: None)
        status_code = property(lambda self: 418)

    assert send(Teapot(b"x"))[0] == "418 I'M A TEAPOT"
