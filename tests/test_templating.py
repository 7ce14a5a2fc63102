"""Templates, by Jinja2."""

from __future__ import annotations

import logging
import subprocess
import sys

import jinja2
import pytest

from framework import (
    App,
    Router,
    g,
    render_template,
    render_template_string,
    request,
    session,
    signals,
    stream_template,
    stream_template_string,
)
from framework.helpers import get_template_attribute
from framework.templating import DispatchingJinjaLoader, Environment


@pytest.fixture
def app(tmp_path):
    """An application with a folder of templates, and a router with another."""
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "page.html").write_text("<p>{{ value }}</p>")
    (folder / "page.txt").write_text("{{ value }}")
    (folder / "both.html").write_text("application")
    (folder / "macro.html").write_text("{% macro hello(name) %}Hello {{ name }}!{% endmacro %}{% set a = 1 %}")
    folder = tmp_path / "router"
    folder.mkdir()
    (folder / "both.html").write_text("router")
    (folder / "own.html").write_text("own")
    app = App("templating_app", root_path=str(tmp_path))
    app.config.update(TESTING=True, SECRET_KEY="secret")
    router = Router("pages", __name__, template_folder="router", root_path=str(tmp_path), url_prefix="/pages")
    router.add_url_rule("/<name>", "page", lambda name: render_template(name))
    app.register_router(router)
    return app


def test_a_template_is_rendered(app):
    """A template knows the values it is given; HTML is escaped in HTML files and not in others."""
    with app.app_context():
        assert render_template("page.html", value="<b>") == "<p>&lt;b&gt;</p>"
        assert render_template("page.txt", value="<b>") == "<b>"
        assert render_template(["no.html", "page.html"], value=1) == "<p>1</p>"
        assert render_template(app.jinja_env.get_template("page.txt"), value=1) == "1"


def test_a_template_from_a_string(app):
    """A template from its source is escaped."""
    with app.app_context():
        assert render_template_string("{{ value }}", value="<b>") == "&lt;b&gt;"


def test_a_missing_template(app):
    """A name that no folder has is an error that names it."""
    with app.app_context(), pytest.raises(jinja2.TemplateNotFound, match=r"no\.html"):
        render_template("no.html")


def test_the_application_comes_first(app):
    """The application's folder wins over those of routers, and all are listed."""
    client = app.test_client()

    assert client.get("/pages/both.html").text == "application"
    assert client.get("/pages/own.html").text == "own"
    assert app.jinja_env.list_templates() == ["both.html", "macro.html", "own.html", "page.html", "page.txt"]


def test_what_every_template_knows(app):
    """``config``, ``url_for``, ``g``, ``request``, ``session`` and the flashed messages are there."""

    @app.get("/there")
    def there():
        g.name = "gee"
        session["name"] = "sess"
        return render_template_string(
            "{{ config.TESTING }} {{ url_for('there') }} {{ g.name }} {{ request.path }} {{ session.name }}"
            " {{ get_flashed_messages() }}"
        )

    assert app.test_client().get("/there").text == "True /there gee /there sess []"


def test_a_template_without_request(app):
    """Without a request a template knows ``g`` and not ``request``."""
    with app.app_context():
        g.name = "gee"
        assert render_template_string("{{ g.name }} {{ value }}", value=1) == "gee 1"


def test_a_template_does_not_touch_the_session(app):
    """Only a template that looks at the session opens it."""
    app.add_url_rule("/quiet", "quiet", lambda: render_template_string("x"))
    app.add_url_rule("/looks", "looks", lambda: render_template_string("{{ session.get('x') }}"))
    client = app.test_client()

    assert "Cookie" not in client.get("/quiet").vary
    assert "Cookie" in client.get("/looks").vary


def test_templates_need_an_application():
    """Without an application there are no folders to look in."""
    with pytest.raises(RuntimeError, match="application context"):
        render_template_string("x")


def test_context_processors_and_given_values(app):
    """Processors of the application and of the request's routers add values; those given win."""
    app.context_processor(lambda: {"a": "app", "b": "app", "c": "app"})
    page = Router("more", __name__)
    page.context_processor(lambda: {"b": "router", "c": "router"})
    page.add_url_rule("/more", "more", lambda: render_template_string("{{ a }} {{ b }} {{ c }}", c="given"))
    app.register_router(page)
    app.add_url_rule("/less", "less", lambda: render_template_string("{{ a }} {{ b }} {{ c }}"))
    client = app.test_client()

    assert client.get("/more").text == "app router given"
    assert client.get("/less").text == "app app app"


def test_filters_tests_and_globals(app):
    """Own filters, tests and globals are known, whether registered before or after the environment exists."""
    app.add_template_filter(lambda s: s[::-1], "backwards")
    app.add_template_test(lambda s: s == "x", "an_x")
    app.add_template_global(lambda: 42, "answer")
    with app.app_context():
        source = "{{ 'abc'|backwards }} {{ 'x' is an_x }} {{ answer() }}"
        assert render_template_string(source) == "cba True 42"


def test_tojson_uses_the_provider(app):
    """``tojson`` writes by the application's provider, safe inside a script element."""
    with app.app_context():
        assert render_template_string("{{ {'b': '</script>', 'a': 1}|tojson }}") == (
            '{"a": 1, "b": "\\u003c/script\\u003e"}'
        )
        app.json.dumps = lambda obj, **kwargs: '"mine"'
        assert render_template_string("{{ 1|tojson }}") == '"mine"'


def test_macros_from_python(app):
    """What a template exports can be had in Python."""
    with app.app_context():
        assert get_template_attribute("macro.html", "hello")("World") == "Hello World!"
        assert get_template_attribute("macro.html", "a") == 1
        with pytest.raises(AttributeError):
            get_template_attribute("macro.html", "no")


def test_streams(app):
    """A streamed template is an answer in pieces, and has its request to the end."""
    app.add_url_rule("/file", "file", lambda: stream_template("page.html", value=1))
    app.add_url_rule(
        "/string", "string", lambda: stream_template_string("{% for i in range(2) %}{{ request.path }}{% endfor %}")
    )
    client = app.test_client()

    assert client.get("/file").text == "<p>1</p>"
    assert client.get("/string").text == "/string/string"
    with app.app_context():
        assert "".join(stream_template_string("{{ a }}", a=1)) == "1"


@pytest.mark.parametrize("render", [render_template_string, lambda *a, **k: "".join(stream_template_string(*a, **k))])
def test_signals_are_sent(app, render):
    """Receivers hear of a template before it is rendered, when they may still add to its values, and after."""
    calls = []

    def before(sender, template, context, **extra):
        calls.append(("before", sender, template.name, dict(context)))
        context["b"] = 2

    def after(sender, template, context, **extra):
        calls.append(("after", context["b"]))

    with (
        signals.before_render_template.connected_to(before, app),
        signals.template_rendered.connected_to(after, app),
        app.app_context(),
    ):
        assert render("{{ a }}{{ b }}", a=1) == "12"

    assert calls[0][:3] == ("before", app, None)
    assert calls[0][3]["a"] == 1
    assert calls[1:] == [("after", 2)]


def test_the_search_is_explained(app, caplog):
    """``EXPLAIN_TEMPLATE_LOADING`` logs each folder, what it gave, and whose view asked."""
    app.config["EXPLAIN_TEMPLATE_LOADING"] = True
    caplog.set_level(logging.INFO, "templating_app")
    with pytest.raises(jinja2.TemplateNotFound):
        app.test_client().get("/pages/no.html")
    text = caplog.records[0].getMessage()

    assert "Locating template 'no.html'" in text
    assert "1: trying loader of application 'templating_app'" in text
    assert f"2: trying loader of router 'pages' ({__name__})" in text
    assert "class: jinja2.loaders.FileSystemLoader" in text
    assert str(app.root_path) in text
    assert "Error: the template could not be found." in text
    assert "endpoint that belongs to the router 'pages'" in text

    caplog.clear()
    assert app.test_client().get("/pages/both.html").text == "application"
    assert "Warning: several loaders" in caplog.records[0].getMessage()


@pytest.mark.parametrize(
    ("setting", "debug", "reloads"),
    [(None, False, False), (None, True, True), (True, False, True), (False, True, False)],
)
def test_reloading(app, setting, debug, reloads):
    """``TEMPLATES_AUTO_RELOAD`` decides, or debug mode."""
    app.debug = debug
    app.config["TEMPLATES_AUTO_RELOAD"] = setting

    assert app.jinja_env.auto_reload is reloads


def test_own_environment_and_loader(app):
    """Class, options and loader of the environment can be replaced."""

    class Mine(Environment):
        pass

    class Other(App):
        jinja_environment = Mine
        jinja_options = {"trim_blocks": True}

        def create_global_jinja_loader(self):
            return jinja2.DictLoader({"a.html": "{% if true %}\na{% endif %}"})

    class Third(App):
        jinja_options = {"loader": jinja2.DictLoader({"a.html": "third"})}

    with Third("third_templates").app_context():
        assert render_template("a.html") == "third"
    other = Other("other_templates")
    with other.app_context():
        assert render_template("a.html") == "a"
    assert type(other.jinja_env) is Mine
    assert other.jinja_env.app is other
    assert isinstance(app.jinja_env.loader, DispatchingJinjaLoader)


PROGRAM = """
import sys
{before}
from framework import App
app = App("plain")
app.add_url_rule("/", "index", lambda: "x")
assert app.test_client().get("/").text == "x"
print(sorted(name for name in sys.modules if name.startswith(("jinja2", "framework.templating"))))
try:
    from framework import render_template
except ImportError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("before", "output"),
    [
        ("", ["[]"]),
        (
            "sys.modules['jinja2'] = None",
            ["['jinja2']", "Templates need Jinja2, which is not installed. Install it: pip install jinja2"],
        ),
    ],
)
def test_jinja_is_an_extra(before, output):
    """Without a template Jinja2 is not imported; where it is missing, its use says what to install."""
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM.format(before=before)], capture_output=True, text=True, check=True
    )

    assert result.stdout.splitlines() == output


def test_views_see_request_in_templates(app):
    """The request in a template is that of the view."""
    app.add_url_rule("/q", "q", lambda: render_template_string("{{ request.args.a }}") + request.args["a"])

    assert app.test_client().get("/q?a=1").text == "11"
