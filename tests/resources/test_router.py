"""Routers: templates that take effect where they are mounted."""

from __future__ import annotations

import pytest

from framework import App, Resource, Router, g, request, response, url_for
from framework.errors import OperationIdConflict, RouteConflict, SetupFinished
from framework.resources.router import RouterSetupState


@pytest.fixture(params=[True, False], ids=["fast", "plain"])
def app(request):
    """An application without routes, with and without generated functions."""
    app = App("router")
    app.config.update(FAST_PATH=request.param, CONTRACT="off")
    return app


def thing(router, rule="/thing", name="Thing"):
    """Add a resource that says where it is."""

    class Thing(Resource):
        @response(200)
        def get(self, **values):
            return [request.endpoint, request.router, request.routers, url_for(f".{name}")]

    Thing.__name__ = name
    router.add_resource(Thing, rule)
    return Thing


def test_a_mount(app):
    """The resources of a router answer under its prefix; their endpoints have its name in front."""
    router = Router("r", url_prefix="/r")
    thing(router)
    app.register_router(router)

    assert app.test_client().get("/r/thing").json == ["r.Thing", "r", ["r"], "/r/thing"]
    assert app.routers == {"r": router}
    assert list(app.iter_routers()) == [router]


def test_a_router_mounted_twice(app):
    """A router may be mounted again under another name; ``url_for`` with a dot stays in its mount."""
    router = Router("r", url_prefix="/one")
    thing(router)
    app.register_router(router)
    app.register_router(router, name="two", url_prefix="/two")
    client = app.test_client()

    assert client.get("/one/thing").json == ["r.Thing", "r", ["r"], "/one/thing"]
    assert client.get("/two/thing").json == ["two.Thing", "two", ["two"], "/two/thing"]
    assert sorted(o.operation_id for o in app.operations if o.view_class) == ["getThing", "twoGetThing"]


def test_a_name_is_taken_once(app):
    """The same name is refused, and the message says whose it is."""
    router = Router("r")
    app.register_router(router)

    with pytest.raises(ValueError, match="already registered for this router"):
        app.register_router(router)
    with pytest.raises(ValueError, match="already registered for a different router"):
        app.register_router(Router("r"))


def test_nested_routers(app):
    """Names and prefixes of nested routers add up, also where one has none."""
    outer, middle, inner = Router("outer", url_prefix="/outer"), Router("middle"), Router("inner", url_prefix="/inner/")
    thing(inner)
    middle.register_router(inner)
    outer.register_router(middle)
    app.register_router(outer)
    reply = app.test_client().get("/outer/inner/thing")

    assert reply.json == [
        "outer.middle.inner.Thing",
        "outer.middle.inner",
        ["outer.middle.inner", "outer.middle", "outer"],
        "/outer/inner/thing",
    ]
    assert set(app.routers) == {"outer", "outer.middle", "outer.middle.inner"}


def test_a_nested_router_mounted_twice(app):
    """A router with others in it may be mounted twice as a whole, and one router in two others."""
    outer, other, inner = Router("outer", url_prefix="/a"), Router("other", url_prefix="/b"), Router("inner")
    thing(inner)
    outer.register_router(inner)
    other.register_router(inner, url_prefix="/in")
    app.register_router(outer)
    app.register_router(outer, name="again", url_prefix="/again")
    app.register_router(other, name="given")
    client = app.test_client()
    replies = [client.get(path).json for path in ("/a/thing", "/again/thing", "/b/in/thing")]

    assert [reply[0] for reply in replies] == ["outer.inner.Thing", "again.inner.Thing", "given.inner.Thing"]
    assert [reply[3] for reply in replies] == ["/a/thing", "/again/thing", "/b/in/thing"]


def test_two_operations_of_one_id(app):
    """Two mounts without given names may not have operations of one id: the start fails and names both places."""
    inner = Router("inner")
    thing(inner)
    for name in ("a", "b"):
        router = Router(name, url_prefix=f"/{name}")
        router.register_router(inner)
        app.register_router(router)

    with pytest.raises(OperationIdConflict, match=r"getThing.*/a/thing.*/b/thing"):
        app.freeze()


def test_an_operation_id_of_a_route(app):
    """A second rule of a class needs an ``operation_id``, which takes the place of the class name."""

    class Pet(Resource):
        def get(self):
            return 1

    app.add_resource(Pet, "/a")
    app.add_resource(Pet, "/b", operation_id="Animal")

    assert sorted(o.operation_id for o in app.operations if o.view_class) == ["getAnimal", "getPet"]


def test_hooks_run_in_their_mount_only(app):
    """Hooks of a router run for its requests, in each of its mounts, and for those of routers within it."""
    seen = []
    outer, inner, beside = (Router(name, url_prefix=f"/{name}") for name in ("outer", "inner", "beside"))
    for router in (outer, inner, beside):
        router.before_request(lambda name=router.name: seen.append(name))
        thing(router, name=f"Thing{router.name}")
    outer.register_router(inner)
    app.register_router(outer)
    app.register_router(beside)
    app.register_router(inner, name="again", url_prefix="/again")
    client = app.test_client()
    for path in ("/outer/thing", "/outer/inner/thing", "/beside/thing", "/again/thing"):
        client.get(path)
        seen.append("|")

    assert seen == ["outer", "|", "outer", "inner", "|", "beside", "|", "inner", "|"]


def test_hooks_for_the_whole_application(app):
    """What a router registers for the whole application is registered once, however often it is mounted."""
    seen = []
    router = Router("r", url_prefix="/r")
    router.before_app_request(lambda: seen.append("before"))
    router.after_app_request(lambda response: seen.append("after") or response)
    router.teardown_app_request(lambda error: seen.append("teardown"))
    router.app_url_value_preprocessor(lambda endpoint, values: seen.append("values"))
    router.app_errorhandler(404)(lambda error: ("none", 404))
    app.add_url_rule("/x", "x", lambda: "x")
    app.register_router(router)
    app.register_router(router, name="two", url_prefix="/two")
    client = app.test_client()
    client.get("/x")

    assert seen == ["values", "before", "after", "teardown"]
    assert client.get("/nothing").text == "none"


def test_a_router_closes_when_an_application_takes_it(app):
    """A mounted router takes no more set-up, nor do the routers in it; a nested one stays open till then."""
    outer, inner = Router("outer"), Router("inner")
    outer.register_router(inner)
    inner.add_url_rule("/late", "late", lambda: "late")
    app.register_router(outer)

    for router in (outer, inner):
        with pytest.raises(SetupFinished, match="can no longer be called on the router"):
            router.before_request(lambda: None)
        with pytest.raises(AssertionError):
            router.get("/x")
    assert app.test_client().get("/late").text == "late"


def test_a_router_does_not_hold_itself():
    """A router cannot be mounted in itself."""
    router = Router("r")

    with pytest.raises(ValueError, match="on itself"):
        router.register_router(router)


@pytest.mark.parametrize("name", ["", "a.b"])
def test_names_of_routers(name):
    """A router needs a name without dots."""
    with pytest.raises(ValueError, match="'name' may not"):
        Router(name)


def test_dots_in_endpoints():
    """Endpoints and function names within a router have no dots."""
    router = Router("r")

    def view():
        return ""

    with pytest.raises(ValueError, match="'endpoint' may not contain a dot"):
        router.add_url_rule("/", "a.b", view)
    view.__name__ = "a.b"
    with pytest.raises(ValueError, match="'view_func' name may not contain a dot"):
        router.add_url_rule("/", view_func=view)


@pytest.mark.parametrize(
    "prefix, rule, path",
    [
        ("/r", "/x", "/r/x"),
        ("/r/", "/x", "/r/x"),
        ("/r", "x", "/r/x"),
        ("/r", "", "/r"),
        ("/r", "/", "/r/"),
        ("/", "/x", "/x"),
        (None, "/x", "/x"),
    ],
)
def test_prefixes_and_rules(app, prefix, rule, path):
    """A prefix and a rule are joined with one slash; an empty rule is the prefix itself."""
    router = Router("r", url_prefix=prefix)
    router.add_url_rule(rule, "x", lambda: "x")
    app.register_router(router)

    assert app.test_client().get(path).text == "x"


def test_variables_in_prefixes(app):
    """A prefix may have variables; url_defaults and preprocessors carry them."""
    router = Router("r", url_prefix="/<lang>")

    @router.url_value_preprocessor
    def take(endpoint, values):
        g.lang = values.pop("lang")

    @router.url_defaults
    def give(endpoint, values):
        values.setdefault("lang", g.lang)

    router.add_url_rule("/x", "x", lambda: f"{g.lang} {url_for('.x')}")
    app.register_router(router)

    assert app.test_client().get("/de/x").text == "de /de/x"


def test_values_of_a_mount(app):
    """``url_defaults`` of a router or mount are values that its views get."""
    router = Router("r", url_defaults={"a": 1})
    router.add_url_rule("/x", "x", lambda a, b: f"{a} {b}", defaults={"b": 2})
    app.register_router(router, url_prefix="/one")
    app.register_router(router, name="two", url_prefix="/two", url_defaults={"a": 3})
    client = app.test_client()

    assert (client.get("/one/x").text, client.get("/two/x").text) == ("1 2", "3 2")


def test_subdomains(app):
    """Subdomains of nested routers add up."""
    app.subdomain_matching = True
    app.config["SERVER_NAME"] = "example.org"
    outer, inner = Router("outer", subdomain="api"), Router("inner", subdomain="v1")
    inner.add_url_rule("/x", "x", lambda: "x")
    outer.register_router(inner)
    app.register_router(outer)
    client = app.test_client()

    assert client.get("/x", base_url="http://v1.api.example.org").text == "x"
    assert client.get("/x", base_url="http://api.example.org").status_code == 404


def test_misses_belong_to_the_longest_prefix(app):
    """A miss belongs to the mount whose prefix matches the most whole segments; a mount without prefix owns none."""
    seen = []
    for name, prefix in (("none", None), ("a", "/a"), ("ab", "/a/b"), ("again", "/a")):
        router = Router(name, url_prefix=prefix)
        router.before_request(lambda name=name: seen.append(name))
        router.add_url_rule(f"/{name}", name, lambda: "")
        app.register_router(router)
    client = app.test_client()
    owners = {}
    for path in ("/x", "/a", "/a/x", "/a/b", "/a/b/x/y", "/a/bx", "/ax", "/A/x"):
        seen.clear()
        client.get(path)
        owners[path] = list(seen)

    assert owners == {
        "/x": [],
        "/a": ["a"],
        "/a/x": ["a"],
        "/a/b": ["ab"],
        "/a/b/x/y": ["ab"],
        "/a/bx": ["a"],
        "/ax": [],
        "/A/x": [],
    }


def test_405_and_redirects_belong_to_their_rule(app):
    """A 405 or redirect belongs to the router of the rule that matches, whatever prefixes there are."""
    seen = []
    owner, deeper = Router("owner"), Router("deeper", url_prefix="/a")
    for router in (owner, deeper):
        router.before_request(lambda name=router.name: seen.append((name, request.endpoint)))
    owner.add_url_rule("/a/x", "x", lambda: "")
    owner.add_url_rule("/a/slash/", "slash", lambda: "")
    app.register_router(deeper)
    app.register_router(owner)
    client = app.test_client()

    assert client.post("/a/x").status_code == 405
    assert client.get("/a/slash").status_code == 308
    assert client.get("/a/slash", environ_overrides={"SCRIPT_NAME": "/root"}).status_code == 308
    assert client.get("/a/none").status_code == 404
    assert seen == [("owner", None)] * 3 + [("deeper", None)]


@pytest.mark.parametrize("second", ["/pets/<int:pet_id>", "/pets/<int:other>"])
def test_two_resources_conflict(app, second):
    """Two operations of one pattern and method conflict where one is of a Resource; the message names both."""
    thing(app, "/pets/<int:pet_id>", "One")

    with pytest.raises(RouteConflict, match=r"'Two'.*'One' already answers GET") as caught:
        thing(app, second, "Two")
    assert (caught.value.rule, caught.value.owner) == (second, "One")


def test_what_is_no_conflict(app):
    """Other methods, converters, hosts, and plain functions do not conflict, where no document tells them apart."""
    app.config.update(OPENAPI_JSON_PATH=None, OPENAPI_YAML_PATH=None, DOCS_PATH=None)
    thing(app, "/pets/<int:pet_id>", "One")
    thing(app, "/pets/<name>", "Two")
    app.add_url_rule("/pets/<int:other>", "three", lambda other: "", methods=["POST"])
    app.add_url_rule("/plain", "plain", lambda: "first")
    app.add_url_rule("/plain", "plain2", lambda: "second")

    assert app.test_client().get("/plain").text == "first"


def test_conflicts_across_mounts(app):
    """Two mounts at one prefix conflict as well."""
    router = Router("r")
    thing(router)
    app.register_router(router, url_prefix="/x")

    with pytest.raises(RouteConflict):
        app.register_router(router, name="again", url_prefix="/x")


def test_an_endpoint_has_one_function(app):
    """A repeated endpoint with another function is an AssertionError, as in Flask; the same function is fine."""

    def view():
        return ""

    app.add_url_rule("/a", "x", view)
    app.add_url_rule("/b", "x", view)
    with pytest.raises(AssertionError, match="overwriting an existing endpoint function"):
        app.add_url_rule("/c", "x", lambda: "")


def test_record(app):
    """Recorded functions get the state of each mount; ``record_once`` the first alone."""
    states, once = [], []
    router = Router("r", url_prefix="/r")
    router.record(states.append)
    router.record_once(once.append)
    app.register_router(router)
    app.register_router(router, name="two", url_prefix="/two")

    assert [(type(s), s.app, s.router, s.name, s.url_prefix, s.first_registration) for s in states] == [
        (RouterSetupState, app, router, "r", "/r", True),
        (RouterSetupState, app, router, "two", "/two", False),
    ]
    assert len(once) == 1


def test_the_import_name_is_found():
    """A router finds the module it is made in."""
    assert Router("r").import_name == __name__
    assert Router("r", "other", root_path="/").import_name == "other"


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_shortcuts(app, method):
    """The shortcuts register one method, and refuse ``methods``."""
    router = Router("r")
    for where, rule in ((app, "/a"), (router, "/b")):

        @getattr(where, method)(rule)
        def view():
            return "x"

        with pytest.raises(TypeError, match="'route' with the 'methods' argument"):
            getattr(where, method)(rule, methods=["GET"])
    app.register_router(router)
    client = app.test_client()

    assert [client.open(rule, method=method.upper()).text for rule in ("/a", "/b")] == ["x", "x"]
    assert client.open("/a", method="TRACE").status_code == 405


def test_endpoints_registered_apart(app):
    """A rule may be added without a function, which is registered for its endpoint later."""
    app.add_url_rule("/x", endpoint="later")

    @app.endpoint("later")
    def view():
        return "x"

    assert app.test_client().get("/x").text == "x"


def test_operations_know_their_routers(app):
    """An operation names its routers, the innermost first, and has the innermost one's name as tag."""
    outer, inner = Router("outer", description="Outside."), Router("inner")
    thing(inner)
    outer.register_router(inner)
    app.register_router(outer)
    (operation,) = [operation for operation in app.operations if operation.view_class]

    assert operation.routers == ("outer.inner", "outer")
    assert operation.tags == ("inner",)
