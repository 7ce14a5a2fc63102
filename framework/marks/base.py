"""Marks: declarations with two faces, the steps that run for a request and the records in the document.

Marks do not wrap: they leave themselves on a function or class, in an immutable tuple. When the application freezes,
``resources.operation`` asks each mark once for its steps (:meth:`Mark.run`), for what makes its context managers
(:meth:`Mark.around`) and for what it adds to the document (:meth:`Mark.document`), as plain records that hold schema
and field instances. Only ``openapi`` makes JSON of them.
Floor 4.
"""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import enum
import inspect
import types
import typing as t
import weakref

import msgspec
from marshmallow import Schema

from ..errors import SetupError
from ..fast import json as fast_json
from ..fast.json import NOT_TAKEN
from ..fields import AnyField
from ..helpers import is_nonblocking

if t.TYPE_CHECKING:
    from werkzeug.routing import Rule

    from ..config import Config
    from ..context import Context
    from ..errors import APIError
    from ..http.response import Reply
    from ..resources.operation import Operation
    from ..resources.scaffold import Scaffold
    from ..typing import Application, Named
    from .links import Link
    from .outgoing import Outgoing
    from .shapes import Shape

    Manager: t.TypeAlias = contextlib.AbstractContextManager[object] | contextlib.AbstractAsyncContextManager[object]

_T = t.TypeVar("_T")

ATTRIBUTE = "__framework_marks__"
PROVIDER_SCOPE: t.Final = "__framework_scope__"
"""The attribute of a provider with the scope that it says."""
BY_PLACE: t.Final = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
"""The kinds of a handler's parameters that take a value by its place."""

_targets: weakref.WeakValueDictionary[int, object] = weakref.WeakValueDictionary()
reached: weakref.WeakValueDictionary[int, object] = weakref.WeakValueDictionary()
"""The objects whose marks operations of some application have, by identity."""
class_marks: weakref.WeakKeyDictionary[types.FunctionType, tuple[str, tuple[Mark, ...]]] = weakref.WeakKeyDictionary()
"""The functions of marked classes, with the name and the marks of the class: a decorator may make another class."""


class Phase(enum.IntEnum):
    """The fixed order of a request's steps, whatever the order of the marks."""

    PREFLIGHT = 1
    RETIRED = 2
    ACCEPT = 3
    LIMIT_ADDRESS = 4
    AUTHENTICATE = 5
    SCOPES = 6
    LIMIT_USER = 7
    CSRF = 8
    IF_MATCH = 9
    MEDIA_TYPE = 10
    BODY = 11
    INPUTS = 12
    """The only phase that collects: each step may raise ``ValidationFailed``, and all of them leave as one 422."""
    IDEMPOTENCY = 13
    LOAD = 14
    PERMISSION = 15
    PRECONDITION = 16
    HANDLER = 17
    """The handler is called, then the steps of this phase: each gets what it returned, and may return another value."""
    OUTCOME = 18
    """From here on a step gets the reply and may return another."""
    ETAG = 19
    HEADERS = 20


class Key(t.Generic[_T]):
    """The typed key of a note in :attr:`Plan.notes` or :attr:`Call.notes`.

    Make one per kind of note, as a constant of your module: ``LOCK: Final = Key[Lock]("lock")``. Only what has the key
    can read or write the note, and a type checker knows what it holds.

    :param name: What the note is, for debugging.
    """

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"<Key {self.name!r}>"


if t.TYPE_CHECKING:

    class Notes:
        """Notes by their keys, each of the type that its key says; a plain ``dict`` when it runs."""

        def __contains__(self, key: object) -> bool: ...
        def __getitem__(self, key: Key[_T]) -> _T: ...
        def __setitem__(self, key: Key[_T], value: _T) -> None: ...
        def get(self, key: Key[_T]) -> _T | None: ...
        def setdefault(self, key: Key[_T], value: _T) -> _T: ...
        def pop(self, key: Key[_T], default: None) -> _T | None: ...

else:
    # PERF: reading a note is no call of a Python function.
    Notes = dict


REPRESENTATION_HEADERS: t.Final = Key[tuple[str, ...]]("representation headers")
"""The note of a :class:`Plan` with the names of the headers that belong to what an answer represents, like its body.
Marks set them in the phase ``OUTCOME``, so that a tag covers them and a 304 repeats them."""
REPLAY: t.Final = Key["Reply"]("replay")
"""The note of a :class:`Call` that is answered with what was kept for its idempotency key, if it is still allowed, or
kept in a cache: with the headers that it had."""


if t.TYPE_CHECKING:
    StepFunction: t.TypeAlias = cabc.Callable[[Context, "Call"], object]
    ValueFunction: t.TypeAlias = cabc.Callable[[Context, "Call", t.Any], object]
    ReplyFunction: t.TypeAlias = cabc.Callable[[Context, "Call", Reply], Reply | None]
else:
    # A tool that evaluates the annotations below finds no Context when it runs.
    StepFunction = ValueFunction = ReplyFunction = cabc.Callable[..., object]


class Step(msgspec.Struct, frozen=True):
    """One thing to do before the handler is called.

    :param phase: When: a phase before ``HANDLER``.
    :param run: ``run(ctx, call)``. A returned value that is not ``None`` is the answer, and the handler is not called.
    :param blocks: Whether it may wait, for a store or a database for instance: behind an ASGI server it then runs in a
        thread. A step whose function is not the framework's own counts as one that may, unless it is ``nonblocking``.
    :param alone: ``alone(handler, is_method)`` returns a handler that does the work of the step itself. For a step that
        only gives the handler values, and is the only one of its operation: that then needs no :class:`Call`. ``None``:
        it cannot.
    """

    phase: Phase
    run: StepFunction
    blocks: bool = False
    alone: cabc.Callable[[cabc.Callable[..., object], bool], cabc.Callable[..., object] | None] | None = None


class ValueStep(msgspec.Struct, frozen=True):
    """One thing to do with the value that the handler returned.

    :param run: ``run(ctx, call, value)``. A returned value that is not ``None`` takes its place.
    :param blocks: Whether it may wait; see :class:`Step`.
    """

    run: ValueFunction
    blocks: bool = False

    @property
    def phase(self) -> Phase:
        """Return ``HANDLER``."""
        return Phase.HANDLER


class ReplyStep(msgspec.Struct, frozen=True):
    """One thing to do with the reply.

    :param phase: When: a phase from ``OUTCOME`` on.
    :param run: ``run(ctx, call, reply)``. A returned reply that is not ``None`` takes its place.
    :param errors: Whether it also gets the answer to an error that an earlier step or the handler raised. Steps of
        phases that the error has cut off have then not been run.
    :param blocks: Whether it may wait; see :class:`Step`.
    """

    phase: Phase
    run: ReplyFunction
    errors: bool = False
    blocks: bool = False


Steps: t.TypeAlias = "cabc.Iterable[Step | ValueStep | ReplyStep]"
"""The steps that :meth:`Mark.run` gives."""


class Call:
    """One run of an operation, passed to each step.

    :param operation: The frozen record.
    :param view_args: The values from the path, which the handler gets as keyword arguments.
    """

    __slots__ = (
        "_body",
        "arguments",
        "begun",
        "entered",
        "instance",
        "kwargs",
        "length",
        "loaded",
        "notes",
        "object",
        "operation",
        "query",
        "reply",
        "text",
        "value",
        "view_args",
    )

    length: int | None
    """The declared length of a JSON body, 0 for a body of another type; from the phase ``MEDIA_TYPE`` on, and
    from ``BODY`` on the one that it has."""
    reply: Reply | None
    """The answer, while what :meth:`Mark.around` gave is left after it; ``None`` before, and where an exception ended
    the handler. Only for operations with an ``around``."""
    begun: bool
    """True if the handler was called. Only for operations with an ``around``."""
    entered: list[tuple[Named, contextlib.AbstractContextManager[object]]]
    """The context managers that were entered and not left so far, each with its ``Around``; kept by the runner."""

    def __init__(self, operation: Operation, view_args: dict[str, object], slots: int, instance: object) -> None:
        self.operation = operation
        self.view_args = view_args
        self.arguments: list[t.Any] = [None] * slots
        """The values that the handler gets by position; a mark owns the place that :meth:`Plan.take_slot` gave it."""
        self.kwargs: dict[str, object] = view_args
        """The values that are passed to the handler by name."""
        self.instance = instance
        """The resource, for methods."""
        self.text: bytes | None = None
        """The JSON text of the body, once the phase ``BODY`` is over and where there is one."""
        self.loaded: object = NOT_TAKEN
        """The value that the text loads as, where reading and loading it could be done in one go."""
        self._body: t.Any = None
        self.query: cabc.Mapping[str, list[str]] | None = None
        """The values of the query string, once a mark has asked for them."""
        self.object: t.Any = None
        """The object that the phase ``LOAD`` found for the values of the path, for permissions and preconditions."""
        self.value: t.Any = None
        """The value that the handler returned."""
        self.notes: Notes = Notes()
        """The notes of marks for their later steps and for other marks, each note under its :class:`Key`."""

    @property
    def body(self) -> t.Any:
        """The parsed JSON body, once the phase ``BODY`` is over."""
        if self._body is None and self.text is not None:
            self._body = fast_json.decode(self.text, exact=True)
        return self._body

    @body.setter
    def body(self, value: object) -> None:
        self._body = value


AroundFactory: t.TypeAlias = "cabc.Callable[[Context, Call], Manager | None]"
"""Makes the context manager of one request, or none; see :meth:`Mark.around`."""


class Plan:
    """The operation in the making, as a mark sees it when it is asked for its steps and records.

    :param config: The application's settings.
    :param rule: The rule of werkzeug.
    :param method: The HTTP method.
    :param handler: The function or method that will be called.
    :param endpoint: The endpoint.
    :param marks: All marks of the operation, merged, the outermost first.
    :param encode: What writes plain values as JSON: the application's provider.
    :param direct: Whether declared answers may go straight to the wire, the provider being untouched.
    :param reads_environ: Whether body and query may be read without a request: its class is the framework's own.
    :param ensure_sync: The application's ``ensure_sync``.
    :param shared: What all operations of one freeze share.
    :param app: The application.
    """

    def __init__(
        self,
        config: Config,
        rule: Rule,
        method: str,
        handler: cabc.Callable[..., object],
        endpoint: str,
        marks: tuple[Mark, ...],
        *,
        encode: cabc.Callable[[object], bytes],
        direct: bool,
        reads_environ: bool,
        ensure_sync: cabc.Callable[[cabc.Callable[..., object]], cabc.Callable[..., t.Any]] = lambda function: function,
        shared: Notes | None = None,
        app: Application | None = None,
    ) -> None:
        self.app = app
        """The application, for what outlives a freeze; its ``extensions`` keep that."""
        self.reads_environ = reads_environ
        self._ensure_sync = ensure_sync
        self.has_coroutines = False
        """True if a mark has asked for an asynchronous function of a user."""
        self.calls_users = False
        """True if the mark that is asked has asked for a function of a user that may wait."""
        self.encode = encode
        self.direct = direct
        self.fast = bool(config["FAST_PATH"])
        """True if compiled functions are used."""
        self.compare = config["FAST_PATH"] == "compare"
        """True if marshmallow does the same work too, and differences are logged."""
        self.config = config
        self.rule = rule
        self.method = method
        self.handler = handler
        self.endpoint = endpoint
        self.marks = marks
        self.slots = 0
        self.json_limit: int | None = None
        """The longest body, in bytes, that its marks read as JSON; ``None`` where none does, or of any length."""
        self.preparations: list[cabc.Callable[[], None]] = []
        """Called by ``freeze(compile=True)``: a mark that uses a schema adds what compiles it."""
        self.query_names: set[str] = set()
        """Names in the query string that marks read without a schema: they are not undeclared."""
        self.notes: Notes = Notes()
        """The notes that marks of one family share at freeze, each under its :class:`Key`."""
        self.shared: Notes = Notes() if shared is None else shared
        """Notes that all operations of one freeze share, each under its :class:`Key`."""
        self.names: set[str] = set()
        """The names of values that marks pass to the handler, in addition to those of the path."""
        self.dropped: set[str] = set()
        """Values of the path that a mark takes away."""
        self.names_open = False
        """True if the names are not known before a request."""
        self.shapes: list[Shape] = []
        """The changes of marks to the value of the handler before it is written, see ``marks.shapes``."""

    @property
    def called(self) -> str:
        """Return what the handler is called, for messages."""
        return called(self.handler)

    @property
    def address(self) -> str:
        """Method and path, see :func:`address`."""
        return address(self.method, self.rule)

    def ensure_sync(self, function: cabc.Callable[..., object]) -> cabc.Callable[..., t.Any]:
        """Make a user's function, asynchronous or not, one that is called and returns; a mark asks it in ``run``."""
        if inspect.iscoroutinefunction(function):
            self.has_coroutines = True
        elif not is_nonblocking(function):
            self.calls_users = True
        return self._ensure_sync(function)

    def take_slot(self) -> int:
        """Reserve the next positional argument of the handler; its index in :attr:`Call.arguments`."""
        self.slots += 1
        return self.slots - 1


class Mark:
    """One declaration. Subclass it to write your own.

    Use an instance as a decorator of a function, a method or a Resource class, or give it to ``Router(marks=[...])``
    or ``App(marks=[...])`` for all that is below.
    """

    nearest_counts: t.ClassVar[bool] = False
    """True if of several marks of the class that sets this only the one nearest to the handler counts."""

    around_phase: Phase = Phase.LOAD
    """The phase before whose steps :meth:`around` is entered: any up to ``HANDLER``. Default: once the client is known
    and what it sent is checked, and before objects are loaded."""

    keeps_answer: t.ClassVar[bool] = False
    """True if the mark keeps the answer, as ``idempotent`` does. Its :meth:`around` is then entered before all others,
    whatever the phase, and left after them, since each of them may still turn the answer into an error."""

    runs_again: t.ClassVar[bool] = False
    """True if what :meth:`around` gives decides whether the work inside runs anew after an exception: it then has a
    method ``runs_again(error)``. It is entered before the others of its phase, once. For each run the call has the
    values that it had then, and what the failed run has put off for later is dropped."""

    names_given: frozenset[str] = frozenset()
    """The names of the values that it passes in the phase ``LOAD`` to handlers that take them, for permissions."""

    @property
    def sources(self) -> tuple[object, ...]:
        """The functions that the mark calls by itself, as providers: their marks speak to it, and to no operation."""
        return ()

    def companions(self) -> tuple[Mark, ...]:
        """Return the marks that an operation with this one has in its place; this one then comes after all others.

        For a mark whose work begins with that of another kind.
        """
        return ()

    origin: Mark | None = None
    """The mark that this one is a changed copy of, as versions of an API have them; ``None`` for the mark itself."""

    def __call__(self, target: _T) -> _T:
        """Attach the mark; the very same target is returned."""
        if isinstance(target, (staticmethod, classmethod)):  # what a request calls is the function below
            self(target.__func__)
            return target
        own = own_marks(target) if isinstance(target, type) else marks_of(target)
        try:
            # Decorators apply from the bottom up: the one applied last stands on top, so it goes in front.
            setattr(target, ATTRIBUTE, (self, *own))
            _targets[id(target)] = target
            if isinstance(target, type):
                for member in vars(target).values():
                    if type(member) is types.FunctionType:
                        class_marks[member] = (target.__qualname__, (self, *own))
        except (AttributeError, TypeError):  # slots, or a type written in C
            raise SetupError(
                f"{target!r} cannot carry the mark {mention(self)}. Put it on a function, a method or a Resource class."
            ) from None
        return target

    def merge(self, inner: tuple[Mark, ...]) -> tuple[Mark, ...]:
        """Join the marks nearer to the handler, as a mark of its class, router or application.

        :param inner: The marks found so far.
        :return: All of them. Default: this one in front; none of it where :attr:`nearest_counts` and one is there.
        """
        if self.nearest_counts:
            kind = next(cls for cls in type(self).__mro__ if vars(cls).get("nearest_counts"))
            if any(isinstance(mark, kind) for mark in inner):
                return inner
        return (self, *inner)

    def check_beside(self, others: tuple[Mark, ...], where: str) -> None:
        """Look at the other marks on the same function, class, router or application. Asked at freeze.

        :param others: They.
        :param where: The thing that they are on, for messages.
        :raises SetupError: One of them and this one cannot both hold.
        """

    def inherit(self, own: tuple[Mark, ...]) -> tuple[Mark, ...]:
        """Join the marks of a method that overrides the one with this mark.

        :param own: The marks of the overriding method, and what it has inherited from nearer classes.
        :return: All that apply to it. Default: its own, nothing is inherited.
        """
        return own

    def install(self, scaffold: Scaffold) -> None:
        """Called once when the mark is given to ``Router(marks=[...])`` or ``App(marks=[...])``.

        A mark that also acts where no operation serves (an unknown path, an automatic OPTIONS) adds its hooks here.

        :param scaffold: The router or the application, whose set-up methods may be used.
        :raises SetupError: The mark does not belong there.
        """

    def run(self, plan: Plan) -> Steps:
        """The first face: what it does. Asked once, at freeze."""
        return ()

    def around(self, plan: Plan) -> AroundFactory | None:
        """Return what makes a context manager for each request, so that the mark gives back what it takes.

        Asked once, at freeze, after :meth:`run`. For a request ``make(ctx, call)`` is called and entered before the
        steps of :attr:`around_phase`, the outermost mark first. It is left once the value of the handler was dumped,
        in reverse, before any step from ``OUTCOME`` on: then :attr:`Call.reply` is the answer, which may be a returned
        404 or 500. An exception before that is thrown into it, before error handlers run; so is a ``SystemExit``. What
        it raises goes to those outside of it and to the error handlers. It cannot swallow: a true value from
        ``__exit__`` is a ``RuntimeError``. A body that is made while it is sent comes after it.

        An asynchronous context manager goes through ``App.async_to_sync``, as an asynchronous handler does. With
        asgiref both run in one event loop.

        :param plan: The operation in the making.
        :return: A function of the context and the call, which may return ``None`` for a request that needs no context
            manager; or ``None`` where the whole operation needs none.
        """
        return None

    def document(self, plan: Plan) -> cabc.Iterable[Record]:
        """The second face: what it adds to the document. Asked once, at freeze, after :meth:`run`."""
        return ()


def address(method: str, rule: Rule) -> str:
    """``GET /pets/<int:pet_id>``: where an operation is, for messages and counts.

    The version of the API follows in brackets where only the request tells it.
    """
    version = f" ({t.cast(t.Any, rule).version})" if getattr(rule, "by_request", False) else ""
    return f"{method} {rule.rule}{version}"


def called(handler: object) -> str:
    """Return what a function is called, for messages; a partial function or an object has no name."""
    return str(getattr(handler, "__qualname__", None) or repr(handler))


def mention(mark: Mark) -> str:
    """Return what a mark is called, for messages."""
    return type(mark).__name__ if type(mark).__repr__ is object.__repr__ else repr(mark)


def is_inherited(mark: Mark) -> bool:
    """Return whether a method that overrides the one with the mark has it too."""
    return type(mark).inherit is not Mark.inherit


def marked_targets() -> list[object]:
    """Every function, class and other object that has received a mark and is still there."""
    return list(_targets.values())


def carried_marks(target: object) -> tuple[Mark, ...]:
    """The marks on something that has received one, without those behind it."""
    if isinstance(target, type):
        return own_marks(target)
    if type(target) is not types.FunctionType:
        return marks_of(target)
    carried: tuple[Mark, ...] = vars(target).get(ATTRIBUTE, ())
    return carried


def own_marks(cls: type) -> tuple[Mark, ...]:
    """The marks on a class itself, without those of its bases."""
    marks: tuple[Mark, ...] = vars(cls).get(ATTRIBUTE, ())
    return marks


def marks_of(target: object) -> tuple[Mark, ...]:
    """The marks on a function, method or class, the top one first; looks through ``__wrapped__``.

    A class has those of its bases too, after its own.
    """
    if isinstance(target, type):
        return tuple(mark for cls in target.__mro__ for mark in own_marks(cls))
    if isinstance(target, (staticmethod, classmethod)):
        target = target.__func__
    seen = 0
    while target is not None and seen < 100:
        marks: tuple[Mark, ...] | None = getattr(target, ATTRIBUTE, None)
        if marks:
            return marks
        target = getattr(target, "__wrapped__", None)
        seen += 1
    return ()


# The records of the document face.


class Parameter(msgspec.Struct, frozen=True):
    """A parameter outside of the body.

    :param name: As the client writes it.
    :param location: ``"query"``, ``"path"``, ``"header"`` or ``"cookie"``.
    :param field: Its marshmallow field, an instance.
    :param description: Default: the ``description`` in the field's metadata.
    :param checked: Whether the mark checks the value itself. Where it does not, the framework checks it by the
        field in the phase ``INPUTS``, as ``arguments`` does, and a refusal is the same 422.
    """

    name: str
    location: t.Literal["query", "path", "header", "cookie"]
    field: AnyField
    description: str = ""
    checked: bool = False


class Body(msgspec.Struct, frozen=True):
    """A request body in one media type.

    :param schema: A schema instance.
    :param media_type: The media type.
    :param required: Whether it may be left out.
    :param description: What it is for.
    :param examples: Whole bodies by name.
    :param unknown: What the mark says of undeclared members, at every depth; ``None`` when it says nothing.
    :param is_text: Whether the body as a whole is text, which is not JSON and has no schema.
    :param is_multipart: Whether it is a form whose objects are parts of JSON.
    """

    schema: Schema
    media_type: str = "application/json"
    required: bool = True
    description: str = ""
    examples: cabc.Mapping[str, object] | None = None
    unknown: str | None = None
    is_text: bool = False
    is_multipart: bool = False


class Header(msgspec.Struct, frozen=True):
    """A header of an answer.

    :param name: The name.
    :param field: A marshmallow field, an instance.
    :param description: What it says.
    :param status: On the outcomes of this status alone; ``None`` for all below 400.
    :param required: Whether it is always there.
    :param implied: Whether the framework sends it with every answer of its error class, whatever a mark declares: Allow
        with 405, Retry-After with 429 and 503, and so on.
    """

    name: str
    field: AnyField
    description: str = ""
    status: int | None = None
    required: bool = False
    implied: bool = False


class Outcome(msgspec.Struct, frozen=True):
    """An answer that the operation may give.

    :param status: The status code.
    :param schema: What dumps the value, an instance; ``None`` for an empty body, or with ``error``.
    :param description: Default: the phrase of the status, or the error's docstring.
    :param headers: Headers of this answer.
    :param media_type: The media type of the body.
    :param error: The error class, for an answer that is an error.
    :param examples: Whole bodies by name.
    :param links: What can be called next with it, by name.
    :param items: What dumps each part of a stream, an instance, or one for each type of events; the body as a whole is
        then text.
    :param is_binary: Whether the body is bytes of any kind, a file mostly.
    :param trusted: Whether values are written as they are, without the schema, see :func:`~framework.response`.
    :param implied: Whether the framework gives the answer by itself, whatever the operation declares: 405, 500, a 404
        for a path with variables, and some 200 where no success is declared.
    """

    status: int
    schema: Schema | None = None
    description: str = ""
    headers: tuple[Header, ...] = ()
    media_type: str = "application/json"
    error: type[APIError] | None = None
    examples: cabc.Mapping[str, object] | None = None
    links: tuple[tuple[str, Link], ...] = ()
    items: Schema | cabc.Mapping[str, Schema] | None = None
    is_binary: bool = False
    implied: bool = False
    trusted: bool = False

    @property
    def schemas(self) -> tuple[Schema, ...]:
        """The schemas of the body and of its parts."""
        items = self.items
        parts = items.values() if isinstance(items, cabc.Mapping) else (items,)
        return tuple(each for each in (self.schema, *parts) if each is not None)


class Security(msgspec.Struct, frozen=True):
    """A security requirement: with this scheme the operation may be called.

    :param name: The scheme's name in the document.
    :param scheme: Its OpenAPI Security Scheme Object.
    :param scopes: The scopes that it needs.
    :param optional: Whether the operation may also be called without.
    :param example: How the credentials are spelt, with capitals to fill in, like ``Token TOKEN``, for ``curl`` lines.
        Default: as the scheme says.
    """

    name: str
    scheme: cabc.Mapping[str, object]
    scopes: tuple[str, ...] = ()
    optional: bool = False
    example: str = ""


class Doc(msgspec.Struct, frozen=True):
    """Words about the operation. What is ``None`` leaves what others say."""

    summary: str | None = None
    description: str | None = None
    tags: tuple[str, ...] | None = None
    deprecated: bool | None = None
    hidden: bool | None = None
    operation_id: str | None = None
    extra: cabc.Mapping[str, object] | None = None
    """Merged into the operation object at last."""


class Callback(msgspec.Struct, frozen=True):
    """Requests that the application sends because of this operation.

    :param expression: Where to: a URL with runtime expressions in braces.
    :param outgoing: What is sent; its name is that of the callback.
    """

    expression: str
    outgoing: Outgoing


Record: t.TypeAlias = Parameter | Body | Header | Outcome | Security | Doc | Callback
