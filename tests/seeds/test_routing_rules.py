"""Routing and URLs, as the documentation of Flask describes them."""

from __future__ import annotations

import pytest
from werkzeug.routing import BaseConverter, BuildError, Rule

from framework import App, Resource, Router, request, url_for
from framework.views import MethodView, View
from tests.answers import sent_headers


def echo(**values):
    """A view that shows its endpoint and what it was called with."""
    return {"endpoint": request.endpoint, "values": values}


@pytest.fixture
def app():
    app = App("routing_rules", static_folder=None)
    app.testing = True
    return app


def test_several_rules_lead_to_one_resource(app):
    """A class answers all its rules, under the endpoint it was given, with the defaults of each."""

    @app.route("/things", defaults={"number": 1}, endpoint="stuff")
    @app.route("/things/<int:number>", endpoint="stuff", operation_id="getStuff")
    class Things(Resource):
        def get(self, number):
            """Show it."""
            return number

    client = app.test_client()

    assert client.get("/things").json == 1
    assert client.get("/things/2").json == 2
    with app.test_request_context():
        assert (url_for("stuff", number=2), url_for("stuff")) == ("/things/2", "/things")


def test_a_rule_may_catch_the_rest(app):
    """The page of a single-page application answers all that no other rule does."""
    app.add_url_rule("/api/pets", "pets", echo)
    app.add_url_rule("/", "page", echo, defaults={"path": ""})
    app.add_url_rule("/<path:path>", "page", echo)
    client = app.test_client()

    assert client.get("/api/pets").json["endpoint"] == "pets"
    assert client.get("/a/b").json == {"endpoint": "page", "values": {"path": "a/b"}}
    assert client.get("/").json == {"endpoint": "page", "values": {"path": ""}}


@pytest.mark.parametrize("fast", [True, False])
def test_converters_may_be_ones_own(app, fast):
    """``to_python`` for the view, ``to_url`` for building; a text that does not convert is a miss."""
    app.config["FAST_PATH"] = fast

    class ListConverter(BaseConverter):
        regex = r"[a-z]+(?:\+[a-z]+)*"

        def to_python(self, value):
            return value.split("+")

        def to_url(self, value):
            return "+".join(BaseConverter.to_url(self, item) for item in value)

    app.url_map.converters["list"] = ListConverter
    app.add_url_rule("/in/<list:names>", "names", echo)

    assert app.test_client().get("/in/a+b").json["values"] == {"names": ["a", "b"]}
    assert app.test_client().get("/in/7").status_code == 404
    with app.test_request_context():
        assert url_for("names", names=["a", "b"]) == "/in/a+b"


def test_slashes_per_rule_and_per_map(app):
    """``strict_slashes=False`` answers both; doubled slashes are merged by a redirect unless told otherwise."""
    app.add_url_rule("/lax/", "lax", echo, strict_slashes=False)
    app.add_url_rule("/strict/", "strict", echo)
    app.add_url_rule("/a/b", "merged", echo)
    app.add_url_rule("/double/<path:rest>", "double", echo, merge_slashes=False)
    client = app.test_client()

    assert client.get("/lax").status_code == client.get("/lax/").status_code == 200
    assert client.get("/strict").location == "http://localhost/strict/"
    assert client.get("/a//b").location == "http://localhost/a/b"
    assert client.get("/double/a//b").json["values"] == {"rest": "a//b"}


def test_defaults_redirect_to_the_shorter_form(app):
    """A path that repeats a default leads to the rule that has it."""
    app.add_url_rule("/pages/", "pages", echo, defaults={"page": 1})
    app.add_url_rule("/pages/<int:page>", "pages", echo)
    client = app.test_client()

    assert client.get("/pages/").json["values"] == {"page": 1}
    assert client.get("/pages/2").json["values"] == {"page": 2}
    assert client.get("/pages/1").location == "http://localhost/pages/"


def test_rules_that_only_build_or_only_redirect(app):
    """``build_only`` matches nothing; ``redirect_to`` takes a rule or a function; an alias leads to its rule."""
    app.add_url_rule("/cdn/<name>", "cdn", build_only=True)
    app.add_url_rule("/new/<int:number>", "new", echo)
    app.add_url_rule("/old/<int:number>", "old", redirect_to="new/<number>")
    app.add_url_rule("/older/<int:number>", "older", redirect_to=lambda adapter, number: f"new/{number + 1}")
    app.add_url_rule("/alias/<int:number>", "new", echo, alias=True)
    client = app.test_client()

    assert client.get("/cdn/a").status_code == 404
    assert client.get("/old/3").location == "http://localhost/new/3"
    assert client.get("/older/3").location == "http://localhost/new/4"
    assert client.get("/alias/3").location == "http://localhost/new/3"
    with app.test_request_context():
        assert url_for("cdn", name="a b") == "/cdn/a%20b"


def test_a_rule_class_of_ones_own():
    """``url_rule_class`` makes the rules; rules put into ``url_map`` by hand count, with their view function."""

    class Versioned(Rule):
        def __init__(self, string, **options):
            super().__init__("/v1" + string, **options)

    class Mine(App):
        url_rule_class = Versioned

    app = Mine("mine", static_folder=None)
    app.add_url_rule("/a", "a", echo)
    app.url_map.add(Rule("/b", endpoint="b"))
    app.endpoint("b")(echo)
    client = app.test_client()

    assert client.get("/v1/a").json["endpoint"] == "a"
    assert client.get("/b").json["endpoint"] == "b"
    assert client.get("/a").status_code == 404


def test_urls_with_all_options(app):
    """Unknown values are the query, ``None`` is left out, text is escaped; scheme, anchor and method are chosen."""
    app.add_url_rule("/one/<name>", "one", echo, methods=["GET"])
    app.add_url_rule("/other/<name>", "one", echo, methods=["POST"])
    with app.test_request_context(base_url="http://example.org/root/"):
        assert url_for("one", name="ä b", q="a&b", tag=["x", "y"], none=None) == (
            "/root/one/%C3%A4%20b?q=a%26b&tag=x&tag=y"
        )
        assert url_for("one", name="a", _anchor="part two") == "/root/one/a#part%20two"
        assert url_for("one", name="a", _external=True) == "http://example.org/root/one/a"
        assert url_for("one", name="a", _scheme="https") == "https://example.org/root/one/a"
        assert url_for("one", name="a", _method="POST") == "/root/other/a"
        with pytest.raises(BuildError):
            url_for("two")


def test_urls_outside_of_requests_need_a_server_name(app):
    """Then the settings say what a request would: name, root and scheme; links are external by default."""
    app.add_url_rule("/page", "page", echo)
    with app.app_context(), pytest.raises(RuntimeError, match="SERVER_NAME"):
        url_for("page")
    app.config.update(SERVER_NAME="example.org", APPLICATION_ROOT="/root", PREFERRED_URL_SCHEME="https")
    with app.app_context():
        assert url_for("page") == "https://example.org/root/page"
        assert url_for("page", _external=False) == "/root/page"


def test_endpoints_relative_to_the_router(app):
    """``.name`` is the same router's, also inside a second mount; a full name is the application's."""
    router = Router("inner", __name__)
    router.add_url_rule("/a", "a", lambda: " ".join((url_for(".b"), url_for("inner.b"), url_for("top"))))
    router.add_url_rule("/b", "b", echo)
    app.add_url_rule("/top", "top", echo)
    app.register_router(router, url_prefix="/one")
    app.register_router(router, url_prefix="/two", name="second")

    assert app.test_client().get("/one/a").text == "/one/b /one/b /top"
    assert app.test_client().get("/two/a").text == "/two/b /one/b /top"


def test_urls_of_others_are_built_by_handlers(app):
    """Each handler of ``url_build_error_handlers`` is asked in turn; one that raises passes on."""

    def nobody(error, endpoint, values):
        raise error

    def outside(error, endpoint, values):
        if endpoint == "wiki":
            return f"https://wiki.example/{values['page']}"
        raise error

    app.url_build_error_handlers += [nobody, outside]
    with app.test_request_context():
        assert url_for("wiki", page="a") == "https://wiki.example/a"
        with pytest.raises(BuildError):
            url_for("other")


def test_url_processors_of_the_application(app):
    """A value is taken out of each address before the view and put into each address that is built."""

    @app.url_value_preprocessor
    def pull(endpoint, values):
        request.language = values.pop("language", "none")

    @app.url_defaults
    def add(endpoint, values):
        if app.url_map.is_endpoint_expecting(endpoint, "language"):
            values.setdefault("language", request.language)

    app.add_url_rule("/<language>/a", "a", lambda: f"{url_for('a')} {url_for('a', language='fr')} {url_for('plain')}")
    app.add_url_rule("/plain", "plain", lambda: request.language)
    client = app.test_client()

    assert client.get("/de/a").text == "/de/a /fr/a /plain"
    assert client.get("/plain").text == "none"
    assert client.get("/nothing/at/all").status_code == 404


def test_head_follows_get(app):
    """The same status and headers without a body, for functions and for resources."""
    app.add_url_rule("/text", "text", lambda: ("four", 201, {"X-A": "1"}))

    @app.route("/json")
    class Json(Resource):
        def get(self):
            """Show it."""
            return [request.method]

    client = app.test_client()
    got, head = client.get("/text"), client.head("/text")

    assert head.data == b""
    assert (head.status, sent_headers(head)) == (got.status, sent_headers(got))
    assert (client.head("/json").data, client.head("/json").content_length) == (b"", 8)


def test_options_are_automatic(app):
    """OPTIONS answers with ``Allow``, unless a view, a rule or the setting says otherwise."""

    def by_view():
        return "mine"

    by_view.provide_automatic_options = False
    by_view.methods = ["GET", "OPTIONS"]
    app.add_url_rule("/auto", "auto", echo, methods=["GET", "PUT"])
    app.add_url_rule("/by-view", "by_view", by_view)
    app.add_url_rule("/by-rule", "by_rule", echo, provide_automatic_options=False)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.add_url_rule("/by-setting", "by_setting", echo)
    client = app.test_client()

    assert set(client.options("/auto").allow) == {"GET", "HEAD", "OPTIONS", "PUT"}
    assert client.options("/by-view").text == "mine"
    assert client.options("/by-rule").status_code == 405
    assert client.options("/by-setting").status_code == 405


def test_405_lists_what_all_views_of_the_path_allow(app):
    """``Allow`` counts every rule of the path."""
    app.add_url_rule("/x", "read", echo)
    app.add_url_rule("/x", "write", echo, methods=["POST"])
    answer = app.test_client().delete("/x")

    assert answer.status_code == 405
    assert set(answer.allow) == {"GET", "HEAD", "OPTIONS", "POST"}


def test_method_shortcuts(app):
    """``get``, ``post``, ``put``, ``patch`` and ``delete`` of applications and routers; never with ``methods=``."""
    router = Router("inner", __name__, url_prefix="/inner")
    for owner in (app, router):
        for method in ("get", "post", "put", "patch", "delete"):
            getattr(owner, method)("/x", endpoint=method)(echo)
    app.register_router(router)
    with pytest.raises(TypeError, match="methods"):
        app.get("/y", methods=["POST"])
    client = app.test_client()

    for method in ("get", "post", "put", "patch", "delete"):
        assert client.open("/x", method=method).json["endpoint"] == method
        assert client.open("/inner/x", method=method).json["endpoint"] == f"inner.{method}"


def test_views_are_made_per_request_or_once(app):
    """``as_view`` passes its arguments to the class; ``init_every_request = False`` makes one instance for all."""
    made = []

    class Page(View):
        methods = ["GET", "POST"]

        def __init__(self, owner):
            made.append(owner)
            self.owner = owner

        def dispatch_request(self, number):
            return f"{self.owner} {number} {request.method}"

    class Shared(Page):
        init_every_request = False

    app.add_url_rule("/page/<int:number>", view_func=Page.as_view("page", "fresh"))
    app.add_url_rule("/shared/<int:number>", view_func=Shared.as_view("shared", owner="shared"))
    client = app.test_client()
    texts = [client.post(f"/{path}/{number}").text for path in ("page", "shared") for number in (1, 2)]

    assert texts == ["fresh 1 POST", "fresh 2 POST", "shared 1 POST", "shared 2 POST"]
    assert sorted(made) == ["fresh", "fresh", "shared"]


def test_method_views_have_one_function_per_method(app):
    """Their methods are the rule's; those of a base class count; class decorators wrap the view."""

    def loud(view):
        return lambda **values: view(**values).upper()

    class Read(MethodView):
        def get(self):
            return "read"

    class Write(Read):
        decorators = [loud]

        def put(self):
            return "write"

    app.add_url_rule("/x", view_func=Write.as_view("x"))
    client = app.test_client()

    assert (client.get("/x").text, client.put("/x").text) == ("READ", "WRITE")
    assert client.head("/x").status_code == 200
    assert client.post("/x").status_code == 405


def test_required_methods_of_a_view_are_added(app):
    """A decorator can demand methods by setting ``required_methods``."""

    def view():
        return request.method

    view.required_methods = ["PUT"]
    app.add_url_rule("/x", "x", view)

    assert app.test_client().put("/x").text == "PUT"


def test_subdomains():
    """A rule or router answers on its subdomain of ``SERVER_NAME`` only, and links lead there."""
    app = App("subdomains", static_folder=None, subdomain_matching=True)
    app.config.update(SERVER_NAME="example.org", TESTING=True)
    router = Router("api", __name__, subdomain="api")
    router.add_url_rule("/", "root", echo)
    app.add_url_rule("/", "root", lambda: url_for("api.root"))
    app.add_url_rule("/", "user", echo, subdomain="<user>")
    app.register_router(router)
    client = app.test_client()

    assert client.get("/", "http://example.org").text == "http://api.example.org/"
    assert client.get("/", "http://api.example.org").json["endpoint"] == "api.root"
    assert client.get("/", "http://you.example.org").json == {"endpoint": "user", "values": {"user": "you"}}


def test_hosts():
    """With ``host_matching`` each rule names its host."""
    app = App("hosts", static_folder=None, host_matching=True)
    app.testing = True
    app.add_url_rule("/", "one", echo, host="one.example")
    app.add_url_rule("/", "any", echo, host="<name>.example")
    client = app.test_client()

    assert client.get("/", "http://one.example").json["endpoint"] == "one"
    assert client.get("/", "http://two.example").json == {"endpoint": "any", "values": {"name": "two"}}
    assert client.get("/", "http://other.test").status_code == 404


def test_a_middleware_may_change_the_method(app):
    """A form that cannot send PUT says so in ``X-HTTP-Method-Override``."""

    class Override:
        allowed = frozenset({"PUT", "DELETE"})

        def __init__(self, application):
            self.application = application

        def __call__(self, environ, start_response):
            method = environ.get("HTTP_X_HTTP_METHOD_OVERRIDE", "").upper()
            if method in self.allowed:
                environ["REQUEST_METHOD"] = method
            return self.application(environ, start_response)

    app.wsgi_app = Override(app.wsgi_app)
    app.add_url_rule("/x", "x", lambda: request.method, methods=["POST", "PUT"])
    client = app.test_client()

    assert client.post("/x", headers={"X-HTTP-Method-Override": "put"}).text == "PUT"
    assert client.post("/x", headers={"X-HTTP-Method-Override": "TRACE"}).text == "POST"
