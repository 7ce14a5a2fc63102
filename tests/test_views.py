"""Class-based views, and Resource."""

from __future__ import annotations

import pytest

from framework import App, Resource, arguments, fields, request, response
from framework.errors import SetupError
from framework.views import MethodView, View


@pytest.fixture(params=[True, False], ids=["fast", "plain"])
def app(request):
    """An application without routes, with and without generated functions."""
    app = App("views")
    app.config.update(FAST_PATH=request.param, CONTRACT="off", TESTING=True)
    return app


def test_each_request_has_its_own_instance(app):
    """What is put on ``self`` never reaches another request, unless one instance is asked for."""

    class Thing(Resource):
        def get(self):
            self.count = getattr(self, "count", 0) + 1
            return self.count

    shared = type("Shared", (Thing,), {"init_every_request": False})
    app.add_resource(Thing, "/own")
    app.add_resource(shared, "/shared")
    client = app.test_client()

    assert [client.get("/own").json for _ in range(3)] == [1, 1, 1]
    assert [client.get("/shared").json for _ in range(3)] == [1, 2, 3]


def test_arguments_of_the_class(app):
    """``class_args`` and ``class_kwargs`` are passed whenever an instance is made."""

    class Thing(Resource):
        def __init__(self, one, two):
            self.values = [one, two]

        def get(self):
            return self.values

    app.add_resource(Thing, "/a", class_args=(1,), class_kwargs={"two": 2})
    app.add_url_rule("/b", view_func=Thing.as_view("b", 3, two=4), operation_id="B")
    client = app.test_client()

    assert (client.get("/a").json, client.get("/b").json) == ([1, 2], [3, 4])


@pytest.mark.parametrize("decorated", [True, False])
def test_decorators_of_a_class(app, decorated):
    """``decorators`` wrap the view function, the first one innermost, and the marks of the methods still run."""
    seen = []

    def decorator(name):
        def decorate(view):
            def wrapper(**values):
                seen.append(name)
                return view(**values)

            return wrapper

        return decorate

    class Thing(Resource):
        decorators = [decorator("inner"), decorator("outer")] if decorated else []

        @arguments({"n": fields.Integer(required=True)}, location="query")
        @response(200)
        def get(self, query, name):
            return [query, name]

    app.add_resource(Thing, "/<name>")
    client = app.test_client()

    assert client.get("/x?n=1").json == [{"n": 1}, "x"]
    assert client.get("/x").status_code == 422
    assert seen == (["outer", "inner"] * 2 if decorated else [])


def test_an_overridden_dispatch(app):
    """A class may override ``dispatch_request`` around its methods, whose marks still run."""

    class Thing(Resource):
        def dispatch_request(self, **values):
            self.before = "seen"
            return super().dispatch_request(**values)

        @arguments({"n": fields.Integer(required=True)}, location="query")
        def get(self, query):
            return [self.before, query]

    app.add_resource(Thing, "/x")
    client = app.test_client()

    assert client.get("/x?n=1").json == ["seen", {"n": 1}]
    assert client.get("/x").status_code == 422


def test_marks_on_a_view(app):
    """A ``View`` carries its marks on ``dispatch_request``."""

    class Thing(View):
        @arguments({"n": fields.Integer(required=True)}, location="query")
        @response(200)
        def dispatch_request(self, query):
            return query

    app.add_url_rule("/x", view_func=Thing.as_view("x"))
    client = app.test_client()

    assert client.get("/x?n=1").json == {"n": 1}
    assert client.get("/x").status_code == 422


def test_methods_of_classes(app):
    """The methods of a class are those it defines and inherits, unless it names them."""

    class Base(MethodView):
        def get(self):
            return request.method

    class Derived(Base):
        def post(self):
            return request.method

    class Narrow(Derived):
        methods = ["GET"]

    assert Base.methods == {"GET"}
    assert set(Derived.methods) == {"GET", "POST"}
    for cls in (Derived, Narrow):
        app.add_url_rule(f"/{cls.__name__}", view_func=cls.as_view(cls.__name__))
    client = app.test_client()

    assert client.post("/Derived").text == "POST"
    assert client.post("/Narrow").status_code == 405


def test_a_method_view_follows_flask(app):
    """A ``MethodView`` without ``response`` mark returns what views return; a ``Resource`` returns data."""

    class Plain(MethodView):
        def get(self):
            return "text"

    class Data(Resource):
        def get(self):
            return "text"

    app.add_resource(Plain, "/plain")
    app.add_resource(Data, "/data")
    client = app.test_client()

    assert client.get("/plain").mimetype == "text/html"
    assert client.get("/data").json == "text"


def test_view_functions_of_classes(app):
    """The view function of a class knows its name, module, text, class and methods."""

    class Thing(Resource):
        """Text."""

        def get(self):
            return 1

    view = Thing.as_view("name")

    assert (view.__name__, view.__module__, view.__doc__) == ("name", __name__, "Text.")
    assert view.view_class is Thing
    assert view.methods == {"GET"}


def test_a_class_on_two_rules(app):
    """One class may answer several rules under one endpoint, with the values that each has."""

    @app.route("/a", operation_id="A")
    @app.route("/b/<name>")
    class Thing(Resource):
        def get(self, name="none"):
            return name

    client = app.test_client()

    assert (client.get("/a").json, client.get("/b/x").json) == ("none", "x")


@pytest.mark.parametrize("target", [dict, 3, lambda: None, "Thing"])
def test_what_is_no_class_of_views(app, target):
    """Only view classes can be added as resources."""
    with pytest.raises(SetupError, match="is not a view class"):
        app.add_resource(target, "/x")


def test_a_view_without_dispatch(app):
    """A ``View`` that forgot its method says so."""
    app.add_url_rule("/x", view_func=type("Thing", (View,), {}).as_view("x"))

    with pytest.raises(NotImplementedError, match="Thing has no 'dispatch_request'"):
        app.test_client().get("/x")


def test_async_handlers(app):
    """``async def`` methods and functions work where plain ones do."""
    pytest.importorskip("asgiref")

    class Thing(Resource):
        @response(200)
        async def get(self):
            return {"a": request.path}

    app.add_resource(Thing, "/x")

    @app.get("/y")
    async def view():
        return "y"

    @app.before_request
    async def before():
        return None

    client = app.test_client()

    assert client.get("/x").json == {"a": "/x"}
    assert client.get("/y").text == "y"
