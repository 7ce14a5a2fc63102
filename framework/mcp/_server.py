"""The route that agents call: ``server/discover``, ``tools/list`` and ``tools/call``.

Not here: the messages (``mcp._protocol``), the request within (``mcp._calls``).
Floor 7.
"""

from __future__ import annotations

import typing as t

from ..context import current
from ..errors import Forbidden, RequestEntityTooLarge, Unauthorized, UnsupportedMediaType
from ..fast import json as fast_json
from ..http.csrf import is_own_page
from ..http.reading import media_type
from ..marks.base import Call, Phase, Step
from ..marks.doc import doc
from ..marks.security import RequiresMark, ScopesMissing, public
from ..texts import message
from ._calls import Refused, call
from ._protocol import (
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    SERVER_INFO,
    VERSION,
    RPCError,
    RPCMessage,
    check_version,
    id_of,
    message_of,
    page_of,
    read,
    unsupported,
)
from ._tools import Tool, make_tools, ordered

if t.TYPE_CHECKING:
    import collections.abc as cabc

    from ..app import App
    from ..context import Context
    from ..resources.operation import Operation
    from ..typing import JSONObject
    from ..wrappers import Response

ENDPOINT: t.Final = "framework_mcp"
EXTENSION: t.Final = "framework.mcp"
PAGE: t.Final = 100
"""The most tools on a page of the list."""


class ToolServer:
    """The tools of an application, and the route that serves them at ``MCP_PATH``.

    :param app: The application.
    """

    def __init__(self, app: App) -> None:
        self._operations: tuple[Operation, ...] = ()
        self._tools: dict[str, Tool] = {}
        app.extensions[EXTENSION] = self

        def mcp() -> Response:
            return self.answer(current())

        app.add_url_rule(app.config["MCP_PATH"], ENDPOINT, public(doc(hidden=True)(mcp)), methods=["POST"])

    def tools(self, app: App) -> dict[str, Tool]:
        """Return the tools by name; made anew where a setting has made the operations anew.

        :raises SetupError: An operation cannot be one.
        """
        operations = app.operations
        if operations is not self._operations:
            self._tools = {each.name: each for each in ordered(make_tools(app).values())}
            self._operations = operations
        return self._tools

    def answer(self, ctx: Context) -> Response:
        """Answer a message.

        :raises Forbidden: A page of another origin has sent it.
        :raises UnsupportedMediaType: It is not JSON.
        :raises RequestEntityTooLarge: It is too long.
        """
        check_origin(ctx)
        if media_type(ctx.request_environ) != "application/json":
            raise UnsupportedMediaType()
        config = ctx.app.config
        most = config["MAX_JSON_LENGTH"]
        if most is not None:
            known = ctx.request.max_content_length
            ctx.request.max_content_length = most if known is None else min(most, known)
        body = ctx.request.get_data(cache=False)
        if most is not None and len(body) > most:
            raise RequestEntityTooLarge()
        value: object = None
        headers: list[tuple[str, str]] = []
        try:
            value = read(body, config["MAX_JSON_DEPTH"], config["MAX_JSON_MEMBERS"])
            received = message_of(value)
            if received.id is None:
                return ctx.app.response_class(status=202)
            if received.method == "initialize":
                asked = received.params.get("protocolVersion")
                raise unsupported(asked if isinstance(asked, str) else "")
            check_version(received, ctx.request_environ)
            content: JSONObject = {"result": self.result(ctx, received)}
            status = 200
        except RPCError as error:
            content, status = {"error": error.to_dict()}, error.status
        except Refused as refused:
            text = "The credentials are not enough." if refused.status == 403 else "Credentials are required."
            content = {"error": RPCError(INVALID_REQUEST, text, refused.problem).to_dict()}
            status, headers = refused.status, refused.challenges
        made = fast_json.encode({"jsonrpc": "2.0", "id": id_of(value), **content})
        answer = ctx.app.response_class(made, status=status, mimetype="application/json")
        answer.headers.extend([*headers, ("Cache-Control", "no-store")])
        return answer

    def result(self, ctx: Context, received: RPCMessage) -> JSONObject:
        """Return the result of a request.

        :raises RPCError: The method or its parameters are unknown.
        :raises Refused: The credentials are not enough.
        """
        if received.method == "server/discover":
            made = self.discover(ctx)
        elif received.method == "tools/list":
            made = self.listed(ctx, received.params.get("cursor"))
        elif received.method == "tools/call":
            made = self.called(ctx, received.params)
        else:
            raise RPCError(METHOD_NOT_FOUND, "Method not found")
        made.setdefault("_meta", {})[SERVER_INFO] = server_info(ctx.app)
        return made

    def discover(self, ctx: Context) -> JSONObject:
        """Return what the server can do."""
        made = cacheable({"supportedVersions": [VERSION], "capabilities": {"tools": {}}}, "public")
        instructions = ctx.app.config["API_DESCRIPTION"]
        return {**made, "instructions": str(instructions)} if instructions else made

    def listed(self, ctx: Context, cursor: object) -> JSONObject:
        """Return the tools that the client may call.

        :raises Refused: There are none without credentials.
        """
        known = self.tools(ctx.app)
        allowed, refusal = permitted(ctx, known.values())
        if known and not allowed and refusal is not None:
            problem = fast_json.decode(ctx.app.render_http_exception(refusal).to_response(ctx.app.response_class).data)
            raise Refused(401, [pair for pair in refusal.get_headers() if pair[0] == "WWW-Authenticate"], problem)
        names, following = page_of([each.name for each in allowed], cursor, PAGE)
        made = cacheable({"tools": [known[name].described for name in names]}, "private")
        return made if following is None else {**made, "nextCursor": following}

    def called(self, ctx: Context, params: JSONObject) -> JSONObject:
        """Call a tool.

        :raises RPCError: There is none of the name, or the parameters are invalid.
        """
        name, arguments = params.get("name"), params.get("arguments")
        found = self.tools(ctx.app).get(name) if isinstance(name, str) else None
        if found is None:
            raise RPCError(INVALID_PARAMS, "Unknown tool")
        if arguments is not None and not isinstance(arguments, dict):
            raise RPCError(INVALID_PARAMS, "'arguments' is not an object.")
        return call(ctx.app, ctx.request_environ, found, arguments or {}, ctx.app.config["MCP_MAX_RESULT"])


def check_origin(ctx: Context) -> None:
    """Refuse what pages of other origins make a browser send.

    :raises Forbidden: The origin is none of ``MCP_ORIGINS``.
    """
    environ = ctx.request_environ
    trusted = frozenset(origin.lower().rstrip("/") for origin in ctx.app.config["MCP_ORIGINS"] or ())
    own = ctx.request.host_url.rstrip("/")
    if not is_own_page(environ.get("HTTP_SEC_FETCH_SITE"), environ.get("HTTP_ORIGIN"), own, trusted):
        raise Forbidden(message("csrf_failed.origin"))


def permitted(ctx: Context, tools: cabc.Iterable[Tool]) -> tuple[list[Tool], Unauthorized | None]:
    """Return the tools that the credentials of a request are good for, and the error of one that they are not.

    Credentials are looked at once for all tools that ask for the same. Permissions for an object are not: there is no
    object yet.
    """
    decided: dict[tuple[object, ...], Exception | None] = {}
    allowed: list[Tool] = []
    refusal: Unauthorized | None = None
    for each in tools:
        marks = [mark for mark in each.operation.marks if isinstance(mark, RequiresMark)]
        key = (each.is_public, *((mark.schemes, mark.scopes, mark.optional) for mark in marks))
        if key not in decided:
            decided[key] = None if each.is_public else refused_by(ctx, each.operation)
        error = decided[key]
        if error is None:
            allowed.append(each)
        elif isinstance(error, Unauthorized):
            refusal = refusal or error
    return allowed, refusal


def refused_by(ctx: Context, operation: Operation) -> Exception | None:
    """Return the error by which an operation refuses the credentials of a request, or ``None``."""
    made = Call(operation, {}, len(operation.parameters) + len(operation.bodies), None)
    user, scheme = ctx.user, ctx.scheme
    try:
        for step in operation.steps:
            if isinstance(step, Step) and step.phase in (Phase.AUTHENTICATE, Phase.SCOPES):
                step.run(ctx, made)
    except (Unauthorized, ScopesMissing) as error:
        return error
    finally:
        ctx.user, ctx.scheme = user, scheme
    return None


def cacheable(result: JSONObject, scope: str) -> JSONObject:
    """Return a result with what the protocol says of keeping it: a minute, and only for this client where private."""
    return {"resultType": "complete", "cacheScope": scope, "ttlMs": 60_000 if scope == "public" else 0, **result}


def server_info(app: App) -> JSONObject:
    """Return the name and the version of the server."""
    return {"name": str(app.config["API_TITLE"] or app.name), "version": str(app.config["API_VERSION"] or "")}


def serve(app: App) -> None:
    """Add the routes of an application that has ``MCP_PATH``, ``OAUTH_RESOURCE`` or ``LLMS_PATH``, when it freezes."""
    if EXTENSION in app.extensions:
        return
    app.extensions[EXTENSION] = None
    if app.config["MCP_PATH"] is not None:
        ToolServer(app)
    if app.config["OAUTH_RESOURCE"] is not None:
        from ._metadata import serve_metadata

        serve_metadata(app)
    if app.config["LLMS_PATH"] is not None:
        from ._llms import serve_llms

        serve_llms(app)


def check(app: App) -> None:
    """Make the tools of an application. Called when its operations are made.

    :raises SetupError: An operation cannot be one.
    """
    if app.config["OAUTH_RESOURCE"] is not None:
        from ._metadata import check_metadata

        check_metadata(app)
    server: ToolServer | None = app.extensions[EXTENSION]
    if server is not None:
        server.tools(app)
