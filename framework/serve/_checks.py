"""The checks behind ``/readyz``: how a thing is asked whether it works, and many at a time within one deadline.

Not here: what a probe is answered (``serve._health``).
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import inspect
import threading
import time
import typing as t

from ..errors import SetupError
from ..logging import printable
from ..stores.base import Store, StoreAway
from ._draining import logger

if t.TYPE_CHECKING:
    from ..app import App

    CheckFunction: t.TypeAlias = cabc.Callable[[], object]

_LONGEST_OUTPUT = 300


class CheckFailed(Exception):
    """A check that returned ``False``."""


class CheckResult(t.NamedTuple):
    """The outcome of one check."""

    status: t.Literal["pass", "warn", "fail"]
    seconds: float
    output: str
    """The reason where it did not pass."""


class HealthCheck:
    """One named check. It runs in its own thread; one that still runs is not started again.

    :param name: The name, for the answer and the log.
    :param target: As for :func:`as_function`.
    :param degrades: Whether the process serves without it, so that a failure is a warning.
    """

    def __init__(self, app: App, name: str, target: object, degrades: bool) -> None:
        self.name = name
        self.degrades = degrades
        self._app = app
        self._function = app.ensure_sync(as_function(app, name, target))
        self._began = 0.0
        self._result: CheckResult | None = None
        self._done = threading.Event()
        self._done.set()
        self._was = "pass"

    def begin(self) -> None:
        """Start it, unless it runs still."""
        if self._done.is_set():
            self._done.clear()
            self._began = time.monotonic()
            threading.Thread(target=self._run, name=f"framework-check-{self.name}", daemon=True).start()

    def _run(self) -> None:
        try:
            with self._app.app_context():
                if self._function() is False:
                    raise CheckFailed("It returned False.")
        except BaseException as error:  # noqa: BLE001 - whatever it is, the check has failed
            self._result = self._failed(f"{type(error).__name__}: {error}")
        else:
            self._result = CheckResult("pass", time.monotonic() - self._began, "")
        finally:
            self._done.set()

    def _failed(self, output: str) -> CheckResult:
        status: t.Literal["warn", "fail"] = "warn" if self.degrades else "fail"
        return CheckResult(status, time.monotonic() - self._began, printable(output)[:_LONGEST_OUTPUT])

    def wait(self, until: float) -> CheckResult:
        """Return the outcome, until a moment at the latest; each change of it is logged."""
        if self._done.wait(max(0.0, until - time.monotonic())) and self._result is not None:
            result = self._result
        else:
            result = self._failed(f"It still runs after {time.monotonic() - self._began:.1f} s.")
        if result.status != self._was:
            self._was = result.status
            if result.output:
                logger.warning("The check %r fails: %s", self.name, result.output)
            else:
                logger.info("The check %r passes again.", self.name)
        return result


class Checks:
    """Several checks, whose outcome is kept for a moment; one request at a time asks for it anew.

    :param timeout: Seconds for all of them together.
    :param keep: Seconds for which an outcome is kept.
    """

    def __init__(self, timeout: float, keep: float) -> None:
        self.all: dict[str, HealthCheck] = {}
        self._timeout = timeout
        self._keep = keep
        self._lock = threading.Lock()
        self._results: dict[str, CheckResult] = {}
        self._good_until = 0.0

    def add(self, check: HealthCheck) -> None:
        """Add a check.

        :raises SetupError: There is one of that name.
        """
        if check.name in self.all:
            raise SetupError(f"There is a check {check.name!r} already. Give this one another name.")
        self.all[check.name] = check

    def results(self) -> dict[str, CheckResult]:
        """The outcomes by name: those of a moment ago, or new ones."""
        if not self.all:
            return {}
        until = time.monotonic() + self._timeout
        if not self._lock.acquire(timeout=self._timeout):
            return {name: check.wait(until) for name, check in self.all.items()}
        try:
            if time.monotonic() >= self._good_until:
                for check in self.all.values():
                    check.begin()
                self._results = {name: check.wait(until) for name, check in self.all.items()}
                self._good_until = time.monotonic() + self._keep
            return self._results
        finally:
            self._lock.release()


def as_function(app: App, name: str, target: object) -> CheckFunction:
    """Return a function that raises where a thing does not work.

    :param target: A function; an engine of SQLAlchemy; a store of the framework; a client of Redis; an application of
        Celery or a connection of kombu.
    :raises SetupError: Anything else.
    """
    asks: t.Any = target
    if inspect.isfunction(target) or inspect.ismethod(target):
        return asks  # type: ignore[no-any-return]
    if _has(target, "connect", "dialect", "dispose"):
        return lambda: _ask_engine(asks)
    if _has(target, "connection_for_write") or _has(target, "ensure_connection", "default_channel"):
        return lambda: _ask_broker(asks)
    if _has(target, "ping", "execute_command"):
        return lambda: _ask_redis(app, asks)
    if isinstance(target, Store):
        return lambda: _ask_store(asks)
    if callable(target):
        return target
    raise SetupError(
        f"The check {name!r} is {target!r}, which cannot be asked whether it works. Give a function that raises or"
        " returns False where it does not, an engine of SQLAlchemy, a store, a client of Redis or an app of Celery."
    )


def _has(target: object, *names: str) -> bool:
    return all(hasattr(type(target), name) or name in getattr(target, "__dict__", ()) for name in names)


def _ask_engine(engine: t.Any) -> None:
    with engine.connect() as connection:
        # The question of the database itself: SELECT 1, or what it has in its place.
        connection.dialect.do_ping(connection.connection.dbapi_connection)


def _ask_broker(source: t.Any) -> None:
    connection = source.connection_for_write() if hasattr(source, "connection_for_write") else source.clone()
    with connection:
        connection.ensure_connection(max_retries=1)
        connection.default_channel.close()


def _ask_store(store: Store) -> None:
    try:
        store.get("health")
    except StoreAway as error:
        # One node of a cluster: were that a failure, all processes would leave at once, and serve none of the others.
        if error.part is None:
            raise


def _ask_redis(app: App, client: t.Any) -> None:
    answer = client.ping()
    if inspect.isawaitable(answer):
        if inspect.iscoroutine(answer):
            answer.close()
        raise TypeError(
            "An asynchronous client of Redis belongs to an event loop. Give a function, or a client without."
        )
