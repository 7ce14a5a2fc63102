"""The messages of the Model Context Protocol, version 2026-07-28: JSON-RPC 2.0, one message in a request.

Each request says itself all that the server has to know: there is no handshake and no session.
Floor 7.
"""

from __future__ import annotations

import base64
import binascii
import re
import typing as t

from ..fast import json as fast_json
from ..fast.json import JSONError
from ..typing import JSONObject

if t.TYPE_CHECKING:
    import collections.abc as cabc

    from _typeshed.wsgi import WSGIEnvironment

VERSION: t.Final = "2026-07-28"
SERVER_INFO: t.Final = "io.modelcontextprotocol/serverInfo"
_VERSION_KEY: t.Final = "io.modelcontextprotocol/protocolVersion"
_CAPABILITIES_KEY: t.Final = "io.modelcontextprotocol/clientCapabilities"
_ENCODED: t.Final = re.compile(r"=\?base64\?(.*)\?=")

PARSE_ERROR: t.Final = -32700
INVALID_REQUEST: t.Final = -32600
METHOD_NOT_FOUND: t.Final = -32601
INVALID_PARAMS: t.Final = -32602
HEADER_MISMATCH: t.Final = -32020
UNSUPPORTED_VERSION: t.Final = -32022


class RPCError(Exception):
    """An error of the protocol.

    :param code: Its number.
    :param text: What is wrong, in English: the protocol has no other language.
    :param data: More on it.
    :param status: The status of the answer. Default: by the code.
    """

    def __init__(self, code: int, text: str, data: object = None, status: int | None = None) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.data = data
        self.status = status or (404 if code == METHOD_NOT_FOUND else 400)

    def to_dict(self) -> JSONObject:
        """Return the Error object of JSON-RPC."""
        made: JSONObject = {"code": self.code, "message": self.text}
        return made if self.data is None else {**made, "data": self.data}


class RPCMessage(t.NamedTuple):
    """One message."""

    id: str | int | None
    """``None`` for a notification."""
    method: str
    params: JSONObject


def read(body: bytes, max_depth: int, max_members: int | None) -> object:
    """Read the JSON of a message.

    :raises RPCError: It is not JSON, or is nested too deep.
    """
    try:
        value: object = fast_json.decode(body, max_depth=max_depth, max_members=max_members)
    except JSONError as error:
        raise RPCError(PARSE_ERROR, f"Invalid JSON: {error}") from None
    return value


def id_of(value: object) -> str | int | None:
    """Return the id of a message that may be invalid otherwise."""
    found = value.get("id") if isinstance(value, dict) else None
    return found if isinstance(found, (str, int)) and not isinstance(found, bool) else None


def message_of(value: object) -> RPCMessage:
    """Return a message of JSON-RPC.

    :raises RPCError: It is a batch, a response or none.
    """
    if isinstance(value, list):
        raise RPCError(INVALID_REQUEST, "Send one message in a request: batches are not supported.")
    if not isinstance(value, dict) or value.get("jsonrpc") != "2.0":
        raise RPCError(INVALID_REQUEST, "Invalid message. Send an object with 'jsonrpc': '2.0'.")
    method, params = value.get("method"), value.get("params", {})
    if not isinstance(method, str):
        raise RPCError(INVALID_REQUEST, "Invalid message: 'method' is not a text.")
    if not isinstance(params, dict):
        raise RPCError(INVALID_PARAMS if id_of(value) is not None else INVALID_REQUEST, "'params' is not an object.")
    if "id" in value and id_of(value) is None:
        raise RPCError(INVALID_REQUEST, "Invalid message: 'id' is neither a text nor an integer.")
    return RPCMessage(id_of(value), method, params)


def check_version(message: RPCMessage, environ: WSGIEnvironment) -> None:
    """Check what a message says of itself, and that the headers say the same.

    :raises RPCError: They do not, or it is of another version.
    """
    meta = message.params.get("_meta")
    header = environ.get("HTTP_MCP_PROTOCOL_VERSION")
    if not isinstance(meta, dict) or _VERSION_KEY not in meta:
        if header != VERSION:  # a client of an older version says it elsewhere
            older = message.params.get("protocolVersion")
            raise unsupported(header or (older if isinstance(older, str) else ""))
        raise RPCError(INVALID_PARAMS, f"'_meta' lacks {_VERSION_KEY!r}.")
    if _CAPABILITIES_KEY not in meta:
        raise RPCError(INVALID_PARAMS, f"'_meta' lacks {_CAPABILITIES_KEY!r}.")
    version = meta[_VERSION_KEY]
    if not isinstance(version, str):
        raise RPCError(INVALID_PARAMS, f"{_VERSION_KEY!r} is not a text.")
    named = message.params.get("name") if message.method == "tools/call" else None
    expected = {"MCP-Protocol-Version": version, "Mcp-Method": message.method}
    if isinstance(named, str):
        expected["Mcp-Name"] = named
    for name, value in expected.items():
        if decoded(environ.get("HTTP_" + name.upper().replace("-", "_"))) != value:
            raise RPCError(HEADER_MISMATCH, f"The header {name} is missing, or differs from the body.")
    if version != VERSION:
        raise unsupported(version)


def unsupported(version: str) -> RPCError:
    """The error for another version of the protocol."""
    data = {"supported": [VERSION], "requested": version[:100]}
    return RPCError(UNSUPPORTED_VERSION, "Unsupported protocol version", data)


def decoded(value: str | None) -> str | None:
    """Return the text of a header that may be written in base64; ``None`` where it cannot be read."""
    found = None if value is None else _ENCODED.fullmatch(value)
    if found is None:
        return value
    try:
        return base64.b64decode(found[1], validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None


def page_of(names: cabc.Sequence[str], cursor: object, size: int) -> tuple[cabc.Sequence[str], str | None]:
    """Return the names of a page, and the cursor of the next one.

    :param cursor: The last name of the page before, in base64; ``None`` for the first page.
    :raises RPCError: It is none.
    """
    start = 0
    if cursor is not None:
        try:
            if not isinstance(cursor, str) or not cursor:
                raise ValueError
            last = base64.b64decode(cursor.encode("ascii"), b"-_", validate=True).decode()
        except ValueError:
            raise RPCError(INVALID_PARAMS, "Invalid cursor.") from None
        # Counted from the name, which may be gone meanwhile.
        start = sum(1 for name in names if name <= last)
    page = names[start : start + size]
    has_more = start + size < len(names)
    return page, base64.urlsafe_b64encode(page[-1].encode()).decode() if has_more else None
