"""The command ``check``: its exit status, its forms, what it reads of the server, and rules of users."""

from __future__ import annotations

import json
import os
import pathlib
import secrets
import subprocess
import sys

import pytest

from framework import App, requires, response, security_headers
from framework.cli import FrameworkGroup
from framework.errors import SetupError
from framework.serve.check import Deployment, RuleHit, check, known_rules, register, rule, server_facts
from tests.sarif import check_sarif

ROOT = pathlib.Path(__file__).parents[2]


def make_app(**settings) -> App:
    """An application without a fault, but for the settings."""
    app = App(__name__, static_folder=None, marks=[security_headers()])
    app.config.update(
        SECRET_KEY=secrets.token_hex(), TRUSTED_HOSTS=["shop.example"], STRICT_TRANSPORT_SECURITY=63_072_000
    )
    app.config.update(DOCS_PATH=None, OPENAPI_JSON_PATH=None, OPENAPI_YAML_PATH=None)
    app.config.update(settings)
    app.get("/")(response(200)(lambda: ""))
    return app


def invoke(runner, app, *arguments):
    """Run the command on an application."""
    return runner.invoke(FrameworkGroup(create_app=lambda: app, set_debug_flag=False), ["check", *arguments])


@rule("SHOP1", "test-payments", level="error", why="Nobody pays.", remedy="Set PAYMENT_KEY to the real key.")
def payments(deployment: Deployment):
    """The provider of payments is called with a test key."""
    if str(deployment.config.get("PAYMENT_KEY", "")).startswith("test_"):
        yield deployment.at_setting("PAYMENT_KEY", "PAYMENT_KEY is a test key.")


@pytest.mark.parametrize(
    ("settings", "arguments", "code"),
    [
        ({}, ("--deploy",), 0),
        ({"DEBUG": True}, (), 0),
        ({"DEBUG": True}, ("--deploy",), 1),
        ({"TRUSTED_HOSTS": None}, ("--deploy",), 1),
        ({"TRUSTED_HOSTS": None}, ("--deploy", "--fail-level", "error"), 0),
        ({"TRUSTED_HOSTS": None}, ("--deploy", "--silence", "trusted-hosts-empty"), 0),
        ({"TRUSTED_HOSTS": None, "SILENCED_CHECKS": {"trusted-hosts-empty": "nginx does."}}, ("--deploy",), 0),
        ({"TRUSTED_HOSTS": None, "SILENCED_CHECKS": {"trusted-hosts-empty": ""}}, ("--deploy",), 1),
        ({"SECRET_KEY": None}, ("--deploy",), 0),
        ({"SECRET_KEY": None}, ("--deploy", "--fail-level", "advice"), 1),
        ({"SILENCED_CHECKS": {"trusted-host": "nginx does."}}, (), 1),
        ({}, ("--silence", "trusted-host"), 2),
        ({}, ("--format", "xml"), 2),
        ({}, ("--workers", "0"), 2),
        ({}, ("--gunicorn", "missing.py"), 2),
    ],
)
def test_the_exit_status_says_whether_something_counts(runner, settings, arguments, code):
    """0 when nothing counts, 1 when something does, 2 for a wrong use; each form has the same."""
    for form in ((), ("--format", "json"), ("--format", "sarif")):
        assert invoke(runner, make_app(**settings), *form, *arguments).exit_code == code


def test_lines_have_the_harm_the_remedy_and_the_page(runner):
    """A finding is shown with number, name, level and place, and what to do."""
    result = invoke(runner, make_app(DEBUG=True), "--deploy")
    lines = result.stdout.splitlines()

    assert lines[0].endswith("S020 debug-on: Debug mode is on.")
    assert "test_cli_check.py:" in lines[0]
    assert [line.split(":")[0].strip() for line in lines[1:]] == ["Why", "Remedy", "See"]
    assert lines[3].endswith("docs/serve/check.html#debug-on")
    assert "Nothing to mend." in invoke(runner, make_app(), "--deploy").stderr


def test_programs_get_the_silenced_findings_with_their_reason(runner):
    """JSON lists them apart, SARIF as suppressed results; the rules of SARIF are all that were applied."""
    app = make_app(TRUSTED_HOSTS=None, DEBUG=True, SILENCED_CHECKS={"trusted-hosts-empty": "nginx does."})
    made = json.loads(invoke(runner, app, "--deploy", "--format", "json").stdout)
    log = json.loads(invoke(runner, app, "--deploy", "--format", "sarif").stdout)
    results = check_sarif(log)
    rules = log["runs"][0]["tool"]["driver"]["rules"]

    assert [each["code"] for each in made["findings"]] == ["S020"]
    assert [(each["rule"], each["silenced"]) for each in made["silenced"]] == [("trusted-hosts-empty", "nginx does.")]
    assert [(each["ruleId"], "suppressions" in each) for each in results] == [("S020", False), ("S030", True)]
    assert results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].endswith("test_cli_check.py")
    assert [each["id"] for each in rules] == [each.code for each in known_rules(app)]
    assert all("docs/serve/check.html#" in each["help"]["text"] for each in rules)


def test_an_application_that_cannot_be_built_is_a_finding(runner):
    """A mistake in the set-up is reported in the chosen form, also where its rule is silenced, and ends with 1."""
    app = make_app(SILENCED_CHECKS={"setup-fails": "No."})

    @app.get("/pets")
    @requires(scopes=["pets"])
    def pets():
        return {}

    made = invoke(runner, app, "--format", "json", "--silence", "setup-fails")

    assert made.exit_code == 1
    assert [each["rule"] for each in json.loads(made.stdout)["findings"]] == ["setup-fails"]


def test_unknown_names_are_refused_with_the_right_one(runner):
    """Rules are silenced by name; who gives a number is shown the name."""
    result = invoke(runner, make_app(), "--silence", "S020")

    assert "Unknown rule: 'S020'. Did you mean 'debug-on'?" in result.stderr
    with pytest.raises(SetupError, match="Unknown rule of the check: 'S020'"):
        check(make_app(), silence=["S020"])


def test_debug_mode_of_the_code_is_seen(runner):
    """Commands switch debug mode as the environment says; the check sees what a server would."""
    app = make_app(DEBUG=True)
    result = runner.invoke(FrameworkGroup(create_app=lambda: app), ["check", "--deploy"])

    assert result.exit_code == 1
    assert "S020 debug-on" in result.stdout
    result = runner.invoke(FrameworkGroup(create_app=lambda: make_app()), ["--debug", "check", "--deploy"])
    assert "S020 debug-on" in result.stdout


def test_users_add_rules_of_their_own(runner):
    """A rule that is registered is applied, silenced and described like the framework's."""
    app = make_app(PAYMENT_KEY="test_123")
    assert "test-payments" not in {each.rule for each in check(app, deploy=True)}

    register(app, payments)
    register(app, payments)
    (found,) = check(app, deploy=True)

    assert (found.code, found.rule, found.level, found.message) == (
        *("SHOP1", "test-payments", "error"),
        "PAYMENT_KEY is a test key.",
    )
    assert check(app) == []
    assert invoke(runner, app, "--deploy").exit_code == 1
    assert invoke(runner, app, "--deploy", "--silence", "test-payments").exit_code == 0
    log = json.loads(invoke(runner, app, "--deploy", "--format", "sarif").stdout)
    assert [each["ruleId"] for each in check_sarif(log)] == ["SHOP1"]


@pytest.mark.parametrize(
    ("code", "name", "match"),
    [
        ("S020", "my-debug", "Two rules of the check are called S020"),
        ("SHOP2", "debug-on", "Two rules of the check are called SHOP2 'debug-on'"),
        ("SHOP3", "Debug On", "Invalid name of a rule: 'Debug On'"),
    ],
)
def test_names_and_numbers_of_rules_are_used_once(code, name, match):
    """A rule that has the name or the number of another one is refused."""

    def again(deployment):
        """Something is wrong."""
        yield RuleHit("Wrong.")

    app = make_app()
    with pytest.raises(SetupError, match=match):
        register(app, rule(code, name, why="It hurts.", remedy="Mend it.")(again))
        check(app)


def test_a_rule_has_a_level_and_a_docstring():
    """What is no rule, has no words or an unknown level is refused where it is made."""
    with pytest.raises(SetupError, match="Give its function a docstring"):
        rule("SHOP2", "silent", why="It hurts.", remedy="Mend it.")(lambda deployment: [])
    with pytest.raises(SetupError, match="Known levels: error, warning, advice"):
        rule("SHOP2", "loud", level="fatal", why="It hurts.", remedy="Mend it.")  # type: ignore[arg-type]
    with pytest.raises(SetupError, match="is not a rule of the check"):
        register(make_app(), lambda deployment: [])  # type: ignore[arg-type]


GUNICORN = """
import multiprocessing
bind = "0.0.0.0:8000"
workers = 3
threads = 4
timeout = 45
forwarded_allow_ips = "*"
reload = True
def post_fork(server, worker):
    pass
"""


def test_the_settings_of_gunicorn_are_read_by_gunicorn(runner, write):
    """Its file, its command line in the environment and its defaults say what the rules look at."""
    file = write("gunicorn.conf.py", GUNICORN)
    facts = server_facts(str(file))

    assert (facts.workers, facts.threads, facts.kind, facts.timeout, facts.graceful) == (3, 4, "gthread", 45, 30)
    assert (facts.forwarded, facts.is_open, facts.is_tls, facts.reload) == (("*",), True, False, True)
    os.environ["GUNICORN_CMD_ARGS"] = "--workers 5 --bind unix:/run/shop.sock --threads 1 --certfile x.pem"
    facts = server_facts(str(file))
    assert (facts.workers, facts.kind, facts.is_open, facts.is_tls) == (5, "sync", False, True)
    assert server_facts(str(file), 7, 8)[:2] == (7, 8)

    del os.environ["GUNICORN_CMD_ARGS"]
    made = invoke(runner, make_app(), "--deploy", "--gunicorn", str(file), "--format", "json")
    found = json.loads(made.stdout)["findings"]
    assert {each["rule"]: each["file"] for each in found} == {
        "proxy-believed": "gunicorn.conf.py",
        "server-reloads": "gunicorn.conf.py",
    }


@pytest.mark.parametrize("text", ["workers = ", "workers = 'many'", "raise SystemExit(3)"])
def test_a_file_that_gunicorn_cannot_read_is_a_wrong_use(runner, write, text):
    """The message has the file and the reason, and the exit status is 2."""
    file = write("gunicorn.conf.py", text)
    result = invoke(runner, make_app(), "--gunicorn", str(file))

    assert result.exit_code == 2
    assert "Cannot read gunicorn's settings" in result.stderr


@pytest.mark.parametrize(
    ("variables", "facts"),
    [
        ({}, (None, None)),
        ({"WEB_CONCURRENCY": "3"}, (3, None)),
        ({"WEB_CONCURRENCY": "many"}, (None, None)),
        ({"GRANIAN_WORKERS": "2", "GRANIAN_BLOCKING_THREADS": "8"}, (2, 8)),
    ],
)
def test_the_environment_says_how_many_processes_there_are(variables, facts):
    """Without a file the variables of the servers count."""
    for name in ("WEB_CONCURRENCY", "GRANIAN_WORKERS", "GRANIAN_BLOCKING_THREADS"):
        os.environ.pop(name, None)
    os.environ.update(variables)

    assert server_facts()[:2] == facts


def run_sample(tmp_path, *arguments, **environment):
    """Run the command on the sample in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "framework", "--app", "sample_api", "check", "--deploy", *arguments],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": f"sqlite:///{tmp_path}/conduit.sqlite3", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


PRODUCTION = {
    "SECRET_KEY": secrets.token_hex(),
    "TRUSTED_HOSTS": ".conduit.example",
    "STRICT_TRANSPORT_SECURITY": "63072000",
    "STORE_URL": "redis://127.0.0.1:6379/0",
    "WEB_CONCURRENCY": "4",
}


def test_the_sample_is_ready_for_production(tmp_path):
    """With the variables that its README names nothing counts; without them what is missing is named."""
    ready = run_sample(tmp_path, "--format", "json", **PRODUCTION)
    bare = run_sample(tmp_path, "--format", "json", SECRET_KEY=secrets.token_hex(), WEB_CONCURRENCY="4")

    assert ready.returncode == 0, ready.stdout + ready.stderr
    assert json.loads(ready.stdout)["findings"] == []
    assert bare.returncode == 1, bare.stderr
    assert [each["rule"] for each in json.loads(bare.stdout)["findings"] if each["level"] != "advice"] == [
        *("trusted-hosts-empty", "hsts-missing", "limits-in-memory"),
    ]


def test_the_sample_has_no_fault_anywhere():
    """Without ``--deploy`` there is nothing to mend, also on a machine of a developer."""
    from sample_api import create_app

    app = create_app({"DATABASE_URL": "sqlite://", "SECRET_KEY": "for development"})

    assert check(app) == []


def test_rules_are_numbered_in_order_and_have_an_anchor():
    """Numbers rise, names and numbers are unique, and each rule links to an anchor of the page."""
    rules = known_rules(make_app())
    codes = [each.code for each in rules]
    page = (ROOT / "docs" / "serve" / "rules.csv").read_text(encoding="utf-8")

    assert codes == sorted(set(codes))
    assert len({each.name for each in rules}) == len(rules) > 40
    for each in rules:
        assert each.docs == f"docs/serve/check.html#{each.name}"
        assert f"{each.code} _`{each.name}`" in page
        assert each.summary.endswith(".")


def test_the_table_of_the_page_is_of_these_rules():
    """``docs/serve/rules.csv`` is what ``docs/rules.py`` writes."""
    ran = subprocess.run(
        [sys.executable, "docs/rules.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert ran.returncode == 0, ran.stderr


def test_a_serving_process_loads_no_rules():
    """Registering a rule loads what a rule is, and none of the framework's."""
    script = """
import sys
from framework import App
from framework.serve.check import RuleHit, register, rule

@rule("A1", "odd", why="It is odd.", remedy="Make it even.")
def odd(deployment):
    "Something is odd."
    yield RuleHit("Odd.")

app = App("lean", static_folder=None)
register(app, odd)
app.freeze()
print([name for name in sys.modules if name.startswith("framework.serve.check.") or name == "framework.cli"])
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert ran.stdout.strip() == "['framework.serve.check._rules']", ran.stderr
