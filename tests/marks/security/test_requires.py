"""``requires`` and ``public``: who gets in by which scheme, where the marks stand, and what the document says."""

from __future__ import annotations

import base64
import io
import itertools

import pytest

from framework import (
    APIKey,
    App,
    Basic,
    Bearer,
    Grant,
    OAuth2,
    OpenIDConnect,
    Resource,
    Router,
    SessionAuth,
    TokenMaker,
    arguments,
    copy_current_request_context,
    current_user,
    fields,
    public,
    raises,
    requires,
    response,
)
from framework.errors import ComponentConflict, ServiceUnavailable, SetupError, Unauthorized
from framework.marks.base import Outcome
from framework.marks.security import FORCED, Scheme
from framework.marks.security._schemes import EVERY_SCOPE
from tests.answers import same_body, sent_headers

USERS = {"ann-token": "ann", "bob-token": "bob"}
FLOWS = {
    "authorizationCode": {
        "authorizationUrl": "https://id.example.org/authorize",
        "tokenUrl": "https://id.example.org/token",
        "scopes": {"read": "Look.", "write": "Change."},
    }
}
bearer = Bearer(USERS.get)
basic = Basic(lambda name, password: name if password == f"{name}'s password" else None)
key = APIKey({"k1": "robot"}.get, "X-Key")
query_key = APIKey({"k1": "robot"}.get, "key", location="query", name="queryKey")
cookie = APIKey({"c1": "cat"}.get, "auth", location="cookie", name="cookie")
session = SessionAuth(USERS.get)


@pytest.fixture(params=[True, False], ids=["fast", "plain"])
def app(request):
    """An application without routes."""
    app = App(__name__)
    app.config.update(SECRET_KEY="for tests", FAST_PATH=request.param)
    return app


def bearing(token):
    """The headers with a bearer token."""
    return {"Authorization": f"Bearer {token}"}


def basic_of(name, password):
    """The headers with name and password."""
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def who(app, *marks, rule="/who", method="get", **options):
    """Add an operation that tells who asks."""

    def tell():
        return current_user._get_current_object()

    tell.__name__ = "tell" + rule.replace("/", "_")
    for mark in reversed(marks):
        mark(tell)
    getattr(app, method)(rule, **options)(response(200)(tell))
    return app.test_client()


def challenges(reply):
    """The challenges of an answer."""
    return reply.headers.getlist("WWW-Authenticate")


# Schemes


def test_a_bearer_token(app):
    """A token is read from the header, its user is the current one; anything else is a 401 with a challenge."""
    client = who(app, requires(bearer))
    missing, wrong = client.get("/who"), client.get("/who", headers=bearing("nonsense"))

    assert client.get("/who", headers=bearing("ann-token")).json == "ann"
    assert client.get("/who", headers={"Authorization": "bEaReR  bob-token "}).json == "bob"
    assert (missing.status_code, missing.json["code"]) == (401, "credentials_missing")
    assert challenges(missing) == ['Bearer realm="API"']
    assert (wrong.status_code, wrong.json["code"]) == (401, "credentials_invalid")
    assert challenges(wrong) == ['Bearer realm="API", error="invalid_token"']


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer ", "Bearer a b", "Bearer ann-token, Bearer ann-token", "Bearer é"]
)
def test_a_malformed_bearer_token(app, header):
    """A header that cannot hold a token is an invalid one (RFC 6750, section 3.1), and not looked up."""
    scheme = Bearer(lambda token: pytest.fail(f"looked up {token!r}"))
    reply = who(app, requires(scheme)).get("/who", headers={"Authorization": header})

    assert reply.status_code == 401
    assert challenges(reply) == ['Bearer realm="API", error="invalid_token"']


def test_the_error_of_a_token_is_told(app):
    """A token error of the verifying function is a 401 that says why."""
    maker = TokenMaker("login", max_age=-1)
    client = who(app, requires(Bearer(maker.read)))
    with app.app_context():
        token = maker.make("ann")
    reply = client.get("/who", headers=bearing(token))

    assert reply.status_code == 401
    assert reply.json["detail"] == "The token has expired."
    assert challenges(reply) == [
        'Bearer realm="API", error="invalid_token", error_description="The token has expired."'
    ]


def test_another_word_than_bearer(app):
    """A scheme of another name is challenged by that name, and described as a key in the header."""
    scheme = Bearer(USERS.get, word="Token", name="token", realm="Pets")
    client = who(app, requires(scheme))

    assert client.get("/who", headers={"Authorization": "token ann-token"}).json == "ann"
    assert client.get("/who", headers=bearing("ann-token")).status_code == 401
    assert challenges(client.get("/who")) == ['Token realm="Pets"']
    described = app.openapi["components"]["securitySchemes"]["token"]
    assert (described["type"], described["in"], described["name"]) == ("apiKey", "header", "Authorization")
    (operation,) = [operation for operation in app.operations if operation.documented]
    assert operation.security[0].example == "Token TOKEN"


def test_basic(app):
    """Name and password are verified; the challenge names realm and character set (RFC 7617)."""
    app.config["API_TITLE"] = "The Pets"
    client = who(app, requires(basic))
    wrong = client.get("/who", headers=basic_of("ann", "x"))

    assert client.get("/who", headers=basic_of("ann", "ann's password")).json == "ann"
    assert client.get("/who", headers=basic_of("Zoë", "Zoë's password")).json == "Zoë"
    assert wrong.status_code == 401
    assert challenges(wrong) == challenges(client.get("/who")) == ['Basic realm="The Pets", charset="UTF-8"']
    assert client.get("/who", headers={"Authorization": "Basic nonsense"}).status_code == 401


def test_no_answer_tells_names_from_passwords(app):
    """An unknown name and a wrong password are answered alike."""
    client = who(app, requires(basic))
    replies = [client.get("/who", headers=basic_of(name, "x")) for name in ("ann", "nobody")]

    assert same_body(replies[0]) == same_body(replies[1])
    assert sent_headers(replies[0]) == sent_headers(replies[1])


def test_keys(app):
    """A key stands in a header, in the query or in a cookie."""
    client = who(app, requires(key), rule="/header")
    who(app, requires(query_key), rule="/query")
    who(app, requires(cookie), rule="/cookie")
    refused = [client.get(path) for path in ("/header", "/query", "/cookie")]

    assert client.get("/header", headers={"X-Key": "k1"}).json == "robot"
    assert client.get("/query?key=k1").json == "robot"
    assert [reply.status_code for reply in refused] == [401, 401, 401]
    assert [challenges(reply) for reply in refused] == [
        ['ApiKey realm="API", in="header", name="X-Key"'],
        ['ApiKey realm="API", in="query", name="key"'],
        ['Cookie realm="API", cookie-name="auth"'],
    ]
    assert client.get("/header", headers={"X-Key": ""}).status_code == 401
    assert client.get("/header", headers={"X-Key": "k2"}).status_code == 401
    assert client.get("/query?key=k1&key=k1").status_code == 401
    client.set_cookie("auth", "c1")
    assert client.get("/cookie").json == "cat"
    client.set_cookie("auth", "c2")
    assert client.get("/cookie").status_code == 401


def test_a_key_in_the_query_is_declared(app):
    """The name of a key is no undeclared parameter, wherever the mark stands; other names are."""
    marks = [requires(query_key), arguments({"n": fields.Integer()}, location="query")]
    for number, order in enumerate((marks, marks[::-1])):

        def read(query):
            return query

        for mark in order:
            mark(read)
        app.add_url_rule(f"/x{number}", f"x{number}", response(200)(read))
    client = app.test_client()

    for path in ("/x0", "/x1"):
        assert client.get(f"{path}?key=k1&n=1").json == {"n": 1}
        assert client.get(f"{path}?key=k1&m=1").json["errors"] == {"query": {"m": ["Unknown field."]}}
        assert client.get(f"{path}?m=1").status_code == 401


def test_sessions(app):
    """The session remembers who has logged in, until they log out or are gone."""
    people = dict(USERS)
    remembered = SessionAuth(people.get)
    client = who(app, requires(remembered))

    @app.post("/login")
    @response(200)
    def login():
        remembered.log_in("ann-token")
        return None

    @app.post("/logout")
    @response(200)
    def logout():
        remembered.log_out()
        return None

    assert client.get("/who").status_code == 401
    assert challenges(client.get("/who")) == ['Cookie realm="API", cookie-name="session"']
    client.post("/login")
    assert client.get("/who").json == "ann"
    assert client.get("/who").headers["Vary"] == "Cookie"
    people.clear()
    assert client.get("/who").status_code == 401
    people.update(USERS)
    client.post("/logout")
    assert client.get("/who").status_code == 401


def test_logging_in_forgets_what_was_before(app):
    """Nothing that somebody else has put into a session outlives the log-in."""
    client = who(app, requires(session))

    @app.post("/login")
    @response(200)
    def login():
        session.log_in("ann-token")
        return None

    with client.session_transaction() as stored:
        stored["_csrf"] = stored["other"] = "planted"
    client.post("/login")
    with client.session_transaction() as stored:
        assert dict(stored) == {"user": "ann-token"}


def test_a_scheme_of_ones_own(app):
    """A subclass reads credentials, challenges and describes."""

    class Colour(Scheme):
        default_name = "colour"

        def read(self, ctx):
            value = ctx.request.headers.get("X-Colour")
            return None if value is None else (value, len(value))

        def challenge(self, config, scopes=None, error="", why=""):
            return "Colour"

        def describe(self, config):
            return {"type": "apiKey", "in": "header", "name": "X-Colour"}

    client = who(app, requires(Colour(lambda colour, length: colour if length == 3 else None)))

    assert client.get("/who", headers={"X-Colour": "red"}).json == "red"
    assert client.get("/who", headers={"X-Colour": "blue"}).status_code == 401
    assert challenges(client.get("/who")) == ["Colour"]


@pytest.mark.parametrize("answer", [None, False])
def test_nobody(app, answer):
    """A verifying function that returns ``None`` or ``False`` lets nobody in, in a grant neither."""
    who(app, requires(Bearer(lambda token: answer)))
    client = who(app, requires(Bearer(lambda token: Grant(answer, EVERY_SCOPE), name="other")), rule="/other")

    assert client.get("/who", headers=bearing("x")).status_code == 401
    assert client.get("/other", headers=bearing("x")).status_code == 401


@pytest.mark.parametrize("user", [0, "", (), {}])
def test_a_user_may_be_false(app, user):
    """Only ``None`` and ``False`` are nobody: a user whose id is zero is one."""
    client = who(app, requires(Bearer(lambda token: user)))
    reply = client.get("/who", headers=bearing("x"))

    assert reply.status_code == 200
    assert reply.json == (list(user) if user == () else user)


def test_verifying_may_be_asynchronous(app):
    """An ``async def`` verifies as well."""

    async def verify(token):
        return USERS.get(token)

    client = who(app, requires(Bearer(verify)))

    assert client.get("/who", headers=bearing("ann-token")).json == "ann"
    assert client.get("/who", headers=bearing("x")).status_code == 401


def test_other_errors_of_verifying_pass(app):
    """What else a verifying function raises is the answer."""

    def verify(token):
        raise ServiceUnavailable("The users are away.", retry_after=5)

    reply = who(app, requires(Bearer(verify))).application.test_client(contract=False)

    assert reply.get("/who", headers=bearing("x")).status_code == 503


# Several


def test_alternatives(app):
    """One of several schemes is enough; without any, each gives its challenge."""
    client = who(app, requires(bearer | basic | key))

    assert client.get("/who", headers=bearing("ann-token")).json == "ann"
    assert client.get("/who", headers=basic_of("bob", "bob's password")).json == "bob"
    assert client.get("/who", headers={"X-Key": "k1"}).json == "robot"
    assert challenges(client.get("/who")) == [
        'Bearer realm="API"',
        'Basic realm="API", charset="UTF-8"',
        'ApiKey realm="API", in="header", name="X-Key"',
    ]
    wrong = client.get("/who", headers=bearing("x"))
    assert challenges(wrong)[0] == 'Bearer realm="API", error="invalid_token"'
    assert len(challenges(wrong)) == 3
    assert repr(bearer | (basic | key)) == "Bearer('bearer') | Basic('basic') | APIKey('apiKey')"


def test_the_first_credentials_count(app):
    """Of several credentials the first in the order of the schemes count, good or bad; bad cookies are passed by."""
    client = who(app, requires(cookie | bearer | key))

    assert client.get("/who", headers={**bearing("ann-token"), "X-Key": "k1"}).json == "ann"
    assert client.get("/who", headers={**bearing("ann-token"), "X-Key": "x"}).json == "ann"
    assert client.get("/who", headers={**bearing("x"), "X-Key": "k1"}).status_code == 401
    assert client.get("/who", headers={**basic_of("a", "b"), "X-Key": "k1"}).json == "robot"
    client.set_cookie("auth", "old")
    assert client.get("/who", headers=bearing("ann-token")).json == "ann"
    assert client.get("/who").json["code"] == "credentials_invalid"
    client.set_cookie("auth", "c1")
    assert client.get("/who", headers=bearing("ann-token")).json == "cat"


def test_optional(app):
    """Without credentials nobody passes as ``None``; bad credentials are refused, except for cookies."""
    client = who(app, requires(bearer | cookie, optional=True))

    assert client.get("/who").json is None
    assert client.get("/who", headers=bearing("ann-token")).json == "ann"
    assert client.get("/who", headers=bearing("x")).status_code == 401
    assert client.get("/who", headers=basic_of("a", "b")).status_code == 401
    client.set_cookie("auth", "old")
    assert client.get("/who").json is None
    client.set_cookie("auth", "c1")
    assert client.get("/who").json == "cat"


@pytest.mark.parametrize(
    ("scheme", "headers"),
    [
        (bearer, {"Authorization": "Bearer"}),
        (basic, {"Authorization": "Basic nonsense"}),
        (APIKey(lambda text: "anybody", "X-Other", name="other"), {"X-Other": ""}),
    ],
)
def test_malformed_credentials_count_too(app, scheme, headers):
    """Credentials that cannot be read are bad ones, and no others are tried."""
    client = who(app, requires(scheme | key))

    assert client.get("/who", headers={"X-Key": "k1"}).json == "robot"
    assert client.get("/who", headers={"X-Key": "k1", **headers}).status_code == 401


def test_cookies_alone_do_not_look_at_the_header(app):
    """Where no scheme reads ``Authorization`` nobody minds it."""
    client = who(app, requires(cookie, optional=True))

    assert client.get("/who", headers=bearing("x")).json is None


# Scopes


def scoped(*scopes):
    """A scheme whose tokens are lists of scopes."""
    return OAuth2(lambda token: Grant("ann", token.split(".")), FLOWS)


def test_scopes(app):
    """All scopes are needed; a 403 names those that are missing, in the body and in the challenge (RFC 6750)."""
    client = who(app, requires(scoped(), scopes=["read", "write"]))
    reply = client.get("/who", headers=bearing("read.admin"))

    assert client.get("/who", headers=bearing("read.write.admin")).json == "ann"
    assert reply.status_code == 403
    assert reply.json["code"] == "scopes_missing"
    assert reply.json["missing"] == ["write"]
    assert reply.json["detail"] == "The credentials lack the scope 'write'."
    assert challenges(reply) == ['Bearer realm="API", scope="read write", error="insufficient_scope"']
    assert client.get("/who", headers=bearing("x")).json["missing"] == ["read", "write"]
    assert challenges(client.get("/who")) == ['Bearer realm="API", scope="read write"']


def test_scopes_of_schemes_without_errors_in_challenges(app):
    """A scheme without such words gives no challenge with a 403."""
    robots = APIKey(lambda text: Grant("robot", [text]), "X-Key")
    client = who(app, requires(robots, scopes=["read"]))
    reply = client.get("/who", headers={"X-Key": "write"})

    assert client.get("/who", headers={"X-Key": "read"}).json == "robot"
    assert (reply.status_code, challenges(reply)) == (403, [])


def test_every_scope(app):
    """A grant for everything has every scope."""
    everything = Bearer(lambda token: Grant("ann", EVERY_SCOPE))

    assert who(app, requires(everything, scopes=["a", "b"])).get("/who", headers=bearing("x")).json == "ann"


def test_a_scheme_that_forgets_scopes(app):
    """A user without scopes where some are asked for is a mistake of the developer, and never lets in."""
    client = who(app, requires(bearer, scopes=["read"]))

    with pytest.raises(TypeError, match=r"did not say which scopes .* Return Grant\(user, scopes\)"):
        app.config.update(TESTING=True)
        client.get("/who", headers=bearing("ann-token"))


def test_optional_scopes(app):
    """Nobody needs no scopes; who comes with credentials does."""
    client = who(app, requires(scoped(), scopes=["read"], optional=True))

    assert client.get("/who").json is None
    assert client.get("/who", headers=bearing("write")).status_code == 403


# Where the marks stand


def test_the_nearest_counts(app):
    """A handler's mark goes before that of its class, router and application."""
    app.marks = (requires(bearer),)
    router = Router("r", url_prefix="/r", marks=[requires(key)])

    @router.route("/class")
    @requires(basic)
    class Things(Resource):
        @response(200)
        def get(self):
            return current_user._get_current_object()

        @requires(cookie)
        @response(200)
        def put(self):
            return None

    @router.get("/plain")
    @response(200)
    def plain():
        return current_user._get_current_object()

    app.register_router(router)
    client = who(app)

    assert client.get("/who", headers=bearing("ann-token")).json == "ann"
    assert client.get("/r/plain", headers={"X-Key": "k1"}).json == "robot"
    assert client.get("/r/plain", headers=bearing("ann-token")).status_code == 401
    assert client.get("/r/class", headers=basic_of("bob", "bob's password")).json == "bob"
    assert client.get("/r/class", headers={"X-Key": "k1"}).status_code == 401
    assert [operation.security[0].name for operation in app.operations if operation.documented] == [
        "basic",
        "cookie",
        "apiKey",
        "bearer",
    ]


def test_public_opens(app):
    """``public`` opens what is closed further out, and nearer marks close it again."""
    app.marks = (requires(bearer),)
    router = Router("r", url_prefix="/r", marks=[public])

    @router.route("/x")
    class Thing(Resource):
        @response(200)
        def get(self):
            return None

        @requires(key)
        @response(200)
        def put(self):
            return None

    app.register_router(router)
    client = app.test_client()

    assert client.get("/r/x").status_code == 200
    assert client.put("/r/x").status_code == 401
    assert client.get("/r/nothing").status_code == 404
    assert "security" not in app.openapi["paths"]["/r/x"]["get"]


def test_scopes_may_be_added(app):
    """Without a scheme the mark takes that of the next one further out, and adds to its scopes."""
    app.marks = (requires(scoped(), scopes=["read"]),)

    @app.route("/x")
    class Thing(Resource):
        @requires(scopes=["write"])
        @response(200)
        def put(self):
            return None

        @requires(optional=True, as_kwarg="user")
        @response(200)
        def get(self, user):
            return user

    client = app.test_client()

    assert client.put("/x", headers=bearing("read")).json["missing"] == ["write"]
    assert client.put("/x", headers=bearing("write")).json["missing"] == ["read"]
    assert client.put("/x", headers=bearing("read.write")).status_code == 200
    assert client.get("/x").json is None
    assert client.get("/x", headers=bearing("read")).json == "ann"
    assert app.openapi["paths"]["/x"]["put"]["security"] == [{"oauth2": ["read", "write"]}]
    assert app.openapi["paths"]["/x"]["get"]["security"] == [{"oauth2": ["read"]}, {}]


def test_an_override_inherits(app):
    """A method that overrides one with ``requires`` has it too, whatever it forgets; ``public`` alone drops it."""

    class Base(Resource):
        @requires(bearer)
        @response(200)
        def get(self):
            return None

        @requires(bearer)
        @response(200)
        def put(self):
            return None

        @requires(bearer)
        @response(200)
        def post(self):
            return None

        @requires(bearer)
        @response(200)
        def delete(self):
            return None

    class Mixin:
        def get(self):
            return "mixin"

    @app.route("/x")
    class Derived(Mixin, Base):
        def put(self):
            return "derived"

        @public
        def post(self):
            return "open"

        @requires(key)
        def delete(self):
            return "robots"

    @app.route("/y")
    class Last(Derived):
        def get(self):
            return super().get()

        def post(self):
            return "still open"

    client = app.test_client()
    good, robot = bearing("ann-token"), {"X-Key": "k1"}

    assert [client.get("/x").status_code, client.put("/x").status_code, client.delete("/x").status_code] == [401] * 3
    assert client.get("/x", headers=good).json == "mixin"
    assert client.head("/x").status_code == 401
    assert client.put("/x", headers=good).json == "derived"
    assert client.post("/x").json == "open"
    assert client.delete("/x", headers=good).status_code == 401
    assert client.delete("/x", headers=robot).json == "robots"
    assert client.get("/y").status_code == 401
    assert client.get("/y", headers=good).json == "mixin"
    assert client.post("/y").json == "still open"
    assert app.openapi["paths"]["/y"]["put"]["security"] == [{"bearer": []}]


def test_static_methods_inherit_too(app):
    """A method stays closed when a static one takes its place."""

    class Base(Resource):
        @requires(bearer)
        def get(self):
            return None

    @app.route("/x")
    class Derived(Base):
        @staticmethod
        def get():
            return "static"

    assert app.test_client().get("/x").status_code == 401
    assert app.test_client().get("/x", headers=bearing("ann-token")).json == "static"


def test_marks_of_base_classes(app):
    """The mark of a class goes before that of its base, and a class without one has its base's."""

    @requires(bearer)
    class Base(Resource):
        @response(200)
        def get(self):
            return None

    @app.route("/plain")
    class Plain(Base):
        pass

    @app.route("/key")
    @requires(key)
    class Keyed(Base):
        pass

    @app.route("/open")
    @public
    class Open(Base):
        pass

    client = app.test_client()

    assert [client.get(path).status_code for path in ("/plain", "/key", "/open")] == [401, 401, 200]
    assert client.get("/key", headers={"X-Key": "k1"}).status_code == 200


def test_plain_views_are_closed_too(app):
    """Views without data rules, of functions and of classes, are closed as well; so are static files."""
    app.marks = (requires(bearer),)
    app.add_url_rule("/x", "x", lambda: "text", methods=["GET", "POST"])
    client = app.test_client()

    assert client.get("/x").status_code == client.post("/x").status_code == 401
    assert client.get("/x", headers=bearing("ann-token")).text == "text"
    assert client.get("/static/x.css").status_code == 401


def test_docs_are_closed_unless_opened(app):
    """The pages of documentation are closed like all else; a setting gives them marks of their own."""
    app.marks = (requires(bearer),)
    client = who(app)
    opened = App(__name__, marks=[requires(bearer)])
    opened.config["DOCS_MARKS"] = [public]

    assert [client.get(path).status_code for path in ("/docs", "/openapi.json")] == [401, 401]
    assert client.get("/openapi.json", headers=bearing("ann-token")).status_code == 200
    client = who(opened)
    assert [client.get(path).status_code for path in ("/docs", "/openapi.json", "/who")] == [200, 200, 401]
    assert list(opened.openapi["paths"]) == ["/who"]


# The request


def test_401_comes_before_anything_else(app):
    """Neither body nor query is looked at before the credentials are."""
    app.config["TESTING"] = True

    class Unread(io.RawIOBase):
        def readinto(self, buffer):
            pytest.fail("The body was read.")

    @app.post("/x/<int:id>")
    @arguments({"n": fields.Integer(required=True)}, location="query")
    @arguments({"name": fields.String(required=True)})
    @requires(bearer)
    @response(200)
    def add(query, data, id):
        pytest.fail("The handler was called.")

    client = app.test_client()
    unread = {"wsgi.input": Unread(), "CONTENT_LENGTH": str(10**9), "CONTENT_TYPE": "text/nonsense"}
    reply = client.post("/x/1?nonsense=1", environ_overrides=unread)

    assert reply.status_code == 401
    assert client.post("/x/1", data="{", content_type="application/json").status_code == 401
    assert client.post("/x/1", headers=bearing("ann-token")).status_code == 422


def test_the_order_of_marks_does_not_matter(app):
    """Wherever ``requires`` stands among the marks, the operation is the same."""
    app.config["TESTING"] = True
    marks = [
        requires(bearer, as_kwarg="user"),
        arguments({"n": fields.Integer()}, location="query"),
        response(200, {"n": fields.Integer(), "user": fields.String()}),
    ]
    client = app.test_client()
    for number, order in enumerate(itertools.permutations(marks)):

        def handler(query, user):
            return {**query, "user": user}

        handler.__name__ = f"handler{number}"
        for mark in order:
            mark(handler)
        app.get(f"/x{number}")(handler)

    for number in range(6):
        assert client.get(f"/x{number}").status_code == 401
        assert client.get(f"/x{number}?n=a").status_code == 401
        assert client.get(f"/x{number}?n=1", headers=bearing("ann-token")).json == {"n": 1, "user": "ann"}


def test_the_current_user(app):
    """``current_user`` is nobody outside of requires, seen in nested contexts and in copies, and gone afterwards."""
    seen = []

    @app.get("/x")
    @requires(bearer)
    @response(200)
    def handler():
        with app.app_context():
            seen.append(current_user._get_current_object())
        copy_current_request_context(lambda: seen.append(current_user._get_current_object()))()
        return bool(current_user), current_user == "ann"

    @app.get("/open")
    @response(200)
    def opened():
        return [bool(current_user), current_user == None]  # noqa: E711 - a proxy is not a singleton

    client = app.test_client()

    assert client.get("/x", headers=bearing("ann-token")).json == [True, True]
    assert client.get("/open").json == [False, True]
    assert seen == ["ann", "ann"]
    with pytest.raises(RuntimeError, match="request"):
        current_user._get_current_object()


def test_the_user_by_name(app):
    """With ``as_kwarg`` the handler gets the user by that name, beside the values of the path."""

    @app.get("/x/<int:id>")
    @requires(bearer, as_kwarg="owner")
    @response(200)
    def handler(id, owner):
        return [id, owner]

    assert app.test_client().get("/x/7", headers=bearing("bob-token")).json == [7, "bob"]


def test_errors_of_ones_own(app):
    """An application answers with its own classes, and the challenges stay."""

    class NoToken(Unauthorized):
        """Send a token."""

        description = "is missing"

    class BadToken(Unauthorized):
        """Send a better token."""

        description = "is bad"

    who(app, requires(bearer, missing=NoToken, invalid=BadToken))
    signed = Bearer(TokenMaker("login").read, name="signed")
    client = who(app, requires(signed, missing=NoToken, invalid=BadToken), rule="/signed")
    missing, wrong = client.get("/who"), client.get("/who", headers=bearing("x"))

    assert (missing.json["code"], missing.json["detail"]) == ("no_token", "is missing")
    assert (wrong.json["code"], wrong.json["detail"]) == ("bad_token", "is bad")
    assert client.get("/signed", headers=bearing("x")).json["detail"] == "is bad"
    assert challenges(wrong) == ['Bearer realm="API", error="invalid_token"']


def test_a_user_cannot_be_forged_by_headers(app):
    """No header of a client names a user by itself."""
    client = who(app, requires(bearer))
    names = {"framework.user": "ann", "framework-user": "ann", "X-Framework-User": "ann", FORCED.upper(): "ann"}

    assert client.get("/who", headers=names).status_code == 401


# The test client


def test_a_client_as_a_user(app):
    """A client as a user sends no credentials, has every scope or those it is given, and leaves its maker alone."""
    client = who(app, requires(scoped(), scopes=["read"]))
    ann = {"name": "ann"}

    assert client.as_user(ann).get("/who").json == ann
    assert client.as_user(ann, scopes=["read"]).get("/who").json == ann
    assert client.as_user(ann, scopes=["write"]).get("/who").json["missing"] == ["read"]
    assert client.get("/who").status_code == 401
    assert client.as_user("bob").as_user("carl").get("/who").json == "carl"


def test_a_client_as_a_user_keeps_cookies(app):
    """It starts with the cookies of its maker; from then on each has its own."""
    client = who(app, requires(bearer))
    client.set_cookie("a", "1")
    other = client.as_user("ann")
    other.set_cookie("b", "2")

    assert other.get_cookie("a").value == "1"
    assert client.get_cookie("b") is None
    with other as within:
        within.get("/who")
        assert current_user == "ann"


# The document


def test_schemes_in_the_document(app):
    """Each scheme is described in OpenAPI's words, and each operation names those it takes."""
    openid = OpenIDConnect(USERS.get, "https://id.example.org/.well-known/openid-configuration")
    jwt = Bearer(USERS.get, format="JWT", name="jwt", description="Made by us.")
    schemes = [bearer, basic, key, query_key, cookie, session, scoped(), openid, jwt]
    for number, scheme in enumerate(schemes):
        who(app, requires(scheme), rule=f"/x{number}")
    document = app.openapi

    assert document["components"]["securitySchemes"] == {
        "bearer": {"type": "http", "scheme": "bearer"},
        "basic": {"type": "http", "scheme": "basic"},
        "apiKey": {"type": "apiKey", "in": "header", "name": "X-Key"},
        "queryKey": {"type": "apiKey", "in": "query", "name": "key"},
        "cookie": {"type": "apiKey", "in": "cookie", "name": "auth"},
        "session": {"type": "apiKey", "in": "cookie", "name": "session"},
        "oauth2": {"type": "oauth2", "flows": FLOWS},
        "openId": {"type": "openIdConnect", "openIdConnectUrl": openid.url},
        "jwt": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "Made by us."},
    }
    assert document["paths"]["/x0"]["get"]["security"] == [{"bearer": []}]


def test_alternatives_in_the_document(app):
    """Several schemes are several requirements; an optional one adds none at all."""
    who(app, requires(bearer | key, optional=True))
    who(app, requires(scoped(), scopes=["read"]), rule="/scoped")
    paths = app.openapi["paths"]

    assert paths["/who"]["get"]["security"] == [{"bearer": []}, {"apiKey": []}, {}]
    assert paths["/scoped"]["get"]["security"] == [{"oauth2": ["read"]}]
    refused = paths["/who"]["get"]["responses"]["401"]
    assert refused["headers"]["WWW-Authenticate"]["required"]
    assert "403" in paths["/scoped"]["get"]["responses"]


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_scopes_in_the_document(app, version):
    """Scopes stand with OAuth 2.0 alone, whose words they are; for all schemes the 403 names them."""
    app.config["OPENAPI_VERSION"] = version
    who(app, requires(Bearer(USERS.get), scopes=["a", "b"]), rule="/a")
    who(app, requires(scoped(), scopes=["read"]), rule="/b")
    paths = app.openapi["paths"]

    assert paths["/a"]["get"]["security"] == [{"bearer": []}]
    assert paths["/b"]["get"]["security"] == [{"oauth2": ["read"]}]
    assert "`a`, `b`" in paths["/a"]["get"]["responses"]["403"]["description"]
    assert "`read`" in paths["/b"]["get"]["responses"]["403"]["description"]


def test_two_schemes_of_one_name(app):
    """A document cannot hold two schemes of one name."""
    who(app, requires(bearer))
    who(app, requires(Bearer(USERS.get, format="JWT")), rule="/other")

    with pytest.raises(ComponentConflict, match="Two security schemes are called 'bearer'"):
        assert app.openapi


# Mistakes


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: requires("bearer"), "is not a security scheme"),
        (lambda: requires(Bearer), "is not a security scheme"),
        (lambda: requires(bearer, scopes="read"), "Give a list, like scopes="),
        (lambda: requires(bearer, missing=ValueError), "is not a 401 error"),
        (lambda: Bearer("secret"), "to verify credentials with"),
        (lambda: Bearer(USERS.get, word="a b"), "cannot precede a token"),
        (lambda: APIKey(USERS.get, "k", location="body"), "is not a place for a key"),
        (lambda: OAuth2(USERS.get, {}), "has no flows"),
        (lambda: OAuth2(USERS.get, {"magic": {}}), "is not a flow of OAuth"),
        (lambda: OAuth2(USERS.get, {"password": {}}), "has no 'tokenUrl'"),
    ],
)
def test_mistakes_in_making(make, message):
    """What cannot work is refused where it is written."""
    with pytest.raises(SetupError, match=message):
        make()


@pytest.mark.parametrize("marks", [(requires(bearer), requires(key)), (requires(bearer), public)])
def test_two_on_one_handler(app, marks):
    """Two of them on one handler, in any order, are refused."""
    for number, order in enumerate((marks, marks[::-1])):
        other = App(__name__)
        who(other, *order, rule=f"/x{number}")
        with pytest.raises(SetupError, match=r"carries both .* and only one of them can hold"):
            other.freeze()


def test_two_on_one_router():
    """Two of them on one class, router or application are refused too."""
    app = App(__name__, marks=[requires(bearer), public])
    app.add_url_rule("/x", "x", lambda: "")
    with pytest.raises(SetupError, match=f"the application {app.name!r} carries both"):
        app.freeze()

    app = App(__name__)
    router = Router("r", marks=[requires(bearer), requires(key)])
    router.add_url_rule("/x", "x", lambda: "")
    app.register_router(router)
    with pytest.raises(SetupError, match="the router 'r' carries both"):
        app.freeze()


def test_scopes_without_a_scheme(app):
    """Scopes need a scheme somewhere, and no ``public`` in between."""
    who(app, requires(scopes=["a"]))
    with pytest.raises(SetupError, match="nothing around it says by which scheme"):
        app.freeze()

    app = App(__name__, marks=[requires(bearer)])
    router = Router("r", marks=[public])
    router.add_url_rule("/x", "x", requires(scopes=["a"])(lambda: None))
    app.register_router(router)
    with pytest.raises(SetupError, match="nothing around it says by which scheme"):
        app.freeze()


def test_unknown_scopes(app):
    """A scope that no flow names is refused at start-up."""
    who(app, requires(scoped(), scopes=["raed"]))
    with pytest.raises(SetupError, match=r"has no scope 'raed': its flows name read, write"):
        app.freeze()


def test_a_name_of_the_path(app):
    """The user cannot have the name of a variable of the path."""

    @app.get("/<user>")
    @requires(bearer, as_kwarg="user")
    def handler(user):
        return ""

    with pytest.raises(SetupError, match="the name of a variable of '/<user>'"):
        app.freeze()


@pytest.mark.parametrize("mark", [requires(bearer), public])
def test_hooks_protect_nothing(app, mark):
    """On a hook the mark would tell the document and close nothing: that is refused."""
    who(app)
    app.before_request(mark(lambda: None))
    with pytest.raises(SetupError, match="is on a hook or an error handler"):
        app.freeze()


def test_decorators_of_a_class(app):
    """A mark among the ``decorators`` of a class holds as well, just further out than those on that class."""

    class Base(Resource):
        decorators = (requires(bearer),)

        def get(self):
            return "base"

    @app.route("/open")
    @public
    class Open(Base):
        pass

    @app.route("/closed")
    class Closed(Open):
        decorators = (requires(bearer),)

    app.add_resource(Base, "/base")
    client = app.test_client()

    assert [client.get(path).status_code for path in ("/base", "/open", "/closed")] == [401, 200, 401]
    assert client.get("/base", headers=bearing("ann-token")).json == "base"


def test_the_user_goes_to_those_who_take_it(app):
    """Of a mark for many handlers those get the user that name it, or take anything."""
    app.marks = (requires(bearer, as_kwarg="user"),)
    app.add_url_rule("/one", "one", lambda user: user)
    app.add_url_rule("/none", "none", lambda: "none")
    app.add_url_rule("/any", "any", lambda **values: values)
    client = app.test_client()
    replies = [client.get(path, headers=bearing("ann-token")) for path in ("/one", "/none", "/any")]

    assert [reply.text.strip() for reply in replies] == ["ann", "none", '{"user":"ann"}']


def test_only_the_test_client_names_users(app):
    """What else stands in the environment is not a user."""
    client = who(app, requires(bearer))

    assert client.get("/who", environ_overrides={FORCED: "ann"}).status_code == 401


def test_a_scheme_declares_its_own_answers(app):
    """A scheme declares the answers of its ``verify`` other than 401, for every operation that requires it."""

    class ServerAway(ServiceUnavailable):
        """The identity server is away."""

    class Asking(Bearer):
        def outcomes(self, config):
            return (Outcome(503, error=ServerAway),)

    def ask(token):
        raise ServerAway()

    @app.get("/closed")
    @requires(Asking(ask))
    @response(200)
    def closed():
        """Nothing."""

    @app.get("/open")
    @requires(bearer)
    @response(200)
    def other():
        """Nothing."""

    assert app.test_client().get("/closed", headers={"Authorization": "Bearer x"}).status_code == 503
    paths = app.openapi["paths"]
    assert "503" in paths["/closed"]["get"]["responses"]
    assert "503" not in paths["/open"]["get"]["responses"]


def test_a_verify_declares_its_answers_by_raises(app):
    """What ``raises`` says above ``verify`` is an answer of every operation with the scheme, and no lost mark."""

    class UsersAway(ServiceUnavailable):
        """The users cannot be asked."""

    @raises(UsersAway)
    def ask(token):
        raise UsersAway()

    @app.get("/closed")
    @requires(Bearer(ask))
    @response(200)
    def closed():
        """Nothing."""

    reply = app.test_client().get("/closed", headers={"Authorization": "Bearer x"})
    answer = app.openapi["paths"]["/closed"]["get"]["responses"]["503"]

    assert reply.status_code == 503
    assert "The users cannot be asked." in str(answer)
