"""``limit``: how often a client may call."""

from __future__ import annotations

import itertools
import logging
import socket
import subprocess
import sys
import threading
import time
import types

import pytest
from werkzeug.middleware.proxy_fix import ProxyFix

from framework import App, Resource, Router, abort, errors, limit, response
from framework.errors import SetupError
from framework.marks.base import Mark, Outcome, Phase, Step
from framework.marks.traffic import Address, RateLimitExceeded, User, identity
from framework.stores.counters import MemoryCounters
from framework.stores.redis import RedisStore
from tests.answers import without_id
from tests.servers import free_port, redis_server


class Clock:
    """The time of day, which a test sets."""

    now = 1_700_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    """A time of day that stands still until the test moves it."""
    made = Clock()
    monkeypatch.setattr(time, "time", made)
    monkeypatch.setattr(MemoryCounters, "clock", staticmethod(made))
    return made


class known(Mark):
    """Authenticates by a header: who it names is the user."""

    def run(self, plan):
        def check(ctx, call):
            name = ctx.request.headers.get("X-User")
            if name == "stranger":
                raise errors.Unauthorized()
            ctx.user = None if name is None else types.SimpleNamespace(id=name)

        yield Step(Phase.AUTHENTICATE, check)

    def document(self, plan):
        yield Outcome(401, error=errors.Unauthorized)


def make(*marks, fast=True, app_marks=(), **settings):
    """A client of an application with one operation, which carries some marks."""
    app = App(__name__, marks=app_marks)
    app.config.update(FAST_PATH=fast, **settings)

    def view():
        return "done"

    for mark in (response(200, None), *marks):
        view = mark(view)
    app.add_url_rule("/", "view", view)
    return app.test_client()


def statuses(client, times, path="/", **options):
    """The statuses of some requests in a row."""
    return [client.get(path, **options).status_code for _ in range(times)]


def test_calls_over_the_limit_are_429(fast):
    """A client may call as often as the limit says; then it is told when to come back."""
    client = make(limit("3/minute"), fast=fast)

    assert statuses(client, 3) == [200, 200, 200]
    reply = client.get("/")
    assert reply.status_code == 429
    assert reply.json["code"] == "rate_limit_exceeded"
    assert 0 < int(reply.headers["Retry-After"]) <= 60
    assert issubclass(RateLimitExceeded, errors.TooManyRequests)


def test_answers_tell_what_is_left(fast, clock):
    """Each answer carries the fields of the draft: the policies, and what is left of each for how long."""
    client = make(limit("3/minute", "5 per 2 hours"), fast=fast)
    reply = client.get("/")

    assert reply.headers["RateLimit-Policy"] == '"address-minute";q=3;w=60, "address-2-hour";q=5;w=7200'
    assert reply.headers["RateLimit"] == '"address-minute";r=2;t=60, "address-2-hour";r=4;t=7200'
    clock.now += 10.5
    assert client.get("/").headers["RateLimit"] == '"address-minute";r=1;t=50, "address-2-hour";r=3;t=7190'


def test_a_refusal_tells_what_is_left_too(fast, clock):
    """The 429 carries the same fields, each once."""
    client = make(limit("1/minute"), fast=fast)
    client.get("/")
    clock.now += 15
    reply = client.get("/")

    assert reply.headers.getlist("RateLimit") == ['"address-minute";r=0;t=45']
    assert reply.headers.getlist("RateLimit-Policy") == ['"address-minute";q=1;w=60']
    assert reply.headers["Retry-After"] == "45"


def test_errors_of_the_handler_tell_it_too(fast):
    """An error that the handler raises, expected or not, carries the fields."""
    app = App(__name__)
    app.config.update(FAST_PATH=fast, PROPAGATE_EXCEPTIONS=False)

    @app.get("/<int:status>")
    @limit("9/minute")
    def view(status):
        if status == 500:
            raise ValueError("Unexpected.")
        abort(status)

    client = app.test_client()
    for number, status in enumerate([404, 409, 500]):
        reply = client.get(f"/{status}")
        assert reply.status_code == status
        assert f"r={8 - number};" in reply.headers["RateLimit"]


def test_all_windows_hold(clock):
    """The shorter window refuses first; the longer one goes on over its end."""
    client = make(limit("5/day", "2/minute"))

    assert statuses(client, 3) == [200, 200, 429]
    assert int(client.get("/").headers["Retry-After"]) <= 60  # the day has not refused
    clock.now += 61
    assert statuses(client, 3) == [200, 200, 429]
    clock.now += 61
    assert statuses(client, 2) == [200, 429]
    reply = client.get("/")
    assert int(reply.headers["Retry-After"]) > 80_000
    clock.now += 61  # the minute is over, the day is not
    assert client.get("/").status_code == 429


def test_what_a_short_window_refuses_is_not_counted_by_a_long_one(clock):
    """Whoever runs into the minute does not lose the day."""
    client = make(limit("5/day", "1/minute"))
    statuses(client, 20)
    clock.now += 61

    assert client.get("/").status_code == 200


def test_addresses_count_for_themselves():
    """Two addresses are two clients."""
    client = make(limit("1/minute"))

    for address in ("192.0.2.1", "192.0.2.2"):
        assert statuses(client, 2, environ_overrides={"REMOTE_ADDR": address}) == [200, 429]


@pytest.mark.parametrize(
    "name", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Client-IP", "True-Client-IP", "CF-Connecting-IP"]
)
def test_headers_say_nothing_of_the_address(name):
    """A client that makes up headers of proxies is still one client."""
    client = make(limit("2/minute"))

    assert [client.get("/", headers={name: f"192.0.2.{n}"}).status_code for n in range(3)] == [200, 200, 429]


def test_behind_a_proxy_the_address_is_that_of_proxy_fix():
    """With ProxyFix the address that the trusted proxy added counts, and those before it do not."""
    client = make(limit("1/minute"))
    client.application.wsgi_app = ProxyFix(client.application.wsgi_app, x_for=1)

    def ask(forwarded):
        return client.get("/", headers={"X-Forwarded-For": forwarded}).status_code

    assert [ask("198.51.100.1"), ask("198.51.100.2"), ask("198.51.100.1")] == [200, 200, 429]
    assert [ask("10.9.9.9, 198.51.100.1"), ask("10.9.9.9, 198.51.100.3")] == [429, 200]


def test_an_ipv6_client_is_its_network(fast):
    """All addresses of one /64 are one client; the next /64 is another."""
    client = make(limit("2/minute"), fast=fast)

    def ask(address):
        return client.get("/", environ_overrides={"REMOTE_ADDR": address}).status_code

    assert [ask("2001:db8::1"), ask("2001:db8::ffff:1"), ask("2001:DB8:0:0:9::")] == [200, 200, 429]
    assert ask("2001:db8:0:1::1") == 200


@pytest.mark.parametrize(
    ("address", "prefix", "key"),
    [
        ("2001:db8:1:2:3::4", 64, "address:2001:db8:1:2::/64"),
        ("2001:db8:1:2:3::4", 48, "address:2001:db8:1::/48"),
        ("2001:db8:1:2:3::4", 128, "address:2001:db8:1:2:3::4/128"),
        ("fe80::1%eth0", 64, "address:fe80::/64"),
        ("::ffff:192.0.2.1", 64, "address:192.0.2.1"),
        ("192.0.2.1", 64, "address:192.0.2.1"),
        ("", 64, "address:"),
        ("not:an:address", 64, "address:not:an:address"),
    ],
)
def test_keys_of_addresses(address, prefix, key):
    """An IPv6 address counts with as many bits as are asked for; one that wraps IPv4 is that IPv4 address."""
    assert Address(ipv6_prefix=prefix)(types.SimpleNamespace(request_environ={"REMOTE_ADDR": address})) == key


def test_users_count_for_themselves(fast):
    """By user: the same user from two addresses is one client, nobody is known by the address."""
    client = make(limit("2/minute", by="user"), known(), fast=fast)

    def ask(user, address):
        headers = {} if user is None else {"X-User": user}
        return client.get("/", headers=headers, environ_overrides={"REMOTE_ADDR": address}).status_code

    assert [ask("ann", "192.0.2.1"), ask("ann", "192.0.2.2"), ask("ann", "192.0.2.3")] == [200, 200, 429]
    assert ask("bob", "192.0.2.1") == 200
    assert [ask(None, "192.0.2.1"), ask(None, "192.0.2.1"), ask(None, "192.0.2.1")] == [200, 200, 429]
    assert ask(None, "192.0.2.2") == 200


def test_by_address_counts_before_anybody_is_known():
    """A limit by address counts those whose credentials are wrong; one by user does not."""
    client = make(limit("2/minute"), known())
    stranger = {"headers": {"X-User": "stranger"}}

    assert statuses(client, 4, **stranger) == [401, 401, 429, 429]
    client = make(limit("2/minute", by="user"), known())
    assert statuses(client, 4, **stranger) == [401, 401, 401, 401]


MARKS = [lambda: limit("5/minute", by="user"), lambda: limit("3/minute"), known]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_order_of_marks_means_nothing(order, fast):
    """Whatever the order on the handler, the same calls are refused."""
    client = make(*(MARKS[number]() for number in order), fast=fast)
    sent = [("ann", 1), ("ann", 1), ("ann", 1), ("ann", 1), ("ann", 2), ("ann", 2), ("ann", 3), ("bob", 3)]
    got = [
        client.get("/", headers={"X-User": user}, environ_overrides={"REMOTE_ADDR": f"192.0.2.{address}"}).status_code
        for user, address in sent
    ]

    assert got == [200, 200, 200, 429, 200, 200, 429, 200]


def test_a_key_function(fast):
    """A function says who is one client; for None the address counts, so nobody gets round."""
    client = make(limit("1/minute", by=lambda ctx: ctx.request.headers.get("X-Tenant")), fast=fast)

    assert statuses(client, 2, headers={"X-Tenant": "a"}) == [200, 429]
    assert statuses(client, 2, headers={"X-Tenant": "b"}) == [200, 429]
    assert statuses(client, 2, headers={"X-Tenant": "x" * 5000}) == [200, 429]
    assert statuses(client, 2) == [200, 429]
    assert statuses(client, 1, environ_overrides={"REMOTE_ADDR": "192.0.2.9"}) == [200]


def test_keys_of_two_kinds_do_not_mix():
    """A key function that returns the words of another kind of key does not share its counter."""
    client = make(
        limit("1/minute", by=lambda ctx: ctx.request.headers.get("X-Key")),
        limit("9/minute", name="other"),
    )

    assert client.get("/", headers={"X-Key": "address:127.0.0.1"}).status_code == 200
    assert statuses(client, 2) == [200, 429]


def test_functions_may_be_asynchronous():
    """Key, cost and exemption may be ``async def``."""

    async def key(ctx):
        return "one"

    async def cost(ctx):
        return 2

    async def exempt(ctx):
        return "X-Free" in ctx.request.headers

    client = make(limit("4/minute", by=key, cost=cost, exempt=exempt))

    assert statuses(client, 3) == [200, 200, 429]
    assert statuses(client, 1, headers={"X-Free": "1"}) == [200]


@pytest.mark.parametrize(
    ("user", "key"),
    [
        ("1", "str:1"),
        (1, "int:1"),
        ({"id": 1}, "int:1"),
        ({"sub": "auth0|1"}, "str:auth0|1"),
        (types.SimpleNamespace(id="a"), "str:a"),
        (types.SimpleNamespace(get_id=lambda: "7"), "str:7"),
    ],
)
def test_identities(user, key):
    """Users are known by their id; a number and the same digits are two."""
    assert identity(user) == key


@pytest.mark.parametrize("user", [object(), {"name": "Ann"}, types.SimpleNamespace(id=1.5), ["a"]])
def test_a_user_without_identity_is_an_error(user):
    """What cannot be told apart is not guessed at."""
    with pytest.raises(TypeError, match="Cannot tell users apart"):
        identity(user)


def test_anonymous_keys_are_no_user():
    """What tells the anonymous apart can never be taken for a user."""
    by = User(lambda ctx: "user:str:ann")

    assert by(types.SimpleNamespace(user=None)) != by(types.SimpleNamespace(user="ann", scheme=None))


def two_operations(mark, other=None):
    """An application with two operations, ``/a`` and ``/b``."""
    app = App(__name__)
    app.add_url_rule("/a", "a", mark(response(200, None)(lambda: 1)))
    app.add_url_rule("/b", "b", (other or mark)(response(200, None)(lambda: 1)))
    return app.test_client()


def test_operations_count_for_themselves():
    """The same limit on two operations is two limits."""
    client = two_operations(limit("1/minute"))

    assert [statuses(client, 2, "/a"), statuses(client, 2, "/b")] == [[200, 429], [200, 429]]


def test_a_shared_limit_counts_together():
    """A shared limit counts all operations of its name, wherever it is written."""
    client = two_operations(
        limit("2/minute", name="both", shared=True), limit("2/minute", name="both", shared=True, cost=1)
    )

    assert [statuses(client, 1, "/a"), statuses(client, 2, "/b"), statuses(client, 1, "/a")] == [
        [200],
        [200, 429],
        [429],
    ]


def test_two_rules_of_one_endpoint_count_together():
    """A second address of the same operation is no second chance; another method is another operation."""
    app = App(__name__)

    @app.route("/a")
    @app.route("/b", operation_id="Other")
    class Thing(Resource):
        @limit("2/minute")
        @response(200)
        def get(self):
            return 1

        @limit("2/minute")
        @response(200)
        def post(self):
            return 1

    client = app.test_client()

    assert [statuses(client, 1, "/a"), statuses(client, 2, "/b")] == [[200], [200, 429]]
    assert client.head("/a").status_code == 429
    assert client.post("/a").status_code == 200


def nested(app_marks=(), router_marks=(), class_marks=(), own_marks=()):
    """A client of an application with a resource at ``/r/a``, marks at each place."""
    app = App(__name__, marks=app_marks)
    router = Router("r", url_prefix="/r", marks=router_marks)

    def get(self):
        return 1

    for mark in (response(200), *own_marks):
        get = mark(get)
    thing = type("Thing", (Resource,), {"get": get})
    for mark in class_marks:
        thing = mark(thing)
    router.route("/a")(thing)
    app.register_router(router)
    return app.test_client()


@pytest.mark.parametrize("place", ["app_marks", "router_marks", "class_marks", "own_marks"])
def test_a_limit_stands_anywhere(place):
    """A limit holds on a handler, a class, a router and an application."""
    client = nested(**{place: [limit("2/minute")]})

    assert statuses(client, 3, "/r/a") == [200, 200, 429]


def test_outer_and_inner_limits_both_hold():
    """An outer limit is not lifted by an inner one, be that larger or smaller."""
    client = nested([limit("2/minute", name="app")], (), (), [limit("9/minute")])

    assert statuses(client, 3, "/r/a") == [200, 200, 429]
    client = nested([limit("9/minute", name="app")], (), (), [limit("2/minute")])
    assert statuses(client, 3, "/r/a") == [200, 200, 429]
    assert client.get("/r/a").headers["RateLimit-Policy"] == '"app-minute";q=9;w=60, "address-minute";q=2;w=60'


@pytest.mark.parametrize("place", ["router_marks", "class_marks", "own_marks"])
def test_an_inner_limit_overrides_an_outer_one_by_name(place):
    """Only the limit that is named gives way, wherever the overriding one stands."""
    outer = [limit("1/minute", name="general"), limit("4/minute", name="hard")]
    client = nested(outer, **{place: [limit("3/minute", overrides="general")]})

    assert statuses(client, 4, "/r/a") == [200, 200, 200, 429]
    client = nested(outer, **{place: [limit(overrides=["general", "hard"])]})
    assert statuses(client, 9, "/r/a") == [200] * 9


@pytest.mark.parametrize("turn", [1, -1])
def test_overriding_does_not_depend_on_the_order(turn):
    """Beside other limits of its place an overriding one means the same first and last."""
    marks = [limit("3/minute", overrides="general"), limit("2/minute", name="beside")][::turn]
    client = nested([limit("1/minute", name="general")], marks)

    assert statuses(client, 3, "/r/a") == [200, 200, 429]


def test_costs():
    """A call counts what it costs, one for which that is nothing is not counted."""
    client = make(limit("10/minute", cost=4))

    assert statuses(client, 3) == [200, 200, 429]
    client = make(limit("10/minute", cost=lambda ctx: int(ctx.request.args["cost"])))
    assert [client.get(f"/?cost={cost}").status_code for cost in (6, 0, 4, 0, 1)] == [200, 200, 200, 200, 429]
    assert "RateLimit" not in client.get("/?cost=0").headers


def test_exemptions():
    """A call that is exempt is neither counted nor told anything."""
    client = make(limit("1/minute", exempt=lambda ctx: ctx.request.headers.get("X-Monitor") == "1"))
    free = {"headers": {"X-Monitor": "1"}}

    assert statuses(client, 5, **free) == [200] * 5
    assert statuses(client, 2) == [200, 429]
    assert statuses(client, 5, **free) == [200] * 5
    assert "RateLimit" not in client.get("/", **free).headers


def test_fixed_windows_begin_anew(clock):
    """By default a window starts with a first call and is over as a whole."""
    client = make(limit("2/minute"))
    statuses(client, 1)
    clock.now += 59
    assert statuses(client, 2) == [200, 429]
    clock.now += 1.5

    assert statuses(client, 3) == [200, 200, 429]


def test_moving_windows_look_back(clock):
    """With moving windows no minute at all has more calls than the limit, and Retry-After is exact."""
    client = make(limit("2/minute", strategy="moving-window"))
    statuses(client, 1)
    clock.now += 59
    assert statuses(client, 2) == [200, 429]
    reply = client.get("/")
    assert reply.headers["Retry-After"] == "1"
    clock.now += 1.5
    assert statuses(client, 2) == [200, 429]
    clock.now += int(client.get("/").headers["Retry-After"])
    assert statuses(client, 2) == [200, 429]


def test_sliding_windows_weigh_the_one_before(clock):
    """With sliding windows the calls of the window before fade out over the length of this one."""
    clock.now = 1_700_000_040.0  # the start of a minute
    client = make(limit("10/minute", strategy="sliding-window-counter"))
    assert statuses(client, 11) == [200] * 10 + [429]
    clock.now += 60
    assert statuses(client, 1) == [429]
    clock.now += 30
    assert statuses(client, 6) == [200] * 5 + [429]
    clock.now += 120
    assert statuses(client, 11) == [200] * 10 + [429]


def test_the_strategy_comes_from_the_settings(clock):
    """RATELIMIT_STRATEGY holds where a mark says nothing."""
    client = make(limit("1/minute"), RATELIMIT_STRATEGY="moving-window")
    client.get("/")
    clock.now += 20

    assert client.get("/").headers["Retry-After"] == "40"


@pytest.mark.parametrize("strategy", ["fixed-window", "moving-window", "sliding-window-counter"])
def test_threads_do_not_get_more(strategy):
    """Of many calls at once exactly as many are let through as the limit says."""
    client = make(limit("50/hour", strategy=strategy))
    client.application.freeze()
    got = in_threads(lambda: client.application.test_client().get("/").status_code, 8, 20)

    assert sorted(got) == [200] * 50 + [429] * 110


def in_threads(task, threads, times):
    """What a task gives that runs so often in so many threads at once."""
    got = []
    barrier = threading.Barrier(threads)

    def run():
        barrier.wait(30)
        got.extend([task() for _ in range(times)])

    workers = [threading.Thread(target=run) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return got


def test_memory_is_bounded(clock):
    """However many clients there are, the counters do not grow beyond their number; the one in use stays."""
    counters = MemoryCounters(max_keys=100)
    for number in range(1000):
        counters.incr("steady", 60)
        counters.incr(f"k{number}", 60)
        counters.acquire_entry(f"k{number}", 5, 60)

    assert len(counters) == 200
    assert counters.get("steady") == 1000
    assert counters.get("k0") == 0


def test_the_size_of_the_memory_is_a_setting():
    """With room for one counter two clients push each other out."""
    client = make(limit("1/minute"), RATELIMIT_MAX_KEYS=1)

    def ask(address):
        return client.get("/", environ_overrides={"REMOTE_ADDR": address}).status_code

    assert [ask("192.0.2.1"), ask("192.0.2.1"), ask("192.0.2.2"), ask("192.0.2.1")] == [200, 429, 200, 200]


def test_counters_can_be_reset(clock):
    """One key or all of them can be forgotten."""
    counters = MemoryCounters(max_keys=100)
    counters.incr("a", 60)
    counters.acquire_entry("b", 5, 60)
    counters.acquire_sliding_window_entry("c", 5, 60)
    counters.clear("a")
    counters.clear_sliding_window("c", 60)

    assert (counters.get("a"), counters.get_sliding_window("c", 60)[2]) == (0, 0)
    assert counters.get_moving_window("b", 5, 60)[1] == 1
    assert counters.reset() == 1
    assert counters.get_moving_window("b", 5, 60)[1] == 0
    assert counters.check() is True


def test_a_change_of_settings_does_not_forget():
    """The operations are built anew after a setting has changed; what was counted stays."""
    client = make(limit("2/minute"))
    statuses(client, 2)
    client.application.config["API_TITLE"] = "Another"

    assert statuses(client, 1) == [429]


def test_limits_can_be_switched_off():
    """Without RATELIMIT_ENABLED nothing is counted, and the document says the same as ever."""
    client = make(limit("1/minute"), RATELIMIT_ENABLED=False)

    assert statuses(client, 3) == [200] * 3
    assert "429" in client.application.openapi["paths"]["/"]["get"]["responses"]


def test_the_fields_can_be_switched_off():
    """Without RATELIMIT_HEADERS answers tell nothing but when to come back."""
    client = make(limit("1/minute"), RATELIMIT_HEADERS=False)
    first, second = client.get("/"), client.get("/")

    assert not {"RateLimit", "RateLimit-Policy"} & {*first.headers.keys(), *second.headers.keys()}
    assert int(second.headers["Retry-After"]) > 0
    answers = client.application.openapi["paths"]["/"]["get"]["responses"]
    assert without_id(answers["200"]["headers"]) == {}
    assert set(without_id(answers["429"]["headers"])) == {"Retry-After"}


def test_names_of_policies_are_told_apart():
    """Two windows never have one name; quotes in a name are escaped."""
    client = make(limit("5/minute", "9/minute"), limit("7/minute"), limit("8/hour", name='the "big" one'))
    policy = client.get("/").headers["RateLimit-Policy"]

    names = [item.partition(";")[0] for item in policy.split(", ")]
    assert sorted(names) == sorted(
        ['"the \\"big\\" one-hour"', '"address-minute"', '"address-minute-2"', '"address-minute-3"']
    )


def test_the_document_tells_it():
    """The limit is in the document: 429 with its headers, and the fields on the good answer."""
    client = make(limit("1/minute"))
    answers = client.application.openapi["paths"]["/"]["get"]["responses"]

    assert set(answers) >= {"200", "429"}
    assert "503" not in answers
    assert set(without_id(answers["200"]["headers"])) == {"RateLimit", "RateLimit-Policy"}
    assert set(without_id(answers["429"]["headers"])) == {"RateLimit", "RateLimit-Policy", "Retry-After"}


@pytest.mark.parametrize(
    ("mark", "settings", "words"),
    [
        (lambda: limit("often"), {}, "'often' is not a window"),
        (lambda: limit("10/fortnight"), {}, "'10/fortnight' is not a window"),
        (lambda: limit("0/minute"), {}, "lets no call through"),
        (lambda: limit("3/minute", cost=4), {}, "each one counts 4"),
        (lambda: limit("3/minute", strategy="guess"), {}, "'guess' is not a strategy"),
        (lambda: limit("3/minute"), {"RATELIMIT_STRATEGY": "guess"}, "setting RATELIMIT_STRATEGY: 'guess'"),
        (lambda: limit("3/minute", by="colour"), {}, "'colour' tells no clients apart"),
        (lambda: limit("3/minute", when_away="maybe"), {}, "'maybe' does not say"),
        (lambda: limit("3/minute"), {"RATELIMIT_WHEN_AWAY": None}, "setting RATELIMIT_WHEN_AWAY: None"),
        (
            lambda: limit("3/minute"),
            {"RATELIMIT_STORE_URL": "mysql://x"},
            "setting RATELIMIT_STORE_URL: 'mysql://x'",
        ),
        (lambda: limit("3/minute"), {"STORE_URL": 5}, "setting STORE_URL: 5"),
        (lambda: limit("3/minute", name="größe"), {}, "cannot be the name"),
    ],
)
def test_mistakes_are_found_at_start_up(mark, settings, words):
    """What cannot work is an error of the set-up that says what is wrong."""
    with pytest.raises(SetupError, match=words):
        make(mark(), **settings).application.freeze()


@pytest.mark.parametrize(
    "call",
    [
        lambda: limit(),
        lambda: limit("1/day", shared=True),
        lambda: limit("1/day", store=object()),
        lambda: Address(0),
    ],
)
def test_mistakes_are_found_at_once(call):
    """What says nothing is refused where it is written."""
    with pytest.raises(SetupError):
        call()


def test_a_missing_library_is_named(monkeypatch):
    """Without the library the error says what to install; so for Redis."""
    client = make(limit("1/minute"))
    monkeypatch.setitem(sys.modules, "limits", None)
    with pytest.raises(ImportError, match="'pip install limits'"):
        client.application.freeze()
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules, "redis", None)
    client = make(limit("1/minute"), STORE_URL="redis://127.0.0.1/0")
    with pytest.raises(ImportError, match="'pip install redis'"):
        client.application.freeze()


def test_the_library_is_loaded_when_it_is_needed():
    """An application without a limit does not load it, one with a limit starts no thread for it."""
    code = (
        "import sys, threading; from framework import App, limit;"
        "app = App('lean', root_path='.'); app.add_url_rule('/', 'v', lambda: 'x'); app.freeze();"
        "lean = 'limits' not in sys.modules and 'redis' not in sys.modules;"
        "app = App('limited', root_path='.'); app.add_url_rule('/', 'v', limit('1/day')(lambda: 'x'));"
        "client = app.test_client(); client.get('/');"
        "sys.exit(0 if lean and threading.active_count() == 1 and 'redis' not in sys.modules else 1)"
    )

    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


# Redis


@pytest.mark.parametrize("strategy", ["fixed-window", "moving-window", "sliding-window-counter"])
def test_processes_count_together_in_redis(redis_url, strategy):
    """Two applications of one name count in one place, as two processes do; and threads get no more."""
    marks = [limit("50/hour", strategy=strategy, name=strategy)]
    clients = [make(*marks, STORE_URL=redis_url, STORE_TIMEOUT=10) for _ in range(2)]
    got = in_threads(lambda: [client.get("/").status_code for client in clients], 4, 10)

    assert sorted(status for pair in got for status in pair) == [200] * 50 + [429] * 30
    reply = clients[0].get("/")
    assert reply.status_code == 429
    assert ";r=0;" in reply.headers["RateLimit"]
    assert 0 < int(reply.headers["Retry-After"]) <= 3600


def test_a_limit_may_have_a_store_of_its_own(redis_url):
    """A store that is given to the mark counts, whatever the settings say."""
    store = RedisStore(redis_url, prefix="own:", timeout=10)
    clients = [make(limit("2/hour", store=store)) for _ in range(2)]

    assert [client.get("/").status_code for client in (*clients, *clients)] == [200, 200, 429, 429]
    assert [key[:10] for key in store.client.scan_iter("own:*")] == [b"own:limits"]
    store.close()


def test_applications_have_their_own_counters_in_redis(redis_url):
    """An application of another name, or with another prefix, counts for itself."""
    for settings in ({}, {"STORE_PREFIX": "elsewhere:"}):
        client = make(limit("1/hour", name="apart"), RATELIMIT_STORE_URL=redis_url, **settings)
        assert statuses(client, 2) == [200, 429]


def test_keys_in_redis_expire(redis_url):
    """Nothing stays in Redis for good, and keys begin with the name of the application."""
    import redis

    client = make(limit("9/minute", name="expiring"), STORE_URL=redis_url, STORE_PREFIX="exp:")
    client.get("/")
    with redis.Redis.from_url(redis_url) as server:
        keys = list(server.scan_iter("exp:*"))
        left = [server.ttl(key) for key in keys]

    assert len(keys) == 1
    assert all(0 < seconds <= 60 for seconds in left)


def test_long_keys_are_short_in_redis(redis_url):
    """However long a key is, its counter has a short name: nobody fills the store with what he sends."""
    import redis

    by = limit("1/minute", by=lambda ctx: ctx.request.headers["X-Tenant"], name="long")
    client = make(by, STORE_URL=redis_url, STORE_PREFIX="long:")

    assert statuses(client, 2, headers={"X-Tenant": "x" * 60_000}) == [200, 429]
    assert statuses(client, 1, headers={"X-Tenant": "x" * 60_001}) == [200]
    with redis.Redis.from_url(redis_url) as server:
        assert max(len(key) for key in server.scan_iter("long:*")) < 200


def test_open_lets_calls_go_on_while_redis_is_away(caplog, fast):
    """Away and open: calls are answered without being counted; it is logged once."""
    client = make(limit("1/minute"), fast=fast, STORE_URL=f"redis://127.0.0.1:{free_port()}/0")

    assert statuses(client, 5) == [200] * 5
    assert "RateLimit" not in client.get("/").headers
    told = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(told) == 1
    assert "is away" in told[0]
    assert "uncounted" in told[0]


@pytest.mark.parametrize("strategy", ["fixed-window", "moving-window", "sliding-window-counter"])
def test_closed_refuses_calls_while_redis_is_away(caplog, fast, strategy):
    """Away and closed: calls are answered 503 with Retry-After, as the document says; it is logged once."""
    mark = limit("1/minute", when_away="closed", strategy=strategy)
    client = make(mark, fast=fast, STORE_URL=f"redis://127.0.0.1:{free_port()}/0")
    reply = client.get("/")

    assert reply.status_code == 503
    assert reply.json["code"] == "rate_limit_unavailable"
    assert int(reply.headers["Retry-After"]) >= 1
    assert statuses(client, 3) == [503] * 3
    assert "503" in client.application.openapi["paths"]["/"]["get"]["responses"]
    assert len([record for record in caplog.records if "is away" in record.getMessage()]) == 1


def test_redis_comes_back(caplog):
    """When the server is there again, calls are counted again; that is logged once too."""
    client = make(limit("3/hour"), RATELIMIT_WHEN_AWAY="closed", STORE_TIMEOUT=5)
    with redis_server() as url:
        client.application.config["STORE_URL"] = url
        assert statuses(client, 1) == [200]
        port = int(url.rpartition(":")[2].partition("/")[0])
    assert statuses(client, 2) == [503, 503]
    with redis_server(port):
        deadline = time.monotonic() + 20
        while client.get("/").status_code == 503 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert statuses(client, 2) == [200, 200]

    told = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert [" is away" in text for text in told] == [True, False]
    assert told[1].endswith("is back.")


def test_a_redis_that_hangs_holds_nobody_up():
    """A server that takes connections and never answers costs the timeout once; then it is left alone for a while."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(128)
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        client = make(limit("1/minute"), STORE_URL=url, STORE_TIMEOUT=0.1)
        silent.settimeout(0)

        assert statuses(client, 50) == [200] * 50
        connections = 0
        with pytest.raises(BlockingIOError):
            while True:
                silent.accept()[0].close()
                connections += 1
        assert connections < 10


@pytest.mark.parametrize("strategy", ["fixed-window", "moving-window", "sliding-window-counter"])
@pytest.mark.parametrize("step", [-3600, 3600])
def test_a_clock_that_is_set_moves_no_window(strategy, step, monkeypatch):
    """A window lasts as long as it says, and Retry-After too, when the clock of the machine is set back or forward."""
    app = App(__name__)
    app.add_url_rule("/a", "a", limit("1/hour", "1/2 seconds", strategy=strategy)(response(200)(lambda: {"a": 1})))
    app.add_url_rule("/b", "b", limit("1/2 seconds", strategy=strategy)(response(200)(lambda: {"a": 1})))
    client, clock = app.test_client(), time.time
    assert [client.get(path).status_code for path in ("/a", "/b")] == [200, 200]
    monkeypatch.setattr(time, "time", lambda: clock() + step)
    reply = client.get("/a")

    assert reply.status_code == 429
    assert 0 < int(reply.headers["Retry-After"]) <= 3600
    deadline = time.monotonic() + 30
    while client.get("/b").status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert client.get("/a").status_code == 429
