"""The tables of ``docs/upgrading``: each name in them is there."""

from __future__ import annotations

import csv
import importlib
import inspect
import typing as t
from pathlib import Path

import pytest

import framework
import framework.testing
from framework.resources.router import RouterSetupState

DOCS = Path(__file__).parents[1] / "docs"


def rows(name: str) -> list[list[str]]:
    """The rows of a table."""
    with (DOCS / name).open(newline="") as file:
        return list(csv.reader(file))


def kept() -> list[tuple[str, str]]:
    """Module and name of all that is called as in Flask."""
    return [(module, name) for _, module, names in rows("flask_kept.csv") for name in names.split(", ")]


def find(path: str) -> t.Any:
    """What a dotted path leads to; an attribute of the application is looked for on one that exists, as is one of a
    mount."""
    parts = path.split(".")
    at = max(number for number in range(1, len(parts)) if is_module(".".join(parts[:number])))
    value: t.Any = importlib.import_module(".".join(parts[:at]))
    for part in parts[at:]:
        if value is RouterSetupState:
            value = framework.Router("shop").make_setup_state(framework.App(__name__), {})
        value = framework.App(__name__) if value is framework.App else value
        value = getattr(value, part)
    return value


def is_module(path: str) -> bool:
    """Whether a dotted path leads to a module."""
    try:
        importlib.import_module(path)
    except ModuleNotFoundError:
        return False
    return True


@pytest.mark.parametrize(("module", "name"), kept())
def test_a_name_that_stays_is_imported_from_the_module_of_that_name(module: str, name: str) -> None:
    """What the table says is called as in Flask can be imported from there."""
    assert hasattr(importlib.import_module(module), name)


@pytest.mark.parametrize("path", [here for _, here in rows("flask_renamed.csv")])
def test_a_new_name_is_there(path: str) -> None:
    """What the table of new names gives exists."""
    assert find(path) is not None


def test_the_modules_of_a_row_are_named_alike() -> None:
    """A name that stays is in the module whose path differs in the first word alone."""
    for flask, here, _ in rows("flask_kept.csv"):
        assert here == flask.replace("flask", "framework", 1)


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("register_blueprint", "'register_router'"),
        ("before_first_request", "when the application is made"),
        ("json_encoder", "DefaultJSONProvider"),
        ("session_cookie_name", r"app.config\['SESSION_COOKIE_NAME'\]"),
    ],
)
def test_an_attribute_that_is_gone_says_what_to_write(name: str, advice: str) -> None:
    """What today's Flask, or an earlier one, has under another name raises with the way to write it now."""
    with pytest.raises(AttributeError, match=advice):
        getattr(framework.App(__name__), name)


def test_the_table_of_early_names_holds() -> None:
    """What stands on the right of the table is there, and what stands on the left is not."""
    app = framework.App(__name__)
    assert app.app_ctx_globals_class
    assert app.session_interface
    for name in ("ensure_ascii", "sort_keys", "mimetype", "compact"):
        assert hasattr(app.json, name)
    for name in ("before_first_request", "json_encoder", "env", "open_session", "init_jinja_globals", "error_handlers"):
        assert not hasattr(app, name)
    assert not hasattr(framework.Request, "is_xhr")
    assert {"download_name", "max_age", "etag"} <= set(inspect.signature(framework.send_file).parameters)
    assert framework.testing.EnvironBuilder
