"""A call of a tool: its arguments become a request within this one, and the answer becomes the result.

The request within is one of the same client, with its credentials, and goes the whole road of the application: hooks,
marks, limits, log. Not here: what may be called (``mcp._tools``).
Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import io
import typing as t
from urllib.parse import parse_qsl, urlencode

from ..context import Context
from ..errors import APIError, BadRequest, NotFound
from ..fast import json as fast_json
from ..fast.bounds import shown
from ..fast.routing import VARIABLE
from ..marks.security import RequiresMark
from ..texts import message
from ..typing import JSONObject

if t.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from ..app import App
    from ._tools import Argument, Tool

_LEFT_OUT: t.Final = frozenset(
    {
        *(
            "CONTENT_LENGTH",
            "CONTENT_TYPE",
            "REQUEST_URI",
            "RAW_URI",
            "HTTP_TRANSFER_ENCODING",
            "HTTP_CONTENT_ENCODING",
        ),
        *("HTTP_ACCEPT", "HTTP_ACCEPT_ENCODING", "HTTP_RANGE", "HTTP_IF_RANGE", "HTTP_EXPECT", "HTTP_PREFER"),
        *("HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_UNMODIFIED_SINCE"),
        *("HTTP_CONTENT_DIGEST", "HTTP_CONTENT_MD5", "HTTP_UPGRADE", "HTTP_CONNECTION", "HTTP_LAST_EVENT_ID"),
        *("wsgi.file_wrapper", "framework.waits"),
    }
)
"""The keys of an environment that speak of the request of the agent, not of the one within."""
_SHOWN: t.Final = ("ETag", "Last-Modified", "Location", "X-Pagination", "Retry-After")
"""The headers that a model gets to read."""


class Refused(Exception):
    """A request within that the credentials of the client are not enough for, with its challenges."""

    def __init__(self, status: int, challenges: list[tuple[str, str]], problem: object) -> None:
        super().__init__(status)
        self.status = status
        self.challenges = challenges
        self.problem = problem


class Answered(t.NamedTuple):
    """The answer to a request within."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes | None
    """``None`` where it is longer than the limit."""

    def header(self, name: str) -> str | None:
        """Return the value of a header, or ``None``."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


def call(app: App, outer: WSGIEnvironment, tool: Tool, given: JSONObject, limit: int) -> JSONObject:
    """Call a tool.

    :param outer: The environment of the agent's request.
    :param given: The arguments.
    :param limit: The most bytes of an answer.
    :return: The CallToolResult of the protocol.
    :raises Refused: The credentials are not enough.
    """
    try:
        environ = environ_for(app, outer, tool, given)
    except APIError as error:
        return result_of_error(app, error)
    return result_of(app, run(app, environ, limit), limit)


def result_of_error(app: App, error: APIError) -> JSONObject:
    """Return the result for an error that no request within has given, in the shape of the application's errors."""
    body = app.render_http_exception(error).to_response(app.response_class).get_data()
    return result_of_text(body.decode(), fast_json.decode(body), is_error=True)


def environ_for(app: App, outer: WSGIEnvironment, tool: Tool, given: JSONObject) -> WSGIEnvironment:
    """Build the environment of the request within.

    :raises BadRequest: An argument is unknown, missing, or cannot be sent where it belongs.
    :raises NotFound: A value of the path leads to another operation.
    """
    values = taken(tool, given)
    path: dict[str, str] = {}
    query: list[tuple[str, str]] = []
    headers: dict[str, str] = {}
    members: JSONObject = {}
    body: object = None
    has_body = False
    for name, (argument, value) in values.items():
        if argument.location == "path":
            path[argument.name] = text_of(value)
        elif argument.location == "query":
            query += pairs(argument, value)
        elif argument.location == "header":
            headers["HTTP_" + argument.name.upper().replace("-", "_")] = header_of(name, argument, value)
        elif argument.location == "body":
            members[argument.name] = value
        else:
            body, has_body = value, True
    operation = tool.operation
    names = {
        name
        for mark in operation.marks
        if isinstance(mark, RequiresMark)
        for each in mark.schemes
        for name in each.query_names
    }
    if names:
        kept = parse_qsl(outer.get("QUERY_STRING", ""), keep_blank_values=True, max_num_fields=1000)
        query += [pair for pair in kept if pair[0] in names]
    environ = {key: value for key, value in outer.items() if not is_left_out(key)}
    sent = b""
    if tool.media_type and (has_body or members or any(each.location == "body" for each in tool.arguments.values())):
        sent = fast_json.encode(body if has_body else members)
        environ["CONTENT_TYPE"], environ["CONTENT_LENGTH"] = tool.media_type, str(len(sent))
    environ.update(headers)
    environ.update(
        {
            "REQUEST_METHOD": operation.method,
            "PATH_INFO": path_of(tool, path),
            "QUERY_STRING": urlencode(query),
            "HTTP_ACCEPT": "application/json",
            "wsgi.input": io.BytesIO(sent),
            "wsgi.input_terminated": True,
        }
    )
    check_operation(app, environ, tool)
    return environ


def is_left_out(key: str) -> bool:
    """Return whether a key of the agent's environment does not belong to the request within."""
    return key in _LEFT_OUT or key.startswith(("werkzeug.request", "HTTP_MCP_"))


def taken(tool: Tool, given: JSONObject) -> dict[str, tuple[Argument, object]]:
    """Return the arguments with their values, those that the mark decides included.

    :raises BadRequest: One is unknown, missing or too great.
    """
    unknown = [name for name in given if name not in tool.arguments]
    if unknown:
        raise BadRequest(message("mcp.unknown_argument", name=shown(unknown[0])))
    # The operation itself asks for headers: the agent's client may send them with all its requests.
    needed = [name for name, each in tool.arguments.items() if each.required and each.location != "header"]
    missing = [name for name in needed if name not in given]
    if missing:
        raise BadRequest(message("mcp.missing_argument", name=missing[0]))
    values: dict[str, tuple[Argument, object]] = dict(tool.fixed)
    for name, value in given.items():
        values[name] = tool.arguments[name], value
    for name, most in tool.most.items():
        value = values.setdefault(name, (tool.arguments[name], most))[1]
        if isinstance(value, (int, float)) and value > most:
            raise BadRequest(message("mcp.too_great", name=name, max=most))
    return {name: pair for name, pair in values.items() if pair[1] is not None or pair[0].location in ("body", "whole")}


def path_of(tool: Tool, values: dict[str, str]) -> str:
    """Return the path of an operation with its values, as ``PATH_INFO`` has it."""
    made = VARIABLE.sub(lambda found: values.get(found["name"], ""), tool.operation.rule.rule)
    return made.encode("utf-8", "replace").decode("latin-1")


def check_operation(app: App, environ: WSGIEnvironment, tool: Tool) -> None:
    """Make sure that a path leads to the operation of the tool, and to no other.

    :raises NotFound: It does not: a value has a slash, or is the path of another operation.
    """
    # Matched as the request within will be, since only what was marked may be called.
    ctx = Context(app, dict(environ))
    app.match_request(ctx)
    found = ctx.url_rule
    if found is not tool.operation.rule or ctx.operation is None or ctx.operation.method != tool.operation.method:
        raise NotFound()


def text_of(value: object) -> str:
    """Return a value as the text of a path, a query or a header."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or value is None or isinstance(value, (dict, list)):
        return fast_json.encode(value).decode()
    return str(value)


def pairs(argument: Argument, value: object) -> list[tuple[str, str]]:
    """Return the pairs of a query string for a value."""
    if not isinstance(value, list):
        return [(argument.name, text_of(value))]
    texts = [text_of(each) for each in value]
    return [(argument.name, ",".join(texts))] if argument.joined else [(argument.name, each) for each in texts]


def header_of(name: str, argument: Argument, value: object) -> str:
    """Return the value of a header.

    :raises BadRequest: It has characters that a header cannot have.
    """
    text = ", ".join(text_of(each) for each in value) if isinstance(value, list) else text_of(value)
    if not text.isascii() or not text.isprintable():
        raise BadRequest(message("mcp.header_text", name=name))
    return text


def run(app: App, environ: WSGIEnvironment, limit: int) -> Answered:
    """Send a request through the application, inside of the middleware that this one has passed.

    :param limit: The most bytes of its answer that are kept.
    """
    begun: list[tuple[str, list[tuple[str, str]]]] = []
    parts: list[bytes] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> object:
        begun.append((status, headers))
        return parts.append

    body = type(app).wsgi_app(app, environ, t.cast("StartResponse", start_response))
    size = 0
    try:
        for part in body:
            size += len(part)
            if size > limit:
                break
            parts.append(part)
    finally:
        close: cabc.Callable[[], object] | None = getattr(body, "close", None)
        if close is not None:
            close()
    status, headers = begun[-1]
    return Answered(int(status[:3]), headers, None if size > limit else b"".join(parts))


def result_of(app: App, answer: Answered, limit: int) -> JSONObject:
    """Return the result for an answer.

    :raises Refused: It is a 401, or a 403 that asks for more scopes.
    """
    is_json = "json" in (answer.header("Content-Type") or "")
    value: object = None
    if answer.body and is_json:
        value = fast_json.decode(answer.body, max_depth=500)
    challenges = [(key, text) for key, text in answer.headers if key.lower() == "www-authenticate"]
    if answer.status == 401 or (answer.status == 403 and any("insufficient_scope" in text for _, text in challenges)):
        raise Refused(answer.status, challenges, value)
    if answer.body is None:
        return result_of_error(app, BadRequest(message("mcp.too_long", status=answer.status, max=limit)))
    text = answer.body.decode("utf-8", "replace") if answer.body else str(answer.status)
    is_error = answer.status >= 300
    made = result_of_text(text, value, is_error=is_error, has_value=bool(answer.body) and is_json)
    headers = [f"{name}: {value}" for name in _SHOWN if (value := answer.header(name)) is not None]
    if headers:
        made["content"].append({"type": "text", "text": "\n".join(headers)})
    return made


def result_of_text(text: str, value: object, *, is_error: bool, has_value: bool | None = None) -> JSONObject:
    """Return a result with a text, and with a value where there is one."""
    made: JSONObject = {"resultType": "complete", "content": [{"type": "text", "text": text}], "isError": is_error}
    if value is not None if has_value is None else has_value:
        made["structuredContent"] = value
    return made
