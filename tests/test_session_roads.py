"""The short road of sessions: one is read without a request, and told of in a prepared answer, as on the long one."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from itsdangerous import BadSignature, BadTimeSignature, SignatureExpired, TimestampSigner, URLSafeTimedSerializer
from werkzeug.http import parse_cookie

from framework import App, Resource, session
from framework._signing import _stays, timed_serializer
from framework.context import current
from framework.http.request import first_cookie
from framework.http.response import PreparedResponse
from framework.http.tagged import TaggedJSONSerializer
from framework.json.tag import JSONTag
from framework.sessions import (
    SecureCookieSessionInterface,
    SessionInterface,
    StoreSessionInterface,
    session_json_serializer,
)
from framework.stores.memory import MemoryStore
from framework.wrappers import Request, Response


class Cart(Resource):
    """A resource that reads, writes and ends its session."""

    def get(self):
        return {"items": session.get("items", 0)}

    def post(self):
        session["items"] = session.get("items", 0) + 1
        return {}

    def put(self):
        session.permanent = True
        return {}

    def delete(self):
        session.clear()
        return {}


def make_app(**attributes):
    """Return an application with such a resource."""
    app = App("roads")
    app.secret_key = "a secret of sixteen bytes"
    app.route("/")(Cart)
    for name, value in attributes.items():
        setattr(app, name, value)
    return app


class LongRequest(Request):
    """A request of one's own: it is asked."""

    asked = 0

    @property
    def cookies(self):
        type(self).asked += 1
        return super().cookies


class LongResponse(Response):
    """A response of one's own: it is asked."""

    asked = 0

    def set_cookie(self, *args, **kwargs):
        type(self).asked += 1
        super().set_cookie(*args, **kwargs)


class LongInterface(SecureCookieSessionInterface):
    """An interface of one's own, with both methods."""

    lazy = True

    def open_session(self, app, request):
        assert isinstance(request, Request)
        return super().open_session(app, request)

    def save_session(self, app, session, response):
        assert isinstance(response, Response)
        super().save_session(app, session, response)


TOLD = ("Content-Length", "Content-Type", "Set-Cookie", "Vary")


def walk(app, monkeypatch, scheme="http"):
    """Return what a client meets that uses all methods of the resource, the time standing still."""
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda self: 1_700_000_000)
    monkeypatch.setattr("os.urandom", lambda size: b"n" * size)
    monkeypatch.setattr(SessionInterface, "get_expiration_time", lambda *args: 2_000_000_000)
    app.config["PERMANENT_SESSION_LIFETIME"] = 10**9
    client, seen = app.test_client(), []
    for method in ("GET", "POST", "GET", "POST", "PUT", "GET", "DELETE", "GET"):
        reply = client.open("/", method=method, base_url=f"{scheme}://localhost")
        headers = sorted(
            (name, value.partition("Expires")[0]) for name, value in reply.headers if "Request" not in name
        )
        seen.append((reply.status, reply.json, headers))
    return seen


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    "attributes",
    [
        {"request_class": LongRequest},
        {"response_class": LongResponse},
        {"session_interface": LongInterface()},
    ],
    ids=["request", "response", "interface"],
)
def test_both_roads_answer_the_same(attributes, scheme, monkeypatch):
    """A class of requests, responses or interfaces of one's own is asked, and changes no byte of the answers."""
    short, long = make_app(), make_app(**attributes)
    LongRequest.asked = LongResponse.asked = 0

    assert walk(short, monkeypatch, scheme) == walk(long, monkeypatch, scheme)
    assert LongRequest.asked == (8 if "request_class" in attributes else 0)
    assert bool(LongResponse.asked) == ("response_class" in attributes)


def test_both_roads_of_a_store_answer_the_same(monkeypatch):
    """An interface with a store has the short road too."""
    short = make_app(session_interface=StoreSessionInterface(MemoryStore()))
    long = make_app(session_interface=StoreSessionInterface(MemoryStore()), request_class=LongRequest)
    long.response_class = LongResponse

    assert walk(short, monkeypatch) == walk(long, monkeypatch)


def test_a_session_alone_makes_no_request_and_no_response():
    """A handler that has its session alone read and written gets neither."""
    app, made = make_app(), []

    @app.teardown_request
    def look(error):
        made.append(current()._request)

    client = app.test_client()
    client.post("/")
    client.get("/")

    assert made == [None, None]


def test_methods_on_the_instance_are_asked():
    """A method that was put on the interface itself is called, with a request and a full response."""
    app, seen = make_app(), []
    interface = app.session_interface
    opens, saves = interface.open_session, interface.save_session
    interface.open_session = lambda app, request: seen.append(type(request)) or opens(app, request)
    interface.save_session = lambda app, session, reply: seen.append(type(reply)) or saves(app, session, reply)
    app.test_client().post("/")

    assert seen == [Request, Response]


def test_too_many_cookies_are_refused():
    """The limit of cookies is kept where no request is made."""
    app = make_app()
    app.config["MAX_COOKIES"] = 3
    client = app.test_client(use_cookies=False)

    assert client.get("/", headers={"Cookie": "a=1; b=2; c=3"}).status_code == 200
    assert client.get("/", headers={"Cookie": "a=1; b=2; c=3; d=4"}).status_code == 400


def test_an_answer_that_is_kept_carries_no_cookie():
    """A prepared answer that is returned again and again does not get the cookie of a client."""
    app = App("kept")
    app.secret_key = "a secret of sixteen bytes"
    kept = PreparedResponse(200, [("Content-Type", "text/plain")], b"kept")

    @app.before_request
    def answer():
        if current().request_environ["PATH_INFO"] == "/in":
            session["user"] = 1
        return kept

    with_cookie = app.test_client().get("/in")
    without = app.test_client().get("/out")

    assert "Set-Cookie" in with_cookie.headers
    assert "Set-Cookie" not in without.headers
    assert "Vary" not in without.headers


# The signatures.


def theirs(digest=hashlib.sha1):
    """Return what itsdangerous signs with."""
    kwargs = {"key_derivation": "hmac", "digest_method": digest}
    return URLSafeTimedSerializer("key", salt="s", serializer=session_json_serializer, signer_kwargs=kwargs)


def ours(digest=hashlib.sha1):
    """Return what the framework signs with."""
    return timed_serializer(("key",), "s", session_json_serializer, "hmac", digest)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=400) | st.text("ab", max_size=400) | st.text('abcdef{}":, ', max_size=150))
@example("")
@example("aaaaaaaaaaaaaaaaaaaaaa")
def test_texts_are_signed_byte_for_byte(text):
    """A payload is compressed exactly where itsdangerous compresses it, and read again."""
    value = {"text": text}
    signed = ours().dumps(value)

    assert signed.rpartition(".")[0].rpartition(".")[0] == theirs().dumps(value).rpartition(".")[0].rpartition(".")[0]
    assert theirs().loads(signed) == value == ours().loads(theirs().dumps(value), max_age=100)


def test_a_small_text_is_not_compressed_to_find_out():
    """The usual session needs no full compressor."""
    assert _stays(b'{"_permanent":true,"user_id":42}')
    assert not _stays(b"a" * 100)
    assert not _stays(b"a" * 201)


@pytest.mark.parametrize("digest", [hashlib.sha512, hashlib.sha3_256, hashlib.blake2s])
def test_every_hash_function_signs_as_hmac(digest):
    """The two hashes that are kept make the HMAC of the standard library, for long keys too."""
    long = "k" * 300
    made = timed_serializer((long, "key"), "s", session_json_serializer, "none", digest)
    signed = made.dumps({"a": 1})
    kwargs = {"key_derivation": "none", "digest_method": digest}
    other = URLSafeTimedSerializer([long, "key"], salt="s", serializer=session_json_serializer, signer_kwargs=kwargs)

    assert made._hashes
    assert made.loads(signed) == other.loads(signed) == {"a": 1}
    assert made.loads(other.dumps({"a": 2})) == {"a": 2}


def outcome(serializer, text):
    """Return the value of a signed text, or the class of the error."""
    try:
        return serializer.loads(text, max_age=10)
    except BadSignature as error:
        return type(error)


def test_what_is_not_as_we_write_it_is_left_to_itsdangerous():
    """A changed, late, early or malformed text is refused, and another Base64 of the same signature is read."""
    signed = ours().dumps({"a": 1})
    value, _, signature = signed.rpartition(".")

    assert ours().loads(f"{value}.{signature}=", max_age=10) == {"a": 1}
    for text in ("", ".", "..", signed[1:], f"{value}.", f"x{signed}", f"{signed}\u00e9", signed.swapcase()):
        assert outcome(ours(), text) == outcome(theirs(), text)
    assert outcome(ours(), f"x{signed}") is BadTimeSignature
    assert ours().loads(signed.encode(), max_age=10) == {"a": 1}
    assert ours().loads(signed, return_timestamp=True)[0] == {"a": 1}
    with pytest.raises(BadSignature):
        ours().loads(signed, salt="other")
    assert ours().loads(ours().dumps({"a": 2}, salt="other"), salt="other") == {"a": 2}


def test_a_signature_that_is_too_old_is_refused(monkeypatch):
    """The age counts, and a time that has not come yet is refused too."""
    signed = ours().dumps({"a": 1})
    now = TimestampSigner("x").get_timestamp()
    for moved, is_read in ((100, True), (102, False), (-5, False)):
        monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda self, moved=moved: now + moved)
        if is_read:
            assert ours().loads(signed, max_age=101) == {"a": 1}
        else:
            with pytest.raises(SignatureExpired):
                ours().loads(signed, max_age=101)


# Cookies and values.

COOKIES = st.lists(
    st.sampled_from(["session", "session2", " session", "a", "=", "; ", ";", "==", " = ", "x y", "\t", "val", "s,e"]),
    max_size=12,
).map("".join)


@settings(max_examples=500, deadline=None)
@given(COOKIES)
@example("a=1; session=x y; session = second ;session=third")
@example("session")
@example("session==a=")
def test_a_cookie_is_found_as_werkzeug_finds_it(header):
    """The first cookie of a name is the value that werkzeug's own mapping gives."""
    assert first_cookie(header, "session") == parse_cookie(header).get("session")


VALUES = st.dictionaries(
    st.text(max_size=3) | st.sampled_from([" d", " t", " b"]),
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.lists(st.integers()) | st.binary(max_size=2),
    max_size=3,
)


class Step(TaggedJSONSerializer):
    """A serializer that takes every value step by step."""


@settings(max_examples=300, deadline=None)
@given(VALUES)
@example({" d": 1})
@example({" d": 1, "a": 2})
def test_plain_values_are_written_as_all_are(value):
    """A session of text and numbers is written and read as by the tags."""
    assert session_json_serializer.dumps(value) == Step().dumps(value)
    assert session_json_serializer.loads(session_json_serializer.dumps(value)) == value
    assert session_json_serializer.loads(f" {session_json_serializer.dumps(value)} ") == value


def test_a_tag_for_text_is_asked():
    """A tag of one's own takes text too, though none of the framework's does."""

    class Loud(JSONTag):
        key = " l"

        def check(self, value):
            return isinstance(value, str)

        def to_json(self, value):
            return value.upper()

        def to_python(self, value):
            return value.lower()

    serializer = TaggedJSONSerializer()
    serializer.register(Loud, index=0)

    assert serializer.dumps({"a": "b"}) == '{"a":{" l":"B"}}'
