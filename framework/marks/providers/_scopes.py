"""Values that are given back: what enters a generator or a context manager, and leaves it with or without an error.

Not here: in which order (``marks.providers._resolution``).
Floor 4.
"""

from __future__ import annotations

import asyncio
import collections.abc as cabc
import contextlib
import typing as t

from ._sources import SourceKind

if t.TYPE_CHECKING:
    from types import TracebackType

    from ._graph import ProviderNode

_T = t.TypeVar("_T")


class OpenValue:
    """A value with a clean-up: to be entered and left by synchronous code.

    :param node: Its provider, for messages.
    """

    __slots__ = ("is_entered", "node")

    is_async: t.ClassVar[bool] = False

    def __init__(self, node: ProviderNode) -> None:
        self.node = node
        self.is_entered = False

    def enter(self) -> object:
        """Open it, and return the value."""
        raise NotImplementedError

    def leave(self, error: BaseException | None) -> None:
        """Give it back.

        :param error: The exception that has ended the work; ``None`` where there is none.
        :raises BaseException: Another exception, which takes the place of that one.
        """
        raise NotImplementedError


class OpenGenerator(OpenValue):
    """The value of a generator.

    :param generator: The generator, not begun.
    """

    __slots__ = ("generator",)

    def __init__(self, node: ProviderNode, generator: cabc.Generator[object]) -> None:
        super().__init__(node)
        self.generator = generator

    def enter(self) -> object:
        try:
            value = next(self.generator)
        except StopIteration:
            raise yields_never(self.node) from None
        self.is_entered = True
        return value

    def leave(self, error: BaseException | None) -> None:
        generator, traceback = self.generator, traceback_of(error)
        try:
            if error is None:
                next(generator)
            else:
                generator.throw(error)
        except StopIteration as raised:
            if error is not None and raised is not error:
                refuse_silence(self.node, error)
            return
        except BaseException as raised:
            if is_the_same(raised, error):
                restore(error, traceback)
                return
            raise
        generator.close()
        raise yields_again(self.node) from error


class OpenManager(OpenValue):
    """The value of a context manager.

    :param manager: The context manager, not entered.
    """

    __slots__ = ("manager",)

    def __init__(self, node: ProviderNode, manager: contextlib.AbstractContextManager[object]) -> None:
        super().__init__(node)
        self.manager = manager

    def enter(self) -> object:
        value = self.manager.__enter__()
        self.is_entered = True
        return value

    def leave(self, error: BaseException | None) -> None:
        traceback = traceback_of(error)
        try:
            if error is None:
                self.manager.__exit__(None, None, None)
            elif self.manager.__exit__(type(error), error, error.__traceback__):
                refuse_silence(self.node, error)
        except BaseException as raised:
            if not is_the_same(raised, error):
                raise
            restore(error, traceback)


class AsyncOpenValue(OpenValue):
    """A value with an asynchronous clean-up; synchronous code waits for its coroutines."""

    __slots__ = ()

    is_async = True

    async def enter_async(self) -> object:
        """Open it, and return the value."""
        raise NotImplementedError

    async def leave_async(self, error: BaseException | None) -> None:
        """Give it back; see :meth:`OpenValue.leave`."""
        raise NotImplementedError

    def enter(self) -> object:
        from ..._coroutines import wait_for

        return wait_for(self.enter_async())

    def leave(self, error: BaseException | None) -> None:
        from ..._coroutines import wait

        # Not 'wait_for': it goes to its end also when the deadline of the request is over.
        if error is not None:
            wait(self._leaving(error), cleans_up=True)
            return
        try:
            wait(self._leaving(None))
        except BaseException as raised:
            if self.is_entered:  # the client had left before it began
                wait(self._leaving(raised), cleans_up=True)
            raise

    async def _leaving(self, error: BaseException | None) -> None:
        self.is_entered = False
        await self.leave_async(error)


class OpenAsyncGenerator(AsyncOpenValue):
    """The value of an asynchronous generator.

    :param generator: The generator, not begun.
    """

    __slots__ = ("generator",)

    def __init__(self, node: ProviderNode, generator: cabc.AsyncGenerator[object]) -> None:
        super().__init__(node)
        self.generator = generator

    async def enter_async(self) -> object:
        try:
            value = await self.generator.__anext__()
        except StopAsyncIteration:
            raise yields_never(self.node) from None
        self.is_entered = True
        return value

    async def leave_async(self, error: BaseException | None) -> None:
        generator, traceback = self.generator, traceback_of(error)
        try:
            if error is None:
                await generator.__anext__()
            else:
                await generator.athrow(error)
        except StopAsyncIteration as raised:
            if error is not None and raised is not error:
                refuse_silence(self.node, error)
            return
        except BaseException as raised:
            if is_the_same(raised, error):
                restore(error, traceback)
                return
            raise
        await generator.aclose()
        raise yields_again(self.node) from error


class OpenAsyncManager(AsyncOpenValue):
    """The value of an asynchronous context manager.

    :param manager: The context manager, not entered.
    """

    __slots__ = ("manager",)

    def __init__(self, node: ProviderNode, manager: contextlib.AbstractAsyncContextManager[object]) -> None:
        super().__init__(node)
        self.manager = manager

    async def enter_async(self) -> object:
        value = await self.manager.__aenter__()
        self.is_entered = True
        return value

    async def leave_async(self, error: BaseException | None) -> None:
        traceback = traceback_of(error)
        try:
            if error is None:
                await self.manager.__aexit__(None, None, None)
            elif await self.manager.__aexit__(type(error), error, error.__traceback__):
                refuse_silence(self.node, error)
        except BaseException as raised:
            if not is_the_same(raised, error):
                raise
            restore(error, traceback)


OPEN_VALUES: t.Final[cabc.Mapping[SourceKind, type[t.Any]]] = {
    SourceKind.GENERATOR: OpenGenerator,
    SourceKind.ASYNC_GENERATOR: OpenAsyncGenerator,
    SourceKind.MANAGER: OpenManager,
    SourceKind.ASYNC_MANAGER: OpenAsyncManager,
}
"""The class for each kind of provider with a clean-up."""


def is_the_same(raised: BaseException, error: BaseException | None) -> bool:
    """Return whether a provider has let the exception go that was thrown into it.

    A generator turns ``StopIteration`` and ``StopAsyncIteration`` into a ``RuntimeError`` that has it as its cause.
    """
    if error is None:
        return False
    return raised is error or (
        isinstance(error, (StopIteration, StopAsyncIteration))
        and isinstance(raised, RuntimeError)
        and raised.__cause__ is error
    )


def traceback_of(error: BaseException | None) -> TracebackType | None:
    """Return the traceback that an exception has before it is thrown into a provider."""
    return None if error is None else error.__traceback__


def restore(error: BaseException | None, traceback: TracebackType | None) -> None:
    """Give an exception that has gone through a provider its traceback again: the frames there refer to it."""
    if error is not None:
        error.__traceback__ = traceback


def yields_never(node: ProviderNode) -> RuntimeError:
    """Return the error of a generator that ends before it gives a value."""
    return RuntimeError(
        f"The provider {node.name} ({node.place}) ended without a 'yield': there is no value to pass. Yield once on"
        " every path, or raise an exception."
    )


def yields_again(node: ProviderNode) -> RuntimeError:
    """Return the error of a generator that does not end after its value."""
    return RuntimeError(
        f"The provider {node.name} ({node.place}) yielded more than once. Yield one value, between what opens it and"
        " what gives it back."
    )


def refuse_silence(node: ProviderNode, error: BaseException) -> None:
    """Answer a provider that swallows the exception of those who use its value: then nothing is left to answer with.

    :raises RuntimeError: Always, but for exceptions that end the process: those go on.
    """
    text = (
        f"The provider {node.name} ({node.place}) swallowed a {type(error).__name__}: nothing is left to answer with."
        " Raise it again after the clean-up, or raise another one; 'try ... finally' does."
    )
    if isinstance(error, Exception):
        raise RuntimeError(text) from error
    error.add_note(text)


def leave_all(opened: list[OpenValue], error: BaseException | None) -> BaseException | None:
    """Give all values back, the last one first, and take them off the list.

    :param error: The exception that has ended the work.
    :return: The exception that is to be raised: the same, another one that a clean-up has raised, or ``None``.
    """
    while opened:
        value = opened.pop()
        if value.is_entered:
            try:
                value.leave(error)
            except BaseException as raised:  # noqa: BLE001 - raised by the caller
                error = raised
    try:
        return error
    finally:
        error = None  # the exception would refer to itself by its traceback


async def leave_all_async(opened: list[OpenValue], error: BaseException | None) -> BaseException | None:
    """Do as :func:`leave_all` does, in a coroutine."""
    while opened:
        value = opened.pop()
        if value.is_entered:
            try:
                if isinstance(value, AsyncOpenValue):
                    await value.leave_async(error)
                elif value.node.is_quick:
                    value.leave(error)
                else:
                    error = await in_thread(_left, value, error)
            except BaseException as raised:  # noqa: BLE001 - raised by the caller
                error = raised
    try:
        return error
    finally:
        error = None


def _left(value: OpenValue, error: BaseException | None) -> BaseException | None:
    # Exceptions are values here: no future can raise StopIteration.
    try:
        value.leave(error)
    except BaseException as raised:  # noqa: BLE001 - raised by the caller
        return raised
    return error


async def in_thread(function: cabc.Callable[..., _T], *args: object) -> _T:
    """Call a function that may wait in a thread, and wait for its end also when the task is cancelled meanwhile."""
    task = asyncio.ensure_future(asyncio.to_thread(function, *args))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
