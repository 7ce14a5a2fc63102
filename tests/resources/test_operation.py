"""Operations: the frozen record of one method of one rule."""

from __future__ import annotations

import ast
import functools
import pathlib

import pytest

import framework
from framework import App, Resource, Router, Schema, arguments, doc, fields, raises, response
from framework.errors import (
    InternalServerError,
    MethodNotAllowed,
    NotFound,
    ServiceUnavailable,
    SetupError,
    TooManyRequests,
    Unauthorized,
    ValidationFailed,
)
from framework.marks.base import Header, Mark, Outcome
from framework.openapi.document import build
from framework.resources.operation import merge_messages, texts_of, unique
from tests.answers import without_id
from tests.openapi.everything import make_app as make_everything


@pytest.fixture
def app():
    """An application with a resource and functions."""
    app = App("operation")
    router = Router("shop")

    @router.route("/pets/<int:pet_id>")
    class Pet(Resource):
        @arguments({"n": fields.Integer()}, location="query")
        @response(200, {"n": fields.Integer()})
        @raises(NotFound)
        def get(self, query, pet_id):
            """Show a pet.

            With all that is known.
            """
            return query

        def delete(self, pet_id):
            return None

    @app.get("/plain_view")
    def plain_view():
        return ""

    @app.get("/declared_view")
    @response(200)
    def declared_view():
        return 1

    @app.route("/two", methods=["GET", "POST"])
    @doc(summary="Two.")
    def two_methods():
        return ""

    app.register_router(router)
    return app


def found(app, endpoint, method="GET"):
    """One operation."""
    (operation,) = [o for o in app.operations if (o.endpoint, o.method) == (endpoint, method)]
    return operation


def test_what_it_holds(app):
    """An operation holds route, handler, words, inputs and outcomes."""
    operation = found(app, "shop.Pet")

    assert operation.rule.rule == "/pets/<int:pet_id>"
    assert operation.routers == ("shop",)
    assert operation.operation_id == "getPet"
    assert (operation.summary, operation.description) == ("Show a pet.", "With all that is known.")
    assert operation.tags == ("shop",)
    assert [parameter.name for parameter in operation.parameters] == ["n"]
    assert [outcome.status for outcome in operation.outcomes if not outcome.implied] == [422, 200, 404]
    assert [outcome.error for outcome in operation.outcomes if not outcome.implied] == [
        ValidationFailed,
        None,
        NotFound,
    ]
    assert [outcome.error for outcome in operation.outcomes if outcome.implied] == [
        NotFound,
        MethodNotAllowed,
        InternalServerError,
    ]
    assert (operation.data_rules, operation.declared, operation.documented) == (True, True, True)
    assert operation.source[0] == __file__
    assert repr(operation) == "<Operation GET '/pets/<int:pet_id>' -> 'shop.Pet'>"


@pytest.mark.parametrize(
    "endpoint, method, data_rules, declared, documented",
    [
        ("shop.Pet", "DELETE", True, False, True),
        ("plain_view", "GET", False, False, False),
        ("declared_view", "GET", True, True, True),
        ("two_methods", "POST", False, False, True),
    ],
)
def test_what_marks_decide(app, endpoint, method, data_rules, declared, documented):
    """A Resource has data rules and is documented; a function by its marks."""
    operation = found(app, endpoint, method)

    assert (operation.data_rules, operation.declared, operation.documented) == (data_rules, declared, documented)


@pytest.mark.parametrize(
    "endpoint, method, operation_id",
    [
        ("plain_view", "GET", "plainView"),
        ("two_methods", "GET", "getTwoMethods"),
        ("two_methods", "POST", "postTwoMethods"),
        ("shop.Pet", "DELETE", "deletePet"),
    ],
)
def test_ids(app, endpoint, method, operation_id):
    """The id of a class is method and name; that of a function its name, with the method where it has several."""
    assert found(app, endpoint, method).operation_id == operation_id


def test_it_is_frozen(app):
    """No attribute of an operation can be set, and the operations stay the same objects."""
    operation = found(app, "shop.Pet")

    with pytest.raises(AttributeError):
        operation.method = "POST"
    assert found(app, "shop.Pet") is operation


def test_automatic_methods_are_no_operations(app):
    """Automatic HEAD and OPTIONS are no operations."""
    assert {o.method for o in app.operations} == {"GET", "POST", "DELETE"}


def test_doc_words(app):
    """``doc`` says what the code does not; what it leaves out comes from the docstring; the inner mark wins."""

    @app.get("/words")
    @doc(summary="Outer.", tags=["a"], **{"x-a": 1})
    @doc(summary="Inner.", deprecated=True, operation_id="myId", **{"x-b": 2})
    def words():
        """Summary.

        Description.
        """
        return ""

    operation = found(app, "words")

    assert (operation.summary, operation.description) == ("Inner.", "Description.")
    assert (operation.tags, operation.deprecated, operation.operation_id) == (("a",), True, "myId")
    assert operation.extra == {"x-a": 1, "x-b": 2}


def test_hidden_operations(app):
    """A hidden operation answers, and is not in the document."""
    app.add_url_rule("/hidden", "hidden", doc(hidden=True)(lambda: "here"))

    assert app.test_client().get("/hidden").text == "here"
    assert "/hidden" not in app.openapi["paths"]


def test_an_application_without_documented_operations_has_no_docs():
    """Without a documented operation there are no docs."""
    app = App("bare")
    app.add_url_rule("/", "index", lambda: "")

    assert app.test_client().get("/openapi.json").status_code == 404


def test_docs_give_way():
    """The docs take no path that the application answers itself, and ``None`` switches each off."""
    app = App("own")
    app.config["OPENAPI_YAML_PATH"] = None
    app.add_url_rule("/openapi.json", "mine", lambda: "mine")
    app.add_resource(type("Thing", (Resource,), {"get": lambda self: 1}), "/x")
    client = app.test_client()

    assert client.get("/openapi.json").text == "mine"
    assert client.get("/openapi.yaml").status_code == 404
    assert client.get("/docs").status_code == 200


def test_merged_messages():
    """The messages of two marks for one location are joined."""
    assert merge_messages({"a": ["x"]}, {"a": ["x", "y"], "b": ["z"]}) == {"a": ["x", "y"], "b": ["z"]}
    assert merge_messages(None, {"a": 1}) == {"a": 1}


def test_small_helpers():
    """Docstrings give a summary and a description; records are kept once."""
    assert texts_of(lambda: None) == ("", "")
    assert unique([1, 2, 1]) == (1, 2)


class OneSchema(Schema):
    """One number."""

    one = fields.Integer()


def test_a_handler_takes_what_its_marks_pass():
    """A handler with too few parameters is a mistake that is found at start-up."""
    app = App("few")

    @app.post("/things/<int:number>")
    @arguments(OneSchema)
    @response(204)
    def things(number):
        """Forgets the body."""

    with pytest.raises(SetupError, match=r"things takes 0 of the 1 values"):
        app.freeze()


def test_a_method_begins_with_self():
    """A method whose first parameter is a variable of the path has lost its ``self``."""
    app = App("selfless")

    @app.route("/things/<int:number>")
    class Things(Resource):
        def get(number):
            """Forgets itself."""

    with pytest.raises(SetupError, match="Let 'self' be its first parameter"):
        app.freeze()


def test_handlers_that_take_anything():
    """Nothing is said of handlers whose parameters are open, or behind a decorator."""
    app = App("open")

    def passing(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            return function(*args, **kwargs)

        return wrapper

    @app.post("/one")
    @passing
    @arguments(OneSchema)
    @response(200, OneSchema)
    def one(body):
        return body

    @app.post("/all")
    @arguments(OneSchema)
    @response(200, OneSchema)
    def everything(*args):
        return args[0]

    client = app.test_client()

    assert client.post("/one", json={"one": 1}).json == client.post("/all", json={"one": 1}).json == {"one": 1}


class SlowDown(TooManyRequests):
    """The kitchen is busy."""


class ByHand(Mark):
    """A mark of a user that makes its outcomes itself."""

    def document(self, plan):
        later = Header("retry-after", fields.Integer(), "Seconds.", required=True)
        yield Outcome(429, error=SlowDown, headers=(later,))
        yield Outcome(503, error=ServiceUnavailable)


def test_outcomes_have_the_headers_of_their_errors():
    """Whoever declares an error, its outcome in the record has the headers that the framework sends with it."""
    app = App("told")

    @app.get("/soup")
    @ByHand()
    @raises(Unauthorized)
    @response(200)
    def soup():
        return None

    by_status = {outcome.status: outcome for outcome in found(app, "soup").outcomes}

    assert [header.name for header in by_status[405].headers] == ["Allow"]
    assert [header.name for header in by_status[401].headers] == ["WWW-Authenticate"]
    assert [(header.name, header.required) for header in by_status[429].headers] == [("retry-after", True)]
    assert [header.name for header in by_status[503].headers] == ["Retry-After"]
    assert by_status[500].headers == by_status[200].headers == ()


def test_headers_of_a_status():
    """A header is required where each answer of the status has it; a declared one counts before an implied one."""
    app = App("both")

    @app.get("/two")
    @raises(TooManyRequests)
    @ByHand()
    @response(200)
    def two():
        return None

    @app.get("/one")
    @ByHand()
    @response(200)
    def one():
        return None

    both, alone = found(app, "two"), found(app, "one")

    assert [(each.name.lower(), each.description, each.required) for each in both.headers_of(429)] == [
        ("retry-after", "Seconds.", False)
    ]
    assert [(each.name, each.required) for each in alone.headers_of(429)] == [("retry-after", True)]


def test_readers_add_no_outcomes():
    """The document has the statuses and headers of the record, and on each answer the id of the request."""
    app = make_everything()
    shown = {
        (operation["operationId"]): operation
        for item in build(app)["paths"].values()
        for operation in item.values()
        if isinstance(operation, dict)
    }
    shared = build(app)["components"]["responses"]

    def headers(answer):
        answer = shared[answer["$ref"].rpartition("/")[2]] if "$ref" in answer else answer
        return set(without_id(answer["headers"]))

    listed = [operation for operation in app.operations if operation.operation_id in shown]
    assert len(listed) > 30
    for operation in listed:
        answers = shown[operation.operation_id]["responses"]
        assert set(answers) == {str(outcome.status) for outcome in operation.outcomes}
        for status, answer in answers.items():
            assert headers(answer) == {header.name for header in operation.headers_of(int(status))}


def test_nobody_else_knows_implied_headers():
    """No reader of the record makes an outcome, or names a header that the framework sends with its errors."""
    names = {"Allow", "Retry-After", "WWW-Authenticate"}
    package = pathlib.Path(framework.__file__).parent
    wrong = [
        (path.name, node.lineno)
        for room in ("openapi", "cli", "testing")
        for path in (package / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Constant) and node.value in names)
        or (isinstance(node, ast.Call) and ast.unparse(node.func) in ("Outcome", "error_outcome"))
    ]

    assert wrong == []
