"""Context managers around an operation: entering those of its marks, and leaving them however the handler ends.

Not here: when a runner does it (``resources.operation``), what a mark gives (``marks.base``).
Floor 5.
"""

from __future__ import annotations

import collections.abc as cabc
import copy
import inspect
import operator
import typing as t

import msgspec
from werkzeug.wrappers import Response as BaseResponse

from ..errors import SetupError
from ..helpers import is_nonblocking
from ..marks.base import AroundFactory, Call, Mark, Phase, Plan, Step, mention
from .off_loop import OffLoopManager, is_async

if t.TYPE_CHECKING:
    import contextlib
    from types import TracebackType

    from ..context import Context
    from ..http.response import Reply
    from ..marks.base import Notes
    from ..typing import Named

    Responder: t.TypeAlias = cabc.Callable[[Context, Call], Reply]
    Entered: t.TypeAlias = list[tuple[Named, contextlib.AbstractContextManager[object]]]

    class Rerunning(t.Protocol):
        """A context manager of a mark with ``runs_again``."""

        def runs_again(self, error: Exception) -> bool:
            """Return whether what is inside runs anew after an exception."""


_T = t.TypeVar("_T")


class Around(msgspec.Struct, frozen=True, eq=False):
    """A context manager that a mark puts around an operation, decided at freeze."""

    mark: Mark
    phase: Phase
    """The phase before whose steps it is entered."""
    make: AroundFactory
    """``make(ctx, call)`` returns the context manager of a request, or ``None`` where it needs none."""
    place: str
    """File and line of the mark's class, for messages."""

    @property
    def order(self) -> int:
        """The place in the order of entering: the phase, or before all phases for a mark that keeps the answer."""
        return 0 if self.mark.keeps_answer else self.phase

    @property
    def name(self) -> str:
        """The mark and its place, for messages."""
        return f"{mention(self.mark)} ({self.place})"


def make_around(mark: Mark, plan: Plan, place: str) -> Around | None:
    """Ask a mark for its context managers.

    :param place: File and line of its class.
    :return: ``None`` where it has none for this operation.
    :raises SetupError: It returns something other than a function that makes context managers, or names a phase after
        the handler.
    """
    make = mark.around(plan)
    if make is None:
        return None
    where = f"{mention(mark)} on {plan.called} ({plan.address})"
    if not callable(make):
        raise SetupError(
            f"{where} returned {make!r} from 'around', which cannot be called. Return a function (ctx, call) that makes"
            f" a context manager, or None ({place})."
        )
    if inspect.isgeneratorfunction(make) or inspect.isasyncgenfunction(make):
        raise SetupError(
            f"{where} returned a generator function from 'around', which makes no context manager. Put"
            f" contextlib.{'async' if inspect.isasyncgenfunction(make) else ''}contextmanager on it ({place})."
        )
    phase = mark.around_phase
    if not isinstance(phase, Phase) or phase > Phase.HANDLER:
        raise SetupError(
            f"{where} has the 'around_phase' {phase!r}. What is around the handler is entered before it: name a phase"
            f" from PREFLIGHT to HANDLER ({place})."
        )
    return Around(mark, phase, plan.ensure_sync(make), place)


def in_order(arounds: cabc.Iterable[Around]) -> tuple[Around, ...]:
    """Sort into the order of entering.

    That of a mark that keeps the answer comes first, so that it is left last: the others may still turn the answer
    into an error.

    :param arounds: In the order of their marks.
    """
    return tuple(sorted(arounds, key=lambda around: (around.order, not around.mark.runs_again)))


def with_entering(before: cabc.Iterable[Step], arounds: cabc.Iterable[Around], hops: bool = False) -> list[Step]:
    """Put steps that enter context managers between the steps before the handler.

    :param before: These, in their order.
    :param arounds: In the order in which they are entered.
    :param hops: Whether the operation may run on an event loop.
    """
    placed = [(around.order, _entering(around, hops)) for around in arounds]
    placed += [(int(step.phase), step) for step in before]
    return [step for _, step in sorted(placed, key=operator.itemgetter(0))]


def _entering(around: Around, hops: bool) -> Step:
    make = around.make

    def enter(ctx: Context, call: Call) -> AsyncScope | RerunScope | None:
        inner: t.Any = make(ctx, call)
        manager = inner
        if manager is None:
            return None
        if not hasattr(type(manager), "__exit__"):
            if not hasattr(type(manager), "__aexit__"):
                raise TypeError(
                    f"{around.name} made an object of the type {type(manager).__name__!r}, which is not a context"
                    " manager. Let the function that its 'around' returns make one."
                )
            if ctx.app.has_own_loop:
                return AsyncScope(around, manager)
            manager = SyncManager(manager)
        elif hops and not is_nonblocking(make):
            manager = OffLoopManager(manager)
        manager.__enter__()
        call.entered.append((around, manager))
        return RerunScope(inner) if around.mark.runs_again else None

    blocks = not (is_async(around) or is_nonblocking(make) or around.mark.runs_again)
    return Step(around.phase, enter, blocks=blocks)


class SyncManager:
    """An asynchronous context manager as one that synchronous code enters and leaves: in one task, on one event loop.

    :param manager: The asynchronous one.
    """

    def __init__(self, manager: contextlib.AbstractAsyncContextManager[object]) -> None:
        self._manager = manager
        self._is_leaving = False

    def __enter__(self) -> object:
        from .._coroutines import wait_for  # PERF: imports asyncio, 20 ms

        return wait_for(self._manager.__aenter__())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> bool | None:
        from .._coroutines import wait

        # Not 'wait_for': it goes to its end also when the deadline of the request is over.
        if error is not None:
            return wait(self._leave(error, tb), cleans_up=True)
        try:
            return wait(self._leave(None, None))
        except BaseException as raised:
            if not self._is_leaving:  # the client had left before it began
                wait(self._leave(raised, raised.__traceback__), cleans_up=True)
            raise

    async def _leave(self, error: BaseException | None, tb: TracebackType | None) -> bool | None:
        self._is_leaving = True
        return await self._manager.__aexit__(None if error is None else type(error), error, tb)


class AsyncScope(t.NamedTuple):
    """An asynchronous context manager that is still to be entered; a step returns it to be put around the rest.

    For an application that runs coroutines by itself (``App.async_to_sync``), with a loop that may end with each.
    """

    around: Around
    manager: contextlib.AbstractAsyncContextManager[object]

    def run(self, ctx: Context, call: Call, rest: Responder) -> Reply:
        """Make the rest of the answer within the context manager.

        One event loop runs from entering to leaving: when a loop ends, it ends the asynchronous generators in it, so a
        loop for each of the two would leave the context manager before the handler is called.

        :param rest: What runs the steps behind it, the handler and the dump.
        """

        async def within() -> tuple[Reply | None, BaseException | None]:
            return await self._within(ctx, call, rest)

        within.__qualname__ = f"The context manager of {self.around.name}"  # where no bridge is installed
        reply, error = ctx.app.async_to_sync(within)()
        try:
            if error is not None:
                raise error
            return t.cast("Reply", reply)
        finally:
            error = None  # the exception would refer to itself by its traceback

    async def _within(self, ctx: Context, call: Call, rest: Responder) -> tuple[Reply | None, BaseException | None]:
        # Exceptions are values here: an event loop takes SystemExit for its own end, and a future no StopIteration.
        reply: Reply | None = None
        error: BaseException | None
        try:
            await self.manager.__aenter__()
        except BaseException as raised:  # noqa: BLE001 - raised outside of the loop
            return None, raised
        try:
            reply, error = await _in_thread(_try_within, ctx, call, rest)
        except BaseException as raised:  # noqa: BLE001 - the loop was cancelled
            error = raised
        try:
            await self._leave(call, error)
        except BaseException as raised:  # noqa: BLE001 - raised outside of the loop
            error = raised
        try:
            if error is not None and reply is not None:
                _close(ctx, reply)
            return reply, error
        finally:
            error = None

    async def _leave(self, call: Call, error: BaseException | None) -> None:
        if error is None:
            await self.manager.__aexit__(None, None, None)
            return
        try:
            raise error  # so that it is the context of what is raised now
        except BaseException:  # noqa: BLE001
            if await self.manager.__aexit__(type(error), error, error.__traceback__):
                _refuse_silence(self.around, call, error)
        finally:
            error = None


class RerunScope(t.NamedTuple):
    """A context manager that decides whether the rest runs anew; a step returns it to be put around that.

    :ivar manager: It, entered.
    """

    manager: Rerunning

    def run(self, ctx: Context, call: Call, rest: Responder) -> Reply:
        """Make the rest of the answer, anew as often as the context manager says.

        :param rest: What runs the steps behind it, the handler and the dump.
        :raises Exception: That of the last run.
        """
        from .._coroutines import switches  # PERF: imports asyncio, 20 ms

        begun, entered = BegunCall(ctx, call), call.entered
        while True:
            try:
                return answer_within(ctx, call, rest)
            except Exception as error:
                if not switches.hop(self.manager.runs_again, error):
                    raise
            finally:
                call.entered = entered
            begun.restore()


class BegunCall:
    """The state of a call before its objects are loaded, to which a failed run is taken back.

    :param ctx: The context.
    :param call: The call.
    """

    def __init__(self, ctx: Context, call: Call) -> None:
        self._ctx = ctx
        self._call = call
        self._values = fresh((call.arguments, call.kwargs))
        self._notes = dict(t.cast("dict[object, object]", call.notes))
        self._loaded = call.object
        self._conditional = copy.copy(ctx.conditional)
        self._later = ctx.deferred, ctx._after_request_functions, ctx._before_sending

    def restore(self) -> None:
        """Give the call its state back."""
        ctx, call = self._ctx, self._call
        call.arguments, call.kwargs = t.cast("tuple[list[object], dict[str, object]]", fresh(self._values))
        call.notes = t.cast("Notes", dict(self._notes))
        call.object, call.value, call.begun = self._loaded, None, False
        ctx.conditional = copy.copy(self._conditional)
        ctx.deferred, ctx._after_request_functions, ctx._before_sending = self._later


def fresh(value: object) -> object:
    """Return a copy of inputs that a handler may change: of lists, dictionaries, sets and dataclasses, at all depths.

    A file is put back to its beginning.
    """
    if isinstance(value, dict):
        return {key: fresh(each) for key, each in value.items()}
    if isinstance(value, (list, set, tuple)):
        return type(value)(map(fresh, value)) if type(value) in (list, set, tuple) else copy.copy(value)
    if hasattr(type(value), "__dataclass_fields__") or hasattr(type(value), "__attrs_attrs__"):
        made = copy.copy(value)
        for name, each in getattr(made, "__dict__", {}).items():
            object.__setattr__(made, name, fresh(each))
        return made
    seek = getattr(value, "seek", None)
    if callable(seek):
        seek(0)
    return value


def _try_within(ctx: Context, call: Call, rest: Responder) -> tuple[Reply | None, BaseException | None]:
    try:
        return answer_within(ctx, call, rest), None
    except BaseException as error:  # noqa: BLE001 - raised outside of the loop
        return None, error


async def _in_thread(function: cabc.Callable[..., _T], *args: object) -> _T:
    """Call a function that may block, and may run a loop itself."""
    import asyncio  # PERF: where it is needed

    return await asyncio.to_thread(function, *args)


def answer_within(ctx: Context, call: Call, answer: Responder) -> Reply:
    """Make an answer, and leave the context managers that were entered meanwhile, the last one first.

    An exception is thrown into each; what one of them raises is thrown into the next.

    :param answer: What runs the steps, the handler and the dump.
    :raises BaseException: What came out of the outermost.
    """
    entered: Entered = []
    call.entered = entered
    left: BaseException | None = None
    try:
        try:
            reply = call.reply = answer(ctx, call)
        except BaseException as error:
            left = _throw(entered, call, error)
            if left is error:
                raise
        else:
            left = _leave(entered, call) if entered else None
            if left is None:
                return reply
            _close(ctx, reply)
        raise left
    finally:
        left = None  # the exception would refer to itself by its traceback


def _leave(entered: Entered, call: Call) -> BaseException | None:
    """Leave all after an answer; return what one has raised, after it was thrown into those outside of it."""
    while entered:
        try:
            entered.pop()[1].__exit__(None, None, None)
        except BaseException as error:  # noqa: BLE001 - raised by the caller
            return _throw(entered, call, error)
    return None


def _throw(entered: Entered, call: Call, error: BaseException) -> BaseException:
    """Leave all with an exception; return the one that is to be raised.

    Called where ``error`` is being handled, so that it becomes the context of what a context manager raises.
    """
    while entered:
        around, manager = entered.pop()
        try:
            if manager.__exit__(type(error), error, error.__traceback__):
                _refuse_silence(around, call, error)
        except BaseException as raised:  # noqa: BLE001 - raised by the caller
            if raised is not error:
                return _throw(entered, call, raised)
    return error


def _refuse_silence(around: Named, call: Call, error: BaseException) -> None:
    """Answer a context manager that swallows the exception: no value could be sent.

    :raises RuntimeError: Always, but for exceptions that end the process: those go on.
    """
    operation = call.operation
    text = (
        f"{around.name} swallowed a {type(error).__name__} of {operation.address}: '__exit__' of"
        " its context manager returned true, or its generator did not raise again. Then nothing is left to answer"
        " with. Let the exception go on and answer it in an error handler, or raise another one."
    )
    if isinstance(error, Exception):
        raise RuntimeError(text) from error
    error.add_note(text)


def _close(ctx: Context, reply: Reply) -> None:
    """Close an answer that is not sent: it may hold a file or a generator."""
    if isinstance(reply, BaseResponse):
        try:
            reply.close()
        except Exception:
            ctx.app.logger.exception("An answer that is not sent could not be closed")
