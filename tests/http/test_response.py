"""The small answer of a declared operation."""

from __future__ import annotations

import pytest
from werkzeug.test import create_environ, run_wsgi_app
from werkzeug.wrappers import Response as BaseResponse

from framework import Response
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
