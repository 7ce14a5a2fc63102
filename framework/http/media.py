"""Media types: how values become bytes and bytes values, and which of several a client would rather have.

JSON is built in. :class:`MessagePack` holds the same values in fewer bytes, :class:`CSV` holds tables. Others are
written the same way: see :class:`MediaType`.
Knows nothing of requests or schemas.
Floor 2.
"""

from __future__ import annotations

import collections.abc as cabc
import functools
import io
import typing as t

import msgspec
from werkzeug.http import parse_accept_header

from ..fast import json as fast_json
from ..fast.bounds import shown
from ..texts import message

MAX_ACCEPT = 2000
"""The longest ``Accept`` header that is looked at; a longer one counts as none."""


class MediaType(t.Protocol):
    """One way to write and read values.

    A value is what JSON can say: objects, lists, text, numbers, true, false and null.
    """

    name: str
    """``"application/msgpack"``, in lower case and without parameters."""
    is_text: bool
    """True if what it reads are texts, like those of a form, so that a schema reads numbers out of them. The document
    then calls the body text."""

    def dump(self, value: t.Any) -> bytes:
        """The bytes of a value.

        :raises TypeError: It has no words for it.
        :raises OverflowError: A number is too large for it. The answer is JSON then.
        """

    def load(self, data: bytes) -> t.Any:
        """The value of some bytes.

        :raises ValueError: They are none of this media type; its text goes to the client.
        """


class MessagePack:
    """MessagePack, by msgspec, for the values that JSON can say.

    :param name: The media type.
    """

    is_text = False

    def __init__(self, name: str = "application/msgpack") -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"MessagePack({self.name!r})"

    def dump(self, value: object) -> bytes:
        """The bytes of a value.

        :raises OverflowError: An integer has more than 64 bits.
        """
        return msgspec.msgpack.encode(value)

    def load(self, data: bytes) -> t.Any:
        """The value of some bytes. What JSON has not is refused: dates, binary data, keys that are no text, NaN.

        :raises ValueError: They are no MessagePack.
        """
        try:
            value = msgspec.msgpack.decode(data, strict=True)
        except (msgspec.DecodeError, RecursionError) as error:
            raise ValueError(str(error) or message("plain.depth")) from error
        check_plain(value)
        return value


class CSV:
    """Tables: a line with the names of the columns, then one line for each object (RFC 4180).

    A list or an object within a cell is JSON text, ``null`` is an empty cell. What is read are texts.

    :param delimiter: The character between the cells.
    :param escape_formulas: Whether text that a spreadsheet would take for a formula gets an apostrophe in front.
    :param max_cells: The most cells that are read, empty ones included; more are a 413.
    """

    name = "text/csv"
    is_text = True

    def __init__(self, delimiter: str = ",", *, escape_formulas: bool = True, max_cells: int = 100_000) -> None:
        self.delimiter = delimiter
        self.max_cells = max_cells
        self.escape_formulas = escape_formulas

    def __repr__(self) -> str:
        return f"CSV({self.delimiter!r})"

    def dump(self, value: t.Any) -> bytes:
        """The lines of a list of objects, or of one object.

        :raises TypeError: It is neither.
        """
        rows = value if isinstance(value, list) else [value]
        if not all(isinstance(row, dict) for row in rows):
            raise TypeError(f"CSV holds objects, and got {value!r}. Declare a schema, or take another media type.")
        import csv  # PERF: here and below, 1 ms that an import need not wait for

        columns = list(dict.fromkeys(name for row in rows for name in row))
        out = io.StringIO()
        writer = csv.writer(out, delimiter=self.delimiter, lineterminator="\r\n")
        if columns:
            writer.writerow([self._cell(name) for name in columns])
        writer.writerows([self._cell(row.get(name)) for name in columns] for row in rows)
        return out.getvalue().encode()

    def _cell(self, value: object) -> str:
        if value is None:
            return ""
        if isinstance(value, str):
            dangerous = self.escape_formulas and value[:1] in ("=", "+", "-", "@", "\t", "\r")
            return f"'{value}" if dangerous else value
        return fast_json.encode(value).decode()

    def load(self, data: bytes) -> list[dict[str, str]]:
        """The objects of the lines, texts by the names of the columns; an empty cell is left out.

        :raises TooManyMembers: There are more than ``max_cells``.
        :raises ValueError: A line has more cells than there are columns, a name comes twice, or it is no UTF-8.
        """
        import csv

        if sum(data.count(each) for each in (b"\n", b"\r", self.delimiter.encode())) > self.max_cells:
            raise fast_json.TooManyMembers(self.max_cells)
        try:
            text = io.StringIO(data.decode("utf-8-sig"), newline="")
            lines = csv.reader(text, delimiter=self.delimiter, strict=True)
            rows = [row for row in lines if row]
        except (csv.Error, UnicodeDecodeError) as error:
            raise ValueError(str(error)) from error
        if not rows:
            return []
        names, found = rows[0], []
        if len(set(names)) != len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise ValueError(message("csv.duplicate", name=shown(twice)))
        for number, row in enumerate(rows[1:], 2):
            if len(row) > len(names):
                raise ValueError(message("csv.cells", number=number, cells=len(row), columns=len(names)))
            found.append({name: cell for name, cell in zip(names, row, strict=False) if cell != ""})
        return found


def check_plain(value: object) -> None:
    """See that a value is one that JSON can say.

    :raises ValueError: Something in it is not.
    """
    level: list[object] = [value]
    while level:
        # PERF: by the kinds of a level, 1 MiB of nothing takes 15 ms; value by value 150.
        for kind in set(map(type, level)) - _PLAIN:
            if kind is float:
                wrong = next((each for each in level if type(each) is float and each - each != 0), None)
                if wrong is not None:  # an answer could not say it again
                    raise ValueError(message("plain.number", value=wrong))
            elif kind not in (dict, list):
                raise ValueError(message("plain.type", type=kind.__name__))
        inner: list[object] = []
        for each in level:
            if type(each) is dict:
                if not set(map(type, each)) <= _TEXT:
                    raise ValueError(message("plain.key"))
                inner.extend(each.values())
            elif type(each) is list:
                inner.extend(each)
        level = inner


_PLAIN = frozenset({str, bool, int, type(None)})
_TEXT = frozenset({str})


def depth_of(value: object) -> int:
    """Return how deep a plain value is nested: 0 for a text, 1 for a list of texts."""
    depth, level = 0, [value]
    while True:
        level = [
            inner
            for each in level
            if isinstance(each, (dict, list))
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return depth
        depth += 1


def chooser(names: cabc.Sequence[str]) -> cabc.Callable[[str | None], int | None]:
    """A function from the header ``Accept`` to the place of the media type to answer with (RFC 9110, section 12.5.1).

    For each media type the range that is most specific counts. Of several that are wanted as much the first is taken,
    and ``None`` means that none is wanted. Without the header the first is taken.

    :param names: What can be answered, the default first.
    """

    @functools.lru_cache(maxsize=256)
    def choose(header: str) -> int | None:
        ranges = [(each.partition(";")[0].strip().lower(), q) for each, q in parse_accept_header(header)]
        best, wanted = None, 0.0
        for place, name in enumerate(names):
            quality = quality_of(name, ranges)
            if quality > wanted:
                best, wanted = place, quality
        return best

    def of(header: str | None) -> int | None:
        if header is None or header == "*/*" or not header.strip() or len(header) > MAX_ACCEPT:
            return 0
        return choose(header)

    return of


def quality_of(name: str, ranges: cabc.Iterable[tuple[str, float]]) -> float:
    """Return how much a media type is wanted, from 0.0 to 1.0."""
    family = f"{name.partition('/')[0]}/*"
    found = {0: 0.0}
    for written, quality in ranges:
        specific = {name: 3, family: 2, "*/*": 1}.get(written)
        if specific is not None:
            found[specific] = max(quality, found.get(specific, 0.0))
    return found[max(found)]
