"""The request as HTTP knows it.

Nothing here knows the current application; ``framework.wrappers`` adds what asks the context.
Floor 2.
"""

from __future__ import annotations

import re
import sys
import typing as t

from werkzeug.datastructures import ImmutableMultiDict, MultiDict
from werkzeug.exceptions import ClientDisconnected
from werkzeug.formparser import FormDataParser
from werkzeug.utils import cached_property
from werkzeug.wrappers import Request as _Request
from werkzeug.wsgi import LimitedStream

from ..errors import BadRequest
from ..issues import issue
from .multipart import FormParser, FormRules
from .reading import SHORT, BodyStream, check_encoding, declared_length, query_pairs
from .semantics import FORM_TYPES


class Request(_Request):
    """werkzeug's request, in which a body over the limit is never cut, see :attr:`stream`."""

    form_rules: FormRules | None = None
    """The rules for the parts of a form, where an operation declares them; set before the form is read."""

    max_query_parts: int | None = 1_000
    """The most values in the query string; more are a 400."""

    max_cookies: int | None = 1_000
    """The most cookies; more are a 400."""

    content_codings: tuple[str, ...] = ()
    """The content codings in which a body may be sent, for the 415 of one in another."""

    @cached_property
    def args(self) -> MultiDict[str, str]:
        """The values of the query string.

        :raises BadRequest: They are not UTF-8, or more than :attr:`max_query_parts`.
        """
        return self.parameter_storage_class(query_pairs(self.query_string, self.max_query_parts))

    @cached_property
    def cookies(self) -> ImmutableMultiDict[str, str]:
        """The cookies.

        :raises BadRequest: There are more than :attr:`max_cookies`.
        """
        limit = self.max_cookies
        if limit is not None and self.environ.get("HTTP_COOKIE", "").count(";") >= limit:
            raise BadRequest(issue("too_many.cookies", max=limit))
        return super().cookies

    def _load_form_data(self) -> None:
        if "form" not in self.__dict__ and self.mimetype in FORM_TYPES:
            check_encoding(self.environ, self.content_codings)
        super()._load_form_data()

    def make_form_data_parser(self) -> FormDataParser:
        """Return what reads the form: by :attr:`form_rules`, where there are any. A form that cannot be read is a
        400."""
        if self.form_data_parser_class is not FormDataParser:
            return super().make_form_data_parser()
        return FormParser(
            self.form_rules or FormRules(),
            stream_factory=self._get_file_stream,
            max_form_memory_size=self.max_form_memory_size,
            max_content_length=self.max_content_length,
            max_form_parts=self.max_form_parts,
            cls=self.parameter_storage_class,
        )

    @cached_property
    def stream(self) -> t.IO[bytes]:
        """The body, which ends where it says, under every server.

        A reader gets a 400 where the body is shorter than its ``Content-Length`` or its chunks cannot be read, and a
        413 beyond ``max_content_length``, also where the length is not announced.
        """
        stream = super().stream  # a 413 by the announced length
        length = declared_length(self.environ)
        source = t.cast(t.IO[bytes], BodyStream(self.environ["wsgi.input"]))
        if length is not None:
            # Also where the server ends the stream by itself: it then ends early when the client has left.
            return t.cast(t.IO[bytes], _Exactly(source, length))
        if isinstance(stream, LimitedStream):
            return t.cast(t.IO[bytes], _AtMost(source, stream.limit, is_max=True))
        if "wsgi.input_terminated" in self.environ:
            return t.cast(t.IO[bytes], _AtMost(source, sys.maxsize, is_max=True))
        return stream


_SPACE = re.compile("[ \t]")


def first_cookie(header: str, name: str) -> str | None:
    """Return the first cookie of a name, as werkzeug reads it.

    :param header: The value of ``Cookie``: ASCII without a quotation mark.
    """
    for part in header.split(";"):
        if name in part:
            key, _, value = part.partition("=")
            value = value.strip(" \t")
            if key.strip(" \t") == name and not _SPACE.search(name + value):
                return value
    return None


class _Exactly(LimitedStream):
    """A body of a known length."""

    def on_disconnect(self, error: Exception | None = None) -> None:
        raise ClientDisconnected(SHORT)


class _AtMost(LimitedStream):
    """A body of unknown length with a limit. Read in one go, werkzeug's own class returns the part within the limit."""

    def readall(self) -> bytes:
        text = super().readall()
        if self.is_exhausted and self._stream.read(1):
            self.on_exhausted()
        return text


def is_json_type(mimetype: str) -> bool:
    """Return whether a media type is JSON: ``application/json`` or ``application/*+json`` (RFC 6839, section 3.1).

    :param mimetype: In lower case, without parameters.
    """
    return mimetype == "application/json" or (mimetype.startswith("application/") and mimetype.endswith("+json"))
