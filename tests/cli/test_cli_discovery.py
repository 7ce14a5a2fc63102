"""Which application ``--app`` finds, and what it says where it finds none."""

from __future__ import annotations

import os
import pathlib
import sys
import types
import typing as t

import pytest

from framework import App
from framework.cli import NoAppException, ScriptInfo, find_app_by_string, find_best_app, locate_app, prepare_import

FACTORY = """
from framework import App

def create_app(name, suffix=""):
    return App(name + str(suffix))

def make_it():
    return App("made")

def nothing():
    return None

def broken():
    raise TypeError("from inside")

def build(*args, **kwargs):
    return App("built")

value = 7
"""


def module(**names: t.Any) -> types.ModuleType:
    """A module that holds the given names."""
    made = types.ModuleType("made")
    vars(made).update(names)
    return made


@pytest.mark.parametrize("name", ["app", "application", "anything"])
def test_the_app_of_a_module_is_found_under_any_name(name):
    """An App called app or application is taken, and so is the only one of a module."""
    app = App("found")

    assert find_best_app(module(**{name: app})) is app


def test_the_usual_name_goes_before_other_apps():
    """With several applications the one called app is meant."""
    app = App("found")

    assert find_best_app(module(other=App("other"), app=app)) is app


def test_one_app_under_two_names_is_one_app():
    """The same object under two names leaves no choice to make."""
    app = App("found")

    assert find_best_app(module(one=app, two=app)) is app


@pytest.mark.parametrize("name", ["create_app", "make_app"])
def test_a_factory_without_needed_arguments_is_called(name):
    """A factory of the usual name gives the application."""

    def factory(**options: t.Any) -> App:
        return App("made")

    assert find_best_app(module(**{name: factory})).name == "made"


def test_several_apps_are_refused_with_their_names():
    """Among several applications none is guessed; the message shows what to write."""
    with pytest.raises(NoAppException, match="'made:one' or 'made:two'"):
        find_best_app(module(one=App("one"), two=App("two")))


def test_a_module_without_an_app_is_refused():
    """The message shows how to name what was not found."""
    with pytest.raises(NoAppException, match="'made:name'"):
        find_best_app(module())


def test_a_factory_that_needs_arguments_is_refused():
    """The message shows how to pass them."""

    def create_app(name: str) -> App:
        return App(name)

    with pytest.raises(NoAppException, match=r"'made:create_app\(args\)'"):
        find_best_app(module(create_app=create_app))


def test_an_error_inside_a_factory_is_its_own():
    """A TypeError of the factory's body is not taken for a wrong call."""

    def create_app() -> App:
        raise TypeError("from inside")

    with pytest.raises(TypeError, match="from inside"):
        find_best_app(module(create_app=create_app))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("make_it", "made"),
        ("make_it()", "made"),
        (" make_it ( ) ", "made"),
        ('create_app("x")', "x"),
        ('create_app("x", suffix=2)', "x2"),
        ('create_app("x", 2, )', "x2"),
        ("build([1, (2, None)], a={'b': True})", "built"),
    ],
)
def test_a_factory_is_called_with_literals(write, text, name):
    """The text after the colon may be a call with literal arguments."""
    write("factories.py", FACTORY)

    assert locate_app(prepare_import("factories"), text).name == name


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("missing", "Failed to find attribute 'missing' in 'factories2'"),
        ("create_app", r"could not be called with the specified arguments"),
        ("create_app(1, 2, 3)", r"could not be called with the specified arguments"),
        ("create_app(", "Failed to parse 'create_app\\('"),
        ("1 + 1", "Failed to parse '1 \\+ 1'"),
        ("", "Failed to parse ''"),
        ("sub.create_app()", "must be a simple name"),
        ("create_app(name)", "literal values"),
        ("create_app(**{})", "literal values"),
        ("create_app(*['x'])", "literal values"),
        ("nothing", "an object of type 'NoneType'"),
        ("value", "an object of type 'int'"),
    ],
)
def test_a_wrong_name_is_explained(write, text, words):
    """Whatever can be wrong behind the colon is told in a sentence."""
    write("factories2.py", FACTORY)

    with pytest.raises(NoAppException, match=words):
        locate_app(prepare_import("factories2"), text)


def test_an_error_inside_a_named_factory_is_its_own(write):
    """A TypeError of the body is not taken for a wrong call, also where the factory was named."""
    write("factories3.py", FACTORY)

    with pytest.raises(TypeError, match="from inside"):
        locate_app(prepare_import("factories3"), "broken")


def test_an_attribute_needs_no_module_file():
    """The module may be any module object."""
    app = App("found")

    assert find_app_by_string(module(it=app), "it") is app


@pytest.mark.parametrize(
    ("path", "directory", "name"),
    [
        ("test", "", "test"),
        ("test.py", "", "test"),
        ("a/test", "a", "test"),
        ("test/__init__.py", "", "test"),
        ("test/__init__", "", "test"),
        ("test.a.b", "", "test.a.b"),
        ("pack/inner/mod.py", "", "pack.inner.mod"),
        ("pack/inner", "", "pack.inner"),
        ("pack.inner", "", "pack.inner"),
    ],
)
def test_a_path_becomes_an_importable_name(write, path, directory, name):
    """The directory of the topmost package comes first on the import path."""
    write("pack/__init__.py", "")
    write("pack/inner/__init__.py", "")

    assert prepare_import(path) == name
    assert sys.path[0] == os.path.join(os.getcwd(), directory).rstrip("/")


def test_a_missing_module_is_told_or_passed_over():
    """A module that does not exist is an error only where it was asked for."""
    with pytest.raises(NoAppException, match=r"Could not import 'no_such_module\.sub'"):
        locate_app("no_such_module.sub", None)

    assert locate_app("no_such_module.sub", None, raise_if_not_found=False) is None


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import no_such_library", "an ImportError|a ModuleNotFoundError"),
        ("def (", "a SyntaxError"),
        ("1 / 0", "a ZeroDivisionError"),
    ],
)
def test_what_a_module_raises_is_shown_with_its_traceback(write, source, words):
    """An error while the module is imported is never passed over, and its traceback begins in the user's file."""
    write("failing.py", source)
    name = prepare_import("failing")

    with pytest.raises(NoAppException, match=words) as caught:
        locate_app(name, None, raise_if_not_found=False)

    assert "failing.py" in caught.value.message
    assert "discovery.py" not in caught.value.message
    assert caught.value.__cause__ is not None


def test_a_module_that_lacks_itself_is_not_missing(write):
    """A library that the module cannot import is not mistaken for the module."""
    write("lacking.py", "import no_such_module_either")

    with pytest.raises(NoAppException, match="While importing 'lacking'"):
        locate_app(prepare_import("lacking"), None, raise_if_not_found=False)


@pytest.mark.parametrize("path", ["sub/hello.py", "sub/hello.py:it", "sub/hello:it", "sub/hello"])
def test_an_application_is_found_by_the_path_of_its_file(write, path):
    """A path of a file is taken, with and without ending and name."""
    write("sub/hello.py", 'from framework import App\nit = App("hello")\n')

    assert ScriptInfo(app_import_path=path).load_app().name == "hello"


def test_an_application_is_found_by_an_absolute_path(write):
    """The colon that separates is the last one that is not part of a path."""
    file: pathlib.Path = write("sub/hello2.py", 'from framework import App\nit = App("hello")\n')

    assert ScriptInfo(app_import_path=f"{file}:it").load_app().name == "hello"


@pytest.mark.parametrize("path", ["none/hello.py", "hello.py:app"])
def test_a_missing_file_is_told(write, path):
    """A path with .py that leads nowhere is not looked for elsewhere."""
    with pytest.raises(NoAppException, match="There is no file"):
        ScriptInfo(app_import_path=path).load_app()


def test_a_reference_without_module_is_told(write):
    """A colon with nothing before it names no module."""
    with pytest.raises(NoAppException, match="names no module"):
        ScriptInfo(app_import_path=":app").load_app()


@pytest.mark.parametrize("file", ["wsgi.py", "app.py"])
def test_the_usual_files_are_found_without_being_named(write, file):
    """wsgi.py or app.py of the current directory is the application."""
    write(file, f'from framework import App\nit = App("in {file}")\n')

    assert ScriptInfo().load_app().name == f"in {file}"


def test_wsgi_py_goes_first(write):
    """Where both usual files are, wsgi.py is taken."""
    write("wsgi.py", 'from framework import App\nit = App("wsgi")\n')
    write("app.py", 'from framework import App\nit = App("app")\n')

    assert ScriptInfo().load_app().name == "wsgi"


def test_no_application_at_all_is_told(write):
    """The message names the three ways to say where it is."""
    with pytest.raises(NoAppException, match=r"--app.*FRAMEWORK_APP.*wsgi\.py"):
        ScriptInfo().load_app()


def test_an_application_is_loaded_once():
    """Later calls give the same object."""
    info = ScriptInfo(create_app=lambda: App("made"))

    assert info.load_app() is info.load_app()


@pytest.mark.parametrize(("value", "debug"), [("1", True), ("true", True), ("0", False), ("No", False), ("", False)])
def test_the_debug_flag_is_set_on_loading(monkeypatch, value, debug):
    """FRAMEWORK_DEBUG decides the application's debug mode."""
    monkeypatch.setenv("FRAMEWORK_DEBUG", value)

    assert ScriptInfo(create_app=lambda: App("made")).load_app().debug is debug


def test_the_debug_flag_can_be_left_to_the_application():
    """With set_debug_flag=False the application's own setting stays."""

    def create_app() -> App:
        app = App("made")
        app.debug = True
        return app

    assert ScriptInfo(create_app=create_app, set_debug_flag=False).load_app().debug is True
    assert ScriptInfo(create_app=create_app).load_app().debug is False
