"""An application under CGI and FastCGI, each in a real process, as ``docs/deploying/cgi`` starts it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import nginx_server

ROOT = Path(__file__).parents[1]
SECONDS = 30
CGI = """
from wsgiref.handlers import CGIHandler
from tests.deployed import create_app
CGIHandler().run(create_app())
"""
FASTCGI = """
from flipflop import WSGIServer
from tests.deployed import create_app
WSGIServer(create_app()).run()
"""
LOCATION = """
        location / {{
            include /etc/nginx/fastcgi_params;
            fastcgi_param SCRIPT_NAME "";
            fastcgi_param PATH_INFO $document_uri;
            fastcgi_pass unix:{socket};
        }}
"""


def environment(folder, **variables):
    """What a program finds in its environment."""
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "DEPLOYED_LOG": str(folder / "ended"), **variables}


def ask_cgi(folder, method, path, body=b"", **variables):
    """One request as an HTTP server hands it to a program: status, headers, body."""
    done = subprocess.run(
        [sys.executable, "-c", CGI],
        input=body,
        capture_output=True,
        timeout=SECONDS,
        env=environment(
            folder,
            GATEWAY_INTERFACE="CGI/1.1",
            REQUEST_METHOD=method,
            SCRIPT_NAME="/cgi-bin/shop.cgi",
            PATH_INFO=path,
            QUERY_STRING="",
            SERVER_NAME="shop.example",
            SERVER_PORT="80",
            SERVER_PROTOCOL="HTTP/1.1",
            REMOTE_ADDR="203.0.113.9",
            CONTENT_LENGTH=str(len(body)) if body else "",
            **variables,
        ),
    )
    head, _, answer = done.stdout.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
    return int(headers["Status"].split()[0]), headers, answer


def test_cgi_answers_below_the_name_of_the_program(tmp_path):
    """URLs are made below the program, and the client is known."""
    status, headers, body = ask_cgi(tmp_path, "GET", "/where/")

    assert (status, headers["Content-Type"]) == (200, "application/json")
    assert json.loads(body) == {
        "url": "http://shop.example/cgi-bin/shop.cgi/where/",
        "root": "/cgi-bin/shop.cgi",
        "scheme": "http",
        "client": "203.0.113.9",
    }


def test_cgi_reads_a_body_by_its_length(tmp_path):
    """A body of JSON arrives; without one, and with a wrong one, the answer is an error."""
    known = {"CONTENT_TYPE": "application/json"}

    assert ask_cgi(tmp_path, "POST", "/points", b'{"x": 1}', **known)[::2] == (201, b'{"x":1}')
    assert ask_cgi(tmp_path, "POST", "/points", b'{"x": "1"}', **known)[0] == 422
    assert ask_cgi(tmp_path, "POST", "/points")[0] == 422


def test_cgi_sends_a_stream_and_hides_a_failure(tmp_path):
    """A generator is sent whole, and an unhandled error is a problem object."""
    assert ask_cgi(tmp_path, "GET", "/parts")[2] == b"/parts 0\n/parts 1\n/parts 2\n"
    status, headers, body = ask_cgi(tmp_path, "GET", "/fail")

    assert (status, headers["Content-Type"]) == (500, "application/problem+json")
    assert b"secret" not in body


@pytest.fixture(scope="module")
def fastcgi(tmp_path_factory):
    """A process that stays, its socket as standard input, behind nginx."""
    folder = tmp_path_factory.mktemp("fastcgi")
    (folder / "ended").touch()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "shop.sock"))
        listener.listen(16)
        with (folder / "shop.out").open("w") as out:
            process = subprocess.Popen(
                [sys.executable, "-c", FASTCGI], stdin=listener, stdout=out, stderr=out, env=environment(folder)
            )
    try:
        nginx = folder / "nginx"
        nginx.mkdir()
        with nginx_server(nginx, LOCATION.format(socket=folder / "shop.sock")) as port:
            yield port
    finally:
        process.terminate()
        process.wait(10)


def ask(port, method, path, body=None, headers=None):
    """One request to nginx: status, headers, body."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)) as connection:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()


def test_fastcgi_answers_one_request_after_another(fastcgi):
    """The process stays: URLs, bodies, streams and failures are as under other servers."""
    assert json.loads(ask(fastcgi, "GET", "/where/")[2])["root"] == ""
    assert ask(fastcgi, "POST", "/points", b'{"x": 1}', {"Content-Type": "application/json"})[0] == 201
    assert ask(fastcgi, "POST", "/size", b"x" * 300_000)[2] == b"300000"
    assert ask(fastcgi, "GET", "/parts")[2] == b"/parts 0\n/parts 1\n/parts 2\n"
    assert ask(fastcgi, "GET", "/fail")[0] == 500
    assert ask(fastcgi, "GET", "/where")[1]["Location"].endswith("/where/")
