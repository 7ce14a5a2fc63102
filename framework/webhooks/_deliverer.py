"""``Deliverer``: sends what is in an outbox, until it is stopped.

Each message is sent at least once, with the same ``webhook-id`` and a new timestamp in each attempt. Attempts run in
threads; the database is used by one thread alone. Not here: claims (``webhooks._queue``), HTTP
(``webhooks._transport``).
Floor 7.
"""

from __future__ import annotations

import collections
import collections.abc as cabc
import concurrent.futures
import contextlib
import logging
import threading
import time
import typing as t

from ..errors import SetupError
from ..http import webhook_signatures as signatures
from ._outbox import Outbox
from ._queue import SCHEDULE, ClaimedDelivery, DeliveryQueue, Policy
from ._tables import sa
from ._transport import AttemptResult, Transport

if t.TYPE_CHECKING:
    from ..app import App

    EngineLike: t.TypeAlias = sa.Engine | cabc.Callable[[], sa.Engine]

EXTENSION: t.Final = "framework.webhooks"
DAY: t.Final = 86_400.0
PURGE_EVERY: t.Final = 3_600.0

logger = logging.getLogger(__name__.rpartition(".")[0])


class Deliverer:
    """Sends the messages of an outbox.

    Several may run at once on PostgreSQL, each with an own process; on SQLite one.

    :param outbox: The outbox.
    :param engine: The database, or a function that returns it, called at the first use.
    :param transport: How receivers are reached. Default: ``Transport()``, which takes public addresses and TLS alone.
    :param schedule: Seconds before each attempt. Default: ten attempts in three days.
    :param jitter: The part of each delay by which it differs at random.
    :param max_retry_after: The longest ``Retry-After``, in seconds, that a receiver may ask for.
    :param disable_after: Seconds of nothing but failures after which an endpoint is disabled; ``None``: never. Default:
        five days.
    :param on_disabled: Called with the id of an endpoint that was disabled, and the reason: ``"gone"`` (a 410) or
        ``"failing"``. Tell its owner.
    :param workers: How many attempts run at once.
    :param per_endpoint: How many of them may go to one endpoint.
    :param lease: Seconds after which a delivery of a process that died is due again. Default: those of an attempt, and
        40 more.
    :param keep: Seconds for which ended deliveries and their log are kept; ``None``: forever. Default: 30 days.
    :param poll: Seconds between two looks into the database.
    :param clock: Gives the time, in seconds since 1970.
    :raises SetupError: Two of these contradict each other.
    """

    def __init__(
        self,
        outbox: Outbox,
        engine: EngineLike,
        *,
        transport: Transport | None = None,
        schedule: cabc.Sequence[float] = SCHEDULE,
        jitter: float = 0.1,
        max_retry_after: float = DAY,
        disable_after: float | None = 5 * DAY,
        on_disabled: cabc.Callable[[str, str], object] | None = None,
        workers: int = 8,
        per_endpoint: int = 2,
        lease: float | None = None,
        keep: float | None = 30 * DAY,
        poll: float = 1.0,
        clock: cabc.Callable[[], float] = time.time,
    ) -> None:
        self.outbox = outbox
        self.transport = transport or Transport()
        self.on_disabled = on_disabled
        self.workers = workers
        self.per_endpoint = per_endpoint
        self.keep = keep
        self.poll = poll
        chosen = self.transport.timeout + 40 if lease is None else lease
        if not schedule or min(schedule) < 0 or not 0 <= jitter < 1:
            raise SetupError(
                f"Deliverer got the schedule {list(schedule)!r} with a jitter of {jitter!r}. Give the seconds before"
                " each attempt, at least one, and a jitter from 0 to below 1."
            )
        if chosen <= self.transport.timeout:
            raise SetupError(
                f"The lease of Deliverer, {chosen:g} seconds, is over before an attempt is: the transport takes up to"
                f" {self.transport.timeout:g}. Another deliverer would send the message too. Make the lease longer."
            )
        if workers < 1 or per_endpoint < 1 or not poll > 0:
            raise SetupError("Deliverer needs a worker, an attempt per endpoint, and a poll of more than 0 seconds.")
        self._policy = Policy(tuple(schedule), jitter, disable_after, max_retry_after, chosen)
        self._engine = engine
        self._clock = clock
        self._queue: DeliveryQueue | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._purged_at = float("-inf")

    def init_app(self, app: App) -> None:
        """Make it the one that ``framework webhooks deliver`` runs.

        :param app: The application.
        """
        app.extensions[EXTENSION] = self

    @property
    def queue(self) -> DeliveryQueue:
        """Return its deliveries."""
        if self._queue is None:
            engine = self._engine() if callable(self._engine) else self._engine
            self._queue = DeliveryQueue(self.outbox, engine, self._policy, self._clock)
        return self._queue

    def run_once(self) -> int:
        """Attempt everything that is due now, and return how many attempts that were."""
        work = Work(self)
        with work:
            while work.claim() or work.under_way:
                work.wait(None)
        return work.attempts

    def run(self) -> None:
        """Deliver until :meth:`stop` is called; then finish the attempts under way, and give back the others."""
        logger.info("Delivering webhooks.")
        work = Work(self)
        with work:
            while not self._stop.is_set():
                claimed = False
                try:
                    claimed = work.claim()
                    self._purge()
                except sa.exc.SQLAlchemyError:
                    logger.exception("The outbox of webhooks cannot be read. It is tried again.")
                if work.under_way:
                    work.wait(0.05 if claimed else self.poll)
                else:
                    self._stop.wait(self.poll)
        self._stop.clear()
        logger.info("No more webhooks are delivered.")

    def stop(self) -> None:
        """End :meth:`run`, from a signal handler or another thread; and wait for a thread that was started."""
        self._stop.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
            self._thread = None

    def start(self) -> None:
        """Deliver in a thread of this process: for one process with its own database, and for development."""
        if self._thread is None:
            self._stop.clear()
            self._thread = threading.Thread(target=self.run, name="framework-webhooks", daemon=True)
            self._thread.start()

    def __enter__(self) -> t.Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def attempt(self, claim: ClaimedDelivery) -> AttemptResult:
        """Make one attempt, signed anew."""
        try:
            keys = [signatures.read_key(secret) for secret in claim.secrets]
            signed = signatures.sign(claim.body, keys, claim.message_id, int(self._clock()))
        except (ValueError, ImportError):  # the table was changed by hand, or cryptography is gone
            logger.exception("Webhooks of the endpoint %s cannot be signed.", claim.endpoint_id)
            return AttemptResult(None, "The message could not be signed.", "", None, 0.0)
        return self.transport.post(claim.url, claim.body, {**claim.headers, **signed}, claim.method)

    def settle(self, claim: ClaimedDelivery, answer: AttemptResult) -> None:
        """Write what came of an attempt, and say so."""
        settled = self.queue.settle(claim, answer)
        said = answer.status or answer.error
        logger.info(
            "Webhook %s (%s) to %s, attempt %d: %s in %.3f s, now %s.",
            *(claim.message_id, claim.event, claim.endpoint_id, claim.number, said, answer.duration),
            settled.state or "with another deliverer",
        )
        if settled.disabled is not None:
            logger.warning("The endpoint %s of webhooks was disabled: %s.", claim.endpoint_id, settled.disabled)
            if self.on_disabled is not None:
                try:
                    self.on_disabled(claim.endpoint_id, settled.disabled)
                except Exception:
                    logger.exception("on_disabled failed for the endpoint %s", claim.endpoint_id)

    def _purge(self) -> None:
        if self.keep is not None and time.monotonic() - self._purged_at >= PURGE_EVERY:
            removed = self.queue.purge(self.keep)
            if removed < 1000:  # otherwise go on at the next look
                self._purged_at = time.monotonic()


class Work:
    """The attempts that are under way.

    :param deliverer: Whose they are.
    """

    def __init__(self, deliverer: Deliverer) -> None:
        self._deliverer = deliverer
        self._pool = concurrent.futures.ThreadPoolExecutor(deliverer.workers, "framework-webhooks")
        self.under_way: dict[concurrent.futures.Future[AttemptResult], ClaimedDelivery] = {}
        self._unwritten: list[tuple[ClaimedDelivery, AttemptResult]] = []
        """The results of attempts that could not be written, since the database was away."""
        self.attempts = 0

    def claim(self) -> bool:
        """ClaimedDelivery deliveries for the workers that are free, and begin them; return whether there were any."""
        deliverer = self._deliverer
        self._write()
        free = deliverer.workers - len(self.under_way) - len(self._unwritten)
        if free < 1:
            return False
        busy = collections.Counter(claim.endpoint_id for claim in self.under_way.values())
        claims = deliverer.queue.claim(free, busy, deliverer.per_endpoint)
        for claim in claims:
            self.under_way[self._pool.submit(deliverer.attempt, claim)] = claim
            self.attempts += 1
        return bool(claims)

    def wait(self, seconds: float | None) -> None:
        """Wait for the first attempt that ends, or for some seconds, and write what came of those that have."""
        done, _ = concurrent.futures.wait(
            self.under_way, timeout=seconds, return_when=concurrent.futures.FIRST_COMPLETED
        )
        self._unwritten += [(self.under_way.pop(future), future.result()) for future in done]
        with contextlib.suppress(sa.exc.SQLAlchemyError):  # logged; tried again
            self._write()

    def _write(self) -> None:
        while self._unwritten:
            claim, answer = self._unwritten[0]
            try:
                self._deliverer.settle(claim, answer)
            except (sa.exc.IntegrityError, sa.exc.DataError, sa.exc.ProgrammingError):
                logger.exception("The result of a webhook cannot be written. It is due again when its lease is over.")
            except sa.exc.SQLAlchemyError:
                logger.exception("The result of a webhook cannot be written. It is tried again.")
                raise
            del self._unwritten[0]

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: object) -> None:
        """Finish what has begun, within the time of an attempt, and give back what has not."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        concurrent.futures.wait(self.under_way, timeout=self._deliverer.transport.timeout + 5)
        left = []
        for future, claim in self.under_way.items():
            if future.done() and not future.cancelled():
                self._unwritten.append((claim, future.result()))
            else:
                left.append(claim)
        self.under_way.clear()
        with contextlib.suppress(sa.exc.SQLAlchemyError):  # logged; the lease ends
            self._write()
        try:
            self._deliverer.queue.give_back(left)
        except sa.exc.SQLAlchemyError:
            logger.exception("Webhooks cannot be given back: they are due when their lease is over.")
