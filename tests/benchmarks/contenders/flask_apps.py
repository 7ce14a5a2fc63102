"""Flask three times: with marshmallow by hand, with flask-smorest, with APIFlask."""

from __future__ import annotations

import typing as t

import marshmallow as ma
from apiflask import APIFlask
from flask import Flask, abort, request
from flask.views import MethodView
from flask_httpauth import HTTPTokenAuth
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_smorest import Api, Blueprint, Page

from .base import ITEMS, MANY, OFTEN, USERS, Contender, ItemSchema, QuerySchema, StatusSchema

one, many, query = ItemSchema(), ItemSchema(many=True), QuerySchema()


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


class OneItem(MethodView):
    def get(self, number: int) -> t.Any:
        query.load(request.args)
        return one.dump(item_at(number))


def flask() -> Flask:
    app = Flask(__name__)
    app.add_url_rule("/hello", view_func=Hello.as_view("hello"))
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

    tokens = HTTPTokenAuth()
    tokens.verify_token(USERS.get)
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
    Contender("Flask + marshmallow", ("flask", "werkzeug", "marshmallow"), flask, lambda: with_things(Flask(__name__))),
    Contender(
        "flask-smorest",
        ("flask-smorest", "flask", "webargs", "Flask-Limiter", "Flask-HTTPAuth"),
        smorest,
        smorest_thousand,
    ),
    Contender(
        "APIFlask", ("apiflask", "flask"), apiflask, lambda: with_things(APIFlask(__name__, enable_openapi=False))
    ),
]
