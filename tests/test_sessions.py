"""Sessions: the mapping, the signed cookie, and interfaces of one's own."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import uuid
from http.cookies import SimpleCookie

import pytest
from itsdangerous import BadSignature, URLSafeTimedSerializer
from markupsafe import Markup

from framework import App, session
from framework.json.tag import JSONTag
from framework.sessions import (
    NullSession,
    SecureCookieSession,
    SecureCookieSessionInterface,
    SessionInterface,
    SessionMixin,
    session_json_serializer,
)


@pytest.fixture
def app():
    """An application that writes, reads and clears its session."""
    app = App("sessions")
    app.secret_key = "secret"
    app.testing = True

    @app.get("/write/<value>")
    def write(value):
        session["value"] = value
        return ""

    @app.get("/read")
    def read():
        return session.get("value", "nothing")

    @app.get("/clear")
    def clear():
        session.clear()
        return ""

    @app.get("/pop")
    def pop():
        session.pop("value", None)
        return ""

    @app.get("/permanent")
    def permanent():
        session.permanent = True
        return ""

    @app.get("/untouched")
    def untouched():
        return ""

    return app


def cookie_of(reply):
    """The one session cookie that an answer sets, parsed; ``None`` without one."""
    headers = reply.headers.getlist("Set-Cookie")
    if not headers:
        return None
    (header,) = headers
    return SimpleCookie(header)["session"]


# The mapping


WRITES = {
    "setitem": lambda s: s.__setitem__("a", 2),
    "delitem": lambda s: s.__delitem__("a"),
    "pop": lambda s: s.pop("a"),
    "popitem": lambda s: s.popitem(),
    "clear": lambda s: s.clear(),
    "update": lambda s: s.update(b=1),
    "setdefault": lambda s: s.setdefault("b", 1),
    "ior": lambda s: s.__ior__({"b": 1}),
    "permanent": lambda s: setattr(s, "permanent", True),
}

READS = {
    "getitem": lambda s: s["a"],
    "get": lambda s: s.get("a"),
    "in": lambda s: "a" in s,
    "len": len,
    "bool": bool,
    "iter": list,
    "reversed": lambda s: list(reversed(s)),
    "keys": lambda s: s.keys(),
    "values": lambda s: s.values(),
    "items": lambda s: s.items(),
    "copy": lambda s: s.copy(),
    "equal": lambda s: s == {},
    "unpack": lambda s: {**s},
    "dict": dict,
    "permanent": lambda s: s.permanent,
}


@pytest.mark.parametrize("name", WRITES)
def test_each_write_is_noted(name):
    """Every way of writing sets ``modified``."""
    mapping = SecureCookieSession({"a": 1})
    assert not mapping.modified
    WRITES[name](mapping)

    assert mapping.modified
    assert mapping.accessed


@pytest.mark.parametrize("name", READS)
def test_each_read_is_noted(name):
    """Every way of reading sets ``accessed``, and only that."""
    mapping = SecureCookieSession({"a": 1})
    assert not mapping.accessed
    READS[name](mapping)

    assert mapping.accessed
    assert not mapping.modified


def test_a_new_mapping_is_untouched():
    """What a session starts with is not a write."""
    mapping = SecureCookieSession({"a": 1})

    assert (mapping.new, mapping.modified, mapping.accessed) == (False, False, False)


def test_permanent_is_a_key_of_the_session():
    """``permanent`` travels in the session itself."""
    mapping = SecureCookieSession()
    assert mapping.permanent is False
    mapping.permanent = 1

    assert mapping == {"_permanent": True}
    assert mapping.permanent is True


@pytest.mark.parametrize("name", [name for name in WRITES if name != "popitem"])
def test_a_null_session_explains_itself(name):
    """Without a secret key reading works, and each way of writing says what is missing."""
    mapping = NullSession()

    assert mapping.get("a") is None
    with pytest.raises(RuntimeError, match="no secret key was set"):
        WRITES[name](mapping)


def test_without_secret_key_the_session_is_null(app):
    """A request of an application without secret key reads an empty session and cannot write."""
    app.secret_key = None
    client = app.test_client()

    assert client.get("/read").text == "nothing"
    with pytest.raises(RuntimeError, match="SECRET_KEY"):
        client.get("/write/x")


# The cookie


def test_values_come_back(app):
    """What one request writes, the next reads."""
    client = app.test_client()
    client.get("/write/x")

    assert client.get("/read").text == "x"


def test_the_defaults_guard_the_cookie(app):
    """By default: HttpOnly, SameSite=Lax, path /, no domain, no date, not secure over HTTP."""
    cookie = cookie_of(app.test_client().get("/write/x"))

    assert cookie["httponly"] is True
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert cookie["domain"] == cookie["expires"] == cookie["secure"] == ""


@pytest.mark.parametrize(
    ("setting", "url", "secure"),
    [
        (None, "http://localhost", False),
        (None, "https://localhost", True),
        (True, "http://localhost", True),
        (False, "https://localhost", False),
    ],
)
def test_secure_follows_the_scheme_unless_set(app, setting, url, secure):
    """``SESSION_COOKIE_SECURE = None`` means: by the request's scheme."""
    app.config["SESSION_COOKIE_SECURE"] = setting
    cookie = cookie_of(app.test_client().get("/write/x", base_url=url))

    assert bool(cookie["secure"]) is secure


def test_each_attribute_can_be_set(app):
    """The cookie's attributes are settings."""
    app.config.update(
        SESSION_COOKIE_NAME="sid",
        SESSION_COOKIE_DOMAIN=".example.com",
        SESSION_COOKIE_PATH="/write",
        SESSION_COOKIE_HTTPONLY=False,
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_SECURE=True,
        SESSION_COOKIE_PARTITIONED=True,
    )
    header = app.test_client().get("/write/x").headers["Set-Cookie"]

    assert header.startswith("sid=")
    for part in ("Domain=example.com", "Path=/write", "SameSite=Strict", "Secure", "Partitioned"):
        assert f"; {part}" in header
    assert "HttpOnly" not in header


def test_no_same_site_attribute(app):
    """``SESSION_COOKIE_SAMESITE = None`` leaves the attribute out."""
    app.config["SESSION_COOKIE_SAMESITE"] = None

    assert "SameSite" not in app.test_client().get("/write/x").headers["Set-Cookie"]


def test_the_path_is_that_of_the_application(app):
    """Without ``SESSION_COOKIE_PATH`` the cookie is for ``APPLICATION_ROOT``."""
    app.config["APPLICATION_ROOT"] = "/shop"

    assert cookie_of(app.test_client().get("/write/x", base_url="http://localhost/shop"))["path"] == "/shop"


def test_an_emptied_session_is_deleted(app):
    """A session that a request empties loses its cookie; one that never was gets none."""
    client = app.test_client()
    assert cookie_of(client.get("/read")) is None
    client.get("/write/x")
    reply = client.get("/clear")

    assert cookie_of(reply)["max-age"] == "0"
    assert reply.vary == {"Cookie"} or set(reply.vary) == {"cookie"}


@pytest.mark.parametrize(("path", "varies"), [("/untouched", False), ("/read", True), ("/write/x", True)])
def test_a_touched_session_varies_by_cookie(app, path, varies):
    """Caches are told that an answer depends on the cookie, iff the session was touched."""
    reply = app.test_client().get(path)

    assert ("Cookie" in reply.vary) is varies


def test_a_read_session_is_not_sent_again(app):
    """Reading alone sets no cookie."""
    client = app.test_client()
    client.get("/write/x")

    assert cookie_of(client.get("/read")) is None


def test_changes_inside_a_value_need_modified(app):
    """A change inside a value is kept only where ``modified`` is set."""

    @app.get("/append/<flag>")
    def append(flag):
        session.setdefault("list", []) if flag == "start" else session["list"].append(flag)
        session.modified = session.modified or flag == "yes"
        return ",".join(session["list"])

    client = app.test_client()
    client.get("/append/start")
    client.get("/append/no")

    assert client.get("/append/yes").text == "yes"
    assert client.get("/append/yes").text == "yes,yes"


def test_a_permanent_session_has_a_date(app):
    """A permanent session lives for ``PERMANENT_SESSION_LIFETIME``, given as seconds or as a timedelta."""
    for lifetime in (3600, dt.timedelta(hours=1)):
        app.config["PERMANENT_SESSION_LIFETIME"] = lifetime
        cookie = cookie_of(app.test_client().get("/permanent"))
        expires = dt.datetime.strptime(cookie["expires"], "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=dt.UTC)

        assert dt.timedelta(minutes=59) < expires - dt.datetime.now(dt.UTC) <= dt.timedelta(hours=1)


def test_a_session_is_too_old(app):
    """A cookie older than the lifetime counts as none."""
    client = app.test_client()
    client.get("/write/x")
    app.config["PERMANENT_SESSION_LIFETIME"] = -1

    assert client.get("/read").text == "nothing"


@pytest.mark.parametrize(
    ("refresh", "path", "sent"), [(True, "/read", True), (False, "/read", False), (True, "/untouched", False)]
)
def test_a_permanent_session_is_refreshed_when_touched(app, refresh, path, sent):
    """``SESSION_REFRESH_EACH_REQUEST`` sends a permanent session again with each answer that touched it."""
    app.config["SESSION_REFRESH_EACH_REQUEST"] = refresh
    client = app.test_client()
    client.get("/permanent")

    assert (cookie_of(client.get(path)) is not None) is sent


def test_types_that_json_lacks_survive(app):
    """Tuples, bytes, markup, UUIDs and datetimes come back as they went."""
    values = {
        "tuple": (1, 2, (3,)),
        "bytes": b"\xff",
        "markup": Markup("<b>"),
        "uuid": uuid.UUID(int=1),
        "time": dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC),
        "dict": {" t": 1},
    }

    @app.get("/values")
    def put():
        session.update(values)
        return ""

    @app.get("/compare")
    def compare():
        assert dict(session) == values
        assert type(session["markup"]) is Markup
        return "same"

    client = app.test_client()
    client.get("/values")

    assert client.get("/compare").text == "same"


@pytest.mark.parametrize(
    "change", [lambda v: v[:-1], lambda v: "x" + v, lambda v: "", lambda v: "a.b.c", lambda v: "é"]
)
def test_a_changed_cookie_is_an_empty_session(app, change):
    """A cookie whose signature does not fit counts as none."""
    client = app.test_client()
    client.get("/write/x")
    value = client.get_cookie("session").value
    client.set_cookie("session", change(value))

    assert client.get("/read").text == "nothing"


def test_a_cookie_of_another_key_is_an_empty_session(app):
    """The secret key decides."""
    client = app.test_client()
    client.get("/write/x")
    app.secret_key = "another"

    assert client.get("/read").text == "nothing"


def test_old_keys_still_read(app):
    """A key in ``SECRET_KEY_FALLBACKS`` reads, and does not sign."""
    client = app.test_client()
    client.get("/write/x")
    app.config.update(SECRET_KEY="new", SECRET_KEY_FALLBACKS=["older", "secret"])
    assert client.get("/read").text == "x"
    client.get("/write/y")
    app.config["SECRET_KEY_FALLBACKS"] = None

    assert client.get("/read").text == "y"


def test_a_large_cookie_is_warned_about(app):
    """A cookie beyond ``MAX_COOKIE_SIZE`` warns when it is set."""
    app.config["MAX_COOKIE_SIZE"] = 100
    with pytest.warns(UserWarning, match="cookie is too large"):
        app.test_client().get("/write/" + "x" * 100)
    app.config["MAX_COOKIE_SIZE"] = 0
    app.test_client().get("/write/" + "x" * 5000)


# Interfaces of one's own


class MemorySession(dict, SessionMixin):
    """The mapping of :class:`MemoryInterface`."""


class MemoryInterface(SessionInterface):
    """Keeps all in one dictionary, and counts what it is asked."""

    def __init__(self):
        self.data = {}
        self.opened = self.saved = 0

    def open_session(self, app, request):
        self.opened += 1
        return MemorySession(self.data)

    def save_session(self, app, session, response):
        self.saved += 1
        self.data = dict(session)


def test_an_own_interface_is_asked_each_time(app):
    """An interface with its own ``open_session`` opens and saves in each request, touched or not."""
    app.session_interface = interface = MemoryInterface()
    client = app.test_client()
    client.get("/write/x")

    assert client.get("/read").text == "x"
    client.get("/untouched")
    client.get("/no/such/path")
    assert (interface.opened, interface.saved) == (4, 4)


def test_a_lazy_interface_is_asked_when_touched(app):
    """``lazy = True`` spares requests that never touch their session."""

    class Lazy(MemoryInterface):
        lazy = True

    app.session_interface = interface = Lazy()
    client = app.test_client()
    client.get("/untouched")
    client.get("/read")

    assert (interface.opened, interface.saved) == (1, 1)


def test_laziness_is_not_inherited_past_an_override():
    """A subclass that opens or saves by itself is not lazy unless it says so."""

    class Opens(SecureCookieSessionInterface):
        def open_session(self, app, request):
            return super().open_session(app, request)

    class Saves(SecureCookieSessionInterface):
        def save_session(self, app, session, response):
            super().save_session(app, session, response)

    class Salted(SecureCookieSessionInterface):
        salt = "own"

    class Says(Opens):
        lazy = True

    child = type("Child", (Opens,), {})
    mixed = type("Mixed", (MemoryInterface, SecureCookieSessionInterface), {})

    assert all(cls.lazy for cls in (SecureCookieSessionInterface, Salted, Says))
    assert not any(cls.lazy for cls in (SessionInterface, Opens, Saves, child, mixed))


def test_an_interface_may_open_nothing(app):
    """``open_session`` that returns nothing gives a null session, which is not saved."""

    class Nothing(MemoryInterface):
        def open_session(self, app, request):
            return None

    app.session_interface = interface = Nothing()

    assert app.test_client().get("/read").text == "nothing"
    assert interface.saved == 0


def test_the_cookie_interface_can_be_tuned(app):
    """Serializer, salt and session class are attributes of the interface."""

    class Mine(SecureCookieSession):
        pass

    class Tuned(SecureCookieSessionInterface):
        serializer = json
        salt = "own"
        session_class = Mine

    app.session_interface = Tuned()

    @app.get("/class")
    def class_name():
        return type(session._get_current_object()).__name__

    client = app.test_client()
    client.get("/write/x")
    assert client.get("/read").text == "x"
    assert client.get("/class").text == "Mine"
    app.session_interface = SecureCookieSessionInterface()
    assert client.get("/read").text == "nothing"


def test_a_tag_for_all_sessions(app, monkeypatch):
    """``session_json_serializer`` writes the sessions of every interface that names no other; tags are added to it."""

    class TagSet(JSONTag):
        key = " set"

        def check(self, value):
            return isinstance(value, set)

        def to_json(self, value):
            return sorted(value)

        def to_python(self, value):
            return set(value)

    monkeypatch.setattr(session_json_serializer, "tags", dict(session_json_serializer.tags))
    monkeypatch.setattr(session_json_serializer, "order", list(session_json_serializer.order))
    session_json_serializer.register(TagSet, index=0)
    client = app.test_client()
    with client.session_transaction() as opened:
        opened["seen"] = {1, 2}

    with client.session_transaction() as opened:
        assert opened["seen"] == {1, 2}


def test_the_base_asks_to_be_completed(app):
    """The two methods have to be written."""
    interface = SessionInterface()

    with pytest.raises(NotImplementedError):
        interface.open_session(app, None)
    with pytest.raises(NotImplementedError):
        interface.save_session(app, {}, None)
    assert interface.is_null_session(interface.make_null_session(app))


def test_a_session_is_saved_after_the_hooks(app):
    """An ``after_request`` function may still write to the session, and sees the session of the view."""

    @app.after_request
    def count(response):
        session["count"] = session.get("count", 0) + 1
        response.headers["X-Count"] = str(session["count"])
        return response

    client = app.test_client()
    client.get("/untouched")

    assert client.get("/untouched").headers["X-Count"] == "2"


def test_accessing_through_the_proxy_counts(app):
    """A session of any class counts as accessed once a view touches it."""
    seen = []

    class Interface(MemoryInterface):
        def save_session(self, app, session, response):
            seen.append(session.accessed)

    app.session_interface = Interface()
    client = app.test_client()
    client.get("/untouched")
    client.get("/read")

    assert seen == [False, True]


@pytest.mark.parametrize("derivation", ["hmac", "concat", "django-concat", "none"])
@pytest.mark.parametrize("digest", ["sha1", "sha256"])
def test_cookies_are_signed_as_itsdangerous_signs_them(derivation, digest):
    """What the interface signs itsdangerous reads, and the other way round, with old keys too."""

    class Interface(SecureCookieSessionInterface):
        key_derivation = derivation
        digest_method = staticmethod(getattr(hashlib, digest))

    app = App("signed")
    app.config.update(SECRET_KEY="new", SECRET_KEY_FALLBACKS=["old", "older"])
    ours = Interface().get_signing_serializer(app)
    kwargs = {"key_derivation": derivation, "digest_method": getattr(hashlib, digest)}
    for key in ("new", "old", "older"):
        theirs = URLSafeTimedSerializer(
            key, salt=Interface.salt, serializer=Interface.serializer, signer_kwargs=dict(kwargs)
        )
        assert ours.loads(theirs.dumps({"a": (1, b"x")})) == {"a": (1, b"x")}
    newest = URLSafeTimedSerializer("new", salt=Interface.salt, serializer=Interface.serializer, signer_kwargs=kwargs)
    assert newest.loads(ours.dumps({"a": 1})) == {"a": 1}
    with pytest.raises(BadSignature):
        ours.loads(newest.dumps({"a": 1}).swapcase())


def test_another_key_signs_at_once():
    """A key that is set anew signs from then on, and the old one reads no more."""
    app = App("keys")
    app.secret_key = "first"
    interface = SecureCookieSessionInterface()
    text = interface.get_signing_serializer(app).dumps({"a": 1})
    app.secret_key = "second"

    with pytest.raises(BadSignature):
        interface.get_signing_serializer(app).loads(text)
    assert interface.get_signing_serializer(app).dumps({"a": 1}) != text
