"""Find the application that ``--app`` names.

Turns ``module``, ``module:name``, ``module:create_app("x")`` and paths of files into an ``App``; knows nothing of
commands or options. Whatever the user can get wrong ends as :exc:`NoAppException`, which says what to write instead.
Floor 7.
"""

from __future__ import annotations

import ast
import inspect
import os
import sys
import traceback
import types
import typing as t

import click

from ..app import App
from ..errors import SetupError
from ..helpers import get_debug_flag
from .refusals import describe

_APP_NAMES = ("app", "application")
_FACTORY_NAMES = ("create_app", "make_app")


class NoAppException(click.UsageError):
    """No application could be loaded: the message says why and what to do."""


def find_best_app(module: types.ModuleType) -> App:
    """Find the application of a module for which no name was given.

    Tried in order: an ``App`` called ``app`` or ``application``; the only ``App`` of the module; a factory called
    ``create_app`` or ``make_app`` that can be called without arguments.

    :param module: An imported module.
    :raise NoAppException: None of these is there, or there are several.
    """
    for name in _APP_NAMES:
        candidate = getattr(module, name, None)
        if isinstance(candidate, App):
            return candidate

    found = {name: value for name, value in vars(module).items() if isinstance(value, App)}
    distinct = {id(value): value for value in found.values()}
    if len(distinct) == 1:
        return next(iter(distinct.values()))

    if distinct:
        choices = " or ".join(repr(f"{module.__name__}:{name}") for name in sorted(found))
        raise NoAppException(
            f"Detected multiple applications in module {module.__name__!r}. Use {choices} to say which one is meant."
        )

    for name in _FACTORY_NAMES:
        factory = getattr(module, name, None)
        if not inspect.isfunction(factory):
            continue

        try:
            candidate = factory()
        except TypeError as error:
            if not _refused_by_signature(error):
                raise

            raise NoAppException(
                f"Detected factory {name!r} in module {module.__name__!r}, but it could not be called without"
                f" arguments. Use '{module.__name__}:{name}(args)' to give them."
            ) from error

        if isinstance(candidate, App):
            return candidate

    raise NoAppException(
        f"Failed to find an application or a factory in module {module.__name__!r}."
        f" Use '{module.__name__}:name' to say what it is called."
    )


def _refused_by_signature(error: TypeError) -> bool:
    """Say whether a call failed for its arguments, not for something inside the function."""
    # The first frame of the traceback is the caller's; a second one means that the function's body had begun.
    return error.__traceback__ is not None and error.__traceback__.tb_next is None


def _parse_reference(text: str) -> tuple[str, list[object], dict[str, object], bool]:
    """Split ``name`` or ``name(literals)`` into the name, its arguments, and whether there was a call."""
    try:
        expression = ast.parse(text.strip(), mode="eval").body
    except SyntaxError:
        raise NoAppException(
            f"Failed to parse {text!r} as an attribute name or function call. Write 'module:name' or 'module:name(1)'."
        ) from None

    if isinstance(expression, ast.Name):
        return expression.id, [], {}, False

    if not isinstance(expression, ast.Call):
        raise NoAppException(
            f"Failed to parse {text!r} as an attribute name or function call. Write 'module:name' or 'module:name(1)'."
        )

    if not isinstance(expression.func, ast.Name):
        raise NoAppException(f"The factory in {text!r} must be a simple name. Import it into the module under one.")

    try:
        args = [ast.literal_eval(arg) for arg in expression.args]
        kwargs = {_keyword_name(keyword): ast.literal_eval(keyword.value) for keyword in expression.keywords}
    except ValueError:
        raise NoAppException(
            f"Failed to parse arguments as literal values: {text!r}."
            " Only strings, numbers, tuples, lists, dicts, sets, booleans and None can be given."
        ) from None

    return expression.func.id, args, kwargs, True


def _keyword_name(keyword: ast.keyword) -> str:
    if keyword.arg is None:
        raise ValueError("A double star is not a literal.")

    return keyword.arg


def find_app_by_string(module: types.ModuleType, app_name: str) -> App:
    """Find the application that a text names in a module.

    :param module: An imported module.
    :param app_name: The name of an ``App`` or of a factory, or a call of a factory with literal arguments, such as
        ``create_app("dev", debug=True)``.
    :raise NoAppException: The text cannot be read, nothing has that name, or it gives no ``App``.
    """
    name, args, kwargs, called = _parse_reference(app_name)

    try:
        value = getattr(module, name)
    except AttributeError:
        raise NoAppException(
            f"Failed to find attribute {name!r} in {module.__name__!r}. Check its spelling, or leave ':{name}' away."
        ) from None

    if called or inspect.isfunction(value):
        try:
            value = value(*args, **kwargs)
        except TypeError as error:
            if not _refused_by_signature(error):
                raise

            raise NoAppException(
                f"The factory {app_name!r} in module {module.__name__!r} could not be called with the specified"
                f" arguments: {error}."
            ) from error

    if isinstance(value, App):
        return value

    raise NoAppException(
        f"A valid application was not obtained from '{module.__name__}:{app_name}':"
        f" it gave an object of type {type(value).__name__!r}. It must be an App or a function that returns one."
    )


def prepare_import(path: str | os.PathLike[str]) -> str:
    """Make a file or dotted name importable, by putting the directory of its topmost package first on ``sys.path``.

    :param path: A dotted name, or the path of a module or package, with or without ``.py``.
    :return: The dotted name to import.
    """
    location, extension = os.path.splitext(os.path.realpath(path))
    if extension != ".py":
        location += extension

    if os.path.basename(location) == "__init__":
        location = os.path.dirname(location)

    directory, name = os.path.split(location)
    names = [name]
    while os.path.exists(os.path.join(directory, "__init__.py")):
        directory, name = os.path.split(directory)
        names.insert(0, name)

    if sys.path[0] != directory:
        sys.path.insert(0, directory)

    return ".".join(names)


@t.overload
def locate_app(module_name: str, app_name: str | None, raise_if_not_found: t.Literal[True] = True) -> App: ...
@t.overload
def locate_app(module_name: str, app_name: str | None, raise_if_not_found: bool) -> App | None: ...
def locate_app(module_name: str, app_name: str | None, raise_if_not_found: bool = True) -> App | None:
    """Import a module and find its application.

    :param module_name: The dotted name of the module.
    :param app_name: What to look for in it, as :func:`find_app_by_string` reads it; ``None`` for the best guess.
    :param raise_if_not_found: Whether a module that does not exist is an error, or gives ``None``.
    :raise NoAppException: The module is missing, fails while it is imported, or has no such application.
    """
    try:
        __import__(module_name)
    except Exception as error:
        if not _is_missing(error, module_name):
            raise NoAppException(
                f"While importing {module_name!r}, {_with_article(type(error).__name__)} was raised:\n\n"
                f"{_texts_of(error)}"
            ) from error

        if not raise_if_not_found:
            return None

        raise NoAppException(
            f"Could not import {module_name!r}. Check the name, and that the command runs in the right directory"
            f" (now {os.getcwd()!r})."
        ) from None

    module = sys.modules[module_name]
    return find_best_app(module) if app_name is None else find_app_by_string(module, app_name)


def _is_missing(error: Exception, module_name: str) -> bool:
    """Say whether the named module itself (or a package it lies in) does not exist."""
    if not isinstance(error, ModuleNotFoundError) or error.name is None:
        return False

    return module_name == error.name or module_name.startswith(f"{error.name}.")


def _with_article(name: str) -> str:
    return f"an {name}" if name[0] in "AEIOU" else f"a {name}"


def _texts_of(error: Exception) -> str:
    """Write what was raised: a mistake in the set-up as its message, any other error with its traceback."""
    if isinstance(error, SetupError) and not get_debug_flag():
        return f"{describe(error)}\n\nUse '--debug' to see the traceback."

    return _own_traceback(error)


def _own_traceback(error: Exception) -> str:
    """Write a traceback from the user's first frame on, without the import made here."""
    trace = error.__traceback__
    return "".join(traceback.format_exception(type(error), error, trace.tb_next if trace else None))
