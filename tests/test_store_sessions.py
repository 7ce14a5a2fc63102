"""Sessions in a store: the client holds a name, and nothing else."""

from __future__ import annotations

import json

import pytest

from framework import App, request, session
from framework.sessions import StoreSessionInterface
from framework.stores.memory import MemoryStore


def make_app(store):
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

    @app.post("/clear")
    def clear():
        session.clear()
        return {}

    @app.post("/pop")
    def pop():
        for name in list(session):
            del session[name]
        return {}

    @app.post("/log-in")
    def log_in():
        session.renew()
        session["user"] = "ann"
        return {}

    @app.post("/log-in-anew")
    def log_in_anew():
        session.clear()
        session["user"] = "ann"
        return {}

    @app.get("/nothing")
    def nothing():
        return {}

    return app


def cookie_of(client):
    """The name of the session that a client holds."""
    found = client.get_cookie("session")
    return None if found is None else found.value


def test_a_session_stays(store):
    """What was written is there in the next request, in this client alone."""
    app = make_app(store)
    client = app.test_client()
    client.post("/write", json={"secret": "milk", "number": [1, 2]})

    assert client.get("/read").json == {"secret": "milk", "number": [1, 2]}
    assert app.test_client().get("/read").json == {}


def test_the_client_sees_nothing(store):
    """The cookie is a random name; the store holds it hashed alone."""
    client = make_app(store).test_client()
    reply = client.post("/write", json={"secret": "milk"})
    name = cookie_of(client)

    assert "milk" not in reply.headers["Set-Cookie"]
    assert "HttpOnly" in reply.headers["Set-Cookie"]
    assert reply.headers["Vary"] == "Cookie"
    assert len(name) == 64
    assert json.loads(store.get(StoreSessionInterface.place(name))) == {"secret": "milk"}
    assert name not in StoreSessionInterface.place(name)


def test_a_name_is_never_the_clients_choice(store):
    """A name that the store does not know is not taken over."""
    client = make_app(store).test_client()
    client.set_cookie("session", "chosen-by-somebody")
    client.post("/write", json={"a": 1})

    assert cookie_of(client) != "chosen-by-somebody"
    assert store.get(StoreSessionInterface.place("chosen-by-somebody")) is None


def test_a_login_changes_the_name(store):
    """After renew the same values stand under another name, and the old name is worth nothing."""
    app = make_app(store)
    client, thief = app.test_client(), app.test_client()
    thief.post("/write", json={"cart": 1})
    client.set_cookie("session", cookie_of(thief))
    client.post("/log-in")

    assert cookie_of(client) != cookie_of(thief)
    assert client.get("/read").json == {"cart": 1, "user": "ann"}
    assert thief.get("/read").json == {}


def test_a_session_that_begins_anew_changes_its_name(store):
    """What is written after clear stands under another name; the old entry is gone."""
    app = make_app(store)
    client, thief = app.test_client(), app.test_client()
    thief.post("/write", json={"cart": 1})
    client.set_cookie("session", cookie_of(thief))
    client.post("/log-in-anew")

    assert client.get("/read").json == {"user": "ann"}
    assert thief.get("/read").json == {}


@pytest.mark.parametrize("path", ["/clear", "/pop"])
def test_an_emptied_session_is_gone(store, path):
    """Emptying removes the cookie and the entry: a copy of the cookie is worth nothing."""
    client = make_app(store).test_client()
    client.post("/write", json={"a": 1})
    name = cookie_of(client)
    client.post(path)

    assert cookie_of(client) is None
    assert store.get(StoreSessionInterface.place(name)) is None


def test_requests_that_touch_nothing_ask_nothing():
    """A request without session neither reads the store nor sets a cookie; reading alone writes nothing."""

    class Counting(MemoryStore):
        asked = 0

        def get(self, key):
            self.asked += 1
            return super().get(key)

        def set(self, key, value, ttl):
            self.asked += 100
            super().set(key, value, ttl)

    store = Counting()
    client = make_app(store).test_client()
    client.post("/write", json={"a": 1})
    store.asked = 0

    assert "Vary" not in client.get("/nothing").headers
    assert store.asked == 0
    assert "Set-Cookie" not in client.get("/read").headers
    assert store.asked == 1


def test_a_session_expires():
    """An entry lives for PERMANENT_SESSION_LIFETIME after it was written."""
    clock = [0.0]
    app = make_app(MemoryStore(clock=lambda: clock[0]))
    app.config["PERMANENT_SESSION_LIFETIME"] = 100
    client = app.test_client()
    client.post("/write", json={"a": 1})
    clock[0] = 99

    assert client.get("/read").json == {"a": 1}
    clock[0] = 101
    assert client.get("/read").json == {}


def test_no_secret_key_is_needed(store):
    """Nothing is signed: the name itself is the secret."""
    app = make_app(store)

    assert app.secret_key is None
    assert app.test_client().post("/write", json={"a": 1}).status_code == 200
