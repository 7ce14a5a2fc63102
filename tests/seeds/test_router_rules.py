"""Routers, as Flask's documentation describes blueprints."""

from __future__ import annotations

import click
import pytest

from framework import App, Router, render_template, request, url_for


@pytest.fixture
def app():
    app = App("routers", static_folder=None)
    app.testing = True
    return app


def test_a_router_is_mounted_several_times(app):
    """Each mount has its prefix and name; the same name twice is refused."""
    router = Router("pages", __name__)
    router.add_url_rule("/here", "here", lambda: f"{request.router} {url_for('.here')}")
    app.register_router(router, url_prefix="/a")
    app.register_router(router, url_prefix="/b", name="other")
    with pytest.raises(ValueError, match="pages"):
        app.register_router(router, url_prefix="/c")
    client = app.test_client()

    assert client.get("/a/here").text == "pages /a/here"
    assert client.get("/b/here").text == "other /b/here"
    assert list(app.routers) == ["pages", "other"]


def test_url_defaults_of_a_mount(app):
    """``url_defaults`` are values for every view of the router."""
    router = Router("pages", __name__, url_defaults={"colour": "red"})
    router.add_url_rule("/<name>", "show", lambda name, colour: f"{name} {colour}")
    app.register_router(router)
    app.register_router(router, name="blue", url_prefix="/blue", url_defaults={"colour": "blue"})

    assert app.test_client().get("/x").text == "x red"
    assert app.test_client().get("/blue/x").text == "x blue"


def test_nested_routers_add_up(app):
    """Names, prefixes and subdomains of the routers around are put in front; hooks run from the outside in."""
    calls = []
    top, middle, inner = (Router(name, __name__, url_prefix=f"/{name}") for name in ("top", "middle", "inner"))
    for router in (top, middle, inner):
        router.before_request(lambda name=router.name: calls.append(f"before {name}"))
        router.after_request(lambda response, name=router.name: calls.append(f"after {name}") or response)
        router.teardown_request(lambda error, name=router.name: calls.append(f"teardown {name}"))
    inner.add_url_rule("/", "view", lambda: " ".join((request.endpoint, *request.routers, url_for(".view"))))
    middle.register_router(inner)
    top.register_router(middle, name="second")
    app.register_router(top)

    assert app.test_client().get("/top/middle/inner/").text == (
        "top.second.inner.view top.second.inner top.second top /top/middle/inner/"
    )
    assert calls == [
        "before top", "before middle", "before inner", "after inner", "after middle", "after top",
        "teardown inner", "teardown middle", "teardown top",
    ]  # fmt: skip


def test_nested_subdomains_add_up():
    """A nested router's subdomain stands in front of the one around it."""
    app = App("subdomains", static_folder=None, subdomain_matching=True)
    app.config["SERVER_NAME"] = "example.org"
    outer, inner = Router("outer", __name__, subdomain="outer"), Router("inner", __name__, subdomain="inner")
    inner.add_url_rule("/", "view", lambda: "inner")
    outer.register_router(inner)
    app.register_router(outer)

    assert app.test_client().get("/", "http://inner.outer.example.org").text == "inner"
    assert app.test_client().get("/", "http://outer.example.org").status_code == 404


def test_a_router_has_files_of_its_own(tmp_path):
    """Static files below its prefix, templates after the application's, resources beside its module."""
    for name, text in (
        ("inner/static/a.txt", "inner"), ("inner/templates/own.html", "own"), ("inner/templates/same.html", "router"),
        ("templates/same.html", "application"), ("inner/data.txt", "data"),
    ):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    app = App("files", root_path=str(tmp_path), static_folder=None)
    router = Router(
        "inner", __name__, static_folder="static", template_folder="templates", url_prefix="/in",
        root_path=str(tmp_path / "inner"),
    )  # fmt: skip
    router.add_url_rule("/<name>", "show", lambda name: render_template(name))
    router.add_url_rule("/url", "url", lambda: url_for(".static", filename="a.txt"))
    app.register_router(router)
    client = app.test_client()
    with client.get("/in/static/a.txt") as answer, router.open_resource("data.txt") as data:
        assert (answer.text, data.read()) == ("inner", b"data")
        assert router.root_path == str(tmp_path / "inner")

    assert client.get("/in/own.html").text == "own"
    assert client.get("/in/same.html").text == "application"
    assert client.get("/in/url").text == "/in/static/a.txt"


def test_set_up_is_recorded_and_played_back(app):
    """``record`` runs at each mount with its state, ``record_once`` at the first."""
    router, states, once = Router("inner", __name__), [], []
    router.record(lambda state: states.append((state.app, state.url_prefix, state.options.get("extra"))))
    router.record_once(lambda state: once.append(state.first_registration))
    app.register_router(router, url_prefix="/a", extra=1)
    app.register_router(router, url_prefix="/b", name="b")

    assert states == [(app, "/a", 1), (app, "/b", None)]
    assert once == [True]


def test_a_setup_state_of_ones_own(app):
    """``make_setup_state`` and ``register`` can be overridden."""

    class Mine(Router):
        def register(self, app, options):
            options["url_prefix"] = "/overridden"
            super().register(app, options)

    router = Mine("inner", __name__)
    router.add_url_rule("/", "view", lambda: "here")
    app.register_router(router)

    assert app.test_client().get("/overridden/").text == "here"


def test_set_up_after_the_first_request_is_refused(app):
    """For the application and for routers that are mounted, with words that say what to do."""
    router = Router("inner", __name__)
    app.register_router(router)
    app.add_url_rule("/", "index", lambda: "")
    with pytest.raises(AssertionError, match="add_url_rule"):
        router.add_url_rule("/x", "x", lambda: "")
    app.test_client().get("/")

    for late in (
        lambda: app.route("/late"), lambda: app.before_request(len), lambda: app.register_router(router, name="late"),
        lambda: app.errorhandler(404), lambda: app.teardown_appcontext(len), lambda: app.template_filter("late"),
    ):  # fmt: skip
        with pytest.raises(AssertionError, match="first request"):
            late()


def test_hooks_for_everything_from_a_router(app):
    """``before_app_request`` and its kin serve all requests; the others only the router's."""
    router, calls = Router("inner", __name__, url_prefix="/in"), []
    router.before_app_request(lambda: calls.append("before app"))
    router.after_app_request(lambda response: calls.append("after app") or response)
    router.teardown_app_request(lambda error: calls.append("teardown app"))
    router.before_request(lambda: calls.append("before"))
    router.app_context_processor(lambda: {"everywhere": 1})
    router.app_url_defaults(lambda endpoint, values: values.setdefault("q", 1))
    router.app_url_value_preprocessor(lambda endpoint, values: calls.append(f"url {endpoint}"))
    router.add_url_rule("/", "view", lambda: "")
    app.add_url_rule("/", "index", lambda: url_for("index"))
    app.register_router(router)

    assert app.test_client().get("/").text == "/?q=1"
    assert calls == ["url index", "before app", "after app", "teardown app"]
    calls.clear()
    app.test_client().get("/in/")
    assert calls == ["url inner.view", "before app", "before", "after app", "teardown app"]


def test_commands_of_routers(app):
    """In a group of the router's name, of another name, or among the application's own."""

    def make(name, **options):
        router = Router(name, __name__, **options)

        @router.cli.command("say")
        @click.argument("word")
        def say(word):
            click.echo(f"{name} {word}")

        return router

    app.register_router(make("one"))
    app.register_router(make("two", cli_group="group"))
    app.register_router(make("three", cli_group=None))
    runner = app.test_cli_runner()

    assert runner.invoke(args=["one", "say", "hi"]).output == "one hi\n"
    assert runner.invoke(args=["group", "say", "hi"]).output == "two hi\n"
    assert runner.invoke(args=["say", "hi"]).output == "three hi\n"
