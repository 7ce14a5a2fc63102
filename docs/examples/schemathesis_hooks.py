"""Teach Schemathesis what a document cannot say; ``schemathesis.toml`` names this module."""

import uuid

import msgspec
import schemathesis
from hypothesis import strategies as st

CONDITIONS = ("If-Match", "If-None-Match", "If-Range")
FILES = {
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff\xe0",
    "image/gif": b"GIF89a",
    "application/pdf": b"%PDF-1.7",
    "application/zip": b"PK\x03\x04",
}

# A server that checks the content of files refuses random bytes.
for media_type, start in FILES.items():
    schemathesis.openapi.media_type(media_type, st.binary().map(start.__add__))


@schemathesis.serializer("application/msgpack")
def write_msgpack(context, value):
    """Write a body as MessagePack."""
    try:
        return msgspec.msgpack.encode(value)
    except (TypeError, ValueError, OverflowError):  # generated to be invalid
        return repr(value).encode()


@schemathesis.deserializer("application/msgpack")
def read_msgpack(context, response):
    """Read an answer in MessagePack."""
    return msgspec.msgpack.decode(response.content)


@schemathesis.hook
def filter_case(context, case):
    """Leave out forms whose texts Schemathesis leaves empty because a file next to them has a registered type."""
    described = getattr(case.meta.phase.data, "description", None) or ""
    return described != "Multipart body with custom encoding"


@schemathesis.hook
def before_call(context, case, kwargs):
    """Replace values that only a server can issue."""
    for name in CONDITIONS:
        # Schemathesis sends 0 for a header whose pattern contains a double quote.
        if case.headers.get(name) == "0":
            case.headers[name] = '"0"'
    # A key belongs to one request. Repeated with another body it is refused.
    if 0 < len(case.headers.get("Idempotency-Key", "").strip(" \t")) <= 255:
        case.headers["Idempotency-Key"] = str(uuid.uuid4())
    for parameter in case.operation.query:
        if parameter.definition.get("schema", {}).get("format") == "cursor":
            case.query.pop(parameter.name, None)
