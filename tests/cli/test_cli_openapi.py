"""Writing the document from the command line."""

from __future__ import annotations

import json
import pathlib

import pytest
import yaml

from framework import App, Resource, Schema, fields, response
from framework.cli import FrameworkGroup


class ThingSchema(Schema):
    """A thing."""

    name = fields.String(required=True)


@pytest.fixture
def invoke(runner):
    app = App("mine")

    @app.route("/things")
    class Things(Resource):
        """Things."""

        @response(200, ThingSchema(many=True))
        def get(self):
            """List things, größte zuerst."""
            return []

    group = FrameworkGroup(create_app=lambda: app)
    return lambda *args: runner.invoke(group, ["openapi", *args])


@pytest.mark.parametrize("args", [(), ("write",), ("write", "--format", "json"), ("write", "-o", "-")])
def test_the_document_goes_to_standard_output(invoke, args):
    """Without a file the document is written as JSON, readable, to stdout."""
    result = invoke(*args)
    document = json.loads(result.stdout)

    assert result.exit_code == 0
    assert document["openapi"].startswith("3.1")
    assert document["paths"]["/things"]["get"]["summary"] == "List things, größte zuerst."
    assert "größte" in result.stdout


@pytest.mark.parametrize(
    ("args", "load"),
    [
        (("-o", "api.json"), json.loads),
        (("-o", "api.yaml"), yaml.safe_load),
        (("-o", "api.yml"), yaml.safe_load),
        (("-o", "api.txt", "--format", "yaml"), yaml.safe_load),
        (("-o", "api.yaml", "--format", "json"), json.loads),
    ],
)
def test_the_form_follows_the_file(invoke, write, args, load):
    """A file's ending chooses the form, --format goes before it; both forms hold the same document."""
    result = invoke("write", *args)
    text = pathlib.Path(args[1]).read_text(encoding="utf-8")

    assert result.exit_code == 0
    assert load(text) == json.loads(invoke().stdout)
    assert text.startswith("{") is (load is json.loads)


def test_an_older_version_can_be_asked_for(invoke):
    """--version 3.0 writes an OpenAPI 3.0 document."""
    assert json.loads(invoke("write", "--version", "3.0").stdout)["openapi"].startswith("3.0")
    assert json.loads(invoke("write", "--version", "3.1").stdout)["openapi"].startswith("3.1")


def test_a_file_that_cannot_be_written_is_told(invoke, write):
    """A directory that does not exist ends with a message, not with a traceback."""
    result = invoke("write", "-o", "none/api.json")

    assert result.exit_code == 1
    assert "none/api.json" in result.stderr
    assert "Traceback" not in result.output


def test_documents_are_listed(runner):
    """``openapi list`` shows each document with its path, its title and the number of its operations."""
    app = App("shop")
    app.get("/pets")(response(204)(lambda: None))
    app.add_document("admin", settings={"API_TITLE": "For us"}, include=lambda operation: False)
    result = runner.invoke(FrameworkGroup(create_app=lambda: app), ["openapi", "list"])

    assert result.exit_code == 0
    assert [line.split() for line in result.stdout.splitlines()] == [
        ["Document", "Path", "Title", "Operations"],
        ["default", "/openapi.json", "shop", "1"],
        ["admin", "/admin/openapi.json", "For", "us", "0"],
    ]
