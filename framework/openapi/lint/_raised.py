"""The errors that a handler raises, as far as its source shows; nothing is run.

Read are ``raise X(...)``, ``abort(X)`` and ``abort(404)`` in the handler and in the functions of the application that
it calls by name. What a ``try`` around it catches is left out. Errors that only exist at run time stay unseen, so what
is found is a hint and no proof.
Floor 7.
"""

from __future__ import annotations

import ast
import builtins
import collections.abc as cabc
import functools
import inspect
import types
import typing as t

import werkzeug.exceptions
from werkzeug.exceptions import HTTPException

from ... import errors, helpers

DEEPEST = 4
"""The most calls that a search follows."""

_ABORTS = (helpers.abort, werkzeug.exceptions.abort)
_Function: t.TypeAlias = "ast.FunctionDef | ast.AsyncFunctionDef"


class Raised(t.NamedTuple):
    """An error that a handler may raise."""

    error: type[HTTPException]
    file: str
    line: int
    """The line in the handler: the statement, or the call that leads to it."""
    through: str
    """The function that the handler calls and that raises it; empty for the handler itself."""


def errors_of(handler: cabc.Callable[..., object], view_class: type | None = None) -> list[Raised]:
    """Find the errors that a handler raises.

    :param handler: A function or method; decorators that name what they wrap are looked through.
    :param view_class: The class it belongs to, for what it calls on ``self``.
    :return: Each class once, in the order of the source.
    """
    function = inspect.unwrap(handler)
    if not isinstance(function, types.FunctionType):
        return []
    found: dict[type[HTTPException], Raised] = {}
    for each in _Search(function, view_class).run():
        found.setdefault(each.error, each)
    return list(found.values())


class _Search:
    """The search in one function."""

    def __init__(
        self, function: types.FunctionType, view_class: type | None, path: tuple[types.CodeType, ...] = ()
    ) -> None:
        self.function = function
        self.view_class = view_class
        self.path = (*path, function.__code__)
        self.file = function.__code__.co_filename
        self.locals = {*function.__code__.co_varnames, *function.__code__.co_cellvars}
        self.package = (function.__module__ or "").partition(".")[0]

    def run(self) -> cabc.Iterator[Raised]:
        tree = _definition(self.function)
        if tree is not None:
            for statement in tree.body:
                yield from self.visit(statement, ())

    def visit(self, node: ast.AST, caught: tuple[type, ...]) -> cabc.Iterator[Raised]:
        """Return what a part of the source raises.

        :param caught: The classes that something around it catches.
        """
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            return  # it is defined here, and called who knows where
        if isinstance(node, ast.Try):
            inner = (*caught, *self.caught_by(node))
            for statement in node.body:
                yield from self.visit(statement, inner)
            for other in (*node.handlers, *node.orelse, *node.finalbody):
                yield from self.visit(other, caught)
            return
        if isinstance(node, ast.Raise) and node.exc is not None:
            yield from self.told(self.class_of(node.exc), node, caught)
        if isinstance(node, ast.Call):
            yield from self.call(node, caught)
        for child in ast.iter_child_nodes(node):
            yield from self.visit(child, caught)

    def told(self, error: object, node: ast.AST, caught: tuple[type, ...]) -> cabc.Iterator[Raised]:
        """An error at a place, unless it is caught or no HTTP error."""
        if not isinstance(error, type) or not issubclass(error, HTTPException) or error.code is None:
            return
        if not issubclass(error, caught):
            yield Raised(error, self.file, t.cast(int, getattr(node, "lineno", 0)), "")

    def call(self, node: ast.Call, caught: tuple[type, ...]) -> cabc.Iterator[Raised]:
        """Return what a call raises: ``abort``, or a function of the application."""
        called = self.value(node.func)
        if any(called is each for each in _ABORTS):
            if node.args:
                yield from self.told(self.class_of(node.args[0]), node, caught)
            return
        if isinstance(called, (staticmethod, classmethod)):
            called = called.__func__
        called = inspect.unwrap(called) if isinstance(called, types.FunctionType) else None
        if not isinstance(called, types.FunctionType) or called.__code__ in self.path or len(self.path) > DEEPEST:
            return
        if (called.__module__ or "").partition(".")[0] != self.package:
            return
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        on_self = isinstance(owner, ast.Name) and owner.id == "self"
        for each in _Search(called, self.view_class if on_self else None, self.path).run():
            if not issubclass(each.error, caught):
                yield Raised(each.error, self.file, node.lineno, each.through or called.__qualname__)

    def caught_by(self, node: ast.Try) -> cabc.Iterator[type]:
        """The classes that the ``except`` clauses of a ``try`` name."""
        for handler in node.handlers:
            names = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
            for name in names:
                value = BaseException if name is None else self.value(name)
                if isinstance(value, type):
                    yield value

    def class_of(self, node: ast.expr) -> object:
        """The error class that an expression stands for: a class, a call of one, a status, or a call of a function
        whose annotation names one."""
        if isinstance(node, ast.Constant) and isinstance(node.value, int):
            return errors.by_status.get(node.value) or werkzeug.exceptions.default_exceptions.get(node.value)
        value = self.value(node.func if isinstance(node, ast.Call) else node)
        if isinstance(node, ast.Call) and isinstance(value, types.FunctionType):
            promised = value.__annotations__.get("return")
            if isinstance(promised, str):
                return value.__globals__.get(promised)
            return promised
        return value

    def value(self, node: ast.expr) -> object:
        """Return what a name or a dotted name stands for; ``None`` where that is not known before the call."""
        if isinstance(node, ast.Name):
            if node.id == "self":
                return self.view_class
            if node.id in self.locals:
                return None
            return self.names.get(node.id)
        if isinstance(node, ast.Attribute):
            owner = self.value(node.value)
            if isinstance(owner, (types.ModuleType, type)):
                return inspect.getattr_static(owner, node.attr, None) or getattr(owner, node.attr, None)
        return None

    @functools.cached_property
    def names(self) -> cabc.Mapping[str, object]:
        """The names that the function sees from outside."""
        inner = {}
        for name, cell in zip(self.function.__code__.co_freevars, self.function.__closure__ or (), strict=True):
            try:
                inner[name] = cell.cell_contents
            except ValueError:
                continue  # not assigned yet
        return {**vars(builtins), **self.function.__globals__, **inner}


def _definition(function: types.FunctionType) -> _Function | None:
    """The syntax of a function, with the line numbers of its file; ``None`` for what has no source."""
    try:
        lines, first = inspect.getsourcelines(function)
        # Under a line of its own it may be indented as it is; dedenting would cut into texts of several lines.
        tree = ast.parse("if True:\n" + "".join(lines) if lines[0][:1].isspace() else "\n" + "".join(lines))
    except (OSError, SyntaxError, IndexError):
        return None
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == function.__code__.co_name:
            ast.increment_lineno(tree, first - 2)
            return node
    return None
