"""The clients of the soak, and what they note of each request."""

from __future__ import annotations

import collections
import dataclasses
import http.client
import json
import threading
import time
import typing as t
import uuid
from functools import partial

from .app import PER_GROUP
from .world import CORE

SECONDS = 10
PAUSE = 0.01
ATTEMPTS_PER_GROUP = 40
CLIENTS_PER_GROUP = 4
ORDERING, LOGGED_IN, READING = 6, 2, 2
CLOSED = {"idempotency_unavailable", "session_unavailable", "rate_limit_unavailable"}
"""The codes of what is refused while its store is away."""


@dataclasses.dataclass
class Note:
    """One request of a client, its repetition included."""

    kind: str
    begun: float
    ended: float
    outcome: t.Literal["ok", "limited", "closed", "error"]
    attempts: int
    status: int
    code: str


class Client:
    """One connection to nginx, made anew when it breaks."""

    def __init__(self) -> None:
        self.connection = http.client.HTTPConnection(CORE, 8080, timeout=SECONDS)
        self.cookie = ""

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, t.Any]:
        """Send one request: the status and the body; 0 where no answer came."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookie:
            given["Cookie"] = self.cookie
        text = None
        if body is not None:
            text, given["Content-Type"] = json.dumps(body), "application/json"
        try:
            self.connection.request(method, path, text, given)
            reply = self.connection.getresponse()
            content = reply.read()
        except (OSError, http.client.HTTPException) as error:
            self.connection.close()
            return 0, {"code": type(error).__name__}
        cookie = reply.getheader("Set-Cookie")
        if cookie:
            self.cookie = cookie.partition(";")[0]
        try:
            return reply.status, json.loads(content or b"null")
        except ValueError:
            return reply.status, {"code": "not JSON"}


class Load:
    """All clients, in threads. What they note is read when they have ended."""

    def __init__(self) -> None:
        self.notes: list[Note] = []
        self.acknowledged: dict[str, int] = {}
        """The keys of orders that were answered 201, with the id."""
        self.sent: set[str] = set()
        self.groups: list[tuple[float, float, int, int]] = []
        """Begin and end of a group, the calls that were let through, those that got neither 204 nor 429."""
        self.faults: list[str] = []
        """What must not be, whatever is away."""
        self._latest = ""
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start all clients."""
        targets: list[t.Callable[[], None]] = [self._order] * ORDERING + [self._be_logged_in] * LOGGED_IN
        targets += [self._read] * READING + [self._be_limited]
        self._threads = [threading.Thread(target=self._guarded, args=(target,)) for target in targets]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let each client end its request, and end."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _guarded(self, target: t.Callable[[], None]) -> None:
        try:
            target()
        except Exception as error:  # a client that ends unnoticed would prove nothing
            self.faults.append(f"A client broke: {error!r}")
            raise

    def call(self, kind: str, ask: t.Callable[[], tuple[int, t.Any]], attempts: int = 2) -> tuple[int, t.Any]:
        """Send a request, and once more where no answer or a 5xx came; note how it ended."""
        begun = time.monotonic()
        for attempt in range(1, attempts + 1):
            status, body = ask()
            if 0 < status < 500:
                break
            if attempt < attempts:
                time.sleep(0.2)
        code = (body or {}).get("code", "") if isinstance(body, dict) else ""
        outcome: t.Literal["ok", "limited", "closed", "error"] = "error"
        if 200 <= status < 300:
            outcome = "ok"
        elif status == 429:
            outcome = "limited"
        elif status == 503 and code in CLOSED:
            outcome = "closed"
        self.notes.append(Note(kind, begun, time.monotonic(), outcome, attempt, status, code))
        return status, body

    def _order(self) -> None:
        client, count = Client(), 0
        while not self._stop.is_set():
            key, count = str(uuid.uuid4()), count + 1
            order = {"key": key, "item": "seeds"}
            self.sent.add(key)
            for _ in range(2 if count % 4 == 0 else 1):  # each fourth is sent again, after its answer
                status, body = self.call("order", partial(client.ask, "POST", "/orders", order, Idempotency_Key=key))
                if status != 201:
                    continue
                self._latest = key
                if self.acknowledged.setdefault(key, body["id"]) != body["id"]:
                    self.faults.append(f"Order {key} was answered by ids {self.acknowledged[key]} and {body['id']}.")
            time.sleep(PAUSE)

    def _read(self) -> None:
        client = Client()
        while not self._stop.is_set():
            key = self._latest
            if key:
                status, body = self.call("read", partial(client.ask, "GET", f"/orders/{key}"))
                if status == 200 and len(body) != 1:
                    self.faults.append(f"The acknowledged order {key} is there {len(body)} times.")
            time.sleep(PAUSE)

    def _be_logged_in(self) -> None:
        client, user, least, most = Client(), None, 0, 0
        while not self._stop.is_set():
            most += 2  # both attempts may be carried out
            status, body = self.call("log-in", lambda: client.ask("POST", "/session"))
            if status == 200:
                user = user or body["user"]
                if body["user"] != user or not least < body["calls"] <= most:
                    self.faults.append(f"Session of {user}: {least} to {most} calls expected, {body} found.")
                least = most = body["calls"]
            status, body = self.call("session", lambda: client.ask("GET", "/session"))
            if status == 200 and user and (body["user"] != user or not least <= body["calls"] <= most):
                self.faults.append(f"Session of {user}: {least} to {most} calls expected, {body} found.")
            time.sleep(PAUSE)

    def _be_limited(self) -> None:
        while not self._stop.is_set():
            group, begun = str(uuid.uuid4()), time.monotonic()
            statuses: collections.Counter[int] = collections.Counter()

            def work(group: str = group, statuses: collections.Counter[int] = statuses) -> None:
                client = Client()
                for _ in range(ATTEMPTS_PER_GROUP):
                    # Without repetition: a call whose answer is lost has been counted.
                    status, _ = self.call("limited", lambda: client.ask("POST", "/counted", X_Group=group), attempts=1)
                    statuses[status] += 1
                    time.sleep(PAUSE)

            threads = [threading.Thread(target=work) for _ in range(CLIENTS_PER_GROUP)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            lost = statuses.total() - statuses[204] - statuses[429]
            self.groups.append((begun, time.monotonic(), statuses[204], lost))
            if statuses[204] > PER_GROUP:
                self.faults.append(f"A limit of {PER_GROUP} let {statuses[204]} calls through.")
