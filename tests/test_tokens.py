"""Tokens: made for a purpose and a time, read back, and refused where they are not good."""

from __future__ import annotations

import datetime as dt
import time

import pytest
from itsdangerous import URLSafeTimedSerializer

from framework import App, TokenMaker, raises, response
from framework.errors import SetupError
from framework.tokens import MAX_LENGTH, TokenError, TokenExpired, TokenInvalid, TokenRevoked, among

KEY = "a key for tests"


@pytest.fixture
def app():
    """An application with a secret key."""
    app = App(__name__)
    app.config.update(SECRET_KEY=KEY, LINK_AGE=60)
    return app


@pytest.fixture
def clock(monkeypatch):
    """Sets the clock to some seconds from now."""
    now = time.time()

    def set_to(seconds):
        monkeypatch.setattr(time, "time", lambda: now + seconds)

    return set_to


def aged(payload, seconds, monkeypatch, maker):
    """A token that was made some seconds ago."""
    with monkeypatch.context() as patch:
        now = time.time()
        patch.setattr(time, "time", lambda: now - seconds)
        return maker.make(payload)


@pytest.mark.parametrize("payload", [7, "ann", None, {"id": 7, "to": ["a", "b"]}, [], True, "ä\u2028"])
def test_a_token_is_read_back(app, payload):
    """What a maker makes, it reads."""
    maker = TokenMaker("login")
    with app.app_context():
        token = maker.make(payload)

        assert maker.read(token) == payload
        assert not set(token) & set("/+= \\"), token


def test_a_token_tells_all_that_is_in_it(app):
    """Beside the payload there are an id, and when it was made and ends, in UTC."""
    maker = TokenMaker("login", max_age=dt.timedelta(hours=2))
    with app.app_context():
        found = maker.inspect(maker.make(7))
        other = maker.inspect(maker.make(7))

    assert found.payload == 7
    assert len(found.id) == 22
    assert found.id != other.id
    assert found.issued_at.tzinfo is dt.UTC
    assert abs((dt.datetime.now(dt.UTC) - found.issued_at).total_seconds()) < 60
    assert found.expires_at == found.issued_at + dt.timedelta(hours=2)


def test_a_token_is_good_for_its_purpose_alone(app):
    """A token for one purpose is none for another, with the same key."""
    with app.app_context(), pytest.raises(TokenInvalid, match=r"The token is invalid\."):
        TokenMaker("login").read(TokenMaker("password reset").make(7))


def test_a_token_of_another_key_is_refused(app):
    """Another key has signed nothing here."""
    token = TokenMaker("login", secret_key="another").make(7)
    with app.app_context(), pytest.raises(TokenInvalid):
        TokenMaker("login").read(token)


def test_every_changed_character_is_noticed(app):
    """A token with any one character changed is refused."""
    maker = TokenMaker("login")
    with app.app_context():
        token = maker.make({"id": 7})
        for place in range(len(token) - 1):
            changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
            with pytest.raises(TokenInvalid):
                maker.read(changed)


@pytest.mark.parametrize(
    "text", ["", ".", "..", "nonsense", "a.b.c", "\xe9.\xe9.\xe9", "\ud800", "x" * (MAX_LENGTH + 1), None, 7, b"a.b.c"]
)
def test_what_is_no_token_is_invalid(app, text):
    """Anything else is refused as such, whatever its type."""
    with app.app_context(), pytest.raises(TokenInvalid):
        TokenMaker("login").read(text)


@pytest.mark.parametrize("data", [7, "ann", [], [1], [1, 2], [1, "id", 3, 4], {"id": 1}])
def test_what_something_else_has_signed_is_invalid(app, data):
    """A text of another shape, signed with the very key and salt, is not a token."""
    maker = TokenMaker("login")
    with app.app_context():
        text = maker._serializer().dumps(data)
        with pytest.raises(TokenInvalid):
            maker.read(text)


def test_a_token_that_is_signed_more_weakly_is_refused(app):
    """The default signature of itsdangerous, SHA-1, does not pass for ours."""
    weakly = URLSafeTimedSerializer(KEY, salt="framework.token.login", signer_kwargs={"key_derivation": "hmac"})
    weak = weakly.dumps([7, "id"])
    with app.app_context(), pytest.raises(TokenInvalid):
        TokenMaker("login").read(weak)


def test_a_token_expires(app, monkeypatch):
    """A token is good for an hour, unless the maker says otherwise."""
    hour, minute, ever = TokenMaker("a"), TokenMaker("a", max_age=60), TokenMaker("a", max_age=None)
    with app.app_context():
        young = aged(7, 3500, monkeypatch, hour)
        old = aged(7, 3700, monkeypatch, hour)

        assert hour.read(young) == 7
        with pytest.raises(TokenExpired, match="has expired"):
            hour.read(old)
        with pytest.raises(TokenExpired):
            minute.read(young)
        assert ever.read(old) == 7
        assert ever.inspect(old).expires_at is None


def test_a_token_may_have_an_age_of_its_own(app, clock):
    """What is said when a token is made goes before what the maker says."""
    maker = TokenMaker("a", max_age=60)
    with app.app_context():
        long, ever = maker.make(7, max_age=dt.timedelta(days=1)), maker.make(7, max_age=None)
        clock(3600)

        assert maker.read(long) == maker.read(ever) == 7
        clock(100_000)
        assert maker.read(ever) == 7
        with pytest.raises(TokenExpired):
            maker.read(long)


def test_the_age_may_be_a_setting(app, monkeypatch):
    """An age by the name of a setting is looked up whenever a token is read."""
    maker = TokenMaker("link", max_age="LINK_AGE")
    with app.app_context():
        token = aged(7, 30, monkeypatch, maker)

        assert maker.read(token) == 7
        app.config["LINK_AGE"] = dt.timedelta(seconds=20)
        with pytest.raises(TokenExpired):
            maker.read(token)


def test_clocks_may_differ_a_little(app, monkeypatch):
    """A token of a machine whose clock is fast is good; one from far in the future is not."""
    maker = TokenMaker("login")
    with app.app_context():
        assert maker.read(aged(7, -30, monkeypatch, maker)) == 7
        with pytest.raises(TokenInvalid):
            maker.read(aged(7, -3600, monkeypatch, maker))


def test_keys_can_be_replaced(app):
    """The new key signs, the old ones read until they are taken away."""
    maker = TokenMaker("login")
    with app.app_context():
        token = maker.make(7)
        app.config.update(SECRET_KEY="new", SECRET_KEY_FALLBACKS=["older", KEY])

        assert maker.read(token) == 7
        newer = maker.make(8)
        app.config["SECRET_KEY_FALLBACKS"] = None
        assert maker.read(newer) == 8
        with pytest.raises(TokenInvalid):
            maker.read(token)


def test_tokens_can_be_revoked(app):
    """The hook sees each token that is otherwise good, and may refuse it."""
    gone, seen = set(), []

    def revoked(token):
        seen.append(token)
        return token.id in gone

    maker = TokenMaker("login", revoked=revoked)
    with app.app_context():
        one, two = maker.make(1), maker.make(2)
        gone.add(maker.inspect(one).id)

        assert maker.read(two) == 2
        with pytest.raises(TokenRevoked, match="has been revoked"):
            maker.read(one)
        seen.clear()
        with pytest.raises(TokenInvalid):
            maker.read(one + "x")
        assert seen == []


def test_a_maker_may_have_keys_of_its_own():
    """With keys of its own a maker needs no application."""
    old = TokenMaker("a", secret_key="old").make(7)

    assert TokenMaker("a", secret_key=b"new", fallbacks=[b"old"]).read(old) == 7


def test_errors_of_tokens_are_answers(app):
    """A token error that a handler lets pass is a 400 with a code of its own."""

    @app.get("/confirm/<token>")
    @response(200)
    @raises(TokenInvalid, TokenExpired)
    def confirm(token):
        return TokenMaker("mail").read(token)

    reply = app.test_client().get("/confirm/nonsense")

    assert reply.status_code == 400
    assert reply.json["code"] == "token_invalid"
    assert issubclass(TokenExpired, TokenError)


def test_mistakes_with_tokens_are_told(app):
    """No purpose, no key, an asynchronous hook, a payload too long or not of JSON."""

    async def revoked(token):
        return False

    with pytest.raises(SetupError, match="has no purpose"):
        TokenMaker("")
    with pytest.raises(SetupError, match="is asynchronous"):
        TokenMaker("a", revoked=revoked)
    with App(__name__).app_context(), pytest.raises(RuntimeError, match=r"TokenMaker\('a'\) has no key"):
        TokenMaker("a").make(1)
    with app.app_context(), pytest.raises(TypeError):
        TokenMaker("a").make(object())
    with app.app_context(), pytest.raises(ValueError, match="more than 4096"):
        TokenMaker("a").make([f"{number:x}" * 8 for number in range(3000)])


def test_among_knows_a_few_keys():
    """A key of the table gives its user; any other text gives none."""
    verify = among({"one": "ann", "two": "bob"})

    assert verify("one") == "ann"
    assert verify("two") == "bob"
    assert verify("") is verify("on") is verify("onee") is verify("\xe9") is verify("\ud800") is None
