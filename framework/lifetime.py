"""How a context ends: the errors of several teardown functions together, and bodies that outlive the call or wait.

Not here: the context itself (``context``).
Floor 3: imports nothing of the package at run time.
"""

from __future__ import annotations

import collections.abc as cabc
import contextvars
import functools
import queue
import threading
import typing as t

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

    :param variable: Where the active context stands.
    :param ctx: The context.
    """

    __slots__ = ("_ctx", "_token", "_variable")

    def __init__(self, variable: contextvars.ContextVar[Context], ctx: Context) -> None:
        self._variable = variable
        self._ctx = ctx

    def __enter__(self) -> None:
        self._token = self._variable.set(self._ctx)

    def __exit__(self, *error: object) -> None:
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
                return next(self._iterator)
            except StopIteration:
                self._close(None)
                raise
            except BaseException as error:
                self._close(error)
                raise

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


class Pump(cabc.Iterator[bytes]):
    """Iterate in a thread of its own, so that something can be sent while the next part is waited for.

    The context is active in that thread, and ends when the parts have been closed there: also when the client has left
    while the next part was waited for, which nothing can cut short.

    :param ctx: The context.
    :param parts: What to iterate; a generator is closed.
    :param seconds: How long the next part is waited for.
    :param meanwhile: What is sent when it has not come.
    """

    def __init__(self, ctx: Context, parts: cabc.Iterator[bytes], seconds: float, meanwhile: bytes) -> None:
        self._ctx = ctx
        self._parts = parts
        self._seconds = seconds
        self._meanwhile = meanwhile
        # One part is made while another is sent, no more. ``None`` is the end, an exception what ended it.
        self._queue: queue.Queue[bytes | BaseException | None] = queue.Queue(maxsize=1)
        self._left = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._ended = False  # for whoever reads
        self._over = False  # in the thread
        self._then: cabc.Callable[[], None] | None = None

    def __next__(self) -> bytes:
        if self._ended:
            raise StopIteration
        if self._thread is None:
            self._ctx.pump = self
            self._thread = threading.Thread(target=self._run, name="framework-stream", daemon=True)
            self._thread.start()
        try:
            part = self._queue.get(timeout=self._seconds)
        except queue.Empty:
            return self._meanwhile
        if isinstance(part, bytes):
            return part
        self._ended = True
        self._thread.join()
        if part is None:
            raise StopIteration
        raise part

    def _run(self) -> None:
        end: BaseException | None = None
        with self._ctx.active():
            try:
                for part in self._parts:
                    if not self._put(part):
                        break
            except BaseException as error:  # noqa: BLE001 - raised again where the stream is read
                end = error
            try:
                close_parts(self._parts)
            except BaseException as error:  # noqa: BLE001 - likewise
                end = end or error
        with self._lock:
            self._over = True
            then, self._then = self._then, None
        self._put(end)
        if then is not None:
            then()

    def _put(self, part: bytes | BaseException | None) -> bool:
        """Hand over a part; whether anybody is there to take it."""
        while not self._left.is_set():
            try:
                self._queue.put(part, timeout=0.5)
            except queue.Full:
                continue
            return True
        return False

    def then(self, function: cabc.Callable[[], None]) -> None:
        """Call a function when the parts have been closed: now, or later in their thread."""
        with self._lock:
            if not self._over:
                self._then = function
                return
        function()

    def close(self) -> None:
        """Nobody takes any more parts; what is iterated is closed as soon as it gives the next one."""
        self._left.set()
        self._ended = True
        if self._thread is None:
            self._over = True
            close_parts(self._parts)


def close_parts(parts: cabc.Iterable[t.Any]) -> None:
    """Close a generator; nothing for what has no ``close``."""
    close = getattr(parts, "close", None)
    if close is not None:
        close()
