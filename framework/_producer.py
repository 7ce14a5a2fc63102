"""A stream that is made in another thread, so that something can be sent while its next part is waited for.

Not here: how a stream and its context end (``lifetime``), and what is sent (``marks.files._streams``).
Floor 3.
"""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import contextvars
import queue
import threading
import typing as t

from ._ending import ending
from .teardown import close_parts

if t.TYPE_CHECKING:
    from .context import Context


_producing: contextvars.ContextVar[Producer | None] = contextvars.ContextVar("framework-producer", default=None)


FIRST_WAIT: t.Final = 1.0
"""Seconds for which the first part is waited for: a WSGI server sends the headers with the first bytes of the body."""


class Producer(cabc.Iterator[bytes]):
    """Iterate in another thread, so that something can be sent while the next part is waited for.

    The context is active in that thread, and ends when the parts have been closed there: also when the client has left
    while the next part was waited for, which is cut short by what the iterable gives to :func:`interruptible` alone.

    :param ctx: The context.
    :param parts: What to iterate; a generator is closed.
    :param seconds: How long the next part is waited for.
    :param meanwhile: What is sent when it has not come.
    :param last: What is sent last where the process ends; an empty one is not sent.
    """

    def __init__(
        self, ctx: Context, parts: cabc.Iterator[bytes], seconds: float, meanwhile: bytes, last: bytes = b""
    ) -> None:
        self._ctx = ctx
        self._parts = parts
        self._seconds = seconds
        self._wait = min(seconds, FIRST_WAIT)
        self._meanwhile = meanwhile
        self._last = last
        # One part is made while another is sent, no more. ``None`` is the end, an exception what ended it.
        self._queue: queue.Queue[bytes | BaseException | None] = queue.Queue(maxsize=1)
        self._left = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._ended = False  # for whoever reads
        self._over = False  # in the thread
        self._leaves = False  # the process ends
        self._then: cabc.Callable[[], None] | None = None
        self._interrupt: cabc.Callable[[], object] | None = None  # ends the wait for the next part

    def __next__(self) -> bytes:
        if self._ended:
            raise StopIteration
        if self._thread is None:
            self._ctx.pump = self
            self._thread = threading.Thread(target=self._run, name="framework-stream", daemon=True)
            ending.watch(self)
            self._thread.start()
        if self._leaves:
            return self._leave()
        self._leaves = ends = ending.ends_streams  # what is ready is sent
        try:
            part = self._queue.get(not ends, self._wait)
        except queue.Empty:
            self._wait = self._seconds
            return self._leave() if ends else self._meanwhile
        self._wait = self._seconds
        if isinstance(part, bytes):
            return part or self._leave()
        self._ended = True
        self._thread.join()
        if part is not None:
            raise part
        if ending.ends_streams:  # what was iterated may have asked for that itself
            return self._leave()
        raise StopIteration

    def _leave(self) -> bytes:
        """Stop before the end, because the process ends; what is iterated is closed as after a client that has left."""
        self._stop()
        if not self._last:
            raise StopIteration
        return self._last

    def wake(self) -> None:
        """Let who waits for the next part look whether the process ends."""
        with contextlib.suppress(queue.Full):  # nobody waits then
            self._queue.put_nowait(b"")

    @property
    def is_closed(self) -> bool:
        """True if what was iterated has been closed."""
        return self._over

    def _stop(self) -> None:
        """Take no more parts, and interrupt the wait for the next one."""
        with self._lock:
            self._left.set()
            interrupt = self._interrupt
        self._ended = True
        if interrupt is not None:
            interrupt()

    @contextlib.contextmanager
    def interrupted_by(self, function: cabc.Callable[[], object]) -> cabc.Iterator[None]:
        """Have a function called in another thread if the reader takes no more parts within the block."""
        with self._lock:
            self._interrupt = function
            left = self._left.is_set()
        if left:
            function()
        try:
            yield
        finally:
            with self._lock:
                self._interrupt = None

    def _run(self) -> None:
        end: BaseException | None = None
        _producing.set(self)
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
        """The reader takes no more parts; what is iterated is closed as soon as it gives the next one.

        What waits for that in a block of :func:`interruptible` is interrupted.
        """
        self._stop()
        if self._thread is None:
            self._over = True
            close_parts(self._parts)


def interruptible(function: cabc.Callable[[], object]) -> contextlib.AbstractContextManager[None]:
    """Have a function called if the client of the current stream leaves, or the process ends, within the block.

    A stream of ``events`` is iterated in a separate thread, and its client may leave while that waits. Put the wait in
    such a block, and give a function that ends it. It is called in another thread, once, and perhaps just after the
    block. Outside of such a stream nothing calls it.

    :param function: What ends the wait: the ``set`` of an event, the ``close`` of a connection.
    """
    producer = _producing.get()
    return contextlib.nullcontext() if producer is None else producer.interrupted_by(function)
