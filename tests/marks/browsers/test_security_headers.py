"""``security_headers``: what tells a browser to take an answer for data, on every answer below."""

from __future__ import annotations

import datetime as dt

import pytest

from framework import App, Response, Router, after_this_request, response, security_headers, session
from framework.context import current
from framework.errors import SetupError
from tests.answers import without_id

USUAL = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


def picked(reply, names=(*USUAL, "Strict-Transport-Security")):
    """The headers of a reply that matter here; each at most once."""
    assert all(len(reply.headers.getlist(name)) <= 1 for name in names)
    return {name: reply.headers[name] for name in names if name in reply.headers}


def view():
    """A function that is declared to answer 200."""

    @response(200)
    def show():
        return {}

    return show


def add_views(app):
    """A declared operation, a plain page, an error and a stream."""
    app.add_url_rule("/declared", "declared", view())
    app.add_url_rule("/page", "page", lambda: "<p>")
    app.add_url_rule("/stream", "stream", lambda: Response(iter([b"a"]), mimetype="application/json"))
    app.add_url_rule("/broken", "broken", lambda: 1 / 0)


@pytest.fixture(params=[True, False], ids=["fast", "plain"])
def app(request):
    """An application with the mark, with and without generated functions."""
    app = App("secure", marks=[security_headers()])
    app.config.update(FAST_PATH=request.param, PROPAGATE_EXCEPTIONS=False)
    add_views(app)
    return app


@pytest.mark.parametrize("method, path, status", [
    ("GET", "/declared", 200),
    ("HEAD", "/declared", 200),
    ("GET", "/stream", 200),
    ("GET", "/nowhere", 404),
    ("PUT", "/declared", 405),
    ("GET", "/broken", 500),
])  # fmt: skip
def test_every_answer_has_them(app, method, path, status):
    """Declared answers, streams, unknown paths, wrong methods and failures alike."""
    reply = app.test_client().open(path, method=method, buffered=True)

    assert reply.status_code == status
    assert picked(reply) == USUAL


def test_pages_load_what_they_need(app):
    """HTML pages get no Content-Security-Policy; options and the documentation's own pages have what is theirs."""
    client = app.test_client()
    usual = {name: value for name, value in USUAL.items() if name != "Content-Security-Policy"}

    assert picked(client.get("/page")) == usual
    assert picked(client.options("/declared")) == usual
    docs = client.get("/docs")
    assert "script-src 'self'" in docs.headers["Content-Security-Policy"]
    assert docs.headers.getlist("X-Content-Type-Options") == ["nosniff"]


def test_an_overridden_step_gets_the_headers():
    """Where ``process_response`` is overridden it gets a response that has them."""
    seen = []

    class Own(App):
        def process_response(self, response):
            response = super().process_response(response)
            seen.append(picked(response))
            return response

    app = Own("own", marks=[security_headers()])
    add_views(app)

    assert picked(app.test_client().get("/declared")) == USUAL
    assert seen == [USUAL]


def test_beside_other_hooks():
    """With hooks, a session, a signal or something for this request alone they are there too, each once."""
    app = App("hooks", marks=[security_headers()])
    app.secret_key = "x"
    seen = []

    @app.get("/")
    @response(200)
    def show():
        session["seen"] = True
        after_this_request(lambda reply: seen.append(type(reply)) or reply)
        return {}

    @app.after_request
    def after(reply):
        reply.headers["X-Frame-Options"] = "SAMEORIGIN"
        return reply

    reply = app.test_client().get("/")
    assert seen == [app.response_class]
    assert picked(reply) == {**USUAL, "X-Frame-Options": "SAMEORIGIN"}


def test_what_is_set_stays(app):
    """A header that a handler sets is not touched."""
    app.add_url_rule("/own", "own", response(200)(lambda: ({}, {"Referrer-Policy": "origin"})))

    assert picked(app.test_client(contract=False).get("/own")) == {**USUAL, "Referrer-Policy": "origin"}


def test_each_can_be_left_out_or_changed():
    """``None`` leaves one out; further ones are added."""
    app = App(
        "chosen",
        marks=[
            security_headers(
                nosniff=False,
                frame_options=None,
                referrer_policy="same-origin",
                resource_policy="cross-origin",
                content_security_policy=None,
                headers={"Permissions-Policy": "camera=()"},
            )
        ],
    )
    add_views(app)
    reply = app.test_client().get("/declared")

    assert picked(reply) == {"Referrer-Policy": "same-origin", "Cross-Origin-Resource-Policy": "cross-origin"}
    assert reply.headers["Permissions-Policy"] == "camera=()"


def test_the_nearest_mark_counts():
    """That of a router stands in place of the application's; one on a handler, in place of both, also for errors."""

    def fails():
        return 1 / 0

    router = Router("inner", url_prefix="/inner", marks=[security_headers(frame_options=None)])
    add_views(router)
    router.add_url_rule("/one", "one", security_headers(frame_options="SAMEORIGIN", nosniff=False)(fails))
    app = App("nearest", marks=[security_headers()])
    app.config["PROPAGATE_EXCEPTIONS"] = False
    add_views(app)
    app.register_router(router, name="inner")
    client = app.test_client()

    assert picked(client.get("/declared")) == USUAL
    assert "X-Frame-Options" not in client.get("/inner/declared").headers
    reply = client.get("/inner/one")
    assert reply.status_code == 500
    assert reply.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "X-Content-Type-Options" not in reply.headers


def test_a_router_s_mark_ends_with_the_router():
    """Answers elsewhere have nothing of it; misses below its prefix have."""
    router = Router("inner", url_prefix="/inner", marks=[security_headers()])
    add_views(router)
    app = App("outer")
    add_views(app)
    app.register_router(router, name="inner")
    client = app.test_client()

    assert picked(client.get("/declared")) == {}
    assert picked(client.get("/inner/declared")) == USUAL
    assert picked(client.get("/inner/nowhere")) == USUAL


@pytest.mark.parametrize(
    "setting, text",
    [
        (3600, "max-age=3600"),
        (dt.timedelta(days=1), "max-age=86400"),
        ("max-age=1; includeSubDomains; preload", "max-age=1; includeSubDomains; preload"),
        (0, "max-age=0"),
    ],
)
def test_strict_transport_security(app, setting, text):
    """The setting is sent over HTTPS, and over HTTP never (RFC 6797, section 7.2)."""
    app.config["STRICT_TRANSPORT_SECURITY"] = setting
    client = app.test_client()

    assert client.get("https://localhost/declared").headers["Strict-Transport-Security"] == text
    assert client.get("https://localhost/nowhere").headers["Strict-Transport-Security"] == text
    assert "Strict-Transport-Security" not in client.get("/declared").headers
    described = app.openapi["paths"]["/declared"]["get"]["responses"]["200"]["headers"]
    assert described["Strict-Transport-Security"]["schema"]["examples"] == [text]


@pytest.mark.parametrize("setting", [True, -1, "1 day", "max-age=1\nX: y", 1.5])
def test_a_wrong_setting(app, setting):
    """What is not such a header is refused where it is written."""
    with pytest.raises(SetupError, match="STRICT_TRANSPORT_SECURITY"):
        app.config["STRICT_TRANSPORT_SECURITY"] = setting


def test_answers_to_a_user_of_a_hook(app):
    """Whoever was authenticated by a hook, without a scheme, gets answers that nobody keeps."""

    @app.before_request
    def authenticate():
        current().user = "somebody"

    client = app.test_client()
    assert client.get("/declared").headers["Cache-Control"] == "no-store"
    assert client.get("/nowhere").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"frame_options": "ALLOW"}, "frame_options='ALLOW'. Give one of DENY, SAMEORIGIN"),
        ({"resource_policy": "any"}, "same-origin, same-site, cross-origin"),
        ({"headers": {"X": "a\r\nY: b"}}, "line break in X"),
        ({"referrer_policy": "a\nb"}, "line break in Referrer-Policy"),
    ],
)
def test_mistakes_are_told_at_once(arguments, message):
    """What a browser would not understand is refused where the mark is made."""
    with pytest.raises(SetupError, match=message):
        security_headers(**arguments)


def test_what_the_document_says(app):
    """Each header is described on the answers of each operation."""
    headers = app.openapi["paths"]["/declared"]["get"]["responses"]["200"]["headers"]

    assert set(without_id(headers)) == set(USUAL)
