"""Comparing documents from the command line."""

from __future__ import annotations

import json
import pathlib
import subprocess

import pytest

from framework import App, Resource, Schema, events, fields, response
from framework.cli import FrameworkGroup


class ThingSchema(Schema):
    """A thing."""

    name = fields.String(required=True)


@pytest.fixture
def app():
    app = App("mine")

    @app.route("/things")
    class Things(Resource):
        """Things."""

        @response(200, ThingSchema(many=True))
        def get(self):
            """List things."""
            return []

    return app


@pytest.fixture
def invoke(runner, app, write):
    write("openapi.json", json.dumps(app.openapi))
    group = FrameworkGroup(create_app=lambda: app)
    return lambda *args: runner.invoke(group, ["openapi", "diff", *args])


def changed(change):
    """The document in openapi.json with a change, in changed.json."""
    document = json.loads(pathlib.Path("openapi.json").read_text())
    change(document)
    pathlib.Path("changed.json").write_text(json.dumps(document))


def git(*args):
    subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@t.invalid", *args], check=True, capture_output=True)


def test_no_change_is_0(invoke):
    """The same document, or the application's own, ends with 0."""
    for args in (("openapi.json",), ("openapi.json", "openapi.json")):
        result = invoke(*args)

        assert result.exit_code == 0
        assert "No changes" in result.stdout


def test_a_break_is_1(invoke):
    """A break ends with 1, and is told with its operation; the other way round it is none."""
    changed(lambda d: d["components"]["schemas"]["Thing"]["properties"].pop("name"))
    result = invoke("openapi.json", "changed.json")
    back = invoke("changed.json", "openapi.json")

    assert result.exit_code == 1
    assert "BREAKING (1)" in result.stdout
    assert "response-property-removed: Thing.name" in result.stdout
    assert "GET /things: response 200 $[].name" in result.stdout
    assert "the version should be 2.0.0 or later" in result.stdout
    assert back.exit_code == 0
    assert "COMPATIBLE (1)" in back.stdout


def test_the_application_names_the_line(invoke):
    """Compared with the application, a change says where it was written."""
    changed(lambda d: d["components"]["schemas"]["Thing"]["properties"]["name"].update(type="integer"))
    result = invoke("changed.json")

    assert result.exit_code == 1
    assert "test_cli_diff.py:18 ThingSchema.name" in result.stdout


def test_risky_changes_count_when_asked(invoke):
    """--strict ends with 1 for risky changes too."""
    changed(lambda d: d["paths"]["/things"]["get"].update(operationId="else"))

    assert invoke("openapi.json", "changed.json").exit_code == 0
    assert invoke("openapi.json", "changed.json", "--strict").exit_code == 1


def test_json_is_for_programs(invoke):
    """--format json gives counts, the version, and each change."""
    changed(lambda d: d["paths"].pop("/things"))
    result = json.loads(invoke("openapi.json", "changed.json", "--format", "json").stdout)

    assert result["breaking"] == 1
    assert result["version"] == {"bump": "major", "at_least": "2.0.0", "is_enough": False}
    assert result["changes"][0]["code"] == "path-removed"
    assert result["changes"][0]["operations"] == ["GET /things"]


def test_a_git_revision_can_be_compared_with(invoke):
    """--git reads the old document from a revision; openapi.json unless another is named."""
    git("init", "-q")
    changed(lambda d: d["paths"]["/things"].update(put={"responses": {}}))
    git("add", ".")
    git("commit", "-q", "-m", "documents")
    pathlib.Path("openapi.json").unlink()

    assert invoke("--git", "HEAD").exit_code == 0
    assert invoke("--git", "HEAD", "changed.json").exit_code == 1
    assert invoke("--git", "HEAD", "openapi.json", "changed.json").exit_code == 0


def test_older_documents_are_compared_with_an_older_form(invoke, runner, app):
    """A document of 3.0 is compared with the application's in 3.0, so that nothing differs by the version."""
    group = FrameworkGroup(create_app=lambda: app)
    runner.invoke(group, ["openapi", "write", "--version", "3.0", "-o", "old.yaml"])

    assert "No changes" in invoke("old.yaml").stdout


@pytest.mark.parametrize(
    ("args", "told"),
    [
        ((), "Give the document"),
        (("none.json",), "none.json"),
        (("broken.json",), "neither JSON nor YAML"),
        (("other.json",), "not an OpenAPI 3 document"),
        (("--git", "none"), "none"),
        (("--git", "--output=x"), "not a git revision"),
    ],
)
def test_what_cannot_be_compared_is_2(invoke, write, args, told):
    """Documents that cannot be read end with 2, a message and no traceback."""
    write("broken.json", '{"a": [')
    write("other.json", '{"swagger": "2.0"}')
    result = invoke(*args)

    assert result.exit_code == 2
    assert told in result.output
    assert "Traceback" not in result.output


def test_the_served_version_is_compared(runner, tmp_path, monkeypatch):
    """A document that had to become 3.2 is a risk; one of 3.0 is compared in 3.0."""
    monkeypatch.chdir(tmp_path)
    app = App("shop")

    @app.get("/news")
    @events({"id": fields.Integer()})
    def news():
        """Follow the news."""

    group = FrameworkGroup(create_app=lambda: app)
    for version, said in (("3.0", "No changes"), ("3.1", "openapi-version-changed"), ("3.2", "No changes")):
        runner.invoke(group, ["openapi", "write", "--version", version, "-o", "old.json"])
        result = runner.invoke(group, ["openapi", "diff", "old.json"])

        assert result.exit_code == 0
        assert said in result.stdout, result.output
