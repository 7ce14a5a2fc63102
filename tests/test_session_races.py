"""Sessions in a store under requests that overlap, and while the store is away."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from framework import App, request, session
from framework.sessions import StoreSession, StoreSessionInterface
from framework.stores.redis import RedisStore
from tests.servers import free_port, redis_server


class Meeting:
    """A request that waits in its handler, its session loaded, until the test lets it go on."""

    def __init__(self):
        self.inside, self.go_on = threading.Event(), threading.Event()

    def wait(self):
        """Called by the handler."""
        self.inside.set()
        assert self.go_on.wait(20)


def make_app(store, meeting=None):
    """An application whose sessions stand in a store."""
    app = App(__name__)
    app.session_interface = StoreSessionInterface(store)

    @app.post("/write")
    def write():
        session.update(request.get_json())
        return {}

    @app.get("/read")
    def read():
        return dict(session)

    @app.post("/permanent")
    def permanent():
        session.permanent = True
        return {}

    @app.post("/log-out")
    def log_out():
        session.clear()
        return {}

    @app.post("/renew")
    def renew():
        session.renew()
        session["role"] = "admin"
        return {}

    @app.post("/slow/<what>")
    def slow(what):
        found = dict(session)
        meeting.wait()
        if what == "write":
            session["late"] = True
        elif what == "delete":
            session.pop("gone", None)
        elif what == "renew":
            session.renew()
        elif what == "clear":
            session.clear()
            session["user"] = "bob"
        return found

    return app


def cookie_of(client):
    """The name of the session that a client holds."""
    found = client.get_cookie("session")
    return None if found is None else found.value


def overlap(store, what, between, first=("/write", {"user": "ann"})):
    """Send a slow request, send others while it runs, let it end.

    :return: The client, and the answer to the slow request.
    """
    meeting = Meeting()
    app = make_app(store, meeting)
    client, replies = app.test_client(), []
    client.post(first[0], json=first[1])
    slow = app.test_client()
    slow.set_cookie("session", cookie_of(client))
    thread = threading.Thread(target=lambda: replies.append(slow.post(f"/slow/{what}")))
    thread.start()
    assert meeting.inside.wait(20)
    try:
        between(client)
    finally:
        meeting.go_on.set()
        thread.join(20)
    return client, slow, replies[0]


@pytest.mark.parametrize("what", ["write", "renew", "read"])
def test_a_session_that_was_logged_out_does_not_come_back(store, what):
    """A request that began before the log-out and ends after it writes nothing, and gives the browser no cookie."""
    names = []

    def between(client):
        names.append(cookie_of(client))
        client.post("/permanent")
        client.post("/log-out")

    _client, slow, reply = overlap(store, what, between)

    assert reply.status_code == 200
    assert "Set-Cookie" not in reply.headers
    assert store.get(StoreSessionInterface.place(names[0])) is None
    thief = slow.application.test_client()
    thief.set_cookie("session", names[0])
    assert thief.get("/read").json == {}


def test_a_permanent_session_is_prolonged_and_not_written_again(store):
    """The refresh of a request that only reads does not bring back a session that was logged out meanwhile."""
    meeting = Meeting()
    app = make_app(store, meeting)
    client, replies = app.test_client(), []
    client.post("/permanent")
    name = cookie_of(client)
    slow = app.test_client()
    slow.set_cookie("session", name)
    thread = threading.Thread(target=lambda: replies.append(slow.post("/slow/read")))
    thread.start()
    assert meeting.inside.wait(20)
    client.post("/log-out")
    meeting.go_on.set()
    thread.join(20)

    assert store.get(StoreSessionInterface.place(name)) is None
    assert "Set-Cookie" not in replies[0].headers


@pytest.mark.parametrize("what", ["write", "renew"])
def test_a_renewed_session_keeps_its_name(store, what):
    """An overlapping request neither brings back the old name nor takes the browser's new cookie away."""
    before = []

    def between(client):
        before.append(cookie_of(client))
        client.post("/renew")

    client, _slow, reply = overlap(store, what, between)

    assert "Set-Cookie" not in reply.headers
    assert store.get(StoreSessionInterface.place(before[0])) is None
    assert client.get("/read").json == {"user": "ann", "role": "admin"}


def test_what_begins_anew_is_a_session_of_its_own(store):
    """A log-in that clears the session first does not depend on the old one being there still."""
    _client, slow, _reply = overlap(store, "clear", lambda client: client.post("/log-out"))

    assert slow.get("/read").json == {"user": "bob"}


def test_writes_that_overlap_keep_what_each_changed(store):
    """Each of two requests that write at the same time keeps the members that it set or removed."""
    client, _slow, _reply = overlap(
        store,
        "delete",
        lambda client: client.post("/write", json={"other": 1}),
        first=("/write", {"user": "ann", "gone": 1}),
    )
    assert client.get("/read").json == {"user": "ann", "other": 1}

    client, _slow, _reply = overlap(store, "write", lambda client: client.post("/write", json={"user": "eve"}))
    assert client.get("/read").json == {"user": "eve", "late": True}


def test_a_session_moves_with_what_was_written_meanwhile(store):
    """A renewed session takes along what another request has written under its old name."""
    client, slow, _reply = overlap(store, "renew", lambda client: client.post("/write", json={"cart": 2}))

    assert slow.get("/read").json == {"user": "ann", "cart": 2}
    assert client.get("/read").json == {}


def test_a_refresh_prolongs(store):
    """A permanent session that is read lives on, with the same text, and its cookie is sent again."""
    app = make_app(store)
    client = app.test_client()
    client.post("/permanent")
    place = StoreSessionInterface.place(cookie_of(client))
    text = store.get(place)
    store.set(place, text, 5)
    reply = client.get("/read")

    assert "Expires" in reply.headers["Set-Cookie"]
    assert store.get(place) == text
    if isinstance(store, RedisStore):
        assert store.client.pttl(store.prefix + place) > 5000


class Eager(StoreSessionInterface):
    """An interface that is opened with each request."""

    lazy = False


@pytest.mark.parametrize("interface", [StoreSessionInterface, Eager])
def test_sessions_are_503_while_redis_is_away(interface, caplog):
    """Reading and writing a session without Redis is a 503 with Retry-After, logged once and without a traceback."""
    app = make_app(None)
    app.session_interface = interface(RedisStore(f"redis://127.0.0.1:{free_port()}/0"))
    app.after_request(lambda response: response.headers.update({"X-Hook": "ran"}) or response)
    client = app.test_client()
    client.set_cookie("session", "a" * 64)

    for reply in (client.get("/read"), client.post("/write", json={"a": 1})):
        assert (reply.status_code, reply.json["code"]) == (503, "session_unavailable")
        assert reply.headers["Retry-After"] == "1"
        assert reply.headers["X-Hook"] == "ran"
    assert [record.exc_info for record in caplog.records] == [None]
    assert "answered with 503" in caplog.text


def test_a_session_that_cannot_be_written_is_503():
    """Redis that goes away after the handler has begun: the answer that says "done" does not leave."""
    app, hooks = make_app(None), []

    @app.after_request
    def hook(response):
        hooks.append((response.status_code, session.get("a")))
        session["hook"] = 1
        return response

    with redis_server() as url:
        app.session_interface = StoreSessionInterface(RedisStore(url))

        @app.post("/kill")
        def kill():
            session["a"] = 1
            os.kill(app.session_interface.store.client.info()["process_id"], signal.SIGSTOP)
            return "done"

        client = app.test_client()
        pid = app.session_interface.store.client.info()["process_id"]
        try:
            reply = client.post("/kill")
        finally:
            os.kill(pid, signal.SIGCONT)

    assert reply.status_code == 503
    assert reply.headers["Retry-After"] == "1"
    assert hooks == [(200, 1), (503, None)]


def test_sessions_come_back_with_redis():
    """Redis that was killed and started again: sessions are empty first, and can be written."""
    port = free_port()
    with redis_server(port) as url:
        app = make_app(None)
        interface = app.session_interface = StoreSessionInterface(RedisStore(url, timeout=5))
        interface._guard._pause = 0.0
        client = app.test_client()
        client.post("/write", json={"a": 1})
        assert client.get("/read").json == {"a": 1}
    assert client.get("/read").status_code == 503
    with redis_server(port):
        assert client.get("/read").json == {}
        client.post("/write", json={"b": 2})
        assert client.get("/read").json == {"b": 2}


def test_a_session_class_of_ones_own_is_renewed(store):
    """A session class that extends the framework's takes part in all of this."""

    class Own(StoreSession):
        pass

    class Interface(StoreSessionInterface):
        session_class = Own

    app = make_app(store)
    app.session_interface = Interface(store)
    client = app.test_client()
    client.post("/write", json={"a": 1})
    client.post("/renew")

    assert client.get("/read").json == {"a": 1, "role": "admin"}
