"""Applications of many resources, each made in a process of its own: time, memory, the document.

``python -m tests.benchmarks.big ours 1000 20`` makes one and prints what it took as JSON.
"""

from __future__ import annotations

import collections.abc as cabc
import json
import pathlib
import sys
import time
import typing as t

import marshmallow as ma
from marshmallow import fields, validate

METHODS = ("get", "post", "put", "delete")


def schema_class(number: int) -> type[ma.Schema]:
    """One of the schemas, with a name and a field of its own."""
    return type(
        f"Thing{number}Schema",
        (ma.Schema,),
        {
            "id": fields.Integer(dump_only=True),
            "name": fields.String(required=True, validate=validate.Length(1, 80)),
            "status": fields.String(validate=validate.OneOf(["new", "active"])),
            "price": fields.Decimal(as_string=True),
            "created_at": fields.DateTime(dump_only=True),
            f"of{number}": fields.List(fields.String()),
        },
    )


def handlers(mark_in: t.Any, mark_out: t.Any, schema: type[ma.Schema], methods: int) -> dict[str, t.Any]:
    """The methods of a resource, marked."""

    def get(self: t.Any) -> t.Any:
        """Show it."""
        return {"id": 1, "name": "it"}

    def post(self: t.Any, thing: t.Any) -> t.Any:
        """Make it."""
        return thing

    def put(self: t.Any, thing: t.Any) -> t.Any:
        """Change it."""
        return thing

    def delete(self: t.Any) -> t.Any:
        """Take it away."""
        return None

    marked = {
        "get": mark_out(200, schema)(get),
        "post": mark_in(schema)(mark_out(201, schema)(post)),
        "put": mark_in(schema)(mark_out(200, schema)(put)),
        "delete": mark_out(204)(delete),
    }
    return {name: marked[name] for name in METHODS[:methods]}


def make_ours(schemas: list[type[ma.Schema]], count: int, methods: int) -> tuple[t.Any, cabc.Callable[[], t.Any]]:
    """The application of this framework, frozen, and what gives its document."""
    from framework import App, Resource, arguments, response

    app = App(__name__)
    for number in range(count):
        members = handlers(arguments, response, schemas[number % len(schemas)], methods)
        app.route(f"/things{number}")(type(f"Thing{number}", (Resource,), members))
    app.freeze()
    return app, lambda: app.openapi


def make_smorest(schemas: list[type[ma.Schema]], count: int, methods: int) -> tuple[t.Any, cabc.Callable[[], t.Any]]:
    """The application of flask-smorest, and what gives its document."""
    from flask import Flask
    from flask.views import MethodView
    from flask_smorest import Api, Blueprint

    app = Flask(__name__)
    app.config.update(API_TITLE="Things", API_VERSION="1", OPENAPI_VERSION="3.1.0")
    router = Blueprint("things", __name__)
    for number in range(count):
        members = handlers(router.arguments, router.response, schemas[number % len(schemas)], methods)
        router.route(f"/things{number}")(type(f"Thing{number}", (MethodView,), members))
    api = Api(app)
    api.register_blueprint(router)
    return app, lambda: api.spec.to_dict()


def make_apiflask(schemas: list[type[ma.Schema]], count: int, methods: int) -> tuple[t.Any, cabc.Callable[[], t.Any]]:
    """The application of APIFlask, and what gives its document."""
    from apiflask import APIFlask
    from flask.views import MethodView

    app = APIFlask(__name__, title="Things", version="1")

    def mark_in(schema: t.Any) -> t.Any:
        return app.input(schema, arg_name="thing")

    def mark_out(status: int, schema: t.Any = None) -> t.Any:
        return app.output({} if schema is None else schema, status_code=status)

    for number in range(count):
        members = handlers(mark_in, mark_out, schemas[number % len(schemas)], methods)
        view = type(f"Thing{number}", (MethodView,), members)
        app.add_url_rule(f"/things{number}", view_func=t.cast(t.Any, view).as_view(f"thing{number}"))
    return app, lambda: app.spec


# By the name of the contender: what makes its application, and the module that is imported before the clock starts.
MAKERS = {"ours": make_ours, "smorest": make_smorest, "apiflask": make_apiflask}
MODULES = {"ours": "framework", "smorest": "flask_smorest", "apiflask": "apiflask"}


def peak_memory() -> float:
    """The most memory that this process has held, in MiB; 0 where the system does not tell."""
    try:
        told = pathlib.Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in told.splitlines() if line.startswith("VmHWM")), 0.0)


def measure(who: str, count: int, kinds: int, methods: int, document: bool) -> dict[str, float]:
    """Make an application and note seconds of process time and MiB.

    :param who: A key of ``MAKERS``.
    :param count: How many resources.
    :param kinds: How many different schemas they share.
    :param methods: How many methods each resource has.
    :param document: Whether to make the document too.
    """
    from .calls import Question, wsgi_call

    schemas = [schema_class(number) for number in range(kinds)]
    __import__(MODULES[who])
    start = time.process_time()
    app, spec = MAKERS[who](schemas, count, methods)
    noted = {"made": time.process_time() - start}
    answer = wsgi_call(app, Question(f"/things{count - 1}"))()
    if answer.code != 200:
        raise SystemExit(f"{who} answers {answer.status!r}.")
    noted["answered"] = time.process_time() - start
    if document:
        asked = time.process_time()
        text = json.dumps(spec())
        noted["document"] = time.process_time() - asked
        noted["made with document"] = noted["made"] + noted["document"]
        if len(json.loads(text)["paths"]) < count:
            raise SystemExit(f"The document of {who} has not all {count} paths.")
    noted["peak"] = peak_memory()
    return noted


if __name__ == "__main__":
    given = sys.argv[1:]
    sys.stdout.write(json.dumps(measure(given[0], int(given[1]), int(given[2]), int(given[3]), given[4] == "1")))
