"""The ``explain`` command: what would happen to a request, step by step, without making it.

Reads the operation's record and the tables of hooks; runs no code of the application.
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import inspect
import os
import typing as t

import click
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import RequestRedirect

from .. import _docstrings as docstrings
from .. import context
from ..helpers import is_nonblocking
from ..marks.base import Phase
from ..marks.providers import explained
from ..resources.off_loop import is_async
from .misses import nearest
from .script import with_appcontext

if t.TYPE_CHECKING:
    from marshmallow import Schema
    from werkzeug.routing import Rule

    from ..app import App
    from ..context import Context
    from ..marks.base import Outcome
    from ..marks.providers import ExplainedProvider
    from ..resources.operation import Operation

_Rows: t.TypeAlias = cabc.Iterable[tuple[str, ...]]

IN_THREAD: t.Final = ", in a thread"
"""Said of what is called in a thread of the pool while its operation runs on an event loop."""


def _write(title: str, rows: _Rows) -> None:
    """Write a titled table; nothing if it has no rows."""
    kept = list(rows)
    if not kept:
        return

    widths = [max(map(len, column)) for column in zip(*kept, strict=True)]
    click.echo()
    click.secho(title, bold=True)
    for row in kept:
        click.echo("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _place(function: cabc.Callable[..., object]) -> str:
    """Say where a function is written, relative to the current directory where it lies below that."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return _location(code.co_filename, code.co_firstlineno) if code is not None else ""


def _location(file: str, line: int) -> str:
    if not file:
        return ""

    relative = os.path.relpath(file)
    return f"{file if relative.startswith(os.pardir) else relative}:{line}"


def _name(function: object) -> str:
    name = getattr(function, "__qualname__", None) or repr(function)
    # The function in which another one was defined says nothing here.
    return str(name).rpartition("<locals>.")[2]


def _scope_title(scope: str | None) -> str:
    return "application" if scope is None else f"router {scope}"


def _hook_rows(
    title: str,
    table: cabc.Mapping[str | None, cabc.Sequence[cabc.Callable[..., object]]],
    scopes: cabc.Iterable[str | None],
    backwards: bool = False,
    on_loop: bool = False,
) -> cabc.Iterator[tuple[str, str, str, str]]:
    for scope in scopes:
        functions = table.get(scope, ())
        for function in reversed(functions) if backwards else functions:
            waits = on_loop and not inspect.iscoroutinefunction(function) and not is_nonblocking(function)
            yield title, _name(function), _scope_title(scope) + IN_THREAD * waits, _place(function)


def _run_rows(
    app: App, operation: Operation | None, routers: cabc.Sequence[str], endpoint: str | None
) -> cabc.Iterator[tuple[str, str, str, str]]:
    """List hooks and steps in the order in which they run."""
    inwards = (None, *reversed(routers))
    outwards = (*routers, None)
    on_loop = operation is not None and operation.on_loop
    if endpoint is not None:
        yield from _hook_rows("url_value_preprocessor", app.url_value_preprocessors, inwards)

    yield from _hook_rows("before_request", app.before_request_funcs, inwards, on_loop=on_loop)
    if operation is not None:
        yield from _operation_rows(app, operation)
    elif endpoint is not None:
        view = app.view_functions.get(endpoint)
        yield "view", _name(view), endpoint, _place(view) if callable(view) else ""

    yield from _hook_rows("after_request", app.after_request_funcs, outwards, True, on_loop)
    yield from _hook_rows("teardown_request", app.teardown_request_funcs, outwards, True, on_loop)


def _operation_rows(app: App, operation: Operation) -> cabc.Iterator[tuple[str, str, str, str]]:
    """List the context managers and steps of marks, and the handler between them, in the order in which they run."""
    # A step is most often a closure: it is known by the mark's class or the function that made it.
    on_loop = operation.on_loop
    steps = [
        (
            step.phase,
            getattr(step.run, "__qualname__", repr(step.run)).partition(".<locals>")[0].removesuffix(".run"),
            "mark" + IN_THREAD * (on_loop and step.blocks),
        )
        for step in operation.steps
    ]
    arounds = [
        (
            around.order,
            f"{type(around.mark).__name__}.around",
            "mark" + IN_THREAD * (on_loop and not (is_async(around) or is_nonblocking(around.make))),
        )
        for around in operation.arounds
    ]
    provided, given_back = _provider_rows(app, operation)
    before = [(phase, phase.name.lower(), name, where) for phase, name, where in steps if phase < Phase.HANDLER]
    entered = [(phase, "enter", name, where) for phase, name, where in arounds]
    for _, title, name, where in sorted([*entered, *before], key=lambda row: row[0]):
        if name in _PROVIDING:
            yield from provided
        else:
            yield title, name, where, ""
    handler = operation.handler
    waits = on_loop and not inspect.iscoroutinefunction(handler) and not is_nonblocking(handler)
    yield "handler", _name(handler), operation.endpoint + IN_THREAD * waits, _location(*operation.source)
    yield from ((phase.name.lower(), name, where, "") for phase, name, where in steps if phase == Phase.HANDLER)
    for _, name, where in reversed(arounds):
        if name in _PROVIDING:
            yield from given_back
        else:
            yield "leave", name, where, ""
    yield from ((phase.name.lower(), name, where, "") for phase, name, where in steps if phase > Phase.HANDLER)


_PROVIDING: t.Final = ("ProvidesMark", "ProvidesMark.around", "ProvidesValueMark.around")
"""The names of the step and of the context manager in which providers make their values."""


def _provider_rows(app: App, operation: Operation) -> tuple[list[tuple[str, str, str, str]], ...]:
    """List the values of providers, and those that are given back, in the order in which that happens."""
    found = explained(app, operation.marks, operation.handler)

    def row(title: str, each: ExplainedProvider) -> tuple[str, str, str, str]:
        where = each.scope + IN_THREAD * (operation.on_loop and each.waits)
        return title, each.name, where, _provider_place(each.place)

    given_back = [row("give back", each) for each in reversed(found) if each.is_given_back]
    return [row("provide", each) for each in found], given_back


def _provider_place(place: str) -> str:
    file, _, line = place.rpartition(":")
    return _location(file, int(line)) if line.isdecimal() else place  # built in, or the module of a class


def _schema_name(schema: Schema | None) -> str:
    if schema is None:
        return ""

    name = type(schema).__name__
    return f"list of {name}" if schema.many else name


def _input_rows(operation: Operation, rule: Rule) -> cabc.Iterator[tuple[str, str, str, str]]:
    declared = {parameter.name for parameter in operation.parameters if parameter.location == "path"}
    for name, converter in rule._converters.items():
        if name not in declared:
            yield "path", name, type(converter).__name__, "required"

    for parameter in operation.parameters:
        field = parameter.field
        required = parameter.location == "path" or field.required
        yield parameter.location, parameter.name, type(field).__name__, "required" if required else ""

    for body in operation.bodies:
        yield "body", body.media_type, _schema_name(body.schema), "required" if body.required else ""


def _security_rows(operation: Operation) -> cabc.Iterator[tuple[str, str, str]]:
    for record in operation.security:
        yield record.name, str(record.scheme.get("type", "")), ", ".join(record.scopes)
    if any(record.optional for record in operation.security):
        yield "none", "", ""


def _outcome_rows(operation: Operation) -> cabc.Iterator[tuple[str, str, str, str]]:
    def words(outcome: Outcome) -> str:
        text = outcome.description or (docstrings.published(outcome.error) if outcome.error else "")
        return docstrings.parts(text)[0]

    for outcome in sorted(operation.outcomes, key=lambda outcome: outcome.status):
        shape = outcome.error.__name__ if outcome.error else _schema_name(outcome.schema)
        headers = ", ".join(header.name for header in outcome.headers)
        yield str(outcome.status), shape, headers, words(outcome)


def _handler_rows(app: App, routers: cabc.Sequence[str]) -> cabc.Iterator[tuple[str, str, str, str]]:
    """List error handlers in the order in which they are tried: those for a code first, from the inside out."""
    scopes = (*routers, None)
    for with_code in (True, False):
        for scope in scopes:
            for code, by_class in app.error_handler_spec.get(scope, {}).items():
                if (code is not None) is not with_code:
                    continue

                for kind, handler in by_class.items():
                    what = f"{code} {kind.__name__}" if code is not None else kind.__name__
                    yield what, _name(handler), _scope_title(scope), _place(handler)

    renderer = getattr(app, "error_renderer", None)
    if renderer is not None:
        yield "all others", _name(renderer.function), "render_error", _place(renderer.function)
    else:
        yield "all others", "application/problem+json", "framework", ""


def _explain_match(app: App, ctx: Context) -> None:
    rule = t.cast("Rule", ctx.url_rule)
    endpoint = str(rule.endpoint)
    operation = ctx.operation
    routers = app.router_path_of(ctx)

    rows = [("rule", rule.rule), ("endpoint", endpoint)]
    version = getattr(rule, "version", None)
    if version is not None:
        rows.append(("version", f"{version}, said by the {'request' if rule.by_request else 'path'}"))  # type: ignore[attr-defined]
    rows.extend(
        ("value", f"{name} = {value!r} ({type(value).__name__})") for name, value in (ctx.view_args or {}).items()
    )
    if operation is not None:
        rows.append(("operation", " - ".join(filter(None, (operation.operation_id, operation.summary)))))
        rows.append(("handler", f"{_name(operation.handler)} {_location(*operation.source)}".rstrip()))
        rows.append(("on ASGI", "on the event loop" if operation.on_loop else "in a thread, as a whole"))

    _write("Match", rows)
    _write("Runs, in this order", _run_rows(app, operation, routers, endpoint))
    if operation is not None:
        _write("Credentials, one of these", _security_rows(operation))
        _write("Inputs", _input_rows(operation, rule))
        _write("Answers", _outcome_rows(operation))

    _write("Error handlers, in this order", _handler_rows(app, routers))


def _explain_miss(app: App, ctx: Context, error: HTTPException) -> None:
    if isinstance(error, RequestRedirect):
        _write("No match, but a redirect", [(str(error.code), error.new_url)])
        return

    rows = [(f"{error.code} {error.name}", "")]
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        rows = [(f"{error.code} {error.name}", f"Allow: {', '.join(sorted(error.valid_methods))}")]

    _write("No match", rows)
    request = ctx.request
    # Where the request says a version, the rules of others only build URLs.
    rules = app.url_map if ctx.url_adapter is None else ctx.url_adapter.map
    near = nearest((rule for rule in rules.iter_rules() if not rule.build_only), request.path, request.method)
    _write("Nearest rules", [(miss.rule.rule, str(miss.rule.endpoint), f"{miss.reason}.") for miss in near])
    routers = app.router_path_of(ctx)
    _write("Runs, in this order", _run_rows(app, None, routers, None))
    _write("Error handlers, in this order", _handler_rows(app, routers))


def _split_request(words: tuple[str, ...]) -> tuple[str, str]:
    """Read ``"PUT /pets/3"``, ``PUT /pets/3`` or ``/pets/3`` into the method and the path."""
    parts = " ".join(words).split()
    if len(parts) == 1:
        parts.insert(0, "GET")

    if len(parts) != 2 or not parts[1].startswith(("/", "http://", "https://")):
        raise click.BadParameter(
            f"{' '.join(words)!r} is not a request. Write a method and a path, as in: explain PUT /pets/3",
            param_hint="'REQUEST'",
        )

    return parts[0].upper(), parts[1]


@click.command("explain", short_help="Explain what happens to a request.")
@click.argument("request", nargs=-1, required=True)
@click.option("--header", "-H", "headers", multiple=True, metavar="'NAME: VALUE'", help="A header of the request.")
@with_appcontext
def explain_command(request: tuple[str, ...], headers: tuple[str, ...]) -> None:
    """Explain what would happen to a REQUEST such as "PUT /pets/3".

    Shows the rule that matches, everything that runs in its order, the inputs, the answers and the error handlers. For
    a path without a match it shows the nearest rules and why each of them fails. Nothing of it is run.
    """
    method, path = _split_request(request)
    app = context.current().app
    app.freeze()

    pairs = [(name.strip(), value.strip()) for name, _, value in (header.partition(":") for header in headers)]
    ctx = app.test_request_context(path, method=method, headers=pairs)
    ctx.match_request()
    click.secho(f"{method} {path}", bold=True)
    if ctx.routing_exception is not None:
        _explain_miss(app, ctx, ctx.routing_exception)
    else:
        _explain_match(app, ctx)
