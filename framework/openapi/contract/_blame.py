"""Words for what breaks a contract: the request as a ``curl`` line, places in the source, declarations to paste.

Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import inspect
import json
import os
import re
import shlex
import sys
import traceback
import typing as t

import marshmallow as ma

from ...config import MASK, PACKAGE_DIRECTORY
from ...fields import AnyField
from ...findings import shown_path as shown_path
from ...http.semantics import MULTIPART, URL_ENCODED
from ..document import written_name

if t.TYPE_CHECKING:
    from types import CodeType

    from werkzeug.wrappers import Request

LONGEST_BODY = 2000
_SECRET = re.compile(r"authori[sz]ation|cookie|token|secret|passw(or)?d|api[-_]?key|credential|signature|session", re.I)
_NOT_SHOWN = frozenset({"host", "content-length", "user-agent", "connection", "accept-encoding"})


def is_secret(name: str) -> bool:
    """Return whether the value of a header, parameter or member of that name is a secret."""
    return _SECRET.search(name) is not None


def quoted(word: str) -> str:
    """Return a word for a shell, on one line whatever is in it: ``$'...'`` where it does not print as it is."""
    if word.isprintable():
        return shlex.quote(word)
    plain = word.replace("\\", "\\\\").replace("'", "\\'")
    return "$'" + "".join(char if char.isprintable() else escaped(char) for char in plain) + "'"


def escaped(char: str) -> str:
    """Return a character that does not print as ``bash`` reads it within ``$'...'``."""
    number = ord(char)
    if char == "\n":
        return "\\n"
    return f"\\x{number:02x}" if number < 0x80 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def curl_line(request: Request, body: bytes | None) -> str:
    """A request as a command for a shell, secrets replaced by ``***``.

    :param body: Its whole body; ``None`` when it is not known any more.
    """
    words = ["curl"]
    if request.method == "HEAD":
        words.append("--head")
    elif request.method != "GET":
        words += ["-X", request.method]
    words.append(masked_url(request))
    for name, value in request.headers.items():
        if name.lower() in _NOT_SHOWN:
            continue
        if is_secret(name):
            scheme, _, rest = value.partition(" ")
            value = f"{scheme} {MASK}" if rest and name.lower() == "authorization" else MASK
        words += ["-H", f"{name}: {value}"]
    if body:
        words += [
            "--data-raw" if request.mimetype != MULTIPART else "--data-binary",
            masked_body(request, body),
        ]
    return " ".join(map(quoted, words))


def masked_url(request: Request) -> str:
    """The address of a request, the values of secret parameters replaced."""
    url, mark, query = request.url.partition("?")
    pairs = [pair.partition("=") for pair in query.split("&")] if query else []
    return url + mark + "&".join(name + sign + (MASK if is_secret(name) else value) for name, sign, value in pairs)


def masked_body(request: Request, body: bytes) -> str:
    """The body of a request as text, the values of secret members replaced, cut when it is long."""
    text = body.decode("utf-8", "replace")
    if request.mimetype == MULTIPART:
        return f"<{len(body)} bytes of {MULTIPART}>"
    if request.mimetype == URL_ENCODED:
        pairs = [pair.partition("=") for pair in text.split("&")]
        text = "&".join(name + sign + (MASK if is_secret(name) else value) for name, sign, value in pairs)
    else:
        try:
            text = json.dumps(masked(json.loads(text)), ensure_ascii=False)
        except (ValueError, RecursionError):
            text = re.sub(r'("[^"]*"\s*:\s*)("(?:[^"\\]|\\.)*"?|[^\s,}\]]+)', _masked_pair, text)
    return text if len(text) <= LONGEST_BODY else f"{text[:LONGEST_BODY]}... ({len(body)} bytes)"


def _masked_pair(match: re.Match[str]) -> str:
    return match[1] + f'"{MASK}"' if is_secret(match[1]) else match[0]


def masked(value: object) -> object:
    """A JSON value with those of secret members replaced, at every depth."""
    if isinstance(value, dict):
        return {
            name: MASK if is_secret(name) and member is not None else masked(member) for name, member in value.items()
        }
    return [masked(member) for member in value] if isinstance(value, list) else value


# Places


def place_of(function: cabc.Callable[..., object]) -> str:
    """``Pet.get (shop/pets.py:41)``; the mere name where no source is known."""
    inner = inspect.unwrap(function)
    code = getattr(inner, "__code__", None)
    name = getattr(inner, "__qualname__", repr(inner)).replace("<locals>.", "")
    return name if code is None else f"{name} ({shown_path(code.co_filename)}:{code.co_firstlineno})"


def place_of_class(cls: type, member: str | None = None) -> str:
    """``PetSchema.age (shop/schemas.py:12)``: a class, or the line where a member of it is written."""
    found = source_of_class(cls, member)
    name = cls.__qualname__.replace("<locals>.", "") + (f".{member}" if member else "")
    return name if found is None else f"{name} ({shown_path(found[0])}:{found[1]})"


def source_of_class(cls: type, member: str | None = None) -> tuple[str, int] | None:
    """File and line of a class, or of a member in it or in a class that it inherits from.

    :return: ``None`` where no source is known.
    """
    for each in cls.__mro__ if member else (cls,):
        if each is object or (member and each.__module__.partition(".")[0] in ("marshmallow", "framework")):
            continue
        try:
            lines, first = inspect.getsourcelines(each)
            file = inspect.getsourcefile(each)
        except (OSError, TypeError):
            continue
        if file is None:
            continue
        if member is None:
            return file, first
        for number, line in enumerate(lines):
            if re.match(rf"\s+{re.escape(member)}\s*[:=]", line):
                return file, first + number
    return source_of_class(cls) if member else None


class Origin(t.NamedTuple):
    """The origin of an error."""

    file: str
    line: int
    codes: tuple[CodeType, ...]
    """The code of each function on the way, the outermost first."""


def origin_of(error: BaseException) -> Origin | None:
    """Find where an error was raised: the innermost line that is not the framework's own."""
    frames = list(traceback.walk_tb(error.__traceback__))
    if not frames:
        return None
    own = [each for each in frames if not is_ours(each[0].f_code.co_filename)] or frames
    frame, line = own[-1]
    codes = tuple(each.f_code for each, _ in frames)
    return Origin(frame.f_code.co_filename, line, codes)


def is_ours(file: str) -> bool:
    """Return whether a file belongs to the framework or to werkzeug, or was generated."""
    library = os.path.dirname(t.cast(str, sys.modules["werkzeug"].__file__))
    return file.startswith((PACKAGE_DIRECTORY, library + os.sep, "<"))


# Declarations


def name_of_schema(schema: ma.Schema) -> str:
    """Return how a schema is written in code, as far as it is known: ``PetSchema(many=True)``."""
    name = type(schema).__name__
    if name == "GeneratedSchema":
        name = "{...}"
        return name
    return f"{name}(many=True)" if schema.many else name


def field_for(value: object) -> str:
    """The field that would declare a value: ``fields.Integer()``."""
    if value is None:
        return "fields.Raw(allow_none=True)"
    if isinstance(value, bool):
        return "fields.Boolean()"
    if isinstance(value, int):
        return "fields.Integer()"
    if isinstance(value, float):
        return "fields.Float()"
    if isinstance(value, str):
        return "fields.String()"
    if isinstance(value, list):
        return f"fields.List({field_for(value[0]) if value else 'fields.Raw()'})"
    return "fields.Dict()" if isinstance(value, dict) else "fields.Raw()"


def header_field(value: str) -> str:
    """The field that would declare a header of that value."""
    return "fields.Integer()" if re.fullmatch(r"-?[0-9]+", value) else "fields.String()"


class SchemaLocation(t.NamedTuple):
    """A place in a body, in terms of schemas."""

    schema: ma.Schema
    field: str | None
    """The attribute of the schema class; ``None`` where the schema has none for it."""


def spot_of(schema: ma.Schema, at: cabc.Sequence[str | int]) -> SchemaLocation | None:
    """Find the schema class and the field that a place in a dumped body comes from."""
    path = [part for part in at if isinstance(part, str)]
    place: SchemaLocation | None = None
    for index, part in enumerate(path):
        name = next((name for name, field in schema.fields.items() if written_name(name, field) == part), None)
        place = SchemaLocation(schema, name)
        if name is None:
            return place if index == len(path) - 1 else None
        inner = inner_schema(schema.fields[name])
        if inner is None:
            return place
        schema = inner
    return place


def inner_schema(field: AnyField) -> ma.Schema | None:
    """The schema of a nested field, or of the members of a list or dict of such."""
    while True:
        if isinstance(field, ma.fields.Pluck):
            return None
        if isinstance(field, ma.fields.Nested):
            return field.schema
        inner = getattr(field, "inner", None) or getattr(field, "value_field", None)
        if inner is None:
            return None
        field = inner
