"""From registered views to operations: which function handles a method, which marks reach it, what they say together.

Not here: the record itself and how it runs (``resources.operation``).
Floor 5.
"""

from __future__ import annotations

import collections.abc as cabc
import functools
import inspect
import types
import typing as t

import msgspec

from ..context import current
from ..errors import (
    APIError,
    InternalServerError,
    MethodNotAllowed,
    NotFound,
    OperationIdConflict,
    SetupError,
    ValidationFailed,
)
from ..fast.routing import names_in
from ..http.semantics import METHODS
from ..marks.base import (
    Body,
    Mark,
    Notes,
    Outcome,
    Parameter,
    Phase,
    Plan,
    Record,
    ReplyStep,
    Step,
    ValueStep,
    address,
    called,
    is_inherited,
    marks_of,
    mention,
    own_marks,
)
from ..marks.conditional import default_headers, default_steps
from ..marks.doc import DocMark
from ..marks.inputs import ArgumentsMark, accept_query_headers, accept_query_steps, parameter_steps
from ..marks.raises import error_outcome, with_implied_headers
from ..marks.responses import ResponseMark, check_outcomes
from ..texts import listed, message
from ..views import MethodView, View
from ..wrappers import Request
from .around import Around, in_order, make_around
from .off_loop import runs_on_loop, with_blocking
from .operation import DocumentRecords, Operation, place_of, runner, source_of, texts_of
from .pairs import Names, member_name, method_name, names_of
from .recorder import remember_error, remember_value
from .resource import Resource
from .signatures import check_signature

if t.TYPE_CHECKING:
    from werkzeug.routing import Rule

    from ..app import App
    from ..context import Context
    from ..marks.outgoing import Outgoing

    IdOwner: t.TypeAlias = Operation | Outgoing | tuple[Outgoing, Operation]
    """What has an operationId: an operation, a webhook, or a callback of an operation."""

RouterPath: t.TypeAlias = tuple[str, ...]
"""The names of the routers that serve a request, the innermost first."""


def is_watched(app: App) -> bool:
    """Return whether requests leave behind what the contract wants to see."""
    return app.watched or app.config["CONTRACT"] in ("log", "raise")


Handler: t.TypeAlias = cabc.Callable[..., object]
"""A view function, or the method of a class, that answers requests."""


class GuardedView(t.Protocol):
    """A view function that runs its operation."""

    guarded_function: Handler
    """The function that the application was given."""


def handled(app: App) -> cabc.Iterator[tuple[Rule, str, Handler, Handler]]:
    """Each rule that has a view, with each of its methods, the view, and the function that handles the method."""
    for rule in app.url_map.iter_rules():
        view = app.view_functions.get(rule.endpoint)
        redirects = rule.build_only or rule.alias or rule.redirect_to is not None
        if view is None or rule.methods is None or redirects:
            continue
        for method in sorted(rule.methods, key=lambda name: (*METHODS, name).index(name)):
            if not is_automatic(rule, view, method):
                handler = find_handler(view, method, names_of(rule))
                if handler is not None:
                    yield rule, method, view, handler


def build_operations(app: App, measured: bool = False) -> cabc.Iterator[Operation]:
    """One operation for each method of each rule that has a view.

    :param measured: Whether the times of their parts are taken.
    """
    shared = Notes()
    for rule, method, view, handler in handled(app):
        try:
            yield build_operation(app, rule, method, view, handler, shared, measured)
        except SetupError as error:
            place = place_of(handler)
            if place not in str(error):
                error.args = (f"{error} ({address(method, rule)}, {place})", *error.args[1:])
            raise


def has_documented(app: App) -> bool:
    """Return whether the document will hold anything; found out without asking any mark for its faces."""
    for rule, method, view, handler in handled(app):
        marks = merge_marks(app, rule, handler, view, method)
        if is_documented(view, handler) and not is_hidden(marks):
            return True
    return False


def is_documented(view: object, handler: Handler) -> bool:
    """Return whether an operation is in the document: that of a Resource, or one with marks."""
    view_class = getattr(view, "view_class", None)
    return (view_class is not None and issubclass(view_class, Resource)) or bool(marks_of(handler))


def is_hidden(marks: tuple[Mark, ...]) -> bool:
    """Return what the ``doc`` mark nearest to the handler says on hiding."""
    said = [mark.record.hidden for mark in marks if isinstance(mark, DocMark) and mark.record.hidden is not None]
    return bool(said and said[-1])


def is_automatic(rule: Rule, view: Handler, method: str) -> bool:
    """Return whether the framework answers this method by itself: OPTIONS, and HEAD where GET does it."""
    if method == "OPTIONS":
        return bool(getattr(rule, "provide_automatic_options", False))
    if method == "HEAD":
        view_class = getattr(view, "view_class", None)
        return "GET" in t.cast("set[str]", rule.methods) and not hasattr(view_class, "head")
    return False


def find_handler(view: Handler, method: str, names: Names | None = None) -> Handler | None:
    """The function that handles a method: that of the class, or the view itself.

    :param names: Those of the methods of a class of two paths.
    """
    view_class: type[View] | None = getattr(view, "view_class", None)
    if view_class is None:
        guarded: Handler | None = getattr(view, "guarded_function", None)
        return guarded or view
    name = member_name(view_class, method, names)
    handler: Handler | None = getattr(view_class, name, None)
    if type(handler) is types.FunctionType and vars(view_class).get(name) is handler:
        return handler  # PERF: nearly always; getattr_static takes 10 us
    if isinstance(inspect.getattr_static(view_class, name, None), (staticmethod, classmethod)):
        return None if handler is None else without_self(handler)
    return handler


def guard_functions(app: App) -> None:
    """Let view functions run their marks when something calls them: an overridden ``dispatch_request`` does.

    Without that it would skip who may call them, and what goes in.
    """
    for endpoint, view in app.view_functions.items():
        around = (app.marks, *(app.routers[name].marks for name in app.routers_of(endpoint)))
        has_marks = bool(marks_of(view)) or any(around)
        if has_marks and getattr(view, "view_class", None) is None and not hasattr(view, "guarded_function"):
            app.view_functions[endpoint] = guarded(view)


def guarded(function: Handler) -> Handler:
    """A view function that runs the operation of the request, if that is its own."""

    @functools.wraps(function)
    def view(*args: object, **kwargs: object) -> object:
        ctx = current()
        operation = ctx.operation
        if operation is not None and operation.view is view:
            return operation.run(ctx, kwargs, None)
        return ctx.app.ensure_sync(function)(*args, **kwargs)

    t.cast("GuardedView", view).guarded_function = function
    return view


def without_self(function: Handler) -> Handler:
    """A static or class method as one that is called with an instance like all others."""

    @functools.wraps(function)
    def handler(self: object, *args: object, **kwargs: object) -> object:
        return function(*args, **kwargs)

    return handler


def make_plan(app: App, rule: Rule, method: str, handler: Handler, marks: tuple[Mark, ...], shared: Notes) -> Plan:
    """Make what the marks of an operation are asked with."""
    return Plan(
        app.config,
        rule,
        method,
        handler,
        rule.endpoint,
        marks,
        encode=app.json_writer(),
        direct=app.json_untouched,
        reads_environ=reads_environ(app.request_class),  # type: ignore[arg-type]  # a class can be hashed
        ensure_sync=app.ensure_sync,
        shared=shared,
        app=app,
    )


def build_operation(
    app: App, rule: Rule, method: str, view: Handler, handler: Handler, shared: Notes, measured: bool = False
) -> Operation:
    """Ask all marks of an operation what they do and what they document, and freeze it.

    :param shared: What all operations of one freeze share.
    :param measured: Whether the times of its parts are taken.
    """
    endpoint: str = rule.endpoint
    routers = app.routers_of(endpoint)
    view_class: type[View] | None = getattr(view, "view_class", None)
    marks = merge_marks(app, rule, handler, view, method)
    check_outcomes(marks, called(handler))
    plan = make_plan(app, rule, method, handler, marks, shared)
    steps, arounds = ask_marks(plan)
    records: list[Record] = [
        record for mark in (*app.marks_of_hooks(routers), *marks) for record in mark.document(plan)
    ]
    check_signature(app, plan, view, routers)
    checks = list(parameter_steps((record for record in records if isinstance(record, Parameter)), plan))
    if checks:
        steps.extend(checks)
        records.append(error_outcome(ValidationFailed))
    words = DocumentRecords(with_codings(records, app.config["REQUEST_ENCODINGS"]))
    queried = words.bodies if method == "QUERY" else ()
    steps += [*default_steps(marks, words.security), *accept_query_steps(queried)]
    declared = any(isinstance(mark, ResponseMark) for mark in marks)
    is_resource = view_class is not None and issubclass(view_class, Resource)
    data_rules = declared or is_resource
    plain, watched = app.ensure_sync(handler), is_watched(app)
    function = remember_value(plain) if watched else plain
    direct = is_direct(view, view_class)
    on_loop = runs_on_loop(plan, direct, arounds)
    hops = on_loop and app.serves_on_loop
    ordered, bind = runner(plan, steps, arounds, data_rules, function, watched=watched, measured=measured, hops=hops)
    summary, description = texts_of(handler)
    operation = Operation(
        endpoint=endpoint,
        rule=rule,
        method=method,
        handler=handler,
        view=view,
        view_class=view_class,
        make_instance=getattr(view, "make_instance", None) if view_class is not None else None,
        direct=direct,
        on_loop=on_loop,
        routers=routers,
        operation_id=words.say("operation_id", None) or operation_id(app, rule, method, view),
        summary=words.say("summary", summary),
        description=words.say("description", description),
        tags=words.say("tags", tags_of(app, routers)),
        deprecated=words.say("deprecated", False),
        hidden=words.say("hidden", False),
        marks=marks,
        steps=ordered,
        arounds=arounds,
        parameters=words.parameters,
        bodies=words.bodies,
        json_limit=plan.json_limit,
        outcomes=(
            *map(with_implied_headers, words.outcomes),
            *implied_outcomes(app, rule, words.outcomes, data_rules),
        ),
        headers=(*words.headers, *default_headers(marks, words.security), *accept_query_headers(queried)),
        security=words.security,
        callbacks=words.callbacks,
        extra=words.extra,
        data_rules=data_rules,
        declared=declared,
        documented=is_documented(view, handler),
        source=source_of(handler),
        preparations=tuple(plan.preparations) if plan.fast else (),
        run=not_bound,
    )
    run = bind(operation)
    msgspec.structs.force_setattr(operation, "run", remember_error(run) if watched else run)
    return operation


def with_codings(records: list[Record], codings: cabc.Sequence[str]) -> list[Record]:
    """Return records whose first body says how it may be compressed: OpenAPI has no member for that.

    :param codings: The content codings that the application decodes.
    """
    first = next((place for place, record in enumerate(records) if isinstance(record, Body)), None)
    if first is None or not codings:
        return records
    body = t.cast(Body, records[first])
    text = message("bodies.codings", codings=listed(codings))
    description = f"{body.description}\n\n{text}" if body.description else text
    changed = msgspec.structs.replace(body, description=description)
    return [*records[:first], changed, *records[first + 1 :]]


def ask_marks(plan: Plan) -> tuple[list[Step | ValueStep | ReplyStep], tuple[Around, ...]]:
    """Ask the marks of an operation what they do: their steps, and their context managers in the order of entering.

    :raises SetupError: A step is in a phase of another kind of step.
    """
    steps: list[Step | ValueStep | ReplyStep] = []
    arounds: list[Around] = []
    for mark in plan.marks:
        plan.calls_users = False
        for step in mark.run(plan):
            check_phase(step, mark, plan)
            steps.append(with_blocking(step, plan.calls_users))
        if type(mark).around is not Mark.around:
            around = make_around(mark, plan, place_of(type(mark)))
            if around is not None:
                arounds.append(around)
    return steps, in_order(arounds)


def check_phase(step: Step | ValueStep | ReplyStep, mark: Mark, plan: Plan) -> None:
    """Refuse a step in a phase in which it would be called with other arguments.

    :raises SetupError: It is one.
    """
    kind: type[Step | ValueStep | ReplyStep] = Step
    if step.phase >= Phase.HANDLER:
        kind = ValueStep if step.phase == Phase.HANDLER else ReplyStep
    if not isinstance(step, kind):
        raise SetupError(
            f"{mention(mark)} on {plan.called} ({plan.address}) gave a {type(step).__name__} for the phase"
            f" {step.phase.name}, in which a {kind.__name__} runs. Give one of these ({place_of(type(mark))})."
        )


def implied_outcomes(
    app: App, rule: Rule, declared: cabc.Iterable[Outcome], data_rules: bool
) -> cabc.Iterator[Outcome]:
    """The answers that an operation may give although no mark declares them, those of a session's store included.

    :param declared: Those that marks declare.
    :param data_rules: Whether returned values are data: then a success without a declaration is some JSON.
    """
    classes: list[type[APIError]] = [MethodNotAllowed, InternalServerError]
    if names_in(rule.rule):
        classes.insert(0, NotFound)
    classes.extend(getattr(app.session_interface, "errors", ()))
    for cls in classes:
        yield implied_outcome(cls)
    if not any(outcome.status < 400 for outcome in declared):
        yield Outcome(200, media_type="application/json" if data_rules else "*/*", implied=True)


_implied: dict[type[APIError], Outcome] = {}


def implied_outcome(cls: type[APIError]) -> Outcome:
    """Return the outcome of an error that no mark declares; all operations share it."""
    if cls not in _implied:
        _implied[cls] = with_implied_headers(Outcome(t.cast(int, cls.code), error=cls, implied=True))
    return _implied[cls]


@functools.lru_cache(maxsize=64)
def reads_environ(request_class: type[Request]) -> bool:
    """Return whether a body or query may be read without the request, unnoticed."""
    own = ("__init__", "args", "data", "get_data", "max_content_length", "mimetype", "stream")
    return all(getattr(request_class, name) is getattr(Request, name) for name in own)


def not_bound(ctx: Context, view_args: dict[str, object], instance: object) -> t.NoReturn:
    """Raise: the record is still being made, and the runner needs it first."""
    raise RuntimeError("The operation is not bound yet. Freeze the application first.")


def merge_marks(
    app: App,
    rule: Rule,
    handler: Handler,
    view: Handler,
    method: str,
) -> tuple[Mark, ...]:
    """The marks of a handler with what it inherits, joined from the inside out by those of its class, the bases of
    that, its routers and the application.

    :raises SetupError: Two marks of one place cannot both hold.
    """
    merged = marks_of(handler)
    check_layer(merged, called(handler))
    layers: list[tuple[str, tuple[Mark, ...]]] = []
    view_class = getattr(view, "view_class", None)
    if view_class is not None:
        for overridden in overridden_methods(view_class, method, names_of(rule)):
            for mark in reversed(marks_of(overridden)):
                merged = mark.inherit(merged)
        decorated = next(cls for cls in view_class.__mro__ if "decorators" in vars(cls))
        for cls in view_class.__mro__:
            layers.append((cls.__qualname__, own_marks(cls)))
            if cls is decorated:
                layers.append((f"'decorators' of {cls.__qualname__}", marks_of(view)))
            elif "decorators" in vars(cls):
                # A list further down stands in its place; what is inherited is inherited all the same.
                known = {id(mark) for mark in marks_of(view)}
                kept = tuple(each for each in decorator_marks(cls) if is_inherited(each) and id(each) not in known)
                layers.append((f"'decorators' of {cls.__qualname__}", kept))
    layers.extend((f"the router {name!r}", app.routers[name].marks) for name in app.routers_of(rule.endpoint))
    layers.append((f"the application {app.name!r}", (*app.marks, *app.marks_of_settings)))
    for where, layer in layers:
        check_layer(layer, where)
        for mark in reversed(layer):
            merged = mark.merge(merged)
    merged = with_companions(merged)
    if method == "QUERY" or method_name(names_of(rule), method) == "query":
        return tuple(mark.in_body() if isinstance(mark, ArgumentsMark) else mark for mark in merged)
    return merged


def with_companions(marks: tuple[Mark, ...]) -> tuple[Mark, ...]:
    """Return marks with those that some of them have in their places; these come last."""
    found = [(mark, mark.companions()) for mark in marks]
    if not any(companions for _, companions in found):
        return marks
    first = [each for mark, companions in found for each in companions or (mark,)]
    return (*first, *(mark for mark, companions in found if companions))


def decorator_marks(cls: type) -> tuple[Mark, ...]:
    """The marks in the list ``decorators`` of a class itself, the top one first."""
    return tuple(each for each in reversed(vars(cls).get("decorators", ())) if issubclass(type(each), Mark))


def overridden_methods(view_class: type[View], method: str, names: Names | None = None) -> list[object]:
    """The methods of the bases that the handler of an HTTP method overrides, the nearest first."""
    name = member_name(view_class, method, names)
    return [vars(cls)[name] for cls in view_class.__mro__ if name in vars(cls)][1:]


def check_layer(marks: tuple[Mark, ...], where: str) -> None:
    """Let each mark of one place look at the others.

    :raises SetupError: Two of them cannot both hold.
    """
    for mark in marks:
        mark.check_beside(tuple(other for other in marks if other is not mark), where)


def is_direct(view: object, view_class: type[View] | None) -> bool:
    """Return whether nothing is between the view function and the method of its class: no decorator, no
    override."""
    if view_class is None:
        return True
    if getattr(view, "innermost", None) is not view:
        return False
    return not issubclass(view_class, MethodView) or view_class.dispatch_request is MethodView.dispatch_request


def tags_of(app: App, routers: RouterPath) -> tuple[str, ...]:
    """The tag of an operation: that of its mount, or the name of the router."""
    if not routers:
        return ()
    return (app.mounts[routers[0]].options.get("tag") or app.routers[routers[0]].name,)


def operation_id(app: App, rule: Rule, method: str, view: Handler) -> str:
    """``getPet``: the method and the class name; for a function its name in camel case.

    A mount that was given a name puts it in front. A route's ``operation_id`` takes the place of the class name. In a
    class of two paths the name of its method comes first: ``showPets``.
    """
    given = getattr(rule, "operation_id", None)
    names = names_of(rule)
    word = method_name(names, method)
    if isinstance(given, tuple):
        given = given[word != "list"]
    mount = "".join(app.given_names(app.routers_of(rule.endpoint)))
    view_class = getattr(view, "view_class", None)
    stem = given or (view_class.__name__ if view_class is not None else rule.endpoint.rpartition(".")[2])
    if view_class is None:
        name = stem if given else camel_case(stem)
        if len([m for m in t.cast("set[str]", rule.methods) if not is_automatic(rule, view, m)]) > 1:
            name = method.lower() + name[:1].upper() + name[1:]
    else:
        name = word + stem[:1].upper() + stem[1:]
    return camel_case(mount) + name[:1].upper() + name[1:] if mount else name


def camel_case(name: str) -> str:
    """``list_pets`` to ``listPets``."""
    first, *rest = [part for part in name.replace("-", "_").split("_") if part] or [name]
    return first[:1].lower() + first[1:] + "".join(part[:1].upper() + part[1:] for part in rest)


def check_operation_ids(operations: cabc.Iterable[Operation], webhooks: cabc.Iterable[Outgoing] = ()) -> None:
    """Refuse two documented operations of one id in one document, those of webhooks and callbacks included.

    :raises OperationIdConflict: There are two.
    """
    seen: dict[str, IdOwner] = {}

    def claim(name: str, owner: IdOwner) -> None:
        other = seen.setdefault(name, owner)
        if other is not owner:
            raise OperationIdConflict(
                f"Two operations have the operationId {name!r}: {told(other)} and {told(owner)}."
                " Give one of the routes an 'operation_id=', or one of the mounts a 'name='."
            )

    for operation in operations:
        if operation.documented and not operation.hidden:
            claim(operation.operation_id, operation)
            for record in operation.callbacks:
                claim(record.outgoing.id_in(operation.operation_id), (record.outgoing, operation))
    for webhook in webhooks:
        claim(webhook.id_in(""), webhook)


def told(owner: IdOwner) -> str:
    """Return who has an operationId, for messages."""
    if isinstance(owner, Operation):
        return f"{owner.address} ({place(owner)})"
    if isinstance(owner, tuple):
        return f"{owner[0]!r} of {place(owner[1])}"
    return f"{owner!r} ({':'.join(map(str, owner.source))})"


def place(operation: Operation) -> str:
    """Return the place of a handler, for messages."""
    return f"{called(operation.handler)}, {place_of(operation.handler)}"
