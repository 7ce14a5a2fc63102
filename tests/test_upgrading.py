"""The tables of ``docs/upgrading``: each name in them is there."""

from __future__ import annotations

import csv
import importlib
import typing as t
from pathlib import Path

import pytest

import framework
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
