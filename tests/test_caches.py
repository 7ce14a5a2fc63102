"""Answers through real caches: that of a client (CacheControl) and a shared one (nginx), over real connections."""

from __future__ import annotations

import cachecontrol
import pytest
import requests

from framework import App, Resource, Schema, cache_control, check_etag, etag, fields, request, response
from framework.errors import Unauthorized
from framework.marks.base import Mark, Outcome, Phase, Security, Step
from framework.marks.security import loads
from tests.browsers import served
from tests.servers import nginx_server

NGINX = """
        location / {{
            proxy_pass {upstream};
            proxy_set_header Host $host;
            proxy_cache kept;
            proxy_cache_revalidate on;
            add_header X-Cache $upstream_cache_status always;
        }}
"""


class TextSchema(Schema):
    """What is shown."""

    text = fields.String(required=True)


class Row:
    """An object with a version."""

    text, version = "first", 1


class Token(Mark):
    """A token that everybody knows."""

    def run(self, plan):
        yield Step(Phase.AUTHENTICATE, self.check)

    def check(self, ctx, call):
        if not ctx.request.headers.get("Authorization"):
            raise Unauthorized

    def document(self, plan):
        yield Security("bearer", {"type": "http", "scheme": "bearer"})
        yield Outcome(401, error=Unauthorized)


@pytest.fixture(params=[True, False], ids=["fast", "plain"])
def app(request):
    """The application; ``app.calls`` are the handlers that were called, ``app.asked`` the requests that arrived."""
    app = App("caches")
    app.config.update(FAST_PATH=request.param, CONTRACT="raise")
    app.calls, app.asked = [], []
    rows = {1: Row()}
    add_views(app, rows)
    return app


def add_views(app, rows):
    """One view for each thing that a cache may do."""

    @app.before_request
    def note():
        app.asked.append((request.method, request.path))

    def called(name):
        app.calls.append(name)

    @app.get("/fresh")
    @cache_control(public=True, max_age=600)
    @etag
    @response(200, TextSchema)
    def fresh():
        called("fresh")
        return {"text": "fresh"}

    @app.route("/rows/<int:row_id>")
    @loads(lambda row_id: rows.get(row_id))
    @cache_control(private=True, no_cache=True)
    @etag(version="version")
    class OneRow(Resource):
        @response(200, TextSchema)
        def get(self, row):
            called("get")
            return row

        @response(200, TextSchema)
        def put(self, row):
            row.text, row.version = "second", 2
            return row

    @app.get("/mine")
    @Token()
    @etag
    @response(200, TextSchema)
    def mine():
        called("mine")
        return {"text": request.headers["Authorization"]}

    @app.get("/shared")
    @cache_control(public=True, max_age=600)
    @Token()
    @response(200, TextSchema)
    def shared():
        called("shared")
        return {"text": "for all"}

    @app.get("/language")
    @cache_control(public=True, max_age=600, vary="Accept-Language")
    @response(200, TextSchema)
    def language():
        called("language")
        return {"text": request.headers.get("Accept-Language", "")}

    @app.get("/asked")
    @cache_control(public=True, no_cache=True)
    @etag
    @response(200, TextSchema)
    def asked():
        called("asked")
        return {"text": "asked"}

    @app.get("/missing")
    @cache_control(public=True, max_age=600)
    @response(200, TextSchema)
    @response(404, TextSchema)
    def missing():
        called("missing")
        return {"text": "no"}, 404

    @app.route("/bytes")
    class Bytes(Resource):
        @etag
        @response(200, TextSchema)
        def get(self):
            return rows[1]

        @etag
        @response(204)
        def delete(self):
            check_etag(rows[1])


@pytest.fixture
def address(app):
    """Where it is served."""
    with served(app) as address:
        yield address


@pytest.fixture
def browser(address):
    """A client with a cache of its own, as a browser has one."""
    with cachecontrol.CacheControl(requests.Session()) as client:
        yield lambda path, **headers: client.get(
            address + path, headers={name.replace("_", "-"): value for name, value in headers.items()}
        )


def test_a_fresh_answer_is_not_asked_for_again(app, browser):
    """``max_age`` keeps the request at the client."""
    assert [browser("/fresh").json()["text"] for _ in range(3)] == ["fresh"] * 3
    assert len(app.asked) == 1


def test_a_kept_answer_is_asked_for_and_not_sent_again(app, browser, address):
    """``no_cache`` and a version: the client asks, gets a 304 for which no handler is called, and shows what it has;
    when the version is another one it gets the new answer."""
    assert [browser("/rows/1").json()["text"] for _ in range(3)] == ["first"] * 3
    assert (len(app.asked), app.calls) == (3, ["get"])

    tag = browser("/rows/1").headers["ETag"]
    assert requests.put(f"{address}/rows/1", headers={"If-Match": tag}).status_code == 200
    assert requests.put(f"{address}/rows/1", headers={"If-Match": tag}).status_code == 412
    assert [browser("/rows/1").json()["text"] for _ in range(2)] == ["second"] * 2
    assert app.calls == ["get", "get"]


def test_what_a_user_sees_is_not_kept(app, browser):
    """An authenticated answer is asked for each time, and another user gets another one."""
    shown = [browser("/mine", Authorization=name).json()["text"] for name in ("ann", "ann", "bob")]

    assert shown == ["ann", "ann", "bob"]
    assert app.calls == ["mine"] * 3
    assert browser("/mine").status_code == 401


def test_a_language_of_its_own(app, browser):
    """``vary`` keeps answers to different headers apart."""
    shown = [browser("/language", Accept_Language=name).json()["text"] for name in ("de", "de", "en", "en")]

    assert shown == ["de", "de", "en", "en"]
    assert app.calls == ["language"] * 2


def test_an_error_is_not_kept(app, browser):
    """``max_age`` is not said of errors."""
    assert [browser("/missing").status_code for _ in range(2)] == [404, 404]
    assert app.calls == ["missing"] * 2


def test_head_and_304_over_a_connection(app, address):
    """HEAD has the headers of GET; a 304 has no body, no length and no type, and the connection goes on."""
    with requests.Session() as plain:
        whole, head = plain.get(f"{address}/bytes"), plain.head(f"{address}/bytes")
        tag = whole.headers["ETag"]
        same = plain.get(f"{address}/bytes", headers={"If-None-Match": f'"x", W/{tag}'})

        assert (head.status_code, head.content, head.headers["ETag"]) == (200, b"", tag)
        assert head.headers["Content-Length"] == str(len(whole.content))
        assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", tag)
        assert {"Content-Type", "Content-Length"}.isdisjoint(same.headers)
        assert plain.delete(f"{address}/bytes").status_code == 428
        assert plain.delete(f"{address}/bytes", headers={"If-Match": '"x'}).status_code == 400
        assert plain.delete(f"{address}/bytes", headers={"If-Match": f'"x" , {tag}'}).status_code == 204


@pytest.fixture
def proxy(app, tmp_path):
    """An nginx with a shared cache in front; it serves several clients."""
    settings = "proxy_cache_path kept keys_zone=kept:1m;"
    with served(app) as upstream, nginx_server(tmp_path, NGINX.format(upstream=upstream), settings) as port:
        yield lambda path, **headers: requests.get(
            f"http://127.0.0.1:{port}{path}",
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )


def test_a_shared_cache(app, proxy):
    """It keeps what is public, answers conditions by itself, and keeps languages apart."""
    first, second = proxy("/fresh"), proxy("/fresh")
    same = proxy("/fresh", If_None_Match=first.headers["ETag"])

    assert [each.headers["X-Cache"] for each in (first, second, same)] == ["MISS", "HIT", "HIT"]
    assert (same.status_code, same.content, app.calls) == (304, b"", ["fresh"])
    assert [proxy("/language", Accept_Language=name).json()["text"] for name in ("de", "en", "de")] == [
        "de",
        "en",
        "de",
    ]


def test_a_shared_cache_and_users(app, proxy):
    """It keeps nothing of a user, neither answers nor errors; what a mark calls public it keeps for all."""
    shown = [proxy("/mine", Authorization=name).json()["text"] for name in ("ann", "bob", "ann")]

    assert shown == ["ann", "bob", "ann"]
    assert [proxy("/mine").status_code for _ in range(2)] == [401, 401]
    assert proxy("/mine", Authorization="ann").status_code == 200
    assert [proxy("/rows/1").headers["X-Cache"] for _ in range(2)] == ["MISS", "MISS"]
    assert [proxy("/missing").headers["X-Cache"] for _ in range(2)] == ["MISS", "MISS"]
    assert [proxy("/shared", Authorization="ann").headers["X-Cache"] for _ in range(2)] == ["MISS", "HIT"]
