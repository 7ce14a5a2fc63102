"""Marks are kept by whatever decorates what carries them, or the application refuses to start."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import itertools
import sys
import types

import pytest

from framework import (
    App,
    Bearer,
    Resource,
    Router,
    abort,
    current_app,
    current_user,
    fields,
    permission,
    public,
    request,
    requires,
    response,
)
from framework.errors import MarkLost, SetupError
from framework.marks.base import Mark, marks_of

bearer = Bearer(lambda token: "user" if token == "key" else None)
_numbers = itertools.count()
REGISTRY = {}
FUNCTIONS = []


@pytest.fixture
def app():
    """An application without routes."""
    app = App("lost")
    app.config["CONTRACT"] = "off"
    return app


# Styles of decorators: each takes a function and gives something that calls it.


def wraps(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


def closure(function):
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


def two_closures(function):
    return closure(closure(function))


class Called:
    """An object in place of the function; binds as a function does."""

    def __init__(self, function):
        self.function = function

    def __call__(self, *args, **kwargs):
        return self.function(*args, **kwargs)

    def __get__(self, instance, owner):
        return self if instance is None else functools.partial(self, instance)


class Slotted:
    """The same, without a dictionary of attributes."""

    __slots__ = ("__name__", "__weakref__", "function")

    def __init__(self, function):
        self.function = function

    def __call__(self, *args, **kwargs):
        return self.function(*args, **kwargs)


class Proxy:
    """The same, and it says what it wraps as wrapt does; all else is asked of that."""

    def __init__(self, function):
        self.__wrapped__ = function

    def __call__(self, *args, **kwargs):
        return self.__wrapped__(*args, **kwargs)

    def __getattr__(self, name):
        return getattr(self.__wrapped__, name)


def partial(function):
    return functools.partial(function)


def partial_argument(function):
    def call(inner, *args, **kwargs):
        return inner(*args, **kwargs)

    return functools.partial(call, function)


def partialmethod(function):
    return functools.partialmethod(function)


def default(function):
    def wrapper(*args, _function=function, **kwargs):
        return _function(*args, **kwargs)

    return wrapper


def registry(function):
    key = next(_numbers)
    REGISTRY[key] = function

    def wrapper(*args, **kwargs):
        return REGISTRY[key](*args, **kwargs)

    return wrapper


def listed(function):
    functions = [{"run": function}]

    def wrapper(*args, **kwargs):
        return functions[0]["run"](*args, **kwargs)

    return wrapper


@contextlib.contextmanager
def managed():
    yield


class Descriptor:
    """A descriptor that makes a function when it is bound."""

    def __init__(self, function):
        self.function = function

    def __get__(self, instance, owner):
        def bound(*args, **kwargs):
            return self.function(*args, **kwargs)

        return bound

    def __call__(self, *args, **kwargs):
        return self.function(*args, **kwargs)


def asynchronous(function):
    async def wrapper(*args, **kwargs):
        await asyncio.sleep(0)
        return function(*args, **kwargs)

    return wrapper


class Manager:
    """An object with a method that decorates."""

    def __init__(self):
        self.functions = {}

    def __call__(self, function):
        self.functions[function.__name__] = function

        def wrapper(*args, **kwargs):
            return self.functions[function.__name__](*args, **kwargs)

        return wrapper


def cached(function):
    return functools.lru_cache(function)


STYLES = {
    "wraps": wraps,
    "closure": closure,
    "two closures": two_closures,
    "object": Called,
    "slots": Slotted,
    "proxy": Proxy,
    "partial": partial,
    "argument of partial": partial_argument,
    "partialmethod": partialmethod,
    "default": default,
    "registry": registry,
    "list": listed,
    "context manager": managed(),
    "descriptor": Descriptor,
    "staticmethod": staticmethod,
    "async": asynchronous,
    "manager": Manager(),
    "cache": cached,
}
ON_FUNCTIONS = {name: style for name, style in STYLES.items() if name not in ("partialmethod", "staticmethod")}


def answers(app):
    """What a request without credentials gets: 401, or ``"lost"`` where the application refuses to start."""
    refusal = None
    try:
        app.freeze()
    except MarkLost as error:
        refusal = str(error)
    if refusal is None:
        return app.test_client().get("/x").status_code
    assert __file__ in refusal
    assert "functools.wraps" in refusal or "subclass" in refusal
    return "lost"


def marked(place, style, function):
    """A function with marks, and a decorator at a place among them."""
    if place == "top":
        return style(requires(bearer)(response(200)(function)))
    if place == "between":
        return response(200)(style(requires(bearer)(function)))
    return requires(bearer)(response(200)(style(function)))


@pytest.mark.parametrize("place", ["top", "between", "below"])
@pytest.mark.parametrize("name", ON_FUNCTIONS)
def test_functions_keep_their_marks_or_nothing_starts(app, name, place):
    """A decorator of any style, above, between or below the marks of a function, never opens what they close."""

    def view():
        return {}

    try:
        app.add_url_rule("/x", "x", marked(place, ON_FUNCTIONS[name], view))
    except SetupError:  # nothing can carry a mark there
        return

    assert answers(app) in (401, "lost")


@pytest.mark.parametrize("place", ["top", "between", "below"])
@pytest.mark.parametrize("name", STYLES)
def test_methods_keep_their_marks_or_nothing_starts(app, name, place):
    """The same holds for methods."""
    static = name == "staticmethod"
    try:

        class Thing(Resource):
            if static:
                get = marked(place, STYLES[name], lambda: {})  # noqa: PIE807
            else:

                def get(self):
                    return {}

                get = marked(place, STYLES[name], get)
    except SetupError:
        return
    app.add_resource(Thing, "/x")

    assert answers(app) in (401, "lost")


@pytest.mark.parametrize("name", ON_FUNCTIONS)
@pytest.mark.parametrize("order", ["before", "after"])
def test_marks_in_decorators_are_kept(app, name, order):
    """A mark in the list ``decorators`` holds, whatever stands before or after it."""
    decorators = [requires(bearer), ON_FUNCTIONS[name]]

    class Thing(Resource):
        def get(self):
            return {}

    Thing.decorators = decorators if order == "before" else decorators[::-1]
    if name == "slots":  # it can carry nothing
        with pytest.raises(SetupError, match=r"Thing|cannot carry the mark"):
            app.add_resource(Thing, "/x")
        return
    app.add_resource(Thing, "/x")

    assert answers(app) == 401


@pytest.mark.parametrize("style", [staticmethod, classmethod])
def test_marks_on_static_and_class_methods(app, style):
    """A mark above ``staticmethod`` or ``classmethod`` is on the function that a request calls."""

    class Thing(Resource):
        @requires(bearer)
        @style
        def get(*args):
            return {}

    app.add_resource(Thing, "/x")

    assert answers(app) == 401


def new_class(cls):
    """A class decorator that makes another class with the same members."""
    return type(cls.__name__, cls.__bases__, {name: value for name, value in vars(cls).items() if name[:2] != "__"})


def new_class_of_wrappers(cls):
    """One that puts wrappers around them."""
    return type(cls.__name__, cls.__bases__, {"get": closure(cls.get)})


def holding_class(cls):
    """One whose class holds the other."""

    class Outer(Resource):
        inner = cls

        def get(self):
            return cls().get()

    return Outer


@pytest.mark.parametrize("decorate", [new_class, new_class_of_wrappers])
def test_class_decorators_that_make_a_class(app, decorate):
    """A class that is made of a marked one keeps its marks, or nothing starts."""

    @decorate
    @requires(bearer)
    class Thing(Resource):
        def get(self):
            return {}

    gc.collect()
    app.add_resource(Thing, "/x")

    assert answers(app) in (401, "lost")


def test_class_decorators_that_hold_the_class(app):
    """A class whose methods hold a marked class has to have its marks."""
    app.add_resource(holding_class(requires(bearer)(type("Thing", (Resource,), {"get": lambda self: {}}))), "/x")

    assert answers(app) == "lost"


def test_class_decorators_that_return_a_subclass(app):
    """A subclass has the marks of the class."""

    @lambda cls: type("Thing", (cls,), {})
    @requires(bearer)
    class Thing(Resource):
        def get(self):
            return {}

    app.add_resource(Thing, "/x")

    assert answers(app) == 401


def test_what_stands_at_the_name(app, monkeypatch):
    """A marked function of a module is lost if what stands at its name is routed, and nothing holds the function."""
    module = types.ModuleType("shop_of_lost_marks")
    module.requires, module.bearer, module.kept = requires, bearer, []
    monkeypatch.setitem(sys.modules, module.__name__, module)
    module.kept_elsewhere = lambda function: (module.kept.append(function), Called(lambda: "x"))[1]
    exec("@kept_elsewhere\n@requires(bearer)\ndef show():\n    pass\n", vars(module))
    app.add_url_rule("/x", "x", module.show)

    with pytest.raises(MarkLost, match="show"):
        app.freeze()


def test_the_message(app):
    """The message names the function with file and line, its marks, what is called instead, and the remedy."""

    @closure
    @requires(bearer)
    def secret():
        return {}

    line = secret.__closure__[0].cell_contents.__code__.co_firstlineno
    app.add_url_rule("/x", "x", secret)

    with pytest.raises(MarkLost) as caught:
        app.freeze()
    text = str(caught.value)
    assert f"secret ({__file__}:{line})" in text
    assert "requires(Bearer" in text
    assert "GET /x" in text
    assert f"wrapper ({__file__}:{closure.__code__.co_firstlineno + 1})" in text
    assert "functools.wraps(function)" in text


def test_marks_of_another_route_do_not_count(app):
    """A function that is routed with its marks must not be open on another path, behind a wrapper."""

    @requires(bearer)
    @response(200)
    def show():
        return {}

    app.add_url_rule("/closed", "closed", show)
    app.add_url_rule("/x", "x", closure(show))

    assert answers(app) == "lost"


# ``requires`` and ``permission`` under inheritance


def test_requires_of_replaced_decorators(app):
    """A subclass that sets ``decorators`` again still asks for what the marks in the list of its base ask for."""

    class Base(Resource):
        decorators = [requires(bearer)]

        def get(self):
            return {}

    class Thing(Base):
        decorators = [wraps]

    class Open(Base):
        decorators = [public]

    app.add_resource(Thing, "/x")
    app.add_resource(Open, "/open")

    assert answers(app) == 401
    assert app.test_client().get("/open").status_code == 200
    assert [operation.security != () for operation in app.operations if operation.view_class] == [True, False]


def test_permissions_of_replaced_decorators(app):
    """Permissions are kept likewise."""

    class Base(Resource):
        decorators = [permission(lambda user: False), requires(bearer)]

        def get(self):
            return {}

    class Thing(Base):
        decorators = []

    app.add_resource(Thing, "/x")

    assert answers(app) == 401
    assert app.test_client().get("/x", headers={"Authorization": "Bearer key"}).status_code == 403


def test_lists_that_repeat_those_of_the_base(app):
    """A list that repeats the one of its base, as Flask's users write it, has each mark once."""

    class Base(Resource):
        decorators = [requires(bearer)]

        def get(self):
            return {}

    class Thing(Base):
        decorators = [*Base.decorators, wraps]

    app.add_resource(Thing, "/x")

    assert answers(app) == 401
    [operation] = [each for each in app.operations if each.view_class]
    assert len(operation.security) == 1


@pytest.mark.parametrize("style", [closure, Called, partial, default, registry, listed, functools.partialmethod])
def test_requires_that_an_override_cannot_inherit(app, style):
    """A base whose ``requires`` is hidden by a decorator leaves no override open."""

    class Base(Resource):
        @style
        @requires(bearer)
        def get(self):
            return {}

    class Thing(Base):
        def get(self):
            return {}

    app.add_resource(Thing, "/x")

    assert answers(app) == "lost"


# Never an error


def test_overridden_and_abstract_methods(app):
    """The marks of a method that is overridden do not hold for the override, and are not lost."""

    class Base(Resource):
        @response(200, {"a": fields.Integer()})
        def get(self):
            raise NotImplementedError

        @closure
        @response(201)
        def post(self):
            raise NotImplementedError

    class Thing(Base):
        @response(200)
        def get(self):
            return "own"

        def post(self):
            return super().get()

    app.add_resource(Thing, "/x")

    assert app.test_client().get("/x").json == "own"


def test_routers_that_are_not_registered(app):
    """A router that the application does not take in may have what it likes."""
    router = Router("other")

    @router.get("/y")
    @closure
    @requires(bearer)
    def other():
        return {}

    @router.route("/z")
    @requires(bearer)
    class Thing(Resource):
        get = closure(requires(bearer)(lambda self: {}))

    @app.get("/x")
    def view():
        return repr(router)

    assert answers(app) == 200
    assert other is not None


@requires(bearer)
@response(200)
def helper():
    """A marked function without a route."""
    return "helped"


def test_unrouted_functions_that_are_called():
    """A marked function may be called by a view, of the same scope or of the module."""
    app = App("lost")

    @response(200)
    def near():
        return "near"

    @app.get("/x")
    def view():
        return near() + helper()

    @app.get("/y")
    @response(200)
    def again():
        return [each() for each in (near, helper)]

    class Thing(Resource):
        def get(self):
            return near()

    app.add_resource(Thing, "/z")
    client = app.test_client()

    assert [client.get(path).text for path in ("/x", "/y", "/z")] == ["nearhelped", '["near","helped"]', '"near"']


def create_app(style=wraps, router=None):
    """A factory, as applications have it."""
    made = App("lost")

    @made.get("/x")
    @style
    @response(200)
    def view():
        return {}

    @made.route("/y")
    class Thing(Resource):
        @style
        @response(200)
        def get(self):
            return {}

    if router is not None:
        made.register_router(router)
    return made


def keeping(function):
    """A decorator that remembers all that it has seen, and calls it by that."""
    FUNCTIONS.append(function)

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return FUNCTIONS[FUNCTIONS.index(function)](*args, **kwargs)

    return wrapper


@pytest.mark.parametrize("style", [wraps, keeping])
@pytest.mark.parametrize("frozen", [True, False])
def test_factories_that_are_called_again(style, frozen):
    """A factory may be called several times in a process, whether its applications ever serve or not."""
    apps = [create_app(style) for _ in range(3)]
    for each in apps if frozen else apps[-1:]:
        assert [each.test_client().get(path).status_code for path in ("/x", "/y")] == [200, 200]


def test_a_factory_after_one_that_failed():
    """An application that was refused does not keep the next one from starting."""
    with pytest.raises(MarkLost):
        create_app(closure).freeze()

    assert create_app().test_client().get("/x").status_code == 200


def test_one_router_in_several_applications():
    """A router and its functions may be mounted by several applications."""
    router = Router("shared", url_prefix="/r")

    @router.get("")
    @requires(bearer)
    def shared():
        return {}

    for each in (create_app(router=router), create_app(router=router)):
        assert each.test_client().get("/r").status_code == 401


def test_what_only_the_collector_holds(app, monkeypatch):
    """A function that nobody can reach any more is not lost, though the collector has not taken it yet."""
    module = types.ModuleType("shop_of_garbage")
    module.response = response
    monkeypatch.setitem(sys.modules, module.__name__, module)
    gc.collect()
    gc.disable()
    try:
        exec("@response(200)\ndef show():\n    return 'old'\nshow.itself = show\n", vars(module))
        module.show = Called(lambda: "new")
        app.add_url_rule("/x", "x", module.show)
        app.freeze()
    finally:
        gc.enable()

    assert app.test_client().get("/x").text == "new"


def test_functions_that_are_defined_again(app, monkeypatch):
    """A module that is loaded again, or a name that is defined again, has its new functions alone."""
    module = types.ModuleType("shop_of_reloads")
    module.response = response
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec("@response(200)\ndef show():\n    return 'old'\n", vars(module))
    old = module.show
    exec("\ndef show():\n    return 'new'\n", vars(module))
    app.add_url_rule("/x", "x", module.show)

    assert app.test_client().get("/x").text == "new"
    assert old() == "old"


def test_an_object_that_knows_all_functions(app):
    """An object that decorates with ``wraps`` and keeps all that it decorated is not a wrapper of the others."""

    class Limiter:
        def __init__(self):
            self.seen = []

        def __call__(self, function):
            self.seen.append(function)

            @functools.wraps(function)
            def wrapper(*args, **kwargs):
                self.count = len(self.seen)
                return function(*args, **kwargs)

            return wrapper

    limiter = Limiter()

    @app.get("/x")
    @limiter
    @response(200)
    def one():
        return {}

    @app.get("/y")
    @limiter
    @requires(bearer)
    def two():
        return {}

    assert answers(app) == 200
    assert app.test_client().get("/y").status_code == 401


# Foreign objects


class Explosive:
    """An object that no attribute may be asked of."""

    def __getattribute__(self, name):
        raise RuntimeError(f"{name} was asked for")

    def __call__(self):
        return "called"


def test_proxies_and_foreign_objects_are_left_alone():
    """What a view holds is not asked for anything: proxies have nothing to say while an application freezes."""
    from framework import g

    app = App("lost")
    explosive = Explosive()
    held = [explosive, {"request": request}]

    @app.get("/x")
    def view():
        return f"{request.path} {current_app.name} {explosive()} {len(held)} {current_user._get_current_object} {g}"

    class Thing(Resource):
        asked = request
        user = current_user
        foreign = explosive

        def get(self):
            return [self.asked.path, explosive()]

    app.add_resource(Thing, "/y")
    client = app.test_client()

    assert client.get("/x").text.startswith("/x lost called 2 ")
    assert client.get("/y").json == ["/y", "called"]


def test_a_factory_that_imports_the_proxies():
    """A factory may import the proxies within itself."""

    def create():
        from framework import App, request

        app = App("lost")
        app.get("/")(lambda: request.path)
        return app

    assert create().test_client().get("/").text == "/"


def calls_to_freeze(number):
    """How many functions of the search are called for that many views that all hold one another."""
    app = App("lost")
    others = []

    def view_of(own):
        def view():
            return str(own if len(others) else 0)

        return view

    for own in range(number):
        others.append(view_of(own))
        app.add_url_rule(f"/{own}", f"v{own}", others[-1])
    lost = requires(bearer)(lambda: "")  # with nothing lost the search would be over at once
    calls = 0

    def count(frame, event, argument):
        nonlocal calls
        calls += event == "call" and frame.f_globals.get("__name__") == "framework.resources.lost"

    sys.setprofile(count)
    try:
        app.freeze()
    finally:
        sys.setprofile(None)
    assert marks_of(lost)
    return calls


def test_closures_that_refer_to_one_another():
    """The search for views that all hold one another costs what their number says, not a power of it."""
    few, many = calls_to_freeze(50), calls_to_freeze(200)

    assert many < 8 * few


def test_marks_do_not_keep_functions_alive():
    """What carries a mark goes when nobody holds it."""
    mark = Mark()
    function = mark(lambda: abort(404))
    before = len(gc.get_referrers(function))
    del function
    gc.collect()

    from framework.marks.base import marked_targets

    assert before >= 0
    assert not any(any(each is mark for each in marks_of(target)) for target in marked_targets())
