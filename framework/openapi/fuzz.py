"""Let Schemathesis make requests from the document, and collect what it finds.

It runs within the process, in all its phases and with all its checks. Each request goes through the application's test
client, so that a finding comes with what the contract says of the same answer.
Not here: choosing and printing (``cli.fuzz``).
Floor 7: imports ``errors``, ``http.idempotency``, ``http.sniffing`` (floor 2), ``marks.negotiation`` (floor 4),
``openapi.curl``. It is given an ``App`` and imports none; Schemathesis is imported when it is asked for.
"""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import copy
import dataclasses
import functools
import importlib
import importlib.util
import pathlib
import tempfile
import threading
import typing as t
import uuid
from urllib.parse import unquote_plus

from ..errors import ContractViolation
from ..http.idempotency import parse_key
from ..http.sniffing import SAMPLES
from ..marks.negotiation import ConsumesMark
from .curl import made

if t.TYPE_CHECKING:
    from ..app.app import App
    from ..http.media import MediaType

_CASE_HEADER = "X-Schemathesis-TestCaseId"
_KEY_HEADER = "Idempotency-Key"
#: Options of a network that Schemathesis 4.32.5 hands on when it repeats a request without its token.
_NETWORK = ("max_redirects", "verify", "cert", "proxies", "timeout")
#: For a format: texts that it has, and near misses. A pattern that matches one of the former and none of the latter
#: implies the format, and Schemathesis looks for no text that breaks the format alone.
_PROBES = {
    "email": (
        ("ann@example.org",),
        ("ann", "ann@", "@example.org", "a nn@example.org", "ann@-example.org", "ann@@example.org", ".a@example.org"),
    ),
    "uri": (
        ("https://example.org/a?b=c#d", "ftp://example.org", "file:///a"),
        ("example.org", "/a", "https://exa mple.org", "https://example.org/%zz", "https://example.org/<", "://a"),
    ),
    "uri-reference": (("/a?b=c#d", "#d"), ("/a b", "/%zz", "/<", "\\a", "/^")),
}


# That a condition fails is no fault of a request that is valid; that there must be one has a status of its own.
_CHECKS = {
    "positive_data_acceptance": {"expected-statuses": ["2xx", "3xx", 401, 403, 404, 409, 412, 416, 428, 429, "5xx"]},
    "missing_required_header": {"expected-statuses": [400, 401, 403, 406, 415, 422, 428]},
}


class Missing(ImportError):
    """Schemathesis is not installed."""


@dataclasses.dataclass(frozen=True, slots=True)
class Failure:
    """Something that Schemathesis has found."""

    operation: str
    """The method and the path, ``"GET /pets/{pet_id}"``."""
    phase: str
    """``"examples"``, ``"coverage"``, ``"fuzzing"`` or ``"stateful"``."""
    title: str
    message: str
    curl: str
    """The request as a command line; empty for what is found out without one."""
    advice: str
    """What the contract says of the answer, with what to write; empty where it says nothing."""

    def __str__(self) -> str:
        parts = (f"{self.operation}: {self.title} ({self.phase})", self.message.strip(), self.curl, self.advice)
        return "\n".join(part for part in parts if part)


@dataclasses.dataclass(slots=True)
class Findings:
    """What a run has found."""

    cases: int = 0
    """How many requests were made."""
    phases: set[str] = dataclasses.field(default_factory=set)
    """The phases that have made requests."""
    failures: list[Failure] = dataclasses.field(default_factory=list)


def explore(
    app: App,
    document: cabc.Mapping[str, t.Any] | None = None,
    *,
    seed: int,
    examples: int,
    headers: cabc.Mapping[str, str] | None = None,
    only: cabc.Collection[tuple[str, str]] | None = None,
    tell: cabc.Callable[[str, int], None] | None = None,
) -> Findings:
    """Run everything that Schemathesis has against an application.

    Uncaught errors of the application become its answer of 500, whatever its settings say. What Schemathesis writes
    on the way goes to a temporary folder.

    :param app: The application; its requests are real, what they change stays changed.
    :param document: The document that the requests are made from. Default: ``app.openapi``.
    :param seed: The same seed makes the same requests.
    :param examples: How many requests for each operation, in each random phase, at most.
    :param headers: What each request carries, a token for instance.
    :param only: The operations, as method and path of the document: ``("GET", "/pets/{pet_id}")``. Default: all.
    :param tell: Called at the end of each phase, with its name and the number of failures until then.
    :raises Missing: Schemathesis is not installed.
    """
    if importlib.util.find_spec("schemathesis") is None:
        raise Missing("Fuzzing needs the package schemathesis. Run 'pip install schemathesis'.")
    advice: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder, _mended(app, advice, folder), _answering(app):
        settings: dict[str, t.Any] = {
            "seed": seed,
            "headers": dict(headers or {}),
            "generation": {"max-examples": examples, "database": "none"},
            "cache": {"enabled": False},
            "checks": _CHECKS,
            "suppress-health-check": ["too_slow"],  # of the machine, not of the application
            # It would add to the document what it guesses from messages: from "Not a valid datetime." that there must
            # be an offset, and then find no value for a field that has none.
            "phases": {"fuzzing": {"error-feedback": {"enabled": False}}},
        }
        schemathesis: t.Any = importlib.import_module("schemathesis")
        schema = schemathesis.openapi.from_dict(
            copy.deepcopy(dict(app.openapi if document is None else document)),
            config=schemathesis.Config.from_dict(settings),
        )
        _write_as_the_application_does(app)
        schema.app = app
        schema.location = "/openapi.json"
        if only is not None:
            schema = schema.include(lambda ctx: (ctx.operation.method.upper(), ctx.operation.path) in only)
        return _collect(schema, advice, tell)


def _collect(schema: t.Any, advice: cabc.Mapping[str, str], tell: cabc.Callable[[str, int], None] | None) -> Findings:
    engine: t.Any = importlib.import_module("schemathesis.engine")
    events: t.Any = importlib.import_module("schemathesis.engine.events")
    found = Findings()
    for event in engine.from_schema(schema).execute():
        if isinstance(event, (events.NonFatalError, events.FatalError)):
            failure = _error_of(event)
            if failure.title != "NoLinksFound":  # the operations that were chosen have none between them
                found.failures.append(failure)
        elif isinstance(event, events.ScenarioFinished):
            found.cases += len(event.recorder.cases)
            found.phases.add(_phase_of(event))
            found.failures.extend(_failures_of(event, advice))
        elif isinstance(event, events.PhaseFinished) and tell is not None:
            tell(_phase_of(event), len(found.failures))
    return found


def _phase_of(event: t.Any) -> str:
    name = event.phase if hasattr(event.phase, "value") else event.phase.name
    return str(name.value).partition(" ")[0].lower()


def _failures_of(event: t.Any, advice: cabc.Mapping[str, str]) -> cabc.Iterator[Failure]:
    for case, checks in event.recorder.checks.items():
        for check in checks:
            if check.failure_info is not None:
                failure = check.failure_info.failure
                yield Failure(
                    failure.operation,
                    _phase_of(event),
                    failure.title,
                    failure.message,
                    check.failure_info.code_sample,
                    advice.get(case, ""),
                )


def _error_of(event: t.Any) -> Failure:
    """What stopped Schemathesis itself, at one operation or altogether."""
    label = getattr(event, "label", None) or "the run"
    error = getattr(event, "value", None) or getattr(event, "exception", None) or event
    return Failure(str(label), "error", type(error).__name__, str(error), "", "")


@contextlib.contextmanager
def _answering(app: App) -> cabc.Iterator[None]:
    """Let errors become answers: in debug mode and in tests they would reach the client."""
    before = app.config["PROPAGATE_EXCEPTIONS"]
    app.config["PROPAGATE_EXCEPTIONS"] = False
    try:
        yield
    finally:
        app.config["PROPAGATE_EXCEPTIONS"] = before


class _Clients:
    """A test client for each thread, that notes what the contract says instead of raising it."""

    def __init__(self, app: App, advice: dict[str, str]) -> None:
        self.app = app
        self.advice = advice
        self.cursors = _cursors_of(app.openapi)
        self.local = threading.local()

    def __call__(self, app: t.Any) -> t.Any:
        client = self.app.test_client(contract=True)
        check, send = client.check_reply, client.open

        def check_reply(response: t.Any, ctx: t.Any) -> None:
            try:
                check(response, ctx)
            except ContractViolation as error:
                case = response.request.headers.get(_CASE_HEADER)
                if case is not None:
                    self.advice[case] = str(error)

        def send_locally(*arguments: t.Any, **options: t.Any) -> t.Any:
            for name in _NETWORK:
                options.pop(name, None)
            if "query_string" in options:
                options["query_string"] = _without_cursors(options["query_string"], self.cursors)
            # Which key has come with another request no document can say: each that is one becomes a new one.
            headers = options.get("headers") or {}
            if parse_key(headers.get(_KEY_HEADER) or ""):
                options["headers"] = {**headers, _KEY_HEADER: str(uuid.uuid4())}
            return send(*arguments, **options)

        client.check_reply = check_reply  # type: ignore[method-assign]
        client.open = send_locally  # type: ignore[method-assign]
        return client


def _cursors_of(document: cabc.Mapping[str, t.Any]) -> dict[str, int]:
    """The parameters that take what only the server can make, and how long their texts may be."""
    operations = [each for path in document.get("paths", {}).values() for each in path.values()]
    return {
        parameter["name"]: parameter["schema"].get("maxLength", 2**31)
        for operation in operations
        if isinstance(operation, dict)
        for parameter in operation.get("parameters", ())
        if parameter.get("schema", {}).get("format") == "cursor"
    }


def _without_cursors(query: t.Any, cursors: cabc.Mapping[str, int]) -> t.Any:
    """A query without the cursors that the document calls valid: which ones the server has made it cannot say."""

    def invented(name: str, value: t.Any) -> bool:
        return name in cursors and isinstance(value, str) and 0 < len(value) <= cursors[name]

    if isinstance(query, dict):
        return {name: value for name, value in query.items() if not invented(name, value)}
    if not isinstance(query, str):
        return query
    kept = []
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        if not invented(unquote_plus(name), unquote_plus(value)):
            kept.append(pair)
    return "&".join(kept)


@contextlib.contextmanager
def _mended(app: App, advice: dict[str, str], folder: str) -> cabc.Iterator[None]:
    """Let Schemathesis send through test clients, and mend what it has wrong; both for the time of a run.

    Of a form with several files it takes any body for invalid in which the format of one is left out, though
    ``binary`` is a format that every text has: here it judges such bodies by the document.
    """
    changes: list[tuple[t.Any, str, t.Any]] = [
        (importlib.import_module("schemathesis.python.wsgi"), "get_client", _Clients(app, advice))
    ]
    negative = importlib.import_module("schemathesis.specs.openapi.negative")
    binary = importlib.import_module("schemathesis.transport.serialization").Binary
    if all(hasattr(negative, name) for name in ("contains_binary", "get_validator", "get_real_validator")):
        changes.append((negative, "contains_binary", lambda value: False))
        changes.extend(
            (negative, name, _judging_texts(getattr(negative, name), binary))
            for name in ("get_validator", "get_real_validator")
        )
    checks = importlib.import_module("schemathesis.specs.openapi.checks")
    if hasattr(checks, "make_validator"):
        # Whether the texts of a form are valid as sent it cannot say beside files.
        changes.append((checks, "make_validator", _judging_texts(checks.make_validator, binary)))
    # A file that says what types it may have is none of them when its bytes are made up.
    media_types = importlib.import_module("schemathesis.core.media_types")
    strategies = importlib.import_module("hypothesis.strategies")
    samples = {name: strategies.just(content) for name, content in SAMPLES.items() if name != "application/json"}
    known = {**samples, **media_types.MEDIA_TYPE_STRATEGIES}
    changes.append((media_types, "MEDIA_TYPE_STRATEGIES", known))
    operations = importlib.import_module("schemathesis.specs.openapi.coverage._operation")
    name = "_generate_multipart_body_from_custom_strategies"
    if hasattr(operations, name):
        changes.append((operations, name, _whole_forms(getattr(operations, name))))
    coverage = importlib.import_module("schemathesis.specs.openapi.coverage._schema")
    if hasattr(coverage, "_FORMAT_PROBES"):
        changes.append((coverage, "_FORMAT_PROBES", {**_PROBES, **coverage._FORMAT_PROBES}))
    if hasattr(coverage, "HEADER_ALLOWED_CHARS"):
        # It takes a header that needs a quote, like an entity tag, for one that has no value, and sends 0 as valid.
        changes.append((coverage, "HEADER_ALLOWED_CHARS", "".join(map(chr, range(0x21, 0x7F)))))
    configuration: t.Any = importlib.import_module("hypothesis.configuration")
    configuration.set_hypothesis_home_dir(pathlib.Path(folder))
    kept = [getattr(module, name) for module, name, _ in changes]
    for module, name, value in changes:
        setattr(module, name, value)
    try:
        yield
    finally:
        configuration.set_hypothesis_home_dir(None)
        for (module, name, _), value in zip(changes, kept, strict=True):
            setattr(module, name, value)


def _write_as_the_application_does(app: App) -> None:
    """Let Schemathesis write bodies in the media types that the application reads, where it has no words of its own."""
    schemathesis: t.Any = importlib.import_module("schemathesis")
    transport: t.Any = importlib.import_module("schemathesis.transport.wsgi").WSGI_TRANSPORT
    marks = [mark for operation in app.operations for mark in operation.marks if isinstance(mark, ConsumesMark)]
    for media in {each.name: each for mark in marks for each in mark.media_types}.values():
        if transport.get_first_matching_media_type(media.name) is None:
            schemathesis.serializer(media.name)(functools.partial(_written, media))


def _written(media: MediaType, ctx: t.Any, value: t.Any) -> bytes:
    try:
        return media.dump(value)
    except (TypeError, ValueError, OverflowError):  # made to be wrong, and not to be written
        return repr(value).encode()


def _whole_forms(generate: cabc.Callable[[t.Any], t.Any]) -> cabc.Callable[[t.Any], t.Any]:
    """Give each required field beside such files a value of its schema; it is left empty else, and sent as valid."""

    def whole(body: t.Any) -> t.Any:
        found = generate(body)
        if found is None:
            return None
        values, content_types = found
        for name, value in values.items():
            if name not in content_types and not value:
                values[name] = made(body.form_properties.get(name, {}), {})
        return values, content_types

    return whole


def _judging_texts(get: cabc.Callable[..., t.Any], binary: type) -> cabc.Callable[..., t.Any]:
    """Give validators that take files for texts."""
    return lambda *arguments: _Judge(get(*arguments), binary)


class _Judge:
    """A validator of JSON values that takes files for texts."""

    def __init__(self, validator: t.Any, binary: type) -> None:
        self.validator = validator
        self.binary = binary

    def is_valid(self, value: t.Any) -> bool:
        return bool(self.validator.is_valid(self.plain(value)))

    def iter_errors(self, value: t.Any) -> t.Any:
        return self.validator.iter_errors(self.plain(value))

    def __getattr__(self, name: str) -> t.Any:
        return getattr(self.validator, name)

    def plain(self, value: t.Any) -> t.Any:
        if isinstance(value, (self.binary, bytes)):
            return ""
        if isinstance(value, dict):
            return {name: self.plain(member) for name, member in value.items()}
        return [self.plain(member) for member in value] if isinstance(value, list) else value
