"""From a request to its answer: methods, values, errors, overrides, streams, threads."""

from __future__ import annotations

import functools
import gc
import io
import json
import threading
import weakref

import pytest
from werkzeug import exceptions as werkzeug_errors
from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response as BaseResponse

from framework import (
    App,
    Bearer,
    Resource,
    Response,
    Router,
    Schema,
    after_this_request,
    arguments,
    fields,
    g,
    request,
    requires,
    response,
    session,
    signals,
)
from framework.errors import BadRequest, NotFound, SetupFinished
from framework.http.response import PreparedResponse
from framework.views import MethodView, View
from tests.answers import without_id


@pytest.fixture
def app(fast):
    """An application without routes."""
    app = App("dispatch")
    app.config.update(FAST_PATH=fast, CONTRACT="off")
    return app


class Pet(Schema):
    """A pet."""

    name = fields.String(required=True)


def raw(app, method="GET", path="/", **environ):
    """The status, headers and body of a request whose environment is written by hand."""
    told = []
    base = app.test_request_context("/").environ
    base.update({"REQUEST_METHOD": method, "PATH_INFO": path, **environ})
    body = app(base, lambda status, headers, exc_info=None: told.append((status, headers)))
    try:
        return *told[0], b"".join(body)
    finally:
        if hasattr(body, "close"):
            body.close()


# Methods


@pytest.fixture
def crowded(app):
    """One path that several resources, a function and a rule with another converter answer."""

    @app.route("/pets")
    class Pets(Resource):
        def get(self):
            return []

    @app.route("/pets")
    class NewPets(Resource):
        def post(self):
            return {}

        def patch(self):
            return {}

    app.add_url_rule("/pets", "drop", lambda: "", methods=["DELETE"])

    @app.route("/<any(pets, dogs):kind>")
    class Kinds(Resource):
        def put(self, kind):
            return kind

    return app


def test_405_lists_every_method_of_the_path(crowded):
    """``Allow`` names the methods of all rules that match the path, OPTIONS and HEAD included."""
    reply = crowded.test_client().open("/pets", method="TRACE")

    assert reply.status_code == 405
    assert reply.content_type == "application/problem+json"
    assert reply.headers["Allow"].split(", ") == ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
    assert len(reply.headers.getlist("Allow")) == 1


def test_options_lists_what_a_405_lists(crowded):
    """An automatic OPTIONS answers the same list, with an empty body."""
    client = crowded.test_client()
    reply = client.options("/pets")

    assert (reply.status_code, reply.data) == (200, b"")
    assert sorted(reply.headers["Allow"].split(", ")) == sorted(
        client.open("/pets", method="TRACE").headers["Allow"].split(", ")
    )


def test_each_method_reaches_its_resource(crowded):
    """Resources that share a path answer their own methods."""
    client = crowded.test_client()

    assert client.get("/pets").json == []
    assert client.post("/pets").json == {}
    assert client.put("/pets").json == "pets"
    assert client.delete("/pets").text == ""
    assert client.put("/dogs").json == "dogs"
    assert client.get("/dogs").status_code == 405


@pytest.mark.parametrize("method", ["FOO", "get_", "CONNECT", "PROPFIND", "X" * 10000])
def test_unknown_methods_are_405(crowded, method):
    """A method that nobody knows is refused like any other that the path does not take."""
    status, headers, _ = raw(crowded, method, "/pets")

    assert status == "405 METHOD NOT ALLOWED"
    assert "GET" in dict(headers)["Allow"]


def test_methods_in_small_letters_run_the_marks(app):
    """A method is what it is in capitals too: however it is written, no mark of the operation is passed by."""
    app.testing = True

    @app.route("/pets")
    class Pets(Resource):
        @arguments({"name": fields.String(required=True)}, location="query")
        def get(self, query):
            return query

    assert raw(app, "get", "/pets")[0].startswith("422")
    assert raw(app, "Get", "/pets", QUERY_STRING="name=x")[0] == "200 OK"


def test_options_may_be_written(app):
    """A resource with an ``options`` method answers OPTIONS by itself."""

    @app.route("/x")
    class X(Resource):
        def options(self):
            return "mine"

        def get(self):
            return 1

    client = app.test_client()

    assert client.options("/x").json == "mine"
    assert client.post("/x").headers["Allow"] == "GET, HEAD, OPTIONS"


def test_options_may_be_switched_off(app):
    """Without automatic OPTIONS, OPTIONS is a method like others, and not in ``Allow``."""
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False

    @app.get("/x")
    def x():
        return ""

    reply = app.test_client().options("/x")

    assert reply.status_code == 405
    assert reply.headers["Allow"] == "GET, HEAD"


def test_head_may_be_written(app):
    """A resource with a ``head`` method answers HEAD by that."""

    @app.route("/x")
    class X(Resource):
        def get(self):
            return "get"

        def head(self):
            return "head", 200, {"X-From": "head"}

    client = app.test_client()

    assert client.head("/x").headers["X-From"] == "head"
    assert client.head("/x").data == b""
    assert client.get("/x").json == "get"


# Values by the data rules


@pytest.mark.parametrize(
    "value, status, body, headers",
    [
        ({"name": "Rex"}, 200, {"name": "Rex"}, {}),
        (({"name": "Rex"}, 201), 201, {"name": "Rex"}, {}),
        (({"name": "Rex"}, {"X-A": "1"}), 200, {"name": "Rex"}, {"X-A": "1"}),
        (({"name": "Rex"}, Headers({"X-A": "1"})), 200, {"name": "Rex"}, {"X-A": "1"}),
        (({"name": "Rex"}, 201, {"X-A": "1"}), 201, {"name": "Rex"}, {"X-A": "1"}),
        (({"name": "Rex"}, 201, [("X-A", "1")]), 201, {"name": "Rex"}, {"X-A": "1"}),
        (({"name": "Rex"}, 201, None), 201, {"name": "Rex"}, {}),
        ("text", 200, "text", {}),
        (None, 200, None, {}),
        (7, 200, 7, {}),
        (0, 200, 0, {}),
        (True, 200, True, {}),
        (1.5, 200, 1.5, {}),
        ([], 200, [], {}),
        (("a", "b"), 200, ["a", "b"], {}),
        (("a", True), 200, ["a", True], {}),
        (("a", "b", "c"), 200, ["a", "b", "c"], {}),
        (("a", 404, "b", "c"), 200, ["a", 404, "b", "c"], {}),
        ((1,), 200, [1], {}),
        ((), 200, [], {}),
        (("text", 299), 299, "text", {}),
    ],
)
def test_values_of_a_resource_are_data(app, value, status, body, headers):
    """What the method of a Resource returns is JSON; a tuple is taken apart when its second member is a status or
    headers."""
    app.testing = True

    @app.route("/x")
    class X(Resource):
        def get(self):
            return value

    reply = app.test_client().get("/x")

    assert (reply.status_code, reply.json) == (status, body)
    assert reply.content_type == "application/json"
    assert {name: reply.headers[name] for name in headers} == headers


def test_a_declared_function_has_the_same_rules(app):
    """A plain function with a ``response`` mark returns data too; without, text is HTML."""

    @app.get("/declared")
    @response(200)
    def declared():
        return "text"

    @app.get("/plain")
    def plain():
        return "text"

    client = app.test_client()

    assert (client.get("/declared").json, client.get("/declared").mimetype) == ("text", "application/json")
    assert (client.get("/plain").text, client.get("/plain").mimetype) == ("text", "text/html")


def test_named_tuples_are_data(app):
    """A named tuple is an object to dump, also when its second member is a number."""
    import collections

    row = collections.namedtuple("row", "name age")

    @app.get("/x")
    @response(200, {"name": fields.String(), "age": fields.Integer()})
    def x():
        return row("Rex", 3)

    assert app.test_client().get("/x").json == {"name": "Rex", "age": 3}


def test_a_status_picks_its_outcome(app):
    """Of several outcomes the top one is taken, unless the status of a tuple picks another."""

    @app.route("/x/<int:number>")
    class X(Resource):
        @response(200, Pet)
        @response(202, {"word": fields.String()})
        def get(self, number):
            value = {"name": "Rex", "word": "later"}
            return value if number == 1 else (value, number)

    client = app.test_client()

    assert client.get("/x/1").json == {"name": "Rex"}
    assert client.get("/x/200").json == {"name": "Rex"}
    assert client.get("/x/202").json == {"word": "later"}
    assert client.get("/x/299").json == {"name": "Rex", "word": "later"}


@pytest.mark.parametrize("value, status", [(None, 204), ((None, 204), 204), ({"name": "x"}, 200), (({}, 200), 200)])
def test_none_is_empty_where_204_is_declared(app, value, status):
    """``None`` is an empty answer where 204 is declared, unless the handler names another status."""

    @app.get("/x")
    @response(200, Pet)
    @response(204)
    def x():
        return value

    reply = app.test_client().get("/x")

    assert reply.status_code == status
    assert (reply.data == b"") == (status == 204)
    assert ("Content-Type" in reply.headers) == (status != 204)


def test_204_has_no_body_whatever_is_returned(app):
    """A value with the status 204 is dropped, with its length and type."""

    @app.delete("/x")
    @response(204)
    def x():
        return {"name": "Rex"}, {"X-A": "1"}

    reply = app.test_client().delete("/x")

    assert (reply.status_code, reply.data, reply.headers["X-A"]) == (204, b"", "1")
    assert "Content-Length" not in reply.headers
    assert "Content-Type" not in reply.headers


def test_responses_pass(app):
    """A response leaves as it is; a status and headers beside it are set on it."""
    made = {
        "own": lambda: Response("own", 418),
        "werkzeug": lambda: BaseResponse("werkzeug", 418),
        "wire": lambda: PreparedResponse(418, [("X-A", "1")], b"wire"),
        "tuple": lambda: (Response("tuple", 418), 202),
        "all": lambda: (Response("all"), 202, {"X-B": "2"}),
        "wsgi": lambda: lambda environ, start: (start("418 I", [("X-A", "1")]), [b"wsgi"])[1],
        "wsgi tuple": lambda: (lambda environ, start: (start("418 I", [("X-A", "1")]), [b"wsgi"])[1], 202),
    }

    @app.get("/<name>")
    @response(200, Pet)
    def x(name):
        return made[name]()

    client = app.test_client()
    replies = {name: client.get(f"/{name}") for name in made}

    assert {name: (reply.status_code, reply.text.split()[0]) for name, reply in replies.items()} == {
        "own": (418, "own"),
        "werkzeug": (418, "werkzeug"),
        "wire": (418, "wire"),
        "tuple": (202, "tuple"),
        "all": (202, "all"),
        "wsgi": (418, "wsgi"),
        "wsgi tuple": (202, "wsgi"),
    }
    assert replies["all"].headers["X-B"] == "2"
    assert replies["wsgi"].headers["X-A"] == "1"
    assert replies["wsgi tuple"].headers["X-A"] == "1"


def test_iterators_need_a_list(app, caplog):
    """An iterator is dumped where a list is declared; elsewhere it is refused with a hint."""

    @app.get("/many")
    @response(200, Pet(many=True))
    def many():
        yield {"name": "Rex"}
        yield {"name": "Tom"}

    @app.get("/one")
    @response(200, Pet)
    def one():
        yield {"name": "Rex"}

    @app.get("/none")
    @response(200)
    def none():
        return iter([1])

    client = app.test_client()

    assert client.get("/many").json == [{"name": "Rex"}, {"name": "Tom"}]
    assert client.get("/one").status_code == 500
    assert client.get("/none").status_code == 500
    assert [str(record.exc_info[1]).count("stream") for record in caplog.records] == [1, 1]


def test_returned_errors_are_rendered(app):
    """An HTTP exception that a handler returns leaves as the one it raises."""

    @app.get("/returned")
    @response(200)
    def returned():
        return NotFound("No such thing.")

    @app.get("/raised")
    @response(200)
    def raised():
        raise NotFound("No such thing.")

    @app.get("/plain")
    def plain():
        return werkzeug_errors.NotFound("No such thing.")

    client = app.test_client()
    texts = [without_id(client.get(path).json) for path in ("/returned", "/raised", "/plain")]

    assert texts[0] == texts[1] == texts[2]
    assert texts[0]["code"] == "not_found"


def test_not_a_number_is_an_error(app, caplog):
    """NaN is no JSON: it never leaves as ``null`` or as text."""

    @app.get("/declared")
    @response(200, {"value": fields.Float(allow_nan=True)})
    def declared():
        return {"value": float("nan")}

    reply = app.test_client().get("/declared")

    assert reply.status_code == 500
    assert "value" in str(caplog.records[0].exc_info[1])


# Values by Flask's rules


@pytest.mark.parametrize(
    "value, status, text, mimetype",
    [
        ("text", 200, "text", "text/html"),
        (b"bytes", 200, "bytes", "text/html"),
        (bytearray(b"bytes"), 200, "bytes", "text/html"),
        ({"a": 1}, 200, '{"a":1}\n', "application/json"),
        ([1], 200, "[1]\n", "application/json"),
        (("text", 201), 201, "text", "text/html"),
        (("text", "404 Nope"), 404, "text", "text/html"),
        (("text", {"Content-Type": "text/plain"}), 200, "text", "text/plain"),
        (("text", [("Content-Type", "text/plain")]), 200, "text", "text/plain"),
        (("text", 202, {"Content-Type": "text/plain"}), 202, "text", "text/plain"),
        (({"a": 1}, 203), 203, '{"a":1}\n', "application/json"),
        ("", 200, "", "text/html"),
    ],
)
def test_values_of_plain_views(app, value, status, text, mimetype):
    """A view without ``response`` mark follows Flask's rules for values."""
    app.testing = True
    app.add_url_rule("/x", "x", lambda: value)
    reply = app.test_client().get("/x")

    assert (reply.status_code, reply.text, reply.mimetype) == (status, text, mimetype)


@pytest.mark.parametrize("value", [None, 7, object(), ("a",), ("a", 200, {}, 4), (None, 200), True, {1}])
def test_values_that_no_plain_view_may_return(app, value):
    """Anything else is a TypeError that names the kinds that may be returned."""
    app.testing = True
    app.add_url_rule("/x", "x", lambda: value)

    with pytest.raises(TypeError, match="did not return a valid response"):
        app.test_client().get("/x")


def test_values_of_hooks_follow_the_plain_rules(app):
    """What a before_request function returns follows Flask's rules, also in front of a Resource."""

    @app.before_request
    def early():
        return "early", 202

    @app.route("/x")
    class X(Resource):
        def get(self):
            return 1

    reply = app.test_client().get("/x")

    assert (reply.status_code, reply.text, reply.mimetype) == (202, "early", "text/html")


# Overrides

CALLS = {
    "make_response": 1,
    "process_response": 1,
    "finalize_request": 1,
    "preprocess_request": 0,
    "dispatch_request": 0,
    "full_dispatch_request": 0,
    "do_teardown_request": None,
    "do_teardown_appcontext": None,
    "match_request": 1,
    "create_url_adapter": 1,
}


def add_routes(app):
    """One declared operation, one plain view, one that fails."""

    @app.route("/declared")
    class Declared(Resource):
        @response(200, Pet)
        def get(self):
            return {"name": "Rex"}

    @app.get("/plain")
    def plain():
        return "plain"

    return app


@pytest.mark.parametrize("path", ["/declared", "/plain"])
@pytest.mark.parametrize("name", CALLS)
def test_overrides_on_the_class(fast, name, path):
    """A method of the road that a subclass overrides is called once for each request."""
    called = []

    def override(self, *args, **kwargs):
        called.append(name)
        return getattr(App, name)(self, *args, **kwargs)

    app = add_routes(type("Mine", (App,), {name: override})("mine"))
    app.config.update(FAST_PATH=fast, CONTRACT="off")

    assert app.test_client().get(path).status_code == 200
    assert called == [name]


@pytest.mark.parametrize("path", ["/declared", "/plain"])
@pytest.mark.parametrize("name", CALLS)
def test_overrides_on_the_instance(app, name, path):
    """A method of the road that is set on the application is called once for each request."""
    called = []
    own = getattr(app, name)

    def override(*args, **kwargs):
        called.append(name)
        return own(*args, **kwargs)

    setattr(app, name, override)

    assert add_routes(app).test_client().get(path).status_code == 200
    assert called == [name]


@pytest.mark.parametrize("path", ["/declared", "/plain"])
@pytest.mark.parametrize("name", CALLS)
def test_overrides_on_the_instance_after_a_request(app, name, path):
    """A method that is set on an application that has answered already is called, until it is taken away."""
    called = []
    client = add_routes(app).test_client()
    client.get(path)
    own = getattr(app, name)

    def override(*args, **kwargs):
        called.append(name)
        return own(*args, **kwargs)

    setattr(app, name, override)
    client.get(path)
    delattr(app, name)
    client.get(path)

    assert called == [name]


def test_a_table_of_hooks_can_be_replaced_after_a_request(app):
    """Tests switch hooks off by giving the application another table of them."""

    @app.before_request
    def refuse():
        return "refused"

    client = add_routes(app).test_client()
    assert client.get("/plain").text == "refused"
    app.before_request_funcs = {}

    assert client.get("/plain").text != "refused"


@pytest.mark.parametrize("name", ["make_response", "process_response", "preprocess_request", "dispatch_request"])
def test_overrides_by_wrapping_the_class(app, name, monkeypatch):
    """A tool that wraps a method of ``App`` itself, under its very name and module, is called too."""
    import functools

    called = []
    own = getattr(App, name)

    @functools.wraps(own)
    def wrapper(*args, **kwargs):
        called.append(name)
        return own(*args, **kwargs)

    monkeypatch.setattr(App, name, wrapper)

    assert add_routes(app).test_client().get("/declared").status_code == 200
    assert called == [name]


@pytest.mark.parametrize(
    "name, path, status",
    [
        ("handle_user_exception", "/nothing", 404),
        ("handle_http_exception", "/nothing", 404),
        ("handle_user_exception", "/broken", 500),
        ("handle_exception", "/broken", 500),
        ("log_exception", "/broken", 500),
        ("raise_routing_exception", "/nothing", 404),
        ("render_http_exception", "/nothing", 404),
        ("make_default_options_response", "/options", 200),
        ("trap_http_exception", "/nothing", 404),
    ],
)
def test_overrides_of_error_methods(fast, name, path, status, caplog):
    """The methods that handle errors and misses may be overridden as well."""
    called = []

    def override(self, *args, **kwargs):
        called.append(name)
        return getattr(App, name)(self, *args, **kwargs)

    app = add_routes(type("Mine", (App,), {name: override})("mine"))
    app.config.update(FAST_PATH=fast, CONTRACT="off")

    @app.get("/broken")
    def broken():
        raise ZeroDivisionError

    app.add_url_rule("/options", "options_view", lambda: "")
    method = "OPTIONS" if path == "/options" else "GET"

    assert app.test_client().open(path, method=method).status_code == status
    assert called == [name]


def test_an_override_decides(fast):
    """What an override returns is what leaves."""

    class Mine(App):
        def process_response(self, response):
            response = super().process_response(response)
            response.headers["X-Mine"] = "1"
            return response

        def dispatch_request(self):
            return super().dispatch_request() if "ask" not in request.args else "instead"

    app = add_routes(Mine("mine"))
    app.config.update(FAST_PATH=fast, CONTRACT="off")
    client = app.test_client()

    assert client.get("/declared").headers["X-Mine"] == "1"
    assert client.get("/nothing").headers["X-Mine"] == "1"
    assert client.get("/declared?ask=1").text == "instead"


def test_handlers_of_finished_requests(app):
    """``request_finished`` gets a full response of the application's class, which may still be changed."""
    seen = []

    def finished(sender, response, **kwargs):
        seen.append(type(response))
        response.headers["X-Seen"] = "1"

    with signals.request_finished.connected_to(finished, app):
        reply = add_routes(app).test_client().get("/declared")

    assert seen == [app.response_class]
    assert reply.headers["X-Seen"] == "1"


def test_hooks_get_full_responses(app):
    """after_request functions get a response of the application's class, for declared answers and errors too."""
    seen = []

    class Mine(Response):
        pass

    app.response_class = Mine

    @app.after_request
    def after(response):
        seen.append(type(response))
        return response

    client = add_routes(app).test_client()
    for path in ("/declared", "/plain", "/nothing"):
        client.get(path)

    assert seen == [Mine, Mine, Mine]


def test_after_this_request_changes_a_declared_answer(app):
    """A function given to after_this_request gets the response of a declared operation, and may replace it."""

    @app.get("/x")
    @response(200, Pet)
    def x():
        @after_this_request
        def add(response):
            response.headers["X-A"] = "1"
            return response

        return {"name": "Rex"}

    reply = app.test_client().get("/x")

    assert (reply.json, reply.headers["X-A"]) == ({"name": "Rex"}, "1")


# Settings and set-up


def test_a_setting_takes_effect_later(app):
    """A write to the settings reaches the next request, and marks go on running."""

    @app.post("/x")
    @arguments(Pet)
    @response(200)
    def x(pet):
        return pet

    client = app.test_client()
    before = client.post("/x", json={"name": "Rex", "other": 1}).status_code
    app.config["UNKNOWN"] = "exclude"
    after = client.post("/x", json={"name": "Rex", "other": 1})
    empty = client.post("/x", json={}).status_code

    assert (before, after.status_code, after.json, empty) == (422, 200, {"name": "Rex"}, 422)


def test_a_setting_written_while_matching(app):
    """A setting that is written in the middle of a request lets no mark be passed by."""

    @app.route("/x")
    class X(Resource):
        @arguments(Pet)
        def post(self, pet):
            return pet

    class Interface(type(app.session_interface)):
        lazy = False

        def open_session(self, app, request):
            app.config["SOMETHING"] = object()
            return super().open_session(app, request)

    app.session_interface = Interface()
    client = app.test_client()

    assert client.post("/x", json={}).status_code == 422
    assert client.post("/x", json={"name": "Rex"}).json == {"name": "Rex"}


def test_a_test_context_runs_the_marks(app):
    """A request that is dispatched by hand, in a test context before any freeze, runs the marks."""

    @app.route("/x")
    class X(Resource):
        @arguments({"n": fields.Integer()}, location="query")
        @response(200)
        def get(self, query):
            return query

    with app.test_request_context("/x?n=3"):
        reply = app.full_dispatch_request()

    assert json.loads(reply.get_data() if isinstance(reply, Response) else reply.body) == {"n": 3}


def test_set_up_goes_on_after_a_test_context(app):
    """A test context does not close the structure: hooks added after it run."""
    seen = []
    add_routes(app)
    with app.test_request_context("/plain"):
        app.preprocess_request()

    @app.before_request
    def before():
        seen.append("before")

    @app.teardown_request
    def teardown(error):
        seen.append("teardown")

    with app.test_request_context("/plain"):
        app.preprocess_request()
    app.test_client().get("/plain")

    assert seen == ["before", "teardown"] * 2


def test_a_rule_chosen_by_a_hook(app):
    """A hook may lead a request to another rule; the marks of that one run."""

    @app.route("/one")
    class One(Resource):
        def get(self):
            return "one"

    @app.route("/two")
    class Two(Resource):
        @arguments({"n": fields.Integer(required=True)}, location="query")
        def get(self, query):
            return query

    other = next(rule for rule in app.url_map.iter_rules() if rule.rule == "/two")

    @app.before_request
    def lead():
        request.url_rule = other

    client = app.test_client()

    assert client.get("/one").status_code == 422
    assert client.get("/one?n=1").json == {"n": 1}


@pytest.mark.parametrize(
    "late",
    [
        lambda app: app.add_url_rule("/late", "late", lambda: ""),
        lambda app: app.route("/late"),
        lambda app: app.get("/late"),
        lambda app: app.add_resource(type("Late", (Resource,), {}), "/late"),
        lambda app: app.register_router(Router("late")),
        lambda app: app.before_request(lambda: None),
        lambda app: app.after_request(lambda response: response),
        lambda app: app.teardown_request(lambda error: None),
        lambda app: app.teardown_appcontext(lambda error: None),
        lambda app: app.errorhandler(404),
        lambda app: app.register_error_handler(404, lambda error: ""),
        lambda app: app.url_value_preprocessor(lambda endpoint, values: None),
        lambda app: app.url_defaults(lambda endpoint, values: None),
        lambda app: app.context_processor(dict),
        lambda app: app.render_error(Pet),
        lambda app: app.endpoint("late"),
        lambda app: app.shell_context_processor(dict),
        lambda app: app.template_filter("late"),
    ],
)
def test_structure_closes_at_the_first_request(app, late):
    """After the first request set-up is refused, as an AssertionError with Flask's words."""
    app.test_client().get("/")

    with pytest.raises(SetupFinished, match=r"can no longer be called on the application\. It has already handled its"):
        late(app)
    assert issubclass(SetupFinished, AssertionError)


@pytest.mark.parametrize(
    "act", [lambda app: app.freeze(), lambda app: app.operations, lambda app: app.freeze(compile=True)]
)
def test_freezing_closes_the_structure(app, act):
    """Freezing closes the structure as the first request does, and may be asked for again."""
    add_routes(app)
    act(app)
    act(app)

    with pytest.raises(SetupFinished):
        app.get("/late")
    assert app.test_client().get("/declared").json == {"name": "Rex"}


def test_settings_do_not_close(app):
    """Settings, the session interface and the JSON provider may be set after the first request."""
    client = add_routes(app).test_client()
    client.get("/declared")
    app.secret_key = "x"
    app.debug = False
    app.session_interface = type(app.session_interface)()
    app.json = app.json_provider_class(app)
    app.config.update(ANSWER=42)

    assert client.get("/declared").json == {"name": "Rex"}


# Threads


def test_two_threads_make_the_first_request(app):
    """Requests that come at once while the application freezes all get their answer, and it is built once."""
    built = []

    class Slow(Resource):
        @arguments({"n": fields.Integer()}, location="query")
        @response(200)
        def get(self, query):
            return query

    slow = app.ensure_sync

    def ensure_sync(function):
        built.append(function)
        threading.Event().wait(0.02)
        return slow(function)

    app.ensure_sync = ensure_sync
    app.add_resource(Slow, "/slow")
    replies = []
    start = threading.Barrier(8)

    def ask():
        start.wait()
        replies.append(app.test_client().get("/slow?n=1").json)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert replies == [{"n": 1}] * 8
    assert built.count(Slow.get) <= 2


def test_threads_do_not_mix(app):
    """Requests in several threads each see their own request, ``g`` and session."""
    app.secret_key = "x"
    gate = threading.Barrier(4)

    @app.get("/<int:number>")
    @response(200)
    def view(number):
        g.number = number
        session["number"] = number
        gate.wait()
        return [request.view_args["number"], g.number, session["number"]]

    replies = {}
    threads = [
        threading.Thread(target=lambda n=n: replies.update({n: app.test_client().get(f"/{n}").json})) for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert replies == {n: [n, n, n] for n in range(4)}


# Streams


@pytest.fixture
def streaming(app):
    """An application with a streamed body that uses the context, and a note of each teardown."""
    app.ended = []

    @app.teardown_request
    def request_over(error):
        app.ended.append(("request", type(error)))

    @app.teardown_appcontext
    def app_over(error):
        app.ended.append(("app", type(error)))

    @app.get("/stream")
    def stream():
        g.count = 0

        def body():
            for _ in range(3):
                g.count += 1
                yield f"{request.args['word']}{g.count} "
            if "fail" in request.args:
                raise ZeroDivisionError

        return body()

    return app


NORMAL = [("request", type(None)), ("app", type(None))]


def start(app, path="/stream", query="word=a", method="GET"):
    """Call the application; its body, not yet read."""
    environ = app.test_request_context(f"{path}?{query}", method=method).environ
    return app(environ, lambda status, headers, exc_info=None: None)


def test_a_stream_keeps_its_context(streaming):
    """A streamed body sees its request and ``g`` to the end, and teardown runs once, when it is exhausted."""
    body = start(streaming)
    first = next(iter(body))
    early = list(streaming.ended)
    rest = list(body)
    exhausted = list(streaming.ended)
    body.close()
    body.close()

    assert (first, rest) == (b"a1 ", [b"a2 ", b"a3 "])
    assert early == []
    assert exhausted == NORMAL
    assert streaming.ended == NORMAL


def test_a_stream_that_is_closed_early(streaming):
    """A client that goes away closes the body: teardown runs then, once."""
    body = start(streaming)
    next(iter(body))
    body.close()
    body.close()

    assert streaming.ended == NORMAL


def test_a_stream_that_is_never_read(streaming):
    """A body that is closed before its first part is torn down as well."""
    start(streaming).close()

    assert streaming.ended == NORMAL


def test_a_stream_that_fails(streaming):
    """An error in a streamed body reaches the server, and the teardown functions are told of it, once."""
    body = start(streaming, query="word=a&fail=1")
    with pytest.raises(ZeroDivisionError):
        list(body)
    body.close()

    assert streaming.ended == [("request", ZeroDivisionError), ("app", ZeroDivisionError)]


def test_a_stream_crosses_threads(streaming):
    """Each part of a streamed body may be asked for in another thread, and the last one may close it."""
    body = start(streaming)
    iterator = iter(body)
    parts, errors = [], []

    def step(action):
        try:
            parts.append(action())
        except BaseException as error:
            errors.append(type(error))

    for action in (lambda: next(iterator), lambda: next(iterator), lambda: next(iterator), lambda: next(iterator)):
        thread = threading.Thread(target=step, args=(action,))
        thread.start()
        thread.join(10)
    closer = threading.Thread(target=step, args=(body.close,))
    closer.start()
    closer.join(10)

    assert parts == [b"a1 ", b"a2 ", b"a3 ", None]
    assert errors == [StopIteration]
    assert streaming.ended == NORMAL


def test_two_streams_at_once(streaming):
    """Two streamed bodies that are read in turns each see their own context."""
    one, other = start(streaming, query="word=a"), start(streaming, query="word=b")
    parts = [next(iter(one)), next(iter(other)), next(iter(one)), next(iter(other))]
    one.close()
    after_one = list(streaming.ended)
    other.close()

    assert parts == [b"a1 ", b"b1 ", b"a2 ", b"b2 "]
    assert after_one == NORMAL
    assert streaming.ended == NORMAL * 2


def test_a_stream_leaves_no_context_behind(streaming):
    """Between its parts, and after them, a streamed body leaves the caller's context as it was."""
    from framework import has_app_context, has_request_context

    body = start(streaming)
    between = [has_app_context()]
    next(iter(body))
    between.append(has_request_context())
    with streaming.app_context():
        list(body)
        between.append(has_request_context())
    body.close()

    assert between == [False, False, False]
    assert not has_app_context()


def test_a_stream_for_head(streaming):
    """HEAD reads nothing of a streamed body, and its teardown has run when the application returns."""
    body = start(streaming, method="HEAD")

    assert streaming.ended == NORMAL
    assert b"".join(body) == b""
    body.close()


def test_a_finished_body_is_torn_down_at_once(streaming):
    """The teardown of an answer that is all there has run before the application returns."""
    start(streaming, path="/nothing")

    assert streaming.ended == NORMAL


def test_errors_in_the_teardown_of_a_stream(streaming):
    """All teardown functions of a stream run, whatever one of them raises; the error reaches the server."""

    @streaming.teardown_request
    def broken(error):
        raise ValueError("broken")

    body = start(streaming)
    with pytest.raises(ValueError, match="broken"):
        list(body)
    body.close()

    assert streaming.ended == NORMAL


def test_the_generator_is_closed_in_its_context(app):
    """The ``finally`` of a streamed generator still sees its request when the client goes away."""
    seen = []

    @app.get("/stream")
    def stream():
        def body():
            try:
                yield "a"
                yield "b"
            finally:
                seen.append(request.path)

        return body()

    body = start(app)
    next(iter(body))
    body.close()

    assert seen == ["/stream"]


# Teardown


def test_all_teardown_functions_run(app):
    """Each teardown function runs although others fail; their errors are raised together at the end."""
    seen = []

    @app.teardown_appcontext
    def last(error):
        seen.append("app")
        raise KeyError("app")

    @app.teardown_request
    def second(error):
        seen.append("second")
        raise ValueError("second")

    @app.teardown_request
    def first(error):
        seen.append("first")
        raise TypeError("first")

    with pytest.raises(BaseExceptionGroup) as caught:
        app.test_client().get("/")

    def leaves(error):
        return [leaf for part in error.exceptions for leaf in leaves(part)] if hasattr(error, "exceptions") else [error]

    assert seen == ["first", "second", "app"]
    assert [type(error) for error in leaves(caught.value)] == [TypeError, ValueError, KeyError]


def test_teardown_is_told_of_unhandled_errors_only(app, caplog):
    """Teardown functions get the exception that nobody handled, and ``None`` for one that an answer was made of."""
    seen = []
    app.teardown_request(lambda error: seen.append(type(error)))
    app.teardown_appcontext(lambda error: seen.append(type(error)))

    @app.get("/broken")
    def broken():
        raise ZeroDivisionError

    @app.get("/handled")
    def handled():
        raise KeyError

    app.register_error_handler(KeyError, lambda error: "handled")
    client = app.test_client()
    for path in ("/broken", "/handled", "/nothing"):
        client.get(path)

    assert seen == [ZeroDivisionError] * 2 + [type(None)] * 4


def test_errors_may_be_ignored_in_the_teardown(fast, caplog):
    """``should_ignore_error`` keeps an error from the teardown functions."""
    seen = []
    app = type("Mine", (App,), {"should_ignore_error": lambda self, error: True})("mine")
    app.teardown_request(lambda error: seen.append(error))

    @app.get("/broken")
    def broken():
        raise ZeroDivisionError

    app.test_client().get("/broken")

    assert seen == [None]


def test_system_exit_passes(app):
    """What is no ``Exception`` is not answered: it passes, after the teardown."""
    seen = []
    app.teardown_request(lambda error: seen.append(type(error)))

    @app.get("/exit")
    def leave():
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        app.test_client().get("/exit")
    assert seen == [SystemExit]


# Leaks


def test_nothing_is_kept_of_a_request(app):
    """After a request its context, request and resource are freed without the garbage collector, errors included."""
    kept = []

    class Thing(Resource):
        @response(200)
        def get(self):
            kept.append(weakref.ref(self))
            kept.append(weakref.ref(request._get_current_object()))
            return 1

    app.add_resource(Thing, "/thing")
    environ = app.test_request_context("/thing").environ
    gc.collect()
    gc.disable()
    try:
        list(app(environ, lambda status, headers, exc_info=None: None))
        alive = [ref() for ref in kept if ref() is not None]
    finally:
        gc.enable()

    assert len(kept) == 2
    assert alive == []


def test_misses_do_not_pile_up(app):
    """Unknown paths and methods leave nothing behind, however many there are."""
    app.register_router(Router("r", url_prefix="/r"))
    client = app.test_client()

    def held():
        client.get("/r/warm")
        gc.collect()
        return len(gc.get_objects())

    for number in range(50):
        client.get(f"/r/warm{number}")
    before = held()
    for number in range(300):
        client.open(f"/r/{number}/x{number}", method=f"M{number}")
    after = held()

    assert after - before < 200


# Views


def test_an_unread_body_does_no_harm(app):
    """A handler that never reads the body answers all the same."""
    app.add_url_rule("/x", "x", lambda: "ok", methods=["POST"])
    status, _, body = raw(app, "POST", "/x", **{"wsgi.input": io.BytesIO(b"x" * 1000), "CONTENT_LENGTH": "1000"})

    assert (status, body) == ("200 OK", b"ok")


def test_bad_request_keys_are_400(app):
    """A missing key of a form or query is a 400, which shows the key in debug mode only."""

    @app.get("/x")
    def x():
        return request.args["secret_key"]

    client = app.test_client()
    quiet = client.get("/x")
    app.config["TRAP_BAD_REQUEST_ERRORS"] = False
    app.debug = True
    loud = client.get("/x")

    assert quiet.status_code == loud.status_code == 400
    assert "secret_key" not in quiet.text
    assert "secret_key" in loud.text


def test_a_handler_for_our_class_serves_bad_keys(app):
    """A handler for the framework's BadRequest serves werkzeug's subclasses of its own too."""

    @app.get("/x")
    def x():
        return request.args["a"]

    @app.errorhandler(BadRequest)
    def bad(error):
        return "mine", 400

    assert app.test_client().get("/x").text == "mine"


def test_view_classes_of_both_kinds(app):
    """A ``View`` and a ``MethodView`` are dispatched with their values of the path."""

    class One(View):
        def dispatch_request(self, number):
            return str(number)

    class Two(MethodView):
        def get(self, number):
            return str(number * 2)

    app.add_url_rule("/one/<int:number>", view_func=One.as_view("one"))
    app.add_url_rule("/two/<int:number>", view_func=Two.as_view("two"))
    client = app.test_client()

    assert (client.get("/one/3").text, client.get("/two/3").text) == ("3", "6")


# A path that no rule matches


class Renamed(App):
    """An application that writes its errors by itself."""

    def render_http_exception(self, error):
        return PreparedResponse(error.code, [("Content-Type", "text/plain")], b"written by the class")


def test_an_override_writes_misses(fast):
    """An application that overrides how errors are written overrides it for unknown paths too."""
    app = Renamed("renamed")
    app.config.update(FAST_PATH=fast, CONTRACT="off")

    assert raw(app, path="/nowhere")[2] == b"written by the class"


def test_an_override_on_the_instance_writes_misses(app):
    """So does one that is set on the instance after the first request."""
    raw(app, path="/nowhere")
    app.handle_http_exception = lambda error: Response("taken", 404)

    assert raw(app, path="/nowhere")[2] == b"taken"


def test_a_hook_may_change_what_a_miss_is(app):
    """What a hook puts in the place of the exception is raised, by the request or by the context."""

    @app.before_request
    def change():
        if request.path == "/request":
            request.routing_exception = BadRequest("No.")
        elif request.path == "/text":
            request.routing_exception.description = "Nothing here."

    assert raw(app, path="/request")[0] == "400 BAD REQUEST"
    assert b"Nothing here." in raw(app, path="/text")[2]
    assert raw(app, path="/other")[0] == "404 NOT FOUND"


def test_misses_are_trapped(app):
    """``TRAP_HTTP_EXCEPTIONS`` lets the exception of a miss through."""
    app.config.update(TRAP_HTTP_EXCEPTIONS=True, PROPAGATE_EXCEPTIONS=True)

    with pytest.raises(werkzeug_errors.NotFound):
        raw(app, path="/nowhere")


def test_a_known_miss_is_the_answer_of_the_exception(app):
    """A miss says the same as a NotFound that a view raises, under a prefix and without docs too."""

    @app.get("/raises")
    def raises():
        raise NotFound

    named = {"framework.request_id": "a"}  # otherwise each request has another id
    for prefix in ("", "/api"):
        missed, raised = (raw(app, path=path, SCRIPT_NAME=prefix, **named) for path in ("/nowhere", "/raises"))
        assert missed == raised
    assert b"/api/docs/errors/not_found" in raw(app, path="/nowhere", SCRIPT_NAME="/api")[2]


def test_marks_run_where_views_are_called_by_hand():
    """An overridden ``dispatch_request`` that calls the view itself does not pass by who may call it."""

    class ByHand(App):
        def dispatch_request(self):
            return self.view_functions[request.url_rule.endpoint](**request.view_args)

    app = ByHand("by_hand", root_path=".")
    users = Bearer({"token-of-ann": "ann"}.get)

    @app.get("/function/<int:number>")
    @requires(users)
    @arguments({"page": fields.Integer(load_default=1)}, location="query")
    @response(200, {"page": fields.Integer(), "number": fields.Integer()})
    def function(query, number):
        return {**query, "number": number}

    @app.route("/resource")
    class Guarded(Resource):
        @requires(users)
        @response(200, {"ok": fields.Boolean()})
        def get(self):
            return {"ok": True}

    @app.get("/plain")
    def plain():
        return "plain"

    client = app.test_client()
    ann = {"Authorization": "Bearer token-of-ann"}

    assert [client.get(path).status_code for path in ("/function/1", "/resource", "/plain")] == [401, 401, 200]
    assert client.get("/function/7?page=2", headers=ann).json == {"page": 2, "number": 7}
    assert client.get("/function/7?page=x", headers=ann).status_code == 422
    assert client.get("/resource", headers=ann).json == {"ok": True}


def test_views_without_a_name():
    """A partial function and an object that can be called are views too, with marks as well."""

    class Answer:
        def __call__(self):
            return {"answer": 42}

    def power(base, number):
        return {"power": number**base}

    app = App("nameless", root_path=".")
    app.add_url_rule("/square/<int:number>", "square", functools.partial(power, 2))
    app.add_url_rule("/answer", "answer", response(200, {"answer": fields.Integer()})(Answer()))
    client = app.test_client()

    assert client.get("/square/3").json == {"power": 9}
    assert client.get("/answer").json == {"answer": 42}
    assert "/answer" in app.openapi["paths"]


def plain_answer(steps, **methods):
    """Return what a declared operation answers, by an application of a class with some methods of its own."""

    class Mine(App):
        pass

    for name in methods:

        def method(self, *args, name=name, **kwargs):
            steps.append(name)
            return getattr(super(Mine, self), name)(*args, **kwargs)

        setattr(Mine, name, method)
    app = Mine("plain")
    app.secret_key = "a secret of sixteen bytes"

    @app.route("/")
    class Things(Resource):
        def get(self):
            return {"a": 1}

    @app.after_request
    def after(response):
        steps.append("hook")
        session["seen"] = True
        response.status_code = 202
        response.headers["X-Request-ID"] = "own"
        response.set_data(response.get_data() + b" ")
        return response

    reply = app.test_client().get("/")
    return reply.status_code, reply.data, reply.headers["X-Request-ID"], "session=" in reply.headers["Set-Cookie"]


@pytest.mark.parametrize("name", ["", "finalize_request", "make_response", "process_response"])
def test_hooks_are_called_by_overridden_methods_too(name):
    """The hook and the session of a prepared answer have the same end, whichever method is overridden."""
    steps = []

    assert plain_answer(steps, **({name: True} if name else {})) == (202, b'{"a":1} ', "own", True)
    assert steps == ([name, "hook"] if name else ["hook"])
