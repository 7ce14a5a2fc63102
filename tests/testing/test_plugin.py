"""The pytest plugin: fixtures, and which declared answers a run has seen."""

from __future__ import annotations

import pytest

# Imported here, so that the runs inside this one do not import all of it again.
import framework.openapi.contract  # noqa: F401

pytest_plugins = ["pytester"]

APPLICATION = '''
from framework import App, Resource, Schema, abort, arguments, fields, raises, response
from framework.errors import Conflict, NotFound


class ThingMissing(NotFound):
    """No thing has this id."""


class ThingSchema(Schema):
    name = fields.String(required=True)


def create_app(name="shop"):
    app = App(name)

    @app.route("/things/<int:thing_id>")
    class Thing(Resource):
        @response(200, ThingSchema)
        @raises(ThingMissing)
        def get(self, thing_id):
            return {"name": "x"} if thing_id < 9 else abort(ThingMissing)

        @response(204)
        def delete(self, thing_id):
            return None

        @arguments(ThingSchema)
        @response(200, ThingSchema)
        def put(self, thing, thing_id):
            return thing

    @app.route("/plain")
    def plain():
        return "plain"

    return app


app = create_app("single")
'''

ALL = """
def test_all(client):
    assert client.get("/things/1").status_code == 200
    assert client.get("/things/9").status_code == 404
    assert client.delete("/things/1").status_code == 204
    assert client.put("/things/1", json={"name": "y"}).status_code == 200
"""
SOME = """
def test_some(client):
    assert client.get("/things/1").status_code == 200
    assert client.put("/things/1", json={"name": 1}).status_code == 422
    assert client.get("/plain").status_code == 200
"""


@pytest.fixture
def run(pytester):
    """Run pytest over tests, with the plugin, on the application above."""
    pytester.makepyfile(shop=APPLICATION)

    def run(tests, *args, ini="framework_app = shop:create_app"):
        pytester.makeini(f"[pytest]\npythonpath = .\n{ini}\n")
        pytester.makepyfile(test_it=tests)
        return pytester.runpytest_inprocess("-p", "no:framework", "-p", "framework.testing.plugin", *args)

    return run


def test_fixtures_are_there_where_the_project_names_an_application(run):
    """framework_app gives an application in test mode, of a factory a new one for each test, and a client."""
    result = run("""
        made = []

        def test_one(app, client):
            assert app.testing
            assert app.name == "shop"
            assert client.application is app
            made.append(app)

        def test_two(app):
            assert app is not made[0]
    """)

    result.assert_outcomes(passed=2)


@pytest.mark.parametrize("reference", ["shop:app", "shop", "shop:create_app('single')"])
def test_an_application_is_named_as_everywhere(run, reference):
    """What --app takes is taken: an attribute, a module, a call."""
    result = run("def test_it(app): assert app.name == 'single'", ini=f"framework_app = {reference}")

    result.assert_outcomes(passed=1)


def test_fixtures_of_the_project_go_before(run, pytester):
    """An app fixture in conftest.py is the one that the client uses."""
    pytester.makeconftest("""
        import pytest, shop

        @pytest.fixture
        def app():
            return shop.create_app("mine")
    """)

    run("def test_it(client): assert client.application.name == 'mine'").assert_outcomes(passed=1)


def test_nothing_is_there_where_nobody_asks(run):
    """Without the option no fixture stands in the way of another plugin's, and nothing is printed."""
    result = run("def test_it(client): pass", ini="")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*fixture 'client' not found*"])
    result.stdout.no_fnmatch_line("*answers of the API*")


def test_an_application_that_is_not_there_is_told(run):
    """A wrong name is an error that repeats it."""
    result = run("def test_it(client): pass", ini="framework_app = shop:nothing")

    result.stdout.fnmatch_lines(["*framework_app is 'shop:nothing'*"])


def test_broken_contracts_fail_tests(run):
    """The client of the fixture checks each answer."""
    result = run("""
        from framework import response

        def test_it(app):
            app.add_url_rule("/wrong", "wrong", response(200)(lambda: (1, 418)))
            app.test_client().get("/wrong")
    """)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*The status 418 is not declared*"])


def test_the_table_counts_answers(run):
    """Each declared answer has a row with its status, media type and error; others are counted and not asked for."""
    result = run(SOME, "--framework-coverage")

    assert result.ret == 0
    result.stdout.fnmatch_lines(
        [
            "*answers of the API: 25 % (1 of 4)*",
            "operation *status *media type *error *seen",
            "getThing GET /things/<int:thing_id> *200 *application/json * 1",
            "* 404 *application/problem+json *ThingMissing *never *shop.py:*",
            "deleteThing DELETE /things/<int:thing_id> *204 *no body *never *shop.py:*",
            "putThing PUT /things/<int:thing_id> *200 *application/json *never *",
            "* 422 *application/problem+json *ValidationFailed *1 *not asked for",
        ]
    )
    result.stdout.no_fnmatch_line("*/plain*")


@pytest.mark.parametrize(
    ("tests", "args", "code"),
    [(ALL, ("100",), 0), (SOME, ("100",), 1), (SOME, ("20",), 0), ("def test_it(): pass", ("100",), 0)],
)
def test_a_run_below_the_percentage_fails(run, tests, args, code):
    """Fewer answers than asked for fail a run whose tests passed; a run that asks no application proves nothing."""
    result = run(tests, "--framework-coverage-fail-under", *args)

    assert result.ret == code
    if code:
        result.stdout.fnmatch_lines(
            ["* 404 *never *shop.py:*", "FAIL: 25.00 % of the declared answers were seen, and 100 % are asked for.*"]
        )
        result.stdout.no_fnmatch_line("*not asked for*")


def test_the_options_can_stand_in_the_ini_file(run):
    """What the options say, the ini file can say."""
    ini = "framework_app = shop:create_app\nframework_coverage = true\nframework_coverage_fail_under = 50"
    result = run(SOME, ini=ini)

    assert result.ret == 1
    result.stdout.fnmatch_lines(["*answers of the API*", "FAIL: 25.00 %*"])


def test_a_percentage_must_be_a_number(run):
    """A wrong percentage in the ini file is told before any test runs."""
    result = run(ALL, ini="framework_coverage_fail_under = much")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*framework_coverage_fail_under is 'much'*"])


def test_some_applications_can_be_counted_alone(run):
    """Applications that only stand in tests do not have to be seen."""
    tests = (
        ALL
        + """
def test_other():
    import shop
    shop.create_app("other").test_client().get("/things/1")
"""
    )

    assert run(tests, "--framework-coverage-fail-under=100").ret == 1
    assert run(tests, "--framework-coverage-fail-under=100", "--framework-coverage-app=shop").ret == 0


def test_several_processes_count_together(run):
    """With pytest-xdist what each process has seen is put together."""
    pytest.importorskip("xdist")
    tests = """
import pytest

@pytest.mark.parametrize(("method", "path"), [("get", "/1"), ("get", "/9"), ("delete", "/1"), ("put", "/1")])
def test_it(client, method, path):
    client.open(f"/things{path}", method=method, json={"name": "x"} if method == "put" else None)
"""

    result = run(tests, "-p", "xdist", "-n2", "--framework-coverage-fail-under=100")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*answers of the API: 100 % (4 of 4)*"])
