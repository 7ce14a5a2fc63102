"""Overlays: what each action does, and what is refused."""

from __future__ import annotations

import copy
import json

import pytest
from click.testing import CliRunner

from framework import App, response
from framework.cli import FrameworkGroup
from framework.openapi.document import OverlayError, apply_overlay

DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Shop", "version": "1", "contact": {"name": "Ann"}},
    "tags": [{"name": "pets"}, {"name": "toys"}, {"name": "bags"}],
    "paths": {
        "/pets": {"get": {"tags": ["pets"], "x-old": True}, "post": {"tags": ["pets"]}},
        "/toys": {"get": {"tags": ["toys"]}},
    },
}


def changed(*actions):
    """Return the document after some actions."""
    before = copy.deepcopy(DOCUMENT)
    made = apply_overlay(DOCUMENT, {"overlay": "1.1.0", "info": {}, "actions": list(actions)}, "x.yaml")
    assert before == DOCUMENT  # the given one stays
    return made


def test_update_merges_objects_at_every_depth():
    """Members are added and replaced, objects within are merged, and lists within are joined."""
    made = changed(
        {"target": "$.info", "update": {"title": "Other", "contact": {"url": "https://x.invalid"}}},
        {"target": "$", "update": {"tags": [{"name": "new"}]}},
    )

    assert made["info"] == {
        "title": "Other",
        "version": "1",
        "contact": {"name": "Ann", "url": "https://x.invalid"},
    }
    assert [tag["name"] for tag in made["tags"]] == ["pets", "toys", "bags", "new"]


def test_update_appends_to_lists_and_replaces_plain_values():
    """A selected list gets one more item, whatever it is, and a selected plain value is replaced."""
    made = changed(
        {"target": "$.paths.*.get.tags", "update": "more"},
        {"target": "$.tags", "update": {"name": "new"}},
        {"target": "$.info.title", "update": "Other"},
    )

    assert made["paths"]["/pets"] == {"get": {"tags": ["pets", "more"], "x-old": True}, "post": {"tags": ["pets"]}}
    assert made["paths"]["/toys"]["get"]["tags"] == ["toys", "more"]
    assert made["tags"][-1] == {"name": "new"}
    assert made["info"]["title"] == "Other"


def test_each_place_has_a_value_of_its_own():
    """A value that is put in several places, or copied, is not shared between them."""
    made = changed(
        {"target": "$.paths.*.get", "update": {"x-list": []}},
        {"target": "$.paths['/toys'].get.x-list", "update": 1},
        {"target": "$.paths['/toys']", "copy": "$.paths['/pets']"},
        {"target": "$.paths['/toys'].post.tags", "update": "more"},
    )

    assert made["paths"]["/pets"]["get"]["x-list"] == []
    assert made["paths"]["/toys"]["get"]["tags"] == ["toys", "pets"]
    assert made["paths"]["/pets"]["post"]["tags"] == ["pets"]


def test_remove_takes_out_all_that_is_selected():
    """Members of objects and items of lists go, several of one list too."""
    made = changed(
        {"target": "$.tags[?@.name != 'toys']", "remove": True},
        {"target": "$..x-old", "remove": True},
        {"target": "$.paths['/toys']", "remove": True},
    )

    assert made["tags"] == [{"name": "toys"}]
    assert made["paths"] == {"/pets": {"get": {"tags": ["pets"]}, "post": {"tags": ["pets"]}}}


def test_actions_apply_in_their_order():
    """An action sees what those before it have done."""
    made = changed(
        {"target": "$.paths", "update": {"/bags": {}}},
        {"target": "$.paths['/bags']", "copy": "$.paths['/toys']"},
        {"target": "$.paths['/toys']", "remove": True},
    )

    assert list(made["paths"]) == ["/pets", "/bags"]
    assert made["paths"]["/bags"] == {"get": {"tags": ["toys"]}}


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ({"target": "$.paths['/gone']", "remove": True}, "selects nothing"),
        ({"target": "$.paths[", "remove": True}, "not a JSONPath"),
        ({"target": "paths", "remove": True}, "not a JSONPath"),
        ({"update": {}}, "not a JSONPath"),
        ({"target": "$.info"}, "one of 'update'"),
        ({"target": "$.info", "remove": False}, "one of 'update'"),
        ({"target": "$.info", "update": {}, "remove": True}, "one of 'update'"),
        ({"target": "$", "remove": True}, "as a whole"),
        ({"target": "$.info", "update": "text"}, "selects an object"),
        ({"target": "$.info.title", "update": {}}, "selects a value"),
        ({"target": "$.info", "copy": "$.paths.*"}, "selects 2 values"),
        ({"target": "$.info", "copy": "$.gone"}, "selects 0 values"),
    ],
)
def test_an_action_that_does_not_fit_is_named(action, said):
    """The message has the file, the number of the action, what it selects, and what is wrong."""
    with pytest.raises(OverlayError, match=said) as caught:
        changed({"target": "$.info", "update": {}}, action)

    assert str(caught.value).startswith("x.yaml: actions[1]")


@pytest.mark.parametrize(
    "overlay",
    [{}, [], None, {"overlay": "2.0.0", "actions": []}, {"overlay": "1.1.0"}, {"overlay": "1.1.0", "actions": [1]}],
)
def test_what_is_not_an_overlay_is_refused(overlay):
    """A version of 1.0 or 1.1 and a list of actions must be there."""
    with pytest.raises(OverlayError):
        apply_overlay(DOCUMENT, overlay)


def test_the_command_applies_files_in_their_order(tmp_path):
    """``openapi write --overlay`` reads JSON and YAML; an action that selects nothing ends it with its name."""
    app = App("shop")

    @app.get("/pets")
    @response(200)
    def pets():
        """List pets."""

    first, second = tmp_path / "first.yaml", tmp_path / "second.json"
    first.write_text(
        "overlay: 1.1.0\ninfo: {title: x, version: 2026-01-01}\nactions:\n"
        "  - {target: $.info, update: {title: First}}\n"
        "  - {target: $.paths.*.get.responses, update: {299: {description: X}}}\n"
    )
    second.write_text(
        json.dumps({"overlay": "1.0.0", "info": {}, "actions": [{"target": "$.info", "update": {"title": "Second"}}]})
    )
    group, runner = FrameworkGroup(create_app=lambda: app), CliRunner()
    good = runner.invoke(group, ["openapi", "write", "--overlay", str(first), "--overlay", str(second)])
    second.write_text(json.dumps({"overlay": "1.0.0", "actions": [{"target": "$.gone", "remove": True}]}))
    bad = runner.invoke(group, ["openapi", "write", "--overlay", str(second)])
    assert good.exit_code == 0, good.output
    made = json.loads(good.stdout)

    assert made["info"]["title"] == "Second"
    assert made["paths"]["/pets"]["get"]["responses"]["299"] == {"description": "X"}
    assert bad.exit_code == 2
    assert "second.json: actions[0] ($.gone) selects nothing" in bad.output.replace("\n", " ")
