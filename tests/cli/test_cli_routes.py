"""The table of ``framework routes``."""

from __future__ import annotations

import functools

import pytest

from framework import App, Resource
from framework.cli import FrameworkGroup


@pytest.fixture
def app():
    app = App("mine")
    app.add_url_rule("/get_post/<int:x>/<int:y>", methods=["GET", "POST"], endpoint="yyy_get_post")
    app.add_url_rule("/zzz_post", methods=["POST"], endpoint="aaa_post")
    return app


@pytest.fixture
def routes(app, runner):
    return functools.partial(runner.invoke, FrameworkGroup(create_app=lambda: app))


def first_column(output):
    """The endpoints, below the titles and the line."""
    return [line.split()[0] for line in output.splitlines()[2:]]


def test_the_table_has_columns(routes):
    """Endpoint, methods and rule stand in columns below their titles."""
    lines = routes(["routes"]).output.splitlines()

    assert lines[0].split() == ["Endpoint", "Methods", "Rule"]
    assert set(lines[1]) == {"-", " "}
    assert lines[4].split() == ["yyy_get_post", "GET,", "POST", "/get_post/<int:x>/<int:y>"]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("endpoint", ["aaa_post", "static", "yyy_get_post"]),
        ("methods", ["static", "yyy_get_post", "aaa_post"]),
        ("rule", ["yyy_get_post", "static", "aaa_post"]),
    ],
)
def test_the_rows_can_be_sorted(routes, sort, order):
    """--sort orders by a column; by default that of the endpoints."""
    assert first_column(routes(["routes", "--sort", sort]).output) == order
    assert first_column(routes(["routes"]).output) == ["aaa_post", "static", "yyy_get_post"]


def test_the_order_of_matching_is_the_maps(routes, app):
    """--sort match shows rules as they are tried."""
    expected = [str(rule.endpoint) for rule in app.url_map.iter_rules()]

    assert first_column(routes(["routes", "--sort", "match"]).output) == expected


def test_automatic_methods_are_shown_on_request(routes):
    """HEAD and OPTIONS are left out without --all-methods."""
    assert "HEAD" not in routes(["routes"]).output
    assert "GET, HEAD, OPTIONS, POST" in routes(["routes", "--all-methods"]).output


def test_an_application_without_routes_is_told(runner):
    """An empty table is a sentence."""
    app = App("empty", static_folder=None)
    result = runner.invoke(FrameworkGroup(create_app=lambda: app), ["routes"])

    assert result.output == "No routes were registered.\n"


@pytest.mark.parametrize("kind", ["subdomain", "host"])
def test_domains_have_a_column_where_there_are_some(runner, kind):
    """Subdomains or hosts are shown, and can be sorted by."""
    app = App("hosts", static_folder=None, host_matching=kind == "host")
    app.add_url_rule("/a", endpoint="a", **{kind: "zzz"})
    app.add_url_rule("/b", endpoint="b", **{kind: "aaa"})
    output = runner.invoke(FrameworkGroup(create_app=lambda: app), ["routes", "--sort", "domain"]).output

    assert output.splitlines()[0].split() == ["Endpoint", kind.capitalize(), "Methods", "Rule"]
    assert first_column(output) == ["b", "a"]


def test_the_documents_rules_are_shown_on_request(routes, app):
    """The rules of the document appear with --all alone."""

    @app.route("/things")
    class Things(Resource):
        """Things."""

        def get(self):
            """List things."""
            return []

    assert "openapi." not in routes(["routes"]).output
    assert "openapi.json" in routes(["routes", "--all"]).output
    assert "openapi." not in routes(["routes"]).output
