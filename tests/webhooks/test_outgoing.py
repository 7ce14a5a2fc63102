"""The outbox and its deliverer: what is committed is sent, signed, until it is delivered or given up."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session
from standardwebhooks import Webhook as Judge

from framework import App, Webhook, fields
from framework.errors import ContractViolation, SetupError
from framework.webhooks import SCHEDULE, AddressRefused, Deliverer, Outbox, Transport, event
from framework.webhooks._queue import Policy
from tests.servers import postgres_server
from tests.webhooks.receivers import receiver

ROOT = Path(__file__).parents[2]
PRIVATE_KEY = "whsk_" + "cHBw" * 10 + "cHA="

paid = event("order.paid", {"order": fields.Integer(required=True)}, summary="An order was paid.")
sent = Webhook("orderSent", {"order": fields.Integer(required=True)}, signed=True)


class Clock:
    """A time that a test moves."""

    def __init__(self):
        self.now = float(int(time.time()) + 5)

    def __call__(self):
        return self.now


class Post:
    """An outbox in a database, and deliverers for it."""

    def __init__(self, url):
        self.metadata = sa.MetaData()
        self.outbox = Outbox(self.metadata)
        self.url = url
        self.engine = sa.create_engine(url)
        self.metadata.drop_all(self.engine)
        self.metadata.create_all(self.engine)
        self.clock = Clock()

    def deliverer(self, **options):
        """A deliverer that reaches loopback, and waits for nothing."""
        transport = options.pop("transport", None) or Transport(allow=["127.0.0.0/8"], allow_http=True, timeout=5)
        defaults = {"jitter": 0, "clock": self.clock, "poll": 0.02}
        return Deliverer(self.outbox, self.engine, transport=transport, **{**defaults, **options})

    def add(self, found, **options):
        """Add a receiver as an endpoint."""
        with Session(self.engine) as session, session.begin():
            return self.outbox.add_endpoint(session, found.url, allow_http=True, **options)

    def send(self, number=7, webhook=paid, **options):
        """Send a message in a transaction."""
        with Session(self.engine) as session, session.begin():
            return self.outbox.send(session, webhook, {"order": number}, **options)

    def rows(self, name, *columns):
        """The rows of a table in their order."""
        table = getattr(self.outbox.tables, name)
        with self.engine.connect() as connection:
            return [
                tuple(row)
                for row in connection.execute(sa.select(*(table.c[each] for each in columns)).order_by(table.c.id))
            ]

    @property
    def states(self):
        """State and number of attempts of each delivery."""
        return self.rows("deliveries", "state", "attempts")


@pytest.fixture(scope="module")
def postgres():
    """A PostgreSQL for this module."""
    with postgres_server() as url:
        yield url.replace("postgresql://", "postgresql+psycopg://")


@pytest.fixture(params=["sqlite", "postgres"])
def post(request, tmp_path):
    """An outbox in each database."""
    url = f"sqlite:///{tmp_path}/shop.db" if request.param == "sqlite" else request.getfixturevalue("postgres")
    found = Post(url)
    yield found
    found.engine.dispose()


@pytest.fixture
def shop():
    """A receiver."""
    with receiver() as found:
        yield found


def test_a_committed_message_is_delivered_signed(post, shop):
    """The library of the standard verifies what comes; type, time and data are in the body."""
    endpoint = post.add(shop)
    identity = post.send()

    assert post.deliverer().run_once() == 1
    (request,) = shop.received
    body = Judge(endpoint.secret).verify(request.body, request.headers)
    assert request.headers["webhook-id"] == identity
    assert (body["type"], body["data"], request.headers["Content-Type"]) == (
        "order.paid",
        {"order": 7},
        "application/json",
    )
    assert post.states == [("delivered", 1)]
    assert post.rows("attempts", "number", "status", "error", "answer") == [(1, 204, None, "")]


def test_a_transaction_that_is_rolled_back_sends_nothing(post, shop):
    """The message is part of the transaction of its cause."""
    post.add(shop)
    with Session(post.engine) as session:
        post.outbox.send(session, paid, {"order": 1})
        session.rollback()

    assert post.deliverer().run_once() == 0
    assert post.rows("messages", "id") == []


def test_a_connection_writes_messages_too(post, shop):
    """Who uses SQLAlchemy Core gives the connection."""
    post.add(shop)
    with post.engine.begin() as connection:
        post.outbox.send(connection, sent, {"order": 1})

    post.deliverer().run_once()
    assert json.loads(shop.received[0].body) == {"order": 1}


def test_an_asynchronous_session_writes_messages_too(tmp_path, shop):
    """``run_sync`` passes the session that ``send`` takes."""
    post = Post(f"sqlite:///{tmp_path}/shop.db")
    post.add(shop)

    async def send():
        engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path}/shop.db")
        async with AsyncSession(engine) as session, session.begin():
            identity = await session.run_sync(post.outbox.send, paid, {"order": 1})
        await engine.dispose()
        return identity

    identity = asyncio.run(send())
    post.deliverer().run_once()
    post.engine.dispose()
    assert shop.ids == [identity]


def test_an_event_goes_to_the_endpoints_that_take_it(post):
    """By its owner, its name, and as long as the endpoint is enabled."""
    with receiver() as one, receiver() as two, receiver() as three, receiver() as four:
        post.add(one, owner="a")
        post.add(two, owner="a", events=["order.paid", "other"])
        post.add(three, owner="b")
        off = post.add(four, owner="a")
        with post.engine.begin() as connection:
            post.outbox.disable_endpoint(connection, off.id)
        first, second = post.send(owner="a"), post.send(owner="a", webhook=sent)
        post.deliverer().run_once()

        assert [sorted(each.ids) for each in (one, two, three, four)] == [sorted([first, second]), [first], [], []]


def test_an_id_that_is_made_of_its_cause_is_written_once(post, shop):
    """A message with an id that is there already is refused by the database."""
    post.add(shop)
    post.send(message_id="order-7-paid")
    with pytest.raises(sa.exc.IntegrityError):
        post.send(message_id="order-7-paid")

    post.deliverer().run_once()
    assert shop.ids == ["order-7-paid"]


def test_what_the_document_does_not_promise_is_not_written(post, shop):
    """A payload that is not what the schema says is an error where it is sent."""
    post.add(shop)
    with pytest.raises(ContractViolation), Session(post.engine) as session:
        post.outbox.send(session, paid, {"order": None})
    with pytest.raises(SetupError, match="signs what it sends"), Session(post.engine) as session:
        post.outbox.send(session, Webhook("plain", {"order": fields.Integer()}), {"order": 1})
    with pytest.raises(SetupError, match="full stop"):
        post.send(message_id="a.b")


def test_failures_are_repeated_by_the_schedule(post, shop):
    """Each attempt has the same id and its own timestamp; after the last one the delivery has failed."""
    endpoint = post.add(shop)
    identity = post.send()
    shop.answers = [(500, {}, b"x" * 5000)] * 10
    deliverer = post.deliverer()
    stamps = []
    for delay in SCHEDULE:
        post.clock.now += delay - 1
        if delay:
            assert deliverer.run_once() == 0
        post.clock.now += 1
        assert deliverer.run_once() == 1
        stamps.append(shop.received[-1].headers["webhook-timestamp"])

    assert deliverer.run_once() == 0
    assert shop.ids == [identity] * 10
    assert len(set(stamps)) == 10
    assert post.states == [("failed", 10)]
    assert {answer for (answer,) in post.rows("attempts", "answer")} == {"x" * 1024}
    assert len({each.headers["webhook-signature"] for each in shop.received}) == 10
    assert endpoint.secret not in repr(endpoint)


def test_a_retry_after_prolongs_the_delay_within_bounds():
    """The receiver may ask for more time, up to a bound, and never shortens the schedule; delays differ at random."""
    policy = Policy((0, 5, 300), 0.0, None, 1000.0, 60.0)

    assert [policy.delay(1, after) for after in (None, 2, 60, 99_999)] == [5, 5, 60, 1000]
    assert (policy.delay(2, None), policy.delay(3, 60)) == (300, None)
    delays = {Policy((0, 100), 0.1, None, 1000.0, 60.0).delay(1, None) for _ in range(50)}
    assert len(delays) > 40
    assert 90 <= min(delays) <= max(delays) <= 110


def test_the_receiver_says_when_to_come_again(post, shop):
    """A 429 or 503 with ``Retry-After`` moves the next attempt."""
    post.add(shop)
    post.send()
    shop.answers = [(429, {"Retry-After": "60"}, b"")]
    deliverer = post.deliverer()
    deliverer.run_once()
    post.clock.now += 59
    assert deliverer.run_once() == 0
    post.clock.now += 1
    assert deliverer.run_once() == 1
    assert post.states == [("delivered", 2)]


def test_410_ends_the_endpoint(post, shop):
    """A receiver that is gone gets nothing more: what is pending is cancelled, and its owner can be told."""
    told = []
    endpoint = post.add(shop)
    for number in range(3):
        post.send(number)
    shop.answers = [(410, {}, b"")]
    deliverer = post.deliverer(per_endpoint=1, on_disabled=lambda *arguments: told.append(arguments))
    deliverer.run_once()
    post.send(4)

    assert deliverer.run_once() == 0
    assert told == [(endpoint.id, "gone")]
    assert sorted(state for state, _ in post.states) == ["cancelled", "cancelled", "failed"]
    assert post.rows("endpoints", "enabled", "disabled_reason") == [(False, "gone")]
    assert len(shop.received) == 1


def test_an_endpoint_that_fails_for_long_is_disabled(post, shop):
    """Nothing but failures for a time disables it; a success in between begins the time anew."""
    post.add(shop)
    deliverer = post.deliverer(disable_after=100, schedule=(0, 60, 60, 60, 60, 60))
    for answers, passes in (([500, 204], [0, 60]), ([500, 500, 500], [60, 60, 60])):
        post.send()
        for status, seconds in zip(answers, passes, strict=True):
            post.clock.now += seconds
            shop.answers = [(status, {}, b"")]
            deliverer.run_once()

    assert post.rows("endpoints", "enabled", "disabled_reason") == [(False, "failing")]
    assert [state for state, _ in post.states] == ["delivered", "cancelled"]


def test_an_endpoint_can_be_enabled_and_a_delivery_sent_again(post, shop):
    """What had failed is sent again with the same id, once its endpoint is enabled."""
    endpoint = post.add(shop)
    identity = post.send()
    shop.answers = [(410, {}, b"")]
    deliverer = post.deliverer()
    deliverer.run_once()
    (number,) = post.rows("deliveries", "id")[0]
    with post.engine.begin() as connection:
        assert not post.outbox.redeliver(connection, number)
        post.outbox.enable_endpoint(connection, endpoint.id)
        assert post.outbox.redeliver(connection, number)
        assert not post.outbox.redeliver(connection, number)
    deliverer.run_once()

    assert shop.ids == [identity, identity]
    assert post.states == [("delivered", 1)]


def test_secrets_rotate_without_a_gap(post, shop):
    """Messages bear a signature by the new secret and one by the old, until the old one is dropped."""
    old = post.add(shop)
    with post.engine.begin() as connection:
        new = post.outbox.rotate_secret(connection, old.id)
    post.send()
    post.deliverer().run_once()
    request = shop.received[0]

    assert old.secret != new.secret
    for secret in (old.secret, new.secret):
        Judge(secret).verify(request.body, request.headers)
    with post.engine.begin() as connection:
        last = post.outbox.rotate_secret(connection, old.id, secret=PRIVATE_KEY, keep=0)
        with pytest.raises(LookupError):
            post.outbox.rotate_secret(connection, "ep_none")
    post.send()
    post.deliverer().run_once()
    assert last.secret == PRIVATE_KEY
    assert shop.received[1].headers["webhook-signature"].startswith("v1a,")
    assert " " not in shop.received[1].headers["webhook-signature"]


@pytest.mark.parametrize(
    ("url", "options", "error"),
    [
        ("http://example.com/", {}, AddressRefused),
        ("https://user@example.com/", {}, AddressRefused),
        ("https://example.com/", {"secret": "secret"}, ValueError),
        ("https://example.com/", {"secret": "whpk_" + "QUJD" * 10 + "QUI="}, ValueError),
    ],
)
def test_an_endpoint_that_could_never_be_reached_is_not_added(tmp_path, url, options, error):
    """URL and secret are read where an endpoint is added."""
    post = Post(f"sqlite:///{tmp_path}/shop.db")
    with pytest.raises(error), post.engine.begin() as connection:
        post.outbox.add_endpoint(connection, url, **options)
    post.engine.dispose()


def test_a_private_address_is_an_attempt_that_failed(post):
    """What resolves to an inner network is not connected to: it is in the log, and tried again."""
    with post.engine.begin() as connection:
        post.outbox.add_endpoint(connection, "https://shop.example/hooks")
    post.send()
    post.deliverer(transport=Transport(resolve=lambda *_: ["10.0.0.1"])).run_once()

    assert post.states == [("pending", 1)]
    assert post.rows("attempts", "status", "error") == [(None, "The host has no public address.")]


def test_a_slow_receiver_does_not_hold_up_the_others(post, shop):
    """One endpoint has a share of the workers: the messages of the others are sent meanwhile."""
    go = threading.Event()
    with receiver() as slow:
        slow.before = lambda: go.wait(30)
        post.add(slow, owner="slow")
        post.add(shop, owner="quick")
        for number in range(10):
            post.send(number, owner="slow")
        for number in range(5):
            post.send(number, owner="quick")
        with post.deliverer(workers=3, per_endpoint=2):
            wait_for(lambda: len(shop.received) == 5)
            assert len(slow.received) <= 2
            go.set()
            wait_for(lambda: len(slow.received) == 10)

    assert {state for state, _ in post.states} == {"delivered"}


def wait_for(condition):
    """Wait for what other threads and processes do."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_two_deliverers_share_the_work(post, shop):
    """On PostgreSQL and SQLite no message is sent twice by two deliverers that run at once."""
    post.add(shop)
    identities = {post.send(number) for number in range(60)}
    with post.deliverer(per_endpoint=4), post.deliverer(per_endpoint=4):
        wait_for(lambda: [state for state, _ in post.states] == ["delivered"] * 60)

    assert sorted(shop.ids) == sorted(identities)
    assert {number for _, number in post.states} == {1}


def test_a_delivery_is_claimed_by_one_of_two_at_the_same_moment(post, shop):
    """Between looking and claiming another deliverer may come: one of the two has the delivery."""
    post.add(shop)
    post.send()
    one, two = post.deliverer(), post.deliverer()
    other = sa.create_engine(post.url)
    two.queue.engine = other
    found = []

    def come_between(connection, cursor, statement, *rest):
        if statement.startswith("UPDATE webhook_delivery") and not found:
            found.append(two.queue.claim(5, {}, 5))

    sa.event.listen(post.engine, "before_cursor_execute", come_between)
    mine = one.queue.claim(5, {}, 5)
    sa.event.remove(post.engine, "before_cursor_execute", come_between)
    other.dispose()

    assert len(found) == 1
    assert len(mine) + len(found[0]) == 1


def test_a_lease_that_is_over_is_due_again(post, shop):
    """A claim that is not settled in time is another deliverer's; who comes late changes nothing."""
    post.add(shop)
    identity = post.send()
    killed, other = post.deliverer(lease=60), post.deliverer(lease=60)
    (claim,) = killed.queue.claim(5, {}, 5)

    assert other.run_once() == 0
    post.clock.now += 61
    assert other.run_once() == 1
    shop.answers = [(500, {}, b"")]
    killed.settle(claim, killed.attempt(claim))
    assert post.states == [("delivered", 1)]
    assert shop.ids == [identity, identity]


def test_a_message_whose_endpoint_was_removed_meanwhile_is_forgotten(post, shop):
    """Removing an endpoint during an attempt breaks nothing."""
    post.add(shop)
    post.send()
    deliverer = post.deliverer()
    (claim,) = deliverer.queue.claim(5, {}, 5)
    with post.engine.begin() as connection:
        connection.execute(sa.delete(post.outbox.tables.deliveries))
        connection.execute(sa.delete(post.outbox.tables.endpoints))
    deliverer.settle(claim, deliverer.attempt(claim))

    assert post.rows("attempts", "id") == []


def test_a_message_to_an_endpoint_that_was_disabled_before_its_commit_is_cancelled(post, shop):
    """The endpoint is looked at when the delivery is claimed, too."""
    endpoint = post.add(shop)
    post.send()
    endpoints = post.outbox.tables.endpoints
    with post.engine.begin() as connection:
        connection.execute(sa.update(endpoints).values(enabled=False, disabled_reason="gone"))

    assert post.deliverer().run_once() == 0
    assert post.states == [("cancelled", 0)]
    assert post.rows("endpoints", "id", "disabled_reason") == [(endpoint.id, "gone")]


def test_what_is_old_is_removed(post, shop):
    """Ended deliveries, their log and their messages go after a time; what is pending stays."""
    post.add(shop)
    post.send(1)
    deliverer = post.deliverer()
    deliverer.run_once()
    post.clock.now += 1000
    shop.answers = [(500, {}, b"")]
    post.send(2)
    deliverer.run_once()

    assert deliverer.queue.purge(2000) == 0
    post.clock.now += 10_000
    assert deliverer.queue.purge(2000) == 1
    assert [len(post.rows(name, "id")) for name in ("messages", "deliveries", "attempts")] == [1, 1, 1]
    assert deliverer.queue.counts() == {"pending": 1}


def test_stopping_finishes_what_has_begun(post, shop):
    """An attempt that is under way ends, and is written; nothing else is begun."""
    inside, go = threading.Event(), threading.Event()
    shop.before = lambda: (inside.set(), go.wait(30))
    post.add(shop)
    for number in range(3):
        post.send(number)
    deliverer = post.deliverer(per_endpoint=1)
    deliverer.start()
    inside.wait(30)
    stopping = threading.Thread(target=deliverer.stop)
    stopping.start()
    go.set()
    stopping.join()

    assert sorted(state for state, _ in post.states) == ["delivered", "pending", "pending"]
    assert post.rows("deliveries", "lease") == [(None,)] * 3
    deliverer.start()
    wait_for(lambda: {state for state, _ in post.states} == {"delivered"})
    deliverer.stop()


def test_a_database_that_is_away_ends_no_deliverer(tmp_path, shop, caplog):
    """What came of an attempt is kept until the database is back."""
    post = Post(f"sqlite:///{tmp_path}/shop.db")
    post.add(shop)
    post.send()
    away = []

    def refuse(connection, cursor, statement, *rest):
        if away:
            raise sa.exc.OperationalError(statement, {}, Exception("away"))

    sa.event.listen(post.engine, "before_cursor_execute", refuse)
    shop.before = lambda: away.append(1)
    with post.deliverer():
        wait_for(lambda: "cannot be written" in caplog.text)
        away.clear()
        wait_for(lambda: post.states == [("delivered", 1)])
    post.engine.dispose()

    assert len(shop.received) == 1


APP = """
import os
import sqlalchemy as sa
from framework import App
from framework.webhooks import Deliverer, Outbox, Transport

app = App("shop")
outbox = Outbox(sa.MetaData())
Deliverer(
    outbox,
    lambda: sa.create_engine(os.environ["DATABASE_URL"]),
    transport=Transport(allow=["127.0.0.0/8"], allow_http=True, timeout=20),
    poll=0.05,
    lease=float(os.environ.get("LEASE", "60")),
).init_app(app)
"""


def command(folder, url, *words, **environ):
    """Run a command of an application in a folder."""
    (folder / "app.py").write_text(APP)
    variables = {**os.environ, "PYTHONPATH": str(ROOT), "DATABASE_URL": url, **environ}
    return subprocess.Popen(
        [sys.executable, "-m", "framework", "webhooks", *words],
        cwd=folder,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_the_command_delivers_and_ends_gracefully(post, shop, tmp_path):
    """``framework webhooks deliver`` finishes what it has begun on SIGTERM."""
    inside = threading.Event()
    shop.before = lambda: (inside.set(), time.sleep(0.3))
    post.add(shop)
    post.send()
    process = command(tmp_path, post.url, "deliver")
    assert inside.wait(30)
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=30)

    assert process.returncode == 0, output
    assert post.states == [("delivered", 1)]
    once = command(tmp_path, post.url, "deliver", "--once").communicate(timeout=30)[0]
    status = command(tmp_path, post.url, "status").communicate(timeout=30)[0]
    assert "0 attempts." in once
    assert "1  delivered" in status


def test_a_deliverer_that_is_killed_loses_nothing(post, shop, tmp_path):
    """Its claim ends with the lease, and the next deliverer sends the message again, with the same id."""
    inside, go = threading.Event(), threading.Event()
    shop.before = lambda: (inside.set(), go.wait(30))
    post.add(shop)
    identity = post.send()
    process = command(tmp_path, post.url, "deliver", LEASE="21")
    assert inside.wait(30)
    process.kill()
    process.communicate()
    go.set()

    assert post.states == [("pending", 0)]
    assert post.deliverer().run_once() == 0
    post.clock.now = time.time() + 30
    assert post.deliverer().run_once() == 1
    assert post.states == [("delivered", 1)]
    assert shop.ids == [identity, identity]


def test_the_command_says_what_is_missing(tmp_path):
    """An application without a deliverer is an error with its remedy."""
    (tmp_path / "app.py").write_text("from framework import App\napp = App('shop')\n")
    done = subprocess.run(
        [sys.executable, "-m", "framework", "webhooks", "deliver"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode != 0
    assert "init_app(app)" in done.stderr


def test_events_are_in_the_document():
    """A declared event is in ``webhooks``, with its whole body and the headers of its signature."""
    app = App(__name__)
    app.add_webhook(event("order.paid", {"order": fields.Integer(required=True)}))
    operation = app.openapi["webhooks"]["order.paid"]["post"]
    name = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    schema = app.openapi["components"]["schemas"][name]

    assert {each["name"] for each in operation["parameters"]} >= {
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
    }
    assert sorted(schema["required"]) == ["data", "timestamp", "type"]
    assert schema["properties"]["type"]["enum" if "enum" in schema["properties"]["type"] else "const"]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"schedule": ()}, "at least one"),
        ({"schedule": (-1,)}, "at least one"),
        ({"jitter": 1}, "jitter"),
        ({"lease": 5}, "over before an attempt is"),
        ({"workers": 0}, "a worker"),
    ],
)
def test_mistakes_are_found_at_once(options, text):
    """What cannot be is an error when the deliverer is made."""
    with pytest.raises(SetupError, match=text):
        Deliverer(Outbox(sa.MetaData()), sa.create_engine("sqlite://"), **options)
