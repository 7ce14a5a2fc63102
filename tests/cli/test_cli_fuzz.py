"""Schemathesis from the command line."""

from __future__ import annotations

import importlib.util
import json
import pathlib

import pytest

from framework import App, Link, Resource, Schema, arguments, fields, response, validate
from framework.cli import FrameworkGroup


class ThingSchema(Schema):
    """A thing."""

    name = fields.String(required=True, validate=validate.Length(max=5))


def make_app(answer):
    app = App("mine")

    @app.route("/things")
    class Things(Resource):
        """Things."""

        @response(200, ThingSchema(many=True))
        def get(self):
            """List things."""
            return [{"name": answer}]

        @arguments(ThingSchema)
        @response(201, ThingSchema, links={"all": Link("getThings")})
        def post(self, thing):
            """Add a thing."""
            return thing

    return app


@pytest.fixture
def fuzz(runner, monkeypatch, tmp_path):
    """Runs the command on an application whose list answers with the given name."""
    monkeypatch.chdir(tmp_path)

    def invoke(answer, *args):
        group = FrameworkGroup(create_app=lambda: make_app(answer))
        return runner.invoke(group, ["openapi", "fuzz", "--seed", "1", "-n", "3", *args])

    return invoke


def test_a_document_that_holds_is_quiet(fuzz):
    """Nothing on standard output, exit code 0, and the seed to repeat it."""
    result = fuzz("a")

    assert (result.exit_code, result.stdout) == (0, "")
    assert "0 failures. Repeat with --seed 1." in result.stderr
    assert "coverage: 0 found" in result.stderr


def test_a_lie_is_found(fuzz):
    """Exit code 1; a failure has its request as a curl line, and what the contract says to write."""
    result = fuzz("too long for it", "--report", "found.json")
    report = json.loads(pathlib.Path("found.json").read_text(encoding="utf-8"))

    assert result.exit_code == 1
    assert "1. GET /things: Response violates schema" in result.stdout
    assert "curl -X GET" in result.stdout
    assert "must allow this one" in result.stdout
    assert report["seed"] == 1
    assert report["requests"] > 0
    assert {failure["operation"] for failure in report["failures"]} == {"GET /things"}
    assert all("ThingSchema.name" in failure["advice"] for failure in report["failures"])


@pytest.mark.parametrize("name", ["postThings", "POST /things"])
def test_operations_are_chosen(fuzz, name):
    """Only those that are named are tried: the lie of the other one is not found."""
    assert fuzz("too long for it", name).exit_code == 0


@pytest.mark.parametrize("name", ["getThings", "/things"])
def test_an_operation_is_named_in_several_ways(fuzz, name):
    """By its operationId, or its path."""
    assert fuzz("too long for it", name).exit_code == 1


def test_a_name_of_nothing_is_an_error(fuzz):
    """With the nearest one that there is."""
    result = fuzz("a", "getThing")

    assert result.exit_code == 2
    assert "'getThing' is no operationId, tag or path of the document. Did you mean 'getThings'?" in result.stderr


def test_a_header_needs_a_name(fuzz):
    """What is no header is refused before anything is sent."""
    result = fuzz("a", "-H", "Authorization")

    assert result.exit_code == 2
    assert "Write it as 'Name: value'." in result.stderr


def test_a_report_that_cannot_be_written_is_told(fuzz):
    """A folder that does not exist ends with a message."""
    result = fuzz("a", "getThings", "--report", "none/found.json")

    assert result.exit_code == 1
    assert "none/found.json" in result.stderr


def test_without_schemathesis_it_says_what_to_install(fuzz, monkeypatch):
    """It is no dependency of the framework."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    result = fuzz("a")

    assert result.exit_code == 1
    assert "pip install schemathesis" in result.stderr
