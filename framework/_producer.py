"""A stream that is made in another thread, so that something can be sent while its next part is waited for.

Not here: how a stream and its context end (``lifetime``), and what is sent (``marks.files._streams``).
Floor 3.
"""

from __future__ import annotations

import collections.abc as cabc
import queue
import threading
import typing as t

from .teardown import close_parts

if t.TYPE_CHECKING:
    from .context import Context


class Producer(cabc.Iterator[bytes]):
    """Iterate in another thread, so that something can be sent while the next part is waited for.

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
        """The reader takes no more parts; what is iterated is closed as soon as it gives the next one."""
        self._left.set()
        self._ended = True
        if self._thread is None:
            self._over = True
            close_parts(self._parts)
