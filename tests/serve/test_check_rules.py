"""The rules of ``framework check``: each finds an application with its fault, and is silent on one without."""

from __future__ import annotations

import datetime as dt
import functools
import pathlib
import re
import secrets
import subprocess
import sys
import typing as t

import pytest
import sqlalchemy as sa
from prometheus_client import CollectorRegistry
from werkzeug.middleware.proxy_fix import ProxyFix

from framework import (
    CORS,
    APIKey,
    App,
    Basic,
    Bearer,
    OAuth2,
    Schema,
    SessionAuth,
    arguments,
    doc,
    etag,
    fields,
    idempotent,
    limit,
    public,
    requires,
    response,
    retired,
    security_headers,
    stream,
)
from framework.auth import APIKeys, MemoryAPIKeyStore, SQLAlchemyAPIKeyStore, TokenIssuer, TokenKey, api_key_table
from framework.channels import Channel
from framework.findings import line_of
from framework.marks.base import Mark, Phase, Step
from framework.middleware import MethodOverride
from framework.observe import Metrics
from framework.serve import deadline
from framework.serve.check import ServerFacts, check, known_rules
from framework.sessions import StoreSessionInterface
from framework.sqlalchemy import Database
from framework.stores.memory import MemoryStore
from framework.stores.redis import RedisStore
from framework.webhooks import signed_webhook

PAST = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
FUTURE = dt.datetime.now(dt.UTC) + dt.timedelta(days=30)
SYNC = ServerFacts(workers=4, threads=1, kind="sync", timeout=30)
THREADS = ServerFacts(workers=4, threads=20, kind="gthread", timeout=30)
REDIS = "redis://127.0.0.1:1/0"

Change: t.TypeAlias = t.Callable[[App], object]


class CredentialsSchema(Schema):
    """What a log-in takes."""

    email = fields.String(required=True)
    password = fields.String(required=True)


class LoginSchema(Schema):
    """A log-in with its members one level down."""

    users = fields.List(fields.Nested(CredentialsSchema))


class NoteSchema(Schema):
    """A note."""

    text = fields.String()


token = Bearer(lambda text: text or None)
cookie = SessionAuth(lambda name: name)


class SignatureMark(Mark):
    """A guard of the application itself."""

    def run(self, plan):
        yield Step(Phase.AUTHENTICATE, lambda ctx, call: None)


class KeepingMark(Mark):
    """A mark that keeps values in a store."""

    def __init__(self, store):
        self.store = store


def sound() -> App:
    """An application that no rule finds fault with, whose documents are for users."""
    app = App(__name__, static_folder=None, marks=[security_headers()])
    app.config.update(
        SECRET_KEY=secrets.token_hex(),
        TRUSTED_HOSTS=[".shop.example"],
        STRICT_TRANSPORT_SECURITY=63_072_000,
        DOCS_MARKS=[requires(token)],
    )

    @app.get("/notes")
    @requires(token)
    @response(200, NoteSchema(many=True))
    def notes():
        """List the notes."""
        return []

    return app


def setting(**settings: t.Any) -> Change:
    """Write settings."""
    return lambda app: app.config.update(settings)


def operation(*marks: Mark, method: str = "POST", path: str = "/new") -> Change:
    """Add an operation with marks."""

    def add(app: App) -> None:
        def handler(*args, **kwargs):
            """Do something."""
            return {}

        for mark in reversed(marks):
            mark(handler)
        app.add_url_rule(path, endpoint=path, view_func=handler, methods=[method])

    return add


def wrapped(*layers: t.Callable[[t.Any], t.Any]) -> Change:
    """Put middleware around the application."""

    def wrap(app: App) -> None:
        for layer in layers:
            app.wsgi_app = layer(app.wsgi_app)  # type: ignore[method-assign]

    return wrap


def plain_layer(inner):
    """Middleware that is a function."""
    return lambda environ, start_response: inner(environ, start_response)


def bare(**settings: t.Any) -> Change:
    """Take the mark of the application away."""

    def change(app: App) -> None:
        app.marks = [mark for mark in app.marks if type(mark).__name__ != "SecurityHeadersMark"]
        app.config.update(settings)

    return change


def cors(*origins: t.Any, **options: t.Any) -> Change:
    """Put CORS on a router of the application."""

    def change(app: App) -> None:
        from framework import Router

        router = Router("pages", url_prefix="/pages", marks=[CORS(list(origins), **options)])
        router.get("")(response(200)(lambda: ""))
        app.register_router(router)

    return change


def engine(url: str = "sqlite:////nowhere/shop.sqlite3", **options: t.Any) -> Change:
    """Give the application an engine."""

    def change(app: App) -> None:
        holder = type("Database", (), {})()
        holder.engines = {None: sa.create_engine(url, **options)}
        app.extensions["database"] = holder

    return change


def database(url: str) -> Change:
    """An operation that uses a database."""
    return lambda app: app.extensions.update({"framework.sqlalchemy": [Database(url)]})


class Holder:
    """An extension that keeps its engine as an attribute."""

    def __init__(self, engine):
        self.engine = engine


@pytest.mark.parametrize("keep", [lambda made: made, Holder, lambda made: {"main": made}])
def test_engines_are_found_in_extensions(keep):
    """An engine is found itself, as an attribute, and in a dictionary; once each."""
    app = sound()
    app.extensions["one"] = keep(sa.create_engine("sqlite://"))
    app.extensions["two"] = app.extensions["one"]
    found = check(app, deploy=True, server=SYNC)

    assert [each.message for each in found] == ["The engine in extensions['one'] is an SQLite in memory."]


def metrics(permission: Mark | None = None, **settings: t.Any) -> Change:
    """Count metrics, by settings."""

    def change(app: App) -> None:
        app.config.update(settings)
        Metrics(app, permission=permission, registry=CollectorRegistry())

    return change


def publishing(channel: Channel) -> Change:
    """Add an operation that uses a channel, in a function within its handler."""

    def add(app: App) -> None:
        @app.post("/new")
        def new():
            """Publish something."""

            def inner():
                channel.publish({})

            inner()
            return {}

    return add


def sessions(store: t.Any) -> Change:
    """Keep sessions in a store."""
    return lambda app: setattr(app, "session_interface", StoreSessionInterface(store))


def together(*changes: Change) -> Change:
    """Make several changes."""
    return lambda app: [change(app) for change in changes]


LOGIN = arguments(CredentialsSchema)
LIMITED = operation(limit("1/day"))
ONCE = operation(idempotent())


def issuer(store: t.Any = None) -> t.Any:
    """The scheme of an issuer of tokens."""
    return TokenIssuer("https://shop.example", "shop", TokenKey("HS256", "x" * 32), store=store).scheme(str)


ISSUED = requires(issuer())
KEYS_IN_MEMORY = requires(APIKeys(MemoryAPIKeyStore(), prefix="shop").scheme())
KEYS_IN_TABLE = requires(
    APIKeys(SQLAlchemyAPIKeyStore(lambda: None, api_key_table(sa.MetaData())), prefix="shop").scheme()  # type: ignore[arg-type, return-value]
)
NOTE = arguments(NoteSchema)
OAUTH = OAuth2(lambda text: text, {"clientCredentials": {"tokenUrl": "/token", "scopes": {}}})
IN_BODY = together(
    operation(requires(OAUTH), method="GET", path="/mine"), operation(response(200), method="POST", path="/token")
)

# The name of a rule, a change that makes the fault, a change that does not, and what is known of the server.
CASES: list[tuple[str, Change, Change, ServerFacts]] = [
    ("setup-fails", operation(requires(scopes=["a"])), operation(requires(token)), ServerFacts()),
    ("silence-invalid", setting(SILENCED_CHECKS={"debug": "x"}), setting(SILENCED_CHECKS={"debug-on": "x"}), SYNC),
    ("silence-invalid", setting(SILENCED_CHECKS={"debug-on": " "}), setting(SILENCED_CHECKS=None), SYNC),
    ("secret-key-missing", setting(SECRET_KEY=None), setting(), SYNC),
    ("secret-key-weak", setting(SECRET_KEY="fifteen letters"), setting(SECRET_KEY=secrets.token_bytes(16)), SYNC),
    (
        "secret-key-weak",
        setting(SECRET_KEY_FALLBACKS=["old"]),
        setting(SECRET_KEY_FALLBACKS=["ab12" * 9 + "xyz"]),
        SYNC,
    ),
    ("secret-key-weak", setting(SECRET_KEY="abab" * 9), setting(SECRET_KEY=secrets.token_urlsafe()), SYNC),
    ("secret-key-weak", setting(SECRET_KEY="change-me-in-production"), setting(), SYNC),
    ("secret-key-weak", setting(SECRET_KEY=b"your secret key, please"), setting(), SYNC),
    (
        "secret-key-weak",
        setting(SECRET_KEY="192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf"),
        setting(SECRET_KEY="292b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf"),
        SYNC,
    ),
    (
        "secret-key-fallbacks-useless",
        setting(SECRET_KEY="k" * 20, SECRET_KEY_FALLBACKS=["k" * 20]),
        setting(SECRET_KEY="k" * 20, SECRET_KEY_FALLBACKS=["j" * 20]),
        SYNC,
    ),
    ("secret-key-fallbacks-useless", setting(SECRET_KEY=None, SECRET_KEY_FALLBACKS=["a"]), setting(), SYNC),
    (
        "session-cookie-refused",
        setting(SESSION_COOKIE_SAMESITE="None", SESSION_COOKIE_SECURE=False),
        setting(SESSION_COOKIE_SAMESITE="None"),
        SYNC,
    ),
    (
        "session-cookie-refused",
        setting(SESSION_COOKIE_PARTITIONED=True, SESSION_COOKIE_SECURE=False),
        setting(SESSION_COOKIE_PARTITIONED=True),
        SYNC,
    ),
    (
        "session-cookie-refused",
        setting(SESSION_COOKIE_NAME="__Secure-s", SESSION_COOKIE_SECURE=False),
        setting(SESSION_COOKIE_NAME="__Secure-s", SESSION_COOKIE_DOMAIN="shop.example"),
        SYNC,
    ),
    (
        "session-cookie-refused",
        setting(SESSION_COOKIE_NAME="__Host-s", SESSION_COOKIE_DOMAIN="shop.example"),
        setting(SESSION_COOKIE_NAME="__Host-s"),
        SYNC,
    ),
    (
        "session-cookie-refused",
        setting(SESSION_COOKIE_NAME="__Host-s", APPLICATION_ROOT="/shop"),
        setting(SESSION_COOKIE_NAME="__Host-s", APPLICATION_ROOT="/shop", SESSION_COOKIE_PATH="/"),
        SYNC,
    ),
    ("session-cookie-insecure", setting(SESSION_COOKIE_SECURE=False), setting(SESSION_COOKIE_SECURE=True), SYNC),
    ("session-cookie-readable", setting(SESSION_COOKIE_HTTPONLY=False), setting(), SYNC),
    ("session-cookie-cross-site", setting(SESSION_COOKIE_SAMESITE=None), setting(SESSION_COOKIE_SAMESITE="None"), SYNC),
    ("debug-on", setting(DEBUG=True), setting(DEBUG=False), SYNC),
    ("testing-on", setting(TESTING=True), setting(), SYNC),
    ("errors-trapped", setting(PROPAGATE_EXCEPTIONS=True), setting(PROPAGATE_EXCEPTIONS=False), SYNC),
    ("errors-trapped", setting(TRAP_HTTP_EXCEPTIONS=True), setting(TRAP_BAD_REQUEST_ERRORS=False), SYNC),
    ("errors-trapped", setting(TRAP_BAD_REQUEST_ERRORS=True), setting(), SYNC),
    ("templates-reloaded", setting(TEMPLATES_AUTO_RELOAD=True), setting(TEMPLATES_AUTO_RELOAD=False), SYNC),
    ("templates-reloaded", setting(EXPLAIN_TEMPLATE_LOADING=True), setting(), SYNC),
    ("contract-raises", setting(CONTRACT="raise"), setting(CONTRACT="log"), SYNC),
    ("contract-unused", setting(CONTRACT="log", CONTRACT_SAMPLE=0), setting(CONTRACT="log", CONTRACT_SAMPLE=0.1), SYNC),
    ("contract-unused", setting(CONTRACT_SAMPLE=0.5), setting(CONTRACT="off"), SYNC),
    ("fast-path-compared", setting(FAST_PATH="compare"), setting(FAST_PATH=True), SYNC),
    ("fast-path-compared", setting(FAST_PATH=False), setting(), SYNC),
    (
        "limits-off",
        together(LIMITED, setting(RATELIMIT_ENABLED=False)),
        setting(RATELIMIT_ENABLED=False),
        SYNC,
    ),
    (
        "limits-off",
        together(LIMITED, setting(RATELIMIT_ENABLED=False)),
        operation(limit("1/day")),
        SYNC,
    ),
    (
        "etags-off",
        together(operation(etag, response(200), method="GET"), setting(ETAG_DISABLED=True)),
        setting(ETAG_DISABLED=True),
        SYNC,
    ),
    *(
        ("request-unbounded", setting(**{name: None}), setting(**{name: 10}), SYNC)
        for name in (
            *("MAX_CONTENT_LENGTH", "MAX_JSON_LENGTH", "MAX_JSON_MEMBERS", "MAX_FORM_MEMORY_SIZE", "MAX_FORM_PARTS"),
            *("MAX_QUERY_PARTS", "MAX_COOKIES"),
        )
    ),
    ("trusted-hosts-empty", setting(TRUSTED_HOSTS=None), setting(TRUSTED_HOSTS=["shop.example"]), SYNC),
    (
        "proxy-ignored",
        setting(PREFERRED_URL_SCHEME="https"),
        together(setting(PREFERRED_URL_SCHEME="https"), wrapped(ProxyFix, plain_layer, MethodOverride)),
        SYNC,
    ),
    (
        "proxy-ignored",
        together(wrapped(lambda inner: ProxyFix(inner, x_for=0)), operation(limit("1/day"))),
        together(wrapped(ProxyFix), operation(limit("1/day"))),
        SYNC,
    ),
    ("proxy-believed", wrapped(ProxyFix, plain_layer, ProxyFix), wrapped(ProxyFix), SYNC),
    ("security-headers-missing", bare(), setting(), SYNC),
    ("hsts-missing", setting(STRICT_TRANSPORT_SECURITY=None), setting(STRICT_TRANSPORT_SECURITY=63_072_000), SYNC),
    ("hsts-missing", bare(), setting(STRICT_TRANSPORT_SECURITY=dt.timedelta(days=365)), SYNC),
    (
        "hsts-missing",
        setting(STRICT_TRANSPORT_SECURITY="max-age=0"),
        setting(STRICT_TRANSPORT_SECURITY="includeSubDomains; max-age=31536000"),
        SYNC,
    ),
    ("hsts-missing", setting(STRICT_TRANSPORT_SECURITY=dt.timedelta(days=1)), setting(), SYNC),
    ("links-wrong", setting(SERVER_NAME="localhost:5000"), setting(SERVER_NAME=None), SYNC),
    (
        "links-wrong",
        setting(SERVER_NAME="shop.example"),
        together(setting(SERVER_NAME="shop.example", PREFERRED_URL_SCHEME="https"), wrapped(ProxyFix)),
        SYNC,
    ),
    (
        "servers-unencrypted",
        setting(API_SERVERS=[{"url": "http://shop.example"}]),
        setting(API_SERVERS=[{"url": "https://shop.example"}, {"url": "/v1"}]),
        SYNC,
    ),
    ("cors-credentials-broad", cors("null", credentials=True), cors("null"), SYNC),
    (
        "cors-credentials-broad",
        cors("http://app.shop.example", credentials=True),
        cors("https://app.shop.example", credentials=True),
        SYNC,
    ),
    (
        "cors-credentials-broad",
        cors(re.compile(r"https://.*shop\.example"), credentials=True),
        cors(re.compile(r"https://([a-z0-9-]+\.)*shop\.example"), credentials=True),
        SYNC,
    ),
    (
        "cors-credentials-broad",
        cors(
            "https://a.shop.example", re.compile(r"https://[bc].shop.example|https://a.shop.example"), credentials=True
        ),
        cors("https://a.shop.example", re.compile(r"https://[bc]\.shop\.example"), credentials=True),
        SYNC,
    ),
    (
        "cors-private-network",
        cors("*", private_network=True),
        cors("https://app.shop.example", private_network=True),
        SYNC,
    ),
    (
        "csrf-origin-unencrypted",
        setting(CSRF_TRUSTED_ORIGINS=["http://app.shop.example"]),
        setting(CSRF_TRUSTED_ORIGINS=["https://app.shop.example"]),
        SYNC,
    ),
    ("login-unlimited", operation(LOGIN), operation(LOGIN, limit("1/day", when_away="closed")), SYNC),
    ("login-unlimited", operation(arguments(LoginSchema)), operation(requires(token), LOGIN), SYNC),
    (
        "login-unlimited",
        operation(arguments({"pin": fields.String()}, location="query"), public),
        operation(arguments({"pinned": fields.String()}, location="query"), public),
        SYNC,
    ),
    (
        "login-unlimited",
        operation(requires(Basic(lambda name, password: name)), method="GET"),
        operation(requires(token), method="GET"),
        SYNC,
    ),
    ("login-unlimited", IN_BODY, operation(requires(OAUTH), method="GET", path="/mine"), SYNC),
    (
        "login-limit-open",
        together(setting(STORE_URL=REDIS), operation(LOGIN, limit("1/day"))),
        together(setting(STORE_URL=REDIS), operation(LOGIN, limit("1/day", when_away="closed"))),
        SYNC,
    ),
    (
        "login-limit-open",
        together(setting(STORE_URL=REDIS), operation(LOGIN, limit("1/day"))),
        together(setting(STORE_URL=REDIS, RATELIMIT_WHEN_AWAY="closed"), operation(LOGIN, limit("1/day"))),
        SYNC,
    ),
    (
        "login-limit-open",
        operation(LOGIN, limit("1/day", store=RedisStore(REDIS))),
        operation(LOGIN, limit("1/day")),
        SYNC,
    ),
    (
        "operation-past-sunset",
        operation(retired(since=PAST, until=PAST), method="GET"),
        operation(retired(since=PAST, until=FUTURE), method="GET"),
        SYNC,
    ),
    (
        "operation-past-sunset",
        operation(retired(since=PAST, until=PAST, gone=True), method="GET"),
        operation(retired(since=PAST), method="GET"),
        SYNC,
    ),
    *(
        ("operation-unguarded", operation(NOTE, method=method), operation(NOTE, requires(token), method=method), SYNC)
        for method in ("POST", "PUT", "PATCH", "DELETE")
    ),
    ("operation-unguarded", operation(NOTE), operation(NOTE, public), SYNC),
    ("operation-unguarded", operation(NOTE), operation(response(200), method="GET"), SYNC),
    ("operation-unguarded", operation(NOTE), operation(SignatureMark()), SYNC),
    ("operation-unguarded", operation(NOTE), operation(LOGIN), SYNC),
    ("operation-unguarded", operation(NOTE), IN_BODY, SYNC),
    ("csrf-off", operation(requires(cookie, csrf=False)), operation(requires(cookie)), SYNC),
    ("csrf-off", operation(requires(cookie, csrf=False)), operation(requires(token, csrf=False)), SYNC),
    ("csrf-off", operation(requires(cookie, csrf=False)), operation(requires(cookie, csrf=False), method="GET"), SYNC),
    (
        "key-in-query",
        operation(requires(APIKey(lambda key: key, "key", location="query"))),
        operation(requires(APIKey(lambda key: key, "X-Key"))),
        SYNC,
    ),
    ("docs-public", setting(DOCS_MARKS=None), setting(DOCS_MARKS=[requires(token)]), SYNC),
    (
        "docs-public",
        setting(DOCS_MARKS=None),
        setting(DOCS_MARKS=None, DOCS_PATH=None, OPENAPI_JSON_PATH=None, OPENAPI_YAML_PATH=None),
        SYNC,
    ),
    (
        "metrics-public",
        metrics(METRICS_PATH="/metrics", METRICS_NETWORKS=["10.0.0.0/8", "::/0"]),
        metrics(METRICS_PATH="/metrics", METRICS_NETWORKS=["10.0.0.0/8", "::1"]),
        SYNC,
    ),
    (
        "metrics-public",
        metrics(METRICS_PATH="/metrics", METRICS_NETWORKS=["0.0.0.0/0"]),
        metrics(requires(token), METRICS_PATH="/metrics", METRICS_NETWORKS=["0.0.0.0/0"]),
        SYNC,
    ),
    ("metrics-unserved", setting(METRICS_PATH="/metrics"), metrics(METRICS_PATH="/metrics"), SYNC),
    ("metrics-in-memory", metrics(), setting(), SYNC),
    ("tokens-in-memory", operation(ISSUED), together(setting(AUTH_STORE_URL=REDIS), operation(ISSUED)), SYNC),
    ("tokens-in-memory", operation(ISSUED), operation(requires(issuer(RedisStore(REDIS)))), SYNC),
    ("tokens-in-memory", operation(KEYS_IN_MEMORY), operation(KEYS_IN_TABLE), SYNC),
    ("channel-in-memory", publishing(Channel("memory")), publishing(Channel("shared", store=REDIS)), SYNC),
    ("server-timing-public", setting(SERVER_TIMING=True), setting(SERVER_TIMING=False), SYNC),
    (
        "limits-in-memory",
        operation(limit("1/day")),
        together(LIMITED, setting(STORE_URL=REDIS)),
        SYNC,
    ),
    (
        "idempotency-in-memory",
        operation(idempotent()),
        together(operation(idempotent()), setting(STORE_URL=REDIS)),
        SYNC,
    ),
    ("idempotency-in-memory", ONCE, operation(idempotent(store=RedisStore(REDIS))), SYNC),
    (
        "idempotency-in-memory",
        together(operation(idempotent(store=MemoryStore())), setting(STORE_URL=REDIS)),
        setting(STORE_URL=REDIS),
        SYNC,
    ),
    (
        "webhooks-in-memory",
        operation(signed_webhook(b"secret")),
        together(operation(signed_webhook(b"secret")), setting(WEBHOOK_STORE_URL=REDIS)),
        SYNC,
    ),
    ("sessions-in-memory", sessions(MemoryStore()), sessions(RedisStore(REDIS)), SYNC),
    (
        "counts-in-memory",
        operation(retired(since=PAST), method="GET"),
        together(operation(retired(since=PAST), method="GET"), setting(RETIRED_STORE_URL=REDIS)),
        SYNC,
    ),
    ("values-in-memory", operation(KeepingMark(MemoryStore())), operation(KeepingMark(RedisStore(REDIS))), SYNC),
    ("stream-cut", operation(stream(), method="GET"), operation(response(200), method="GET"), SYNC),
    ("deadline-late", setting(DEADLINE=30), setting(DEADLINE=25), SYNC),
    ("deadline-late", operation(requires(token), deadline(40)), operation(requires(token), deadline(20)), SYNC),
    ("timeout-off", setting(), setting(), SYNC._replace(timeout=0)),
    (
        "idempotency-lease-short",
        together(operation(idempotent()), setting(IDEMPOTENCY_LEASE=30)),
        together(operation(idempotent()), setting(IDEMPOTENCY_LEASE=31)),
        SYNC,
    ),
    ("pool-small", engine(pool_size=5, max_overflow=10), engine(pool_size=10, max_overflow=10), THREADS),
    ("pool-small", engine(pool_size=5, max_overflow=10), engine(pool_size=5, max_overflow=-1), THREADS),
    (
        "pool-small",
        together(engine(pool_size=20), lambda app: app.asgi),
        together(engine(pool_size=20), setting(ASGI_THREADS=30), lambda app: app.asgi),
        SYNC,
    ),
    ("database-in-memory", engine("sqlite://"), engine(), SYNC),
    ("server-reloads", setting(), setting(), SYNC._replace(reload=True)),
    ("operation-unguarded", operation(KeepingMark(None), NOTE), operation(SignatureMark(), NOTE), SYNC),
    ("limits-in-memory", LIMITED, together(LIMITED, setting(RATELIMIT_ENABLED=False)), SYNC),
    (
        "proxy-ignored",
        together(wrapped(lambda inner: ProxyFix(inner, x_for=0)), LIMITED),
        wrapped(lambda inner: ProxyFix(inner, x_for=0)),
        SYNC,
    ),
    (
        "links-wrong",
        together(setting(SERVER_NAME="127.0.0.1:5000", PREFERRED_URL_SCHEME="https"), wrapped(ProxyFix)),
        setting(),
        SYNC,
    ),
    ("drain-late", setting(DRAIN_TIMEOUT=30), setting(DRAIN_TIMEOUT=25), SYNC._replace(graceful=30)),
    ("drain-late", setting(DRAIN_DELAY=30), setting(DRAIN_DELAY=0), SYNC._replace(graceful=30)),
    ("database-unset", database("DATABASE_URL"), database("sqlite:///test.sqlite"), SYNC),
    ("limits-in-memory", LIMITED, operation(limit(overrides="all")), SYNC),
    (
        "limits-off",
        together(LIMITED, setting(RATELIMIT_ENABLED=False)),
        together(operation(limit(overrides="all")), setting(RATELIMIT_ENABLED=False)),
        SYNC,
    ),
    (
        "proxy-ignored",
        setting(PREFERRED_URL_SCHEME="https"),
        together(setting(PREFERRED_URL_SCHEME="https"), wrapped(lambda inner: functools.partial(ProxyFix(inner)))),
        SYNC,
    ),
]
# Rules about the server alone: both applications are the same, and the sound one has this server.
GOOD_SERVERS = {"timeout-off": SYNC, "server-reloads": SYNC}


def names_of(change: Change, server: ServerFacts, deploy: bool = True) -> list[str]:
    """The names of the rules that find fault with the sound application after a change."""
    app = sound()
    change(app)
    return [finding.rule for finding in check(app, deploy=deploy, server=server)]


def test_the_sound_application_has_no_fault():
    """No rule raises a false alarm, neither with several processes nor where nothing is known of the server."""
    for server in (SYNC, THREADS, ServerFacts()):
        assert names_of(setting(), server) == []


@pytest.mark.parametrize(("name", "fault", "without", "server"), CASES)
def test_a_rule_finds_its_fault_and_nothing_else(name, fault, without, server):
    """With the fault the finding is there, once without it is not; rules about production need ``deploy``."""
    rule = next(each for each in known_rules(App("x")) if each.name == name)

    fine = names_of(without, GOOD_SERVERS.get(name, server))

    assert name in names_of(fault, server)
    assert name not in fine
    assert "setup-fails" not in fine
    assert (name in names_of(fault, server, deploy=False)) is not rule.deploy


def test_every_rule_has_a_case():
    """Each rule is held by an application with its fault; those without a case here have a test of their own."""
    apart = {"extra-missing"}

    assert {each.name for each in known_rules(App("x"))} - apart == {name for name, *_ in CASES}


@pytest.mark.parametrize(
    ("kind", "timeout", "late"), [("sync", 30, True), ("sync", 0, False), ("gthread", 30, False), ("", None, False)]
)
def test_time_limits_of_whole_answers_are_those_of_sync_workers(kind, timeout, late):
    """Only a sync worker is killed in the middle of an answer."""
    app = sound()
    operation(stream(), method="GET")(app)
    operation(idempotent(), path="/other")(app)
    app.config.update(DEADLINE=60, IDEMPOTENCY_LEASE=10, STORE_URL=REDIS)
    found = {each.rule for each in check(app, deploy=True, server=ServerFacts(4, 4, kind, timeout))}

    assert ({"stream-cut", "deadline-late", "idempotency-lease-short"} <= found) is late
    assert ({"stream-cut", "deadline-late", "idempotency-lease-short"} & found != set()) is late


@pytest.mark.parametrize(("workers", "levels"), [(1, set()), (None, {"advice"}), (2, {"error"})])
def test_memory_is_a_fault_where_several_processes_answer(workers, levels):
    """One process may keep state in its memory; where their number is not known it is advice."""
    app = sound()
    operation(idempotent(), requires(token))(app)
    found = check(app, deploy=True, server=ServerFacts(workers))

    assert {each.level for each in found} == levels
    assert all(each.place == "POST /new" for each in found)


@pytest.mark.parametrize(
    ("server", "found"),
    [
        (ServerFacts(forwarded=("*",), is_open=True), True),
        (ServerFacts(forwarded=("*",), is_open=False), False),
        (ServerFacts(forwarded=("10.0.0.1",), is_open=True), False),
    ],
)
def test_a_server_believes_proxies_it_names(server, found):
    """``*`` is right where only proxies reach the server."""
    assert ("proxy-believed" in names_of(setting(), server)) is found


def test_a_server_that_ends_tls_needs_no_proxy_fix():
    """HTTPS without a proxy is no fault."""
    https = setting(PREFERRED_URL_SCHEME="https")

    assert "proxy-ignored" in names_of(https, ServerFacts(file="conf.py"))
    assert "proxy-ignored" not in names_of(https, ServerFacts(file="conf.py", is_tls=True))


def test_an_application_without_a_module_has_its_name_as_the_place():
    """Where no file is known, the line of a finding begins with the setting, the operation or the application."""
    app = App("nowhere", static_folder=None, root_path="/")
    operation(response(200), method="GET")(app)
    found = {each.rule: line_of(each) for each in check(app, deploy=True, server=SYNC)}

    assert found["security-headers-missing"].startswith("nowhere: S033 ")
    assert found["trusted-hosts-empty"].startswith("TRUSTED_HOSTS: S030 ")


def test_an_application_without_security_may_be_open():
    """Unsafe operations need credentials only where some operation asks for them."""
    app = App(__name__, static_folder=None)
    operation(NOTE)(app)

    assert check(app) == []


def test_documents_of_private_applications_weigh_more():
    """An open document is advice, and a warning where all that it describes needs credentials."""

    def levels(change: Change) -> list[str]:
        app = sound()
        app.config["DOCS_MARKS"] = None
        change(app)
        return [each.level for each in check(app, deploy=True, server=SYNC)]

    assert levels(setting()) == ["warning"]
    assert levels(operation(doc(hidden=True), response(200), public, method="GET")) == ["warning"]
    assert levels(operation(response(200), public, method="GET")) == ["advice"]


@pytest.mark.parametrize(("module", "name", "value"), [("redis", "STORE_URL", REDIS)])
def test_a_setting_needs_its_library(module, name, value, tmp_path):
    """A library that a setting asks for and that cannot be imported is named, with its extra."""
    script = f"""
import sys
sys.modules[{module!r}] = None
from framework import App
from framework.serve.check import check
app = App("shop", static_folder=None)
print([each.rule for each in check(app)])
app.config[{name!r}] = {value!r}
print([(each.rule, each.level, each.remedy) for each in check(app)])
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines() == [
        "[]",
        f"[('extra-missing', 'error', \"Install the extra {module!r} where the application runs.\")]",
    ]


def test_metrics_of_several_processes_have_a_folder(tmp_path, monkeypatch):
    """The variable of prometheus-client counts as the setting does."""
    assert "metrics-in-memory" in names_of(metrics(), SYNC)
    assert "metrics-in-memory" not in names_of(metrics(), ServerFacts(workers=1))

    app = sound()
    metrics()(app)
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    assert "metrics-in-memory" not in {each.rule for each in check(app, deploy=True, server=SYNC)}


def test_no_finding_shows_a_secret():
    """Findings about keys do not have the keys."""
    app = sound()
    app.config.update(SECRET_KEY="change-me-in-production", SECRET_KEY_FALLBACKS=["my-secret", "abab" * 9])
    found = check(app, deploy=True, server=SYNC)

    assert [each.rule for each in found] == ["secret-key-weak"] * 3
    assert not any(key in str(found) for key in ("change-me", "my-secret", "abab"))


def test_findings_name_the_line_that_is_wrong():
    """A setting is found where it was written, an operation at its handler, the rest at the application's module."""
    app = sound()
    app.config["CONTRACT"] = "raise"
    operation(NOTE)(app)
    found = {each.rule: each for each in check(app, deploy=True, server=SYNC)}
    lines = pathlib.Path(__file__).read_text(encoding="utf-8").splitlines()

    assert 'app.config["CONTRACT"] = "raise"' in lines[found["contract-raises"].line - 1]
    assert "def handler" in lines[found["operation-unguarded"].line - 1]
    assert {each.file for each in found.values()} == {__file__}
    assert all(each.code and each.why and each.remedy and each.place for each in found.values())
