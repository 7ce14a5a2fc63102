"""An operation: one HTTP method of one rule, with all that its marks say, frozen.

The dispatcher runs it, the document describes it, the test client checks against it, the commands explain it: all of
them read this record, and none keeps other notes.
Floor 5.
"""

from __future__ import annotations

import collections.abc as cabc
import functools
import inspect
import sys
import typing as t

import msgspec
from werkzeug.wrappers import Response as BaseResponse

from .. import _docstrings as docstrings
from ..errors import Messages, ValidationFailed
from ..fast.bounds import Bounds, limited
from ..http.response import PreparedResponse, Reply
from ..marks.base import (
    Body,
    Call,
    Callback,
    Doc,
    Header,
    Mark,
    Outcome,
    Parameter,
    Phase,
    Plan,
    Record,
    ReplyStep,
    Security,
    Step,
    ValueStep,
    address,
)
from ..marks.responses import outcome_step
from .around import Around, AsyncScope, RerunScope, answer_within, with_entering
from .off_loop import in_threads
from .recorder import remember_step
from .timed import timed, timed_load

if t.TYPE_CHECKING:
    from werkzeug.routing import Rule

    from ..context import Context
    from ..errors import APIError

Runner: t.TypeAlias = cabc.Callable[["Context", dict[str, object], object], object]
Dump: t.TypeAlias = cabc.Callable[["Context", Call, object], object]
"""From a value to the answer, or from an answer to the one that is sent."""


class Operation(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """The record. Everything in it is decided at freeze."""

    endpoint: str
    rule: Rule
    method: str
    """``"GET"``, ``"POST"``, ..."""
    handler: cabc.Callable[..., object]
    """The view function, or the method of the class."""
    view: cabc.Callable[..., object]
    """The function in ``view_functions``."""
    view_class: type | None
    make_instance: cabc.Callable[[], object] | None
    """Makes the resource; ``None`` for functions."""
    direct: bool
    """True if the class may be made and the handler called without going through ``view``."""
    on_loop: bool
    """True if an ASGI server runs it on its event loop: something of it is asynchronous, or its handler never waits.
    Other operations run in a thread as a whole."""
    routers: tuple[str, ...]
    """The names of the routers it is mounted on, the innermost first."""
    operation_id: str
    summary: str
    description: str
    tags: tuple[str, ...]
    deprecated: bool
    hidden: bool
    marks: tuple[Mark, ...]
    """All of them, the outermost first, as merged."""
    steps: tuple[Step | ValueStep | ReplyStep, ...]
    """In the order they run."""
    arounds: tuple[Around, ...]
    """The context managers of the marks, in the order in which they are entered."""
    parameters: tuple[Parameter, ...]
    bodies: tuple[Body, ...]
    json_limit: int | None
    """The longest body, in bytes, that its marks read as JSON; ``None`` where none does, or of any length."""
    outcomes: tuple[Outcome, ...]
    """Every answer that it may give, those included that no mark declares, with the headers of its error class."""
    headers: tuple[Header, ...]
    security: tuple[Security, ...]
    callbacks: tuple[Callback, ...]
    extra: cabc.Mapping[str, object]
    data_rules: bool
    """True if a returned value is data (a Resource, or a ``response`` mark) or follows Flask's rules for views."""
    declared: bool
    """True if it has a ``response`` mark, so that its answers are held to it."""
    documented: bool
    """True if it is in the document, unless ``hidden``."""
    source: tuple[str, int]
    """File and line of the handler."""
    preparations: tuple[cabc.Callable[[], None], ...]
    """The functions that compile the schemas ahead."""
    run: Runner
    """``run(ctx, view_args, instance)``: all steps and the handler. Returns the reply, or for views without data rules
    what the view returned."""

    def prepare(self) -> None:
        """Compile the schemas now, instead of at their first use."""
        for preparation in self.preparations:
            preparation()

    @property
    def address(self) -> str:
        """Method and path, with the version where only the request tells it: what messages and counts know it by."""
        return address(self.method, self.rule)

    def declares(self, status: int, error: type[APIError] | None, *, any_code: bool) -> bool:
        """Return whether an answer of a status may be an error of a class.

        A subclass of what a mark declares is covered where it has the same code. An outcome without a class is declared
        by hand, with its own schema, and covers all of its status.

        :param error: The class; ``None`` for an error that has none of the framework.
        :param any_code: Whether a subclass with another code is covered too, because the application has its own shape
            of errors.
        """
        outcomes = [outcome for outcome in self.outcomes if outcome.status == status]
        return any(outcome.error is None for outcome in outcomes) or any(
            error is each.error
            or (
                not each.implied
                and issubclass(error, each.error)
                and (any_code or error.error_code == each.error.error_code)
            )
            for each in outcomes
            if error is not None and each.error is not None
        )

    def headers_of(self, status: int) -> tuple[Header, ...]:
        """Return the headers of the answers of a status, each once; one that only some of them have is not required.

        A declared header counts before an implied one of the same name.
        """
        outcomes = [outcome for outcome in self.outcomes if outcome.status == status]
        required = [{each.name.lower() for each in outcome.headers if each.required} for outcome in outcomes]
        found = [
            msgspec.structs.replace(header, required=all(header.name.lower() in names for names in required))
            for outcome in outcomes
            for header in outcome.headers
        ]
        found.sort(key=lambda header: not header.implied)
        found += [each for each in self.headers if each.status == status or (each.status is None and status < 400)]
        names: dict[str, str] = {}
        by_name = {names.setdefault(header.name.lower(), header.name): header for header in found}
        return tuple(
            msgspec.structs.replace(header, name=name) if header.name != name else header
            for name, header in by_name.items()
        )

    def __repr__(self) -> str:
        return f"<Operation {self.method} {self.rule.rule!r} -> {self.endpoint!r}>"


def runner(
    plan: Plan,
    steps: cabc.Iterable[Step | ValueStep | ReplyStep],
    arounds: cabc.Sequence[Around],
    data_rules: bool,
    handler: cabc.Callable[..., object],
    *,
    watched: bool = False,
    measured: bool = False,
    hops: bool = False,
) -> tuple[tuple[Step | ValueStep | ReplyStep, ...], cabc.Callable[[Operation], Runner]]:
    """Put the steps in order, and make the function that runs them.

    :param plan: The operation in the making, after all marks have been asked.
    :param steps: The marks' steps.
    :param arounds: The marks' context managers.
    :param data_rules: Whether returned values are data.
    :param handler: What is called, already synchronous; with the resource first if it is a method.
    :param watched: Whether a step that raises is remembered for the contract.
    :param measured: Whether the times of the parts are taken.
    :param hops: Whether it may run on an event loop, and what may wait is then called in threads.
    :return: The steps in their order, and a function that binds the runner to its operation.
    """
    ordered = sorted(steps, key=lambda step: step.phase)
    before = collect_inputs([step for step in ordered if isinstance(step, Step)], Bounds.from_config(plan.config))
    if watched:
        before = [remember_step(step) for step in before]
    on_value = [step for step in ordered if isinstance(step, ValueStep)]
    after = [step for step in ordered if isinstance(step, ReplyStep)]
    on_error = [step for step in after if step.errors]
    outcome = outcome_step(plan) if data_rules else None
    if measured:
        before = [timed_load(step) for step in before]
        handler = timed(handler, "handler")
        outcome = None if outcome is None else timed(outcome, "dump")
    slots = plan.slots
    if hops:
        before = before if arounds else in_threads(before)
        on_value, after, on_error = in_threads(on_value), in_threads(after), in_threads(on_error)
        if outcome is not None and any(shape.blocks for shape in plan.shapes):
            from .._coroutines import off_loop  # PERF: imports asyncio, 20 ms

            outcome = off_loop(outcome)

    def bind(operation: Operation) -> Runner:
        is_method = operation.view_class is not None
        if not (arounds or before or on_value or after or slots):
            return run_bare(handler, is_method, outcome)
        if len(before) == 1 and not (arounds or on_value or after or watched or hops):
            alone = before[0].alone  # PERF: without a Call; saves 0.8 us
            whole = None if alone is None else alone(handler, is_method)
            if whole is not None:
                return run_bare(whole, is_method, outcome)
        finish = make_finish(after)
        if arounds:
            entering = with_entering(before, arounds, hops)
            answer = make_answer(in_threads(entering) if hops else entering, handler, is_method, on_value, outcome)
            return run_within(operation, slots, answer, finish, on_error)
        return run_steps(operation, slots, before, handler, on_value, outcome, finish, on_error)

    return tuple(ordered), bind


def run_bare(handler: cabc.Callable[..., object], is_method: bool, outcome: Dump | None) -> Runner:
    """Make the runner of an operation without steps."""

    def run(ctx: Context, view_args: dict[str, object], instance: object = None) -> object:
        # PERF: without steps there is nothing to note down; saves 0.5 us.
        value = handler(instance, **view_args) if is_method else handler(**view_args)
        return value if outcome is None else outcome(ctx, None, value)  # type: ignore[arg-type]

    return run


def run_steps(
    operation: Operation,
    slots: int,
    before: cabc.Sequence[Step],
    handler: cabc.Callable[..., object],
    on_value: cabc.Sequence[ValueStep],
    outcome: Dump | None,
    finish: Dump,
    on_error: cabc.Sequence[ReplyStep],
) -> Runner:
    """Make the runner of an operation with steps and without context managers."""
    is_method = operation.view_class is not None

    def run(ctx: Context, view_args: dict[str, object], instance: object = None) -> object:
        call = Call(operation, view_args, slots, instance)
        try:
            for check in before:
                reply = check.run(ctx, call)
                if reply is not None:
                    return finish(ctx, call, reply if outcome is None else outcome(ctx, call, reply))
            if is_method:
                value = handler(instance, *call.arguments, **call.kwargs)
            else:
                value = handler(*call.arguments, **call.kwargs)
            call.value = value
            for step in on_value:
                changed = step.run(ctx, call, value)
                if changed is not None:
                    value = changed
            return finish(ctx, call, value if outcome is None else outcome(ctx, call, value))
        except Exception:
            if on_error:
                ctx._error_steps = [*ctx._error_steps, functools.partial(finish_error, on_error, call)]
            raise

    return run


def run_within(
    operation: Operation,
    slots: int,
    answer: cabc.Callable[[Context, Call], Reply],
    finish: Dump,
    on_error: cabc.Sequence[ReplyStep],
) -> Runner:
    """Make the runner of an operation with context managers around its handler."""

    def run(ctx: Context, view_args: dict[str, object], instance: object = None) -> object:
        call = Call(operation, view_args, slots, instance)
        call.begun, call.reply = False, None
        try:
            return finish(ctx, call, answer_within(ctx, call, answer))
        except Exception:
            call.reply = None
            if on_error:
                ctx._error_steps = [*ctx._error_steps, functools.partial(finish_error, on_error, call)]
            raise

    return run


def make_finish(after: cabc.Sequence[ReplyStep]) -> Dump:
    """Make the function that gives an answer to the steps that look at it."""

    def finish(ctx: Context, call: Call, reply: object) -> object:
        if after:
            # A plain view's value, a WSGI application, an error.
            if not isinstance(reply, (PreparedResponse, BaseResponse)):
                reply = ctx.app.make_response(reply)
            for step in after:
                changed = step.run(ctx, call, reply)
                if changed is not None:
                    reply = changed
        return reply

    return finish


def make_answer(
    before: cabc.Sequence[Step],
    handler: cabc.Callable[..., object],
    is_method: bool,
    on_value: cabc.Sequence[ValueStep],
    outcome: Dump | None,
) -> cabc.Callable[[Context, Call], Reply]:
    """Make the function that answers within context managers, from the first step to the dumped value.

    :param before: The steps before the handler, those that enter the context managers among them.
    :param handler: What is called.
    :param is_method: Whether it takes the resource first.
    :param on_value: The steps that look at its value.
    :param outcome: What dumps the value; ``None`` for a plain view.
    """

    def answer(ctx: Context, call: Call, start: int = 0) -> Reply:
        for position in range(start, len(before)):
            reply = before[position].run(ctx, call)
            if reply is not None:
                if isinstance(reply, (AsyncScope, RerunScope)):
                    return reply.run(ctx, call, functools.partial(answer, start=position + 1))
                break
        else:
            call.begun = True
            arguments = (call.instance, *call.arguments) if is_method else call.arguments
            reply = call.value = handler(*arguments, **call.kwargs)
            for step in on_value:
                changed = step.run(ctx, call, reply)
                if changed is not None:
                    reply = changed
        if outcome is not None:
            reply = outcome(ctx, call, reply)
        # A value that cannot be sent is found here, where the context managers still see the error.
        return reply if isinstance(reply, (PreparedResponse, BaseResponse)) else ctx.app.make_response(reply)

    return answer


def finish_error(steps: cabc.Sequence[ReplyStep], call: Call, ctx: Context, reply: Reply) -> Reply:
    """Give the answer to an error to the steps that want these too."""
    for step in steps:
        changed = step.run(ctx, call, reply)
        if changed is not None:
            reply = changed
    return reply


def collect_inputs(steps: list[Step], bounds: Bounds) -> list[Step]:
    """Join the steps of the phase ``INPUTS`` into one that runs all of them and raises one error for all.

    :param bounds: The most that this error describes.
    """
    inputs = [step.run for step in steps if step.phase is Phase.INPUTS]
    if len(inputs) < 2:
        return steps

    def run(ctx: Context, call: Call) -> object:
        errors: Messages = {}
        first: ValidationFailed | None = None
        is_cut = False
        for read in inputs:
            try:
                reply = read(ctx, call)
            except ValidationFailed as error:
                first = first or error
                is_cut = is_cut or error.is_cut
                for location, messages in (error.errors or {}).items():
                    errors[location] = merge_messages(errors.get(location), messages)
            else:
                if reply is not None:
                    return reply
        if first is not None:
            errors, is_less = limited(errors, bounds)
            schema = t.cast(t.Any, first.data)["schema"]
            try:
                raise ValidationFailed(errors, schema=schema, is_cut=is_cut or is_less) from first.__cause__
            finally:
                first = None  # its traceback has this frame: the two would live until the garbage collector runs
        return None

    joined = [step for step in steps if step.phase < Phase.INPUTS]
    joined.append(Step(Phase.INPUTS, run, blocks=any(step.blocks for step in steps if step.phase is Phase.INPUTS)))
    joined.extend(step for step in steps if step.phase > Phase.INPUTS)
    return joined


def merge_messages(one: object, other: object) -> object:
    """The messages of two marks for one location together."""
    if one is None:
        return other
    if isinstance(one, dict) and isinstance(other, dict):
        merged = dict(one)
        for key, value in other.items():
            merged[key] = merge_messages(merged.get(key), value)
        return merged
    if isinstance(one, list) and isinstance(other, list):
        return [*one, *(message for message in other if message not in one)]
    return other


class DocumentRecords:
    """The records that marks add to the document, sorted by kind.

    :param records: From the outermost mark to the innermost; an inner ``Doc`` is heard before an outer one.
    """

    def __init__(self, records: cabc.Iterable[Record]) -> None:
        of: dict[type, list[t.Any]] = {kind: [] for kind in _KINDS}
        for record in records:
            kind = type(record) if type(record) in of else next((each for each in of if isinstance(record, each)), None)
            if kind is not None:
                of[kind].append(record)
        self.parameters: tuple[Parameter, ...] = unique(of[Parameter])
        self.bodies: tuple[Body, ...] = unique(of[Body])
        self.outcomes: tuple[Outcome, ...] = unique(of[Outcome])
        self.headers: tuple[Header, ...] = unique(of[Header])
        self.security: tuple[Security, ...] = unique(of[Security])
        self.callbacks: tuple[Callback, ...] = unique(of[Callback])
        self._docs: list[Doc] = of[Doc]

    def say(self, name: str, default: _R) -> _R:
        """A word of :class:`Doc` from the mark nearest to the handler that says it."""
        for record in reversed(self._docs):
            value: _R | None = getattr(record, name)
            if value is not None:
                return value
        return default

    @property
    def extra(self) -> dict[str, object]:
        """The further members of the operation object."""
        merged: dict[str, object] = {}
        for record in self._docs:
            merged.update(record.extra or {})
        return merged


_KINDS: t.Final[tuple[type, ...]] = t.get_args(Record)
_R = t.TypeVar("_R")


def unique(records: cabc.Iterable[_R]) -> tuple[_R, ...]:
    """Each record once, in order; records hold fields and schemas, so they are compared by their parts."""
    found: list[_R] = []
    for record in records:
        if record not in found:
            found.append(record)
    return tuple(found)


def source_of(handler: t.Any) -> tuple[str, int]:
    """File and first line of a function, or ``("", 0)``; those of what a partial function or an object calls."""
    while isinstance(handler, (functools.partial, functools.partialmethod)):
        handler = handler.func
    function = inspect.unwrap(handler)
    if not hasattr(function, "__code__") and not isinstance(function, type):
        function = inspect.unwrap(inspect.getattr_static(type(function), "__call__", function))
    code = getattr(function, "__code__", None)
    return (code.co_filename, code.co_firstlineno) if code is not None else ("", 0)


def place_of(target: object) -> str:
    """File and line of a function or class, for messages; of an object, those of its class."""
    file, line = ("", 0) if isinstance(target, type) else source_of(target)
    if not file:
        cls = target if isinstance(target, type) else type(target)
        file = getattr(sys.modules.get(cls.__module__), "__file__", None) or cls.__module__
        try:
            line = inspect.getsourcelines(cls)[1]
        except (OSError, TypeError):  # made without source
            functions = [each for each in vars(cls).values() if inspect.isfunction(each)]
            line = source_of(functions[0])[1] if functions else 0
    return f"{file}:{line}"


def texts_of(documented: cabc.Callable[..., object]) -> tuple[str, str]:
    """Summary and description from a docstring: its first line, and the rest."""
    return docstrings.parts(docstrings.published(documented))
