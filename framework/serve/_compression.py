"""``compression``: answers in the content coding that the client prefers (RFC 9110, section 12.5.3).

An answer is encoded last of all: hooks, the session, the contract and kept answers see it as it was made.
Not here: the codings themselves, and compressed bodies of requests (``http.codings``).
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import functools
import re
import typing as t

from marshmallow import fields, validate
from werkzeug.http import parse_accept_header
from werkzeug.wsgi import get_host

from ..context import current
from ..errors import SetupError
from ..http.codings import CODINGS, Encoder, available, checked_codings, encode, encoder
from ..http.conditional import MAX_LENGTH
from ..http.csrf import is_own_page
from ..http.response import PreparedResponse, add_vary, body_of, header_of, header_pairs_of
from ..http.semantics import BODILESS, READS
from ..marks.base import Header, Mark, Phase, Plan, Record, Step, Steps
from ..marks.responses import ResponseMark
from ..teardown import close_parts
from ..texts import message

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.wrappers import Response as BaseResponse

    from ..context import Context
    from ..http.response import Reply
    from ..resources.operation import Operation

TYPES: t.Final = (
    *("application/json", "application/*+json", "application/jsonl", "application/x-ndjson", "application/json-seq"),
    *("text/*", "application/javascript", "application/xml", "application/*+xml", "image/svg+xml"),
    *("application/yaml", "application/x-yaml"),
)
"""The media types whose bodies are worth compressing."""

MINIMUM: t.Final = 1024
"""The bytes from which on a body is compressed: what is shorter fits into one packet either way."""

_LONGEST: t.Final = 1000
_MAX_OPERATIONS: t.Final = 10_000
_PARTIAL: t.Final = frozenset({*BODILESS, 206})
_SUFFIX: t.Final = re.compile(rf'((?:W/)?"[!#-~\x80-\xFF]*)-(?:{"|".join(CODINGS)})"')
# What describes the bytes as they are, or says that they are encoded already.
_OF_BYTES: t.Final = frozenset(
    {"content-encoding", "content-range", "content-digest", "repr-digest", "digest", "content-md5"}
)
_OF_BROWSERS: t.Final = ("basic", "digest", "negotiate", "ntlm")


class Hooked(t.Protocol):
    """A router or an application, as far as functions before its requests are concerned."""

    def before_request(self, f: cabc.Callable[[], None], /) -> object:
        """Call a function before each request."""


class CompressionMark(Mark):
    """Compression of answers; see :func:`compression`."""

    nearest_counts = True

    def __init__(self, codings: tuple[str, ...], minimum: int, types: tuple[str, ...], secrets: bool) -> None:
        self.codings = codings or available()
        self.documented = codings or CODINGS
        """The codings in the document, which does not depend on what is installed."""
        self.minimum = minimum
        self.types = types
        self.secrets = secrets
        self._takes = functools.lru_cache(maxsize=256)(functools.partial(is_among, types=types))
        self._choose = functools.lru_cache(maxsize=256)(functools.partial(choose, codings=self.codings))
        self._is_installed = self._is_decorator = False
        self._nearest: dict[Operation | None, bool] = {}
        self._sender = self._send

    def __repr__(self) -> str:
        return f"compression({', '.join(map(repr, self.codings))})"

    def __call__(self, target: t.Any) -> t.Any:
        self._is_decorator = True
        return super().__call__(target)

    def install(self, scaffold: Hooked) -> None:
        scaffold.before_request(lambda: self._begin(current()))
        self._is_installed = True

    def run(self, plan: Plan) -> Steps:
        if self._is_decorator or not self._is_installed:
            yield Step(Phase.PREFLIGHT, lambda ctx, call: self._begin(ctx))

    def document(self, plan: Plan) -> cabc.Iterable[Record]:
        coding = fields.String(validate=validate.OneOf(self.documented))
        declared = [mark.outcome for mark in plan.marks if isinstance(mark, ResponseMark)]
        whole = {each.status for each in declared if each.status not in _PARTIAL and self._takes(each.media_type)}
        for status in sorted(whole if declared else {200}):
            yield Header("Content-Encoding", coding, message("headers.content_encoding"), status=status)
            yield Header("Vary", fields.String(), message("headers.vary"), status=status)

    def _counts(self, operation: Operation | None) -> bool:
        """Return whether this is the nearest mark of an operation; where none serves, the innermost router's is."""
        # PERF: what is found out once costs 0.1 us, looking through the marks 1.
        known = self._nearest.get(operation)
        if known is None:
            marks = () if operation is None else operation.marks
            known = next((mark is self for mark in marks if isinstance(mark, CompressionMark)), True)
            if len(self._nearest) > _MAX_OPERATIONS:  # operations are made anew when a setting changes
                self._nearest.clear()
            self._nearest[operation] = known
        return known

    def _begin(self, ctx: Context) -> None:
        """Have the answer encoded, and let the conditions of the request name the tags of encoded answers."""
        if self._counts(ctx.operation):
            ctx.before_sending(self._sender)
            environ = ctx.request_environ
            if "HTTP_IF_NONE_MATCH" in environ or "HTTP_IF_MATCH" in environ:
                self._read_conditions(environ)

    def _read_conditions(self, environ: WSGIEnvironment) -> None:
        if "HTTP_IF_MATCH" in environ:
            add_tags(environ, "HTTP_IF_MATCH")
        if "HTTP_IF_NONE_MATCH" not in environ:
            return
        if environ["REQUEST_METHOD"] not in READS:
            add_tags(environ, "HTTP_IF_NONE_MATCH")
            return
        # In another coding than the one that would be sent now it is another representation.
        coding = self._wanted(environ)[0]
        if coding is not None:
            add_tags(environ, "HTTP_IF_NONE_MATCH", coding)

    def _wanted(self, environ: WSGIEnvironment) -> tuple[str | None, bool]:
        """Return the coding to send, and whether the answer may not be left as it is."""
        header = environ.get("HTTP_ACCEPT_ENCODING")
        return (None, False) if header is None or len(header) > _LONGEST else self._choose(header)

    def _send(self, ctx: Context, reply: Reply) -> Reply:
        """Encode an answer, where it is one that may be encoded."""
        environ, status = ctx.request_environ, reply.status_code
        if status == 304 and environ["REQUEST_METHOD"] in READS:
            self._name_kept(environ, reply)
        if status < 200 or status in _PARTIAL:
            return reply
        kind = header_of(reply, "Content-Type")
        if kind is None or not self._takes(kind):
            return reply
        coding, must = self._wanted(environ)
        body = body_of(reply)
        is_short = body is not None and (not body or (len(body) < self.minimum and not must))
        if not is_short and is_left_alone(reply):
            return reply
        add_vary(reply, ("Accept-Encoding",))
        if is_short or coding is None or (not self.secrets and is_exposed(ctx, reply)):
            return reply
        if body is None:
            encode_stream(t.cast("BaseResponse", reply), coding, small=kind.startswith("text/event-stream"))
        elif isinstance(reply, PreparedResponse):
            reply = PreparedResponse(status, list(header_pairs_of(reply)), encode(coding, body))
        else:
            t.cast("BaseResponse", reply).set_data(encode(coding, body))
        headers = reply.headers
        headers["Content-Encoding"] = coding
        tag = headers.get("ETag")
        if tag is not None and tag.startswith('"'):
            # A strong tag names bytes; a weak one is good for all codings (RFC 9110, section 8.8.3.3).
            headers["ETag"] = f'{tag[:-1]}-{coding}"'
        if "Accept-Ranges" in headers:
            headers["Accept-Ranges"] = "none"
        return reply

    def _name_kept(self, environ: WSGIEnvironment, reply: Reply) -> None:
        """Give a 304 the tag and ``Vary`` of the answer that the client has."""
        add_vary(reply, ("Accept-Encoding",))
        tag, coding = header_of(reply, "ETag"), self._wanted(environ)[0]
        if coding is not None and tag is not None and tag.startswith('"'):
            encoded = f'{tag[:-1]}-{coding}"'
            if encoded in environ.get("HTTP_IF_NONE_MATCH", ""):
                reply.headers["ETag"] = encoded


def compression(
    *codings: str,
    minimum: int = MINIMUM,
    types: cabc.Iterable[str] = TYPES,
    secrets: bool = False,
) -> CompressionMark:
    """Compress answers in the coding that the client prefers (RFC 9110, section 12.5.3).

    Give it to ``App(marks=[...])``, which covers errors and unknown paths, to a router, a class or a handler; the
    nearest counts. A client that accepts none of the codings gets the answer as it is, also where it forbids that.
    Streams are flushed after each part. Partial answers, those with ``Content-Encoding`` or a digest, and those with
    ``Cache-Control: no-transform`` are left as they are.

    :param codings: ``"zstd"``, ``"br"``, ``"gzip"``, the preferred first. Default: those that are installed.
    :param minimum: The bytes from which on a body is compressed.
    :param types: The media types that are: names, ``"text/*"``, ``"application/*+json"``.
    :param secrets: Whether answers are compressed that pages of other sites can ask for with the credentials of the
        user, so that their lengths may tell what is in them (BREACH). Default: with a cookie or HTTP authentication
        by the browser, answers to the application's own pages alone.
    :raises SetupError: A coding is unknown or not installed, or a value is not what it should be.
    """
    if codings and callable(codings[0]):
        raise SetupError("@compression lacks parentheses. Write @compression().")
    if isinstance(minimum, bool) or not isinstance(minimum, int) or minimum < 0:
        raise SetupError(f"compression got minimum={minimum!r}. Give a number of bytes.")
    listed = (types,) if isinstance(types, str) else tuple(types)
    for each in listed:
        if not isinstance(each, str) or each.count("/") != 1 or ";" in each:
            raise SetupError(f"compression got the media type {each!r}. Give names like 'text/csv' or 'text/*'.")
    chosen = checked_codings(codings, "compression")
    return CompressionMark(chosen, minimum, tuple(each.lower() for each in listed), secrets)


def is_among(header: str, types: cabc.Iterable[str]) -> bool:
    """Return whether a ``Content-Type`` is among media types and ranges of them."""
    kind = header.partition(";")[0].strip().lower()
    for each in types:
        before, star, behind = each.partition("*")
        if kind == each or (star and kind.startswith(before) and kind.endswith(behind)):
            return True
    return False


def choose(header: str, codings: cabc.Sequence[str]) -> tuple[str | None, bool]:
    """Choose by ``Accept-Encoding``.

    The coding with the highest weight, of several the first of ``codings``. An answer as it is counts as a coding of
    that weight which the client gives it by name, otherwise as the last choice.

    :return: The coding; ``None``: as it is. Whether the client forbids an answer as it is.
    """
    weights: dict[str, float] = {}
    for name, weight in parse_accept_header(header):
        name = name.strip().lower()
        weights.setdefault("gzip" if name == "x-gzip" else name, weight)
    rest = weights.get("*", 0)
    best = max(codings, key=lambda coding: weights.get(coding, rest), default=None)
    weight = 0 if best is None else weights.get(best, rest)
    if weight <= 0 or weights.get("identity", 0) > weight:
        return None, False
    return best, weights.get("identity", weights.get("*", 1)) == 0


def is_left_alone(reply: Reply) -> bool:
    """Return whether an answer is encoded already, only a part, described by a digest, or not to be transformed."""
    for name, value in header_pairs_of(reply):
        low = name.lower()
        if low in _OF_BYTES or (low == "cache-control" and "no-transform" in value.lower()):
            return True
    return False


def is_exposed(ctx: Context, reply: Reply) -> bool:
    """Return whether a page of another site can have had the browser ask for an answer with credentials of its user.

    Then what the page puts into the request and what only the user may read could be in one answer, and the length of
    the compressed answer tells the page, or who listens, what they have in common.
    """
    environ = ctx.request_environ
    scheme = environ.get("HTTP_AUTHORIZATION", "").partition(" ")[0].lower()
    if "HTTP_COOKIE" not in environ and scheme not in _OF_BROWSERS and header_of(reply, "Set-Cookie") is None:
        return False
    site, origin = environ.get("HTTP_SEC_FETCH_SITE"), environ.get("HTTP_ORIGIN")
    if site is None and origin is None:
        return True
    own = f"{environ['wsgi.url_scheme']}://{get_host(environ)}"
    trusted = {each.lower().rstrip("/") for each in ctx.app.config["CSRF_TRUSTED_ORIGINS"] or ()}
    return not is_own_page(site, origin, own, trusted)


def add_tags(environ: WSGIEnvironment, key: str, coding: str | None = None) -> None:
    """Add to a list of entity tags, for each tag of an encoded answer, the one of the answer as it was made.

    What was sent stays: an application may have tags that only look like those of encoded answers.

    :param coding: The only coding whose tags are meant; ``None``: any.
    """
    given = environ[key]
    if len(given) > MAX_LENGTH // 2:
        return
    added = [f'{each[1]}"' for each in _SUFFIX.finditer(given) if coding is None or each[0].endswith(f'-{coding}"')]
    if added:
        environ[key] = ", ".join((given, *added))


class EncodedParts(cabc.Iterator[bytes]):
    """The parts of a body, each encoded when it is sent.

    :param parts: The parts; closed with this.
    :param write: Encodes one.
    :param end: Returns the last bytes.
    """

    def __init__(
        self, parts: cabc.Iterable[bytes], write: cabc.Callable[[bytes], bytes], end: cabc.Callable[[], bytes]
    ) -> None:
        self._source = parts
        self._parts = iter(parts)
        self._write = write
        self._end: cabc.Callable[[], bytes] | None = end

    def __next__(self) -> bytes:
        if self._end is None:
            raise StopIteration
        try:
            part = next(self._parts)
        except StopIteration:
            end, self._end = self._end, None
            return end()
        return self._write(part) if part else b""

    def close(self) -> None:
        """Close the parts. No end is sent, so that the client knows that some are missing."""
        self._end = None
        close_parts(self._source)


def encode_stream(reply: BaseResponse, coding: str, *, small: bool) -> None:
    """Encode a body while it is sent. Each part is flushed, so that nothing waits; but for files, which are there.

    :param small: Whether it is open for long.
    """
    made: Encoder = encoder(coding, small=small)
    write = made.held if reply.direct_passthrough else made.flushed
    parts = t.cast("cabc.Iterable[bytes]", reply.response) if reply.direct_passthrough else Encodable(reply)
    reply.response = EncodedParts(parts, write, made.end)
    reply.direct_passthrough = False
    reply.headers.pop("Content-Length", None)


class Encodable(cabc.Iterator[bytes]):
    """The parts of a response as bytes, closed as the response closes them.

    :param reply: The response, whose own iterable is about to be replaced.
    """

    def __init__(self, reply: BaseResponse) -> None:
        self._source = reply.response
        self._parts = reply.iter_encoded()

    def __next__(self) -> bytes:
        return next(self._parts)

    def close(self) -> None:
        """Close what the parts come from."""
        close_parts(self._source)
