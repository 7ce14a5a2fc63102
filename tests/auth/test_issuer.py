"""``TokenIssuer``: tokens that are issued, replaced and ended, in memory and over a real Redis."""

from __future__ import annotations

import concurrent.futures
import json
import logging
import threading
import time

import pytest

from framework import App, arguments, current_user, fields, public, requires, response
from framework.auth import (
    JWT,
    Blocklist,
    Renewal,
    TokenIssuer,
    TokenKey,
    TokensSchema,
    jwks_router,
    token_router,
)
from framework.errors import SetupError
from framework.stores.memory import MemoryStore
from framework.stores.redis import RedisStore
from tests import servers
from tests.auth import handmade
from tests.auth.handmade import b64, claims, new_key, private_pem, public_pem, token

ISSUER = "https://shop.example.org"
SIGNING = new_key("ES256")


class Shop:
    """An application with a log-in, a closed operation, and the routers of an issuer."""

    def __init__(self, store=None, keys=None, renew=None, **options):
        self.active = {"ann": {"read"}, "bob": {"read", "write"}}
        self.issuer = TokenIssuer(
            ISSUER, ISSUER, keys or TokenKey("ES256", private_pem(SIGNING), kid="k1"), store=store, **options
        )
        self.jwt = self.issuer.scheme(lambda found: found.subject if found.subject in self.active else None)
        self.app = App("shop", marks=[requires(self.jwt)])
        self.app.register_router(token_router(self.issuer, renew or self.renew))

        @self.app.post("/login")
        @public
        @arguments({"name": fields.String(required=True)})
        @response(200, TokensSchema)
        def log_in(data):
            """Log in."""
            return self.issuer.issue(data["name"], scopes=sorted(self.active[data["name"]]))

        @self.app.post("/logout")
        @response(204)
        def log_out():
            """Log out of all devices."""
            self.issuer.revoke_user(current_user._get_current_object())

        @self.app.get("/me")
        @requires(scopes=["read"])
        @response(200)
        def me():
            """Who am I?"""
            return current_user._get_current_object()

        self.client = self.app.test_client()

    def renew(self, subject, scopes):
        return Renewal(sorted(self.active[subject] & scopes)) if subject in self.active else None

    def log_in(self, name="ann"):
        return self.client.post("/login", json={"name": name}).json

    def refresh(self, tokens):
        return self.client.post("/tokens/refresh", json={"refresh_token": tokens["refresh_token"]})

    def me(self, tokens):
        reply = self.client.get("/me", headers={"Authorization": f"Bearer {tokens['access_token']}"})
        return reply.json if reply.status_code == 200 else (reply.status_code, reply.json["detail"])

    def revoke(self, text):
        return self.client.post("/tokens/revoke", json={"token": text}).status_code


@pytest.fixture
def shop(store):
    """A shop whose tokens are kept in each kind of store."""
    return Shop(store)


def payload_of(text):
    """The claims of a token, read by hand."""
    import base64

    part = text.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


ENDED = (401, "The token has been revoked.")


def test_a_log_in(shop):
    """The tokens of a log-in open operations, say when they end, and are not kept by caches."""
    reply = shop.client.post("/login", json={"name": "ann"})
    tokens = reply.json

    assert {*tokens} == {"access_token", "token_type", "expires_in", "refresh_token", "scope"}
    assert (tokens["token_type"], tokens["expires_in"], tokens["scope"]) == ("Bearer", 900, "read")
    assert shop.me(tokens) == "ann"
    found = payload_of(tokens["access_token"])
    assert (found["iss"], found["aud"], found["sub"], found["scope"]) == (ISSUER, ISSUER, "ann", "read")
    assert found["exp"] - found["iat"] == pytest.approx(900, abs=1)
    assert shop.refresh(tokens).headers["Cache-Control"] == "no-store"


def test_another_implementation_verifies(shop):
    """A token of the issuer is verified by hand with the published key."""
    import base64

    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    head, payload, signed = shop.log_in()["access_token"].split(".")
    raw = base64.urlsafe_b64decode(signed + "==")
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    SIGNING.public_key().verify(der, f"{head}.{payload}".encode(), ec.ECDSA(hashes.SHA256()))


def test_refresh(shop):
    """A refresh token gives new tokens of the same user and log-in; both are new."""
    first = shop.log_in()
    second = shop.refresh(first).json
    third = shop.refresh(second).json

    assert len({each["refresh_token"] for each in (first, second, third)}) == 3
    assert len({each["access_token"] for each in (first, second, third)}) == 3
    assert [shop.me(each) for each in (first, second, third)] == ["ann"] * 3
    assert len({payload_of(each["access_token"])["sid"] for each in (first, second, third)}) == 1


def test_a_used_token_ends_the_log_in(store, caplog):
    """A refresh token that was replaced and comes again ends all tokens of its log-in, and no others."""
    shop = Shop(store, grace=0)
    other = shop.log_in()
    first = shop.log_in()
    second = shop.refresh(first).json
    with caplog.at_level(logging.WARNING):
        reply = shop.refresh(first)

    assert (reply.status_code, reply.json["code"]) == (400, "refresh_token_invalid")
    assert "A refresh token was used twice" in caplog.text
    assert not any(part in caplog.text for part in first["refresh_token"].split("."))
    assert shop.refresh(second).status_code == 400
    assert shop.me(second) == shop.me(first) == ENDED
    assert shop.me(other) == "ann"
    assert shop.refresh(other).status_code == 200


def test_the_token_before_the_last_is_used(shop):
    """Within the grace only the token that was replaced last is taken: an older one ends the log-in."""
    first = shop.log_in()
    second = shop.refresh(first).json
    third = shop.refresh(second).json

    assert shop.refresh(first).status_code == 400
    assert shop.refresh(third).status_code == 400


def test_a_lost_answer(shop):
    """A client that repeats a refresh within the grace gets the current refresh token once more."""
    first = shop.log_in()
    second, again = shop.refresh(first).json, shop.refresh(first).json

    ids = [payload_of(each["refresh_token"]) for each in (second, again)]
    assert ids[0] == ids[1]
    assert shop.refresh(again).status_code == 200


def test_refreshes_at_once(shop):
    """Of several refreshes with one token at the same time all get one and the same new refresh token."""
    first = shop.log_in()
    barrier = threading.Barrier(8)

    def run():
        barrier.wait()
        return Shop.refresh(shop, first)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        replies = [each.result() for each in [pool.submit(run) for _ in range(8)]]

    assert [each.status_code for each in replies] == [200] * 8
    assert len({payload_of(each.json["refresh_token"])["jti"] for each in replies}) == 1
    assert shop.refresh(replies[3].json).status_code == 200


def test_refreshes_at_once_without_grace(store):
    """Without grace one of several refreshes at once wins at most; the others end the log-in, like those of a thief."""
    shop = Shop(store, grace=0)
    first = shop.log_in()
    barrier = threading.Barrier(4)

    def run():
        barrier.wait()
        return shop.refresh(first).status_code

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        statuses = sorted(each.result() for each in [pool.submit(run) for _ in range(4)])

    assert statuses.count(200) <= 1
    assert set(statuses) <= {200, 400}


def test_a_user_who_is_gone(shop):
    """When the function that renews returns None, the log-in is over, also if the user comes back."""
    tokens = shop.log_in()
    rights = shop.active.pop("ann")
    assert shop.refresh(tokens).status_code == 400
    shop.active["ann"] = rights

    assert shop.refresh(tokens).status_code == 400
    assert shop.me(tokens) == ENDED


def test_rights_are_asked_again(shop):
    """At each refresh the scopes are those that the user has now."""
    tokens = shop.log_in("bob")
    shop.active["bob"] = {"write"}
    second = shop.refresh(tokens).json

    assert second["scope"] == "write"
    assert shop.me(second)[0] == 403


def test_renewal_may_be_asynchronous(store):
    """The function that renews may be asynchronous, and may add claims."""

    async def renew(subject, scopes):
        return Renewal(scopes, {"tenant": 7})

    shop = Shop(store, renew=renew)
    second = shop.refresh(shop.log_in()).json
    assert payload_of(second["access_token"])["tenant"] == 7


def test_an_error_of_the_renewal_uses_nothing_up(store):
    """When the function that renews fails, the refresh token is as good as before."""
    fails = [True]

    def renew(subject, scopes):
        if fails:
            raise ZeroDivisionError
        return Renewal(scopes)

    shop = Shop(store, renew=renew, grace=0)
    tokens = shop.log_in()
    assert shop.refresh(tokens).status_code == 500
    fails.clear()
    assert shop.refresh(tokens).status_code == 200


# Ending


def test_revoking_an_access_token(shop):
    """An ended access token is refused; the log-in goes on."""
    tokens = shop.log_in()

    assert shop.revoke(tokens["access_token"]) == 204
    assert shop.me(tokens) == ENDED
    assert shop.me(shop.refresh(tokens).json) == "ann"


def test_revoking_a_refresh_token(shop):
    """An ended refresh token ends its log-in, access tokens included."""
    tokens, other = shop.log_in(), shop.log_in()

    assert shop.revoke(tokens["refresh_token"]) == 204
    assert shop.me(tokens) == ENDED
    assert shop.refresh(tokens).status_code == 400
    assert shop.me(other) == "ann"


@pytest.mark.parametrize("text", ["x", "a.b.c", handmade.token(), "ü", "x" * 8192])
def test_revoking_nonsense(text):
    """What is not a token of the issuer is answered like one (RFC 7009, section 2.2)."""
    assert Shop().revoke(text) == 204


def test_revoking_all_of_a_user(shop):
    """All tokens of a user that were issued before are ended, of every log-in, and those that follow are good."""
    one, two, bobs = shop.log_in(), shop.log_in(), shop.log_in("bob")
    reply = shop.client.post("/logout", headers={"Authorization": f"Bearer {one['access_token']}"})
    after = shop.log_in()

    assert reply.status_code == 204
    assert [shop.me(each) for each in (one, two, bobs, after)] == [ENDED, ENDED, "bob", "ann"]
    assert [shop.refresh(each).status_code for each in (one, two, bobs, after)] == [400, 400, 200, 200]


def test_new_tokens_in_the_request_that_ends_the_old(store):
    """A new password in one request: old tokens are ended, and those that it issues right after are good."""
    shop = Shop(store)
    old = shop.log_in()
    with shop.app.app_context():
        shop.issuer.revoke_user("ann")
        new = shop.issuer.issue("ann", scopes=["read"])

    assert shop.me(old) == ENDED
    assert shop.me({"access_token": new.access_token}) == "ann"


def test_a_refresh_on_its_way_does_not_outlive_the_end(store):
    """Tokens that a refresh issues after all tokens of the user were ended are of the old log-in, and ended too."""
    shop = Shop(store, renew=lambda subject, scopes: shop.issuer.revoke_user(subject) or Renewal(scopes))
    tokens = shop.log_in()
    second = shop.refresh(tokens).json

    assert shop.me(second) == ENDED


def test_logging_out_one_device(shop):
    """The log-in of an access token can be ended with it."""
    tokens, other = shop.log_in(), shop.log_in()
    with shop.app.app_context():
        shop.issuer.revoke_session(shop.jwt.decode(tokens["access_token"]))

    assert (shop.me(tokens), shop.me(other)) == (ENDED, "ann")


def test_a_blocklist_of_foreign_tokens(store):
    """Tokens of another issuer can be ended too; without ``jti`` or ``iat`` they are not taken."""
    blocklist = Blocklist("foreign", store)
    jwt = JWT(
        lambda found: found.subject,
        TokenKey("HS256", handmade.SECRET),
        issuer=handmade.ISSUER,
        audience=handmade.AUDIENCE,
        blocklist=blocklist,
    )
    app = App(__name__)

    @app.get("/")
    @requires(jwt)
    @response(200)
    def me():
        """Who am I?"""
        return "ok"

    def ask(**changes):
        text = token(claims(**changes))
        return app.test_client().get("/", headers={"Authorization": f"Bearer {text}"}).status_code

    with app.app_context():
        blocklist.revoke(jwt.decode(token(claims(jti="7"))))
    assert (ask(), ask(jti="7"), ask(jti=None), ask(iat=None)) == (200, 401, 401, 401)
    with app.app_context():
        blocklist.revoke_user("ann", 60)
    assert (ask(), ask(sub="bob"), ask(iat=time.time() + 1)) == (401, 200, 200)


def test_entries_expire(redis_url):
    """What is kept in the store goes when the tokens would have expired."""
    store = RedisStore(redis_url, prefix="expiry:", timeout=10)
    shop = Shop(store, refresh_max_age=100, session_max_age=100)
    tokens = shop.log_in()
    shop.revoke(tokens["access_token"])
    shop.revoke(tokens["refresh_token"])
    shop.client.post("/logout", headers={"Authorization": f"Bearer {shop.log_in()['access_token']}"})
    times = [store.client.ttl(key) for key in store.client.keys("expiry:*")]
    store.close()

    assert len(times) >= 4
    assert all(0 < each <= 900 + 300 for each in times), times


# Refused


def resigned(good, key=SIGNING, typ="rt+jwt", **changes):
    """A refresh token of a log-in that goes on, with other claims, signed by hand with the issuer's key."""
    found = {**payload_of(good), **changes}
    found = {name: value for name, value in found.items() if value is not None}
    return token(found, algorithm="ES256", key=key, typ=typ, kid="k1")


NOT_GOOD = {
    "nonsense": lambda good: "x",
    "cut": lambda good: good[:-3],
    "another key": lambda good: resigned(good, key=new_key("ES256")),
    "another type": lambda good: resigned(good, typ="at+jwt"),
    "expired": lambda good: resigned(good, exp=int(time.time()) - 11),
    "a text as exp": lambda good: resigned(good, exp="never"),
    "no exp": lambda good: resigned(good, exp=None),
    "no session": lambda good: resigned(good, sid=None),
    "another session": lambda good: resigned(good, sid="s"),
    "a number as jti": lambda good: resigned(good, jti=7),
    "no subject": lambda good: resigned(good, sub=None),
    "another issuer": lambda good: resigned(good, iss="https://evil.example"),
    "another audience": lambda good: resigned(good, aud=["x"]),
    "no audience": lambda good: resigned(good, aud=None),
    "no moment of the log-in": lambda good: resigned(good, session_at=None),
}


@pytest.mark.parametrize("name", NOT_GOOD)
def test_refresh_tokens_that_are_not_good(name):
    """A refresh token that is not exactly right is a 400, and the log-in goes on."""
    shop = Shop()
    good = shop.log_in()["refresh_token"]
    reply = shop.refresh({"refresh_token": NOT_GOOD[name](good)})

    assert (reply.status_code, reply.json["code"]) == (400, "refresh_token_invalid")
    assert reply.json["detail"] == "The refresh token is invalid, expired or revoked. Log in again."
    assert shop.refresh({"refresh_token": resigned(good)}).status_code == 200


def test_an_ended_log_in_stays_ended(monkeypatch):
    """After a reuse the log-in is over for good, not for as long as its access tokens are remembered."""
    now = [time.time()]
    monkeypatch.setattr(time, "time", lambda: now[0])
    shop = Shop(MemoryStore(clock=lambda: now[0]), grace=0)
    first = shop.log_in()
    second = shop.refresh(first).json
    assert shop.refresh(first).status_code == 400
    now[0] += 86_400

    assert shop.refresh(second).status_code == 400


@pytest.mark.parametrize(
    "body", [{}, {"refresh_token": ""}, {"refresh_token": 7}, {"refresh_token": "x" * 9000}, [], 7]
)
def test_bodies_that_are_not_good(body):
    """A body without a token is a 422."""
    assert Shop().client.post("/tokens/refresh", json=body).status_code == 422


def test_each_token_is_for_its_place():
    """An access token does not refresh, and a refresh token opens nothing."""
    shop = Shop()
    tokens = shop.log_in()

    assert shop.refresh({"refresh_token": tokens["access_token"]}).status_code == 400
    assert shop.me({"access_token": tokens["refresh_token"]}) == (401, "The token is invalid.")


def test_a_log_in_ends(monkeypatch):
    """A log-in cannot be refreshed beyond its longest time, nor a refresh token that was not used for long."""
    now = time.time()
    shop = Shop(refresh_max_age=100, session_max_age=150)
    tokens = shop.log_in()
    monkeypatch.setattr(time, "time", lambda: now + 90)
    second = shop.refresh(tokens).json
    assert payload_of(second["refresh_token"])["exp"] == pytest.approx(now + 150, abs=2)
    monkeypatch.setattr(time, "time", lambda: now + 155)
    assert shop.refresh(second).status_code == 400

    monkeypatch.setattr(time, "time", lambda: now)
    idle = shop.log_in()
    monkeypatch.setattr(time, "time", lambda: now + 115)
    assert shop.refresh(idle).status_code == 400


# The store is away


def test_the_store_is_away():
    """Without its store nobody is let in unchecked: a declared 503 with ``Retry-After``, for old tokens and new."""
    with servers.redis_server() as url:
        store = RedisStore(url, timeout=1)
        shop = Shop(store)
        tokens = shop.log_in()
        assert shop.me(tokens) == "ann"
    for _ in range(2):
        replies = [
            shop.client.get("/me", headers={"Authorization": f"Bearer {tokens['access_token']}"}),
            shop.refresh(tokens),
            shop.client.post("/tokens/revoke", json={"token": tokens["refresh_token"]}),
        ]
        assert [reply.status_code for reply in replies] == [503] * 3
        assert {reply.json["code"] for reply in replies} == {"authentication_unavailable"}
        assert {reply.headers["Retry-After"] for reply in replies} == {"1"}
    # A forged token needs no store to be refused.
    assert shop.me({"access_token": tokens["access_token"][:-3] + "AAA"})[0] == 401
    store.close()


def test_what_the_document_says(redis_url):
    """The 503 is declared where the store may be away; a store in memory cannot."""
    assert "503" not in Shop(MemoryStore()).app.openapi["paths"]["/me"]["get"]["responses"]
    store = RedisStore(redis_url)
    assert "503" in Shop(store).app.openapi["paths"]["/me"]["get"]["responses"]
    store.close()
    app = Shop()
    app.app.config["AUTH_STORE_URL"] = redis_url
    document = app.app.openapi
    assert "503" in document["paths"]["/me"]["get"]["responses"]
    refresh = document["paths"]["/tokens/refresh"]["post"]
    assert {*refresh["responses"]} >= {"200", "400", "422", "503"}
    assert "security" not in refresh or refresh["security"] == []


def test_the_store_of_the_settings(redis_url):
    """``AUTH_STORE_URL`` names the store: two processes share ended tokens and refresh tokens."""
    one, two = Shop(), Shop()
    for each in (one, two):
        each.app.config["AUTH_STORE_URL"] = redis_url
    tokens = one.log_in()

    assert two.me(tokens) == "ann"
    assert two.refresh(tokens).status_code == 200
    assert one.revoke(tokens["access_token"]) == 204
    assert two.me(tokens) == ENDED


# Keys


def test_public_keys():
    """The public keys are published with names, without private members, and may be cached."""
    old = new_key("RS256")
    shop = Shop(keys=[TokenKey("ES256", private_pem(SIGNING)), TokenKey("RS256", private_pem(old), kid="old")])
    shop.app.register_router(jwks_router(shop.issuer))
    reply = shop.client.get("/.well-known/jwks.json")
    first, second = reply.json["keys"]

    assert reply.status_code == 200
    assert "max-age=300" in reply.headers["Cache-Control"]
    assert {*first} == {"kty", "crv", "x", "y", "kid", "use", "alg"}
    assert {*second} == {"kty", "n", "e", "kid", "use", "alg"}
    numbers = SIGNING.public_key().public_numbers()
    assert first["x"] == b64(numbers.x.to_bytes(32, "big"))
    import base64

    head = shop.log_in()["access_token"].split(".")[0]
    assert json.loads(base64.urlsafe_b64decode(head + "==")) == {"alg": "ES256", "typ": "at+jwt", "kid": first["kid"]}


def test_rotation_of_keys():
    """After a rotation tokens of the old key are good, and the new key signs."""
    store, new = MemoryStore(), new_key("Ed25519")
    before = Shop(store)
    tokens = before.log_in()
    after = Shop(
        store,
        keys=[
            TokenKey("Ed25519", private_pem(new), kid="k2"),
            TokenKey("ES256", public_pem(SIGNING), kid="k1"),
        ],
    )
    assert after.me(tokens) == "ann"
    second = after.refresh(tokens).json
    assert after.me(second) == "ann"
    assert before.me(second) == (401, "The token is invalid.")


def test_a_shared_secret():
    """An issuer may sign with a secret; that is never published."""
    shop = Shop(keys=TokenKey("HS256", handmade.SECRET))

    assert shop.me(shop.refresh(shop.log_in()).json) == "ann"
    with pytest.raises(SetupError, match="signs with a shared secret, which must not be published"):
        jwks_router(shop.issuer)


WRONG = {
    "a public key": ({"keys": TokenKey("ES256", public_pem(SIGNING))}, "is public: it cannot sign"),
    "no issuer": ({"issuer": ""}, "Invalid 'issuer'"),
    "no audience": ({"audience": ()}, "Invalid 'audience'"),
    "no age": ({"access_max_age": 0}, "Invalid 'access_max_age' of a TokenIssuer: 0"),
    "an age as text": ({"refresh_max_age": "1d"}, "Invalid 'refresh_max_age'"),
    "a long grace": ({"grace": 61}, "Invalid 'grace' of a TokenIssuer: 61. Give 0 to 60"),
    "a URL as store": ({"store": "redis://x"}, "'redis://x' is not a store"),
}


@pytest.mark.parametrize("name", WRONG)
def test_mistakes(name):
    """A mistake in the set-up is found when the issuer is made, with file and line."""
    options, text = WRONG[name]
    given = {"issuer": ISSUER, "audience": ISSUER, "keys": TokenKey("HS256", handmade.SECRET), **options}
    with pytest.raises(SetupError, match=text) as caught:
        TokenIssuer(**given)
    assert f"({__file__}:" in str(caught.value)


@pytest.mark.parametrize(
    "options",
    [
        {"claims": {"sub": "eve"}},
        {"claims": {"exp": 1}},
        {"scopes": "read"},
        {"scopes": ["read write"]},
        {"scopes": [""]},
    ],
)
def test_what_an_issuer_does_not_issue(options):
    """Claims of the issuer's own are not overwritten, and a scope has no spaces."""
    shop = Shop()
    with shop.app.app_context(), pytest.raises(ValueError):
        shop.issuer.issue("ann", **options)


def test_without_a_refresh_token():
    """Where no refresh token is wanted nothing is stored."""
    store = MemoryStore()
    shop = Shop(store)
    with shop.app.app_context():
        tokens = shop.issuer.issue("ann", scopes=["read"], refresh=False)

    assert tokens.refresh_token is None
    assert len(store) == 0
    assert tokens.access_token not in repr(tokens)
