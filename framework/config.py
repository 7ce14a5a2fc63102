"""The settings of an application: a dictionary that fills itself from objects, files and the environment.

Not here: what a setting does (the room that reads it) and when the application acts on a change (``app.app``).
Floor 0: imports nothing of the package.

:data:`SETTINGS` is the one table of built-in keys, with their defaults and one line on each.
"""

from __future__ import annotations

import collections.abc as cabc
import datetime as dt
import errno
import json
import os
import types
import typing as t

from werkzeug.utils import import_string

T = t.TypeVar("T")

ABSENT: t.Final = (errno.ENOENT, errno.EISDIR, errno.ENOTDIR)
"""The errors that ``silent=True`` passes over: there is no such file."""


class Setting(t.NamedTuple):
    """One row of :data:`SETTINGS`."""

    default: t.Any
    """The value that a new application starts with."""

    text: str
    """What the setting does, for the documentation: one line of reStructuredText."""


SETTINGS: t.Final[cabc.Mapping[str, Setting]] = types.MappingProxyType(
    {
        # The application
        "DEBUG": Setting(None, "Debug mode. ``None`` asks the environment variable ``FRAMEWORK_DEBUG``."),
        "TESTING": Setting(False, "Test mode: exceptions reach the test instead of becoming a 500 answer."),
        "PROPAGATE_EXCEPTIONS": Setting(
            None, "Let unhandled exceptions reach the server. ``None``: in debug and test mode."
        ),
        "TRAP_HTTP_EXCEPTIONS": Setting(False, "Treat HTTP errors without a handler as unhandled exceptions."),
        "TRAP_BAD_REQUEST_ERRORS": Setting(
            None, "Treat a missing form or query key as an unhandled exception. ``None``: in debug mode."
        ),
        "SECRET_KEY": Setting(None, "The key that signs sessions: a long random string or bytes."),
        "SECRET_KEY_FALLBACKS": Setting(None, "Old secret keys, newest first: they still read, and never sign."),
        "SERVER_NAME": Setting(None, "Host and port of the application; URLs outside a request need it."),
        "APPLICATION_ROOT": Setting("/", "The path under which the application is mounted."),
        "PREFERRED_URL_SCHEME": Setting("http", "The scheme of URLs that are built outside a request."),
        "TRUSTED_HOSTS": Setting(
            None, "Hosts that a request may name, ``.example.org`` with subdomains; ``None``: any."
        ),
        "PROVIDE_AUTOMATIC_OPTIONS": Setting(True, "Answer ``OPTIONS`` on every route that does not do so itself."),
        # Sessions and cookies
        "SESSION_COOKIE_NAME": Setting("session", "The name of the session cookie."),
        "SESSION_COOKIE_DOMAIN": Setting(None, "The cookie's ``Domain``. ``None``: the very host that set it."),
        "SESSION_COOKIE_PATH": Setting(None, "The cookie's ``Path``. ``None``: ``APPLICATION_ROOT``."),
        "SESSION_COOKIE_HTTPONLY": Setting(True, "Hide the session cookie from JavaScript."),
        "SESSION_COOKIE_SECURE": Setting(
            None, "Send the session cookie over HTTPS only. ``None``: if the request that sets it came over HTTPS."
        ),
        "SESSION_COOKIE_SAMESITE": Setting(
            "Lax", "The cookie's ``SameSite``: ``Strict``, ``Lax``, ``None`` as text; ``None``: no attribute."
        ),
        "SESSION_COOKIE_PARTITIONED": Setting(False, "Keep the session cookie apart for each embedding site (CHIPS)."),
        "SESSION_REFRESH_EACH_REQUEST": Setting(
            True, "Send a permanent session's cookie with every answer that used it."
        ),
        "PERMANENT_SESSION_LIFETIME": Setting(
            dt.timedelta(days=31), "How long a permanent session lives: a ``timedelta``, or seconds."
        ),
        "CSRF_HEADER": Setting("X-CSRF-Token", "The header in which clients send back their CSRF token."),
        "CSRF_TRUSTED_ORIGINS": Setting(
            None, "Origins, like ``https://app.example.org``, whose pages may send unsafe requests with cookies."
        ),
        "MAX_COOKIE_SIZE": Setting(4093, "Warn about a cookie of more bytes than this; ``0``: never."),
        # Limits of a request
        "MAX_CONTENT_LENGTH": Setting(16 * 1024 * 1024, "The longest body of a request, in bytes; ``None``: no limit."),
        "MAX_FORM_MEMORY_SIZE": Setting(500_000, "The most bytes that a form field, no file, takes in memory."),
        "MAX_FORM_PARTS": Setting(1_000, "The most parts of a ``multipart/form-data`` body."),
        "MAX_JSON_LENGTH": Setting(1024 * 1024, "The longest JSON body that is parsed, in bytes; ``None``: no limit."),
        "MAX_JSON_DEPTH": Setting(100, "The deepest nesting of arrays and objects in a JSON body."),
        # Shared state
        "STORE_URL": Setting(
            None,
            "Where rate limits, idempotency keys and counts are kept: ``redis://host:port/database``; ``None``: in"
            " memory.",
        ),
        "STORE_PREFIX": Setting(
            None, "What keys in Redis begin with. ``None``: ``framework:`` and the application's name."
        ),
        "STORE_TIMEOUT": Setting(0.25, "Seconds to wait for Redis: for a connection, and for an answer."),
        "CLIENT_TENANT": Setting(
            None,
            "A function from the context to the tenant that a request is for, where a header or a token says so: part"
            " of idempotency keys and of limits by user. ``None``: there are no tenants.",
        ),
        "RATELIMIT_ENABLED": Setting(True, "Whether ``limit`` marks count; ``False`` for load tests."),
        "RATELIMIT_STORE_URL": Setting(None, "Where calls are counted. ``None``: ``STORE_URL``."),
        "RATELIMIT_STRATEGY": Setting(
            "fixed-window", "How calls are counted: ``fixed-window``, ``sliding-window-counter`` or ``moving-window``."
        ),
        "RATELIMIT_WHEN_AWAY": Setting(
            "open", "While Redis is away: ``open`` lets calls go on uncounted, ``closed`` answers 503."
        ),
        "RATELIMIT_HEADERS": Setting(True, "Whether answers tell what is left of each limit."),
        "RATELIMIT_MAX_KEYS": Setting(100_000, "The most counters in memory: one for each client and window."),
        "IDEMPOTENCY_STORE_URL": Setting(None, "Where answers to repeated requests are kept. ``None``: ``STORE_URL``."),
        "IDEMPOTENCY_LIFETIME": Setting(
            86_400, "How long an answer can be had again with its idempotency key: seconds."
        ),
        "IDEMPOTENCY_LEASE": Setting(
            60,
            "Seconds after which the outcome of a request that never ended counts as unknown: longer than any request"
            " takes.",
        ),
        "IDEMPOTENCY_MAX_LENGTH": Setting(
            1024 * 1024, "The longest answer that is kept for an idempotency key, in bytes."
        ),
        # Files and templates
        "SEND_FILE_MAX_AGE_DEFAULT": Setting(
            None, "How long a sent file may be cached: a ``timedelta``, or seconds. ``None``: ask the server each time."
        ),
        "USE_X_SENDFILE": Setting(False, "Let the web server send files, by the header ``X-Sendfile``."),
        "TEMPLATES_AUTO_RELOAD": Setting(None, "Read a template again when its file changed. ``None``: in debug mode."),
        "EXPLAIN_TEMPLATE_LOADING": Setting(False, "Log where each template was looked for."),
        # Input
        "STRICT_TYPES": Setting(True, 'JSON types are exact: ``"3"`` is no integer, ``1`` no boolean.'),
        "STRICT_TEXT": Setting(True, "Text in query, path and headers is read by the rules the document states."),
        "STRICT_DUMP": Setting(
            True, "An answer is what its schema describes: no ``{}`` for what is not an object, no undeclared null."
        ),
        "STRICT_PATTERNS": Setting(True, "A ``Regexp`` validator has to match the text as a whole."),
        "STRICT_NESTED_PARTIAL": Setting(True, "``partial`` of a schema does not reach its nested schemas."),
        "STRICT_UNKNOWN": Setting(True, "The rule for undeclared fields reaches every depth, not the top alone."),
        "UNKNOWN": Setting(
            "raise", "Undeclared fields where nothing else says: ``raise``, ``exclude`` or ``include``."
        ),
        # Conditions and caches
        "ETAG_DISABLED": Setting(False, "Switch ``etag`` off: no tags, no 304, 412 or 428, and ``check_etag`` passes."),
        "STRICT_TRANSPORT_SECURITY": Setting(
            None,
            "For how long browsers may come over HTTPS alone, sent by ``security_headers`` over HTTPS: seconds, a"
            " ``timedelta``, or the whole header, like ``max-age=63072000; includeSubDomains``. ``None``: not sent.",
        ),
        "RETIRED_STORE_URL": Setting(
            None,
            "Where calls of ``retired`` operations are counted, for ``framework retired``. ``None``: ``STORE_URL``.",
        ),
        # The document
        "API_TITLE": Setting(None, "The title of the API. ``None``: the name of the application."),
        "API_VERSION": Setting("1.0.0", "The version of the API, not of the OpenAPI specification."),
        "API_DESCRIPTION": Setting(None, "What the API is for: Markdown."),
        "API_CONTACT": Setting(None, "Whom to ask: a mapping with ``name``, ``url``, ``email``."),
        "API_LICENSE": Setting(None, "The licence of the API: a mapping with ``name`` and ``identifier`` or ``url``."),
        "API_TERMS_OF_SERVICE": Setting(None, "The URL of the terms of service."),
        "API_EXTERNAL_DOCS": Setting(None, "Documentation elsewhere: a mapping with ``url`` and ``description``."),
        "API_EXTRA": Setting(
            None, "Further members of the document, ``x-...`` for instance: a mapping, merged into what is there."
        ),
        "API_SERVERS": Setting(None, "Where the API is served: a list of mappings with ``url`` and ``description``."),
        "OPENAPI_VERSION": Setting(
            "3.1.0", "The version of the OpenAPI specification to write, ``3.1.0`` or ``3.0.3``."
        ),
        "OPENAPI_JSON_PATH": Setting("/openapi.json", "The path of the document in JSON; ``None``: it is not served."),
        "OPENAPI_YAML_PATH": Setting("/openapi.yaml", "The path of the document in YAML; ``None``: it is not served."),
        "DOCS_MARKS": Setting(
            None, "Marks for the document and its pages, like ``[public]`` where the application requires credentials."
        ),
        "DOCS_PATH": Setting("/docs", "The path of the documentation page; ``None``: it is not served."),
        # The machine
        "FAST_PATH": Setting(
            True,
            "Use compiled schemas and routes; ``False`` leaves all to marshmallow and werkzeug. ``'compare'``, for"
            " staging: marshmallow does the work of the schemas too, and differences are logged.",
        ),
        "CONTRACT": Setting(
            None,
            "What to do about an answer that its operation does not declare: ``raise``, ``log`` (once per operation),"
            " ``off``. ``None``: raise in the test client, off in a server.",
        ),
        "CONTRACT_SAMPLE": Setting(
            1.0, "How many of its answers a server checks where ``CONTRACT`` is on: from 0.0, none, to 1.0, all."
        ),
    }
)
"""Every built-in key, its default and its meaning."""

DEFAULTS: t.Final[cabc.Mapping[str, t.Any]] = types.MappingProxyType(
    {name: setting.default for name, setting in SETTINGS.items()}
)
"""The defaults alone, which a new application's :class:`Config` starts from."""


class ConfigAttribute(t.Generic[T]):
    """An attribute of the application that reads and writes one of its settings.

    :param name: The key in ``app.config``.
    :param get_converter: Called with the value on reading; its result is what the attribute gives.
    """

    def __init__(self, name: str, get_converter: cabc.Callable[[t.Any], T] | None = None) -> None:
        self.__name__ = name
        self.get_converter = get_converter

    @t.overload
    def __get__(self, obj: None, owner: t.Any) -> t.Self: ...

    @t.overload
    def __get__(self, obj: t.Any, owner: t.Any) -> T: ...

    def __get__(self, obj: t.Any, owner: t.Any = None) -> T | t.Self:
        if obj is None:
            return self
        value = obj.config[self.__name__]
        return self.get_converter(value) if self.get_converter is not None else t.cast("T", value)

    def __set__(self, obj: t.Any, value: t.Any) -> None:
        obj.config[self.__name__] = value


class Config(dict[str, t.Any]):
    """A dictionary of settings that can be read from an object, a file, a mapping or the environment.

    All readers take only keys in upper case, so a configuration module may hold helpers in lower case. Relative
    file names start at :attr:`root_path`.

    :param root_path: The folder that relative file names start at.
    :param defaults: What the settings start with.
    """

    on_change: cabc.Callable[[], t.Any] | None = None
    """Called after every write, without arguments. The application drops what it built from the old settings."""

    def __init__(self, root_path: str | os.PathLike[str], defaults: cabc.Mapping[str, t.Any] | None = None) -> None:
        super().__init__(defaults or {})
        self.root_path = root_path

    # Readers

    def from_envvar(self, variable_name: str, silent: bool = False) -> bool:
        """Read the Python file that an environment variable names.

        :param variable_name: The environment variable.
        :param silent: Return ``False`` where the variable is not set or the file is missing.
        :return: Whether a file was read.
        :raises RuntimeError: The variable is not set.
        """
        filename = os.environ.get(variable_name)
        if filename:
            return self.from_pyfile(filename, silent=silent)
        if silent:
            return False
        raise RuntimeError(
            f"Cannot read the configuration: the environment variable {variable_name!r} is not set."
            " Set it to the path of a configuration file."
        )

    def from_prefixed_env(self, prefix: str = "FRAMEWORK", *, loads: cabc.Callable[[str], t.Any] = json.loads) -> bool:
        """Take over the environment variables that start with ``PREFIX_``, without that prefix.

        A double underscore goes into a nested dictionary: ``FRAMEWORK_MAIL__PORT=25`` sets
        ``config["MAIL"]["PORT"]``. Dictionaries on the way are made where they are missing.

        :param prefix: What the names start with, without the underscore that follows.
        :param loads: Makes the value from the text. Text on which it raises is kept as it is.
        :return: ``True``.
        :raises TypeError: A name goes into a setting that is no dictionary.
        """
        prefix = f"{prefix}_"
        for name in sorted(os.environ):
            if not name.startswith(prefix):
                continue
            value: t.Any = os.environ[name]
            try:
                value = loads(value)
            except Exception:  # noqa: BLE001 - any failure of a user's loads means: this is plain text
                pass
            *parents, last = name.removeprefix(prefix).split("__")
            target: cabc.MutableMapping[str, t.Any] = self
            for parent in parents:
                inner = target.setdefault(parent, {})
                if not isinstance(inner, cabc.MutableMapping):
                    raise TypeError(
                        f"Cannot read the environment variable {name!r}: the setting {parent!r} is {inner!r}, and no"
                        " dictionary. Give one of the two another name."
                    )
                target = inner
            target[last] = value
        self._changed()
        return True

    def from_pyfile(self, filename: str | os.PathLike[str], silent: bool = False) -> bool:
        """Run a Python file and take over its upper-case names.

        :param filename: The file; relative to :attr:`root_path`. Any extension will do.
        :param silent: Return ``False`` where the file is missing.
        :return: Whether the file was read.
        :raises OSError: The file cannot be read.
        """
        path = os.path.join(self.root_path, filename)
        module = types.ModuleType("config")
        module.__file__ = path
        source = self._read(path, "rb", lambda file: file.read(), silent)
        if source is None:
            return False
        exec(compile(source, path, "exec"), module.__dict__)  # noqa: S102 - a configuration file is code by definition
        self.from_object(module)
        return True

    def from_object(self, obj: object | str) -> None:
        """Take over the upper-case attributes of a module, a class or an instance.

        Properties of a class count only on an instance of it.

        :param obj: The object, or its import path (``"package.module"``, ``"package.module.Class"``).
        :raises ImportError: The import path leads nowhere.
        """
        if isinstance(obj, str):
            obj = import_string(obj)
        self._take((name, getattr(obj, name)) for name in dir(obj) if name.isupper())

    def from_file(
        self,
        filename: str | os.PathLike[str],
        load: cabc.Callable[[t.IO[t.Any]], cabc.Mapping[str, t.Any]],
        silent: bool = False,
        text: bool = True,
    ) -> bool:
        """Read a data file, with ``load=json.load`` or ``load=tomllib.load, text=False`` for example.

        :param filename: The file; relative to :attr:`root_path`.
        :param load: Called with the open file; returns a mapping.
        :param silent: Return ``False`` where the file is missing.
        :param text: Open the file as text, in the platform's encoding, or as bytes.
        :return: Whether the file was read.
        :raises OSError: The file cannot be read.
        """
        path = os.path.join(self.root_path, filename)
        data = self._read(path, "r" if text else "rb", load, silent)
        return False if data is None else self.from_mapping(data)

    def from_mapping(
        self, mapping: cabc.Mapping[str, t.Any] | cabc.Iterable[tuple[str, t.Any]] | None = None, **kwargs: t.Any
    ) -> bool:
        """Take over the upper-case keys of a mapping and of the keyword arguments.

        :param mapping: Settings by name, or pairs.
        :param kwargs: More settings, which win.
        :return: ``True``.
        """
        self._take((key, value) for key, value in {**dict(mapping or {}), **kwargs}.items() if key.isupper())
        return True

    def get_namespace(self, namespace: str, lowercase: bool = True, trim_namespace: bool = True) -> dict[str, t.Any]:
        """The settings whose names start with a prefix, as a new dictionary.

        :param namespace: The prefix, with its underscore: ``"STORE_"``.
        :param lowercase: Give the keys in lower case.
        :param trim_namespace: Cut the prefix off the keys.
        """
        found = {}
        for name, value in self.items():
            if name.startswith(namespace):
                key = name[len(namespace) :] if trim_namespace else name
                found[key.lower() if lowercase else key] = value
        return found

    # Writers of dict, each of which tells on_change

    def __setitem__(self, key: str, value: t.Any) -> None:
        super().__setitem__(key, value)
        self._changed()

    def __delitem__(self, key: str) -> None:
        super().__delitem__(key)
        self._changed()

    def __ior__(self, other: t.Any) -> t.Self:  # type: ignore[override, misc]
        super().__ior__(other)
        self._changed()
        return self

    def update(self, *args: t.Any, **kwargs: t.Any) -> None:
        """Write several settings, as :meth:`dict.update`."""
        super().update(*args, **kwargs)
        self._changed()

    def setdefault(self, key: str, default: t.Any = None) -> t.Any:
        """Write a setting unless it is there, as :meth:`dict.setdefault`."""
        value = super().setdefault(key, default)
        self._changed()
        return value

    def pop(self, key: str, *default: t.Any) -> t.Any:
        """Remove a setting and return it, as :meth:`dict.pop`."""
        value = super().pop(key, *default)
        self._changed()
        return value

    def popitem(self) -> tuple[str, t.Any]:
        """Remove the newest setting and return it, as :meth:`dict.popitem`."""
        item = super().popitem()
        self._changed()
        return item

    def clear(self) -> None:
        """Remove all settings."""
        super().clear()
        self._changed()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {dict.__repr__(self)}>"

    def _changed(self) -> None:
        if self.on_change is not None:
            self.on_change()

    def _take(self, pairs: cabc.Iterable[tuple[str, t.Any]]) -> None:
        for key, value in pairs:
            self[key] = value

    def _read(self, path: str, mode: str, load: cabc.Callable[[t.IO[t.Any]], T], silent: bool) -> T | None:
        """What ``load`` makes of a file; ``None`` for a missing one that may be missing."""
        try:
            with open(path, mode) as file:
                return load(file)
        except OSError as error:
            if silent and error.errno in ABSENT:
                return None
            error.strerror = f"Unable to load configuration file ({error.strerror})"
            raise
