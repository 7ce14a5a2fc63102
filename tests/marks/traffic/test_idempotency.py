"""``idempotent``: a request that is sent twice is carried out once."""

from __future__ import annotations

import collections
import concurrent.futures
import contextlib
import http.client
import io
import itertools
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
import types

import pytest

from framework import (
    APIKey,
    App,
    Bearer,
    Resource,
    Response,
    Router,
    abort,
    arguments,
    errors,
    etag,
    fields,
    idempotent,
    limit,
    loads,
    permission,
    requires,
    response,
)
from framework import raises as declares
from framework.errors import SetupError
from framework.http.idempotency import parse_key
from framework.marks.base import Mark, Phase, Step
from framework.marks.traffic._idempotency import Idempotent
from framework.stores.base import Store
from framework.stores.memory import MemoryStore
from framework.stores.redis import RedisStore
from tests.servers import free_port, redis_server

ROOT = pathlib.Path(__file__).parents[3]
KEY = {"Idempotency-Key": '"8e03978e-40d5-43dd-bc93-6894a57f9324"'}


class known(Mark):
    """Authenticates by a header: who it names is the user."""

    def run(self, plan):
        def check(ctx, call):
            name = ctx.request.headers.get("X-User")
            ctx.user = None if name is None else types.SimpleNamespace(id=name)

        yield Step(Phase.AUTHENTICATE, check)


class Taken(errors.Conflict):
    """The name is taken."""


class Shop:
    """An application with one operation, and a count of how often it was carried out."""

    def __init__(self, *marks, fast=True, answer=None, methods=("POST",), **settings):
        self.count = 0
        self.app = App(__name__)
        self.app.config.update(FAST_PATH=fast, **settings)

        def view(data):
            self.count += 1
            if answer is not None:
                return answer(data)
            return {"name": data["name"], "number": self.count}

        answers = {"name": fields.String(), "number": fields.Integer()}
        body = {"name": fields.String(required=True), "kind": fields.String()}
        for mark in (response(201, answers), declares(Taken), arguments(body), *marks):
            view = mark(view)
        self.app.add_url_rule("/orders", "order", view, methods=list(methods))
        self.client = self.app.test_client()

    def send(self, body=None, /, key='"k"', client=None, path="/orders", **headers):
        """Post an order."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if key is not None:
            sent["Idempotency-Key"] = key
        return (client or self.client).post(path, json={"name": "a"} if body is None else body, headers=sent)


def test_a_repeated_request_gets_the_first_answer(fast, store):
    """The second time nothing is carried out: status, body and type are those of the first answer, and it says so."""
    shop = Shop(idempotent(store=store), fast=fast)
    first, second, third = shop.send(), shop.send(), shop.send()

    assert shop.count == 1
    assert (first.status_code, first.json) == (201, {"name": "a", "number": 1})
    for reply in (second, third):
        assert (reply.status_code, reply.data, reply.mimetype) == (201, first.data, "application/json")
        assert reply.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers


def test_another_key_is_another_request(fast):
    """Each key stands for a request of its own; without a key every request is carried out."""
    shop = Shop(idempotent(), fast=fast)
    numbers = [shop.send(key=key).json["number"] for key in ('"a"', '"b"', '"a"', None, None)]

    assert numbers == [1, 2, 1, 3, 4]


def test_quotes_or_not():
    """The key in quotes, as the draft has it, and bare, as most clients send it, are one key."""
    shop = Shop(idempotent())

    assert [shop.send(key=key).json["number"] for key in ('"abc"', "abc", " abc ")] == [1, 1, 1]


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ('"a"', "a"),
        ("a", "a"),
        ("8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"),
        ('"a b, c; d"', "a b, c; d"),
        (r'"a\"b\\c"', r'a"b\c'),
        ('"' + "x" * 255 + '"', "x" * 255),
        ("x" * 255, "x" * 255),
        ("", None),
        ('""', None),
        ("   ", None),
        ('"' + "x" * 256 + '"', None),
        ("x" * 256, None),
        ("a b", None),
        ("a, b", None),
        ("a;b=1", None),
        ('"a";b=1', None),
        ('"a", "b"', None),
        ('"a', None),
        ('a"', None),
        ('"a"b"', None),
        ('"a\\b"', None),
        ("a\\b", None),
        ("größe", None),
        ("a\x00", None),
        ("a\n", None),
        ('"a"\n', None),
        ("a\x7f", None),
    ],
)
def test_keys(header, key):
    """A key has 1 to 255 printable ASCII characters; several keys, parameters and broken quotes are none."""
    assert parse_key(header) == key


@pytest.mark.parametrize("header", ["", '""', "a, b", '"a', "x" * 300, "gr\xf6\xdfe"])
def test_a_malformed_key_is_400(header, fast):
    """What is not a key is refused, and nothing is carried out."""
    shop = Shop(idempotent(), fast=fast)
    reply = shop.send(key=header)

    assert (reply.status_code, reply.json["code"], shop.count) == (400, "idempotency_key_invalid", 0)


def test_a_missing_key_is_400_where_it_is_required(fast):
    """Where keys are required a request without one is refused."""
    shop = Shop(idempotent(required=True), fast=fast)
    reply = shop.send(key=None)

    assert (reply.status_code, reply.json["code"], shop.count) == (400, "idempotency_key_missing", 0)
    assert shop.send().status_code == 201


def changed(**changes):
    """A request that differs from the usual one."""
    usual = {"path": "/orders/1", "method": "POST", "data": b'{"name": "a"}', "content_type": "application/json"}
    return {**usual, **changes}


@pytest.mark.parametrize(
    "other",
    [
        changed(data=b'{"name": "b"}'),
        changed(data=b'{"name":"a"}'),
        changed(path="/orders/2"),
        changed(path="/others/1"),
        changed(query_string="a=1"),
        changed(method="PATCH"),
        changed(content_type="application/merge-patch+json"),
    ],
    ids=["body", "spaces", "path", "route", "query", "method", "type"],
)
def test_a_key_that_is_used_for_another_request_is_422(other, fast):
    """Body, path, query, method and media type make a request what it is."""
    app = App(__name__)
    app.config["FAST_PATH"] = fast
    carried_out = []

    @app.route("/orders/<int:number>", methods=["POST", "PATCH"])
    @app.route("/others/<int:number>", methods=["POST", "PATCH"], operation_id="other")
    @idempotent()
    @arguments({"name": fields.String(), "a": fields.String()})
    @arguments({"a": fields.String()}, location="query")
    @response(200)
    def view(data, query, number):
        carried_out.append(number)
        return "done"

    client = app.test_client()
    usual = changed()
    assert client.open(usual.pop("path"), headers=KEY, **usual).status_code == 200
    reply = client.open(other["path"], headers=KEY, **{name: other[name] for name in other if name != "path"})

    assert (reply.status_code, reply.json["code"]) == (422, "idempotency_key_reused")
    assert len(carried_out) == 1
    assert client.open("/orders/1", headers=KEY, **usual).headers["Idempotency-Replayed"] == "true"


def test_a_body_that_nobody_declared_counts_too(fast):
    """The bytes of the body count where the handler reads them itself, and it can still read them."""
    app = App(__name__)
    app.config["FAST_PATH"] = fast
    bodies = []

    @app.post("/raw")
    @idempotent()
    def raw():
        from framework import request

        bodies.append(request.get_data())
        return {"size": len(bodies[-1])}

    client = app.test_client()
    got = [client.post("/raw", data=data, headers=KEY) for data in (b"abc", b"abc", b"abd")]

    assert bodies == [b"abc"]
    assert [reply.status_code for reply in got] == [200, 200, 422]
    chunked = {"Idempotency-Key": "chunked", "Transfer-Encoding": "chunked"}
    assert (
        client.post(
            "/raw", input_stream=io.BytesIO(b"x"), headers=chunked, environ_overrides={"wsgi.input_terminated": True}
        ).status_code
        == 200
    )
    assert bodies[-1] == b"x"


def test_a_body_over_the_limit_is_413(fast):
    """No more of a body is read for its fingerprint than the application takes."""
    app = App(__name__)
    app.config.update(FAST_PATH=fast, MAX_CONTENT_LENGTH=10)
    app.add_url_rule("/raw", "raw", idempotent()(response(200, None)(lambda: 1)), methods=["POST"])

    assert app.test_client().post("/raw", data=b"x" * 11, headers=KEY).status_code == 413


def test_forms_are_compared_by_what_they_hold(fast):
    """A form that is sent again has another boundary, and is the same request; another file is another one."""
    app = App(__name__)
    app.config["FAST_PATH"] = fast
    got = []

    @app.post("/photos")
    @idempotent()
    @arguments({"title": fields.String()}, location="form")
    @arguments({"photo": fields.File(required=True)}, location="files")
    @response(201)
    def add(form, files):
        got.append(files["photo"].read())
        return form["title"]

    client = app.test_client()

    def send(title, data, name="a.png"):
        return client.post("/photos", data={"title": title, "photo": (io.BytesIO(data), name)}, headers=KEY)

    assert [send("A", b"1" * 100_000).status_code for _ in range(2)] == [201, 201]
    assert got == [b"1" * 100_000]
    assert [send("B", b"1" * 100_000).status_code, send("A", b"2").status_code] == [422, 422]
    assert send("A", b"1" * 100_000, "b.png").status_code == 422


def test_validation_errors_are_not_kept(fast, store):
    """What is refused before the handler does not use the key up: the client corrects it and sends it again."""
    shop = Shop(idempotent(store=store), fast=fast)

    assert shop.send({"nam": "a"}).status_code == 422
    assert shop.send({"name": 5}).status_code == 422
    assert shop.send({"name": "a"}).status_code == 201
    assert shop.count == 1


def test_errors_of_the_handler_are_kept(fast, store):
    """An error below 500 that the handler raised is its answer: it is given again, body and all."""

    def answer(data):
        raise Taken("That name is taken.")

    shop = Shop(idempotent(store=store), fast=fast, answer=answer)
    first, second = shop.send(), shop.send()

    assert shop.count == 1
    assert (first.status_code, first.json["code"]) == (409, "taken")
    assert (second.status_code, second.data, second.mimetype) == (409, first.data, "application/problem+json")
    assert second.headers["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize("status", [408, 412, 423, 425, 429])
def test_answers_that_say_not_now_are_not_kept(status):
    """After an answer that says "try again" the request can be tried again."""
    shop = Shop(idempotent(), answer=lambda data: Response("later", status))
    client = shop.app.test_client(contract=False)

    assert [shop.send(client=client).status_code for _ in range(2)] == [status] * 2
    assert shop.count == 2


def test_server_errors_are_not_kept(fast, store):
    """After a 5xx, answered or raised, the request can be tried again."""
    outcomes = iter([lambda: abort(503), lambda: 1 / 0, lambda: Response("x", 502), lambda: {"name": "b", "number": 9}])
    shop = Shop(idempotent(store=store), fast=fast, answer=lambda data: next(outcomes)(), PROPAGATE_EXCEPTIONS=False)
    client = shop.app.test_client(contract=False)

    assert [shop.send(client=client).status_code for _ in range(5)] == [503, 500, 502, 201, 201]
    assert shop.count == 4


def test_an_exception_that_reaches_the_server_gives_the_key_back(fast, store):
    """Where exceptions are not answered, as in test mode, a crashed attempt can be retried all the same."""
    failing = [True]

    def answer(data):
        if failing.pop() if failing else False:
            raise ValueError("Unexpected.")
        return {"name": "b", "number": 9}

    shop = Shop(idempotent(store=store), fast=fast, answer=answer, TESTING=True)
    with pytest.raises(ValueError, match="Unexpected"):
        shop.send()

    assert shop.send().status_code == 201
    assert shop.count == 2


def test_an_exception_that_a_handler_of_errors_answers_is_kept(fast):
    """What an error handler makes of an exception is the answer."""

    def answer(data):
        raise LookupError("nothing")

    shop = Shop(idempotent(), fast=fast, answer=answer)
    shop.app.errorhandler(LookupError)(lambda error: ({"why": str(error)}, 404))
    client = shop.app.test_client(contract=False)
    first, second = shop.send(client=client), shop.send(client=client)

    assert (first.status_code, second.status_code, shop.count) == (404, 404, 1)
    assert second.json == {"why": "nothing"}


def test_what_is_refused_after_the_key_and_before_the_handler_is_not_kept():
    """An object that is not there, or may not be touched, does not use the key up."""
    refusing = [errors.NotFound, errors.Forbidden]

    class gate(Mark):
        def run(self, plan):
            def check(ctx, call):
                if refusing:
                    raise refusing.pop()()

            yield Step(Phase.LOAD, check)

    shop = Shop(gate(), idempotent())
    client = shop.app.test_client(contract=False)

    assert [shop.send(client=client).status_code for _ in range(3)] == [403, 404, 201]
    assert shop.count == 1


def test_streams_are_not_kept():
    """An answer that is made while it is sent is not kept; the request can be made again."""
    shop = Shop(idempotent(), answer=lambda data: Response(iter([b"1", b"2"]), 201, mimetype="application/json"))
    client = shop.app.test_client(contract=False)

    assert [shop.send(client=client).data for _ in range(2)] == [b"12", b"12"]
    assert shop.count == 2


@pytest.mark.parametrize("room", [{"IDEMPOTENCY_MAX_LENGTH": 500}, {}], ids=["setting", "store"])
def test_an_answer_that_is_too_large_is_told_to_be_lost(room, caplog):
    """A request whose answer cannot be kept is still carried out once: who repeats it gets 409."""
    store = MemoryStore() if room else MemoryStore(max_bytes=1000)
    shop = Shop(idempotent(store=store), answer=lambda data: {"name": "x" * 2000, "number": 1}, **room)
    first, second = shop.send(), shop.send()

    assert (first.status_code, second.status_code, shop.count) == (201, 409, 1)
    assert second.json["code"] == "answer_not_kept"
    assert shop.send({"name": "b"}).status_code == 422
    assert "too large to be kept" in caplog.text


def test_headers_that_are_kept():
    """Kept are the headers that describe the answer and those that are declared; cookies never."""
    app = App(__name__)

    @app.post("/orders")
    @idempotent()
    @response(201, headers={"X-Total": fields.Integer(), "Location": fields.String(), "Set-Cookie": fields.String()})
    def order():
        reply = Response(b"[1]", 201, {"X-Total": "1", "Location": "/orders/1"}, mimetype="application/json")
        reply.headers.add("Link", "</a>; rel=a")
        reply.headers.add("Link", "</b>; rel=b")
        reply.set_cookie("secret", "1")
        reply.headers["X-Other"] = "1"
        return reply

    client = app.test_client(contract=False)
    client.post("/orders", headers=KEY)
    second = client.post("/orders", headers=KEY)

    kept = {name: second.headers.getlist(name) for name in ("X-Total", "Location", "Link", "Content-Type")}
    assert kept == {
        "X-Total": ["1"],
        "Location": ["/orders/1"],
        "Link": ["</a>; rel=a", "</b>; rel=b"],
        "Content-Type": ["application/json"],
    }
    assert "Set-Cookie" not in second.headers
    assert "X-Other" not in second.headers


def test_an_empty_answer_is_an_answer():
    """204 is given again as 204."""
    app = App(__name__)
    calls = []

    @app.post("/orders")
    @idempotent()
    @response(204)
    def order():
        calls.append(1)

    client = app.test_client()

    assert [client.post("/orders", headers=KEY).status_code for _ in range(2)] == [204, 204]
    assert calls == [1]


def test_a_repeated_write_needs_no_condition_that_holds(fast):
    """A conditional write is held to its condition once: repeated, it gets its answer, ETag and all."""
    row = types.SimpleNamespace(text="a", version=1)
    app = App(__name__)
    app.config["FAST_PATH"] = fast

    @app.patch("/cards/<int:number>")
    @loads(lambda number: row)
    @etag(version="version")
    @idempotent()
    @arguments({"text": fields.String(required=True)})
    @response(200, {"text": fields.String()})
    def change(found, data):
        row.version += 1
        row.text = data["text"]
        return row

    client = app.test_client()

    def send(text, tag, key):
        return client.patch("/cards/1", json={"text": text}, headers={"If-Match": tag, "Idempotency-Key": key})

    first = send("b", "*", "k1")
    second = send("b", "*", "k1")
    third = send("b", first.headers["ETag"], "k2")
    repeated = send("b", first.headers["ETag"], "k2")
    stale = send("c", first.headers["ETag"], "k3")

    assert [each.status_code for each in (first, second, third, repeated, stale)] == [200, 200, 200, 200, 412]
    assert second.headers["ETag"] == first.headers["ETag"] != third.headers["ETag"] == repeated.headers["ETag"]
    assert row.version == 3


def test_with_a_scheme_keys_belong_to_its_user(fast):
    """The user that a declared scheme has found is the one whose key it is, and whose calls are counted."""
    app = App(__name__)
    app.config["FAST_PATH"] = fast
    made = []

    @app.post("/orders")
    @limit("3/minute", by="user")
    @idempotent()
    @requires(Bearer(lambda token: {"id": token} if token != "stranger" else None))
    @response(201, {"number": fields.Integer()})
    def order():
        made.append(1)
        return {"number": len(made)}

    client = app.test_client()

    def send(token):
        return client.post("/orders", headers={"Authorization": f"Bearer {token}", **KEY})

    got = [send(token) for token in ("ann", "bob", "ann", "stranger", "ann", "ann", "bob")]
    assert [reply.status_code for reply in got] == [201, 201, 201, 401, 201, 429, 201]
    assert [reply.json["number"] for reply in got if reply.status_code == 201] == [1, 2, 1, 1, 2]


def test_keys_of_users_never_mix(fast, store):
    """Two users with one key make two requests, and neither sees the other's answer."""
    shop = Shop(idempotent(store=store), known(), fast=fast)
    numbers = [shop.send(X_User=user).json["number"] for user in ("ann", "bob", "ann", "bob")]

    assert numbers == [1, 2, 1, 2]
    assert shop.send({"name": "b"}, X_User="ann").status_code == 422
    assert shop.send({"name": "b"}, X_User="eve").status_code == 201


def test_keys_and_users_cannot_be_shifted():
    """A user whose name ends as another's key begins gets an answer of its own."""
    shop = Shop(idempotent(), known())
    numbers = [shop.send(key=key, X_User=user).json["number"] for user, key in [("a", "bc"), ("ab", "c"), ("abc", "0")]]

    assert numbers == [1, 2, 3]


def test_the_anonymous_are_known_by_their_address(fast):
    """Nobody's keys are those of the address, and no user's."""
    shop = Shop(idempotent(), known(), fast=fast)

    def send(address, **headers):
        sent = {"Idempotency-Key": "k", **headers}
        overrides = {"REMOTE_ADDR": address}
        return shop.client.post("/orders", json={"name": "a"}, headers=sent, environ_overrides=overrides).json["number"]

    assert [send("192.0.2.1"), send("192.0.2.2"), send("192.0.2.1")] == [1, 2, 1]
    assert send("192.0.2.1", **{"X-User": "ann"}) == 3
    assert send("192.0.2.1", **{"X-Forwarded-For": "192.0.2.9"}) == 1


def test_a_key_function():
    """A function may say whose keys they are."""
    shop = Shop(idempotent(by=lambda ctx: ctx.request.headers.get("X-Tenant")))

    assert [shop.send(X_Tenant=tenant).json["number"] for tenant in ("a", "b", "a")] == [1, 2, 1]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_order_of_marks_means_nothing(order, fast):
    """Authentication comes before the key, limits too, wherever they stand."""
    marks = [idempotent(), known(), limit("3/minute")]
    shop = Shop(*(marks[number] for number in order), fast=fast)
    got = [shop.send(X_User=user) for user in ("ann", "bob", "ann", "ann")]

    assert [reply.status_code for reply in got] == [201, 201, 201, 429]
    assert shop.count == 2
    assert len(got[2].headers.getlist("RateLimit")) == 1


def test_a_second_request_while_the_first_runs_is_409(fast, store):
    """While a request runs its repetition is told to wait; when it is over it gets the answer."""
    inside, leave = threading.Event(), threading.Event()

    def answer(data):
        inside.set()
        leave.wait(30)
        return {"name": "slow", "number": 1}

    shop = Shop(idempotent(store=store), fast=fast, answer=answer)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        first = pool.submit(shop.send, client=shop.app.test_client())
        inside.wait(30)
        second = shop.send()
        other = shop.send({"name": "b"})
        leave.set()
        assert first.result().status_code == 201

    assert (second.status_code, second.json["code"]) == (409, "request_in_progress")
    assert int(second.headers["Retry-After"]) >= 1
    assert other.status_code == 422
    assert shop.send().json == {"name": "slow", "number": 1}
    assert shop.count == 1


def test_threads_carry_it_out_once(fast, store):
    """Of many equal requests at once one is carried out; the others wait or get its answer."""
    counts = collections.Counter()

    def answer(data):
        counts[data["name"]] += 1
        return {"name": data["name"], "number": 1}

    shop = Shop(idempotent(store=store), fast=fast, answer=answer)
    shop.app.freeze()
    meeting = threading.Barrier(8)

    def task():
        client, got = shop.app.test_client(), []
        for turn in range(25):
            meeting.wait(30)
            got.append(shop.send({"name": f"n{turn}"}, key=f"k{turn}", client=client).status_code)
        return got

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        got = [future.result() for future in [pool.submit(task) for _ in range(8)]]

    assert counts == {f"n{turn}": 1 for turn in range(25)}
    assert {status for statuses in got for status in statuses} <= {201, 409}
    assert all(201 in {statuses[turn] for statuses in got} for turn in range(25))


def test_after_its_lease_a_request_is_not_carried_out_again(store):
    """A request that has not ended within the lease is 409 with the advice to look; its late answer is kept."""
    inside, leave = threading.Event(), threading.Event()

    def answer(data):
        inside.set()
        leave.wait(30)
        return {"name": "late", "number": 1}

    shop = Shop(idempotent(store=store), answer=answer, IDEMPOTENCY_LEASE=0.05)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        first = pool.submit(shop.send, client=shop.app.test_client())
        inside.wait(30)
        deadline = time.monotonic() + 20
        second = shop.send()
        while second.json["code"] == "request_in_progress" and time.monotonic() < deadline:
            time.sleep(0.01)
            second = shop.send()
        leave.set()
        assert first.result().json["name"] == "late"

    assert (second.status_code, second.json["code"]) == (409, "outcome_unknown")
    assert "Check whether it was executed" in second.json["detail"]
    assert shop.send().json["name"] == "late"
    assert shop.count == 1


def test_answers_expire(store):
    """After its lifetime an answer is forgotten, and the request is carried out again."""
    shop = Shop(idempotent(store=store, lifetime=0.05))
    shop.send()
    deadline = time.monotonic() + 20
    while shop.send().json["number"] == 1 and time.monotonic() < deadline:
        time.sleep(0.01)

    assert shop.count == 2


def test_everything_in_redis_expires(redis_url):
    """Keys begin with the name of the application, hold no key of a client in the clear, and expire."""
    shop = Shop(idempotent(), STORE_URL=redis_url, STORE_TIMEOUT=10)
    store = RedisStore(redis_url)
    store.client.flushdb()
    shop.send(key="a-very-secret-key")
    keys = list(store.client.scan_iter("*"))

    assert len(keys) == 1
    assert keys[0].startswith(b"framework:test_idempotency:idempotency:") or b":idempotency:" in keys[0]
    assert b"secret" not in keys[0]
    assert 86_000 < store.client.ttl(keys[0]) <= 86_400
    store.close()


def test_a_store_that_is_away_carries_nothing_out(caplog, fast):
    """Without the store a request with a key is answered 503 and not carried out; one without a key goes on."""
    shop = Shop(idempotent(), fast=fast, STORE_URL=f"redis://127.0.0.1:{free_port()}/0")
    got = [shop.send() for _ in range(3)]

    assert [reply.status_code for reply in got] == [503] * 3
    assert got[0].json["code"] == "idempotency_unavailable"
    assert int(got[0].headers["Retry-After"]) >= 1
    assert shop.count == 0
    assert shop.send(key=None).status_code == 201
    assert len([record for record in caplog.records if "is away" in record.getMessage()]) == 1


def test_a_store_that_goes_away_meanwhile_does_not_hold_the_answer_back():
    """The answer of a request that was carried out leaves, even if it can no longer be kept."""
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(redis_server())
        store = RedisStore(url, timeout=5)

        def answer(data):
            stack.close()  # Redis ends
            return {"name": "a", "number": 1}

        shop = Shop(idempotent(store=store), answer=answer)
        reply = shop.send()
        store.close()

    assert (reply.status_code, reply.json["number"]) == (201, 1)


def test_an_answer_is_kept_when_the_store_is_back():
    """Redis is gone between the work and the keeping: a repetition, meanwhile and later, does not order again."""
    port = free_port()
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(redis_server(port))
        shop = Shop(
            idempotent(),
            STORE_URL=url,
            STORE_TIMEOUT=5,
            answer=lambda data: stack.close() or {"name": "a", "number": 1},
        )
        assert shop.send().status_code == 201
    meanwhile = shop.send()
    assert (meanwhile.status_code, meanwhile.headers["Idempotency-Replayed"]) == (201, "true")

    with redis_server(port) as url:  # empty: what was claimed is lost as well
        store = RedisStore(url, timeout=5)
        deadline = time.monotonic() + 20
        while not store.client.keys("*idempotency*") and time.monotonic() < deadline:
            time.sleep(0.01)
        other = Shop(idempotent(), STORE_URL=url, STORE_TIMEOUT=5)  # another process, as far as this one can tell
        assert (other.send().json["number"], other.count, shop.count) == (1, 0, 1)
        store.close()


def test_a_key_is_given_back_when_the_store_is_back():
    """A request that failed while Redis went away can be tried again once Redis is there."""
    pids = []

    def answer(data):
        if not pids:
            pids.append(shop.app.extensions["framework.stores"]["redis", url].client.info()["process_id"])
            os.kill(pids[0], signal.SIGSTOP)
            abort(500)
        return {"name": "again", "number": 2}

    with redis_server() as url:
        shop = Shop(idempotent(), answer=answer, STORE_URL=url, STORE_TIMEOUT=0.1)
        try:
            assert shop.send().status_code == 500
        finally:
            os.kill(pids[0], signal.SIGCONT)
        deadline = time.monotonic() + 20
        reply = shop.send()
        while reply.status_code != 201 and time.monotonic() < deadline:
            time.sleep(0.05)
            reply = shop.send()
        assert reply.json["name"] == "again"


def test_a_robot_is_no_person(fast):
    """Users with one id are two where another scheme has authenticated them, or where they are of another class."""

    class Person:
        id = 1

    class Robot:
        id = 1

    people = Bearer(lambda token: Person() if token == "person" else Robot() if token == "android" else None)
    robots = APIKey(lambda key: Person(), "X-Key")
    shop = Shop(idempotent(), limit("1/minute", by="user", exempt=lambda ctx: "X-Idle" not in ctx.request.headers),
                requires(people | robots), fast=fast)  # fmt: skip
    credentials = [{"Authorization": "Bearer person"}, {"Authorization": "Bearer android"}, {"X_Key": "k"}]

    assert [shop.send(**sent).json["number"] for sent in (*credentials, *credentials)] == [1, 2, 3, 1, 2, 3]
    limited = [shop.send(key=None, X_Idle="1", **sent).status_code for sent in (*credentials, credentials[0])]
    assert limited == [201, 201, 201, 429]


def test_a_tenant_belongs_to_the_user():
    """With CLIENT_TENANT users of two tenants with one id have keys, and limits, of their own."""
    shop = Shop(idempotent(), limit("1/minute", by="user", exempt=lambda ctx: "X-Idle" not in ctx.request.headers),
                known(), CLIENT_TENANT=lambda ctx: ctx.request.headers.get("X-Tenant"))  # fmt: skip

    assert [shop.send(X_User="1", X_Tenant=name).json["number"] for name in ("a", "b", "a")] == [1, 2, 1]
    sent = [shop.send(key=None, X_Idle="1", X_User="1", X_Tenant=name).status_code for name in ("a", "b", "a")]
    assert sent == [201, 201, 429]


def test_a_made_up_host_evades_no_limit():
    """A host that nothing checks is not a part of a limit by user; trusted hosts count apart."""
    shop = Shop(limit("1/minute", by="user"), known())

    def send(host):
        headers = {"X-User": "1", "Host": host}
        return shop.client.post("/orders", json={"name": "a"}, headers=headers).status_code

    assert [send(host) for host in ("a.example", "b.example")] == [201, 429]
    shop.app.config["TRUSTED_HOSTS"] = [".example"]
    assert [send(host) for host in ("a.example", "b.example", "a.example")] == [201, 201, 429]


@pytest.mark.parametrize("with_object", [False, True])
def test_a_permission_that_was_lost_refuses_the_replay(with_object, fast):
    """The answer that was kept is for whoever may still ask; an object that is gone since does not hold it back."""
    allowed, things, made = [True], {1: "thing"}, []
    app = App(__name__)
    app.config["FAST_PATH"] = fast
    check = (lambda user, thing: allowed[0]) if with_object else (lambda user: allowed[0])

    @app.post("/things/<int:number>/sell")
    @idempotent()
    @permission(check, name="sell")
    @loads(lambda number: things.get(number))
    @response(200, {"number": fields.Integer()})
    def sell(thing, number):
        made.append(thing)
        return {"number": len(made)}

    client = app.test_client()

    def send():
        return client.post("/things/1/sell", headers=KEY)

    assert send().json == {"number": 1}
    allowed[0] = False
    assert send().status_code == 403
    allowed[0] = True
    assert send().headers["Idempotency-Replayed"] == "true"
    things.clear()
    assert (send().json, len(made)) == ({"number": 1}, 1)


def nested(app_marks=(), router_marks=(), class_marks=(), own_marks=()):
    """A client of an application with a resource at ``/r/a``, marks at each place; and what was carried out."""
    carried_out = []
    app = App(__name__, marks=app_marks)
    router = Router("r", url_prefix="/r", marks=router_marks)

    def handler(name):
        @response(200)
        def handle(self):
            carried_out.append(name)
            return len(carried_out)

        return handle

    methods = {name: handler(name) for name in ("get", "post", "put", "patch", "delete")}
    for mark in own_marks:
        methods["post"] = mark(methods["post"])
    thing = type("Thing", (Resource,), methods)
    for mark in class_marks:
        thing = mark(thing)
    router.route("/a")(thing)
    app.register_router(router)
    return app.test_client(), carried_out


@pytest.mark.parametrize("place", ["app_marks", "router_marks", "class_marks"])
def test_given_to_many_it_holds_for_those_that_need_it(place):
    """On a class, a router and an application the mark holds for POST and PATCH."""
    client, carried_out = nested(**{place: [idempotent()]})
    for number, method in enumerate(["get", "post", "put", "patch", "delete"]):
        for _ in range(2):
            client.open("/r/a", method=method, headers={"Idempotency-Key": f"k{number}"})

    assert carried_out == ["get", "get", "post", "put", "put", "patch", "delete", "delete"]
    described = client.application.openapi["paths"]["/r/a"]
    with_key = [method for method in described if "Idempotency-Key" in json.dumps(described[method])]
    assert with_key == ["post", "patch"]


def test_the_nearest_counts():
    """A mark on the handler takes the place of one on the application."""
    client, _ = nested(app_marks=[idempotent(required=True)], own_marks=[idempotent()])

    assert client.post("/r/a").status_code == 200
    assert client.patch("/r/a").status_code == 400


def test_on_a_handler_it_holds_for_other_methods_too():
    """PUT and DELETE take keys where their handlers ask for it."""
    shop = Shop(idempotent(), methods=("PUT",))
    sent = {"json": {"name": "a"}, "headers": KEY}

    assert [shop.client.put("/orders", **sent).json["number"] for _ in range(2)] == [1, 1]


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_on_a_method_that_changes_nothing_it_is_a_mistake(method):
    """A GET needs no key: the mark on it is an error of the set-up."""
    app = App(__name__)
    app.add_url_rule("/", "view", idempotent()(response(200)(lambda: 1)), methods=[method])

    with pytest.raises(SetupError, match="changes nothing"):
        app.freeze()


@pytest.mark.parametrize(
    ("marks", "settings", "words"),
    [
        ([idempotent(), idempotent()], {}, "only one of them can hold"),
        ([idempotent(by="colour")], {}, "'colour' tells no clients apart"),
        ([idempotent()], {"IDEMPOTENCY_LEASE": 0}, "setting IDEMPOTENCY_LEASE: 0"),
        ([idempotent()], {"IDEMPOTENCY_LIFETIME": None}, "setting IDEMPOTENCY_LIFETIME: None"),
        ([idempotent()], {"IDEMPOTENCY_STORE_URL": "ftp://x"}, "setting IDEMPOTENCY_STORE_URL: 'ftp://x'"),
    ],
)
def test_mistakes_are_found_at_start_up(marks, settings, words):
    """What cannot work is an error of the set-up that says what is wrong."""
    with pytest.raises(SetupError, match=words):
        Shop(*marks, **settings).app.freeze()


@pytest.mark.parametrize("words", [{"lifetime": 0}, {"lifetime": -1}, {"store": "redis://127.0.0.1/0"}])
def test_mistakes_are_found_at_once(words):
    """What cannot be is refused where it is written."""
    with pytest.raises(SetupError):
        idempotent(**words)


def test_keys_belong_to_a_host():
    """One key on two hosts names two requests: the hosts may be tenants."""
    app = App(__name__, subdomain_matching=True)
    app.config["SERVER_NAME"] = "example.org"
    app.add_url_rule(
        "/o", "o", idempotent()(response(200)(lambda tenant: tenant)), subdomain="<tenant>", methods=["POST"]
    )
    client = app.test_client()

    def send(host):
        return client.post("/o", base_url=f"http://{host}", headers=KEY)

    replies = [send(host) for host in ("a.example.org", "b.example.org", "A.example.org")]
    assert [reply.json for reply in replies] == ["a", "b", "a"]
    assert [reply.headers.get("Idempotency-Replayed") for reply in replies] == [None, None, "true"]


def test_the_document_tells_it():
    """The header, the replay header and all refusals are in the document."""
    shop = Shop(idempotent(required=True), IDEMPOTENCY_STORE_URL="redis://127.0.0.1/0")
    described = shop.app.openapi["paths"]["/orders"]["post"]
    parameter = next(each for each in described["parameters"] if each["name"] == "Idempotency-Key")
    told = json.dumps(described["responses"])

    assert (parameter["in"], parameter["required"]) == ("header", True)
    assert set(described["responses"]) >= {"201", "400", "409", "413", "422", "503"}
    assert "Idempotency-Replayed" in described["responses"]["201"]["headers"]
    assert "Retry-After" in described["responses"]["409"]["headers"]
    for code in (
        "idempotency_key_missing",
        "idempotency_key_invalid",
        "idempotency_key_reused",
        "request_in_progress",
        "answer_not_kept",
        "outcome_unknown",
        "idempotency_unavailable",
    ):
        assert code in told


def test_a_change_of_settings_does_not_forget():
    """The operations are built anew after a setting has changed; the answers stay."""
    shop = Shop(idempotent())
    shop.send()
    shop.app.config["API_TITLE"] = "Another"
    shop.send()

    assert shop.count == 1


def test_stores_of_ones_own():
    """Anything with the methods of the protocol is a store."""

    class Own(MemoryStore):
        pass

    assert isinstance(Own(), Store)
    shop = Shop(idempotent(store=Own()))
    shop.send()
    shop.send()
    assert shop.count == 1
    assert isinstance(idempotent(), Idempotent)


# Processes


@pytest.fixture
def workers(redis_url, tmp_path):
    """The port of two gunicorn processes that share one socket and one Redis."""
    port = free_port()
    environ = {**os.environ, "WORKERS_REDIS": redis_url, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "gunicorn", "--workers", "2", "--threads", "4", "--bind", f"127.0.0.1:{port}"]
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(
            [*command, "--graceful-timeout", "1", "tests.marks.traffic.workers:app"], cwd=ROOT, env=environ, stderr=log
        )
        try:
            deadline = time.monotonic() + 60
            while True:
                try:
                    ask(port, "GET", "/nothing")
                    break
                except OSError:
                    if time.monotonic() > deadline:
                        raise RuntimeError((tmp_path / "log").read_text()) from None
                    time.sleep(0.05)
            yield port
        finally:
            server.terminate()
            server.wait(30)


def ask(port, method, path, body=None, key=None):
    """One request on a connection of its own: status and JSON."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Content-Type": "application/json"} if body is not None else {}
    if key is not None:
        headers["Idempotency-Key"] = key
    try:
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        reply = connection.getresponse()
        return reply.status, json.loads(reply.read() or b"null")
    finally:
        connection.close()


def test_two_processes_carry_it_out_once(workers, redis_url):
    """Equal requests to two processes at once are carried out once in all."""
    store = RedisStore(redis_url, timeout=10)
    store.client.flushdb()
    pids = set()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for turn in range(40):
            sent = [pool.submit(ask, workers, "POST", "/orders", {"item": f"i{turn}"}, f"k{turn}") for _ in range(8)]
            got = [future.result() for future in sent]
            assert {status for status, _ in got} <= {201, 409}
            answers = [body for status, body in got if status == 201]
            assert answers
            assert all(body == answers[0] for body in answers)
            pids.add(answers[0]["pid"])
            assert ask(workers, "POST", "/orders", {"item": f"i{turn}"}, f"k{turn}") == (201, answers[0])

    assert store.client.hgetall("carried out") == {f"i{turn}".encode(): b"1" for turn in range(40)}
    assert len(pids) == 2
    store.close()


def test_a_request_whose_process_died_is_not_carried_out_again(workers, redis_url):
    """A worker that is killed in the middle leaves a key that says "look" once the lease has ended."""
    store = RedisStore(redis_url, timeout=10)
    store.client.flushdb()
    with pytest.raises((http.client.HTTPException, OSError)):
        ask(workers, "POST", "/crash", {"item": "x"}, "crashed")
    deadline = time.monotonic() + 30
    status = 0
    while status != 409 and time.monotonic() < deadline:  # the other worker, or a new one, answers
        try:
            status, body = ask(workers, "POST", "/crash", {"item": "x"}, "crashed")
        except OSError:
            time.sleep(0.05)
    assert (status, body["code"]) == (409, "request_in_progress")

    deadline = time.monotonic() + 30
    while body["code"] == "request_in_progress" and time.monotonic() < deadline:  # until the lease ends
        time.sleep(0.1)
        status, body = ask(workers, "POST", "/crash", {"item": "x"}, "crashed")
    assert (status, body["code"]) == (409, "outcome_unknown")
    assert store.client.hgetall("carried out") == {b"x": b"1"}
    assert ask(workers, "POST", "/crash", {"item": "x"}, "another")[0] == 201
    store.close()


def test_two_processes_count_together(workers, redis_url):
    """A limit in Redis holds for both processes together."""
    store = RedisStore(redis_url, timeout=10)
    store.client.flushdb()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda number: ask(workers, "GET", "/limited"), range(60)))

    assert sorted(status for status, _ in got) == [200] * 20 + [429] * 40
    store.close()
