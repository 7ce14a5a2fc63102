"""Conditional requests: entity tags, the five headers that ask for them, and what they decide (RFC 9110, section 13).

Nothing here knows the current request or what a tag is made for; ``marks.conditional._etags`` does.
Floor 2.
"""

from __future__ import annotations

import collections.abc as cabc
import datetime as dt
import email.utils
import enum
import hashlib
import re
import types
import typing as t

from ..texts import message

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_TAG = r'(?:W/)?"[!#-~\x80-\xFF]*"'
TAGS_PATTERN = rf"(?:\*|(?:[ \t]*,)*[ \t]*{_TAG}(?:[ \t]*,(?:[ \t]*{_TAG})?)*[ \t]*)"
"""The syntax of ``If-Match`` and ``If-None-Match``: ``*``, or a list of tags in which elements may be empty."""

MAX_LENGTH = 262_144
"""The most characters of a list of tags; reading a megabyte of them takes 0.4 s."""

_WELL_FORMED = re.compile(TAGS_PATTERN)
_EACH_TAG = re.compile(r'(W/)?"([^"]*)"')

# RFC 9110, section 5.6.7: the form that is sent, and the two that must still be read.
_HTTP_DATE = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT"
    r"|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, \d\d-[A-Z][a-z]{2}-\d\d \d\d:\d\d:\d\d GMT"
    r"|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}",
    re.ASCII,
)
_CONDITIONS = frozenset({"HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_UNMODIFIED_SINCE"})
# RFC 9110, section 15.4.5: of what describes the representation a 304 repeats Cache-Control, Content-Location, Date,
# ETag, Expires and Vary, and no other.
_NOT_ON_304 = frozenset(
    {
        *("content-type", "content-length", "content-encoding", "content-language", "content-range"),
        *("content-disposition", "last-modified", "accept-ranges", "transfer-encoding"),
    }
)


class Tag(t.NamedTuple):
    """An entity tag (RFC 9110, section 8.8.3)."""

    text: str
    """The text between the quotes."""

    weak: bool = False

    def __str__(self) -> str:
        return f'W/"{self.text}"' if self.weak else f'"{self.text}"'


Tags: t.TypeAlias = frozenset[Tag] | None
"""The tags that a header lists; ``None`` for ``*``."""


def parse_tags(header: str, name: str = "If-Match") -> Tags:
    """Read ``If-Match`` or ``If-None-Match``.

    :param header: The value of the header.
    :param name: The name of the header, for the message.
    :return: The tags; ``None`` for ``*``.
    :raises ValueError: The header is malformed.
    """
    if len(header) > MAX_LENGTH:
        raise ValueError(message("bad_request.tags_length", name=name, max=MAX_LENGTH))
    if _WELL_FORMED.fullmatch(header) is None:
        raise ValueError(message("bad_request.tags", name=name))
    if header == "*":
        return None
    if header[0] == '"' and header.find('"', 1) == len(header) - 1:  # PERF: one strong tag, saves 0.8 us
        return frozenset((Tag(header[1:-1]),))
    return frozenset(Tag(found[2], bool(found[1])) for found in _EACH_TAG.finditer(header))


def parse_tag(header: str) -> Tag | None:
    """Read ``ETag``; ``None`` where it holds no entity tag."""
    found = _EACH_TAG.fullmatch(header.strip())
    return None if found is None or _WELL_FORMED.fullmatch(header.strip()) is None else Tag(found[2], bool(found[1]))


def parse_http_date(header: str) -> dt.datetime | None:
    """Read a date of HTTP; ``None`` for what is none, which recipients must ignore (RFC 9110, section 13.1.3)."""
    if _HTTP_DATE.fullmatch(header) is None:
        return None
    try:
        found = email.utils.parsedate_to_datetime(header)
    except ValueError:
        return None
    return found.replace(tzinfo=dt.UTC) if found.tzinfo is None else found


def to_http_date(moment: dt.datetime) -> str:
    """Write a date of HTTP.

    :param moment: With a time zone.
    """
    return email.utils.format_datetime(moment.astimezone(dt.UTC), usegmt=True)


def digest(*parts: bytes) -> str:
    """Text for a tag: 128 bits of a SHA-256 over the parts, in hexadecimal digits."""
    if len(parts) == 1:
        return hashlib.sha256(parts[0]).hexdigest()[:32]
    whole = hashlib.sha256()
    for part in parts:
        whole.update(b"%d:" % len(part))  # so that no two lists of parts are one text
        whole.update(part)
    return whole.hexdigest()[:32]


class Verdict(enum.Enum):
    """The decision of a request's conditions."""

    PROCEED = "proceed"
    NOT_MODIFIED = "not modified"
    """A 304: the client has the representation already."""
    FAILED = "failed"
    """A 412."""


class Conditions(t.NamedTuple):
    """The conditions of one request. ``...`` means a header that was not sent."""

    if_match: Tags | types.EllipsisType = ...
    if_none_match: Tags | types.EllipsisType = ...
    if_modified_since: dt.datetime | None = None
    if_unmodified_since: dt.datetime | None = None

    def judge(
        self,
        safe: bool,
        tag: Tag | None,
        modified: dt.datetime | None = None,
        *,
        exists: bool = True,
        same: cabc.Callable[[Tag, Tag], bool] | None = None,
    ) -> Verdict:
        """Evaluate in the order of RFC 9110, section 13.2.2.

        :param safe: Whether the method is GET or HEAD.
        :param tag: The tag of the current representation.
        :param modified: When it was last changed, in whole seconds; ``None`` where that is not known.
        :param exists: Whether there is a current representation.
        :param same: Whether a tag that the client sent means the same state as the other one, asked where a
            write is guarded. Default: whether their texts are the same.
        """
        same = same or _same_text
        if self.if_match is not ...:
            if not self._matches(self.if_match, tag, exists, lambda one, now: _strongly(one, now) and same(one, now)):
                return Verdict.FAILED
        elif self.if_unmodified_since is not None and modified is not None and modified > self.if_unmodified_since:
            return Verdict.FAILED
        if self.if_none_match is not ...:
            compare = _same_text if safe else same
            if self._matches(self.if_none_match, tag, exists, compare):
                return Verdict.NOT_MODIFIED if safe else Verdict.FAILED
        elif safe and self.if_modified_since is not None and modified is not None:
            return Verdict.NOT_MODIFIED if modified <= self.if_modified_since else Verdict.PROCEED
        return Verdict.PROCEED

    @staticmethod
    def _matches(sent: Tags, tag: Tag | None, exists: bool, compare: cabc.Callable[[Tag, Tag], bool]) -> bool:
        if not exists:
            return False
        if sent is None:
            return True
        return tag is not None and any(compare(mine, tag) for mine in sent)


def _same_text(one: Tag, other: Tag) -> bool:
    """The weak comparison (RFC 9110, section 8.8.3.2)."""
    return one.text == other.text


def _strongly(one: Tag, other: Tag) -> bool:
    """Return whether two tags of equal texts pass the strong comparison."""
    return not one.weak and not other.weak


NO_CONDITIONS: t.Final = Conditions()


def read_conditions(environ: WSGIEnvironment) -> Conditions:
    """The conditions that a request carries.

    :raises ValueError: ``If-Match`` or ``If-None-Match`` is malformed; the message says which.
    """
    if _CONDITIONS.isdisjoint(environ):
        return NO_CONDITIONS
    return Conditions(
        _read_tags(environ, "HTTP_IF_MATCH", "If-Match"),
        _read_tags(environ, "HTTP_IF_NONE_MATCH", "If-None-Match"),
        _read_date(environ, "HTTP_IF_MODIFIED_SINCE"),
        _read_date(environ, "HTTP_IF_UNMODIFIED_SINCE"),
    )


def _read_tags(environ: WSGIEnvironment, key: str, name: str) -> Tags | types.EllipsisType:
    header = environ.get(key)
    if header is None:
        return ...
    return parse_tags(header, name)


def _read_date(environ: WSGIEnvironment, key: str) -> dt.datetime | None:
    header = environ.get(key)
    return None if header is None else parse_http_date(header)


def headers_for_304(headers: cabc.Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The headers of a 200 that the 304 in its place repeats."""
    return [pair for pair in headers if pair[0].lower() not in _NOT_ON_304]
