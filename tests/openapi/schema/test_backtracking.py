"""Patterns that take exponential time are found, and those that do not are left alone."""

from __future__ import annotations

import pytest

from framework import App, Schema, arguments, fields, response, validate
from framework.fast.strict import _lexical as lexical
from framework.openapi.lint._lint import lint
from framework.openapi.schema import is_explosive

BAD = [
    r"^(a+)+$",
    r"(?:[a-z]+)*",
    r"(\w+\s*)+",
    r"([a-z]+-?)*x",
    r"((a*)b?)*",
    r"(a[ab]+)*",
    r"x(?:y|[0-9]+){1,50}",
    r"(?:(?:ab)+)+",
    r"([^,]*)*",
]
GOOD = [
    r"[a-z]+(-[a-z]+)*",
    r"(\w+\s)+",
    r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}",
    r"(?:[a-z]++)*",
    r"(a+){2}",
    r"a+b+c+",
    r"(ab?)*",
    r"([a-z]+,)*[a-z]+",
    r"(",
    lexical.EMAIL_PATTERN,
]


@pytest.mark.parametrize("pattern", BAD)
def test_a_repetition_that_can_be_cut_in_many_ways_is_found(pattern):
    """Nothing tells where one round of the outer repetition ends and the next begins."""
    assert is_explosive(pattern)


@pytest.mark.parametrize("pattern", GOOD)
def test_other_patterns_are_left_alone(pattern):
    """A part between two rounds, a small number of rounds or a possessive repetition leave one way."""
    assert not is_explosive(pattern)


def test_openapi_check_warns_of_such_a_pattern():
    """The lint names the pattern and the place; the framework's own patterns are silent."""
    app = App("patterns", static_folder=None)
    schema = Schema.from_dict(
        {
            "bad": fields.String(validate=validate.Regexp(r"(a+)+")),
            "mail": fields.Email(),
            "link": fields.Url(),
            "moment": fields.DateTime(),
            "id": fields.UUID(),
            "price": fields.Decimal(as_string=True),
            "host": fields.IP(),
        },
        name="Thing",
    )

    @app.post("/things")
    @arguments(schema)
    @response(204)
    def add(thing):
        """Add a thing."""

    found = [each for each in lint(app.openapi) if each.rule == "pattern-backtracking"]

    assert [each.at[-1] for each in found] == ["bad"]
