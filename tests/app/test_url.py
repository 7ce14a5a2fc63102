"""URLs of an application: building and matching them."""

from __future__ import annotations

import pytest
from werkzeug.routing import BuildError

from framework import App, Resource, Router, request, url_for


@pytest.fixture(params=[True, False], ids=["fast", "plain"])
def app(request):
    """An application with a few rules, with and without generated functions."""
    app = App("url")
    app.config.update(FAST_PATH=request.param, CONTRACT="off")
    app.add_url_rule("/", "index", lambda: "")
    app.add_url_rule("/pets/<int:number>", "pet", lambda number: str(number))
    app.add_url_rule("/slash/", "slash", lambda: "slash", methods=["GET", "POST"])
    app.add_url_rule("/leaf", "leaf", lambda: "leaf")
    app.add_url_rule("/post", "method", lambda: "", methods=["POST"])
    app.add_url_rule("/get", "method2", lambda: "")
    return app


@pytest.mark.parametrize(
    "endpoint, values, expected",
    [
        ("index", {}, "/"),
        ("pet", {"number": 3}, "/pets/3"),
        ("pet", {"number": 3, "q": "a b&c"}, "/pets/3?q=a+b%26c"),
        ("pet", {"number": 3, "q": None}, "/pets/3"),
        ("pet", {"number": 3, "q": ["a", "b"]}, "/pets/3?q=a&q=b"),
        ("leaf", {"_anchor": "a b/é"}, "/leaf#a%20b/%C3%A9"),
        ("leaf", {"_external": True}, "http://localhost/leaf"),
        ("leaf", {"_scheme": "https"}, "https://localhost/leaf"),
        ("leaf", {"_scheme": "", "_external": True}, "//localhost/leaf"),
        (".leaf", {}, "/leaf"),
        ("static", {"filename": "a/b c.txt"}, "/static/a/b%20c.txt"),
    ],
)
def test_building_in_a_request(app, endpoint, values, expected):
    """Within a request URLs are relative to the host, and complete where that is asked for."""
    with app.test_request_context("/"):
        assert url_for(endpoint, **values) == expected
        assert app.url_for(endpoint, **values) == expected


def test_building_outside_of_a_request(app):
    """Outside of a request URLs are complete, and need ``SERVER_NAME``."""
    with app.app_context(), pytest.raises(RuntimeError, match="'SERVER_NAME'"):
        url_for("leaf")
    app.config.update(SERVER_NAME="example.org", APPLICATION_ROOT="/root", PREFERRED_URL_SCHEME="https")
    with app.app_context():
        assert url_for("leaf") == "https://example.org/root/leaf"
        assert url_for("leaf", _external=False) == "/root/leaf"


def test_building_before_the_freeze(app):
    """URLs can be built while the application is set up, and that does not close it."""
    with app.test_request_context("/"):
        assert url_for("leaf") == "/leaf"
    app.add_url_rule("/late", "late", lambda: "late")

    assert app.test_client().get("/late").text == "late"


def test_what_cannot_be_built(app):
    """Unknown endpoints and missing values are a BuildError; handlers may know the URL."""
    with app.test_request_context("/"):
        with pytest.raises(BuildError):
            url_for("unknown")
        with pytest.raises(BuildError):
            url_for("pet")
        with pytest.raises(ValueError, match="'_external' must be True"):
            url_for("leaf", _scheme="https", _external=False)
        app.url_build_error_handlers.append(lambda error, endpoint, values: f"/foreign/{endpoint}")
        assert url_for("unknown") == "/foreign/unknown"


def test_defaults_of_urls(app):
    """``url_defaults`` functions add values, those of the application first."""
    seen = []
    app.url_defaults(lambda endpoint, values: seen.append("app") or values.setdefault("a", 1))
    router = Router("r", url_prefix="/r")
    router.url_defaults(lambda endpoint, values: seen.append("router") or values.setdefault("b", 2))
    router.add_url_rule("/x", "x", lambda: "")
    app.register_router(router)
    with app.test_request_context("/"):
        assert url_for("r.x") == "/r/x?a=1&b=2"
        assert url_for("leaf") == "/leaf?a=1"
    assert seen == ["app", "router", "app"]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_slashes(app, method):
    """A rule with a slash redirects the path without, keeping query and script root; one without does not match one."""
    client = app.test_client()
    reply = client.open("/slash?a=1", method=method, environ_overrides={"SCRIPT_NAME": "/root"})

    assert reply.status_code == 308
    assert reply.headers["Location"] == "http://localhost/root/slash/?a=1"
    assert client.get("/leaf/").status_code == 404


def test_a_redirect_in_debug_mode(app):
    """In debug mode a redirect that keeps the form, as ours do, is followed as any other."""
    app.debug = True

    assert app.test_client().post("/slash").status_code == 308


def test_rules_added_by_hand_count(app):
    """Rules added to the map by hand match, also after the first request."""
    from werkzeug.routing import Rule

    app.view_functions["by_hand"] = lambda: "by hand"
    app.url_map.add(Rule("/by-hand", endpoint="by_hand"))
    client = app.test_client()
    first = client.get("/by-hand").text
    app.url_map.add(Rule("/by-hand-too", endpoint="by_hand"))

    assert (first, client.get("/by-hand-too").text) == ("by hand", "by hand")


def test_converters_of_ones_own(app):
    """A converter of one's own converts both ways, and may ask the request."""
    from werkzeug.routing import BaseConverter

    class Reverse(BaseConverter):
        def to_python(self, value):
            return value[::-1] + request.args.get("q", "")

        def to_url(self, value):
            return value[::-1]

    app.url_map.converters["reverse"] = Reverse

    @app.route("/r/<reverse:word>")
    class Word(Resource):
        def get(self, word):
            return [word, url_for("Word", word=word)]

    assert app.test_client().get("/r/abc?q=d").json == ["cbad", "/r/dabc"]


def test_long_digits_match_nothing_or_are_numbers(app):
    """A number of thousands of digits in a path is a 404, and no error."""
    client = app.test_client()

    assert client.get("/pets/" + "9" * 5000).status_code == 404
    assert client.get("/pets/007").text == "7"


def test_host_matching():
    """With host matching, rules answer on their own host."""
    app = App("hosts", host_matching=True, static_host="a.example")
    app.add_url_rule("/", "a", lambda: "a", host="a.example")
    app.add_url_rule("/", "b", lambda: "b", host="b.example")
    client = app.test_client()

    assert client.get("/", base_url="http://a.example").text == "a"
    assert client.get("/", base_url="http://b.example").text == "b"
    assert client.get("/", base_url="http://c.example").status_code == 404
