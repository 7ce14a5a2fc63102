"""The settings of ``framework config``: values, sources, and no secrets."""

from __future__ import annotations

import functools

import pytest

from framework import App
from framework.cli import FrameworkGroup


@pytest.fixture
def app():
    app = App("mine")
    app.config.update(SECRET_KEY="a very secret key", MAX_JSON_LENGTH="10", STORE_URL="redis://ann:very-secret@h/0")
    app.config["OWN"] = "mine"
    return app


@pytest.fixture
def config(app, runner):
    return functools.partial(runner.invoke, FrameworkGroup(create_app=lambda: app))


def test_all_settings_are_shown_with_their_source(config):
    """Each setting has a row with its value and where it was written; the application's own come last."""
    lines = config(["config"]).output.splitlines()
    rows = {line.split()[0]: line.split() for line in lines[2:]}

    assert lines[0].split() == ["Setting", "Value", "Source"]
    assert rows["MAX_JSON_LENGTH"][1] == "10"
    assert rows["MAX_JSON_LENGTH"][2].startswith(f"{__file__}:")
    assert rows["MAX_FORM_PARTS"] == ["MAX_FORM_PARTS", "1000", "default"]
    assert lines[-1].split()[:2] == ["OWN", "'mine'"]


@pytest.mark.parametrize("arguments", [[], ["--changed"], ["SECRET_KEY", "STORE_URL"]])
def test_secrets_are_masked(config, arguments):
    """Keys and passwords in URLs are not printed."""
    output = config(["config", *arguments]).output

    assert "very" not in output
    assert "***" in output
    assert "'redis://ann:***@h/0'" in output


def test_only_what_was_written(config):
    """--changed leaves the defaults out."""
    lines = config(["config", "--changed"]).output.splitlines()[2:]

    assert [line.split()[0] for line in lines] == ["SECRET_KEY", "MAX_JSON_LENGTH", "STORE_URL", "OWN"]


def test_one_setting_is_explained(config):
    """A name shows what the setting takes and means."""
    output = config(["config", "STORE_TIMEOUT"]).output

    assert "value   0.25" in output
    assert "takes   a number of seconds above 0" in output
    assert "Seconds to wait for Redis" in output


def test_a_name_that_is_not_set(config):
    """An unknown name is an error that says where to look."""
    result = config(["config", "NOTHING"])

    assert result.exit_code == 1
    assert "Unknown setting: NOTHING" in result.output


def test_a_wrong_setting_is_an_error(config, app):
    """What was changed past the checks is found, without frames."""
    dict.__setitem__(app.config, "CONTRACT", "on")
    result = config(["config"])

    assert result.exit_code == 1
    assert "Invalid value of the setting CONTRACT: 'on'" in result.output
    assert "Traceback" not in result.output
