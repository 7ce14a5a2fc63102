"""Marks: how they stand on their targets, how they join, and both faces of one that a user writes."""

from __future__ import annotations

import functools
import itertools

import pytest
from marshmallow import fields as ma

from framework import (
    App,
    Resource,
    Response,
    Router,
    Schema,
    alt_response,
    arguments,
    doc,
    fields,
    g,
    raises,
    response,
    security_headers,
    sparse,
)
from framework.errors import MarkLost, NotFound, PreconditionRequired, SetupError, TooManyRequests
from framework.marks.base import (
    Doc,
    Header,
    Key,
    Mark,
    Notes,
    Outcome,
    Parameter,
    Phase,
    ReplyStep,
    Security,
    Step,
    ValueStep,
    marks_of,
)
from tests.answers import same_body


@pytest.fixture
def app(fast):
    """An application without routes."""
    app = App("marks")
    app.config.update(FAST_PATH=fast, CONTRACT="off")
    return app


class Named(Mark):
    """A mark with a name."""

    def __init__(self, name):
        self.name = name

    def __repr__(self):
        return self.name


# A mark as a user writes it, from the public names alone.


class KeyRequired(Mark):
    """Ask for a key in the header ``X-Key``, count its uses, and refuse the fourth."""

    phase = Phase.AUTHENTICATE

    def __init__(self, limit=3):
        self.limit = limit
        self.uses = {}

    def run(self, plan):
        def check(ctx, call):
            key = ctx.request.headers.get("X-Key")
            if key is None:
                return Response("No key.", 401)
            self.uses[key] = self.uses.get(key, 0) + 1
            if self.uses[key] > self.limit:
                raise TooManyRequests(headers={"Retry-After": "60"})
            call.notes = {KeyRequired: self.uses[key]}
            return None

        def count(ctx, call, reply):
            if call.notes:
                reply.headers["X-Uses"] = str(call.notes[KeyRequired])

        return [Step(Phase.AUTHENTICATE, check), ReplyStep(Phase.HEADERS, count)]

    def document(self, plan):
        yield Parameter("X-Tenant", "header", ma.String(), "Who asks.")
        yield Security("key", {"type": "apiKey", "in": "header", "name": "X-Key"})
        yield Outcome(429, error=TooManyRequests)
        yield Header("X-Uses", ma.Integer(), "How often the key was used.")
        yield Doc(extra={"x-limit": self.limit})


@pytest.fixture
def keyed(app):
    """An application with the user's mark on an operation."""

    @app.route("/things")
    class Things(Resource):
        @KeyRequired()
        @arguments({"n": fields.Integer()}, location="query")
        @response(200, {"n": fields.Integer()})
        def get(self, query):
            """List things."""
            return query

    return app


def test_a_users_mark_runs(keyed):
    """The run face of a user's mark answers, refuses and adds to the answer."""
    client = keyed.test_client()
    replies = [client.get("/things?n=1", headers={"X-Key": "a"}) for _ in range(4)]

    assert client.get("/things").status_code == 401
    assert [reply.status_code for reply in replies] == [200, 200, 200, 429]
    assert [reply.headers.get("X-Uses") for reply in replies[:3]] == ["1", "2", "3"]
    assert replies[0].json == {"n": 1}
    assert replies[3].headers["Retry-After"] == "60"


def test_a_users_mark_is_in_its_operation(keyed):
    """The document face of a user's mark is part of the frozen operation."""
    (operation,) = [operation for operation in keyed.operations if operation.endpoint == "Things"]

    assert [parameter.name for parameter in operation.parameters] == ["X-Tenant", "n"]
    assert operation.security[0].name == "key"
    assert TooManyRequests in [outcome.error for outcome in operation.outcomes]
    assert operation.headers[0].name == "X-Uses"
    assert operation.extra == {"x-limit": 3}


def test_a_users_mark_is_in_the_document(keyed):
    """The document shows all that a user's mark declares."""
    document = keyed.openapi
    get = document["paths"]["/things"]["get"]

    assert {"name": "X-Tenant", "in": "header"}.items() <= get["parameters"][0].items()
    assert get["security"] == [{"key": []}]
    assert document["components"]["securitySchemes"]["key"]["name"] == "X-Key"
    assert "429" in get["responses"]
    assert "X-Uses" in get["responses"]["200"]["headers"]
    assert get["x-limit"] == 3


# On targets


def test_a_mark_returns_its_target():
    """A mark leaves the very same function or class, and stands on it; the top one comes first."""
    one, two = Named("one"), Named("two")

    def function():
        pass

    class Thing(Resource):
        pass

    assert one(function) is function
    assert two(function) is function
    assert marks_of(function) == (two, one)
    assert one(Thing) is Thing
    assert marks_of(Thing) == (one,)
    assert marks_of(lambda: None) == ()


def test_marks_are_seen_through_wrappers():
    """Marks are found through ``__wrapped__``, and those above a wrapper join those below it."""
    one, two = Named("one"), Named("two")

    @one
    def function():
        pass

    @functools.wraps(function)
    def wrapper():
        pass

    def bare():
        pass

    bare.__wrapped__ = function

    assert marks_of(wrapper) == marks_of(bare) == (one,)
    assert marks_of(two(wrapper)) == (two, one)
    assert marks_of(two(bare)) == (two, one)
    assert marks_of(function) == (one,)


def test_a_circle_of_wrappers_ends():
    """A function that names itself as wrapped has no marks and hangs nothing."""

    def function():
        pass

    function.__wrapped__ = function

    assert marks_of(function) == ()


@pytest.mark.parametrize("target", [3, len, "x", [].append, dict])
def test_what_cannot_carry_marks(target):
    """A target without attributes is refused with a sentence."""
    with pytest.raises(SetupError, match="cannot carry the mark"):
        Named("one")(target)


def test_overrides_inherit_no_marks(app):
    """A method that overrides another one carries its own marks alone; one that is inherited carries its."""
    one = Named("one")

    class Base(Resource):
        @one
        def get(self):
            return 1

        @one
        def post(self):
            return 1

    class Derived(Base):
        def get(self):
            return 2

    app.add_resource(Derived, "/x")
    marks = {operation.method: operation.marks for operation in app.operations if operation.endpoint == "Derived"}

    assert marks == {"GET": (), "POST": (one,)}


def test_marks_join_from_the_outside_in(app):
    """Application, routers, class and method: the outer marks stand in front."""
    names = ["app", "outer", "inner", "class", "method"]
    made = {name: Named(name) for name in names}
    app.marks = (made["app"],)
    outer = Router("outer", url_prefix="/outer", marks=[made["outer"]])
    inner = Router("inner", url_prefix="/inner", marks=[made["inner"]])

    @inner.route("/x")
    @made["class"]
    class Thing(Resource):
        @made["method"]
        def get(self):
            return 1

    outer.register_router(inner)
    app.register_router(outer)
    (operation,) = [operation for operation in app.operations if operation.view_class is Thing]

    assert [mark.name for mark in operation.marks] == names


def test_marks_given_to_the_application():
    """Marks given to ``App(marks=...)`` and ``Router(marks=...)`` run for all operations below."""
    seen = []

    class Note(Mark):
        phase = Phase.PREFLIGHT

        def __init__(self, name):
            self.name = name

        def run(self, plan):
            return [Step(Phase.PREFLIGHT, lambda ctx, call: seen.append(self.name))]

    app = App("marks", marks=[Note("app")])
    router = Router("r", url_prefix="/r", marks=[Note("router")])
    router.add_url_rule("/x", "x", lambda: "x")
    app.add_url_rule("/y", "y", lambda: "y")
    app.register_router(router)
    client = app.test_client()
    client.get("/r/x")
    client.get("/y")

    assert seen == ["app", "router", "app"]


# Their order


def test_the_order_of_marks_means_nothing(app):
    """In whatever order the marks stand on a handler, the answers and the document are the same."""
    made = [
        arguments({"n": fields.Integer(required=True)}, location="query", as_kwargs=True),
        response(200, {"n": fields.Integer()}),
        raises(PreconditionRequired),
        doc(summary="Same."),
    ]
    answers, documents = [], []
    for order in itertools.permutations(made):
        app = App("marks")

        def view(n):
            return {"n": n}

        for mark in order:
            mark(view)
        app.add_url_rule("/x", "view", view)
        client = app.test_client()
        answers.append([same_body(client.get(path)) for path in ("/x?n=1", "/x?n=a", "/x", "/x?m=1")])
        documents.append(app.openapi)

    assert all(answer == answers[0] for answer in answers)
    assert all(document == documents[0] for document in documents)


def test_the_order_of_arguments_is_that_of_the_marks(app):
    """The value of the top ``arguments`` is the first one; values of the path come by name."""

    @app.post("/<int:number>")
    @arguments({"q": fields.String()}, location="query")
    @arguments({"b": fields.String()})
    @response(200)
    def view(first, second, number):
        return [first, second, number]

    reply = app.test_client().post("/3?q=Q", json={"b": "B"})

    assert reply.json == [{"q": "Q"}, {"b": "B"}, 3]


# Steps


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase < Phase.HANDLER])
def test_a_value_of_a_step_is_the_answer(app, phase):
    """A step before the handler that returns a value gives the answer; the handler is not called."""

    class Stop(Mark):
        def run(self, plan):
            return [Step(phase, lambda ctx, call: Response("stopped", 299))]

    called = []

    @app.get("/x")
    @Stop()
    def view():
        called.append(1)
        return "x"

    reply = app.test_client().get("/x")

    assert (reply.status_code, reply.text, called) == (299, "stopped", [])


def test_a_step_after_the_handler_changes_the_answer(app):
    """A step from ``OUTCOME`` on may change the reply or return another, for declared and for plain views."""

    class Stamp(Mark):
        def run(self, plan):
            def stamp(ctx, call, reply):
                reply.headers["X-Stamp"] = type(call.value).__name__

            return [ReplyStep(Phase.HEADERS, stamp), ReplyStep(Phase.ETAG, lambda ctx, call, reply: None)]

    app.marks = (Stamp(),)

    @app.get("/declared")
    @response(200)
    def declared():
        return {}

    @app.get("/plain")
    def plain():
        return "x", 201

    @app.get("/wsgi")
    @response(200)
    def wsgi():
        return Response("x").__call__

    client = app.test_client()

    assert client.get("/declared").headers["X-Stamp"] == "dict"
    assert client.get("/plain").headers["X-Stamp"] == "tuple"
    assert client.get("/plain").status_code == 201
    assert client.get("/wsgi").headers["X-Stamp"] == "method"


def test_only_inputs_collect(app):
    """All parts of the input are read before one 422 names all that is wrong."""

    @app.post("/x")
    @arguments({"q": fields.Integer()}, location="query")
    @arguments({"b": fields.Integer()})
    @arguments({"h": fields.Integer(data_key="X-H")}, location="headers")
    @response(200)
    def view(*values):
        return 1

    reply = app.test_client().post("/x?q=a", json={"b": "b"}, headers={"X-H": "h"})

    assert reply.status_code == 422
    assert set(reply.json["errors"]) == {"query", "json", "headers"}


# Marks that are lost


def forgetful(function):
    """A decorator that forgets ``functools.wraps``."""

    def wrapper(*args, **kwargs):
        g.passed = True
        return function(*args, **kwargs)

    return wrapper


def careful(function):
    """A decorator that does not."""

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


def test_a_lost_mark_on_a_function(app):
    """A mark below a decorator that hides it stops the start, and the message names the remedy."""
    app.add_url_rule("/x", "x", forgetful(response(200)(lambda: 1)))

    with pytest.raises(MarkLost, match=r"functools\.wraps"):
        app.freeze()


def test_a_lost_mark_below_two_decorators(app):
    """A mark below several decorators is found too."""
    app.add_url_rule("/x", "x", forgetful(forgetful(response(200)(lambda: 1))))

    with pytest.raises(MarkLost):
        app.freeze()


def test_a_lost_mark_on_a_method(app):
    """A mark on a method of a class is looked for as well."""

    class Thing(Resource):
        get = forgetful(response(200)(lambda self: 1))

    app.add_resource(Thing, "/x")

    with pytest.raises(MarkLost):
        app.freeze()


def test_a_mark_on_a_method_that_no_request_calls(app):
    """A mark on a method whose name is not an HTTP method stops the start."""

    class Thing(Resource):
        def get(self):
            return 1

        @response(200)
        def gett(self):
            return 1

    app.add_resource(Thing, "/x")

    with pytest.raises(MarkLost, match="gett"):
        app.freeze()


def test_marks_that_are_not_lost(app):
    """Marks that are carried on, and functions that only call another handler, are no mistake."""

    @app.get("/a")
    @careful
    @response(200)
    def a():
        return 1

    @app.get("/b")
    def b():
        return str(a())

    class Thing(Resource):
        @response(200)
        def show(self):
            return 2

        get = show

    app.add_resource(Thing, "/c")
    client = app.test_client()

    assert [client.get(path).text.strip() for path in ("/a", "/b", "/c")] == ["1", "1", "2"]


def test_marks_on_hooks_and_handlers(app):
    """What a before_request function or an error handler declares is in the operations that it serves."""
    router = Router("r", url_prefix="/r")

    @router.before_request
    @raises(PreconditionRequired)
    def before():
        return None

    @app.errorhandler(KeyError)
    @alt_response(418, {"word": fields.String()})
    def handler(error):
        return {"word": "x"}, 418

    class Thing(Resource):
        def get(self):
            return 1

    router.add_resource(Thing, "/x")
    app.add_resource(type("Other", (Thing,), {}), "/y")
    app.register_router(router)
    statuses = {
        operation.rule.rule: {outcome.status for outcome in operation.outcomes if not outcome.implied}
        for operation in app.operations
        if operation.view_class
    }

    assert statuses == {"/r/x": {428, 418}, "/y": {418}}


def test_schemas_are_instances():
    """A schema class becomes an instance when the mark is made."""

    class Pet(Schema):
        name = fields.String()

    assert isinstance(response(200, Pet).outcome.schema, Pet)
    assert isinstance(arguments(Pet).schema, Pet)
    instance = Pet(only=["name"])
    assert response(200, instance).outcome.schema is instance


class Stamp(Mark):
    """Writes a header on every answer of the operation, and counts where it was given."""

    def __init__(self):
        self.given_to = []

    def install(self, scaffold):
        self.given_to.append(scaffold)

    def run(self, plan):
        def write(ctx, call, reply):
            reply.headers["X-Stamp"] = "seen"

        return [ReplyStep(Phase.HEADERS, write, errors=True)]


def test_a_step_may_ask_for_the_answers_to_errors():
    """A step that says ``errors=True`` also gets the answer to an error that the handler raised."""
    app = App(__name__)

    @app.get("/fails")
    @Stamp()
    def fails():
        raise NotFound("Nothing.")

    @app.get("/works")
    @Stamp()
    def works():
        return {"fine": True}

    client = app.test_client()

    assert client.get("/fails").headers["X-Stamp"] == "seen"
    assert client.get("/works").headers["X-Stamp"] == "seen"
    assert "X-Stamp" not in client.get("/unknown").headers


def test_a_mark_is_told_where_it_is_given():
    """A mark that is given to a router or an application may add its hooks there."""
    app_mark, router_mark = Stamp(), Stamp()
    router = Router("pets", marks=[router_mark])
    app = App(__name__, marks=[app_mark])
    app.register_router(router)

    assert app_mark.given_to == [app]
    assert router_mark.given_to == [router]


class InPlace(Mark):
    """Looks at what the handler returned, before anything is made of it."""

    def __init__(self):
        self.seen = []

    def run(self, plan):
        yield ValueStep(self.look)

    def look(self, ctx, call, value):
        self.seen.append(value)
        return {"number": 2} if value == {"number": 1} else None


def test_a_step_of_the_handler_s_phase_gets_its_value(app):
    """What it returns takes the place of the value; ``None`` leaves it."""
    mark, values = InPlace(), [{"number": 1}, {"number": 3}]

    @app.get("/")
    @mark
    @response(200, {"number": ma.Integer()})
    def show():
        return values.pop(0)

    client = app.test_client()
    assert [client.get("/").json for _ in range(2)] == [{"number": 2}, {"number": 3}]
    assert mark.seen == [{"number": 1}, {"number": 3}]


@pytest.mark.parametrize(
    ("marks", "words"),
    [
        ([security_headers], r"got security_headers, which is not a mark. Call it: marks=\[security_headers\(...\)\]"),
        ([Named], "got Named, which is not a mark"),
        ([3], "got 3, which is not a mark. Give marks alone"),
        (Named("one"), "got one mark, one. Give a list"),
    ],
)
@pytest.mark.parametrize("owner", [App, Router])
def test_what_is_no_mark_is_refused_where_it_is_given(owner, marks, words):
    """A function that makes marks, and a mark outside of a list."""
    with pytest.raises(SetupError, match=words):
        owner("shop", marks=marks)


def test_a_mark_that_was_not_called_is_refused_by_the_route(app):
    """A mark that took the function for its argument does not become the view."""
    with pytest.raises(SetupError, match="The route '/a' received the mark SparseMark, not a function"):
        app.get("/a")(sparse(lambda: None))


def test_a_class_that_is_no_resource_is_refused_by_the_route(app):
    """Who forgets the base class hears it where the class stands, not at the first request."""

    class Pets:
        @response(200)
        def get(self):
            return []

    with pytest.raises(SetupError, match=r"Pets'> is not a view class\. Subclass Resource"):
        app.route("/pets")(Pets)


def test_a_response_without_a_status_is_refused():
    """The mark that stands bare above a function says what it misses."""
    with pytest.raises(SetupError, match="Give a number first"):
        response(lambda: None)


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        (Step(Phase.HANDLER, lambda ctx, call: None), "ValueStep"),
        (Step(Phase.HEADERS, lambda ctx, call: None), "ReplyStep"),
        (ReplyStep(Phase.LOAD, lambda ctx, call, reply: None), "a Step runs"),
    ],
)
def test_steps_in_a_phase_of_another_kind(step, kind):
    """A step in a phase that calls its function with other arguments is refused at freeze, with the right class."""

    class wrong(Mark):
        def run(self, plan):
            yield step

    app = App("app")

    @app.get("/")
    @wrong()
    def home():
        return {}

    with pytest.raises(SetupError, match=rf"(?s)wrong on .*home \(GET /\).*{step.phase.name}.*{kind}.*test_base.py:"):
        app.freeze()


def test_notes_are_kept_by_the_identity_of_their_key():
    """Two keys of one name are two notes, and one that was never written is ``None``."""
    first, second = Key("lock"), Key("lock")
    notes = Notes()
    notes[first] = 1

    assert (notes.get(first), notes.get(second)) == (1, None)
    assert first in notes
    assert second not in notes
