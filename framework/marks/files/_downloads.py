"""``download``: answers that are files, whole or in ranges, and how they are described.

The handler returns where the file is; conditions and ranges of the request are answered here. Not here: the words of
HTTP for both (``http.conditional``, ``http.ranges``), how long caches may keep a file
(``marks.conditional._cache_control``). Floor 4."""

from __future__ import annotations

import collections.abc as cabc
import datetime as dt
import io
import os
import stat
import typing as t

import msgspec
from marshmallow import fields
from werkzeug.wrappers import Response as BaseResponse

from ...context import current
from ...errors import BadRequest, NotFound, PreconditionFailed, RequestedRangeNotSatisfiable, SetupError
from ...http.conditional import Tag, Verdict, digest, headers_for_304, parse_tag, read_conditions, to_http_date
from ...http.ranges import FileParts, RangePart, Span, content_range, disposition, is_current, multipart, parse_ranges
from ...http.response import PreparedResponse, Reply
from ...http.semantics import GETS
from ...texts import message
from ..base import Header, Outcome, Parameter, Plan, Record
from ..conditional import tags_field
from ..raises import error_outcome
from ..responses import ResponseMark, as_headers

if t.TYPE_CHECKING:
    from ...context import Context
    from ...wrappers import Response
    from ..responses import HeaderLike, OutcomeWriter

FileSource: t.TypeAlias = str | os.PathLike[str] | bytes | t.IO[bytes]
"""A file to send: a path, bytes, or a file open for bytes."""

OCTETS = "application/octet-stream"
BYTERANGES = "multipart/byteranges"
_TEXT = fields.String()


class Download(msgspec.Struct, frozen=True):
    """A file to send, and what to say of it.

    :param source: Its path, relative to :attr:`App.root_path`; its bytes; or a file open for bytes, which can seek and
        is closed when it has been sent. Never a path that a client gave.
    :param name: What it is saved as: any text, also one that a client gave. Default: the name of the path.
    :param content_type: Its media type. Default: the first that the mark names.
    :param inline: Whether a browser may show it. Default: as the mark says.
    :param etag: Its version. Default: made of size and time of the file on disk, or of the bytes.
    :param last_modified: Date of the last change. Default: the time of the file on disk.
    """

    source: FileSource
    name: str | None = None
    content_type: str | None = None
    inline: bool | None = None
    etag: str | None = None
    last_modified: dt.datetime | None = None


class _Opened(t.NamedTuple):
    """A file that can be sent."""

    file: t.IO[bytes]
    size: int
    tag: Tag | None
    modified: dt.datetime | None
    path: str | None


class DownloadMark(ResponseMark):
    """An answer that is a file; see :func:`download`."""

    def __init__(self, outcome: Outcome, content_types: tuple[str, ...], *, inline: bool) -> None:
        super().__init__(outcome)
        self.content_types = content_types
        self.inline = inline

    def __repr__(self) -> str:
        return f"download({', '.join(map(repr, self.content_types))})"

    def writer(self, plan: Plan) -> OutcomeWriter:
        is_safe = plan.method in GETS
        where = plan.called
        x_sendfile = bool(plan.config["USE_X_SENDFILE"])

        def send(status: int, value: FileSource | Download) -> Reply:
            ctx = current()
            given = value if isinstance(value, Download) else Download(value)
            opened = open_source(ctx, given, where)
            try:
                reply = self.reply(ctx, given, opened, is_safe=is_safe, x_sendfile=x_sendfile)
            except BaseException:
                opened.file.close()
                raise
            if not (isinstance(reply, BaseResponse) and isinstance(reply.response, FileParts)):
                opened.file.close()  # nothing of it is sent
            return reply

        return send

    def reply(self, ctx: Context, given: Download, opened: _Opened, *, is_safe: bool, x_sendfile: bool) -> Reply:
        """The answer for a request.

        :raises BadRequest: A condition is malformed.
        :raises PreconditionFailed: A condition does not hold.
        :raises RequestedRangeNotSatisfiable: Nothing of the ranges is there.
        """
        environ = ctx.request_environ
        content_type = given.content_type or self.content_types[0]
        headers = self.headers_of(given, opened, content_type)
        spans: list[Span] | None = None
        if is_safe:
            try:
                verdict = read_conditions(environ).judge(True, opened.tag, opened.modified)
            except ValueError as error:
                raise BadRequest(error.args[0]) from None
            if verdict is Verdict.FAILED:
                raise PreconditionFailed()
            if verdict is Verdict.NOT_MODIFIED:
                return PreparedResponse(304, headers_for_304(headers), b"")
            is_get = environ["REQUEST_METHOD"] == "GET"  # no other method knows ranges (RFC 9110, section 14.2)
            if is_get and is_current(environ.get("HTTP_IF_RANGE"), opened.tag, opened.modified):
                spans = parse_ranges(environ.get("HTTP_RANGE"), opened.size)
        response_class = ctx.app.response_class
        if x_sendfile and opened.path is not None:
            headers.append(("X-Sendfile", opened.path))
            return response_class(b"", 200, headers)
        if spans == []:
            raise RequestedRangeNotSatisfiable(opened.size)
        headers.append(("Accept-Ranges", "bytes" if is_safe else "none"))
        return self.body(response_class, headers, opened, spans, content_type, environ["REQUEST_METHOD"] == "HEAD")

    def headers_of(self, given: Download, opened: _Opened, content_type: str) -> list[tuple[str, str]]:
        """Return the headers that describe the file."""
        name = given.name if given.name is not None or opened.path is None else os.path.basename(opened.path)
        inline = self.inline if given.inline is None else given.inline
        headers = [
            ("Content-Type", content_type),
            ("Content-Disposition", disposition(name, inline=inline)),
            # Whatever it is: a browser must not take it for something else that runs scripts.
            ("X-Content-Type-Options", "nosniff"),
        ]
        if opened.tag is not None:
            headers.append(("ETag", str(opened.tag)))
        if opened.modified is not None:
            headers.append(("Last-Modified", to_http_date(opened.modified)))
        return headers

    @staticmethod
    def body(
        response_class: type[Response],
        headers: list[tuple[str, str]],
        opened: _Opened,
        spans: list[Span] | None,
        content_type: str,
        is_head: bool,
    ) -> Response:
        """The whole of a file, one part of it, or several."""
        status, behind = 200, b""
        parts = [RangePart(b"", (0, opened.size))]
        length = opened.size
        if spans is not None:
            status = 206
            if len(spans) == 1:
                parts = [RangePart(b"", spans[0])]
                length = spans[0][1] - spans[0][0]
                headers.append(("Content-Range", content_range(spans[0], opened.size)))
            else:
                media_type, parts, behind, length = multipart(spans, opened.size, content_type)
                headers[0] = ("Content-Type", media_type)
        headers.append(("Content-Length", str(length)))
        if is_head:
            return response_class((), status, headers)
        reply = response_class(FileParts(opened.file, parts, behind), status, headers, direct_passthrough=True)
        return reply

    def document(self, plan: Plan) -> cabc.Iterable[Record]:
        is_safe = plan.method in GETS
        said = [
            Header("Content-Disposition", _TEXT, message("headers.content_disposition"), required=True),
            Header("X-Content-Type-Options", _TEXT, message("headers.nosniff"), required=True),
        ]
        version = [
            Header("ETag", _TEXT, message("headers.etag.file")),
            Header("Last-Modified", _TEXT, message("headers.last_modified")),
        ]
        ranges = Header("Accept-Ranges", _TEXT, message("headers.accept_ranges"))
        whole = (*self.outcome.headers, *said, *version, ranges)
        for content_type in self.content_types:
            yield msgspec.structs.replace(self.outcome, media_type=content_type, headers=whole)
        yield error_outcome(NotFound)
        if not is_safe:
            return
        part = Header("Content-Range", _TEXT, message("headers.content_range"))
        for content_type in (*self.content_types, BYTERANGES):
            yield Outcome(
                206,
                description=message("responses.ranges"),
                headers=(*said, *version, ranges, part),
                media_type=content_type,
                is_binary=True,
            )
        yield Outcome(304, description=message("responses.not_modified"), headers=(version[0],))
        for cls in (BadRequest, PreconditionFailed, RequestedRangeNotSatisfiable):
            yield error_outcome(cls)
        yield Header("Content-Range", _TEXT, message("headers.content_range.size"), status=416)
        yield from _parameters()


def _parameters() -> cabc.Iterator[Parameter]:
    for name, text in (
        ("Range", message("parameters.range")),
        ("If-Range", message("parameters.if_range")),
        ("If-Modified-Since", message("parameters.if_modified_since")),
        ("If-Unmodified-Since", message("parameters.if_unmodified_since")),
    ):
        yield Parameter(name, "header", _TEXT, text, checked=True)
    text = message("parameters.if_match")
    yield Parameter("If-Match", "header", tags_field("*"), text, checked=True)
    text = message("parameters.if_none_match.read")
    yield Parameter("If-None-Match", "header", tags_field('"5d41402abc4b2a76b9719d911017c592"'), text, checked=True)


def open_source(ctx: Context, given: Download, where: str) -> _Opened:
    """Open what a handler returned.

    :raises NotFound: There is no such file.
    :raises TypeError: It is not a file.
    :raises ValueError: Its ETag is none.
    """
    source = given.source
    tag = None if given.etag is None else parse_tag(f'"{given.etag}"')
    if tag is None and given.etag is not None:
        raise ValueError(f"{where} gave the ETag {given.etag!r}, which is none. Give printable text without quotes.")
    modified = None if given.last_modified is None else whole_seconds(given.last_modified)
    if isinstance(source, (bytes, bytearray, memoryview)):
        content = bytes(source)
        return _Opened(io.BytesIO(content), len(content), tag or Tag(digest(content)), modified, None)
    if isinstance(source, (str, os.PathLike)):
        path = os.path.join(ctx.app.root_path, os.fspath(source))
        try:
            file = open(path, "rb")  # noqa: SIM115 - closed when it has been sent
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise NotFound(message("not_found.file")) from None
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            file.close()
            raise NotFound(message("not_found.file"))
        tag = tag or Tag(digest(f"{found.st_mtime_ns}-{found.st_size}".encode()))
        modified = modified or whole_seconds(dt.datetime.fromtimestamp(found.st_mtime, dt.UTC))
        return _Opened(file, found.st_size, tag, modified, path)
    if callable(getattr(source, "read", None)) and callable(getattr(source, "seek", None)):
        size = source.seek(0, os.SEEK_END)
        return _Opened(source, size, tag, modified, None)
    raise TypeError(
        f"{where} returned {source!r}, and declares a download. Return a path, bytes, a file open for bytes that can"
        " seek, or a Download of one of them."
    )


def whole_seconds(moment: dt.datetime) -> dt.datetime:
    """A time as HTTP says it: aware, in whole seconds, not in the future; a naive one is UTC."""
    aware = moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment
    return min(aware, dt.datetime.now(dt.UTC)).replace(microsecond=0)


def download(
    *content_types: str,
    inline: bool = False,
    description: str = "",
    headers: cabc.Mapping[str, HeaderLike] | None = None,
) -> DownloadMark:
    """Say that the operation answers with a file.

    The handler returns a path, bytes, a file open for bytes, or a :class:`Download`. The file is read while it is sent.
    ``ETag``, ``Last-Modified``, conditions, ``Range`` with one part or several, ``If-Range`` and HEAD are answered by
    RFC 9110. A file that is not there is 404.

    :param content_types: The media types that it may have. Default: ``application/octet-stream``.
    :param inline: Let browsers show the file, instead of saving it.
    :param description: Default: the phrase of the status.
    :param headers: Headers that the handler sets on this answer, name to field.
    :raises SetupError: A media type is none.
    """
    for each in content_types:
        if not isinstance(each, str) or "/" not in each or not each.isprintable():
            raise SetupError(f"download() takes media types, like 'application/pdf', and got {each!r}.")
    types = content_types or (OCTETS,)
    outcome = Outcome(200, None, description, as_headers(headers, 200), types[0], is_binary=True)
    return DownloadMark(outcome, types, inline=inline)
