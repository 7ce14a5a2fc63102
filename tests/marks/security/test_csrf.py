"""CSRF protection: what a browser sends by itself needs a proof, and nothing else does."""

from __future__ import annotations

import base64

import pytest

from framework import APIKey, App, Basic, Bearer, SessionAuth, csrf_token, current_user, public, requires, response
from framework.errors import SetupError
from framework.http.csrf import make_token
from framework.sessions import SecureCookieSession, SessionInterface
from tests.browsers import chromium, served

USERS = {"ann-token": "ann", "bob-token": "bob"}
bearer = Bearer(USERS.get)
basic = Basic(lambda name, password: name if password == "secret" else None)
cookie = APIKey(USERS.get, "auth", location="cookie", name="cookie")
session = SessionAuth(USERS.get)
UNSAFE = ("post", "put", "patch", "delete")


def make_app(*marks, **config):
    """An application with an operation of every method, and ways to log in."""
    app = App(__name__, marks=marks)
    app.config.update(SECRET_KEY="for tests", **config)

    def tell():
        return current_user._get_current_object()

    for method in ("get", *UNSAFE):
        app.add_url_rule("/x", f"{method}_x", response(200)(lambda: tell()), methods=[method.upper()])

    @app.post("/login/<token>")
    @public
    @response(200)
    def login(token):
        session.log_in(token)
        return csrf_token()

    @app.post("/cookie/<token>")
    @public
    @response(200)
    def set_cookie(token):
        return csrf_token(token), {"Set-Cookie": f"auth={token}; Path=/"}

    @app.get("/token")
    @response(200)
    def token():
        return csrf_token()

    return app


def codes(client, **kwargs):
    """What the unsafe methods answer."""
    replies = [getattr(client, method)("/x", **kwargs) for method in UNSAFE]
    return {reply.json["code"] if reply.status_code != 200 else 200 for reply in replies}


def with_token(token, **headers):
    """The headers with a CSRF token."""
    return {"headers": {"X-CSRF-Token": token, **headers}}


@pytest.mark.parametrize("way", ["/login/ann-token", "/cookie/ann-token"])
def test_unsafe_methods_need_a_token(way):
    """What a cookie authenticates needs the token of that very cookie or session; reading needs none."""
    client = make_app(requires(session | cookie)).test_client()
    token = client.post(way).json
    other = make_app(requires(session | cookie)).test_client()
    foreign = other.post(way.replace("ann", "bob")).json

    assert client.get("/x").json == "ann"
    assert client.head("/x").status_code == 200
    assert codes(client) == {"csrf_failed"}
    assert codes(client, **with_token("")) == codes(client, **with_token("x" * 64)) == {"csrf_failed"}
    assert codes(client, **with_token(foreign)) == {"csrf_failed"}
    assert codes(client, **with_token(token)) == {200}
    assert client.post("/x").json["detail"] == "The header X-CSRF-Token is missing. Send the CSRF token in it."
    assert (
        client.post("/x", **with_token("x")).json["detail"] == "The CSRF token in the header X-CSRF-Token is invalid."
    )


@pytest.mark.parametrize("way", ["/login/ann-token", "/cookie/ann-token"])
def test_tokens_can_be_asked_for(way):
    """Who is known by a cookie gets further tokens, each good with it; a new log-in ends those of before."""
    client = make_app(requires(session | cookie)).test_client()
    first = client.post(way).json
    tokens = [first, *(client.get("/token").json for _ in range(3))]

    assert len(set(tokens)) == 4
    assert all(codes(client, **with_token(token)) == {200} for token in tokens)
    again = client.post(way.replace("ann", "bob")).json
    assert codes(client, **with_token(first)) == {"csrf_failed"}
    assert codes(client, **with_token(again)) == {200}


def test_a_token_of_the_cookie_is_none_of_the_session():
    """The token is bound to what authenticates the request."""
    client = make_app(requires(session | cookie)).test_client()
    of_cookie = client.post("/cookie/bob-token").json
    of_session = client.post("/login/ann-token").json

    assert codes(client, **with_token(of_cookie)) == {"csrf_failed"}
    assert codes(client, **with_token(of_session)) == {200}


def test_what_no_browser_sends_by_itself_needs_none():
    """A token in a header cannot be forged by a page; also where a cookie would do, and comes along."""
    client = make_app(requires(bearer | cookie)).test_client()
    client.post("/cookie/bob-token")

    assert codes(client, headers={"Authorization": "Bearer ann-token"}) == {200}
    assert codes(client) == {"csrf_failed"}


def test_nobody_needs_no_token():
    """Where credentials are optional nobody has none that could be misused."""
    client = make_app(requires(cookie, optional=True)).test_client()

    assert codes(client) == {200}
    client.post("/cookie/bob-token")
    assert codes(client) == {"csrf_failed"}


def test_pages_of_others_are_refused():
    """What the browser says about the origin is looked at too, before the token."""
    client = make_app(requires(cookie), CSRF_TRUSTED_ORIGINS=["https://app.example.org/"]).test_client()
    token = client.post("/cookie/ann-token").json

    def asked(**headers):
        return codes(client, **with_token(token, **{name.replace("_", "-"): text for name, text in headers.items()}))

    assert asked(Origin="http://localhost") == asked(Sec_Fetch_Site="same-origin") == {200}
    assert asked(Origin="https://app.example.org", Sec_Fetch_Site="cross-site") == {200}
    assert asked(Origin="https://evil.example") == asked(Origin="null") == {"csrf_failed"}
    assert asked(Sec_Fetch_Site="cross-site") == asked(Sec_Fetch_Site="same-site") == {"csrf_failed"}
    reply = client.post("/x", headers={"Origin": "https://evil.example"})
    assert reply.json["detail"] == "The request was sent by a page of another origin."


def test_basic_is_held_against_the_origin():
    """Browsers repeat name and password by themselves: the origin is looked at, a token is not asked for."""
    client = make_app(requires(basic)).test_client()
    name = {"Authorization": "Basic " + base64.b64encode(b"ann:secret").decode()}

    assert codes(client, headers=name) == {200}
    assert codes(client, headers={**name, "Sec-Fetch-Site": "same-origin"}) == {200}
    assert codes(client, headers={**name, "Origin": "https://evil.example"}) == {"csrf_failed"}
    assert client.get("/x", headers={**name, "Origin": "https://evil.example"}).status_code == 200


def test_it_can_be_switched_off():
    """One argument takes the protection away, from the document too."""
    app = make_app(requires(cookie, csrf=False))
    client = app.test_client()
    client.post("/cookie/ann-token")
    operation = app.openapi["paths"]["/x"]["post"]

    assert codes(client) == {200}
    assert "parameters" not in operation
    assert "403" not in operation["responses"]


def test_the_header_has_a_setting():
    """Another header carries the token where a setting says so."""
    app = make_app(requires(cookie), CSRF_HEADER="X-XSRF-TOKEN")
    client = app.test_client()
    token = client.post("/cookie/ann-token").json

    assert codes(client, **with_token(token)) == {"csrf_failed"}
    assert codes(client, headers={"X-XSRF-TOKEN": token}) == {200}
    assert app.openapi["paths"]["/x"]["post"]["parameters"][0]["name"] == "X-XSRF-TOKEN"


def test_keys_can_be_replaced():
    """Tokens of an older key are good as long as the key is."""
    app = make_app(requires(cookie))
    client = app.test_client()
    token = client.post("/cookie/ann-token").json
    app.config.update(SECRET_KEY="new", SECRET_KEY_FALLBACKS=["for tests"])

    assert codes(client, **with_token(token)) == {200}
    app.config["SECRET_KEY_FALLBACKS"] = None
    assert codes(client, **with_token(token)) == {"csrf_failed"}


def test_401_and_scopes_come_first():
    """Without credentials the answer is a 401, whatever the token."""
    client = make_app(requires(cookie)).test_client()

    assert {getattr(client, method)("/x").status_code for method in UNSAFE} == {401}


def test_sessions_of_ones_own_are_guarded_too():
    """The secret is in the session, wherever that is kept."""
    kept = {}

    class Memory(SessionInterface):
        def open_session(self, app, request):
            return SecureCookieSession(kept.get(request.cookies.get("sid"), {}))

        def save_session(self, app, session, response):
            kept["1"] = dict(session)
            response.set_cookie("sid", "1")

    app = make_app(requires(session))
    app.session_interface = Memory()
    client = app.test_client()
    token = client.post("/login/ann-token").json

    assert codes(client) == {"csrf_failed"}
    assert codes(client, **with_token(token)) == {200}
    assert token not in str(kept)


def test_a_session_without_a_secret_has_no_token():
    """Who has logged in without ever getting a token has none that could be good."""
    client = make_app(requires(session)).test_client()
    with client.session_transaction() as stored:
        stored["user"] = "ann-token"

    assert client.get("/x").json == "ann"
    assert codes(client, **with_token(make_token("for tests", ""))) == {"csrf_failed"}
    assert codes(client, **with_token(make_token("for tests", "None"))) == {"csrf_failed"}


def test_without_a_key_there_is_no_token():
    """Without a secret key nothing can be proved: the application does not start."""
    app = make_app(requires(cookie))
    app.config.update(SECRET_KEY=None, TESTING=True)

    with pytest.raises(SetupError, match="CSRF tokens need a key"):
        app.freeze()


def test_a_real_browser_cannot_be_misled():
    """In Chromium a form of another origin brings the user's cookie along and is refused; a page of ours passes."""
    app, other = make_app(requires(session)), App(__name__)
    for each in (app, other):
        each.add_url_rule("/", "index", public(lambda: "<!doctype html><title>A page</title><body>"))
    post = """async ([path, headers]) => {
        const reply = await fetch(path, {method: "POST", headers});
        return [reply.status, await reply.json()];
    }"""
    submit = """url => {
        const form = document.body.appendChild(document.createElement("form"));
        form.method = "POST";
        form.action = url;
        form.submit();
    }"""
    with chromium() as browser, served(app) as ours, served(other) as theirs:
        page = browser.new_page()
        page.goto(ours)
        token = page.evaluate(post, ["/login/ann-token", {}])[1]
        assert page.evaluate(post, ["/x", {"X-CSRF-Token": token}]) == [200, "ann"]
        assert page.evaluate(post, ["/x", {}])[0] == 403
        page.goto(theirs)
        with page.expect_navigation() as navigation:
            page.evaluate(submit, f"{ours}/x")
        reply = navigation.value

        assert reply.request.headers["content-type"] == "application/x-www-form-urlencoded"
        assert (reply.status, reply.json()["detail"]) == (403, "The request was sent by a page of another origin.")


# The test client


@pytest.mark.parametrize("way", [("/login/ann-token", None), ("/cookie/ann-token", "auth")])
def test_the_test_client_makes_tokens(way):
    """A test needs no page to get a token that is good with the cookies of its client."""
    path, name = way
    client = make_app(requires(session | cookie)).test_client()
    with pytest.raises(RuntimeError, match="the cookie"):
        client.csrf_token(cookie="auth")
    client.post(path)

    assert codes(client, **with_token(client.csrf_token(cookie=name))) == {200}


def test_a_client_as_a_user_needs_none():
    """Where no cookie is sent nothing has to be proved, and the document is content."""
    app = make_app(requires(cookie))

    assert codes(app.test_client().as_user("carl")) == {200}


# The document


@pytest.mark.parametrize(
    ("marks", "required"),
    [
        (requires(cookie), True),
        (requires(session | cookie), True),
        (requires(cookie | bearer), False),
        (requires(cookie, optional=True), False),
        (requires(cookie | basic), False),
    ],
)
def test_the_header_is_documented(marks, required):
    """Unsafe operations show the header, required where there is no way round it, and the 403; safe ones do not."""
    paths = make_app(marks).openapi["paths"]
    (parameter,) = paths["/x"]["post"]["parameters"]

    assert (parameter["name"], parameter["in"]) == ("X-CSRF-Token", "header")
    assert parameter.get("required", False) is required
    assert "csrf_failed" in str(paths["/x"]["delete"]["responses"]["403"])
    assert "parameters" not in paths["/x"]["get"]
    assert "403" not in paths["/x"]["get"]["responses"]


@pytest.mark.parametrize(("marks", "status"), [(requires(basic), "403"), (requires(bearer), None)])
def test_nothing_is_documented_that_is_not_asked(marks, status):
    """Basic has the 403 and no header; a bearer token has neither."""
    operation = make_app(marks).openapi["paths"]["/x"]["post"]

    assert "parameters" not in operation
    assert ("403" in operation["responses"]) is (status == "403")
