"""The request as HTTP knows it.

Nothing here knows the current application; ``framework.wrappers`` adds what asks the context.
Floor 2: imports ``http.multipart``.
"""

from __future__ import annotations

import typing as t

from werkzeug.formparser import FormDataParser
from werkzeug.utils import cached_property
from werkzeug.wrappers import Request as _Request
from werkzeug.wsgi import LimitedStream

from .multipart import FormParser, FormRules


class Request(_Request):
    """werkzeug's request, in which a body over the limit is never cut, see :attr:`stream`."""

    form_rules: FormRules | None = None
    """What the parts of a form may be, where an operation declares them; set before the form is read."""

    def make_form_data_parser(self) -> FormDataParser:
        """What reads the form: by :attr:`form_rules`, where there are any."""
        if self.form_rules is None or self.form_data_parser_class is not FormDataParser:
            return super().make_form_data_parser()
        return FormParser(
            self.form_rules,
            stream_factory=self._get_file_stream,
            max_form_memory_size=self.max_form_memory_size,
            max_content_length=self.max_content_length,
            max_form_parts=self.max_form_parts,
            cls=self.parameter_storage_class,
        )

    @cached_property
    def stream(self) -> t.IO[bytes]:
        """The body. Who reads beyond ``max_content_length`` gets a 413, also where the length is not announced."""
        stream = super().stream
        if isinstance(stream, LimitedStream) and "wsgi.input_terminated" in self.environ:
            return t.cast(t.IO[bytes], _AtMost(self.environ["wsgi.input"], stream.limit, is_max=True))
        return stream


class _AtMost(LimitedStream):
    """A body of unknown length with a limit. Read in one go, werkzeug's own class returns the part within the limit."""

    def readall(self) -> bytes:
        text = super().readall()
        if self.is_exhausted and self._stream.read(1):
            self.on_exhausted()
        return text


def is_json_type(mimetype: str) -> bool:
    """Whether a media type is JSON: ``application/json`` or ``application/*+json`` (RFC 6839, section 3.1).

    :param mimetype: In lower case, without parameters.
    """
    return mimetype == "application/json" or (mimetype.startswith("application/") and mimetype.endswith("+json"))
