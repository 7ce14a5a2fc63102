"""JSON that keeps the types JSON has no word for: tuples, bytes, markup, UUIDs and points in time.

A value of such a type is written as an object with one member, whose name is the tag: ``{" t": [1, 2]}``. Sessions
are written so. The text is the one that Flask writes, so cookies of either are read by both.
Not here: ``app.json``, which writes for clients and keeps no types (``json.provider``). :mod:`framework.json.tag` is a
door to this room.
Floor 2.
"""

from __future__ import annotations

import base64
import collections.abc as cabc
import dataclasses
import datetime as dt
import decimal
import json
import typing as t
import uuid

from markupsafe import Markup
from werkzeug.http import http_date, parse_date

from ..fields import format_date_time

__all__ = [
    "JSONTag",
    "PassDict",
    "PassList",
    "TagBytes",
    "TagDateTime",
    "TagDict",
    "TagMarkup",
    "TagTuple",
    "TagUUID",
    "TaggedJSONSerializer",
    "plain",
]


def plain(value: object) -> object:
    """Return the form in JSON of a value that the ``json`` module does not know.

    :param value: A datetime (written by RFC 3339, a naive one as UTC), date, decimal, UUID, dataclass or object with
        ``__html__``.
    :return: A string, or a dictionary for a dataclass.
    :raises TypeError: It is none of these.
    """
    if isinstance(value, dt.datetime):
        return format_date_time(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, (decimal.Decimal, uuid.UUID)):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if hasattr(value, "__html__"):
        return str(value.__html__())
    raise TypeError(
        f"Object of type {type(value).__name__} is not JSON serializable."
        " Convert it, dump it with a schema, or give the application a JSON provider that knows it."
    )


class JSONTag:
    """One type that the serializer keeps. Subclass it for a custom type, and register the class.

    :param serializer: The serializer that the tag works for; it tags what lies inside the value.
    """

    __slots__ = ("serializer",)

    key: str = ""
    """The tag; empty for a type that is written without one."""

    def __init__(self, serializer: TaggedJSONSerializer) -> None:
        self.serializer = serializer

    def check(self, value: t.Any) -> bool:
        """Return whether ``value`` is of this tag's type."""
        raise NotImplementedError

    def to_json(self, value: t.Any) -> t.Any:
        """Return ``value`` as JSON can hold it, tagged inside."""
        raise NotImplementedError

    def to_python(self, value: t.Any) -> t.Any:
        """The value again, from what :meth:`to_json` made; its inside is untagged already."""
        raise NotImplementedError

    def tag(self, value: t.Any) -> t.Any:
        """The value as it is written, tag and all."""
        return {self.key: self.to_json(value)}


class TagDict(JSONTag):
    """A dictionary that would be taken for a tag: one key, which is a tag's. The key gets a suffix."""

    __slots__ = ()
    key = " di"

    def check(self, value: object) -> bool:
        return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in self.serializer.tags

    def to_json(self, value: dict[str, object]) -> dict[str, object]:
        ((key, inner),) = value.items()
        return {f"{key}__": self.serializer.tag(inner)}

    def to_python(self, value: dict[str, object]) -> dict[str, object]:
        ((key, inner),) = value.items()
        return {key.removesuffix("__"): inner}


class PassDict(JSONTag):
    """Any other dictionary, of which only the values are tagged."""

    __slots__ = ()

    def check(self, value: object) -> bool:
        return isinstance(value, dict)

    def to_json(self, value: dict[str, object]) -> dict[str, object]:
        # JSON has string keys only, so there is nothing to tag in a key.
        return {key: self.serializer.tag(inner) for key, inner in value.items()}

    tag = to_json


class TagTuple(JSONTag):
    """A tuple."""

    __slots__ = ()
    key = " t"

    def check(self, value: object) -> bool:
        return isinstance(value, tuple)

    def to_json(self, value: cabc.Iterable[object]) -> list[object]:
        return [self.serializer.tag(item) for item in value]

    def to_python(self, value: list[object]) -> tuple[object, ...]:
        return tuple(value)


class PassList(JSONTag):
    """A list, of which only the items are tagged."""

    __slots__ = ()

    def check(self, value: object) -> bool:
        return isinstance(value, list)

    def to_json(self, value: cabc.Iterable[object]) -> list[object]:
        return [self.serializer.tag(item) for item in value]

    tag = to_json


class TagBytes(JSONTag):
    """Bytes, in base 64."""

    __slots__ = ()
    key = " b"

    def check(self, value: object) -> bool:
        return isinstance(value, bytes)

    def to_json(self, value: bytes) -> str:
        return base64.b64encode(value).decode("ascii")

    def to_python(self, value: str) -> bytes:
        return base64.b64decode(value)


class TagMarkup(JSONTag):
    """Text that is safe as HTML: anything with ``__html__``, read back as :class:`~markupsafe.Markup`."""

    __slots__ = ()
    key = " m"

    def check(self, value: object) -> bool:
        return callable(getattr(value, "__html__", None))

    def to_json(self, value: t.Any) -> str:
        return str(value.__html__())

    def to_python(self, value: str) -> Markup:
        return Markup(value)


class TagUUID(JSONTag):
    """A UUID, as 32 hexadecimal digits."""

    __slots__ = ()
    key = " u"

    def check(self, value: object) -> bool:
        return isinstance(value, uuid.UUID)

    def to_json(self, value: uuid.UUID) -> str:
        return value.hex

    def to_python(self, value: str) -> uuid.UUID:
        return uuid.UUID(value)


class TagDateTime(JSONTag):
    """A datetime, in whole seconds and read back in UTC (the form of HTTP, RFC 9110, section 5.6.7)."""

    __slots__ = ()
    key = " d"

    def check(self, value: object) -> bool:
        return isinstance(value, dt.datetime)

    def to_json(self, value: dt.datetime) -> str:
        return http_date(value)

    def to_python(self, value: str) -> dt.datetime | None:
        return parse_date(value)


# PERF: a coder for each text took longer than most texts.
_ENCODER: t.Final = json.JSONEncoder(separators=(",", ":"), default=plain)


class TaggedJSONSerializer:
    """Write and read JSON with tags. Meets what itsdangerous asks of a serializer: ``dumps`` and ``loads``."""

    __slots__ = ("_decoder", "_scan", "order", "tags")

    default_tags: t.ClassVar[list[type[JSONTag]]] = [
        TagDict,
        PassDict,
        TagTuple,
        PassList,
        TagBytes,
        TagMarkup,
        TagUUID,
        TagDateTime,
    ]
    """The tags that a new serializer knows. The order counts: the first tag whose ``check`` is true takes the value."""

    def __init__(self) -> None:
        self.tags: dict[str, JSONTag] = {}
        self.order: list[JSONTag] = []
        # The hook runs for the innermost object first, which is the order in which tags open.
        self._decoder = json.JSONDecoder(object_hook=self.untag)
        self._scan: cabc.Callable[[str, int], tuple[object, int]] = vars(self._decoder)["scan_once"]
        for tag_class in self.default_tags:
            self.register(tag_class)

    def register(self, tag_class: type[JSONTag], force: bool = False, index: int | None = None) -> None:
        """Add a tag.

        :param tag_class: A subclass of :class:`JSONTag`.
        :param force: Replace a tag with the same key.
        :param index: Its place among the tags; one for a subclass of a type that has a tag must come before
            that. Default: at the end.
        :raises KeyError: The key is taken and ``force`` is not given.
        """
        tag = tag_class(self)
        if tag.key:
            if not force and tag.key in self.tags:
                raise KeyError(f"Tag {tag.key!r} is already registered. Give another key, or force=True to replace it.")
            self.tags[tag.key] = tag
        self.order.insert(len(self.order) if index is None else index, tag)

    def tag(self, value: object) -> t.Any:
        """Return ``value`` as JSON can hold it: tags in place of what it cannot."""
        for tag in self.order:
            if tag.check(value):
                return tag.tag(value)
        return value

    def untag(self, value: dict[str, object]) -> t.Any:
        """The value behind a tagged object; the object itself when it is not a tag."""
        if len(value) != 1:
            return value
        ((key, inner),) = value.items()
        tag = self.tags.get(key)
        return value if tag is None else tag.to_python(inner)

    def dumps(self, value: object) -> str:
        """Write a value as tagged JSON text, without spaces.

        :raises TypeError: It holds a type that has neither a tag nor a form in :func:`plain`.
        """
        # PERF: the values of most sessions are text and numbers, and ten functions say so for each.
        is_plain = (
            type(value) is dict
            and _UNTAGGED.issuperset(map(type, value.values()))
            and (len(value) != 1 or next(iter(value)) not in self.tags)
            and list(map(type, self.order)) == _KNOWN
            and type(self) is TaggedJSONSerializer
        )
        return _ENCODER.encode(value if is_plain else self.tag(value))

    def loads(self, value: str | bytes) -> t.Any:
        """Read tagged JSON text."""
        if isinstance(value, bytes):
            value = value.decode(json.detect_encoding(value), "surrogatepass")
        try:
            # PERF: all that decode does where nothing stands around the value.
            found, end = self._scan(value, 0)
        except StopIteration:
            end = -1
        return found if end == len(value) else self._decoder.decode(value)


_UNTAGGED: t.Final = frozenset({str, int, float, bool, type(None)})
"""The types that no tag of the framework takes."""
_KNOWN: t.Final = list(TaggedJSONSerializer.default_tags)
