"""The tables of hooks and error handlers."""

from __future__ import annotations

import pytest
from werkzeug import exceptions as werkzeug_errors

from framework import App, Router
from framework.errors import APIError, BadRequest, NotFound
from framework.hooks import Hooks, error_key, find_error_handler

TABLES = (
    "before_request_funcs",
    "after_request_funcs",
    "teardown_request_funcs",
    "template_context_processors",
    "url_value_preprocessors",
    "url_default_functions",
)


def test_tables_have_the_shapes_that_extensions_know():
    """Each table maps a scope to a list; missing scopes make an empty one; handlers stand by scope, code and class."""
    hooks = Hooks()
    for name in TABLES:
        getattr(hooks, name)["x"].append(print)
        assert dict(getattr(hooks, name)) == {"x": [print]}
    hooks.error_handler_spec["x"][404][NotFound] = print

    assert hooks.error_handler_spec["x"][404] == {NotFound: print}


def test_registering_fills_the_tables():
    """What the decorators register on an application stands under ``None``."""
    app = App("hooks")
    one = app.before_request(lambda: None)
    two = app.after_request(lambda response: response)
    app.errorhandler(404)(one)
    app.errorhandler(KeyError)(two)

    assert app.before_request_funcs[None] == [one]
    assert app.after_request_funcs[None] == [two]
    assert app.error_handler_spec[None][404] == {werkzeug_errors.NotFound: one}
    assert app.error_handler_spec[None][None] == {KeyError: two}


@pytest.mark.parametrize("table", TABLES)
def test_merging_renames_scopes(table):
    """What a router has registered stands under the name of its mount; scopes within it get that in front."""
    app, router = App("hooks"), Hooks()
    getattr(router, table)[None].append(len)
    getattr(router, table)["inner"].append(min)
    app.merge_hooks(router, "outer")

    assert getattr(app, table)["outer"] == [len]
    assert getattr(app, table)["outer.inner"] == [min]


def test_hooks_added_by_hand_before_the_first_request():
    """What an extension puts into the tables itself runs."""
    app = App("hooks")
    seen = []
    app.before_request_funcs.setdefault(None, []).append(lambda: seen.append("app"))
    router = Router("router", url_prefix="/r")
    router.add_url_rule("/x", "x", lambda: "x")
    app.register_router(router)
    app.before_request_funcs.setdefault("router", []).append(lambda: seen.append("router"))
    app.test_client().get("/r/x")

    assert seen == ["app", "router"]


@pytest.mark.parametrize(
    "what, expected",
    [
        (404, (werkzeug_errors.NotFound, 404)),
        (NotFound, (NotFound, 404)),
        (werkzeug_errors.NotFound, (werkzeug_errors.NotFound, 404)),
        (APIError, (APIError, None)),
        (werkzeug_errors.HTTPException, (werkzeug_errors.HTTPException, None)),
        (KeyError, (KeyError, None)),
        (Exception, (Exception, None)),
    ],
)
def test_what_a_handler_is_registered_for(what, expected):
    """A status stands for werkzeug's class and the code; a class for itself and its code if it has one."""
    assert error_key(what) == expected


@pytest.mark.parametrize(
    "what, kind, text",
    [
        (777, ValueError, "777 is not a recognized HTTP error code"),
        (KeyError(), TypeError, "is an instance, not a class"),
        (dict, ValueError, "'dict' is not a subclass of Exception"),
        (KeyboardInterrupt, ValueError, "'KeyboardInterrupt' is not a subclass of Exception"),
    ],
)
def test_odd_keys(what, kind, text):
    """Anything else is refused with its name."""
    with pytest.raises(kind, match=text):
        error_key(what)


def test_the_search_order():
    """By code before by class; from the innermost scope outwards; the most specific class first."""
    spec = Hooks().error_handler_spec
    places = [
        ("inner", 404, NotFound),
        ("inner", 404, werkzeug_errors.NotFound),
        ("outer", 404, werkzeug_errors.NotFound),
        (None, 404, werkzeug_errors.NotFound),
        ("inner", None, APIError),
        ("inner", None, werkzeug_errors.HTTPException),
        ("inner", None, Exception),
        ("outer", None, Exception),
        (None, None, Exception),
    ]
    for place in places:
        scope, code, cls = place
        spec[scope][code][cls] = place
    found = []
    for place in places:
        found.append(find_error_handler(spec, NotFound(), ("inner", "outer")))
        scope, code, cls = place
        del spec[scope][code][cls]

    assert found == places
    assert find_error_handler(spec, NotFound(), ("inner", "outer")) is None


def test_handlers_for_our_class_serve_werkzeugs_subclasses():
    """A handler for a class of the framework serves werkzeug's class of that status and its subclasses."""
    spec = Hooks().error_handler_spec
    spec[None][400][BadRequest] = print

    assert find_error_handler(spec, werkzeug_errors.BadRequest(), ()) is print
    assert find_error_handler(spec, werkzeug_errors.BadRequestKeyError("a"), ()) is print
    assert find_error_handler(spec, werkzeug_errors.NotFound(), ()) is None


def test_looking_does_not_grow_the_tables():
    """Looking for a handler leaves no empty entries."""
    spec = Hooks().error_handler_spec
    find_error_handler(spec, NotFound(), ("a", "b"))

    assert dict(spec) == {}
