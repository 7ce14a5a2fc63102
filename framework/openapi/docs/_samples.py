"""A request to an operation as text to paste: for curl, HTTPie, httpx in Python, and ``fetch`` in JavaScript.

Its values are the examples of the document; credentials are names in capitals to fill in. Not here: the line that
repeats a request that was made (``openapi.contract._blame``).
Floor 7.
"""

from __future__ import annotations

import base64
import collections.abc as cabc
import dataclasses
import itertools
import json
import mimetypes
import shlex
import typing as t
from urllib.parse import quote, urlencode

from ..._sentinel import MISSING
from ...http.semantics import MULTIPART, URL_ENCODED
from ...typing import JSONObject
from ..document import STREAMS
from ._values import file_names, has_example, made, text, texts

_USER, _PASSWORD = "USER", "PASSWORD"  # names to fill in
_VERBS: t.Final = frozenset(("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"))


class FormPart(t.NamedTuple):
    """A part of a multipart form: a text, a text as a file, or a file of the disk."""

    name: str
    value: str = ""
    filename: str = ""
    is_on_disk: bool = False


@dataclasses.dataclass(slots=True)
class SampleCall:
    """A request with example values."""

    method: str
    url: str
    """Without the query."""
    query: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    headers: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    cookies: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    is_basic: bool = False
    """True if it has a name and a password by HTTP Basic."""
    media_type: str = ""
    """The media type of the body; empty without one."""
    value: object = None
    """The body as a JSON value; for a form its members."""
    parts: list[FormPart] = dataclasses.field(default_factory=list)
    is_stream: bool = False
    """True if the response is a stream of events or lines."""

    @property
    def address(self) -> str:
        """The URL with the query."""
        return self.url + (f"?{urlencode(self.query)}" if self.query else "")

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The members of a URL-encoded form."""
        value = t.cast("dict[str, object]", self.value)
        pairs = [(name, each if isinstance(each, list) else [each]) for name, each in value.items()]
        return [(name, text(part)) for name, parts in pairs for part in parts]

    @property
    def kind(self) -> t.Literal["", "multipart", "form", "json", "text"]:
        """The form of the body."""
        if not self.media_type:
            return ""
        if self.media_type == MULTIPART and isinstance(self.value, dict):
            return "multipart"
        if self.media_type == URL_ENCODED and isinstance(self.value, dict):
            return "form"
        return "json" if self.media_type.endswith("json") else "text"

    @property
    def content(self) -> str:
        """The body as it is sent, where it is not multipart."""
        if self.kind == "form":
            return urlencode(self.pairs)
        return json.dumps(self.value, ensure_ascii=False) if self.kind == "json" else text(self.value)


def call_of(operation: JSONObject, method: str, path: str, root: str, document: JSONObject) -> SampleCall:
    """Return a request to an operation.

    :param operation: An Operation Object.
    :param path: Its template, ``/pets/{pet_id}``.
    :param root: The address of the application, with or without a ``/`` at the end.
    :param document: The whole document, for what is referred to.
    """
    components = document.get("components", {})
    schemas = components.get("schemas", {})
    call = SampleCall(method, "", is_stream=streams(operation))
    for parameter in operation.get("parameters", ()):
        if not parameter.get("required") and not has_example(parameter, schemas):
            continue
        values = texts(parameter, schemas)
        name = parameter["name"]
        if parameter["in"] == "path":
            path = path.replace(f"{{{name}}}", quote(values[0], safe=""))
        elif parameter["in"] == "query":
            call.query += [(name, value) for value in values]
        elif parameter["in"] == "querystring":
            value = body_value(next(iter(parameter.get("content", {}).values()), {}), schemas)
            members = value if isinstance(value, dict) else {}
            call.query += [(each, text(member)) for each, member in members.items()]
        elif parameter["in"] == "header":
            call.headers.append((name, ",".join(values)))
        else:
            call.cookies.append((name, ",".join(values)))
    call.url = root.rstrip("/") + path
    add_credentials(call, operation.get("security", ()), components.get("securitySchemes", {}))
    add_body(call, operation.get("requestBody", {}).get("content", {}), schemas)
    return call


def streams(operation: JSONObject) -> bool:
    """Return whether an operation answers with a stream."""
    return any(
        STREAMS & response.get("content", {}).keys()
        for status, response in operation.get("responses", {}).items()
        if status.startswith("2")
    )


def add_credentials(
    call: SampleCall, requirements: cabc.Sequence[JSONObject], schemes: cabc.Mapping[str, JSONObject]
) -> None:
    """Add the credentials of the first requirement; none where none are needed."""
    if not requirements or {} in requirements:
        return
    for name in requirements[0]:
        scheme = schemes.get(name, {})
        kind = scheme.get("type")
        example = scheme.get("x-example")
        if kind == "apiKey" and scheme["in"] == "query":
            call.query.append((scheme["name"], example or "KEY"))
        elif kind == "apiKey" and scheme["in"] == "cookie":
            call.cookies.append((scheme["name"], example or "KEY"))
        elif kind == "apiKey":
            call.headers.append((scheme["name"], example or "KEY"))
        elif kind in ("http", "oauth2", "openIdConnect") and example:
            call.headers.append(("Authorization", example))
        elif kind == "http" and scheme["scheme"].lower() == "basic":
            call.is_basic = True
        elif kind in ("http", "oauth2", "openIdConnect"):
            call.headers.append(("Authorization", f"{scheme.get('scheme', 'bearer').title()} TOKEN"))


def add_body(call: SampleCall, content: cabc.Mapping[str, JSONObject], schemas: cabc.Mapping[str, JSONObject]) -> None:
    """Add the body in its first media type."""
    if not content:
        return
    call.media_type, media = next(iter(content.items()))
    call.value = body_value(media, schemas)
    if call.kind == "multipart":
        call.parts = list(form_parts(t.cast(JSONObject, call.value), media, schemas))


def body_value(
    media: JSONObject,
    schemas: cabc.Mapping[str, JSONObject],
    make: cabc.Callable[[JSONObject, cabc.Mapping[str, JSONObject]], object] = made,
) -> object:
    """The example of a Media Type Object; where it has none, a value that its schema allows."""
    value = media.get("example", MISSING)
    if value is MISSING and media.get("examples"):
        value = example_value(next(iter(media["examples"].values())))
    return make(media.get("schema", {}), schemas) if value is MISSING else value


def example_value(example: JSONObject) -> object:
    """The value of an Example Object; 3.2 has it in another member."""
    return example.get("value", example.get("dataValue", MISSING))


def form_parts(value: JSONObject, media: JSONObject, schemas: cabc.Mapping[str, JSONObject]) -> cabc.Iterator[FormPart]:
    """The parts of a multipart form."""
    files, encoding = file_names(media.get("schema", {}), schemas), media.get("encoding", {})
    for name, each in value.items():
        for part in each if isinstance(each, list) else [each]:
            kind = encoding.get(name, {}).get("contentType", "text/plain").partition(",")[0]
            if name in files and not kind.startswith("text/"):
                # No text is such a file: one must be there.
                yield FormPart(name, "", f"{name}{mimetypes.guess_extension(kind) or ''}", is_on_disk=True)
            elif name in files:
                yield FormPart(name, text(part), f"{name}.txt")
            else:
                yield FormPart(name, text(part))


# The languages


def line(operation: JSONObject, method: str, path: str, root: str, document: JSONObject) -> str:
    """Return the call of curl for an operation in one line; parameters as in :func:`call_of`."""
    call = call_of(operation, method, path, root, document)
    return shlex.join(["curl", *itertools.chain.from_iterable(curl_words(call, call.content))])


def curl(call: SampleCall) -> str:
    """Return a call of curl for a POSIX shell."""
    content = json.dumps(call.value, ensure_ascii=False, indent=2) if call.kind == "json" else call.content
    return in_lines("curl", curl_words(call, content))


def curl_words(call: SampleCall, content: str) -> cabc.Iterator[list[str]]:
    """The words of curl, those that belong together in one list.

    :param content: The body.
    """
    yield [*{"GET": [], "HEAD": ["--head"]}.get(call.method, ["-X", call.method]), call.address]
    yield from (["-H", f"{name}: {value}"] for name, value in call.headers)
    yield from (["-b", f"{name}={value}"] for name, value in call.cookies)
    if call.is_basic:
        yield ["-u", f"{_USER}:{_PASSWORD}"]
    if call.kind == "multipart" and call.parts:
        for part in call.parts:
            if part.is_on_disk:
                yield ["-F", f"{part.name}=@{part.filename}"]
            elif part.filename:
                yield ["-F", f"{part.name}={part.value};filename={part.filename}"]
            else:
                yield ["--form-string", f"{part.name}={part.value}"]
    elif call.kind:
        yield ["-H", f"Content-Type: {call.media_type}"]
        if call.kind != "multipart":
            yield ["--data-raw", content]
    if call.is_stream:
        yield ["--no-buffer"]


def in_lines(program: str, groups: cabc.Iterable[cabc.Sequence[str]]) -> str:
    """Return the words of a command, one group a line."""
    first, *rest = [shlex.join(each) for each in groups]
    return " \\\n  ".join([f"{program} {first}", *rest])


def httpie(call: SampleCall) -> str:
    """Return a call of HTTPie for a POSIX shell."""
    options: list[str] = []
    items = [f"{name}:{value}" for name, value in call.headers]
    if call.cookies:
        items.append("Cookie:" + "; ".join(f"{name}={value}" for name, value in call.cookies))
    if call.is_basic:
        options += ["--auth", f"{_USER}:{_PASSWORD}"]
    if call.is_stream:
        options.append("--stream")
    body: list[str] = []
    if call.kind == "multipart" and call.parts:
        options.append("--multipart")
        # A text as a file has no word in HTTPie: it reads a file of the disk.
        items += [
            f"{item(part.name)}@{part.filename}" if part.filename else f"{item(part.name)}={part.value}"
            for part in call.parts
        ]
    elif call.kind == "form":
        options.append("--form")
        items += [f"{item(name)}={value}" for name, value in call.pairs]
    elif call.kind:
        items.append(f"Content-Type:{call.media_type}")
        is_json = call.kind == "json"
        content = json.dumps(call.value, ensure_ascii=False, indent=2) if is_json else call.content
        body = ["--raw", content] if call.kind != "multipart" else []
    method = [] if call.method == "GET" else [call.method]
    groups = [[*options, *method, call.address], *([each] for each in items), body]
    return in_lines("http", [each for each in groups if each])


def item(name: str) -> str:
    """The name of a member for HTTPie, its separators escaped."""
    return "".join(f"\\{each}" if each in ":=@;\\" else each for each in name)


def httpx(call: SampleCall) -> str:
    """Return a program in Python that uses httpx."""
    lines = [f"    {literal(call.url)},"]
    if call.query:
        unique = len(dict(call.query)) == len(call.query)
        lines.append(f"    params={literal(dict(call.query) if unique else call.query, 1)},")
    headers = dict(call.headers)
    if call.kind and not (call.kind == "multipart" and call.parts) and call.media_type != "application/json":
        headers["Content-Type"] = call.media_type
    if headers:
        lines.append(f"    headers={literal(headers, 1)},")
    if call.cookies:
        lines.append(f"    cookies={literal(dict(call.cookies), 1)},")
    if call.is_basic:
        lines.append(f'    auth=("{_USER}", "{_PASSWORD}"),')
    if call.kind == "multipart" and call.parts:
        lines.append("    files=[")
        lines += [f"        {httpx_part(part)}," for part in call.parts]
        lines.append("    ],")
    elif call.media_type == "application/json":
        lines.append(f"    json={literal(call.value, 1)},")
    elif call.kind == "form":
        lines.append(f"    data={literal(call.value, 1)},")
    elif call.kind and call.kind != "multipart":
        lines.append(f"    content={literal(call.content)},")
    if call.is_stream:
        lines = [f"    {literal(call.method)},", *lines]
        return (
            "import httpx\n\nwith httpx.stream(\n" + "\n".join(lines) + "\n) as response:\n"
            "    for line in response.iter_lines():\n        print(line)"
        )
    function = call.method.lower()
    if call.method not in _VERBS or (call.kind and call.method not in ("POST", "PUT", "PATCH")):
        function, lines = "request", [f"    {literal(call.method)},", *lines]
    arguments = lines[0].strip()[:-1] if len(lines) == 1 else "\n" + "\n".join(lines) + "\n"
    return f"import httpx\n\nresponse = httpx.{function}({arguments})\nprint(response.status_code, response.text)"


def httpx_part(part: FormPart) -> str:
    """The parameter ``files`` of httpx, for one part."""
    name = literal(part.name)
    if part.is_on_disk:
        return f'({name}, open({literal(part.filename)}, "rb"))'
    return f"({name}, ({literal(part.filename or None)}, {literal(part.value)}))"


def fetch(call: SampleCall) -> str:
    """Return a program in JavaScript that uses ``fetch``."""
    lines, before = [], []
    if call.method != "GET":
        lines.append(f"  method: {script(call.method)},")
    headers = dict(call.headers)
    if call.is_basic:
        headers["Authorization"] = "Basic " + base64.b64encode(f"{_USER}:{_PASSWORD}".encode()).decode()
    if call.cookies:
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in call.cookies)
    if call.kind and not (call.kind == "multipart" and call.parts):
        headers["Content-Type"] = call.media_type
    if headers:
        lines.append(f"  headers: {script(headers, 1)},")
    if call.kind == "multipart" and call.parts:
        before = ["const form = new FormData();", *map(fetch_part, call.parts), ""]
        lines.append("  body: form,")
    elif call.kind == "json":
        lines.append(f"  body: JSON.stringify({script(call.value, 1)}),")
    elif call.kind and call.kind != "multipart":
        lines.append(f"  body: {script(call.content)},")
    options = ", {\n" + "\n".join(lines) + "\n}" if lines else ""
    made = "\n".join([*before, f"const response = await fetch({script(call.address)}{options});"])
    if call.is_stream:
        return (
            f"{made}\nfor await (const text of response.body.pipeThrough(new TextDecoderStream())) {{\n"
            "  console.log(text);\n}"
        )
    return f"{made}\nconsole.log(response.status, await response.text());"


def fetch_part(part: FormPart) -> str:
    """The statement that adds a part to a form."""
    name = script(part.name)
    if part.is_on_disk:
        return f"form.append({name}, fileInput.files[0]); // {json.dumps(part.filename)}"
    if part.filename:
        return f"form.append({name}, new Blob([{script(part.value)}]), {script(part.filename)});"
    return f"form.append({name}, {script(part.value)});"


LANGUAGES: t.Final[cabc.Mapping[str, tuple[str, cabc.Callable[[SampleCall], str]]]] = {
    "curl": ("curl", curl),
    "httpie": ("HTTPie", httpie),
    "httpx": ("httpx", httpx),
    "fetch": ("fetch", fetch),
}
"""The languages of the samples: key, name, function."""


# Literals


def script(value: object, depth: int = 0) -> str:
    """Return a value as a literal of JavaScript, over several lines where it has members."""
    # JSON is JavaScript; the two separators that were not until 2019 are escaped.
    shown = json.dumps(value, ensure_ascii=False, indent=2 if isinstance(value, (dict, list)) and value else None)
    shown = shown.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return shown.replace("\n", "\n" + "  " * depth)


def literal(value: object, depth: int = 0) -> str:
    """Return a value as a literal of Python, over several lines where it has members."""
    inner, outer = "    " * (depth + 1), "    " * depth
    if isinstance(value, dict) and value:
        members = (f"{inner}{literal(name)}: {literal(each, depth + 1)},\n" for name, each in value.items())
        return "{\n" + "".join(members) + outer + "}"
    if isinstance(value, list) and value:
        return "[\n" + "".join(f"{inner}{literal(each, depth + 1)},\n" for each in value) + outer + "]"
    if isinstance(value, tuple):
        return f"({', '.join(literal(each) for each in value)})"
    if isinstance(value, str):
        shown = json.dumps(value, ensure_ascii=False)
        # Texts of JSON are those of Python, with a pair of surrogates where Python has one character: none is escaped.
        return shown if shown.isprintable() else ascii(value)
    return repr(value)
