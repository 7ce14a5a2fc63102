"""The request as HTTP knows it.

Nothing here knows the current application; ``framework.wrappers`` adds what asks the context.
Floor 2: imports nothing of the package.
"""

from __future__ import annotations

import typing as t

from werkzeug.utils import cached_property
from werkzeug.wrappers import Request as _Request
from werkzeug.wsgi import LimitedStream


class Request(_Request):
    """werkzeug's request, with one thing changed: a body over the limit is never cut, see :attr:`stream`."""

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
