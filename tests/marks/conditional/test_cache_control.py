"""``cache_control``, and what holds for answers to users where nothing is said."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest

from framework import App, Resource, Response, Router, cache_control, etag, response
from framework.errors import Forbidden, NotFound, SetupError, Unauthorized
from framework.marks.base import Mark, Outcome, Phase, Security, Step
from framework.marks.raises import raises
from tests.answers import without_id

KEY = {"X-Key": "k"}
SCHEMES = {
    "bearer": ({"type": "http", "scheme": "bearer"}, "Authorization"),
    "oauth": ({"type": "oauth2", "flows": {}}, "Authorization"),
    "key": ({"type": "apiKey", "in": "header", "name": "X-Key"}, "X-Key"),
    "cookie": ({"type": "apiKey", "in": "cookie", "name": "sid"}, "Cookie"),
}


def view():
    """A function that is declared to answer 200."""

    @response(200)
    def show():
        return {}

    return show


class Keyed(Mark):
    """Lets in whoever sends a header; with ``optional`` all others too."""

    def __init__(self, name="key", *, optional=False):
        self.name, self.optional = name, optional
        self.scheme, self.header = SCHEMES[name]

    def run(self, plan):
        yield Step(Phase.AUTHENTICATE, self.check)

    def check(self, ctx, call):
        if self.header in ctx.request.headers:
            ctx.user = "somebody"
        elif not self.optional:
            raise Unauthorized

    def document(self, plan):
        yield Security(self.name, self.scheme, optional=self.optional)
        yield Outcome(401, error=Unauthorized)


@pytest.fixture(params=[True, False], ids=["fast", "plain"])
def app(request):
    """An application with and without generated functions."""
    app = App("caching")
    app.config["FAST_PATH"] = request.param
    return app


@pytest.fixture
def client(app):
    """Its client."""
    return app.test_client()


@pytest.mark.parametrize(
    "directives, text",
    [
        ({"public": True, "max_age": 60}, "public, max-age=60"),
        ({"private": True, "no_cache": True}, "private, no-cache"),
        ({"no_store": True}, "no-store"),
        ({"no_store": True, "private": True}, "private, no-store"),
        ({"max_age": dt.timedelta(days=1), "immutable": True}, "max-age=86400, immutable"),
        ({"max_age": 0, "must_revalidate": True}, "max-age=0, must-revalidate"),
        ({"max_age": 1, "stale_while_revalidate": 2, "stale_if_error": dt.timedelta(seconds=3)},
         "max-age=1, stale-while-revalidate=2, stale-if-error=3"),
        ({"public": True, "s_maxage": 9, "proxy_revalidate": True, "no_transform": True, "private": False},
         "public, s-maxage=9, proxy-revalidate, no-transform"),
        ({"must_understand": True, "no_store": True}, "no-store, must-understand"),
    ],
)  # fmt: skip
def test_directives(app, client, directives, text):
    """Each directive has the spelling of its RFC, and they stand in one order."""

    @app.get("/")
    @cache_control(**directives)
    @response(200)
    def show():
        return {}

    assert client.get("/").headers["Cache-Control"] == text


@pytest.mark.parametrize(
    "directives, message",
    [
        ({}, "says nothing"),
        ({"public": False}, "says nothing"),
        ({"public": True, "private": True}, "'private' and 'public', which speak against each other"),
        ({"no_store": True, "max_age": 1}, "'no_store' and 'max_age'"),
        ({"no_cache": True, "immutable": True, "max_age": 1}, "'no_cache' and 'immutable'"),
        ({"immutable": True}, "Give 'max_age' too"),
        ({"stale_while_revalidate": 1}, "give 'max_age' too"),
        ({"max_age": -1}, "max_age=-1. Give seconds"),
        ({"max_age": True}, "Give seconds"),
        ({"max_age": "1"}, "Give seconds"),
        ({"max_age": float("nan")}, "Give seconds"),
        ({"max_age": 2**31}, "Give seconds"),
        ({"public": 1}, "Give True or False"),
        ({"max-age": 1}, "unknown directive 'max-age'. It takes public, private"),
    ],
)
def test_mistakes_are_told_at_once(directives, message):
    """What makes no sense is refused where the mark is made."""
    with pytest.raises(SetupError, match=message):
        cache_control(**directives)


def test_errors_are_not_kept(app, client):
    """What is said is meant for the representation: an error of the operation is not kept."""

    @app.get("/<int:number>")
    @cache_control(public=True, max_age=60)
    @response(200)
    @response(410)
    @raises(NotFound)
    def show(number):
        if number == 404:
            raise NotFound
        return {}, number

    assert client.get("/200").headers["Cache-Control"] == "public, max-age=60"
    assert client.get("/404").headers["Cache-Control"] == "no-store"
    assert client.get("/410").headers["Cache-Control"] == "no-store"


def test_writes_are_not_kept(app, client):
    """On other methods than GET and HEAD nothing is said, but for ``no_store``."""

    @app.route("/")
    @cache_control(max_age=60, vary="Accept")
    class Thing(Resource):
        @response(200)
        def get(self):
            return {}

        @response(200)
        def post(self):
            return {}

        @cache_control(no_store=True)
        @response(200)
        def put(self):
            return {}

    assert client.head("/").headers["Cache-Control"] == "max-age=60"
    assert "Cache-Control" not in client.post("/").headers
    assert "Vary" not in client.post("/").headers
    assert client.put("/").headers["Cache-Control"] == "no-store"


def test_the_handler_knows_best(app, client):
    """A handler that sets the header is left alone; its Vary and that of the mark become one."""

    @app.get("/")
    @cache_control(max_age=60, vary=["Accept", "Accept-Language"])
    @response(200)
    def show():
        return {}, {"Cache-Control": "max-age=1", "Vary": "Accept-Encoding, accept"}

    @app.get("/any")
    @cache_control(max_age=60, vary="Accept")
    def any_():
        return Response("x", headers={"Vary": "*"})

    reply = client.get("/")
    assert reply.headers.getlist("Cache-Control") == ["max-age=1"]
    assert reply.headers.getlist("Vary") == ["Accept-Encoding, accept, Accept-Language"]
    assert client.get("/any").headers.getlist("Vary") == ["*"]


def test_the_nearest_mark_counts():
    """One on the handler stands in place of those around it."""
    router = Router("inner", marks=[cache_control(max_age=2)])
    router.add_url_rule("/router", "router", view())
    router.add_url_rule("/handler", "handler", cache_control(max_age=3)(view()))
    app = App("nearest", marks=[cache_control(max_age=1)])
    app.register_router(router)
    app.add_url_rule("/app", "app", view())
    client = app.test_client()

    found = [client.get(f"/{name}").headers["Cache-Control"] for name in ("app", "router", "handler")]
    assert found == ["max-age=1", "max-age=2", "max-age=3"]


def test_answers_to_users_are_kept_by_nobody(app, client):
    """An operation with a security scheme says no-store, on errors of any kind too."""

    @app.get("/<int:number>")
    @Keyed()
    @response(200)
    @raises(Forbidden)
    def show(number):
        if number == 403:
            raise Forbidden
        if number == 500:
            raise ZeroDivisionError
        return {}

    app.config["PROPAGATE_EXCEPTIONS"] = False
    for number, headers, status in [(200, KEY, 200), (200, {}, 401), (403, KEY, 403), (500, KEY, 500)]:
        reply = client.get(f"/{number}", headers=headers)

        assert reply.status_code == status
        assert reply.headers.getlist("Cache-Control") == ["no-store"]


@pytest.mark.parametrize("name", SCHEMES)
def test_optional_credentials(app, client, name):
    """Where one may come with or without, only answers to somebody are no-store; the others vary by the credentials."""

    @app.get("/")
    @Keyed(name, optional=True)
    @response(200)
    def show():
        return {}

    header = SCHEMES[name][1]
    mine = app.test_client(use_cookies=False).get("/", headers={header: "sid=1"})
    others = client.get("/")

    assert mine.headers["Cache-Control"] == "no-store"
    assert "Cache-Control" not in others.headers
    assert others.headers["Vary"] == header


def test_unless_told_otherwise(app, client):
    """A mark, near or far, or the handler say otherwise; then the credentials are in Vary."""
    app.add_url_rule("/mark", "mark", cache_control(private=True, no_cache=True)(Keyed()(view())))
    own = Keyed()(response(200)(lambda: ({}, {"Cache-Control": "private"})))
    app.add_url_rule("/handler", "handler", own)
    app.add_url_rule("/vary", "vary", cache_control(vary="Accept")(Keyed()(view())))
    outer = App("outer", marks=[cache_control(max_age=1, private=True)])
    outer.add_url_rule("/", "far", Keyed("bearer")(view()))

    marked = client.get("/mark", headers=KEY)
    assert (marked.headers["Cache-Control"], marked.headers["Vary"]) == ("private, no-cache", "X-Key")
    assert client.get("/mark").headers["Cache-Control"] == "no-store"
    assert client.get("/handler", headers=KEY).headers["Cache-Control"] == "private"
    far = outer.test_client().get("/", headers={"Authorization": "Bearer x"})
    assert (far.headers["Cache-Control"], far.headers["Vary"]) == ("private, max-age=1", "Authorization")
    # Vary alone says nothing of who may keep it.
    assert client.get("/vary", headers=KEY).headers["Cache-Control"] == "no-store"


def test_open_operations_say_nothing(app, client):
    """Without a scheme and without a mark there is no header."""
    app.add_url_rule("/", "show", view())

    assert "Cache-Control" not in client.get("/").headers
    assert "Vary" not in client.get("/").headers


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_the_order_of_marks_means_nothing(order):
    """All orders of the same marks answer the same, 304 included."""

    def show():
        return {}

    marks = [etag(), cache_control(private=True, max_age=9), Keyed(), response(200)]
    for number in order:
        marks[number](show)
    app = App("order")
    app.add_url_rule("/", view_func=show)
    client = app.test_client()
    whole = client.get("/", headers=KEY)
    same = client.get("/", headers={**KEY, "If-None-Match": whole.headers["ETag"]})

    assert (whole.status_code, same.status_code) == (200, 304)
    for reply in (whole, same):
        assert (reply.headers["Cache-Control"], reply.headers["Vary"]) == ("private, max-age=9", "X-Key")


def test_streams_say_it_too(app, client):
    """The headers of a streamed body are written before it is."""

    @app.get("/")
    @cache_control(no_store=True)
    def show():
        return Response(iter([b"a", b"b"]))

    assert client.get("/", buffered=True).headers["Cache-Control"] == "no-store"


def test_what_the_document_says(app):
    """The headers are described, with what they say as the example."""
    app.add_url_rule("/mark", "mark", cache_control(max_age=60, vary="Accept")(view()))
    app.add_url_rule("/user", "user", Keyed()(view()))
    paths = app.openapi["paths"]
    marked = paths["/mark"]["get"]["responses"]["200"]["headers"]
    user = paths["/user"]["get"]["responses"]["200"]["headers"]

    assert marked["Cache-Control"]["schema"]["examples"] == ["max-age=60"]
    assert set(without_id(marked)) == {"Cache-Control", "Vary"}
    assert user["Cache-Control"]["schema"]["examples"] == ["no-store"]
