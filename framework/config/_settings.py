"""The table of built-in settings: their defaults, one line on each, and what values they take.

:data:`SETTINGS` is read by :class:`framework.config.Config` on every writing, by the command ``framework config`` and
by the documentation. A new setting is a new row.
Not here: where values come from (``config``).
Floor 0.
"""

from __future__ import annotations

import collections.abc as cabc
import datetime as dt
import types
import typing as t

from ..typing import Settings
from ._kinds import (
    Anything,
    Duration,
    Flag,
    Function,
    Items,
    Kind,
    LiteralText,
    Members,
    Network,
    Number,
    SecretKey,
    Text,
    Union,
    kind_of,
)

STRONG_KEY: t.Final = 16
"""The bytes that a secret key has at least, so that it cannot be guessed."""


class Setting(t.NamedTuple):
    """One row of :data:`SETTINGS`."""

    default: object
    """The value that a new application starts with."""

    text: str
    """Its meaning, for the documentation: one line of reStructuredText."""

    kind: Kind | None = None
    """The kind of its values. Default: the kind that the default suggests."""

    secret: bool = False
    """True if its value is never shown."""

    @property
    def takes(self) -> Kind:
        """Return what values it takes."""
        return kind_of(self.default) if self.kind is None else self.kind


DOCUMENT_PATHS: t.Final = ("OPENAPI_JSON_PATH", "OPENAPI_YAML_PATH", "DOCS_PATH")
"""The settings that say where a document and its pages are served."""

_PATH = r"/[^\s?#]*"
_LANGUAGE = r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*"
_STORE = (
    "a URL of a store: redis://host:port/database, redis+sentinel://host:port,host:port/service/database,"
    " redis+cluster://host:port,host:port, the same with rediss, valkey or valkeys, unix://path, or memory:"
)


def _store() -> Kind:
    return Text(_STORE, r"memory:|(unix|(rediss?|valkeys?)(\+sentinel|\+cluster)?)://\S+", optional=True)


SETTINGS: t.Final[cabc.Mapping[str, Setting]] = types.MappingProxyType(
    {
        # The application
        "DEBUG": Setting(
            None, "Debug mode. ``None`` asks the environment variable ``FRAMEWORK_DEBUG``.", Flag(optional=True)
        ),
        "TESTING": Setting(False, "Test mode: exceptions reach the test instead of becoming a 500 answer."),
        "PROPAGATE_EXCEPTIONS": Setting(
            None, "Let unhandled exceptions reach the server. ``None``: in debug and test mode.", Flag(optional=True)
        ),
        "TRAP_HTTP_EXCEPTIONS": Setting(False, "Treat HTTP errors without a handler as unhandled exceptions."),
        "TRAP_BAD_REQUEST_ERRORS": Setting(
            None,
            "Treat a missing form or query key as an unhandled exception. ``None``: in debug mode.",
            Flag(optional=True),
        ),
        "SECRET_KEY": Setting(
            None, "The key that signs sessions: a long random string or bytes.", SecretKey(optional=True), True
        ),
        "SECRET_KEY_FALLBACKS": Setting(
            None,
            "Old secret keys, newest first: they still read, and never sign.",
            Items("a list of keys, none of them empty", SecretKey(), optional=True),
            True,
        ),
        "SERVER_NAME": Setting(
            None,
            "Host and port of the application; URLs outside a request need it.",
            Text(
                "a host like 'example.org' or 'example.org:8000', without scheme and path", r"[^\s/@]+", optional=True
            ),
        ),
        "APPLICATION_ROOT": Setting(
            "/", "The path under which the application is mounted.", Text("a path that begins with '/'", rf"({_PATH})?")
        ),
        "PREFERRED_URL_SCHEME": Setting(
            "http",
            "The scheme of URLs that are built outside a request.",
            Text("a scheme like 'https'", r"[a-z][a-z0-9+.-]*"),
        ),
        "TRUSTED_HOSTS": Setting(
            None,
            "Hosts that a request may name, ``.example.org`` with subdomains; ``None``: any.",
            Items("a list of hosts, like ['.example.org']", Text(), optional=True),
        ),
        "SILENCED_CHECKS": Setting(
            None,
            "Rules of ``framework check`` that do not count here: a mapping of their names to the reason.",
            Members("a mapping of names of rules to reasons, like {'docs-public': 'It is public.'}", optional=True),
        ),
        "PROVIDE_AUTOMATIC_OPTIONS": Setting(True, "Answer ``OPTIONS`` on every route that does not do so itself."),
        # What tells how it runs
        "REQUEST_ID_HEADER": Setting(
            "X-Request-ID",
            "The header with the id of a request, in every answer; ``None``: requests have no ids.",
            Text("the name of a header, like 'X-Request-ID'", r"[A-Za-z][A-Za-z0-9-]*", optional=True),
        ),
        "REQUEST_ID_TRUST": Setting(
            None,
            "Whose ids are taken over from that header: those of connections from these networks, ``'*'``: all, for an"
            " application behind a proxy that sets the header. ``None``: nobody's.",
            Union(
                "'*', or a list of networks like ['10.0.0.0/8']",
                LiteralText("*"),
                Items("a list of networks", Network()),
                optional=True,
            ),
        ),
        "ACCESS_LOG": Setting(
            None,
            "The form of the access log, ``json`` or ``text``: a record for each request on the logger"
            " ``framework.access``. ``None``: no access log.",
            LiteralText("json", "text", optional=True),
        ),
        "ACCESS_LOG_FILE": Setting(
            "-",
            "The file of the access log where the logger has no handler; ``-``: standard output. A file that is moved"
            " away is opened anew.",
            Text("the path of a file, or '-'", r".+"),
        ),
        "ACCESS_LOG_SAMPLE": Setting(
            1.0,
            "How many of the answers below 400 are in the access log: from 0.0, none, to 1.0, all. Errors always are.",
            Number(0, 1, whole=False),
        ),
        "ACCESS_LOG_REPLACES_SERVER": Setting(
            True, "Whether the access logs of gunicorn, uvicorn, hypercorn and granian are silent where this one is on."
        ),
        "ERROR_LOG_INTERVAL": Setting(
            10.0,
            "For how long the traceback of an unhandled error is not logged again when the error comes again; its line"
            " is, with the count. ``0``: always.",
            Duration(),
        ),
        "SLOW_REQUEST_TIME": Setting(
            None,
            "The time from which a request is logged as slow, with the parts that its time was spent on, on the logger"
            " ``framework.slow``. ``None``: never.",
            Duration(optional=True),
        ),
        "SERVER_TIMING": Setting(
            None,
            "Whether answers have a ``Server-Timing`` header, which browsers show. ``None``: in debug mode.",
            Flag(optional=True),
        ),
        "METRICS_PATH": Setting(
            None,
            "The path of the metrics for Prometheus, which ``observe.Metrics`` counts. ``None``: they are not served.",
            Text("a path like '/metrics'", _PATH, optional=True),
        ),
        "METRICS_NETWORKS": Setting(
            ("127.0.0.0/8", "::1"),
            "The networks that may read the metrics.",
            Items("a list of networks like ['10.0.0.0/8']", Network()),
        ),
        "METRICS_DIRECTORY": Setting(
            None,
            "The folder in which several processes share their metrics, empty when the service starts. ``None``:"
            " ``PROMETHEUS_MULTIPROC_DIR`` of the environment.",
            Text("the path of a folder", r".+", optional=True),
        ),
        # Sessions and cookies
        "SESSION_COOKIE_NAME": Setting(
            "session", "The name of the session cookie.", Text("a name of a cookie", r"[!#-'*+\-.0-9A-Z^-z|~]+")
        ),
        "SESSION_COOKIE_DOMAIN": Setting(
            None,
            "The cookie's ``Domain``. ``None``: the very host that set it.",
            Text("a domain", r"\S+", optional=True),
        ),
        "SESSION_COOKIE_PATH": Setting(
            None,
            "The cookie's ``Path``. ``None``: ``APPLICATION_ROOT``.",
            Text("a path that begins with '/'", _PATH, optional=True),
        ),
        "SESSION_COOKIE_HTTPONLY": Setting(True, "Hide the session cookie from JavaScript."),
        "SESSION_COOKIE_SECURE": Setting(
            None,
            "Send the session cookie over HTTPS only. ``None``: if the request that sets it came over HTTPS.",
            Flag(optional=True),
        ),
        "SESSION_COOKIE_SAMESITE": Setting(
            "Lax",
            "The cookie's ``SameSite``: ``Strict``, ``Lax``, ``None`` as text; ``None``: no attribute.",
            LiteralText("Strict", "Lax", "None", optional=True),
        ),
        "SESSION_COOKIE_PARTITIONED": Setting(False, "Keep the session cookie apart for each embedding site (CHIPS)."),
        "SESSION_REFRESH_EACH_REQUEST": Setting(
            True, "Send a permanent session's cookie with every answer that used it."
        ),
        "PERMANENT_SESSION_LIFETIME": Setting(
            dt.timedelta(days=31), "How long a permanent session lives: a ``timedelta``, or seconds.", Duration(None)
        ),
        "CSRF_HEADER": Setting(
            "X-CSRF-Token",
            "The header in which clients send back their CSRF token.",
            Text("a name of a header", r"[A-Za-z0-9-]+"),
        ),
        "CSRF_TRUSTED_ORIGINS": Setting(
            None,
            "Origins, like ``https://app.example.org``, whose pages may send unsafe requests with cookies.",
            Items("a list of origins, like ['https://app.example.org']", Text(), optional=True),
        ),
        "MAX_COOKIE_SIZE": Setting(4093, "Warn about a cookie of more bytes than this; ``0``: never."),
        # Limits of a request
        "MAX_CONTENT_LENGTH": Setting(
            16 * 1024 * 1024,
            "The longest body of a request, in bytes; ``None``: no limit.",
            Number(0, unit="bytes", optional=True),
        ),
        "MAX_FORM_MEMORY_SIZE": Setting(
            500_000,
            "The most bytes that a field of a multipart form, no file, or a whole URL-encoded form may have.",
            Number(0, unit="bytes", optional=True),
        ),
        "MAX_FORM_PARTS": Setting(
            1_000, "The most parts of a multipart form, or values of a URL-encoded one.", Number(0, optional=True)
        ),
        "MAX_QUERY_PARTS": Setting(
            1_000, "The most values in a query string; ``None``: no limit.", Number(0, optional=True)
        ),
        "MAX_COOKIES": Setting(1_000, "The most cookies of a request; ``None``: no limit.", Number(0, optional=True)),
        "MAX_JSON_LENGTH": Setting(
            1024 * 1024,
            "The longest JSON body that is parsed, in bytes; ``None``: no limit.",
            Number(0, unit="bytes", optional=True),
        ),
        "MAX_JSON_DEPTH": Setting(100, "The deepest nesting of arrays and objects in a JSON body.", Number(1, 500)),
        "MAX_JSON_MEMBERS": Setting(
            100_000,
            "The most members that all objects and arrays of a body have together; ``None``: no limit.",
            Number(1, optional=True),
        ),
        "MAX_ERRORS": Setting(100, "The most errors that are collected and described in one answer.", Number(1)),
        "MAX_ERROR_LENGTH": Setting(
            64 * 1024,
            "The most bytes that the errors of an answer take; the whole answer may have 1 KiB more.",
            Number(1, unit="bytes"),
        ),
        "MAX_ERROR_NAME": Setting(
            100, "How many characters of a name that the client chose are repeated in an error.", Number(1)
        ),
        "DEADLINE": Setting(
            None,
            "The seconds in which each operation answers, unless a ``deadline`` mark says otherwise. ``None``: none.",
            Number(0, above=True, whole=False, optional=True, unit="seconds"),
        ),
        "MAX_CONCURRENT_REQUESTS": Setting(
            None,
            "The most requests that a process answers at once; those above get a 503. ``None``: no limit.",
            Number(1, optional=True),
        ),
        "REQUEST_ENCODINGS": Setting(
            (),
            "Content codings of request bodies that are decoded: ``gzip``, ``br``, ``zstd``; a body in another is a"
            " 415.",
            Items("a list of codings, like ['gzip', 'br']", LiteralText("gzip", "br", "zstd")),
        ),
        # Texts
        "LANGUAGES": Setting(
            (),
            "The languages of errors, chosen by ``Accept-Language``, the default first: ``('en', 'de', 'fr')``. Empty:"
            " the header is not read.",
            Items("a list of language tags, like ['en', 'de']", Text("a language tag", _LANGUAGE)),
        ),
        "TEXTS": Setting(
            None,
            "Texts that replace those of the framework, by key; a mapping as value has the texts of the language that"
            " is its key.",
            Members("a mapping of keys to texts", optional=True),
        ),
        # Shared state
        "STORE_URL": Setting(
            None,
            "Where rate limits, idempotency keys and counts are kept: the URL of a Redis or Valkey, of Sentinels, or of"
            " a cluster; ``None``: in memory.",
            _store(),
        ),
        "STORE_PREFIX": Setting(
            None,
            "What keys in Redis begin with. ``None``: ``framework:`` and the application's name.",
            Text(optional=True),
        ),
        "STORE_TIMEOUT": Setting(
            0.25,
            "Seconds to wait for Redis: for a connection, and for an answer.",
            Number(0, above=True, whole=False, unit="seconds"),
        ),
        "ASGI_THREADS": Setting(
            40,
            "How many requests with synchronous handlers an ASGI server's process answers at the same time, each in a"
            " thread. No more than the connections that its database pool may open.",
            Number(1),
        ),
        "ASGI_QUEUE": Setting(
            100,
            "How many further ones wait for a thread; a request beyond that is a 503.",
            Number(0),
        ),
        "ASGI_PART_TIMEOUT": Setting(
            30,
            "Seconds that a client of an ASGI server may take for the next part of a body; then it is a 408. ``None``:"
            " any time.",
            Number(0, above=True, whole=False, optional=True, unit="seconds"),
        ),
        "ASGI_BODY_TIMEOUT": Setting(
            None,
            "Seconds that it may take for a whole body. ``None``: any time.",
            Number(0, above=True, whole=False, optional=True, unit="seconds"),
        ),
        "MAX_WEBSOCKETS": Setting(
            10_000,
            "How many WebSockets a process keeps open at the same time; a handshake beyond that is a 503. ``None``: any"
            " number.",
            Number(0, optional=True),
        ),
        "WEBSOCKET_ORIGINS": Setting(
            None,
            "Origins, like ``https://app.example.org``, whose pages may open WebSockets, in addition to that of the"
            " server.",
            Items("a list of origins, like ['https://app.example.org']", Text(), optional=True),
        ),
        "CLIENT_TENANT": Setting(
            None,
            "A function from the context to the tenant that a request is for, where a header or a token says so: part"
            " of idempotency keys and of limits by user. ``None``: there are no tenants.",
            Function("a function of the context", optional=True),
        ),
        "RATELIMIT_ENABLED": Setting(True, "Whether ``limit`` marks count; ``False`` for load tests."),
        "RATELIMIT_STORE_URL": Setting(None, "Where calls are counted. ``None``: ``STORE_URL``.", _store()),
        "RATELIMIT_STRATEGY": Setting(
            "fixed-window",
            "How calls are counted: ``fixed-window``, ``sliding-window-counter`` or ``moving-window``.",
            LiteralText("fixed-window", "sliding-window-counter", "moving-window"),
        ),
        "RATELIMIT_WHEN_AWAY": Setting(
            "open",
            "While Redis is away: ``open`` lets calls go on uncounted, ``closed`` answers 503.",
            LiteralText("open", "closed"),
        ),
        "RATELIMIT_HEADERS": Setting(True, "Whether answers tell what is left of each limit."),
        "RATELIMIT_MAX_KEYS": Setting(
            100_000, "The most counters in memory: one for each client and window.", Number(1)
        ),
        "AUTH_STORE_URL": Setting(
            None, "Where ended tokens and refresh tokens are kept. ``None``: ``STORE_URL``.", _store()
        ),
        "CACHE_STORE_URL": Setting(None, "Where ``cached`` answers are kept. ``None``: ``STORE_URL``.", _store()),
        "IDEMPOTENCY_STORE_URL": Setting(
            None, "Where answers to repeated requests are kept. ``None``: ``STORE_URL``.", _store()
        ),
        "IDEMPOTENCY_LIFETIME": Setting(
            86_400,
            "How long an answer can be had again with its idempotency key: seconds.",
            Number(0, above=True, whole=False, unit="seconds"),
        ),
        "IDEMPOTENCY_LEASE": Setting(
            60,
            "Seconds after which the outcome of a request that never ended counts as unknown: longer than any request"
            " takes.",
            Number(0, above=True, whole=False, unit="seconds"),
        ),
        "IDEMPOTENCY_MAX_LENGTH": Setting(
            1024 * 1024, "The longest answer that is kept for an idempotency key, in bytes.", Number(1, unit="bytes")
        ),
        "WEBHOOK_STORE_URL": Setting(
            None, "Where the ids of webhooks that were processed are kept. ``None``: ``STORE_URL``.", _store()
        ),
        # Files and templates
        "SEND_FILE_MAX_AGE_DEFAULT": Setting(
            None,
            "How long a sent file may be cached: a ``timedelta``, or seconds. ``None``: ask the server each time.",
            Duration(optional=True),
        ),
        "USE_X_SENDFILE": Setting(False, "Let the web server send files, by the header ``X-Sendfile``."),
        "TEMPLATES_AUTO_RELOAD": Setting(
            None, "Read a template again when its file changed. ``None``: in debug mode.", Flag(optional=True)
        ),
        "EXPLAIN_TEMPLATE_LOADING": Setting(False, "Log where each template was looked for."),
        # Input
        "STRICT_TYPES": Setting(True, 'JSON types are exact: ``"3"`` is not an integer, ``1`` no boolean.'),
        "STRICT_TEXT": Setting(True, "Text in query, path and headers is read by the rules the document states."),
        "STRICT_NUL": Setting(
            True, "Texts hold no character U+0000, which PostgreSQL and other databases cannot store."
        ),
        "STRICT_DUMP": Setting(
            True, "An answer is what its schema describes: no ``{}`` for what is not an object, no undeclared null."
        ),
        "STRICT_PATTERNS": Setting(True, "A ``Regexp`` validator has to match the text as a whole."),
        "STRICT_NESTED_PARTIAL": Setting(True, "``partial`` of a schema does not reach its nested schemas."),
        "STRICT_UNKNOWN": Setting(True, "The rule for undeclared fields reaches every depth, not the top alone."),
        "UNKNOWN": Setting(
            "raise",
            "Undeclared fields where nothing else says: ``raise``, ``exclude`` or ``include``.",
            LiteralText("raise", "exclude", "include"),
        ),
        # Conditions and caches
        "ETAG_DISABLED": Setting(False, "Switch ``etag`` off: no tags, no 304, 412 or 428, and ``check_etag`` passes."),
        "STRICT_TRANSPORT_SECURITY": Setting(
            None,
            "For how long browsers may come over HTTPS alone, sent by ``security_headers`` over HTTPS: seconds, a"
            " ``timedelta``, or the whole header, like ``max-age=63072000; includeSubDomains``. ``None``: not sent.",
            Duration(whole=True, optional=True, text=r"[ -~]*max-age=[ -~]*", example="max-age=63072000"),
        ),
        "RETIRED_STORE_URL": Setting(
            None,
            "Where calls of ``retired`` operations are counted, for ``framework retired``. ``None``: ``STORE_URL``.",
            _store(),
        ),
        # The document
        "API_TITLE": Setting(None, "The title of the API. ``None``: the name of the application.", Text(optional=True)),
        "API_VERSION": Setting("1.0.0", "The version of the API, not of the OpenAPI specification."),
        "API_DESCRIPTION": Setting(None, "What the API is for: Markdown.", Text(optional=True)),
        "API_CONTACT": Setting(
            None,
            "Whom to ask: a mapping with ``name``, ``url``, ``email``.",
            Members("a mapping with name, url, email", optional=True),
        ),
        "API_LICENSE": Setting(
            None,
            "The licence of the API: a mapping with ``name`` and ``identifier`` or ``url``.",
            Members("a mapping with name, and identifier or url", optional=True),
        ),
        "API_TERMS_OF_SERVICE": Setting(None, "The URL of the terms of service.", Text(optional=True)),
        "API_EXTERNAL_DOCS": Setting(
            None,
            "Documentation elsewhere: a mapping with ``url`` and ``description``.",
            Members("a mapping with url and description", optional=True),
        ),
        "API_EXTRA": Setting(
            None,
            "Further members of the document, ``x-...`` for instance: a mapping, merged into what is there.",
            Members("a mapping", optional=True),
        ),
        "API_FRAMEWORK_ERRORS": Setting(
            "all",
            "Whether the document has the errors that the framework itself may answer any request with, such as 405 and"
            " 415: ``all``, or ``declared`` for those alone that ``raises`` names. Answers are held to all of them.",
            Text("'all' or 'declared'", r"all|declared"),
        ),
        "API_SERVERS": Setting(
            None,
            "Where the API is served: a list of mappings with ``url`` and ``description``.",
            Items("a list of mappings with url and description", Members("a mapping"), optional=True),
        ),
        "OPENAPI_VERSION": Setting(
            "auto",
            "The version of the OpenAPI specification to write: ``3.2.1``, ``3.1.0`` or ``3.0.3``; ``auto``: 3.2.1"
            " where something is declared that 3.1 cannot say, otherwise 3.1.0.",
            Text("'auto', '3.2.1', '3.1.0' or '3.0.3'", r"auto|3\.[0-2]\.[0-9]+"),
        ),
        "OPENAPI_JSON_PATH": Setting(
            "/openapi.json",
            "The path of the document in JSON; ``None``: it is not served.",
            Text("a path that begins with '/'", _PATH, optional=True),
        ),
        "OPENAPI_YAML_PATH": Setting(
            "/openapi.yaml",
            "The path of the document in YAML; ``None``: it is not served.",
            Text("a path that begins with '/'", _PATH, optional=True),
        ),
        "DOCS_MARKS": Setting(
            None,
            "Marks for the document and its pages, like ``[public]`` where the application requires credentials.",
            Items("a list of marks", Anything(), optional=True),
        ),
        "DOCS_PATH": Setting(
            "/docs",
            "The path of the documentation page; ``None``: it is not served.",
            Text("a path that begins with '/'", _PATH, optional=True),
        ),
        "DOCS_CHANGELOG": Setting(
            None,
            "Older documents for the page of changes, oldest first: files of the folder of the application, as"
            " ``framework openapi write`` makes them. ``None``: that of the version before, if there is one.",
            Items("a list of file names", Text("the name of a file"), optional=True),
        ),
        "DOCS_COLOR": Setting(
            None,
            "The colour of the documentation pages, as ``#rgb`` or ``#rrggbb``; for text it is made readable.",
            Text("a colour like '#0a7' or '#00aa77'", r"#([0-9a-fA-F]{3}){1,2}", optional=True),
        ),
        "DOCS_LISTED": Setting(
            None,
            "Let the pages of other documents lead to this one. ``None``: yes for the default document and those of"
            " versions.",
            Flag(optional=True),
        ),
        "DOCS_LOGO": Setting(
            None,
            "The address of a picture for the bar of the documentation pages: a path or a URL.",
            Text("a path that begins with '/', or an https URL", rf"({_PATH}|https?://[^\s\"'<>;,]+)", optional=True),
        ),
        "DOCS_PERSIST_AUTHORIZATION": Setting(
            False, "Let Swagger UI keep credentials in the browser's storage, so that they outlive the page."
        ),
        "MCP_PATH": Setting(
            None,
            "The path where agents call the operations with the mark ``mcp.tool``. ``None``: they are not served.",
            Text("a path like '/mcp'", _PATH, optional=True),
        ),
        "OAUTH_RESOURCE": Setting(
            None,
            "The absolute URL of the API, like ``https://api.example.org``, for protected resource metadata (RFC 9728),"
            " which the challenges of bearer tokens then name. ``None``: it is not served.",
            Text("an absolute URL like 'https://api.example.org'", r"https?://[^\s?#]+", optional=True),
        ),
        "OAUTH_AUTHORIZATION_SERVERS": Setting(
            None,
            "The issuers of tokens for ``OAUTH_RESOURCE``. ``None``: the providers of ``OpenIDConnect`` schemes.",
            Items("a list of URLs, like ['https://id.example.org']", Text(), optional=True),
        ),
        "LLMS_PATH": Setting(
            None,
            "The path of a page for language models, like ``/llms.txt``. ``None``: it is not served.",
            Text("a path like '/llms.txt'", _PATH, optional=True),
        ),
        "MCP_ORIGINS": Setting(
            None,
            "Other origins, like ``https://agent.example.org``, whose pages may call ``MCP_PATH``.",
            Items("a list of origins, like ['https://agent.example.org']", Text(), optional=True),
        ),
        "MCP_MAX_RESULT": Setting(
            100_000,
            "The most bytes of an answer that an agent gets; a longer one is an error.",
            Number(1, unit="bytes"),
        ),
        # The end of a process
        "DRAIN_DELAY": Setting(
            0,
            "Seconds for which a process that is to end takes new connections still, and is not ready: as long as a"
            " balancer needs to notice.",
            Number(0, whole=False, unit="seconds"),
        ),
        "DRAIN_TIMEOUT": Setting(
            None,
            "Seconds after which a process that is to end has ended, whatever still runs. ``None``: just under the"
            " ``graceful_timeout`` of gunicorn, 30 elsewhere.",
            Number(0, above=True, whole=False, unit="seconds", optional=True),
        ),
        # The machine
        "FAST_PATH": Setting(
            True,
            "Use compiled schemas and routes; ``False`` leaves all to marshmallow and werkzeug. ``'compare'``, for"
            " staging: marshmallow does the work of the schemas too, and differences are logged.",
            Flag(words=("compare",)),
        ),
        "CONTRACT": Setting(
            None,
            "What to do about an answer that its operation does not declare: ``raise``, ``log`` (once per operation),"
            " ``off``. ``None``: raise in the test client, off in a server.",
            LiteralText("raise", "log", "off", optional=True),
        ),
        "CONTRACT_SAMPLE": Setting(
            1.0,
            "How many of its answers a server checks where ``CONTRACT`` is on: from 0.0, none, to 1.0, all.",
            Number(0, 1, whole=False),
        ),
    }
)
"""Every built-in key, its default and its meaning."""

DEFAULTS: t.Final[Settings] = types.MappingProxyType({name: setting.default for name, setting in SETTINGS.items()})
"""The defaults alone, which a new application's :class:`Config` starts from."""


FOREIGN: t.Final[cabc.Mapping[str, str]] = types.MappingProxyType(
    {
        "OPENAPI_URL_PREFIX": "Write the prefix into OPENAPI_JSON_PATH, OPENAPI_YAML_PATH and DOCS_PATH.",
        "OPENAPI_SWAGGER_UI_PATH": "Set DOCS_PATH, the path of the documentation page.",
        "OPENAPI_SWAGGER_UI_URL": "The files of the documentation page come with the package. Remove it.",
        "OPENAPI_SWAGGER_UI_CONFIG": "The documentation page has no such settings. Remove it.",
        "OPENAPI_REDOC_PATH": "There is one documentation page. Set DOCS_PATH.",
        "OPENAPI_REDOC_URL": "The files of the documentation page come with the package. Remove it.",
        "OPENAPI_RAPIDOC_PATH": "There is one documentation page. Set DOCS_PATH.",
        "OPENAPI_RAPIDOC_URL": "The files of the documentation page come with the package. Remove it.",
        "OPENAPI_RAPIDOC_CONFIG": "The documentation page has no such settings. Remove it.",
        "API_SPEC_OPTIONS": "Set API_TITLE, API_DESCRIPTION, API_CONTACT, API_LICENSE, API_SERVERS and API_EXTRA.",
        "ENV": "There is no such setting. Set DEBUG, or FRAMEWORK_DEBUG in the environment.",
        "JSON_AS_ASCII": "Set app.json.ensure_ascii.",
        "JSON_SORT_KEYS": "Set app.json.sort_keys.",
        "JSONIFY_MIMETYPE": "Set app.json.mimetype.",
        "JSONIFY_PRETTYPRINT_REGULAR": "Set app.json.compact to its opposite.",
        "RATELIMIT_DEFAULT": "Give the application a mark: App(marks=[limit('100/hour')]).",
        "RATELIMIT_STORAGE_URI": "Set RATELIMIT_STORE_URL or STORE_URL.",
        "RATELIMIT_HEADERS_ENABLED": "Set RATELIMIT_HEADERS.",
    }
)
"""Settings of Flask, flask-smorest and Flask-Limiter that have another name here, or none: what to do instead."""


def nearest(name: str) -> str | None:
    """Return the built-in setting that a name is a misspelling of; ``None`` for another name."""
    allowed = 2 if len(name) >= 12 else 1
    return next((known for known in SETTINGS if len(known) >= 5 and is_near(name, known, allowed)), None)


def is_near(one: str, other: str, allowed: int) -> bool:
    """Return whether a few letters that are missing, added, changed or swapped are the only difference between two
    words."""
    if abs(len(one) - len(other)) > allowed:
        return False
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        now = [row]
        for column, wanted in enumerate(other, 1):
            cost = min(last[column] + 1, now[-1] + 1, last[column - 1] + (letter != wanted))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == wanted:
                cost = min(cost, before[column - 2] + 1)
            now.append(cost)
        before, last = last, now
    return last[-1] <= allowed


def weak_keys(config: Settings) -> list[str]:
    """Return what is weak about the secret keys, without them; empty where nothing is."""
    found = []
    for name, keys in (
        ("SECRET_KEY", (config.get("SECRET_KEY"),)),
        ("SECRET_KEY_FALLBACKS", config.get("SECRET_KEY_FALLBACKS")),
    ):
        for key in keys or ():
            size = 0 if key is None else len(key.encode() if isinstance(key, str) else key)
            if 0 < size < STRONG_KEY:
                found.append(f"{name} has a key of {size} bytes")
    return found
