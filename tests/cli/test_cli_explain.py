"""What ``framework explain`` tells about a request."""

from __future__ import annotations

import pytest
from werkzeug.routing import Map, Rule

from framework import APIKey, App, Bearer, Resource, Router, Schema, arguments, fields, raises, requires, response
from framework.cli import FrameworkGroup
from framework.cli.misses import nearest
from framework.errors import NotFound


class PetSchema(Schema):
    """A pet."""

    id = fields.Integer(dump_only=True)
    name = fields.String(required=True)


class LangSchema(Schema):
    """Query."""

    lang = fields.String()


class PetNotFound(NotFound):
    """No pet has this id."""


@pytest.fixture
def explain(runner):
    app = App("mine")
    pets = Router("pets", url_prefix="/pets")
    ran = []

    @app.before_request
    def outer_before():
        ran.append("outer_before")

    @pets.before_request
    def inner_before():
        ran.append("inner_before")

    @pets.after_request
    def inner_after(reply):
        ran.append("inner_after")
        return reply

    @app.after_request
    def outer_after(reply):
        ran.append("outer_after")
        return reply

    @app.teardown_request
    def at_last(error):
        ran.append("at_last")

    @pets.errorhandler(404)
    def pet_missing(error):
        return "missing", 404

    @app.errorhandler(Exception)
    def anything(error):
        return "any", 500

    @pets.route("/<int:pet_id>")
    class Pet(Resource):
        """One pet."""

        @arguments(LangSchema, location="query")
        @arguments(PetSchema)
        @response(200, PetSchema)
        @raises(PetNotFound)
        def put(self, query, pet, pet_id):
            """Change a pet."""
            ran.append("put")

    app.register_router(pets)

    @app.route("/plain/<name>")
    def plain(name):
        ran.append("plain")

    @app.route("/shelf/")
    def shelf():
        ran.append("shelf")

    def explain(*words):
        result = runner.invoke(FrameworkGroup(create_app=lambda: app), ["explain", *words])
        assert ran == []
        return result

    return explain


def in_order(text, *words):
    """Whether words follow one another in a text."""
    position = 0
    for word in words:
        found = text.find(word, position)
        assert found >= 0, f"{word!r} is missing or comes too early in:\n{text}"
        position = found + len(word)


@pytest.mark.parametrize("words", [("PUT /pets/3",), ("put", "/pets/3")])
def test_a_match_is_told_in_the_order_of_its_steps(explain, words):
    """Rule, hooks from the outside in, the marks' steps, the handler, hooks back, inputs, answers, error handlers."""
    result = explain(*words)

    assert result.exit_code == 0
    in_order(
        result.output,
        "PUT /pets/3",
        "/pets/<int:pet_id>",
        "pets.Pet",
        "pet_id = 3 (int)",
        "Change a pet.",
        "outer_before",
        "inner_before",
        "media_type",
        "body",
        "inputs",
        "handler",
        "Pet.put",
        "inner_after",
        "outer_after",
        "at_last",
        "Inputs",
        "path",
        "pet_id",
        "query",
        "lang",
        "PetSchema",
        "Answers",
        "200",
        "PetSchema",
        "404",
        "PetNotFound",
        "No pet has this id.",
        "405",
        "MethodNotAllowed",
        "Allow",
        "404 NotFound",
        "pet_missing",
        "router pets",
        "anything",
        "application",
    )


def test_credentials_are_told(runner):
    """The schemes of which one is enough are listed with their scopes, and that none is needed."""
    app = App("mine")
    schemes = Bearer(str.upper) | APIKey(str.upper, "X-Key")
    app.add_url_rule("/x", "x", requires(schemes, scopes=["read", "write"], optional=True)(lambda: ""))
    said = runner.invoke(FrameworkGroup(create_app=lambda: app), ["explain", "/x"]).output

    in_order(said, "Credentials, one of these", "bearer", "http", "read, write", "apiKey", "read, write", "none")


def test_a_head_request_is_served_by_get(explain):
    """HEAD shows what GET does, and without a method GET is meant."""
    assert explain("HEAD /plain/x").output.replace("HEAD", "GET") == explain("/plain/x").output


def test_a_miss_belongs_to_the_router_of_its_prefix(explain):
    """The hooks and handlers of the owner of an unknown path are shown."""
    in_order(explain("/pets/3/toys").output, "No match", "outer_before", "inner_before", "inner_after", "pet_missing")


def test_a_redirect_shows_where_it_leads(explain):
    """A path that lacks its slash shows the other address."""
    in_order(explain("/shelf").output, "redirect", "308", "http://localhost/shelf/")


def test_a_plain_view_is_told_too(explain):
    """A function without marks shows its rule, hooks and place."""
    in_order(explain("/plain/x").output, "GET /plain/x", "name = 'x' (str)", "outer_before", "plain", "at_last")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("GET /pets/3", "it answers OPTIONS, PUT, not GET."),
        ("PUT /pet/3", "'pet' is not 'pets'."),
        ("PUT /pets/rex", "'rex' is not of the form <int:pet_id>."),
        ("PUT /pets/3/toys", "'toys' is too much at the end of the path."),
        ("PUT /pets", "'<int:pet_id>' is missing at the end of the path."),
        ("PUT /pets/3/", "the slash at the end of the path is too much."),
    ],
)
def test_a_miss_shows_the_nearest_rule_and_why_it_fails(explain, words, reason):
    """The nearest rule comes first, with the first difference."""
    result = explain(words)
    in_order(result.output, "No match", "Nearest rules", "/pets/<int:pet_id>", "pets.Pet", reason)

    assert result.exit_code == 0


def test_a_method_that_is_missing_shows_the_allowed_ones(explain):
    """A 405 names what it allows."""
    in_order(explain("DELETE /plain/x").output, "405 Method Not Allowed", "Allow: GET, HEAD, OPTIONS")


@pytest.mark.parametrize("words", ["", "PUT", "PUT pets", "PUT /a b"])
def test_what_is_no_request_is_refused(explain, words):
    """The message shows how a request is written."""
    result = explain(words)

    assert result.exit_code == 2
    assert "explain PUT /pets/3" in result.output


def test_the_rule_that_resembles_most_comes_first():
    """After the first difference the other segments count too."""
    rules = [Rule(text, endpoint="x") for text in ("/pets", "/pets/new", "/pets/<name>", "/pets/<name>/toys")]
    url_map = Map(rules)

    assert nearest(url_map.iter_rules(), "/pet/rex", "GET")[0].rule.rule == "/pets/<name>"


def test_rules_far_away_are_not_shown(explain):
    """A path that resembles nothing has no nearest rules."""
    assert "Nearest rules" not in explain("/0123456789").output


@pytest.mark.parametrize(
    ("rule", "path", "reason"),
    [
        ("/files/<path:name>/raw", "/files/a/b/rae", "the path is not of the form /files/<path:name>/raw"),
        ("/v<int:major>.<int:minor>", "/v1", "'v1' is not of the form v<int:major>.<int:minor>"),
        ("/n/<int(max=5):n>", "/n/9", "'9' is not accepted by <int(max=5):n>"),
    ],
)
def test_variables_of_all_kinds_are_compared(rule, path, reason):
    """Greedy variables, several in one segment, and the converters' own refusals."""
    url_map = Map([Rule(rule, endpoint="x", methods=["GET"])])

    assert [miss.reason for miss in nearest(url_map.iter_rules(), path, "GET")] == [reason]
