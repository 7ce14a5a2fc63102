"""Flask three times: with marshmallow by hand, with flask-smorest, with APIFlask."""

from __future__ import annotations

import typing as t

import marshmallow as ma
from apiflask import APIFlask
from flask import Flask, Response, abort, jsonify, request, session
from flask.views import MethodView
from flask_httpauth import HTTPTokenAuth
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_smorest import Api, Blueprint, Page

from .base import (
    MANY,
    OFTEN,
    USERS,
    Contender,
    Fresh,
    ItemSchema,
    MomentSchema,
    QuerySchema,
    StatusSchema,
    new_items,
)

ITEMS = new_items()

one, many, query = ItemSchema(), ItemSchema(many=True), QuerySchema()
moments = MomentSchema(many=True)
tokens = HTTPTokenAuth()
tokens.verify_token(USERS.get)


def item_at(number: int) -> t.Any:
    """An item, or 404."""
    return ITEMS[number] if number < len(ITEMS) else abort(404)


class ListPage(Page):
    """A page of a list, which knows its length."""

    @property
    def item_count(self) -> int:
        return len(self.collection)


class Hello(MethodView):
    def get(self) -> t.Any:
        return {"hello": "world"}


class Thing(MethodView):
    def get(self, number: int) -> t.Any:
        return {"id": number}


class Items(MethodView):
    def get(self) -> t.Any:
        return many.dump(ITEMS)

    def post(self) -> t.Any:
        return one.dump(one.load(request.get_json())), 201


class Loaded(MethodView):
    def get(self) -> t.Any:
        return many.dump(Fresh.objects)


class Moments(MethodView):
    def get(self) -> t.Any:
        return moments.dump(Fresh.objects)


class Private(MethodView):
    @tokens.login_required
    def get(self) -> t.Any:
        return {"hello": "world"}


class Tagged(MethodView):
    def get(self) -> t.Any:
        answer = jsonify(one.dump(ITEMS[7]))
        answer.add_etag()
        return answer.make_conditional(request)


class OneItem(MethodView):
    def get(self, number: int) -> t.Any:
        query.load(request.args)
        return one.dump(item_at(number))


def add_plain_routes(app: Flask) -> None:
    """Add what has no schema."""

    @app.get("/view")
    def view() -> t.Any:
        return {"hello": "world"}

    app.add_url_rule("/plain", view_func=Hello.as_view("plain"))


def hooked() -> Flask:
    app = Flask(__name__)
    add_plain_routes(app)

    @app.after_request
    def name_server(response: Response) -> Response:
        response.headers["X-Served-By"] = "bench"
        return response

    return app


def with_session() -> Flask:
    app = Flask(__name__)
    app.secret_key = "a key of the benchmark"

    class Session(MethodView):
        def get(self) -> t.Any:
            return {"user": session["user"]}

        def post(self) -> t.Any:
            session["user"] = 7
            return {"user": 7}

    app.add_url_rule("/session", view_func=Session.as_view("session"))
    return app


def flask() -> Flask:
    app = Flask(__name__)
    app.add_url_rule("/hello", view_func=Hello.as_view("hello"))
    add_plain_routes(app)
    app.add_url_rule("/loaded", view_func=Loaded.as_view("loaded"))
    app.add_url_rule("/moments", view_func=Moments.as_view("moments"))
    app.add_url_rule("/private", view_func=Private.as_view("private"))
    app.add_url_rule("/tagged", view_func=Tagged.as_view("tagged"))
    app.add_url_rule("/items", view_func=Items.as_view("items"))
    app.add_url_rule("/items/<int:number>", view_func=OneItem.as_view("item"))

    @app.errorhandler(ma.ValidationError)
    def refuse(error: ma.ValidationError) -> t.Any:
        return {"errors": error.messages}, 422

    return app


def smorest() -> Flask:
    app = Flask(__name__)
    app.config.update(API_TITLE="Items", API_VERSION="1", OPENAPI_VERSION="3.1.0")
    router = Blueprint("items", __name__)

    @router.route("/hello")
    class SmorestHello(MethodView):
        @router.response(200)
        def get(self) -> t.Any:
            return {"hello": "world"}

    @router.route("/items")
    class SmorestItems(MethodView):
        @router.response(200, ItemSchema(many=True))
        def get(self) -> t.Any:
            return ITEMS

        @router.arguments(ItemSchema)
        @router.response(201, ItemSchema)
        def post(self, item: t.Any) -> t.Any:
            return item

    @router.route("/items/<int:number>")
    class SmorestItem(MethodView):
        @router.arguments(QuerySchema, location="query")
        @router.response(200, ItemSchema)
        def get(self, query: t.Any, number: int) -> t.Any:
            return item_at(number)

    @router.route("/plain")
    class SmorestPlain(MethodView):
        def get(self) -> t.Any:
            return {"hello": "world"}

    @router.route("/loaded")
    class SmorestLoaded(MethodView):
        @router.response(200, ItemSchema(many=True))
        def get(self) -> t.Any:
            return Fresh.objects

    @router.route("/moments")
    class SmorestMoments(MethodView):
        @router.response(200, MomentSchema(many=True))
        def get(self) -> t.Any:
            return Fresh.objects

    @router.route("/private")
    class SmorestPrivate(MethodView):
        @tokens.login_required
        @router.response(200)
        def get(self) -> t.Any:
            return {"hello": "world"}

    @router.route("/tagged")
    class SmorestTagged(MethodView):
        @router.etag
        @router.response(200, ItemSchema)
        def get(self) -> t.Any:
            return ITEMS[7]

    limiter = Limiter(get_remote_address, app=app, storage_uri="memory://", headers_enabled=True)

    @router.route("/guarded")
    class SmorestGuarded(MethodView):
        @limiter.limit(OFTEN)
        @tokens.login_required
        @router.etag
        @router.arguments(StatusSchema, location="query")
        @router.response(200, ItemSchema(many=True))
        @router.paginate(ListPage)
        def get(self, query: t.Any) -> t.Any:
            return ITEMS

    Api(app).register_blueprint(router)
    return app


def apiflask() -> APIFlask:
    app = APIFlask(__name__, enable_openapi=False)
    app.add_url_rule("/hello", view_func=Hello.as_view("hello"))
    add_plain_routes(app)

    taken: t.Any = ItemSchema  # its types know subclasses of its own schema only

    class ApiItems(MethodView):
        @app.output(taken(many=True))
        def get(self) -> t.Any:
            return ITEMS

        @app.input(taken, arg_name="item")
        @app.output(taken, status_code=201)
        def post(self, item: t.Any) -> t.Any:
            return item

    class ApiItem(MethodView):
        @app.input(t.cast(t.Any, QuerySchema), location="query", arg_name="query")
        @app.output(taken)
        def get(self, number: int, query: t.Any) -> t.Any:
            return item_at(number)

    app.add_url_rule("/items", view_func=ApiItems.as_view("items"))
    app.add_url_rule("/items/<int:number>", view_func=ApiItem.as_view("item"))
    return app


def with_things(app: Flask) -> Flask:
    view = Thing.as_view("thing")
    for number in range(MANY):
        app.add_url_rule(f"/things{number}/<int:number>", f"thing{number}", view)
    return app


def smorest_thousand() -> Flask:
    app = Flask(__name__)
    app.config.update(API_TITLE="Things", API_VERSION="1", OPENAPI_VERSION="3.1.0")
    router = Blueprint("things", __name__)
    for number in range(MANY):
        view = type(f"Thing{number}", (MethodView,), {"get": router.response(200)(lambda self, number: {"id": number})})
        router.route(f"/things{number}/<int:number>")(view)
    Api(app).register_blueprint(router)
    return app


CONTENDERS = [
    Contender(
        "Flask + marshmallow",
        ("flask", "werkzeug", "marshmallow"),
        flask,
        {"thousand": lambda: with_things(Flask(__name__)), "hook": hooked, "session": with_session},
    ),
    Contender(
        "flask-smorest",
        ("flask-smorest", "flask", "webargs", "Flask-Limiter", "Flask-HTTPAuth"),
        smorest,
        {"thousand": smorest_thousand},
        without=frozenset({"view", "method", "current"}),  # its 405 has no Allow, and its 304 no ETag
    ),
    Contender(
        "APIFlask",
        ("apiflask", "flask"),
        apiflask,
        {"thousand": lambda: with_things(APIFlask(__name__, enable_openapi=False))},
        only=frozenset({"hello", "dict", "view", "one", "list", "create", "invalid", "missing", "method", "thousand"}),
    ),
]
