"""Read a ``multipart/form-data`` body part by part, each under a separate limit (RFC 7578).

Files go to disk while they arrive. What is refused is refused at once: the rest of the body is not read, and the files
that were made are closed. Not here: what the parts mean (``marks.inputs._multipart``).
Floor 2.
"""

from __future__ import annotations

import typing as t

from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.formparser import FormDataParser
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from ..errors import BadRequest, RequestEntityTooLarge
from ..fast.bounds import shown
from ..texts import message
from .reading import CHUNK, decoded_pairs
from .semantics import MULTIPART, URL_ENCODED

if t.TYPE_CHECKING:
    from werkzeug.sansio.multipart import Event

MAX_HEADERS = 16
"""The most headers of a part: RFC 7578 knows three."""


class FormRules:
    """The rules for the parts of a form."""

    def __init__(self) -> None:
        self.limits: dict[str, int | None] = {}
        """The most bytes that a part may have, by its name; ``None`` for as many as the body."""
        self.is_closed = False
        """True if parts of other names are refused anyway, so that their content need not be kept."""

    def keeps(self, name: str) -> bool:
        """Return whether the content of a part is wanted."""
        return not self.is_closed or name in self.limits


class FormParser(FormDataParser):
    """Parses forms by :class:`FormRules`. A form that cannot be read is refused, and never an empty form.

    :param rules: What the parts may be.
    :param options: As of the base.
    """

    def __init__(self, rules: FormRules, **options: t.Any) -> None:
        super().__init__(**options)
        self.rules = rules

    def parse(
        self, stream: t.IO[bytes], mimetype: str, content_length: int | None, options: dict[str, str] | None = None
    ) -> tuple[t.IO[bytes], MultiDict[str, str], MultiDict[str, FileStorage]]:
        """The fields and files of a body.

        :raises BadRequest: It is malformed.
        :raises RequestEntityTooLarge: A part is too long, or there are too many.
        """
        if mimetype == URL_ENCODED:
            return stream, self.cls(self._url_encoded(stream, content_length)), self.cls()
        if mimetype != MULTIPART:
            return super().parse(stream, mimetype, content_length, options)
        boundary = (options or {}).get("boundary")
        if not boundary:
            raise BadRequest(message("bad_request.form_boundary"))
        reading = _Reading(self, content_length)
        try:
            decoder = MultipartDecoder(
                boundary.encode("latin-1", "replace"), self.max_form_memory_size, max_parts=self.max_form_parts
            )
            reading.run(stream, decoder)
        except ValueError as error:
            reading.close()
            raise BadRequest(message("bad_request.form")) from error
        except BaseException:
            reading.close()
            raise
        return stream, self.cls(reading.fields), self.cls(reading.files)

    def _url_encoded(self, stream: t.IO[bytes], length: int | None) -> list[tuple[str, str]]:
        """The values of a URL-encoded form, which is read as a whole.

        :raises BadRequest: It is not UTF-8.
        :raises RequestEntityTooLarge: It is too long, or has too many values.
        """
        limit, parts = self.max_form_memory_size, self.max_form_parts
        pieces: list[bytes] = []
        size = 0
        while limit is None or max(size, length or 0) <= limit:
            piece = stream.read(CHUNK)
            if not piece:
                break
            pieces.append(piece)
            size += len(piece)
        else:
            raise RequestEntityTooLarge(message("request_entity_too_large.form", limit=limit))
        text = b"".join(pieces)
        if parts is not None and text.count(b"&") >= parts:
            raise RequestEntityTooLarge(message("request_entity_too_large.form_values", limit=parts))
        try:
            return decoded_pairs(text)
        except UnicodeDecodeError as error:
            raise BadRequest(message("bad_request.form_encoding")) from error


class _Reading:
    """One body while it is read.

    :param parser: Whose it is.
    :param length: How long it says to be.
    """

    def __init__(self, parser: FormParser, length: int | None) -> None:
        self.parser = parser
        self.length = length
        self.fields: list[tuple[str, str]] = []
        self.files: list[tuple[str, FileStorage]] = []
        self.part: Field | File | None = None
        self.pieces: list[bytes] = []
        self.target: t.IO[bytes] | None = None
        self.size = 0
        self.limit: int | None = None

    def run(self, stream: t.IO[bytes], decoder: MultipartDecoder) -> None:
        """Read to the end of the form.

        :raises ValueError: It is malformed.
        """
        while True:
            piece = stream.read(CHUNK)
            decoder.receive_data(piece or None)
            event = decoder.next_event()
            while not isinstance(event, NeedData):
                if isinstance(event, Epilogue):
                    return
                self.take(event)
                event = decoder.next_event()
            if not piece:
                raise ValueError("The body ends too early.")

    def take(self, event: Event) -> None:
        """One event of the decoder."""
        if isinstance(event, (Field, File)):
            self.begin(event)
        elif isinstance(event, Data):
            self.add(event.data)
            if not event.more_data:
                self.end()

    def begin(self, part: Field | File) -> None:
        """A part begins.

        :raises ValueError: It has no name, or too many headers.
        """
        if not isinstance(part.name, str):
            raise ValueError("A part has no name.")
        if len(part.headers) > MAX_HEADERS:
            raise ValueError("A part has too many headers.")
        rules = self.parser.rules
        self.part, self.size, self.pieces = part, 0, []
        self.limit = rules.limits.get(part.name)
        if isinstance(part, Field):
            memory = self.parser.max_form_memory_size
            self.limit = memory if self.limit is None else min(self.limit, memory or self.limit)
        elif rules.keeps(part.name):
            self.target = self.parser.stream_factory(
                total_content_length=self.length,
                content_type=part.headers.get("Content-Type"),
                filename=part.filename,
                content_length=None,
            )

    def add(self, data: bytes) -> None:
        """Keep a piece of the content of a part.

        :raises RequestEntityTooLarge: The part is longer than it may be.
        """
        self.size += len(data)
        part = t.cast("Field | File", self.part)
        if self.limit is not None and self.size > self.limit:
            name = shown(str(part.name))
            raise RequestEntityTooLarge(message("request_entity_too_large.part", name=name, limit=self.limit))
        if isinstance(part, Field):
            self.pieces.append(data)
        elif self.target is not None:
            self.target.write(data)

    def end(self) -> None:
        """A part is complete."""
        part = t.cast("Field | File", self.part)
        if isinstance(part, Field):
            self.fields.append((part.name, b"".join(self.pieces).decode()))
            return
        target, self.target = self.target, None
        if target is not None:
            target.seek(0)
        self.files.append((part.name, FileStorage(target, part.filename, part.name, headers=part.headers)))

    def close(self) -> None:
        """Close the files: no handler will get them."""
        if self.target is not None:
            self.target.close()
        for _, file in self.files:
            file.close()
