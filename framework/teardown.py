"""The end of a context: the errors of several teardown functions together, and bodies that outlive the call.

Not here: the context itself (``context``).
Floor 3.
"""

from __future__ import annotations

import collections.abc as cabc
import contextvars
import errno
import functools
import typing as t

from ._ending import ending

if t.TYPE_CHECKING:
    from types import TracebackType

    from .context import Context

_T = t.TypeVar("_T")


class CollectErrors:
    """Run several things although some fail, and raise what failed once at the end.

    Each ``with collector:`` keeps an exception instead of letting it pass.
    """

    def __init__(self) -> None:
        self.errors: list[BaseException] = []

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> bool:
        if error is not None:
            self.errors.append(error)
        return True

    def raise_any(self, message: str) -> None:
        """Raise the one error that was kept, or all of them as a group; nothing when there was none."""
        if len(self.errors) == 1:
            raise self.errors[0]
        if self.errors:
            raise BaseExceptionGroup(message, self.errors)


class Active:
    """The ``with`` block of ``Context.active``; its token stays in the thread that enters and leaves.

    What the context carries is entered too.

    :param variable: The variable of the active context.
    :param ctx: The context.
    """

    __slots__ = ("_carried", "_ctx", "_token", "_variable")

    def __init__(self, variable: contextvars.ContextVar[Context], ctx: Context) -> None:
        self._variable = variable
        self._ctx = ctx

    def __enter__(self) -> None:
        self._token = self._variable.set(self._ctx)
        carried = self._ctx.carried
        self._carried = None if carried is None else carried()
        if self._carried is not None:
            self._carried.__enter__()

    def __exit__(self, *error: object) -> None:
        if self._carried is not None:
            self._carried.__exit__(None, None, None)
        self._variable.reset(self._token)


class ContextIterator(cabc.Iterator[_T]):
    """Iterate in a context: it is entered for each step and left after it.

    :param ctx: The context.
    :param iterable: What to iterate; its ``close`` is called by :meth:`close`, in the context.
    :param finish: Called once with the exception or ``None``: at the end, at an error, or at ``close``.
    """

    def __init__(
        self,
        ctx: Context,
        iterable: cabc.Iterable[_T],
        finish: cabc.Callable[[BaseException | None], None] | None = None,
    ) -> None:
        self._ctx = ctx
        self._iterable = iterable
        self._iterator = iter(iterable)
        self._finish = finish

    def __iter__(self) -> ContextIterator[_T]:
        return self

    def __next__(self) -> _T:
        with self._ctx.active():
            try:
                if ending.is_over:
                    self._break_off()
                return next(self._iterator)
            except StopIteration:
                self._close(None)
                raise
            except BaseException as error:
                self._close(error)
                raise

    def _break_off(self) -> None:
        """End before the body does, so that no client takes a part for the whole.

        :raises ConnectionResetError: Always. Servers treat it like a client that has left.
        """
        error = ConnectionResetError(errno.ECONNRESET, "The process ends: its streams break off.")
        try:
            close_parts(self._iterable)
        finally:
            self._close(error)
        ending.hold()
        raise error

    def _close(self, exc: BaseException | None) -> None:
        finish, self._finish = self._finish, None
        if finish is None:
            return
        pump = self._ctx.pump
        if pump is None:
            finish(exc)
        else:
            pump.then(functools.partial(finish, exc))

    def close(self) -> None:
        """Close the iterable in the context, then finish."""
        error: BaseException | None = None
        try:
            with self._ctx.active():
                close_parts(self._iterable)
        except BaseException as raised:
            error = raised
            raise
        finally:
            self._close(error)


def close_parts(parts: object) -> None:
    """Close a generator; nothing for what has no ``close``."""
    close = getattr(parts, "close", None)
    if close is not None:
        close()
