"""A ``curl`` line for an operation of the document, with the examples of the document as its values.

Where there is no example a value is made that its schema allows, as far as a simple one does. Not here: the line that
repeats a request that was made (``openapi.contract._blame``).
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import json
import mimetypes
import re
import shlex
from urllib.parse import quote, urlencode

from ..._sentinel import MISSING
from ...http.semantics import MULTIPART, URL_ENCODED
from ...typing import JSONObject
from ..document import Composer, compose
from ..schema import DELIMITERS

_FORMATS = {
    "uuid": "00000000-0000-4000-8000-000000000000",
    "date": "2030-01-31",
    "date-time": "2030-01-31T12:00:00Z",
    "time": "12:00:00Z",
    "duration": "PT1M",
    "email": "user@example.org",
    "uri": "https://example.org/",
    "uri-reference": "/",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "hostname": "example.org",
}
_TEXTS = ("string", "a", "A", "1", "a1", "Aa", "2030-01-31", "12:00:00", "2030-01-31T12:00:00")


def line(operation: JSONObject, method: str, path: str, root: str, document: JSONObject) -> str:
    """Write the line for a POSIX shell.

    :param operation: An Operation Object.
    :param path: Its template, ``/pets/{pet_id}``.
    :param root: The address of the application, with or without a ``/`` at the end.
    :param document: The whole document, for what is referred to.
    """
    components = document.get("components", {})
    schemas = components.get("schemas", {})
    words: list[str] = []
    query: list[tuple[str, str]] = []
    for parameter in operation.get("parameters", ()):
        if not parameter.get("required") and not has_example(parameter, schemas):
            continue
        values = texts(parameter, schemas)
        name = parameter["name"]
        if parameter["in"] == "path":
            path = path.replace(f"{{{name}}}", quote(values[0], safe=""))
        elif parameter["in"] == "query":
            query += [(name, value) for value in values]
        elif parameter["in"] == "header":
            words += ["-H", f"{name}: {','.join(values)}"]
        else:
            words += ["-b", f"{name}={','.join(values)}"]
    words += credentials(operation.get("security", ()), components.get("securitySchemes", {}), query)
    words += body(operation.get("requestBody", {}).get("content", {}), schemas)
    address = root.rstrip("/") + path + (f"?{urlencode(query)}" if query else "")
    verb = {"GET": [], "HEAD": ["--head"]}.get(method, ["-X", method])
    return shlex.join(["curl", *verb, address, *words])


def has_example(parameter: JSONObject, schemas: cabc.Mapping[str, JSONObject]) -> bool:
    """Return whether an example is given."""
    return "example" in parameter or compose(parameter["schema"], schemas) is not MISSING


def texts(parameter: JSONObject, schemas: cabc.Mapping[str, JSONObject]) -> list[str]:
    """The value of a parameter as it is written, several where its name is repeated."""
    value = parameter["example"] if "example" in parameter else made(parameter["schema"], schemas)
    if not isinstance(value, list):
        return [text(value)]
    parts = [text(each) for each in value]
    if parameter["in"] == "query" and parameter.get("explode", True):
        return parts
    return [DELIMITERS.get(parameter.get("style", ""), ",").join(parts)]


def text(value: object) -> str:
    """A value in an address, a header or a form."""
    return value if isinstance(value, str) else json.dumps(value)


def credentials(
    requirements: cabc.Sequence[JSONObject], schemes: cabc.Mapping[str, JSONObject], query: list[tuple[str, str]]
) -> cabc.Iterator[str]:
    """The words of the first requirement, with names in capitals to fill in; none where none is needed."""
    if not requirements or {} in requirements:
        return
    for name in requirements[0]:
        scheme = schemes.get(name, {})
        kind = scheme.get("type")
        told = scheme.get("x-example")
        if kind == "apiKey" and scheme["in"] == "query":
            query.append((scheme["name"], told or "KEY"))
        elif kind == "apiKey" and scheme["in"] == "cookie":
            yield from ("-b", f"{scheme['name']}={told or 'KEY'}")
        elif kind == "apiKey":
            yield from ("-H", f"{scheme['name']}: {told or 'KEY'}")
        elif kind in ("http", "oauth2", "openIdConnect") and told:
            yield from ("-H", f"Authorization: {told}")
        elif kind == "http" and scheme["scheme"].lower() == "basic":
            yield from ("-u", "USER:PASSWORD")
        elif kind in ("http", "oauth2", "openIdConnect"):
            yield from ("-H", f"Authorization: {scheme.get('scheme', 'bearer').title()} TOKEN")


def body(content: cabc.Mapping[str, JSONObject], schemas: cabc.Mapping[str, JSONObject]) -> cabc.Iterator[str]:
    """The words that give the body in its first media type."""
    if not content:
        return
    media_type, media = next(iter(content.items()))
    value = media.get("example", MISSING)
    if value is MISSING and media.get("examples"):
        value = next(iter(media["examples"].values())).get("value", MISSING)
    if value is MISSING:
        value = made(media.get("schema", {}), schemas)
    if media_type == MULTIPART and isinstance(value, dict):
        files, encoding = file_names(media.get("schema", {}), schemas), media.get("encoding", {})
        for name, each in value.items():
            for part in each if isinstance(each, list) else [each]:
                kind = encoding.get(name, {}).get("contentType", "text/plain").partition(",")[0]
                if name in files and not kind.startswith("text/"):
                    # No text of a command line is such a file: one must be there.
                    yield from ("-F", f"{name}=@{name}{mimetypes.guess_extension(kind) or ''}")
                elif name in files:
                    yield from ("-F", f"{name}={text(part)};filename={name}.txt")
                else:
                    yield from ("--form-string", f"{name}={text(part)}")
        if not value:
            yield from ("-H", f"Content-Type: {media_type}")
        return
    yield from ("-H", f"Content-Type: {media_type}")
    if media_type == URL_ENCODED and isinstance(value, dict):
        pairs = [(name, each if isinstance(each, list) else [each]) for name, each in value.items()]
        yield from ("--data-raw", urlencode([(name, text(part)) for name, parts in pairs for part in parts]))
    elif media_type.endswith("json"):
        yield from ("--data-raw", json.dumps(value, ensure_ascii=False))
    else:
        yield from ("--data-raw", text(value))


def file_names(schema: JSONObject, schemas: cabc.Mapping[str, JSONObject]) -> set[str]:
    """The members of a form that are files."""
    schema = followed(schema, schemas)
    return {name for name, member in schema.get("properties", {}).items() if is_file(member.get("items", member))}


def is_file(schema: JSONObject) -> bool:
    """Return whether a schema stands for the content of a file, in either version of OpenAPI."""
    return schema.get("format") == "binary" or schema.get("contentMediaType") == "application/octet-stream"


def followed(schema: JSONObject, schemas: cabc.Mapping[str, JSONObject]) -> JSONObject:
    """The schema that a reference leads to."""
    while "$ref" in schema:
        schema = schemas.get(schema["$ref"].rpartition("/")[2], {})
    return schema


def made(schema: JSONObject, schemas: cabc.Mapping[str, JSONObject]) -> object:
    """Give a value for a schema: examples first, then what it says, then a simple one."""
    return _Maker(schemas).of(schema, 0)


class _Maker(Composer):
    """As its base, but what is required and has no example is made; what is not required needs an example."""

    def of(self, schema: JSONObject, depth: int) -> object:
        value = super().of(schema, depth)
        return simple(schema) if value is MISSING else value

    def by_type(self, schema: JSONObject, depth: int) -> object:
        if schema.get("allOf"):
            return self.of(flat(schema, self.components), depth + 1)
        kind = kind_of(schema)
        if kind == "array" and "prefixItems" in schema:
            return [self.of(each, depth + 1) for each in schema["prefixItems"]]
        if kind == "array" and not schema.get("minItems"):
            value = super().by_type({**schema, "type": "array"}, depth) if depth < 1 else []
            return value
        return super().by_type({**schema, "type": kind} if kind else schema, depth)

    def object(self, schema: JSONObject, depth: int) -> object:
        members = schema.get("properties", {})
        values: dict[str, object] = {}
        for name, member in members.items():
            required = name in schema.get("required", ())
            value = self.of(member, depth + 1) if required else compose(member, self.components)
            if value is not MISSING:
                values[name] = value
        for name, member in members.items():
            if len(values) >= schema.get("minProperties", 0):
                break
            values.setdefault(name, self.of(member, depth + 1))
        return values


def flat(schema: JSONObject, schemas: cabc.Mapping[str, JSONObject]) -> JSONObject:
    """One schema of all that a schema is composed of; of each word the last one counts, members add up."""
    found: JSONObject = {}
    properties: JSONObject = {}
    required: list[str] = []
    for part in (*(followed(each, schemas) for each in schema["allOf"]), schema):
        own = flat(part, schemas) if part is not schema and part.get("allOf") else part
        properties.update(own.get("properties", {}))
        required += own.get("required", ())
        found.update({word: value for word, value in own.items() if word != "allOf"})
    return {**found, "properties": properties, "required": required} if properties else found


def kind_of(schema: JSONObject) -> str | None:
    """The type of a value that is not null."""
    kinds = schema.get("type")
    if isinstance(kinds, list):
        return next((kind for kind in kinds if kind != "null"), "null")
    return kinds


def simple(schema: JSONObject) -> object:
    """A value of the schema's type, within its bounds."""
    kind = kind_of(schema)
    if kind in ("integer", "number"):
        return number(schema)
    if kind == "boolean":
        return True
    if kind == "array":
        return []
    if kind == "object":
        return {}
    if kind == "string":
        return string(schema)
    return None if kind == "null" else "string"


def number(schema: JSONObject) -> object:
    """A number between the bounds, one where it may be."""
    step = schema.get("multipleOf", 1)
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if above is not None and not isinstance(above, bool):
        low = above + step
    elif above and low is not None:
        low += step
    if below is not None and not isinstance(below, bool):
        high = below - step
    elif below and high is not None:
        high -= step
    value = 1 if low is None else max(1, low)
    return value if high is None else min(value, high)


def string(schema: JSONObject) -> str:
    """A text of an allowed length, of its format, and where a simple one does of its pattern."""
    least, most = schema.get("minLength", 0), schema.get("maxLength")
    candidates = [_FORMATS[schema["format"]]] if schema.get("format") in _FORMATS else []
    candidates += [(each * (least // len(each) + 1))[: max(least, len(each))] for each in _TEXTS]
    candidates = [each if most is None else each[:most] for each in candidates]
    pattern = schema.get("pattern")
    if pattern is None:
        return candidates[0]
    try:
        return next((each for each in candidates if re.search(pattern, each)), candidates[0])
    except re.error:  # a pattern of another dialect
        return candidates[0]
