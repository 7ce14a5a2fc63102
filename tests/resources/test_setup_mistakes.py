"""Mistakes in the set-up: each is found when the application freezes or before, with file and line and a remedy."""

from __future__ import annotations

import inspect
import logging
import re

import pytest
from marshmallow import RAISE

import framework
from framework import (
    CORS,
    App,
    Bearer,
    CursorPage,
    Link,
    Page,
    Resource,
    Router,
    Schema,
    SessionAuth,
    TokenMaker,
    alt_response,
    arguments,
    callback,
    doc,
    fields,
    filters,
    loads,
    paginate,
    permission,
    raises,
    request,
    requires,
    response,
    searches,
    sorts,
    sparse,
)
from framework.cli.refusals import describe
from framework.errors import MarkLost, SetupError
from framework.marks.base import Mark, Phase, Step

REMEDY = re.compile(r"\b(Call|Declare|Give|Leave|Let|Merge|Name|Put|Rename|Say|Set|Subclass|Take|Use|Write)\b")
bearer = Bearer(lambda token: token)
MISTAKES = []


class Pet(Schema):
    """A pet."""

    name = fields.String(required=True)


def mistake(function):
    """Add a mistake to the list: a function that makes an application with it, or fails while it does so."""
    MISTAKES.append(function)
    return function


def app_with(view, rule="/x", methods=("GET",), **config):
    """An application with one view."""
    app = App("mistaken")
    app.config.update(config)
    if isinstance(view, type):
        app.add_resource(view, rule)
    else:
        app.add_url_rule(rule, "view", view, methods=list(methods))
    return app


# Signatures


@mistake
def a_parameter_too_many():
    def view(pet_id, other):
        return {}

    return app_with(view, "/<int:pet_id>")


@mistake
def a_parameter_of_another_name():
    class Thing(Resource):
        def get(self, id):
            return {}

    return app_with(Thing, "/<int:pet_id>")


@mistake
def a_variable_that_is_not_taken():
    class Thing(Resource):
        def get(self):
            return {}

    return app_with(Thing, "/<int:pet_id>")


@mistake
def the_value_of_the_path_before_the_body():
    class Thing(Resource):
        @arguments(Pet)
        @response(200, Pet)
        def put(self, pet_id, pet):
            return pet

    return app_with(Thing, "/<int:pet_id>")


@mistake
def no_place_for_the_body():
    class Thing(Resource):
        @arguments(Pet)
        def post(self):
            return {}

    return app_with(Thing)


@mistake
def a_place_without_a_mark():
    class Thing(Resource):
        @response(201, Pet)
        def post(self, pet):
            return pet

    return app_with(Thing)


@mistake
def a_method_without_self():
    class Thing(Resource):
        def get(pet_id):
            return {}

    return app_with(Thing, "/<int:pet_id>")


@mistake
def a_variable_that_cannot_be_passed_by_name():
    def view(pet_id, /):
        return {}

    return app_with(view, "/<int:pet_id>")


@mistake
def a_user_that_nobody_takes():
    @requires(bearer, as_kwarg="user")
    def view():
        return {}

    return app_with(view)


@mistake
def a_loader_of_another_variable():
    class Thing(Resource):
        @loads(lambda pet: pet)
        def get(self, pet):
            return {}

    return app_with(Thing, "/<int:pet_id>")


# Marks that reach nothing


@mistake
def a_decorator_that_hides_the_marks():
    def hide(function):
        return lambda: function()

    @hide
    @requires(bearer)
    def view():
        return {}

    return app_with(view)


@mistake
def marks_on_a_method_that_no_request_calls():
    class Thing(Resource):
        @response(200)
        def gett(self):
            return {}

        def get(self):
            return {}

    return app_with(Thing)


@mistake
def a_mark_that_was_not_called():
    app = App("mistaken")

    @app.get("/x")
    @sparse
    def view():
        return {}

    return app


@mistake
def a_status_that_was_left_out():
    @response
    def view():
        return {}

    return app_with(view)


@mistake
def a_scheme_that_is_nowhere():
    @requires(scopes=["pets"])
    def view():
        return {}

    return app_with(view)


@mistake
def a_mark_that_is_no_mark():
    return App("mistaken", marks=[sparse])


# Arguments of marks


@mistake
def names_in_a_list_for_sorts():
    sorts(Pet, ["name"])


@mistake
def names_in_a_list_for_searches():
    searches(Pet, ["name"])


@mistake
def names_in_a_list_for_filters():
    filters(Pet, ["name"])


@mistake
def names_in_a_list_for_sparse():
    sparse(["name"])


@mistake
def a_field_that_is_not_there():
    sorts(Pet, "nmae")


@mistake
def a_text_as_status():
    response("ok", Pet)


@mistake
def a_text_as_another_status():
    alt_response("gone", Pet)


@mistake
def a_schema_that_is_none():
    response(200, "Pet")


@mistake
def a_location_that_is_none():
    arguments(Pet, location="body")


@mistake
def locations_in_a_list():
    arguments(Pet, location=["query"])


@mistake
def unknown_headers_refused():
    arguments(Pet, location="headers", unknown=RAISE)


@mistake
def unknown_cookies_refused():
    arguments(Pet, location="cookies", unknown=RAISE)


@mistake
def an_unknown_that_is_none():
    arguments(Pet, unknown="refuse")


@mistake
def a_get_that_reads_a_body():
    class Thing(Resource):
        @arguments(Pet)
        def get(self, pet):
            return {}

    return app_with(Thing)


@mistake
def an_error_that_is_none():
    raises(ValueError)


@mistake
def a_function_as_scheme():
    requires(lambda token: token)


@mistake
def a_loader_that_cannot_be_called():
    loads(7)


@mistake
def a_permission_that_cannot_be_called():
    permission("admin")


@mistake
def tags_as_text():
    doc(tags="pets")


@mistake
def a_size_as_text():
    paginate(Page, max_page_size="many")


@mistake
def a_pager_that_is_none():
    paginate("Page")


@mistake
def origins_that_are_none():
    CORS(7)


@mistake
def a_callback_without_a_name():
    callback(7, "{$request.body#/url}", Pet)


@mistake
def a_status_twice():
    @response(200, Pet)
    @response(200)
    def view():
        return {}

    return app_with(view)


@mistake
def a_link_that_leads_nowhere():
    @response(200, Pet, links={"next": Link("getOrdre")})
    def view():
        return {}

    return app_with(view)


# Schemas, names and paths


@mistake
def a_nested_schema_that_is_misspelt():
    class MistakenOwnerSchema(Schema):
        pet = fields.List(fields.Nested("MistakenOnwerSchema"))

    @response(200, MistakenOwnerSchema)
    def view():
        return {}

    return app_with(view)


@mistake
def two_schemas_of_one_name():
    def other():
        class Pet(Schema):
            age = fields.Integer()

        return Pet

    class Thing(Resource):
        @response(200, Pet)
        @response(202, other())
        def get(self):
            return {}

    return app_with(Thing)


@mistake
def paths_that_differ_in_converters():
    class One(Resource):
        def get(self, n):
            return {}

    class Two(Resource):
        def get(self, name):
            return {}

    app = app_with(One, "/<any('<5', '>=5'):n>")
    app.add_resource(Two, "/<name>")
    return app


@mistake
def two_resources_of_one_path():
    class One(Resource):
        def get(self):
            return {}

    class Two(Resource):
        def get(self):
            return {}

    app = app_with(One)
    app.add_resource(Two, "/x")
    return app


@mistake
def one_operation_id_for_two():
    class Thing(Resource):
        def get(self):
            return {}

    app = app_with(Thing)
    app.add_resource(Thing, "/y")
    return app


@mistake
def a_class_that_is_no_view():
    class Thing:
        def get(self):
            return {}

    return app_with(Thing)


# Keys


@mistake
def cursors_without_a_key():
    @paginate(CursorPage, key="name")
    @response(200, Pet(many=True))
    def view():
        return []

    return app_with(view)


@mistake
def tokens_without_a_key():
    @requires(Bearer(TokenMaker("log-in").read))
    def view():
        return {}

    return app_with(view)


@mistake
def cookies_without_a_key():
    class Thing(Resource):
        @requires(SessionAuth(lambda user: user))
        def post(self):
            return {}

    return app_with(Thing)


@pytest.mark.parametrize("make", MISTAKES, ids=lambda make: make.__name__)
def test_mistakes_in_the_setup(make):
    """Each mistake is a SetupError before the first answer, names a line of the application, and says what to do."""
    with pytest.raises(SetupError) as caught:
        make().freeze()
    text = describe(caught.value)
    lines, first = inspect.getsourcelines(make)
    places = [int(line) for line in re.findall(re.escape(__file__) + r":(\d+)", text)]

    assert any(first <= line < first + len(lines) for line in places), text
    assert REMEDY.search(text), text


def test_the_list_is_long():
    """The list has each kind of mistake."""
    assert len(MISTAKES) > 45


def test_the_signature_that_the_marks_ask_for():
    """A message on a signature shows the right one."""
    for make, signature in (
        (a_parameter_of_another_name, "get(self, pet_id)"),
        (a_variable_that_is_not_taken, "get(self, pet_id)"),
        (the_value_of_the_path_before_the_body, "put(self, pet, pet_id)"),
        (no_place_for_the_body, "post(self, value1)"),
        (a_parameter_too_many, "view(pet_id)"),
    ):
        with pytest.raises(SetupError) as caught:
            make().freeze()
        assert f"It is called like {signature}." in str(caught.value)


# What is not a mistake


class Passing(Mark):
    """A mark of the application that passes a value by name."""

    def run(self, plan):
        def put(ctx, call):
            call.kwargs = {**call.kwargs, "language": "en"}

        yield Step(Phase.LOAD, put)


def test_values_that_only_a_request_knows():
    """Where hooks, marks of the application or decorators may add values or take some away, nothing is refused."""
    app = App("right")

    @app.get("/marked")
    @Passing()
    def marked(language):
        return language

    router = Router("popping", url_prefix="/<lang>")

    @router.url_value_preprocessor
    def pop(endpoint, values):
        values.pop("lang")

    @router.get("/popped")
    def popped():
        return "popped"

    hooked = Router("hooked", url_prefix="/hooked/<lang>")

    @hooked.before_request
    def take():
        del request.view_args["lang"]

    @hooked.get("/x")
    def taken():
        return "taken"

    class Thing(Resource):
        decorators = [lambda view: lambda **values: view(extra="more", **values)]

        def get(self, extra):
            return extra

    app.add_resource(Thing, "/thing")
    app.add_url_rule("/default", "default", lambda page: str(page), defaults={"page": 1})
    app.register_router(router)
    app.register_router(hooked)
    client = app.test_client()
    found = [client.get(path).text for path in ("/marked", "/en/popped", "/hooked/en/x", "/thing", "/default")]

    assert found == ["en", "popped", "taken", '"more"', "1"]


def test_a_user_that_some_take(caplog):
    """A ``requires`` of an application passes the user to those that take it; where none does, that is logged."""

    def make(taking):
        app = App("right", marks=[requires(bearer, as_kwarg="user")])
        app.add_url_rule("/x", "x", lambda: "")
        if taking:
            app.add_url_rule("/y", "y", lambda user: user)
        app.freeze()
        return [record.getMessage() for record in caplog.records if "'user'" in record.getMessage()]

    caplog.set_level(logging.WARNING)
    assert make(True) == []
    assert len(make(False)) == 1


def test_what_no_document_shows_needs_no_name():
    """Names and paths of a document do not count where the application serves none, or does not show them."""
    for hide in (True, False):
        app = paths_that_differ_in_converters()
        if hide:
            for view_class in {view.view_class for view in app.view_functions.values() if hasattr(view, "view_class")}:
                doc(hidden=True)(view_class)
        else:
            app.config.update(OPENAPI_JSON_PATH=None, OPENAPI_YAML_PATH=None, DOCS_PATH=None)
        app.freeze()
        assert app.test_client(contract=False).get("/word").status_code == 200


def test_an_empty_document_is_told(caplog):
    """An application whose views have no marks, as a renamed one has none, is told why its document is empty."""
    caplog.set_level(logging.WARNING)
    app = App("renamed")
    app.debug = True

    @app.get("/x")
    def view():
        return "x"

    app.freeze()
    [record] = caplog.records
    text = record.getMessage()

    assert record.levelno == logging.WARNING
    assert "/openapi.json" in text
    assert f"{__file__}:{view.__code__.co_firstlineno}" in text
    assert "@response" in text


@pytest.mark.parametrize("set_up", ["marked", "off", "nothing"])
def test_a_document_that_is_meant(caplog, set_up):
    """Nothing is said where something is documented, where documents are off, and where there are no views."""
    caplog.set_level(logging.INFO)
    app = App("meant")
    app.debug = True
    if set_up != "nothing":
        app.add_url_rule("/x", "x", lambda: "x")
    if set_up == "marked":
        app.add_url_rule("/y", "y", response(200)(lambda: "y"))
    if set_up == "off":
        app.config.update(OPENAPI_JSON_PATH=None, OPENAPI_YAML_PATH=None, DOCS_PATH=None)
    app.freeze()

    assert caplog.records == []


# Names of Flask, and the front door


def test_names_of_flask_say_what_they_are_called():
    """A name that is another one here says which."""
    with pytest.raises(ImportError, match="'Flask' is called 'App' here"):
        from framework import Flask  # noqa: F401
    with pytest.raises(ImportError, match="'Blueprint' is called 'Router' here"):
        from framework import Blueprint  # noqa: F401
    with pytest.raises(AttributeError, match="register_router"):
        App("x").register_blueprint
    with pytest.raises(AttributeError, match="routers"):
        Router("x").blueprints
    assert not hasattr(App("x"), "anything_else")


def test_everything_of_the_front_door():
    """A star import gives all public names of the front door, and nothing else."""
    names: dict[str, object] = {}
    exec("from framework import *", names)

    assert {"App", "requires", "paginate", "fields", "render_template"} <= set(names)
    assert not {"t", "importlib", "annotations"} & set(names)
    assert set(framework.__all__) == set(names) - {"__builtins__"}


def test_a_namespace_package_with_a_root_path(tmp_path, monkeypatch):
    """An application in a namespace package starts with the ``root_path`` that the message asks for."""
    (tmp_path / "spaced").mkdir()
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(RuntimeError, match="root_path"):
        App("spaced")
    app = App("spaced", root_path=str(tmp_path / "spaced"))

    assert app.root_path == str(tmp_path / "spaced")
    assert app.instance_path.startswith(str(tmp_path))


# Commands

BROKEN = """
from framework import App, Resource

app = App(__name__)

@app.route("/<int:pet_id>")
class Pet(Resource):
    def get(self, id):
        return {}
"""
RAISING = """
from framework import App, response

app = App(__name__)

@app.get("/")
@response("ok")
def index():
    return ""
"""
COMMANDS = (["run"], ["routes"], ["shell"], ["explain", "/1"], ["openapi"], ["openapi", "check"])


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize(("text", "line"), [(BROKEN, 8), (RAISING, 7)], ids=["freeze", "import"])
def test_commands_show_the_message(tmp_path, command, text, line):
    """A command that meets a mistake shows its message with file and line, and no traceback."""
    ran = run(tmp_path, text, *command)

    assert ran.returncode != 0
    assert f"app.py:{line}" in ran.stderr
    assert "SetupError: " in ran.stderr
    assert "Traceback" not in ran.stderr
    assert len(ran.stderr.splitlines()) < 12


def test_commands_say_why_a_document_is_empty(tmp_path):
    """A command that writes an empty document says why it is so, also without debug mode."""
    ran = run(tmp_path, "from framework import App\napp = App(__name__)\napp.get('/')(lambda: '')\n", "openapi")

    assert ran.returncode == 0
    assert "The document of the application is empty" in ran.stderr
    assert "app.py:3" in ran.stderr


def test_commands_show_the_traceback_in_debug_mode(tmp_path):
    """With ``--debug`` there is all of it."""
    ran = run(tmp_path, BROKEN, "--debug", "routes")

    assert "Traceback" in ran.stderr
    assert "framework.errors.SetupError" in ran.stderr


def run(folder, text, *command):
    """Run the command in a folder with an application."""
    import os
    import subprocess
    import sys

    (folder / "app.py").write_text(text, encoding="utf-8")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("FRAMEWORK_")}
    return subprocess.run(
        [sys.executable, "-m", "framework", *command],
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_marks_that_are_lost_are_mistakes():
    """``MarkLost`` is a SetupError."""
    assert issubclass(MarkLost, SetupError)
